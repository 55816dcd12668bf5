"""What is found in a file: drafts, relations between them, and what is wrong with the rest."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from memcli.errors import UsageError
from memcli.model import Draft, Scope
from memcli.services import checks
from memcli.services.importers.cleaning import said

if TYPE_CHECKING:
    from memcli.services.importers.reading import Source


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge that a file speaks of, between drafts by their ids.

    Attributes:
        start: The id of the draft that it leads from.
        end: The id of the draft that it leads to.
        type: What the one is to the other.
        said: The same in the words of the file.
    """

    start: str
    end: str
    type: str
    said: str


@dataclass(slots=True)
class Found:
    """One thing that was found in a file.

    Attributes:
        at: Where: the number of the line or entry, from 1.
        draft: What to remember; None for a relation, and where something is wrong.
        problem: What is wrong; empty if nothing is.
        relation: The relation, if it is one.
        is_end: Whether relations may lead to or from the draft.
        space: Where the draft would go, if it names a space.
        source: The file; None for lines that are in none.
    """

    at: int
    draft: Draft | None = None
    problem: str = ""
    relation: Relation | None = None
    is_end: bool = False
    space: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a parser is told besides the file.

    Attributes:
        scope: Where drafts go that name no space.
        now: The clock.
        name: What the file is called, without its suffix; empty for standard input.
        conversation: What the conversation is called whose messages do not say it.
    """

    scope: Scope
    now: Callable[[], datetime]
    name: str = ""
    conversation: str = ""

    def hashed(self, *parts: object) -> str:
        """An id made of *parts*: the same for the same in the same scope, and for nothing else."""
        where = (self.scope.space, self.scope.user, self.scope.agent, self.scope.team)
        return short_hash(*where, *parts)


PLAIN_ID = re.compile(r"[A-Za-z0-9_][\w.:@+/-]{0,199}", re.ASCII)
"""Most ids there are; what else may be one is a matter of `checks.own_id`."""


def short_hash(*parts: object) -> str:
    """80 bits of a hash of *parts*, as 16 letters and digits."""
    key = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return b32encode(hashlib.blake2b(key, digest_size=10).digest()).decode().lower()


def legal_id(value: Any) -> str:
    """*value* if it can be an id of ours, else a hash of it; "" for what names nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return ""
    if PLAIN_ID.fullmatch(value):
        return value
    try:
        return checks.own_id(value)
    except UsageError:
        return short_hash(value)


def moment(value: Any) -> datetime | None:
    """The time that *value* means, if any: ISO 8601 (UTC where no zone is named), seconds, milliseconds."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def sound(text: str) -> str:
    """*text* with U+FFFD for what can't be stored: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def word(value: Any, longest: int = 200) -> str:
    """*value* on one line and cut to *longest* characters; "" if it is no text."""
    if not isinstance(value, str):
        return ""
    return " ".join(_printable(sound(value[: 4 * longest])).split())[:longest].rstrip()


def _printable(text: str) -> str:
    """*text* with blanks for what a line can't hold."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def text_in(document: Mapping[str, Any], *names: str) -> str:
    """The first text that is not empty among what *document* has under *names*; "" if none is."""
    for name in names:
        value = document.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def words_of(content: Any) -> str:
    """The words in a message's *content*: a text, or parts, of which tools' and pictures are left out."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        content = content.get("parts", [content])
    if not isinstance(content, list):
        return ""
    return "\n".join(filter(None, map(_part, content)))


TEXT_PARTS = ("text", "input_text", "output_text", None)
"""Types of the parts whose `text` was said."""


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and part.get("type") in TEXT_PARTS:
        text = part.get("text")
        return text if isinstance(text, str) else ""
    return ""


SPEAKERS = {
    "human": "user",
    "model": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "developer": "system",
}
"""Other names of the roles."""


def speaker(role: Any) -> str:
    """Who *role* is: user, assistant, system, or what else it is called; "unknown" if it can't be."""
    if role == "user" or role == "assistant":  # noqa: PLR1714  # as nearly all are; a list can't be looked up
        return str(role)
    name = word(role, checks.NAME_LENGTH_MOST)
    return SPEAKERS.get(name.lower(), name) or "unknown"


class Turns:
    """Makes turns of messages: in order, each with its place, its time and an id that stays.

    Args:
        about: What is said besides the file.
        source: Where the messages come from, such as `chatgpt`.
    """

    def __init__(self, about: About, source: str) -> None:
        self._about, self._source = about, source
        self._next: dict[str, int] = {}
        self._latest: dict[str, datetime | None] = {}

    def draft(
        self,
        text: str,
        *,
        conversation: str,
        speaker: str,
        own_id: str = "",
        created_at: datetime | None = None,
        metadata: Mapping[str, Any],
    ) -> Draft | None:
        """The turn that says *text* in *conversation*; None if nothing of it was said by anybody.

        A missing time is the previous turn's. A missing id is made of place and text.
        """
        text = said(sound(text))
        if not text:
            return None
        position = self._next.get(conversation, 0)
        self._next[conversation] = position + 1
        created_at = created_at or self._latest.get(conversation)
        self._latest[conversation] = created_at
        return Draft(
            text=text,
            scope=self._about.scope,
            id=own_id or self._about.hashed(self._source, conversation, position, text),
            source=self._source,
            conversation=conversation,
            position=position,
            speaker=speaker,
            created_at=created_at,
            metadata=metadata,
        )


def named(**values: Any) -> dict[str, Any]:
    """Metadata of those of *values* that are texts and not empty."""
    return {name: sound(value)[:1000] for name, value in values.items() if isinstance(value, str) and value}


def trusted(found: Iterable[Found | None], trust: str) -> Iterator[Found | None]:
    """What was *found*, with who put it there where it does not say so."""
    for one in found:
        if one and one.draft and not one.draft.trust:
            yield replace(one, draft=replace(one.draft, trust=trust))
        else:
            yield one
