"""What sessions leave behind: transcripts become turns of conversations, summaries become memories."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from memcli import spool
from memcli.errors import MemcliError, UsageError
from memcli.model import Action, Scope, Trust
from memcli.services import remember, transfer
from memcli.services.engine import Engine
from memcli.services.hooks import harnesses
from memcli.services.hooks.events import Event
from memcli.services.hooks.sessions import Given
from memcli.services.importers.cleaning import said
from memcli.services.importers.found import short_hash
from memcli.services.importers.reading import Source
from memcli.services.redaction import PrivateError

SETTLE_S = 0.5
"""Seconds that a harness is given to finish writing its transcript."""

SUMMARY = "summary"
"""The `type` in the metadata of what a compaction has made of a session."""


ANALYSIS, TAGS = re.compile("<analysis>.*?</analysis>", re.DOTALL), re.compile("</?summary>")
"""What a model thinks before it summarises, and what it puts around the summary."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What one hook has left to be done.

    Attributes:
        path: The file in the spool.
        event: What happened.
        cwd: The directory that the hook ran in.
        variables: Variables of memcli's that were set for it.
        options: Options that were given to it.
    """

    path: str
    event: Event
    cwd: str
    variables: dict[str, str]
    options: dict[str, str]

    def said(self, name: str) -> str | None:
        """The space, user or agent that was named; None for none."""
        return self.options.get(name) or self.variables.get(f"MEMCLI_{name.upper()}") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """What a flush came to.

    Attributes:
        sessions: How many transcripts were read.
        stored: How many turns and summaries are new.
        left: How much is still waiting.
    """

    sessions: int
    stored: int
    left: int


Place = Callable[[Captured], tuple[Engine, Scope]]
"""Finds what to work with, and where to store what was captured."""


def flush(folder: Path, place: Place, *, settle: float = SETTLE_S) -> Flushed:
    """Do what is waiting in *folder*, unless somebody else is at it.

    What can't be done now stays; what never can be is laid aside with a line in the log.
    """
    where, sessions, stored = str(folder), 0, 0
    spool.made(where)
    try:
        with FileLock(folder / "flush.lock", timeout=0):
            time.sleep(settle)
            spool.prune(where)
            while waiting := spool.waiting(where):
                some = _read(where, waiting)
                for group in _by_session(some):
                    stored += _kept(where, group, place)
                    sessions += 1
                if set(waiting) & set(spool.waiting(where)):
                    break  # what can't be done now
    except Timeout:
        pass
    return Flushed(sessions=sessions, stored=stored, left=len(spool.waiting(where)))


def _read(where: str, paths: Iterable[str]) -> list[Captured]:
    found = []
    for path in paths:
        try:
            about, raw = spool.read(path)
            found.append(_captured(path, about, raw))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, MemcliError) as error:
            _lay_aside(where, path, error)
    return found


def _captured(path: str, about: dict[str, Any], raw: bytes) -> Captured:
    harness = harnesses.named(str(about.get("harness")))
    event = harnesses.read(harness, str(about.get("event")), raw)
    options, variables = _texts(about.get("options")), _texts(about.get("variables"))
    return Captured(path, event, event.cwd or str(about.get("cwd") or ""), variables, options)


def _texts(said: Any) -> dict[str, str]:
    """*said*, a table of texts.

    Raises:
        ValueError: It is something else, which no hook has written.
    """
    if not said:
        return {}
    if not isinstance(said, dict) or not all(isinstance(one, str) for both in said.items() for one in both):
        raise ValueError("not a file of a hook's")
    return said


def _lay_aside(where: str, path: str, error: Exception) -> None:
    spool.log(where, f"{Path(path).name}: {_told(error)}")
    with suppress(OSError):
        Path(path).rename(path.removesuffix(spool.ENDING) + ".failed")


def _told(error: Exception) -> str:
    return error.sentence if isinstance(error, MemcliError) else f"{type(error).__name__}: {error}"


def _by_session(captured: Iterable[Captured]) -> list[list[Captured]]:
    """*captured*, put together where one reading of the transcript does for all."""
    groups: dict[object, list[Captured]] = {}
    for one in captured:
        place = (one.cwd, *(one.said(name) for name in ("space", "user", "agent")))
        groups.setdefault((one.event.harness, one.event.transcript, one.event.session, place), []).append(one)
    return list(groups.values())


def _kept(where: str, group: list[Captured], place: Place) -> int:
    """How many memories are new of what *group* is about."""
    try:
        engine, scope = place(group[0])
        stored = _transcript(engine, group[-1].event, scope)
        for one in group:
            try:
                stored += _summary(engine, one.event, scope, where)
            except PrivateError:  # all of it: there is nothing to keep
                continue
            except UsageError as error:  # it would be refused whenever it is tried; the others go on
                _lay_aside(where, one.path, error)
        if engine.is_behind:
            engine.catch_up()
    except MemcliError as error:
        spool.log(where, f"{group[-1].event.name}: {error.sentence}; it is tried again")
        return 0
    except Exception as error:  # the others go on
        for one in group:
            _lay_aside(where, one.path, error)
        return 0
    for one in group:
        spool.done(one.path)
    return stored


def _transcript(engine: Engine, event: Event, scope: Scope) -> int:
    """Import the transcript of the session; how many turns are new."""
    file = _opened(event.transcript)
    if file is None:
        return 0
    form = harnesses.named(event.harness).form
    with file:
        records = transfer.import_files(
            engine,
            [Source(file, event.transcript)],
            scope=scope,
            form=form,
            conflicts=False,
            trust=Trust.AGENT,
        )
        return sum(record.stored.action is Action.STORED for record in records)


def _opened(path: str) -> BinaryIO | None:
    """The regular file at *path*; None where there is none, since a harness need not keep one."""
    if not path:
        return None
    try:
        file = os.open(Path(path).expanduser(), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, ValueError):  # or a name that no file can have
        return None
    except (OSError, RuntimeError) as error:
        raise UsageError(f"can't read the transcript {path}: {error}") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        return None
    return os.fdopen(file, "rb")


def _summary(engine: Engine, event: Event, scope: Scope, where: str) -> int:
    """Remember what a compaction has made of the session; whether that is new."""
    text = TAGS.sub("", said(ANALYSIS.sub("", event.summary))).strip()
    if not text:
        return 0
    own_id = short_hash(SUMMARY, event.session, text)
    answer = remember.store(
        engine,
        text,
        scope=scope,
        conflicts=False,
        id=own_id,
        source=harnesses.named(event.harness).form,
        title=f"Session {event.session[:8]}, compacted" if event.session else "A session, compacted",
        metadata={"type": SUMMARY, "session": event.session},
        trust=Trust.AGENT,
    )
    Given(Path(where), event.session).add([answer.id or own_id])
    return int(answer.action is Action.STORED)
