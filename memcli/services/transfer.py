"""In and out: JSON Lines of our own, and what other programs keep; see `memcli.services.importers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import PurePath
from threading import Thread
from typing import Any

from memcli.errors import MemcliError, UsageError
from memcli.model import PRIVATE, Action, Draft, Memory, Progress, Scope, Stored, Trust, default_title
from memcli.services import agents, checks, relations, remember, teams
from memcli.services.engine import Engine, nobody
from memcli.services.importers import formats, own
from memcli.services.importers.found import About, Found, trusted
from memcli.services.importers.reading import Source
from memcli.services.journal import Running
from memcli.services.redaction import PrivateError
from memcli.services.select import in_scope, is_current
from memcli.services.shares import Shares
from memcli.storage.predicates import all_of, equals

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
        where: How people find it: `line 3`, or which entry of which file.
        is_edge: Whether it is about an edge, not a memory; `stored.id` is where that leads from.
        draft_id: The id that was meant, if edges may lead to or from it.
    """

    line: int
    stored: Stored
    where: str = ""
    is_edge: bool = False
    draft_id: str = ""


INDEXED_FROM = 100
"""Lines of an import at whose end the indexes are brought up to date: a search has to read through what they
lack. With 288 of 11,040 memories missing LanceDB took 100 ms for a query instead of 44."""


@dataclass
class Passed:
    """What an import has passed over, as far as it has come.

    Attributes:
        entries: Lines and entries that hold nothing to remember: tools at work, settings, side chains.
        files: Files that look like no format, by name.
    """

    entries: int = 0
    files: list[str] = field(default_factory=list)


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
    found = own.parse(own.by_line(lines), About(scope, engine.now))
    return _imported(engine, trusted(found, Trust.IMPORTED), Passed(), scope, conflicts, progress)


def import_files(
    engine: Engine,
    sources: Iterable[Source],
    *,
    scope: Scope,
    form: str | None = None,
    conversation: str = "",
    conflicts: bool | None = None,
    progress: Progress | None = None,
    passed: Passed | None = None,
    trust: Trust = Trust.IMPORTED,
) -> Iterator[Record]:
    """Store what is found in *sources*, whatever program wrote them; what comes out has been written.

    One change, however many files there are. Files that look like no format are taken for our own if there
    is but one, and are passed over among several.

    Args:
        engine: What to work with.
        sources: The files.
        scope: Where memories go that name no space.
        form: The format that all of them are in; each file's is detected, if None.
        conversation: What the conversation is called whose messages do not say it.
        conflicts: See `import_lines`.
        progress: Hears how many lines or entries are done.
        passed: Hears what is passed over.
        trust: Who put what does not say it there.

    Raises:
        UsageError: There is no such format, or a file can't be read as text.
    """
    form = None if form is None else formats.checked(form)
    if conversation:
        checks.line(conversation, "the conversation", checks.ID_LENGTH_MOST)
    passed = passed or Passed()
    found = _found(sources, About(scope, engine.now, conversation=conversation), form, passed)
    return _imported(engine, trusted(found, trust), passed, scope, conflicts, progress)


def _found(
    sources: Iterable[Source], about: About, form: str | None, passed: Passed
) -> Iterator[Found | None]:
    for source in sources:
        name = form or formats.detected(source) or ("" if source.name else formats.OWN)
        try:
            if source.problem:
                raise UsageError(source.problem, hint=source.hint)
            if not form and name == formats.OWN and source.is_prose:
                raise UsageError(
                    f"{source.where(0)} is in no format that import knows",
                    hint="memcli store - --lines stores each line of it, import --as markdown its paragraphs",
                )
            if not name:
                passed.files.append(source.name)
                continue
            if about.conversation and name != formats.MESSAGES:
                raise UsageError(f"--conversation is for messages that do not name theirs, not for {name}")
            yield from formats.read(source, name, replace(about, name=PurePath(source.path).stem))
        except UsageError as error:
            if not source.name:
                raise
            yield Found(0, problem=error.sentence, source=source)


def _imported(
    engine: Engine,
    found: Iterator[Found | None],
    passed: Passed,
    scope: Scope,
    conflicts: bool | None,
    progress: Progress | None,
) -> Iterator[Record]:
    compare, change = conflicts is not False, Running("import")
    number = 0
    edges = _Edges(engine, change)
    for ready in _ahead(engine, _pieces(engine, found, passed, edges), compare, progress or nobody):
        answers = remember.finished(engine, ready.drafts, compare=compare, conflicts=conflicts, change=change)
        ready.shares.finish()
        drafts = ready.drafts.drafts
        agents.make_known(engine, ((str(d.scope.agent), str(d.scope.user)) for d in drafts))
        number += len(drafts)
        for record in _records(ready.found, answers, scope):
            edges.became(record)
            yield record
    yield from edges.made(scope)
    if number >= INDEXED_FROM and engine.db.model:
        engine.db.catch_up(always=True)


def _pieces(engine: Engine, found: Iterator[Found | None], passed: Passed, edges: _Edges) -> Iterator[_Piece]:
    """What was *found*, checked, some at a time."""
    may_write = cache(lambda team, user: teams.require_writer(engine.db, team, user))
    pending: list[Found] = []
    at = done = 0
    for one in found:
        if one is None:
            passed.entries += 1
            at += 1
            continue
        if one.relation:
            edges.take(one)
            continue
        at += 1
        try:
            pending.append(_checked(engine, one, may_write))
        except PrivateError:
            passed.entries += 1
            continue
        if len(pending) == CHUNK:
            yield _Piece(pending, at - done)
            pending, done = [], at
    if pending:
        yield _Piece(pending, at - done)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some of what was found, and how many lines or entries that were."""

    found: list[Found]
    units: int


@dataclass(frozen=True, slots=True)
class _Ready:
    found: list[Found]
    drafts: remember.Prepared
    shares: Shares


def _ahead(engine: Engine, pieces: Iterator[_Piece], compare: bool, progress: Progress) -> Iterator[_Ready]:
    """Each of *pieces*, embedded; the next one is, while the last one is decided on and written.

    Deciding keeps one processor busy, and embedding all that there are.
    """
    engine.embedder  # noqa: B018  # loaded in this thread, where what is wrong with it is said
    beside = engine.beside()

    def ready(piece: _Piece) -> _Ready:
        shares = Shares(progress, piece.units)
        beside.db.forget_what_was_read()
        drafts = [one.draft for one in piece.found if one.draft]
        return _Ready(
            piece.found, remember.prepared(beside, drafts, compare=compare, announce=shares), shares
        )

    following = [_begun(ready, piece) for piece in islice(pieces, 1)]
    while following:
        one = following.pop().result()
        following += [_begun(ready, piece) for piece in islice(pieces, 1)]
        yield one


def _begun(work: Callable[[_Piece], _Ready], piece: _Piece) -> Future[_Ready]:
    """What *work* makes of *piece*, in a thread that nobody waits for after Ctrl-C."""
    future: Future[_Ready] = Future()

    def run() -> None:
        try:
            future.set_result(work(piece))
        except BaseException as error:  # whoever asks for the result gets it
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def _records(found: Sequence[Found], answers: Iterable[Stored], scope: Scope) -> Iterator[Record]:
    stored = iter(answers)
    for one in found:
        answer = next(stored) if one.draft else _failed(one, scope)
        said = one.draft.id if one.draft and one.is_end else ""
        yield Record(line=one.at, stored=answer, where=_where(one), draft_id=said)


def _where(found: Found) -> str:
    return found.source.where(found.at) if found.source else f"line {found.at}"


class _Edges:
    """The relations that an import comes upon: made when all that they may lead to is there."""

    def __init__(self, engine: Engine, change: Running) -> None:
        self._engine, self._change = engine, change
        self._found: list[Found] = []
        self._became: dict[str, str] = {}

    def take(self, found: Found) -> None:
        """Keep what was *found* for later."""
        self._found.append(found)

    def became(self, record: Record) -> None:
        """Note which memory a draft has become, if it is another one than was meant."""
        if record.draft_id and record.stored.id and record.stored.id != record.draft_id:
            self._became[record.draft_id] = record.stored.id

    def made(self, scope: Scope) -> Iterator[Record]:
        """Make them; what came of each."""
        for start in range(0, len(self._found), CHUNK):
            some = self._found[start : start + CHUNK]
            wanted = [self._wanted(one) for one in some]
            for one, answer in zip(
                some, relations.connect(self._engine, wanted, scope=scope, change=self._change), strict=True
            ):
                yield Record(line=one.at, stored=_explained(answer, one), where=_where(one), is_edge=True)

    def _wanted(self, found: Found) -> relations.Wanted:
        relation = found.relation
        assert relation is not None
        start, end = (self._became.get(name, name) for name in (relation.start, relation.end))
        return relations.Wanted(start, end, relation.type)


def _explained(answer: Stored, found: Found) -> Stored:
    """The *answer* for the relation that was *found*, in words of the file if it failed."""
    if answer.action is not Action.FAILED or found.relation is None:
        return answer
    return replace(answer, reason=f"{found.relation.said}: {answer.reason}")


def _failed(found: Found, scope: Scope) -> Stored:
    space = found.space or str(scope.space)
    return Stored(action=Action.FAILED, id=None, space=space, reason=found.problem)


def _checked(engine: Engine, found: Found, may_write: Callable[[str, str], object]) -> Found:
    """What was *found*, as failed if its draft could not be stored: one bad line must not stop the others.

    Raises:
        PrivateError: It is private, all of it, and is not to be stored.
    """
    if found.draft is None:
        return found
    try:
        remember.check(engine, found.draft)
        if found.draft.scope.team:
            may_write(found.draft.scope.team, found.draft.scope.owner)
    except PrivateError:
        raise
    except MemcliError as error:
        return replace(found, draft=None, problem=error.sentence)
    return found


def export(
    engine: Engine, *, scope: Scope, forgotten: bool = True, vectors: bool = False, conversation: str = ""
) -> Iterator[Mapping[str, Any]]:
    """Everything that is remembered in *scope*, oldest first, as documents that an import takes.

    Fields that have their default are left out.

    Args:
        engine: What to work with.
        scope: What to export.
        forgotten: Whether forgotten, expired and replaced memories are included.
        vectors: Whether each brings its vector along, so that an import need not make it again.
        conversation: Only its turns; everything, if empty.
    """
    for wanted in exported(engine, scope=scope, forgotten=forgotten, conversation=conversation):
        documents = [_document(memory) for memory in wanted]
        yield from _with_vectors(engine, wanted, documents) if vectors else documents


def exported(
    engine: Engine, *, scope: Scope, forgotten: bool, conversation: str = ""
) -> Iterator[list[Memory]]:
    """What an export holds, oldest first, some at a time; see `export`."""
    now = engine.now()
    where = all_of(in_scope(scope), equals("conversation", conversation) if conversation else "")
    for batch in engine.db.memories.batches(where):
        yield [memory for memory in batch if forgotten or is_current(memory, now)]


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
