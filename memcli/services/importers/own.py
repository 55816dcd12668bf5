"""Our own JSON Lines: one memory a line, as `export` writes them, or a list, as `list --json` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from memcli.errors import UsageError
from memcli.model import PRIVATE, TEAM, Draft, Scope
from memcli.services import checks
from memcli.services.importers.found import About, Found
from memcli.services.importers.reading import Broken, Entry, Source, checked, value_in
from memcli.times import parse_time


def entries(source: Source) -> Iterator[Entry]:
    """What *source* holds: lines, or the entries of a list."""
    if source.is_by_line or _is_spoilt(source.head):
        return by_line(source.lines())
    return source.entries()


def _is_spoilt(head: Sequence[bytes]) -> bool:
    """Whether the first line of *head* looks like the beginning of a list, and is a bad one of several."""
    first, *more = [line for line in head if line.strip()]
    if first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        return bool(more) and value_in(first) is not None
    return any(isinstance(value := value_in(line), dict) and "text" in value for line in more)


def by_line(lines: Iterable[bytes | str]) -> Iterator[Entry]:
    """What stands in *lines* that are not blank."""
    for number, line in enumerate(lines, start=1):
        raw = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        if raw.strip():
            try:
                yield number, checked(raw, first=number == 1)
            except UsageError as error:
                yield number, Broken(error.sentence)


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The memories in *entries*."""
    for number, entry in entries:
        if isinstance(entry, Broken):
            yield Found(number, problem=entry.problem)
        else:
            yield _found(number, entry, about)


def _found(number: int, document: Mapping[str, Any], about: About) -> Found:
    scope = about.scope
    try:
        space = str(_or(document, "space", scope.space))
        return Found(number, _draft(document, scope, about.now()), space=space)
    except UsageError as error:
        return Found(number, problem=error.sentence)


def _draft(document: Mapping[str, Any], scope: Scope, now: datetime) -> Draft:
    """The draft that *document* describes; keys that are not ours are passed over.

    Raises:
        UsageError: A key is missing or has no usable value.
    """
    if document.get("text") is None:
        raise UsageError("there is no text")
    known: dict[str, Any] = {name: document[name] for name in AS_THEY_ARE if document.get(name) is not None}
    times: dict[str, Any] = {name: _time(document.get(name), name, now) for name in TIMES}
    return Draft(
        **known,
        **times,
        scope=Scope(
            space=checks.space_name(_or(document, "space", scope.space)),
            user=checks.line(_or(document, "user", scope.user), "the user's name"),
            agent=checks.line(_or(document, "agent", scope.agent), "the agent's name"),
            team=_team(document, scope),
        ),
        tags=checks.tags(_or(document, "tags", ())),
        metadata=checks.metadata(_or(document, "metadata", {})),
        position=checks.position(document.get("position")),
    )


def _team(document: Mapping[str, Any], scope: Scope) -> str:
    """The team that can see what *document* describes; "" for none."""
    if document.get("visibility") not in (None, PRIVATE, TEAM):
        raise UsageError(f"visibility is {PRIVATE} or {TEAM}, not {document['visibility']!r}")
    team = checks.line(_or(document, "team", scope.team), "the team")
    if document.get("visibility") == TEAM and not team:
        raise UsageError("it is for a team, and there is no team")
    return "" if document.get("visibility") == PRIVATE else team


def _or(document: Mapping[str, Any], name: str, default: Any) -> Any:
    """What *document* says under *name*; *default* where it says nothing or null."""
    value = document.get(name)
    return default if value is None else value


AS_THEY_ARE = (
    *("text", "id", "title", "importance", "source", "conversation", "speaker"),
    *("replaces", "replaced_by", "replaced_reason", "replaced_confidence"),
    *("vector", "vector_of", "trust"),
)
TIMES = ("created_at", "updated_at", "expires_at", "forgotten_at", "replaced_at")


def _time(value: Any, name: str, now: datetime) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise UsageError(f"{name} is beyond all times") from error
    if not isinstance(value, str):
        raise UsageError(f"{name} must be an ISO date, not {value!r}")
    return parse_time(value, now)
