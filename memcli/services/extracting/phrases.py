"""What LLMs say around the facts that they were asked for, and importance in words, in some languages."""

from __future__ import annotations

import re

APOSTROPHES = str.maketrans("’‘ʼ´＇", "'" * 5)
"""What programs and keyboards write for an apostrophe: quotes, a modifier letter, an accent."""

LABEL = (
    r"(?:importance|relevance|priority|weight|score|confidence|rating"
    r"|wichtigkeit|bedeutung|importancia|importanza|importância|belang|重要性|重要度)"
)
"""What an importance is called."""

IN_WORDS = re.compile(
    rf"(?:{LABEL}\s*[:=]?\s*.*)"
    r"|(?:(?:very|quite|fairly|rather|extremely|most|highly|sehr|très|muy|molto)[ -])?"
    r"(?:high(?:est)?|medium|mid|moderate|average|normal|low(?:est)?|minor|major|critical|crucial|essential"
    r"|important|unimportant|urgent|trivial|negligible|optional|unknown|unclear|unspecified|none given"
    r"|tbd|n/?a"
    r"|hoch|mittel|niedrig|gering|wichtig|unwichtig|kritisch"
    r"|élevée?|haute|moyenne?|faible|basse|importante?|alta|alto|media|medio|baja|bajo|bassa|basso|média|baixa"
    r"|hoog|gemiddeld|laag|zero|half|one|高|中|低|很高|很低|重要|非常重要|一般|不重要)"
    r"(?:[ -](?:importance|priority|relevance))?"
    r"|[?\-–—★☆⭐*+!.]+",
    re.IGNORECASE,
)
"""An importance that is no number: it counts as none."""

IS_NONE = re.compile(
    r"[(\[]?(?:none|nothing|null|nil|n/?a|empty|keine?|nichts|aucune?|rien|ninguno|nada|nessuno|nenhum|geen|无|没有)"
    r"(?: found| to (?:extract|remember|store|report|add))?[)\]]?[.!]?",
    re.IGNORECASE,
)
"""A word in the place of a fact that says that there is none."""

NO_FACTS = re.compile(
    r"no (?:\w+ ){0,3}(?:facts?|memor(?:y|ies)|information)"
    r"(?:$|[.!]|,| (?:to|worth|were|was|are|is|found|extracted|identified|present|in|from|that|can|could)\b)",
    re.IGNORECASE,
)
"""How a line begins that says so in a sentence."""

IS_CHAT = re.compile(
    r"(?:thanks?|thank you)\b"
    r"|(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|alright|great|got it|understood|noted"
    r"|you'?re welcome|happy to|glad to|gladly|gerne|natürlich|klar|sicher|verstanden|bien sûr|d'accord|claro"
    r"|por supuesto|certo|certamente|ecco|natuurlijk|好的|当然)"
    r"(?=\s*(?:[,.!:;，。！–—-]|$|here\b|i\b))"
    r"|(?:here (?:are|is)|here'?s|below (?:are|is)|these are|this is the (?:list|result)|the following"
    r"|as follows)\b"
    r"|(?:based on|from|according to|after (?:reviewing|reading|analy\w+)) (?:the|this|your|our"
    r"|what)\b.{0,80}"
    r"(?:conversation|transcript|dialogue|chat|exchange|text|message|input|above)"
    r"|i(?:'ve|'ll| have| will| can| could| did| was| am| found| extracted| identified| noted| don'?t| do not"
    r"| hope)\b(?=.{0,80}\b(?:facts?|extract\w*|found|identif\w*|list\w*|conversation|transcript"
    r"|memor\w+|helps?"
    r"|useful|anything|information))"
    r"|(?:let me know|please (?:let|note that|tell|feel)|feel free|hope (?:this|that|it)|would you like"
    r"|do you want"
    r"|is there anything|if you (?:need|want|have|would|'d)|if there(?:'s| is)|should i|shall i"
    r"|anything else)\b"
    r"|(?:extracted |key |important )?(?:facts?|memories)(?: (?:extracted|found|below|above|worth"
    r"|to remember|from))"
    r"|extracted (?:facts?|memories)\b"
    r"|(?:there (?:are|is|were|was) (?:no|nothing|not)|nothing (?:to|worth|here|in|was|else))\b"
    r"|(?:note|summary|total|importance|legend|scale|format|output|result)s?\s*[:(]"
    r"|that'?s (?:all|it|everything)|end of (?:list|facts)|(?:all|the) (?:other|remaining|rest)\b.{0,60}"
    r"(?:small talk|not worth|chit)"
    r"|(?:hier sind|hier ist|ich hoffe|lass mich|es gibt keine|keine fakten|voici|j'espère|n'hésitez|il n'y a"
    r"|aquí (?:están|tienes)|espero que|no hay|ecco|spero|non ci sono|aqui estão|não há|hier zijn|ik hoop"
    r"|er zijn geen|以下是|希望|没有)",
    re.IGNORECASE,
)
"""How a line begins that talks to whoever asked."""


def straight(text: str) -> str:
    """*text* with one form of the apostrophe: patterns know only that. No character changes its place."""
    return text.translate(APOSTROPHES)
