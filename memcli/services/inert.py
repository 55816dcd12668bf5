"""Remembered texts on their way to a model: seen as they are, and unable to be anything but text.

What can't be seen is shown as U+FFFD, or as an escape in JSON. What a chat template, a harness or a frame
of ours would act on (`<|im_start|>`, `[INST]`, `</system-reminder>`) is written so that only a reader
understands it, and a line that begins like somebody's turn, a heading or the end of a block is quoted.
"""

from __future__ import annotations

import re
import unicodedata

LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Everything that some program takes for the end of a line."""

INDENT = "    "
"""Before every line of a memory but its first."""

QUOTE = "| "
"""Before a further line that would look like more than text."""

HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufff9-\ufffb\ufffe\uffff]"
    "|[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
)
"""What can't be seen although it counts as a letter or a mark: fillers, and joiners and variation selectors
in a row, which spell what nobody sees. By itself each of the latter is what Persian and emoji need."""

ESCAPED = re.compile(
    HIDDEN.pattern + "|[\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    "|[\U000e0000-\U000e007f]"
)
"""What JSON leaves as it is, and nobody sees."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

TAGS = (
    *("system", "system-reminder", "system_prompt", "developer", "user", "human", "assistant", "ai", "model"),
    *("instruction", "instructions", "important", "admin", "override", "prompt", "context", "task"),
    *("tool", "tools", "tool_call", "tool_calls", "tool_use", "tool_result", "tool_response", "tool_output"),
    *("function", "functions", "function_call", "function_calls", "function_results", "invoke", "parameter"),
    *("thinking", "think", "scratchpad", "start_of_turn", "end_of_turn", "bos", "eos", "s", "sys"),
    *("memory", "memories", "values", "value", "episodes", "conversation", "user-prompt-submit-hook"),
    *("session-start-hook", "task-notification", "command-name", "command-message", "document", "documents"),
)
"""Elements that harnesses, templates and blocks of ours give a meaning to."""

MARKS = re.compile(
    rf"<(?=[|｜!?]|/?(?:antml:|memcli-|(?:{'|'.join(TAGS)})[\s/>])|<SYS>>|</SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|IMG)\]|memcli [a-z]+:)",
    re.IGNORECASE,
)
"""The first character of what is taken for a mark of a template, a harness or a frame of ours."""

SAFE = {"<": "&lt;", "[": "&#91;"}

ROLES = (
    *("system", "developer", "user", "human", "assistant", "ai", "model", "tool", "function", "instruction"),
    *("instructions", "response", "admin", "operator"),
    *("sistema", "usuario", "asistente", "système", "utilisateur", "assistante", "benutzer", "assistent"),
    *("система", "пользователь", "ассистент", "系统", "用户", "助手", "システム", "ユーザー", "アシスタント"),
)
"""What those are called whose turns a prompt is made of."""

UNTOLD = frozenset(ROLES) - {"user", "assistant"}
"""Speakers that nobody should be taken for: those who converse are told as they are called."""

LEADS = re.compile(
    r"(?:#{1,6}(?:\s|$)|```|~~~|([-=_*])\1{2,}\s*$|-\s*\[\d{4}-\d\d-\d\d\]|\[\d{4}-\d\d-\d\d\]|value\s\S+:"
    rf"|[\W_]{{0,12}}(?:{'|'.join(ROLES)})(?:\s*\([^)\n]{{0,40}}\)|\s+(?:message|prompt|turn))?[\W_]{{0,8}}[:：]"
    r"|(?:<|&lt;|\[|&#91;|BEGIN|END)\W*(?:memcli|memories|memory|system|end)\b)",
    re.IGNORECASE,
)
"""A line that would look like a heading, a fence, an entry of ours or somebody's turn."""


def visible(text: str) -> str:
    """*text* with U+FFFD for what a reader can't see and a program may act on.

    These are control and direction-changing characters, those that XML does not know, and signs without a
    width that stand in a row; single joiners, which Persian and emoji need, stay.
    """
    if text.isascii():
        return CONTROL.sub("\ufffd", text)
    if not text.replace("\n", "").isprintable():
        text = "".join(map(_seen, text))
    return HIDDEN.sub(lambda found: "\ufffd" * len(found[0]), text)


def _seen(c: str) -> str:
    if c in "\n\t\u200c\u200d":
        return c
    return "\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c


def inert(text: str) -> str:
    """*text* with marks of templates, harnesses and our own frames written as text."""
    return MARKS.sub(lambda mark: SAFE[mark[0]], text) if "<" in text or "[" in text else text


def on_one_line(text: str, *, marks: bool = True) -> str:
    """*text* on one line; *marks* as in `indented`."""
    seen = visible(LINE_ENDS.sub(" ", text))
    return inert(seen) if marks else seen


def speaker(name: str, *, marks: bool = True) -> str:
    """*name* as what stands before what was said: in brackets, where a program may take it for a role."""
    seen = on_one_line(name, marks=marks).strip()
    return f"({seen})" if seen.casefold().strip(" #*_:") in UNTOLD else seen


def indented(text: str, *, marks: bool = True) -> str:
    """*text* with every line but the first indented: only turns and the frame begin further left.

    Args:
        text: Several lines, perhaps.
        marks: Whether marks are made inert; not where the style escapes them itself.
    """
    seen = visible(LINE_ENDS.sub("\n", text.strip()))
    seen = inert(seen) if marks else seen
    if "\n" not in seen:
        return seen
    first, *rest = seen.split("\n")
    return "\n".join([first, *map(_further, rest)])


def block(text: str) -> str:
    """*text* with every line indented; marks stay as they are."""
    return "\n".join(map(_further, visible(LINE_ENDS.sub("\n", text.strip())).split("\n")))


def _further(line: str) -> str:
    return INDENT + (QUOTE if LEADS.match(line.lstrip()) else "") + line


def escaped(document: str) -> str:
    """The JSON *document* with escapes for what nobody sees, and for marks: it means the same."""
    return MARKS.sub(_escape, ESCAPED.sub(_escape, document))


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
