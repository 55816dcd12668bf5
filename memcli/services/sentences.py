"""Where sentences end in running text: at a mark, unless the words around a full stop say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator

END = re.compile(
    r"""(?<![.!?…])(?P<marks>[.!?…]++)["'”’»)\]*_]*+\s+|(?<=[。！？])(?![。！？"'”’」』）)\]])|\n+"""
)
LAST_WORD = re.compile(r"(?:(?<=[^\w'’])|\A)[^\W_]{1,20}\Z")
LONGEST_WORD = 20

TITLES = "dr mr mrs ms mx prof rev hon capt col gen sgt lt maj hr fr frl dipl ing"
PLACES = "st mt ft ave blvd rd ln sq apt str"
SHORT_WORDS = "vs cf aka approx esp incl excl ca bzw bspw vgl inkl exkl zzgl ggf evtl sog geb"
MONTHS_AND_MORE = (
    "jan feb mar mär mrz apr jun jul aug sep sept oct okt nov dec dez"
    " no nr fig vol pp tel kap abs etc usw usf al inc ltd co corp jr sr min max std mio mrd"
)
BEFORE_NAMES = frozenset(f"{TITLES} {PLACES} {SHORT_WORDS}".split())
"""Abbreviations that stand before what they belong to, which may begin with a capital letter, in English and
German. After another word a full stop before a capital letter is an end; a list is needed because nothing in
the text tells these from the last word of a sentence."""

BEFORE_MORE = frozenset(MONTHS_AND_MORE.split())
"""Abbreviations that may end a sentence, too: it goes on if what follows is no capital letter."""

NEVER_LAST = BEFORE_NAMES - frozenset(PLACES.split())
"""Those after which something is missing where a text ends: a street may be the last word of an address."""

SHORTENED = re.compile(r"(?:\be\.g|\bi\.e|\bz\. ?B|\bd\. ?h|\bu\. ?a)\Z", re.IGNORECASE)

BEGINS = re.compile(
    r"(?:I|My|Mine|We|Our|You|Your|He|His|She|Her|It|Its|They|Their|The|This|That|These|Those|There|A|An|And|But|So|Or"
    r"|If|When|While|Because|Also|Please|What|Who|Where|Why|How|Which|Do|Does|Did|Is|Are|Was|Were|Can|Could|Would"
    r"|Should|Have|Has|Not|No|Yes|Ich|Mein|Meine|Wir|Unser|Unsere|Du|Dein|Sie|Ihr|Er|Es|Das|Und|Aber|Oder|Wenn|Weil"
    r"|Bitte|Wie|Warum|Kannst|Hast|Ist|Nicht|Nein|Ja)(?![\w.-])"
)
"""Words of grammar in capital letters: no name begins with one, so that even after an abbreviation a sentence
begins there. They are the closed classes that stand first in sentences of English and German: pronouns,
articles, conjunctions, question words and auxiliaries, without those that are names, too (Will, May, Der)."""

MONTH = r"(?:Jan|Feb|Mär|März|Apr|Mai|Maj|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Dec)(?:[a-z]{0,6})\b"
"""Names of months before which "3." is a day, as in German: "3. Oktober"."""

STARTS_MONTH = re.compile(MONTH)
BEFORE_ORDINAL = re.compile(
    r"\b(?:am|dem|den|der|die|das|im|vom|zum|zur|beim|seit|bis|ab|jede[nmrs]?|und|oder)\s+\d{1,2}\Z",
    re.IGNORECASE,
)
"""What makes a number with a full stop a German ordinal: im 3. Stock."""


def split(text: str) -> Iterator[str]:
    """The sentences of *text*, in order, with their marks; none goes over the end of a line."""
    begun = 0
    for end in END.finditer(text):
        if end["marks"] == "." and "\n" not in end[0] and _goes_on(text, end.start(), end.end()):
            continue
        if sentence := text[begun : end.end()].strip():
            yield sentence
        begun = end.end()
    if sentence := text[begun:].strip():
        yield sentence


def is_cut_off(sentence: str) -> bool:
    """Whether *sentence* ends with an abbreviation behind which something is missing: My name is Dr."""
    if not sentence.endswith("."):
        return False
    said = sentence[: -len(".")]
    word = _last_word(said, len(said))
    return word.lower() in NEVER_LAST or bool(SHORTENED.search(said))


def _last_word(text: str, at: int) -> str:
    """The word of *text* that ends at *at*; empty if none does."""
    found = LAST_WORD.search(text[max(0, at - LONGEST_WORD - 2) : at])
    return found[0] if found else ""


def _goes_on(text: str, stop: int, following: int) -> bool:
    """Whether the full stop at *stop* of *text* ends no sentence: what is at *following* belongs to it."""
    word = _last_word(text, stop).lower()
    if not word or following == len(text) or BEGINS.match(text, following):
        return False
    is_capital = text[following].isupper()
    if word.isdigit():
        is_ordinal = STARTS_MONTH.match(text, following) or BEFORE_ORDINAL.search(
            text[max(0, stop - 12) : stop]
        )
        return len(word) < 3 and bool(not is_capital or is_ordinal)
    if word in BEFORE_NAMES or word.endswith("str"):
        return True
    if word in BEFORE_MORE:
        return not is_capital
    return len(word) == 1 and "a" <= word < "ɐ"  # J. R. Smith, e.g. Vim, the U.S. Army
