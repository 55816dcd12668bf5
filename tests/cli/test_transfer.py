"""`memcli import` and `memcli export`."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from memcli.cli.transfer import Kind
from memcli.services.importers import formats
from tests.cli.conftest import DRIVER, ROOT, MemCLI, is_one_sentence, json_lines
from tests.services.importers.made import FILES

FULL: dict[str, Any] = {
    "trust": "agent",
    "id": "turn:1",
    "text": "I moved to Riga\nlast week",
    "title": "Moving",
    "space": "people",
    "user": "ana",
    "agent": "bot",
    "importance": 0.123456789,
    "tags": ["b", "a"],
    "metadata": {"z": 3.14159265358979, "a": [1, {"b": None}], "big": 12345678901234567890, "c": "it's"},
    "source": "chat",
    "conversation": "c1",
    "position": 0,
    "speaker": "Ana",
    "created_at": "2026-01-02T03:04:05.678901+00:00",
    "updated_at": "2026-01-03T03:04:05+00:00",
    "expires_at": "2999-01-01T00:00:00+00:00",
    "forgotten_at": "2026-01-04T00:00:00+00:00",
}


def exported(memcli: MemCLI, *root: str) -> list[dict[str, Any]]:
    """What an export says, without when things were done to the store."""
    return memcli(*root, "export").lines


def counts(**others: int) -> dict[str, int]:
    """What an import says in JSON if these are the counts that are not 0."""
    return {"stored": 0, "duplicate": 0, "replaced": 0, "failed": 0} | others


def test_an_import_counts_what_came_of_its_lines(memcli: MemCLI, tmp_path: Path) -> None:
    """And a second one stores nothing."""
    file = tmp_path / "memories.jsonl"
    file.write_text(json_lines({"text": "one"}, {"text": "two"}, {"text": "ONE"}))
    assert memcli("import", str(file)).json == counts(stored=2, duplicate=1)
    assert memcli("import", str(file)).json == counts(duplicate=3)
    assert "2 stored" in memcli("import", str(file), "--space", "other", "-f", "table").out
    assert len(memcli("list", "--all-spaces").json) == 4


def test_every_field_of_a_line_is_kept_and_exported_again(memcli: MemCLI) -> None:
    """Exactly: floats to the last digit, metadata in its order."""
    memcli("import", "-", stdin=json_lines(FULL))
    [line] = exported(memcli)
    assert line == FULL | {"uses": 0}
    assert list(line["metadata"]) == ["z", "a", "big", "c"]


def test_a_memory_shown_as_json_is_shown_exactly(memcli: MemCLI) -> None:
    """What the user stored is not rounded."""
    memcli("import", "-", stdin=json_lines(FULL))
    memory = memcli("get", "turn:1", "--user", FULL["user"]).json
    assert (memory["importance"], memory["metadata"]) == (FULL["importance"], FULL["metadata"])


def test_lines_with_the_keys_of_the_contract_are_enough(memcli: MemCLI) -> None:
    """The rest has its defaults; null is no value; unknown keys are passed over."""
    line = dict.fromkeys(FULL) | {"text": "hello", "colour": "red", "embedding": [1, 2]}
    assert memcli("import", "-", "--space", "work", stdin=json_lines(line)).json["stored"] == 1
    [memory] = memcli("list", "--space", "work").json
    assert (memory["text"], memory["importance"], memory["metadata"]) == ("hello", 0.5, {})


BAD = [
    ("{", "JSON"),
    ("[1]", "object"),
    ("null", "object"),
    ('"text"', "object"),
    ("{}", "text"),
    ('{"text": ""}', "empty"),
    ('{"text": 5}', "string"),
    ('{"text": null}', "text"),
    ('{"text": "a\\u0000b"}', "NUL"),
    ('{"text": "a\\ud800b"}', "UTF-8"),
    ('{"text": "x", "id": 5}', "id"),
    ('{"text": "x", "id": "a b"}', "id"),
    ('{"text": "x", "id": "a\\ud800"}', "UTF-8"),
    ('{"text": "x", "space": "../x"}', "space"),
    ('{"text": "x", "space": 5}', "space"),
    ('{"text": "x", "user": 5}', "user"),
    ('{"text": "x", "importance": "high"}', "importance"),
    ('{"text": "x", "importance": NaN}', "importance"),
    ('{"text": "x", "importance": true}', "importance"),
    ('{"text": "x", "importance": 1e999}', "importance"),
    ('{"text": "x", "tags": "red"}', "tags"),
    ('{"text": "x", "tags": [1]}', "tag"),
    ('{"text": "x", "tags": ""}', "tags"),
    ('{"text": "x", "metadata": []}', "metadata"),
    ('{"text": "x", "metadata": {"a": Infinity}}', "metadata"),
    ('{"text": "x", "metadata": {"a": "\\ud800"}}', "metadata"),
    ('{"text": "x", "source": 5}', "source"),
    ('{"text": "x", "title": "a\\nb"}', "title"),
    ('{"text": "x", "speaker": []}', "speaker"),
    ('{"text": "x", "conversation": {}}', "conversation"),
    ('{"text": "x", "conversation": "c", "position": -1}', "position"),
    ('{"text": "x", "conversation": "c", "position": 1.5}', "position"),
    ('{"text": "x", "created_at": "someday"}', "time"),
    ('{"text": "x", "created_at": 1e300}', "time"),
    ('{"text": "x", "created_at": []}', "created_at"),
    ('{"text": "x", "metadata": {"n": ' + "9" * 5000 + "}}", "JSON"),
    ("[" * 100_000, "JSON"),
    ('{"text": "x", "metadata": ' + '{"a":' * 900 + "1" + "}" * 901, "metadata"),
    ('{"text": "x", "importance": 1' + "0" * 400 + "}", "importance"),
    ('{"text": "x", "position": 1' + "0" * 400 + "}", "position"),
    ('{"text": "x", "created_at": 1' + "0" * 400 + "}", "created_at"),
]


def test_bad_lines_are_reported_by_number_and_the_others_stored(memcli: MemCLI) -> None:
    """Exit code 1; in jsonl every record has its answer, in order, with the keys of the contract."""
    lines = [
        line for i, (bad, _) in enumerate(BAD) for line in (bad, json.dumps({"text": f"good after {i}"}))
    ]
    ran = memcli("import", "-", "-f", "jsonl", stdin="\n".join(lines), code=1)
    assert [answer["action"] for answer in ran.lines] == ["failed", "stored"] * len(BAD)
    assert {"action", "id", "replaced_id", "space"} <= set(ran.lines[0])
    assert all(answer["id"] is None for answer in ran.lines[::2])
    for (bad, said), answer in zip(BAD, ran.lines[::2], strict=True):
        assert said in answer["reason"], (bad[:80], answer["reason"])
        assert len(answer["reason"]) < 300
    reported = [line for line in ran.err.splitlines() if "line " in line]
    assert reported[0].startswith("memcli: line 1: ")
    assert reported[1].startswith("memcli: line 3: ")
    assert f"{len(BAD)} lines could not be imported" in ran.err
    assert len(memcli("list", "--limit", "0").json) == len(BAD)


@pytest.mark.here_only  # in a process of its own either way
def test_invalid_utf8_is_one_bad_line(memcli: MemCLI) -> None:
    """Byte by byte files are not refused whole."""
    ran = memcli("import", "-", stdin=b'{"text": "caf\xe9"}\n{"text": "fine"}\n', code=1)
    assert ran.json == counts(stored=1, failed=1)
    assert "line 1: not valid UTF-8 at byte" in ran.err


@pytest.mark.here_only  # in a process of its own either way
def test_files_from_other_systems_are_read(memcli: MemCLI) -> None:
    """A byte order mark, CRLF, blank lines, no line feed at the end."""
    raw = b'\xef\xbb\xbf{"text": "one"}\r\n\r\n  \r\n{"text": "two"}\r\n{"text": "3\xe2\x80\xa8"}'
    assert memcli("import", "-", stdin=raw).json == counts(stored=3)
    ran = memcli("import", "-", stdin=raw + b"\r\n{", code=1)
    assert "line 6" in ran.err


@pytest.mark.here_only  # in a process of its own either way
def test_a_file_without_lines_is_no_failure(memcli: MemCLI) -> None:
    """There was nothing to do."""
    assert memcli("import", "-", stdin=b"\n\n").json == counts()
    assert memcli("import", "-", "-f", "jsonl", stdin=b"").out == ""


def test_a_huge_line_is_stored_or_refused_but_stops_nothing(memcli: MemCLI) -> None:
    """A megabyte is fine, more than ten are not."""
    big, bigger = "".join(f"w{i:06}" for i in range(150_000)), "x" * 10_000_001
    ran = memcli(
        "import",
        "-",
        "-f",
        "jsonl",
        stdin=json_lines({"text": big}, {"text": bigger}, {"text": "end"}),
        code=1,
    )
    assert [answer["action"] for answer in ran.lines] == ["stored", "failed", "stored"]
    assert memcli("get", ran.lines[0]["id"]).json["text"] == big


@pytest.mark.here_only  # in a process of its own either way
def test_a_file_that_can_not_be_read(memcli: MemCLI, tmp_path: Path) -> None:
    """Absent: exit code 3; a directory: 2."""
    assert is_one_sentence(memcli("import", str(tmp_path / "absent"), code=3).err)
    assert is_one_sentence(memcli("import", str(tmp_path), code=2).err)


@pytest.mark.here_only  # in a process of its own either way
def test_a_pipe_by_name_is_read_once(memcli: MemCLI) -> None:
    """`memcli import <(zcat memories.gz)` gives a file that can't be read twice."""
    reading, writing = os.pipe()
    os.write(writing, json_lines({"text": "one"}, {"text": "two"}).encode())
    os.close(writing)
    try:
        assert memcli("import", f"/dev/fd/{reading}").json == counts(stored=2)
    finally:
        os.close(reading)


@pytest.mark.here_only  # in a process of its own either way
def test_an_own_id_belongs_to_one_text(memcli: MemCLI) -> None:
    """Another text under it fails, the same is a duplicate."""
    memcli("import", "-", stdin=json_lines({"text": "one", "id": "a"}))
    ran = memcli("import", "-", "-f", "jsonl", stdin=json_lines({"text": "one", "id": "a"}), code=0)
    assert [answer["action"] for answer in ran.lines] == ["duplicate"]
    ran = memcli("import", "-", stdin=json_lines({"text": "two", "id": "a"}), code=1)
    assert "line 1: the id a belongs to another memory" in ran.err


@pytest.mark.here_only  # in a process of its own either way
def test_without_checking_conflicts_only_ids_tell(memcli: MemCLI) -> None:
    """The same fact twice is two memories then."""
    lines = json_lines({"text": "one"}, {"text": "one"}, {"text": "one", "id": "a"})
    assert memcli("import", "-", "--conflicts", "off", stdin=lines).json["stored"] == 3
    again = memcli("import", "-", "--conflicts", "off", stdin=json_lines({"text": "one", "id": "a"})).json
    assert again == counts(duplicate=1)


def test_an_export_brings_everything_into_another_home(memcli: MemCLI, tmp_path: Path) -> None:
    """Export, import, export: the same lines; what was forgotten stays forgotten; of everybody."""
    memcli("store", "a fact", "-t", "x", "-m", "pi=3.14159265358979", "--title", "own title")
    memcli("agents", "create", "bot")
    memcli("store", "of an agent", "--agent", "bot", "--space", "work")
    memcli("store", "of somebody else", "--user", "you")
    gone = memcli("store", "forgotten").json["id"]
    memcli("forget", gone)
    memcli("store", "forgotten", "-i", "0.9")
    memcli("import", "-", stdin=json_lines(FULL))
    before = exported(memcli)
    assert len(before) == 6
    other = ("--home", str(tmp_path / "other"))
    lines = json_lines(*before)
    assert memcli(*other, "import", "-", stdin=lines).json == counts(stored=6)
    assert exported(memcli, *other) == before
    assert memcli(*other, "import", "-", stdin=lines).json == counts(duplicate=6)
    assert [m["text"] for m in memcli(*other, "list", "--forgotten").json] == ["forgotten"]


def test_a_living_memory_is_not_lost_to_a_gone_one_that_says_the_same(memcli: MemCLI, tmp_path: Path) -> None:
    """Expired before living, and living before forgotten: an import keeps both, as the store did."""
    old = {"created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00"}
    new = {"created_at": "2026-01-02T00:00:00+00:00", "updated_at": "2026-01-02T00:00:00+00:00"}
    lines = [
        {"id": "expired", "text": "a", **old, "expires_at": "2026-01-01T12:00:00+00:00"},
        {"id": "living", "text": "a", **new},
        {"id": "first", "text": "b", **old},
        {"id": "later", "text": "b", **new, "forgotten_at": "2026-01-03T00:00:00+00:00"},
    ]
    assert memcli("import", "-", stdin=json_lines(*lines)).json == counts(stored=4)
    assert {m["id"] for m in memcli("list").json} == {"living", "first"}


def test_an_export_is_narrowed_down_by_its_options(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what stands on the command line, not by the environment."""
    memcli("store", "a", "--space", "work")
    memcli("store", "b", "--user", "you")
    memcli("agents", "create", "bot")
    memcli("store", "c", "--agent", "bot")
    memcli("forget", memcli("store", "d").json["id"])
    monkeypatch.setenv("MEMCLI_SPACE", "work")
    assert sorted(line["text"] for line in exported(memcli)) == ["a", "b", "c", "d"]
    assert [line["text"] for line in memcli("export", "--space", "work").lines] == ["a"]
    assert [line["text"] for line in memcli("export", "--user", "you").lines] == ["b"]
    assert [line["text"] for line in memcli("export", "--agent", "bot").lines] == ["c"]
    assert sorted(line["text"] for line in memcli("export", "--no-forgotten").lines) == ["a", "b", "c"]
    assert len(memcli("export", "--json").json) == 4
    assert memcli("export", "--space", "nosuch").out == ""


def test_a_progress_bar_is_on_standard_error_of_a_terminal(tmp_path: Path) -> None:
    """Standard output has the answer and nothing else; --quiet shows no bar."""
    file = tmp_path / "memories.jsonl"
    file.write_text(json_lines(*({"text": f"t{i}"} for i in range(5))))
    out, shown = on_a_terminal("import", str(file))
    assert json.loads(out)["stored"] == 5
    assert "Importing" in shown
    assert "5/5" in shown
    assert on_a_terminal("--quiet", "import", str(file), "-f", "plain") == ("0\t5\t0\t0\n", "")


def on_a_terminal(*arguments: str) -> tuple[str, str]:
    """What a real process writes to a pipe as standard output, and to a terminal as standard error."""
    ours, theirs = os.openpty()
    about = {"DRIVER_WAITS_AT": "0", "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, *arguments],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, **about},
            timeout=60,
            check=True,
        )
    finally:
        os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 0)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # all of it has been read
            break
    os.close(ours)
    return done.stdout.decode(), shown.decode()


# --- what other programs keep ---


def test_every_format_can_be_named() -> None:
    """And nothing else."""
    assert {formats.checked(kind) for kind in Kind} == formats.FORMATS.keys()


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("name", FILES)
def test_every_format_can_be_imported(memcli: MemCLI, tmp_path: Path, name: str) -> None:
    """Told by what is in it, or said; the second time it is all there already."""
    file = tmp_path / "file"
    file.write_bytes(FILES[name])
    first = memcli("import", str(file)).json
    assert first["stored"] > 0
    again = memcli("import", "-", "--as", name, stdin=FILES[name]).json
    assert (again["stored"], again["duplicate"]) == (0, first["stored"])


def test_what_is_passed_over_is_told(memcli: MemCLI, tmp_path: Path) -> None:
    """On standard error, unless that is unwanted."""
    (tmp_path / "s.jsonl").write_bytes(FILES["claude-code"])
    assert "7 events held nothing to remember" in memcli("import", str(tmp_path / "s.jsonl")).err
    assert memcli("--quiet", "import", str(tmp_path / "s.jsonl")).err == ""


@pytest.mark.here_only  # in a process of its own either way
def test_a_directory_is_imported_as_a_whole(memcli: MemCLI, tmp_path: Path) -> None:
    """Folders in it, too; problems name the file; what is in no known format is said."""
    folder = tmp_path / "sessions"
    (folder / "below").mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(FILES["claude-code"] + b"{\n")
    (folder / "below" / "b.jsonl").write_bytes(FILES["codex"])
    (folder / "package.json").write_text('{"name": "x"}')
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "c.jsonl").write_bytes(FILES["claude-code"])
    (folder / "picture.png").write_bytes(b"\x89PNG")
    ran = memcli("import", str(folder), code=1)
    assert ran.json == counts(stored=5, failed=1)
    assert "a.jsonl line 11: not valid JSON" in ran.err
    assert "1 file in no format known here: package.json" in ran.err
    assert memcli("import", str(folder / "below"), "--as", "codex").json == counts(duplicate=2)
    assert is_one_sentence(memcli("import", str(folder / "below"), "--as", "markdown", code=2).err)


@pytest.mark.here_only  # in a process of its own either way
def test_relations_are_counted_for_themselves(memcli: MemCLI, tmp_path: Path) -> None:
    """And are there to be followed."""
    (tmp_path / "memory.jsonl").write_bytes(FILES["mcp-memory"])
    assert memcli("import", str(tmp_path / "memory.jsonl")).json == counts(stored=3, edges=2)
    again = memcli("import", str(tmp_path / "memory.jsonl"), "-f", "table")
    assert "0 stored, 3 already there, 0 connected" in again.out


@pytest.mark.here_only  # in a process of its own either way
def test_what_can_not_be_imported_says_why(memcli: MemCLI) -> None:
    """In one sentence, with what to do."""
    for raw in (b"PK\x03\x04", b"\x1f\x8b", "[1]".encode("utf-16")):
        assert is_one_sentence(memcli("import", "-", stdin=raw, code=2).err)
    assert is_one_sentence(memcli("import", "-", "--as", "chatgpt", stdin=b'["\xff"]', code=2).err)
    assert "--as" in memcli("import", "-", "--as", "tarot", stdin=b"", code=2).err
    named = memcli("import", "-", "--conversation", "c", stdin=FILES["codex"], code=2)
    assert is_one_sentence(named.err)


def test_a_conversation_goes_out_as_messages(memcli: MemCLI) -> None:
    """One as a list, several as one object a line."""
    memcli("import", "-", stdin=FILES["codex"])
    memcli("import", "-", "--conversation", "mine", stdin=FILES["messages"])
    one = [
        {"role": "user", "content": "What is 2+2?"},
        {"role": "assistant", "content": "It is 4."},
    ]
    assert memcli("export", "--as", "messages", "--conversation", "rollout-1").json == one
    lines = memcli("export", "--as", "messages").lines
    assert {line["conversation"]: len(line["messages"]) for line in lines} == {"rollout-1": 2, "mine": 3}
    assert len(memcli("export", "--conversation", "mine").lines) == 3
    memcli("export", "--as", "messages", "--conversation", "absent", code=3)
    assert is_one_sentence(memcli("export", "--as", "markdown", "--vectors", code=2).err)


def test_a_document_goes_out_and_in(memcli: MemCLI, tmp_path: Path) -> None:
    """Its facts are those that were there; characters that steer a terminal are harmless."""
    memcli("store", "Likes tea:\n- green\n- black", "--space", "work")
    memcli("store", "odd \x1b[31m red")
    memcli("forget", memcli("store", "gone").json["id"])
    memcli("import", "-", stdin=FILES["codex"])
    document = memcli("export", "--as", "markdown").out
    assert document.startswith("<!-- memcli export -->\n")
    assert "## Space work\n\n- Likes tea:\n  - green\n  - black\n" in document
    assert "> What is 2+2?" in document
    assert "gone" not in document
    assert "\x1b" not in document
    assert memcli("--home", str(tmp_path / "other"), "import", "-", stdin=document).json == counts(stored=2)


@pytest.mark.here_only
@pytest.mark.parametrize("said", ["Milk is in the fridge\nBob drives a van\n", "item,price\nmilk,2\n"])
def test_a_file_of_plain_lines_is_refused_once_and_not_line_by_line(
    memcli: MemCLI, tmp_path: Path, said: str
) -> None:
    """With what to do instead; some bad lines among others are told one by one."""
    (tmp_path / "notes.txt").write_text(said)
    ran = memcli("import", str(tmp_path / "notes.txt"), code=2)
    assert "notes.txt is in no format that import knows" in ran.err
    assert "--lines" in ran.err
    assert "line 1" not in ran.err
    assert memcli("import", "-", stdin='oops\n{"text": "Kim bakes"}\n', code=1).json == counts(
        stored=1, failed=1
    )
