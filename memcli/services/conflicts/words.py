"""A text as tokens: words in their basic form and in English, quantities, identifiers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache

from memcli.services.conflicts import beginnings, lexicon, quantities
from memcli.services.conflicts.lexicon import folded
from memcli.services.conflicts.numerals import with_quantities
from memcli.services.conflicts.tokens import Text, Token

LONGEST_PHRASE = 6

READ_SHARE = 0.8
"""Share of letters that must be Latin or Chinese for a text to be read: names in other scripts may occur."""

_SPACE = re.compile(r"\s+")
_BULLET = re.compile(r"^\s*(?:[-*•·–]\s+|\d+[.)]\s+)")
_CODE = re.compile(
    r"(?P<url>https?://[^\s<>\"')]+|www\.[^\s<>\"')]+)|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<path>(?<![\w])(?:~|\.{1,2})?/[\w.+-]+(?:/[\w.+-]*)*|\b[A-Z]:\\[^\s]+)"
    r"|(?P<account>\b[A-Z]{2}\d{2}(?: ?[\dA-Z]{4}){2,7}(?: ?[\dA-Z]{1,3})?\b)"
    r"|(?P<phone>(?<![\w.])\+?\(?\d[\d ().-]{6,}\d(?!\w))"
    r"|(?P<handle>[@][\w-]+)"
    r"|(?P<name>\b[^\W\d][^\W]*(?:[-_./+][^\W]+)+|\b[^\W\d_]+\d[^\W]*|\b\d+(?!st\b|nd\b|rd\b|th\b)[^\W\d_]{2,}\d*\b"
    r"|\b\d+[^\W\d_]+\d[^\W]*\b|\b[^\W\d]\w*_\w*)",
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*[+#]*|->|→|=>|[:=;,.!?()/&%–—-]|[^\w\s]|\d+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CONTRACTED = re.compile(r"^(.*?)(n't|'s|'m|'re|'ve|'ll|'d)$")
_PARTS = {"n't": "not", "'m": "be", "'re": "be", "'ve": "have", "'ll": "will", "'d": "would"}
_FULL = {"ca": "can", "wo": "will", "sha": "shall"}
_BARE = {
    "cant": ("can", "not"), "dont": ("do", "not"), "doesnt": ("do", "not"), "isnt": ("be", "not"),
    "wont": ("will", "not"), "didnt": ("do", "not"), "cannot": ("can", "not"), "arent": ("be", "not"),
    "wasnt": ("be", "not"), "hasnt": ("have", "not"), "havent": ("have", "not"), "im": ("i", "be"),
    "ive": ("i", "have"),
    "shouldnt": ("should", "not"), "couldnt": ("could", "not"), "wouldnt": ("would", "not"),
}  # fmt: skip
_SEPARATORS = frozenset(":;=→,.!?()–—|") | {"->", "=>"}


def normalised(text: str) -> str:
    """*text* without what never makes a difference: case, white space, bullets, the full stop, quotes."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = _SPACE.sub(" ", _BULLET.sub("", plain)).strip(" .!\"'`*_")
    return _SPACE.sub(" ", plain)


def unread(text: str) -> bool:
    """Whether *text* has no words, or is in a script that we can't read: neither Latin nor Chinese.

    There even a "not" would go unnoticed.
    """
    letters = [c for c in text if c.isalpha()]
    ours = sum(1 for c in letters if c < "\u0250" or "\u1e00" <= c < "\u1f00" or "\u3400" <= c <= "\u9fff")
    return ours == 0 or ours < READ_SHARE * len(letters) or any("\u3040" <= c <= "\u30ff" for c in letters)


@lru_cache(maxsize=1024)
def read(text: str) -> Text:
    """*text* as tokens."""
    clean = _BULLET.sub("", unicodedata.normalize("NFKC", text).replace("’", "'").replace("`", " "))
    tokens = list(_raw(clean))
    language = _language(tokens)
    tokens = [_translated(token, language) for token in tokens]
    tokens = with_quantities(tokens, language)
    tokens = [replace(token, at=place) for place, token in enumerate(tokens)]
    tokens = beginnings.marked(_with_meaning(tokens))
    return Text(tuple(tokens), language, tuple(token for token in tokens if token.content))


# --- cutting ---


def _raw(text: str) -> Iterator[Token]:
    """The tokens of *text*, words still as written, in small letters."""
    spans = [(one.start, one.end, "quantity", one) for one in quantities.find(text)]
    pieces: list[tuple[int, int, Token]] = []
    for match in _CODE.finditer(text):
        kind = match.lastgroup or ""
        token = _code(match[0], kind)
        clash = [s for s in spans if s[0] < match.end() and match.start() < s[1]]
        if token is None or any(
            s[3].quantity.kind != "number" and (s[0] == match.start() or kind == "phone") for s in clash
        ):
            continue
        spans = [s for s in spans if s not in clash]
        pieces.append((match.start(), match.end(), token))
    for start, end, _, one in spans:
        pieces.append((start, end, Token(text[start:end], "", "quantity", quantity=one.quantity)))
    pieces.sort(key=lambda piece: piece[0])
    place, opens = 0, True
    for start, end, token in [*pieces, (len(text), len(text), None)]:
        for word in _plain(text[place:start], opens):
            opens = word.kind == "mark" and word.text in ".!?:;\n"
            yield word
        if token is not None:
            yield replace(token, opens=opens)
            opens = False
        place = max(place, end)


def _code(found: str, kind: str) -> Token | None:
    """The token of an identifier; None where *found* is better read as ordinary words."""
    found = found.rstrip(".,;:")
    if kind == "account":
        return Token(found, found.replace(" ", "").lower(), "code")
    if kind == "phone":
        digits = re.sub(r"\D", "", found)
        return Token(found, "tel:" + digits.lstrip("0"), "code") if len(digits) >= 7 else None
    if kind == "name":
        wordy = re.fullmatch(r"[^\W\d_]+(?:[-/+][^\W\d_]+)+", found)
        if wordy or re.fullmatch(r"[^\W\d_]\.[^\W\d_]", found):
            return None
        if re.fullmatch(r"\w+", found) and found.isdecimal():
            return None
    return Token(found, found.lower().rstrip("/").removeprefix("https://").removeprefix("http://"), "code")


def _plain(text: str, opens: bool) -> Iterator[Token]:
    """The tokens of *text*, which holds words and marks only."""
    for match in _WORD.finditer(text):
        word = match[0]
        if not word[0].isalnum():
            if word in _SEPARATORS:
                yield Token(word, word, "mark")
                opens = word in ".!?:"
            continue
        if _CJK.search(word):
            yield from _cjk(word)
            continue
        capital = word[0].isupper() and not opens
        yield from _uncontracted(word, capital=capital, opens=opens)
        opens = False


def _uncontracted(word: str, *, capital: bool, opens: bool) -> Iterator[Token]:
    small = folded(word)
    if len(word) == 1 and capital and word != "I":
        yield Token(word, f"letter:{small}", capital=True)
        return
    if small in _BARE:
        for part in _BARE[small]:
            yield Token(word, part, opens=opens)
        return
    match = _CONTRACTED.match(small) if "'" in small else None
    if match is None:
        small = small.replace("'", " ").split()[-1] if "'" in small else small
        yield Token(word, small, capital=capital, opens=opens)
        return
    stem = _FULL.get(match[1], match[1]) if match[2] == "n't" else match[1]
    if stem:
        owner = match[2] == "'s" and stem not in ("it", "that", "there", "here", "he", "she", "what", "who")
        yield Token(word[: len(match[1])], stem, capital=capital, opens=opens, owner=owner)
        if not owner:
            yield Token(match[2], _PARTS.get(match[2], "be"))


def _cjk(run: str) -> Iterator[Token]:
    """The words of *run* that we know, and the characters between them."""
    known = lexicon.foreign()["zh"]
    place = 0
    while place < len(run):
        size = next((n for n in (4, 3, 2) if run[place : place + n] in known), 1)
        piece = run[place : place + size]
        if _CJK.match(piece):
            yield Token(piece, piece)
        elif piece.strip():
            yield Token(piece, folded(piece))
        place += size


# --- language and basic forms ---


@cache
def _telling() -> dict[str, frozenset[str]]:
    english = {w[0] for w, names in lexicon.classes().items() if len(w) == 1 and "function" in names}
    telling = {name: frozenset(words) for name, words in lexicon.foreign().items()}
    return {"en": frozenset(english | {"i", "my", "we", "our", "user", "not", "no", "the", "now"}), **telling}


_NAMES = frozenset(("Ben", "Marie", "Mei", "Mia"))
"""First names that are a word of another language, of which they tell nothing: "ben" is "am" in Dutch."""


_WITHOUT_ACCENT = frozenset(("the",))
"""Words of another language that are a frequent one of ours once their accents are off: "thé" is tea."""


def _language(tokens: Sequence[Token]) -> str:
    """The language with most of its words among *tokens*, those with a meaning counting more, or English."""
    words = [token.lemma for token in tokens if token.kind == "word" and token.text not in _NAMES]
    if any(_CJK.match(word) for word in words):
        return "zh"
    english = _telling()["en"]
    counts = {
        name: sum((1.0 if function else 1.5) for word in words if (function := known.get(word)) is not None)
        for name, known in _other_words().items()
    }
    accents = any(not token.text.isascii() for token in tokens if token.kind == "word" and not token.capital)
    best = max(counts, key=lambda name: counts[name])
    ours = sum(1.0 for word in words if word in english or lexicon.basic(word) in lexicon.basic_words())
    return best if counts[best] + accents > ours and counts[best] >= 1 else "en"


@cache
def _other_words() -> dict[str, dict[str, bool]]:
    """By language, its words and whether each carries no meaning of its own."""
    return {
        name: {word: not english for word, english in known.items() if word not in _WITHOUT_ACCENT}
        for name, known in lexicon.foreign().items()
        if name != "zh"
    }


def _translated(token: Token, language: str) -> Token:
    """*token* with its basic form, in English where we know it."""
    if token.kind != "word":
        return token
    if language != "en":
        english = lexicon.foreign()[language].get(token.lemma)
        if english is not None:
            lemma = english or f"{language}:{token.lemma}"
            classes = frozenset() if english else frozenset({"function"})
            return replace(token, lemma=lemma, classes=classes)
        return token
    return replace(token, lemma="usa" if token.text == "US" else lexicon.basic(token.lemma))


# --- meaning ---


def _with_meaning(tokens: list[Token]) -> list[Token]:
    """*tokens* with concepts and classes, of the longest phrase that each is in."""
    flat = [
        (part, raw, i)
        for i, token in enumerate(tokens)
        if token.kind in ("word", "code")
        for part, raw in zip(token.lemma.split(), _raw_parts(token), strict=True)
    ]
    meanings: dict[int, set[str]] = {i: set() for _, _, i in flat}
    members: dict[int, set[str]] = {i: set() for _, _, i in flat}
    together: dict[int, tuple[int, ...]] = {}
    for start in range(len(flat)):
        whole = False
        for size in range(min(LONGEST_PHRASE, len(flat) - start), 0, -1):
            piece = flat[start : start + size]
            places = tuple(dict.fromkeys(i for _, _, i in piece))
            keys = tuple(p[0] for p in piece), tuple(p[1] for p in piece)
            for i in places:
                members[i] |= _either(lexicon.classes(), keys)
            found = _either(lexicon.concepts(), keys) if not (whole and size > 1) else frozenset()
            if found and size > 1 and start not in {p for t in together.values() for p in t[1:]}:
                whole = True
                together.update(dict.fromkeys(places, places))
            elif size > 1:
                continue
            for i in places:
                meanings[i] |= found
    return [
        replace(
            token,
            concepts=frozenset(meanings[i]),
            classes=token.classes | members[i],
            phrase=together.get(i, ()),
        )
        if i in meanings
        else token
        for i, token in enumerate(tokens)
    ]


def _either(
    known: dict[lexicon.Phrase, frozenset[str]], keys: tuple[lexicon.Phrase, lexicon.Phrase]
) -> frozenset[str]:
    """What is known of the phrase in basic form, or else as written."""
    return known.get(keys[0]) or known.get(keys[1]) or frozenset()


def _raw_parts(token: Token) -> list[str]:
    """The words of *token* as written, folded, as many as its lemma has."""
    parts = token.lemma.split()
    return [folded(token.text)] if len(parts) == 1 else parts
