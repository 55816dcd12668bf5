"""`memcli value`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import STEERING, MemCLI, Offered, is_one_sentence

PREFS = '{"language": "Python",  "n": 12345678901234567890, "f": 1.10}'


def test_a_value_from_its_making_to_its_end(memcli: MemCLI) -> None:
    """set, get, list, incr, append, delete."""
    made = memcli("value", "set", "prefs", PREFS, "--ttl-days", "365").json
    assert (made["action"], made["key"], made["space"], made["version"]) == ("created", "prefs", "default", 1)
    assert made["expires_at"] > made["created_at"]
    assert "data" not in made
    assert memcli("value", "get", "prefs").out == PREFS + "\n"
    whole = memcli("value", "get", "prefs", "--json")
    assert PREFS in whole.out
    assert (whole.json["data"]["n"], whole.json["version"]) == (12345678901234567890, 1)
    assert memcli("value", "get", "prefs", "--field", "language").out == '"Python"\n'
    assert memcli("value", "get", "prefs", "--field", "language", "--raw").out == "Python\n"
    assert memcli("value", "get", "prefs", "--field", "f").out == "1.10\n"
    assert memcli("value", "incr", "hits", "--by", "-2").json["data"] == -2
    assert memcli("value", "append", "log", "-5").json["action"] == "created"
    assert [(v["key"], v["data"]) for v in memcli("value", "list").json][:2] == [("hits", -2), ("log", [-5])]
    assert [v["key"] for v in memcli("value", "list", "pre").json] == ["prefs"]
    assert memcli("value", "list", "-f", "plain").out.splitlines()[0] == "hits\t-2"
    assert [v["action"] for v in memcli("value", "delete", "hits", "log").json] == ["deleted", "deleted"]
    assert is_one_sentence(memcli("value", "get", "hits", code=3).err)


def test_values_from_standard_input_and_files(memcli: MemCLI, tmp_path: Path) -> None:
    """`-` and --file; standard input is read for nothing else."""
    memcli("value", "set", "a", "-", stdin='{"x":\n 1}\n')
    assert memcli("value", "get", "a").out == '{"x":\n 1}\n'
    assert memcli("value", "get", "a", "-f", "plain").out == '{"x": 1}\n'
    assert len(memcli("value", "get", "a", "-f", "jsonl").out.splitlines()) == 1
    file = tmp_path / "v.json"
    file.write_bytes(b'\xef\xbb\xbf"\xc3\xbc"\n')
    memcli("value", "set", "b", "--file", str(file))
    assert memcli("value", "get", "b", "--raw").out == "ü\n"
    file.write_bytes(b'"\xff"')
    memcli("value", "set", "b", "--file", str(file), code=2)
    memcli("value", "set", "b", "--file", str(tmp_path / "absent"), code=3)
    memcli("value", "set", "b", "1", "--file", str(file), code=2)


@pytest.mark.warm_sample(by=["code"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["set", "k", "{not json"], 2),
        (["set", "k"], 2),
        (["set", "", "1"], 2),
        (["set", "k" * 10_000, "1"], 2),
        (["set", "a\nb", "1"], 2),
        (["set", "k", "2", "--ttl", "0"], 2),
        (["set", "k", "2", "--ttl", "-1"], 2),
        (["set", "k", "2", "--ttl", "3 bananas"], 2),
        (["set", "k", "2", "--ttl-days", "0"], 2),
        (["set", "k", "2", "--ttl-days", "-1"], 2),
        (["set", "k", "2", "--ttl-days", "nan"], 2),
        (["set", "k", "2", "--ttl-days", "1e300"], 2),
        (["set", "k", "2", "--ttl-days", "1", "--ttl", "1d"], 2),
        (["set", "k", "2", "--expires", "2001-01-01"], 2),
        (["set", "k", "2", "--if-version", "7"], 4),
        (["set", "k", "2", "--if-version", "0"], 2),
        (["set", "k", "2", "--if-absent"], 4),
        (["set", "k", "2", "--nosuch"], 2),
        (["get", "absent"], 3),
        (["get", "k", "--field", "a"], 3),
        (["get", "k", "--field", "[[["], 2),
        (["incr", "text"], 2),
        (["incr", "k", "--by", "x"], 2),
        (["append", "k", "1"], 2),
        (["delete", "k", "absent"], 3),
        (["list", "--space", "../x"], 2),
    ],
    ids=lambda said: ascii(" ".join(said))[:40] if isinstance(said, list) else str(said),
)
def test_bad_input_is_one_sentence(memcli: MemCLI, command: list[str], code: int) -> None:
    """A documented exit code, nothing on standard output, nothing changed."""
    memcli("value", "set", "k", "1")
    memcli("value", "set", "text", '"x"')
    ran = memcli("value", *command, code=code)
    assert is_one_sentence(ran.err), ran.err
    assert ran.out == ""
    assert [(v["key"], v["data"], v["version"]) for v in memcli("value", "list").json] == [
        ("k", 1, 1),
        ("text", "x", 1),
    ]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "plain"])
def test_nothing_that_steers_a_terminal_gets_through(memcli: MemCLI, form: str) -> None:
    """In no format that people look at; JSON stays the same value."""
    nasty = "\x9b2J \u202egnidaer\u202c [red]x[/red] \x7f\u2066\u200f"
    key = "\u202ek [red]"
    memcli("value", "set", key, json.dumps(nasty, ensure_ascii=False))
    for command in (["list"], ["get", key], ["incr", "n"], ["delete", "n"], ["get", key, "--field", "x"]):
        ran = memcli("value", *command, "-f", form, code=3 if "--field" in command else 0)
        assert not set(STEERING) & set(ran.out + ran.err)
    assert memcli("value", "get", key, "--json").json["data"] == nasty
    assert json.loads(memcli("value", "get", key).out) == nasty


def test_no_text_passes_for_a_part_of_the_answer(memcli: MemCLI) -> None:
    """What stands for the value while the answer is written can't be guessed."""
    memcli("value", "set", "k", '"0-0-"')
    memcli("value", "set", '"-0-"', "[1,\n2]")
    assert [v["data"] for v in memcli("value", "list").json] == [[1, 2], "0-0-"]


PROBE = """
import json, sys
from memcli.cli.boundary import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("PROBE", json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["set", "k", "1"], ["list"], ["incr", "n"]], ids=" ".join)
def test_values_need_no_model(arguments: list[str]) -> None:
    """Neither fastembed nor its runtime is imported, even in an empty home."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "value", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    code, modules = json.loads(done.stderr.partition("PROBE ")[2])
    assert code == 0
    assert [name for name in ("fastembed", "onnxruntime", "tokenizers") if name in modules] == []


def test_a_home_with_values_only_takes_memories_later(memcli: MemCLI) -> None:
    """The store gets its model with the first memory."""
    memcli("value", "set", "k", "1")
    assert memcli("list").json == []
    memcli("store", "hello there")
    assert memcli("value", "get", "k").out == "1\n"
    assert "## Values\n- k: 1" in memcli("context", "hello there", "--include", "values").out
    memcli("optimize")


def test_a_press_of_tab_offers_keys(memcli: MemCLI, offered: Offered) -> None:
    """Those that are there."""
    for key in ("prefs", "pretty", "gone"):
        memcli("value", "set", key, "1")
    memcli("value", "delete", "gone")
    assert offered("memcli value get pre")[1:] == ["pretty", "prefs"]
