"""What a model writes while it thinks, and what it answers then: nothing in a thought is a fact."""

from __future__ import annotations

import re

BEGINS = re.compile(r"^[ \t]*[<\[](?:think(?:ing)?|thought)[>\]]", re.IGNORECASE | re.MULTILINE)
ENDS = re.compile(r"[<\[]/(?:think(?:ing)?|thought)[>\]]", re.IGNORECASE)
ENDS_A_BEGUN_ONE = re.compile(rf"^[ \t]*{ENDS.pattern}", re.IGNORECASE | re.MULTILINE)
"""Tags of DeepSeek, Qwen and others; in their templates the first one may stand in the prompt, so that only
the second is in what they write. One within a line is spoken of."""

OLLAMA = re.compile(r"\s*Thinking\.\.\.\r?\n(?:.*\n)*?\.\.\.done thinking\.")
"""How `ollama run` writes the thoughts of a model that it knows to have some."""


def answered(text: str) -> str:
    """*text* without what was thought on the way: nothing of one in which a thought begins and never ends."""
    if said := OLLAMA.match(text):
        text = text[said.end() :]
    begun, ended = BEGINS.search(text), ENDS_A_BEGUN_ONE.search(text)
    if ended and not (begun and begun.start() < ended.start()):
        text = text[ended.end() :]
    kept, at = [], 0
    while begun := BEGINS.search(text, at):
        end = ENDS.search(text, begun.end())
        if end is None:
            if text[: begun.start()].strip():  # it speaks of the tag, as likely as not
                break
            return ""
        kept.append(text[at : begun.start()])
        at = end.end()
    return "".join([*kept, text[at:]])
