"""What users say about themselves in so many words, told by how a sentence begins. No rule guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memcli.services.extracting import Fact
from memcli.services.extracting.phrases import straight
from memcli.services.sentences import is_cut_off, split

LONGEST = 300
"""Characters of a sentence that states a fact; a longer one tells a story."""

CODE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)|`[^`\n]*`", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}$")
BEFORE = re.compile(
    r"(?:(?:please|and|but|so|also|oh|well|ok(?:ay)?|hi|hello|hey|thanks|btw|by the way|fyi|just|bitte"
    r"|und|por favor)"
    r"\b[,:]?\s+)*",
    re.IGNORECASE,
)
ASKED = re.compile(
    r"(?:(?:remember|note|keep in mind|bear in mind|don'?t forget|do not forget|for (?:the|your) record"
    r"|for (?:future )?reference|make a note|merk(?:e)? dir|denk daran|recuerda|souviens-toi|n'oublie pas)\b"
    r"(?:[,:]|\s+that\b|,?\s+dass\b|\s+que\b)\s*"
    r"|remember\s+(?=(?:i|i'm|i'?ve|my|we|our)\b)|(?:fyi|nota bene|n\.?b\.?)[,:]\s*)",
    re.IGNORECASE,
)
"""What asks for the rest of the sentence to be remembered."""

COMPLETE = re.compile(
    r"(?:i(?:'m| am) (?:severely )?(?:allergic|intolerant)\b"
    r"|i(?:'m| am) (?:a |an )?(?:strict )?(?:vegan|vegetarian|pescatarian|colou?r[- ]?blind|left-handed"
    r"|diabetic)\b"
    r"|ich bin allergisch\b)",
    re.IGNORECASE,
)
"""What states a fact even where nothing follows."""

STATED = re.compile(
    r"(?:my (?:full |first |last |middle )?names?(?: is|'s)\b|call me\b|my (?:birthday|pronouns"
    r"|native language"
    r"|mother tongue|e-?mail(?: address)?|phone number|address|time ?zone|job title|employer|hometown)"
    r"(?: is|'s| are)\b"
    r"|my job(?: is|'s) (?=(?:an?|the|as|at|with|to) )|my job (?=(?:as|at|with) .{1,60} is\b)"
    r"|my fav(?:ou?)rite\b.{1,60}\b(?:is|are)\b|my preferred\b.{1,60}\b(?:is|are)\b"
    r"|i (?:strongly |really |much |usually |generally |always |would )?prefer\b|i'?d (?:rather|prefer)\b"
    r"|i (?:really )?(?:hate|dislike|can'?t stand)\b"
    r"|i (?:live|work) (?:in|at|for|as|with|on)\b|i(?:'m| am) based in\b|i was born\b|i grew up\b"
    r"|i never\b|i always\b"
    r"|from now on\b|in (?:the )?future,|going forward\b|always (?:use|answer|reply|respond|write|call"
    r"|format|give)\b"
    r"|never (?:use|answer|reply|respond|write|call|suggest)\b"
    r"|ich heiße\b|mein name ist\b|ich bevorzuge\b|ich wohne in\b|ab jetzt\b|ab sofort\b"
    r"|me llamo\b|mi nombre es\b|prefiero\b|vivo en\b|je m'appelle\b|je préfère\b|j'habite\b|我叫|我的名字是"
    r"|请记住|我喜欢)",
    re.IGNORECASE,
)
"""What states a fact together with what follows."""

WHICH = (
    r"(?:first|second|third|fourth|last|latter|former|other|next|previous|above|same|\d+(?:st|nd|rd|th))\b ?"
)
OFFERED = (
    r"(?:option|choice|version|variant|approach|suggestion|solution|proposal|alternative|answer|way)s?\b ?"
)
POINTS = re.compile(
    r"[\s,:]*(?:"
    r"(?:this|these|those|it|them)\b"
    r"|that\b(?! (?:i|you|he|she|we|they|my|your|our|the|all|every\w*)\b)"
    r"|(?:when|if|how) (?:this|that|it|these|those)\b"
    r"|(?:the |your )ones?\b"
    rf"|(?:the |your |my )?(?:(?:{WHICH})?{OFFERED}(?:[a-z0-9]|one|two|three|above|below)?|{WHICH}(?:ones?)?)"
    r"(?:,? (?:please|thanks?|thank you|better|more|instead|too|i think|for now|though))*\W*$"
    r"|not(?: to)?(?: (?:say|tell|answer|discuss|disclose|share|comment|talk)\b.*)?\W*$"
    r")",
    re.IGNORECASE,
)
"""What only points to something that nobody sees later: this, the second option, not to say. The list of what
can be pointed to holds the words for what somebody was offered to choose from; other nouns mean something by
themselves (the first floor)."""

ENDS_POINTING = re.compile(
    r"\s*(?:(?!and\b|but\b)[\w'-]+\s+){0,6}(?:this|that|these|those|it|them|him|here|there)\W*$",
    re.IGNORECASE,
)
"""What comes down to such a word: said that, do it like this. In "Oslo and love it" the word is explained."""

PASSES = re.compile(
    r"call me (?:when|while|later|back|maybe|if|once|after|before|at|on|in|as soon|asap|again|tomorrow|today"
    r"|tonight|any ?time|an?)\b"
    r"|i (?:always|never) (?:get|got|see|saw|have|had|hit|run into|receive|keep getting)\s+(?:\S+\s+){0,4}?"
    r"(?:errors?|exceptions?|failures?|crash(?:es)?|traceback|time-?outs?|warnings?|problems?|issues?)\b"
    r"|i never (?:said|told|asked|wanted|meant|did|got|had|saw|knew|thought|heard|received|noticed)\b",
    re.IGNORECASE,
)
"""What begins as a fact does and is of the moment: a call to be made, an error that is reported, what was not
said a moment ago. The verbs are those of talking about a conversation or a program."""


def from_told(text: str) -> list[Fact]:
    """What the user's message *text* says explicitly, in their own words.

    Questions, quotations, code, and what depends on something are left alone.
    """
    bare = QUOTED.sub("\n", CODE.sub(lambda found: "\n" if found[1] else found[0], text))
    return [Fact(text=said) for said in _told(bare)]


def _told(text: str) -> Iterator[str]:
    for found in split(text):
        sentence = " ".join(found.split())
        sentence = re.sub(r"^(?:[-*•]|\d+[.)])\s+", "", sentence)
        if len(sentence) > LONGEST or sentence.endswith(("?", "？")) or is_cut_off(sentence):
            continue
        plain = straight(sentence)
        begun = BEFORE.match(plain).end()  # type: ignore[union-attr]
        asked = ASKED.match(plain, begun)
        said = sentence[asked.end() if asked else begun :]
        if (asked or _states(plain[begun:])) and len(said.split()) + 3 * (not plain.isascii()) > 1:
            said = said if INITIALS.search(said) else said.rstrip(".!。！ ")
            if any(c.isalnum() for c in said):
                yield said[:1].upper() + said[1:]


def _states(plain: str) -> bool:
    """Whether *plain* states a fact that means something by itself."""
    if COMPLETE.match(plain):
        return True
    stated = STATED.match(plain)
    if not stated or PASSES.match(plain):
        return False
    rest = plain[stated.end() :]
    return any(c.isalnum() for c in rest) and not (POINTS.match(rest) or ENDS_POINTING.match(rest))
