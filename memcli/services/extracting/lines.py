"""Facts as lines, in what an LLM writes when it is asked for `fact | importance`.

It adds bullets, numbers, headings, tables, fences and friendly words around them, forgets the importance,
or says it in words. What is a fact is told by form first: a line with an importance is one; where there are
such lines, another one is only if it is a bullet like them or stands right among them; and only where
nothing has a form is it told by what the line says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from memcli.services.extracting import Fact
from memcli.services.extracting.listed import NUMBER, from_json, importance_of, on_one_scale
from memcli.services.extracting.phrases import IN_WORDS, IS_CHAT, IS_NONE, LABEL, NO_FACTS, straight
from memcli.services.extracting.thoughts import answered
from memcli.services.sentences import MONTH

LONGEST = 2_000
"""Characters of a line that may be a fact: one thing in a sentence is never a page long."""

BULLET = re.compile(r"[-*+•–—◦▪▫‣⁃∙·●○■□➤➜→✓✔✅]\s+(?:\[[ xX]\]\s+)?")
NUMBERED = re.compile(rf"\(?(\d{{1,3}})[.):]\s+(?!{MONTH})|[a-z]\)\s+")
FENCE = re.compile(r"\s*(?:`{3,}[^`]*|~{3,}.*)")
HEADING = re.compile(r"#{1,6}(?:\s|$)")
RULE = re.compile(r"[-*_=\s]{3,}")
SEPARATOR = re.compile(r"\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?|\|\s*:?-+:?\s*\|(?:\s*:?-+:?\s*\|)*")
WRAPPED = re.compile(r'(\*\*\*|\*\*|__|\*|_|`+|")(?P<inside>\S(?:.*\S)?)\1')
CURLY = re.compile("[“„«](?P<inside>[^“”„«»]+)[”“»]")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
PIPE = re.compile(r"(?<![|\\])[|｜│](?!\|)")
SCORE = re.compile(
    rf"\s*(?:{LABEL}\s*[:=]?)?{NUMBER.pattern}(?:\.?$|[(\[{{<#←–—,;:]|-\s|//|--)", re.IGNORECASE
)
LABELLED = re.compile(
    rf"\s*(?:[(\[]|[,;–—-]|\t)\s*{LABEL}\s*[:=]\s*{NUMBER.pattern}[)\]]?\s*$", re.IGNORECASE
)
TABBED = re.compile(rf"\t{NUMBER.pattern}$")
FACT_COLUMN = re.compile(r"\W*(?:facts?|fakten?|statement|memory|text|content|description)\b", re.IGNORECASE)
SCORE_COLUMN = re.compile(rf"\W*{LABEL}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, read.

    Attributes:
        text: What it says, without what only is form.
        importance: The one that it names, on whatever scale.
        is_marked: Whether it has the form of a fact: something behind a pipe.
        is_listed: Whether it has a bullet or a number.
        block: Which of the parts that blank lines, headings and rules make it is in.
        is_title: Whether all of it is bold, which makes it a heading where it says no importance.
    """

    text: str
    importance: float | None
    is_marked: bool
    is_listed: bool
    block: int
    is_title: bool = False


def from_facts(text: str) -> list[Fact]:
    """The facts in *text*: lines of `fact | importance`, in whatever form, or JSON."""
    text = answered(text)
    listed = from_json(text)
    if listed is not None:
        return listed
    lines = _lines(text)
    marked = {line.block for line in lines if line.is_marked}
    has_bullets = any(line.is_listed for line in lines)
    return on_one_scale(
        [
            Fact(text=line.text, importance=line.importance)
            for line in lines
            if _is_fact(line, marked, has_bullets=has_bullets)
        ]
    )


def _is_fact(line: _Line, marked: set[int], *, has_bullets: bool) -> bool:
    """Whether *line* is a fact; *marked* are the blocks in which one is beyond doubt."""
    if not any(c.isalnum() for c in line.text) or IS_NONE.fullmatch(line.text):
        return False
    if line.is_marked:
        return True
    if line.text.endswith((":", "：")) or NO_FACTS.match(line.text):
        return False
    if line.is_listed:
        return True
    if line.is_title or IS_CHAT.match(straight(line.text)) or line.text.endswith(("?", "？", "!", "！")):
        return False
    return line.block in marked if marked else not has_bullets


def _lines(text: str) -> list[_Line]:
    """The lines of *text* that may be facts."""
    raw = _joined([line.rstrip() for line in text.replace("\r\n", "\n").split("\n")])
    last = _last_numbers(raw)
    found: list[_Line] = []
    block, columns = 0, None
    for at, line in enumerate(raw):
        bare = line.strip()
        while bare.startswith(">"):
            bare = bare[1:].lstrip()
        following = raw[at + 1].strip()[:LONGEST] if at + 1 < len(raw) else ""
        if len(bare) > LONGEST or FENCE.fullmatch(bare):
            continue
        if not bare or HEADING.match(bare) or (RULE.fullmatch(bare) and not SEPARATOR.fullmatch(bare)):
            block, columns = block + 1, None
        elif SEPARATOR.fullmatch(bare):
            block += "|" not in bare
        elif "|" in bare and "|" in following and SEPARATOR.fullmatch(following):
            columns = [cell.strip() for cell in _cells(bare)]
        elif columns or (bare.startswith("|") and bare.endswith("|") and bare.count("|") > 2):
            found.append(_row(_cells(bare), columns or [], block))
        elif not _names_columns(bare):
            found.append(_read(bare, block, numbered=at in last))
    return found


def _joined(raw: Sequence[str]) -> list[str]:
    """*raw* with the second lines of bullets at their ends: further in, and no bullets themselves."""
    lines: list[str] = []  # joined by and by: a bullet of a page is none
    for line in raw:
        bare, before = line.strip(), lines[-1] if lines else ""
        further = len(line) - len(line.lstrip()) > len(before) - len(before.lstrip())
        is_second = bare and further and BULLET.match(before.strip()) and not PIPE.search(before)
        if (
            is_second
            and len(before) < LONGEST
            and not (BULLET.match(bare) or NUMBERED.match(bare) or FENCE.fullmatch(bare))
        ):
            lines[-1] = f"{before} {bare}"
        else:
            lines.append(line)
    return lines


def _last_numbers(raw: Sequence[str]) -> set[int]:
    """The lines whose number is a number of a list: they begin with 0 or 1, or count on."""
    lines, last = set(), None
    begun = [
        (at, found)
        for at, line in enumerate(raw)
        if (found := NUMBERED.match(line[:LONGEST].strip(" \t>*_")))
    ]
    numbers = [int(found[1]) if found[1] else None for _, found in begun]
    for place, ((at, _), number) in enumerate(zip(begun, numbers, strict=True)):
        following = numbers[place + 1] if place + 1 < len(numbers) else None
        counts = number is None or number in (0, 1) or (last is not None and number > last)
        if counts or following == (number or 0) + 1:
            lines.add(at)
            last = number if number is not None else last
    return lines


def _read(bare: str, block: int, *, numbered: bool) -> _Line:
    """The line *bare*; where it is *numbered*, the number is none of its own."""
    said, is_listed = bare, False
    if bullet := BULLET.match(said):
        said, is_listed = said[bullet.end() :], True
    if (number := NUMBERED.match(said)) and (numbered or is_listed):
        said, is_listed = said[number.end() :], True
    inside = _unwrapped(said)
    is_title = inside != said and not is_listed
    said, importance, is_marked = _split(re.sub(r"^fact\s*\d*\s*:\s+", "", inside, flags=re.IGNORECASE))
    return _Line(_clean(said), importance, is_marked, is_listed, block, is_title)


def _split(said: str) -> tuple[str, float | None, bool]:
    """What *said* says, its importance, and whether it is marked as a fact by having one."""
    spans = [found.span() for found in CODE.finditer(said)]
    pipes = [pipe for pipe in PIPE.finditer(said) if not any(a <= pipe.start() < b for a, b in spans)]
    if pipes:
        last = pipes[-1]
        fact, behind = said[: last.start()], said[last.end() :]
        if score := SCORE.match(behind):
            return fact, importance_of(score), True
        if not behind.strip(" *_`") or IN_WORDS.fullmatch(behind.strip(" *_`.()")):
            return fact, None, True
        first = pipes[0]
        if re.fullmatch(r"[\s*_`]*(?:[01][.,]\d+)[\s*_`]*", said[: first.start()]):  # the other way round
            score = SCORE.match(said[: first.start()])
            return said[first.end() :], importance_of(score) if score else None, True
    if tabbed := TABBED.search(said):
        return said[: tabbed.start()], importance_of(tabbed), True
    if labelled := LABELLED.search(said):
        return said[: labelled.start()], importance_of(labelled), True
    return said, None, False


def _unwrapped(said: str) -> str:
    """*said* without marks of emphasis, code or quotation around all of it."""
    said = said.strip()
    for pattern in (WRAPPED, CURLY):
        found = pattern.fullmatch(said)
        if found and (pattern is CURLY or found[1] not in found["inside"]):
            return _unwrapped(found["inside"])
    return said


def _clean(said: str) -> str:
    """*said* as a fact: without what surrounds all of it, on one line, pipes as they are meant."""
    bare = said.strip()
    inside = bare if bare.startswith("`") else _unwrapped(bare)  # code on its own is what is meant
    return " ".join(inside.replace("\\|", "|").split())


# --- tables ---


def _cells(bare: str) -> list[str]:
    """The cells of a row."""
    spans = [found.span() for found in CODE.finditer(bare)]
    cuts = [
        p.start() for p in re.finditer(r"(?<!\\)\|", bare) if not any(a <= p.start() < b for a, b in spans)
    ]
    edges = [-1, *cuts, len(bare)]
    cells = [bare[a + 1 : b] for a, b in pairwise(edges)]
    return cells[bare.startswith("|") : len(cells) - bare.endswith("|") or None]


def _row(cells: Sequence[str], columns: Sequence[str], block: int) -> _Line:
    """The row of a table: the fact is in the column called so, or is the longest of its cells."""
    names = dict(enumerate(columns))
    scored = [at for at, cell in enumerate(cells) if SCORE.match(cell)]
    score_at = next((at for at in names if SCORE_COLUMN.match(names[at])), scored[-1] if scored else -1)
    rest = [at for at in range(len(cells)) if at != score_at]
    fact_at = next((at for at in rest if FACT_COLUMN.match(names.get(at, ""))), None)
    if fact_at is None and rest:
        fact_at = max(rest, key=lambda at: len(cells[at].strip()))
    score = SCORE.match(cells[score_at]) if 0 <= score_at < len(cells) else None
    text = _clean(cells[fact_at]) if fact_at is not None else ""
    return _Line(text, importance_of(score) if score else None, is_marked=True, is_listed=True, block=block)


def _names_columns(bare: str) -> bool:
    """Whether *bare* repeats the form that was asked for: `fact | importance`."""
    cells = [cell for cell in _cells(bare) if cell.strip()]
    named = len(cells) == 2 and FACT_COLUMN.match(cells[0]) and SCORE_COLUMN.match(cells[1])
    return bool(named and len(bare) < 40 and not any(c.isdigit() for c in bare))
