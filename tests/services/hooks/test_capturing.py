"""What sessions leave behind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from memcli import spool
from memcli.config import Config
from memcli.errors import StorageError
from memcli.model import Scope
from memcli.services import memories
from memcli.services.engine import Engine
from memcli.services.hooks import capturing
from memcli.services.hooks.capturing import Captured, Flushed
from memcli.services.hooks.sessions import Given
from memcli.services.select import Filter
from tests.services.hooks.made import SESSION, said
from tests.services.importers.made import CLAUDE_CODE, FILES, event, json_lines

Put = Callable[..., None]
Flush = Callable[..., Flushed]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where hooks keep what they need."""
    return tmp_path / "hooks"


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """A session of Claude Code's: three turns."""
    file = tmp_path / "one.jsonl"
    file.write_bytes(FILES["claude-code"])
    return file


@pytest.fixture
def put(folder: Path) -> Put:
    """Puts what a hook heard into the spool."""

    def call(name: str, harness: str = "claude", *, raw: bytes | None = None, **more: Any) -> None:
        about = {"event": name, "harness": harness, "cwd": "/", "variables": {}, "options": {}}
        spool.put(str(folder), about, said(harness, name, **more) if raw is None else raw)

    return call


@pytest.fixture
def flush(folder: Path, engine: Engine, scope: Scope) -> Flush:
    """Does what is waiting."""

    def call(place: capturing.Place = lambda _: (engine, scope)) -> Flushed:
        return capturing.flush(folder, place, settle=0)

    return call


def turns(engine: Engine, scope: Scope) -> list[str]:
    """What is known to have been said."""
    return sorted(turn.text for turn in memories.newest(engine, scope=scope, wanted=Filter(turns=True)))


@pytest.mark.parametrize(
    ("harness", "name"), [("claude", "SessionEnd"), ("codex", "Stop"), ("gemini", "AfterAgent")]
)
def test_a_transcript_becomes_turns(
    put: Put, flush: Flush, engine: Engine, scope: Scope, tmp_path: Path, harness: str, name: str
) -> None:
    """Of each harness; and nothing is waiting any more."""
    form = {"claude": "claude-code"}.get(harness, harness)
    file = tmp_path / "session.jsonl"
    file.write_bytes(FILES[form])
    put(name, harness, transcript_path=str(file))
    answer = flush()
    assert (answer.sessions, answer.left) == (1, 0)
    assert answer.stored == len(turns(engine, scope)) > 1


def test_a_session_is_read_once_for_all_that_is_waiting(
    put: Put, flush: Flush, engine: Engine, scope: Scope, transcript: Path
) -> None:
    """And what has come since is added later."""
    for name in ("Stop", "Stop", "PreCompact", "SessionEnd"):
        put(name, transcript_path=str(transcript))
    assert flush() == Flushed(sessions=1, stored=3, left=0)
    transcript.write_bytes(json_lines([*CLAUDE_CODE, event(30, "user", "one more")]))
    put("Stop", transcript_path=str(transcript))
    assert flush() == Flushed(sessions=1, stored=1, left=0)
    assert "one more" in turns(engine, scope)


def test_what_a_compaction_says_is_remembered_once(
    put: Put, flush: Flush, engine: Engine, scope: Scope, folder: Path
) -> None:
    """Without what the model thought and wrapped it in; its own session knows it."""
    for _ in range(2):
        put("PostCompact", compact_summary="<analysis>hm</analysis><summary>\nWe moved to Oslo.\n</summary>")
        flush()
    [memory] = memories.newest(engine, scope=scope)
    assert (memory.text, memory.source) == ("We moved to Oslo.", "claude-code")
    assert memory.metadata == {"type": "summary", "session": SESSION}
    assert Given(folder, SESSION).ids() >= {memory.id}


def test_a_summary_that_is_refused_holds_up_no_other(
    put: Put, flush: Flush, make_engine: Callable[..., Engine], scope: Scope, folder: Path
) -> None:
    """One with a secret is laid aside, and what is private is nobody's business."""
    strict = make_engine(Config(secrets="refuse"))
    secret = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
    for text in (f"The key is {secret}.", "<private>We moved.</private>", "The shop moved to Oslo."):
        put("PostCompact", compact_summary=text)
    assert flush(lambda _: (strict, scope)) == Flushed(sessions=1, stored=1, left=0)
    assert [memory.text for memory in memories.newest(strict, scope=scope)] == ["The shop moved to Oslo."]
    assert len(list(folder.glob("*.failed"))) == 1
    assert secret not in "".join(spool.logged(str(folder), 9))


@pytest.mark.parametrize("path", [None, "", "/nowhere/at/all.jsonl", "/", "/dev/zero"])
def test_a_session_without_a_transcript_leaves_nothing(put: Put, flush: Flush, path: str | None) -> None:
    """A harness need not keep one."""
    put("Stop", "codex", transcript_path=path)
    assert flush() == Flushed(sessions=1, stored=0, left=0)


def test_a_pipe_is_no_transcript(put: Put, flush: Flush, tmp_path: Path) -> None:
    """Nobody waits for somebody to write into it."""
    os.mkfifo(tmp_path / "pipe")
    put("Stop", transcript_path=str(tmp_path / "pipe"))
    assert flush().left == 0


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[]", b"\xff", b'{"session_id": {}}'])
def test_what_makes_no_sense_stops_nobody(
    put: Put, flush: Flush, transcript: Path, folder: Path, raw: bytes
) -> None:
    """It is laid aside, with a line in the log."""
    put("Stop", raw=raw)
    put("Stop", "harness-of-tomorrow", raw=b"{}")
    (folder / f"0{spool.ENDING}").write_bytes(b"import os\nx")
    put("Stop", transcript_path=str(transcript))
    assert (flush().stored, flush().left) == (3, 0)
    assert "harness-of-tomorrow" in "\n".join(spool.logged(str(folder), 9))
    assert len(list(folder.glob("*.failed"))) in (2, 3)


def test_what_can_not_be_stored_now_is_stored_later(
    put: Put, flush: Flush, transcript: Path, folder: Path
) -> None:
    """The store may be of a later version, or the model missing."""

    def fails(_: Captured) -> Any:
        raise StorageError("the disk is full")

    put("Stop", transcript_path=str(transcript))
    assert flush(fails) == Flushed(sessions=1, stored=0, left=1)
    assert "the disk is full; it is tried again" in spool.logged(str(folder), 1)[0]
    assert flush() == Flushed(sessions=1, stored=3, left=0)


def test_only_one_is_at_it(put: Put, flush: Flush, transcript: Path, folder: Path) -> None:
    """Another one leaves it to that one."""
    put("Stop", transcript_path=str(transcript))
    with FileLock(folder / "flush.lock"):
        assert flush() == Flushed(sessions=0, stored=0, left=1)


def test_each_turn_goes_where_its_hook_ran(put: Put, engine: Engine, flush: Flush, transcript: Path) -> None:
    """The place is asked for with what the hook was given."""
    asked: list[Captured] = []

    def place(captured: Captured) -> tuple[Engine, Scope]:
        asked.append(captured)
        return engine, Scope(space=captured.said("space") or "none", user="me")

    put("Stop", transcript_path=str(transcript), cwd="/srv")
    flush(place)
    assert [(one.cwd, one.said("space")) for one in asked] == [("/srv", None)]


@pytest.mark.parametrize("about", [{"options": 1}, {"variables": {"MEMCLI_SPACE": 1}}, {"options": ["a"]}])
def test_a_file_that_no_hook_has_written_stops_nobody(
    put: Put, flush: Flush, transcript: Path, folder: Path, about: dict[str, Any]
) -> None:
    """However much it looks like one."""
    folder.mkdir(exist_ok=True)
    whole = {"harness": "claude", "event": "Stop", **about}
    (folder / f"0{spool.ENDING}").write_bytes(repr(whole).encode() + b"\n{}")
    put("Stop", transcript_path="no file\0 can have that name")
    put("Stop", transcript_path=str(transcript))
    assert (flush().stored, flush().left) == (3, 0)
    assert len(list(folder.glob("*.failed"))) == 1
