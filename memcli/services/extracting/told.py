"""What users say about themselves in so many words, told by how a sentence begins. No rule guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memcli.services.extracting import Fact

LONGEST = 300
"""Characters of a sentence that states a fact; a longer one tells a story."""

SENTENCE = re.compile(r"(?:[^.!?。！？\n]|[.!?](?=[^\s\"')\]]))+[.!?。！？]*")
CODE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)|`[^`\n]*`", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
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

STATED = re.compile(
    r"(?:my (?:full |first |last |middle )?names?(?: is|'s)\b|call me\b|my (?:birthday|pronouns"
    r"|native language"
    r"|mother tongue|e-?mail(?: address)?|phone number|address|time ?zone|job|job title|employer|hometown)"
    r"(?: is|'s| are)\b|my fav(?:ou?)rite\b.{1,60}\b(?:is|are)\b|my preferred\b.{1,60}\b(?:is|are)\b"
    r"|i (?:strongly |really |much |usually |generally |always |would )?prefer\b|i'?d (?:rather|prefer)\b"
    r"|i (?:really )?(?:hate|dislike|can'?t stand)\b|i(?:'m| am) (?:severely )?(?:allergic|intolerant)\b"
    r"|i(?:'m| am) (?:a |an )?(?:strict )?(?:vegan|vegetarian|pescatarian|colou?r[- ]?blind|left-handed"
    r"|diabetic)\b"
    r"|i (?:live|work) (?:in|at|for|as|with|on)\b|i(?:'m| am) based in\b|i was born\b|i grew up\b"
    r"|i never\b|i always\b"
    r"|from now on\b|in (?:the )?future,|going forward\b|always (?:use|answer|reply|respond|write|call"
    r"|format|give)\b"
    r"|never (?:use|answer|reply|respond|write|call|suggest)\b"
    r"|ich heiße\b|mein name ist\b|ich bevorzuge\b|ich wohne in\b|ich bin allergisch\b|ab jetzt\b|ab sofort\b"
    r"|me llamo\b|mi nombre es\b|prefiero\b|vivo en\b|je m'appelle\b|je préfère\b|j'habite\b|我叫|我的名字是"
    r"|请记住|我喜欢)",
    re.IGNORECASE,
)
"""What states a fact by itself."""


def from_told(text: str) -> list[Fact]:
    """What the user's message *text* says explicitly, in their own words.

    Questions, quotations, code, and what depends on something are left alone.
    """
    bare = QUOTED.sub("\n", CODE.sub(lambda found: "\n" if found[1] else found[0], text))
    return [Fact(text=said) for said in _told(bare)]


def _told(text: str) -> Iterator[str]:
    for found in SENTENCE.finditer(text):
        sentence = " ".join(found[0].split())
        sentence = re.sub(r"^(?:[-*•]|\d+[.)])\s+", "", sentence)
        if len(sentence) > LONGEST or sentence.endswith(("?", "？")):
            continue
        rest = sentence[BEFORE.match(sentence).end() :]  # type: ignore[union-attr]
        asked = ASKED.match(rest)
        said = rest[asked.end() :] if asked else rest
        if (asked or STATED.match(rest)) and len(said.split()) + 3 * (not said.isascii()) > 1:
            said = said.rstrip(".!。！ ")
            if any(c.isalnum() for c in said):
                yield said[:1].upper() + said[1:]
