"""In and out: JSON Lines, one memory a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from threading import Thread
from typing import Any

from memcli.errors import MemcliError, UsageError
from memcli.model import (
    PRIVATE,
    TEAM,
    Action,
    Draft,
    Memory,
    Progress,
    ProgressBar,
    Scope,
    Stored,
    default_title,
)
from memcli.services import agents, checks, jsonlines, remember, teams
from memcli.services.engine import Engine, nobody
from memcli.services.journal import Running
from memcli.services.select import in_scope, is_current
from memcli.times import parse_time

CHUNK = 512
"""Records that are embedded and written together.

The embedder goes through them in small pieces anyway; at some 360 a second, an interrupted import has
lost a second and a half.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of an import: what it came to.

    Attributes:
        line: Its number, from 1.
        stored: What happened; `Action.FAILED` with the reason where it could not be stored.
    """

    line: int
    stored: Stored


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    draft: Draft | None
    problem: str
    space: str


INDEXED_FROM = 100
"""Lines of an import at whose end the indexes are brought up to date: a search has to read through what they
lack. With 288 of 11,040 memories missing LanceDB took 100 ms for a query instead of 44."""


def import_lines(
    engine: Engine,
    lines: Iterable[bytes | str],
    *,
    scope: Scope,
    conflicts: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[Record]:
    """Store the memories in *lines* of JSON; what comes out has been written.

    Blank lines are passed over. A line that can't be stored is reported in its place, and the
    others go on. Running an interrupted import again stores what is missing.

    Args:
        engine: What to work with.
        lines: One JSON object each; bytes are UTF-8.
        scope: Where a memory goes whose line names no `space`.
        conflicts: Whether facts are held against what is known; False for going by ids only, None for
            the setting (where the same words are a duplicate in any case). What an export has written
            was decided on when it was stored, and is only a duplicate of the same words.
        progress: Hears how many lines are done.
    """
    compare, change = conflicts is not False, Running("import")
    number = 0
    for ready in _ahead(engine, _pieces(engine, lines, scope), compare, progress or nobody):
        answers = remember.finished(engine, ready.drafts, compare=compare, conflicts=conflicts, change=change)
        ready.shares.finish()
        drafts = ready.drafts.drafts
        agents.make_known(engine, ((str(d.scope.agent), str(d.scope.user)) for d in drafts))
        number = ready.lines[-1].number
        yield from _records(ready.lines, answers)
    if number >= INDEXED_FROM and engine.db.model:
        engine.db.catch_up(always=True)


def _pieces(engine: Engine, lines: Iterable[bytes | str], scope: Scope) -> Iterator[list[_Line]]:
    """The *lines* that are not blank, read and checked, some at a time."""
    may_write = cache(lambda team, user: teams.require_writer(engine.db, team, user))
    pending: list[_Line] = []
    for number, line in enumerate(lines, start=1):
        raw = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        if raw.strip():
            pending.append(_checked(engine, _read(number, raw, scope, engine.now()), may_write))
        if len(pending) == CHUNK:
            yield pending
            pending = []
    if pending:
        yield pending


@dataclass(frozen=True, slots=True)
class _Ready:
    lines: list[_Line]
    drafts: remember.Prepared
    shares: _Shares


def _ahead(
    engine: Engine, pieces: Iterator[list[_Line]], compare: bool, progress: Progress
) -> Iterator[_Ready]:
    """Each of *pieces*, embedded; the next one is, while the last one is decided on and written.

    Deciding keeps one processor busy, and embedding all that there are.
    """
    engine.embedder  # noqa: B018  # loaded in this thread, where what is wrong with it is said
    beside = engine.beside()

    def ready(lines: list[_Line]) -> _Ready:
        shares = _Shares(progress, len(lines))
        beside.db.forget_what_was_read()
        drafts = [line.draft for line in lines if line.draft]
        return _Ready(lines, remember.prepared(beside, drafts, compare=compare, announce=shares), shares)

    following = [_begun(ready, lines) for lines in islice(pieces, 1)]
    while following:
        one = following.pop().result()
        following += [_begun(ready, lines) for lines in islice(pieces, 1)]
        yield one


def _begun(work: Callable[[list[_Line]], _Ready], lines: list[_Line]) -> Future[_Ready]:
    """What *work* makes of *lines*, in a thread that nobody waits for after Ctrl-C."""
    future: Future[_Ready] = Future()

    def run() -> None:
        try:
            future.set_result(work(lines))
        except BaseException as error:  # whoever asks for the result gets it
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def _records(lines: Sequence[_Line], answers: Iterable[Stored]) -> Iterator[Record]:
    stored = iter(answers)
    for line in lines:
        yield Record(line=line.number, stored=next(stored) if line.draft else _failed(line))


class _Shares:
    """Passes the progress of embedding some lines on, as progress in lines."""

    def __init__(self, report: Progress, lines: int) -> None:
        self._report, self._lines = report, lines
        self._texts, self._embedded, self._said = 1, 0, 0

    def __call__(self, label: str, total: int) -> ProgressBar:  # noqa: ARG002
        self._texts = total
        return self

    def __enter__(self) -> Progress:
        return self._advance

    def __exit__(self, *exc: object) -> None:
        pass

    def _advance(self, done: int) -> None:
        self._embedded += done
        self._say(self._lines * self._embedded // self._texts)

    def finish(self) -> None:
        """All lines are done, embedded or not."""
        self._say(self._lines)

    def _say(self, lines: int) -> None:
        self._report(lines - self._said)
        self._said = lines


def _failed(line: _Line) -> Stored:
    return Stored(action=Action.FAILED, id=None, space=line.space, reason=line.problem)


def _checked(engine: Engine, line: _Line, may_write: Callable[[str, str], object]) -> _Line:
    """*line*, as a failed one if its draft could not be stored: one bad line must not stop the others."""
    if line.draft is None:
        return line
    try:
        remember.check(engine, line.draft)
        if line.draft.scope.team:
            may_write(line.draft.scope.team, line.draft.scope.owner)
    except MemcliError as error:
        return _Line(line.number, None, error.sentence, line.space)
    return line


def _read(number: int, raw: bytes, scope: Scope, now: datetime) -> _Line:
    try:
        document = jsonlines.document(raw, first=number == 1)
        return _Line(number, _draft(document, scope, now), "", str(_or(document, "space", scope.space)))
    except UsageError as error:
        return _Line(number, None, error.sentence, str(scope.space))


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
    *("vector", "vector_of"),
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


def export(
    engine: Engine, *, scope: Scope, forgotten: bool = True, vectors: bool = False
) -> Iterator[Mapping[str, Any]]:
    """Everything that is remembered in *scope*, oldest first, as documents that an import takes.

    Fields that have their default are left out.

    Args:
        engine: What to work with.
        scope: What to export.
        forgotten: Whether forgotten, expired and replaced memories are included.
        vectors: Whether each brings its vector along, so that an import need not make it again.
    """
    now = engine.now()
    for batch in engine.db.memories.batches(in_scope(scope)):
        wanted = [memory for memory in batch if forgotten or is_current(memory, now)]
        documents = [_document(memory) for memory in wanted]
        yield from _with_vectors(engine, wanted, documents) if vectors else documents


def _with_vectors(
    engine: Engine, memories: Sequence[Memory], documents: Sequence[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    from memcli.services import given  # arrays

    model = engine.db.model
    assert model is not None
    rows: Any = engine.db.memories.vectors([memory.id for memory in memories]) if memories else []
    for memory, document, vector in zip(memories, documents, rows, strict=True):
        yield {**document, "vector": given.written(vector), "vector_of": given.seal(model, memory)}


DEFAULTS = {f.name: f.default for f in fields(Draft)}


def _document(memory: Memory) -> Mapping[str, Any]:
    document: dict[str, Any] = {}
    for f in fields(Memory):
        value = getattr(memory, f.name)
        if f.name == "title" and value == default_title(memory.text):
            continue
        if f.name == "visibility" and value == PRIVATE:
            continue
        if f.name != "importance" and (value == DEFAULTS.get(f.name, "") or value in ({}, None)):
            continue
        document[f.name] = value.isoformat() if isinstance(value, datetime) else value
    return document
