"""What we know about words, from the files in `lexicon/`: read once, on first use."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

HERE = Path(__file__).parent / "lexicon"

Phrase = tuple[str, ...]
Lines = list[tuple[str, tuple[str, ...]]]


@cache
def folded(word: str) -> str:
    """*word* in small letters without accents; German umlauts too, and "ß" is "ss"."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@cache
def sections(file: str) -> dict[str, Lines]:
    """The lines "name: word, word" of the file *file*, by section; the first has no name ("").

    A line without a name has the name "".
    """
    found: dict[str, Lines] = {"": []}
    section = ""
    for raw in (HERE / file).read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            found.setdefault(section, [])
            continue
        name, colon, words = line.rpartition(": ")
        found[section].append((name if colon else "", tuple(word.strip() for word in words.split(","))))
    return found


def section_lines(file: str) -> Lines:
    """All lines of the file *file*, whatever their section."""
    return [line for lines in sections(file).values() for line in lines]


@cache
def forms() -> dict[str, str]:
    """Irregular forms of English words and their basic form."""
    return {form: base for base, words in section_lines("forms.txt") for form in words}


@cache
def concepts() -> dict[Phrase, frozenset[str]]:
    """Phrases in basic form and the names of what they mean; a word may mean several things."""
    meaning: dict[Phrase, set[str]] = {}
    for name, words in section_lines("concepts.txt"):
        for word in words:
            meaning.setdefault(_phrase(word), set()).add(name)
    return {phrase: frozenset(names) for phrase, names in meaning.items()}


@cache
def concept_kinds() -> dict[str, str]:
    """The concepts and the section each stands in: `one`, `many`, `event`, ..."""
    return {name: section for section, lines in sections("concepts.txt").items() for name, _ in lines}


@cache
def classes() -> dict[Phrase, frozenset[str]]:
    """Phrases in basic form and the classes they belong to."""
    found: dict[Phrase, set[str]] = {}
    for section, lines in sections("classes.txt").items():
        for _, words in lines:
            for word in words:
                found.setdefault(_phrase(word), set()).add(section)
    return {phrase: frozenset(names) for phrase, names in found.items()}


@cache
def adding() -> frozenset[str]:
    """Words in basic form, or folded, that lead to something further."""
    return frozenset(word for _, words in sections("classes.txt")["adding"] for word in words)


def _phrase(words: str) -> Phrase:
    return tuple(basic(word) for word in words.split())


@cache
def foreign() -> dict[str, dict[str, str]]:
    """By language, its words and what they are in English; "" for those that carry no meaning."""
    return {
        language: {
            folded(word.rstrip("-")): "" if english == "function" else english
            for english, words in reversed(lines)  # the earlier line wins
            for word in words
        }
        for language, lines in sections("foreign.txt").items()
        if language
    }


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Words and concepts, and what each is the opposite of."""
    found: dict[str, set[str]] = {}
    for one, others in section_lines("antonyms.txt"):
        for other in others:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


@cache
def contrasts() -> dict[str, list[tuple[Phrase, str, int, int]]]:
    """Phrases that take a side in a contrast, by first word: each with its section, line and side."""
    found: dict[str, list[tuple[Phrase, str, int, int]]] = {}
    for section, lines in sections("contrasts.txt").items():
        for number, (_, words) in enumerate(lines):
            sides = ", ".join(words).split("|")
            for side, said in enumerate(sides):
                for phrase in (tuple(word.split()) for word in said.split(",") if word.strip()):
                    found.setdefault(phrase[0], []).append((phrase, section, number, side))
    return found


@cache
def basic_words() -> frozenset[str]:
    """The words of the lexicon that are no inflected form of another: what a form may lead to."""
    words = frozenset(_words())
    return frozenset(
        word for word in words if not (word.endswith(("ed", "ing", "s")) and _inflected(word, words))
    )


def _inflected(word: str, words: frozenset[str]) -> bool:
    return word not in forms() and any(stem in words for stem in stems(word))


def _words() -> Iterator[str]:
    for _, words in section_lines("concepts.txt"):
        yield from (word for phrase in words for word in phrase.split())
    for _, words in section_lines("classes.txt"):
        yield from (word for phrase in words for word in phrase.split())
    for one, others in section_lines("antonyms.txt"):
        yield one
        yield from others


@lru_cache(maxsize=8192)
def basic(word: str) -> str:
    """The basic form of the English word *word*, folded; itself where we can't tell."""
    if word in forms():
        return forms()[word]
    known = basic_words()
    if word in known or len(word) < 4:
        return _spelling(word)
    for candidate in stems(word):
        for spelling in (_spelling(candidate), candidate):
            if spelling in known:
                return spelling
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    if plural:
        return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else _spelling(word[:-1])
    return _spelling(word)


def stems(word: str) -> Iterator[str]:
    """What *word* may be an inflected form of, best guess first."""
    for ending, instead in (
        ("ies", "y"), ("ied", "y"), ("s", ""), ("es", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"),
        ("er", ""), ("er", "e"), ("est", ""), ("est", "e"), ("ly", ""),
    ):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            yield stem + instead
            if ending in ("ed", "ing", "er", "est") and len(stem) > 3 and stem[-1] == stem[-2]:
                yield stem[:-1]


def _spelling(word: str) -> str:
    """*word* spelt as in American English, if that is a word we know."""
    for british, american in (
        ("our", "or"),
        ("ise", "ize"),
        ("yse", "yze"),
        ("tre", "ter"),
        ("ence", "ense"),
        ("ogue", "og"),
    ):
        if british in word:
            other = word.replace(british, american)
            if other in basic_words():
                return other
    return word
