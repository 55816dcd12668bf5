"""Every parser, on what nobody would write and on what is nearly right: an answer or one of our errors.

What is tried for each is drawn from good samples that were spoiled (pieces taken out, doubled, or put in from
elsewhere) and from nothing but characters or bytes.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcli import config, project, spool
from memcli.errors import MemcliError
from memcli.model import Scope
from memcli.services import backup, checks, dialogues, extract, graph, jsontext, remember, teams, transfer
from memcli.services.engine import Engine
from memcli.services.extracting import lines, listed, messages, tags, told
from memcli.services.hooks import capturing, harnesses
from memcli.services.importers import formats
from memcli.services.memories import count
from memcli.services.redaction import found, redacted
from memcli.services.select import Filter
from memcli.services.where import parse
from memcli.times import parse_duration, parse_time
from tests.conftest import NOW
from tests.fuzz import rounds
from tests.services.importers.made import ABOUT, FILES, source

ODD = [
    *(
        "\0",
        "\ud800",
        "\u202e",
        "\u2028",
        "\ufeff",
        "\U0010ffff",
        "\x1b[0m",
        "\x85",
        "'",
        '"',
        "\\",
        "[",
        "]",
        "{",
        "}",
    ),
    *(
        "(",
        ")",
        ":",
        ",",
        "=",
        "\n",
        "\r\n",
        "\t",
        " ",
        "-",
        ".",
        "#",
        "```",
        "<!--",
        "-->",
        "9" * 400,
        "1e999",
        "NaN",
    ),
    *(
        "null",
        "true",
        "[" * 1200,
        '{"a":' * 1200,
        "٣",
        "é",
        "e\u0301",
        "\u0345",
        "İ",
        "ß",
        "a" * 5000,
        "%",
        "$",
        "`",
    ),
]


def spoiled(samples: Sequence[str], more: Sequence[str] = ()) -> st.SearchStrategy[str]:
    """*samples* with some of them cut out, doubled, or put in, or anything at all."""
    pieces = st.sampled_from([*ODD, *more, *samples]) | st.text(max_size=5)

    @st.composite
    def made(draw: st.DrawFn) -> str:
        text = draw(st.sampled_from(samples))
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(text)))
            end = draw(st.integers(start, min(len(text), start + 12)))
            does = draw(st.sampled_from(["cut", "double", "put", "instead", "end"]))
            piece = {"cut": "", "double": text[start:end] * 2, "end": text[start:end]}.get(does)
            piece = draw(pieces) if piece is None else piece
            rest = "" if does == "end" else text[start:] if does == "put" else text[end:]
            text = text[:start] + piece + rest
        return text

    return made() | st.text(max_size=200) | st.lists(pieces, max_size=10).map("".join)


def spoiled_bytes(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """The same of bytes."""

    @st.composite
    def made(draw: st.DrawFn) -> bytes:
        raw = bytearray(draw(st.sampled_from(samples)))
        for _ in range(draw(st.integers(0, 4))):
            if raw:
                raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
        return bytes(raw[: draw(st.integers(0, len(raw)))]) if draw(st.booleans()) else bytes(raw)

    texts = spoiled([sample.decode("utf-8", "replace") for sample in samples])
    return made() | st.binary(max_size=200) | texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(ODD) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def survived(does: Callable[[], Any]) -> Any:
    """What *does* gives; None where it raises one of our errors."""
    try:
        return does()
    except MemcliError as error:
        said = error.sentence
    assert said.strip()
    assert len(said) <= 1_000, said
    assert "\n" not in said.strip(), said
    return None


# --- texts ---


def _time(text: str) -> None:
    moment = parse_time(text, NOW)
    assert moment.utcoffset() == timedelta(0)


def _duration(text: str) -> None:
    assert timedelta(0) < parse_duration(text)


def _tags(text: str) -> None:
    reader, step = tags.TagReader(), max(1, len(text) // 7)
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    some = [fact for piece in pieces for fact in reader.feed(piece)] + reader.close()
    assert [fact.text for fact in some] == [fact.text for fact in tags.from_tags(text)]


def _reply(text: str) -> None:
    for fact in extract.read(text):
        assert fact.text.strip()
        assert fact.importance is None or 0 <= fact.importance <= 1


def _facts(text: str) -> None:
    assert all(fact.text.strip() for fact in lines.from_facts(text))


def _value(text: str) -> None:
    kept = jsontext.checked(text)
    assert jsontext.checked(kept) == kept
    jsontext.compact(kept)
    jsontext.read(kept)


def _part(text: str) -> None:
    jsontext.part('{"a": {"b": [1, {"c": "x"}]}, "it\'s": null}', text)


def _sum(text: str) -> None:
    jsontext.increased("12.5", jsontext.checked(text))


def _redacted(text: str) -> None:
    once = redacted(text, found(text))
    assert redacted(once, found(once)) == once


def _space(text: str) -> None:
    assert checks.space_name(checks.space_name(text)) == checks.space_name(text)


CONDITIONS = [
    "type = decision and (n >= 2 or owner in ('ana', 'ben')) and not p.archived = true",
    "tags contains 'a'",
]
MESSAGES = ["user: I live in Oslo\nassistant: [2026-01-01] fine", '{"role": "user", "content": "hi"}\n' * 2]
TAGGED = [
    "so [REMEMBER: tea is green] and [REMEMBER importance=0.8: x]",
    "<remember>a</remember>\n\n```\n[REMEMBER: n]\n```",
]
LISTED = [
    '[{"fact": "tea is green", "importance": 0.6, "turn": 0}]',
    '```json\n{"facts": ["a", "b"]}\n```',
    "- a (0.8)\n- b",
]
SECRETS = [
    "key AKIAIOSFODNN7EXAMPLE and ghp_" + "a1B2" * 9,
    "https://me:pass@example.org/x",
    "<private>x</private> y",
]
TIMES = ["2026-05-01T14:30:00+02:00", "7d", "yesterday", "1d12h", "20260501", "2026-W18-5"]

TEXTS: dict[str, tuple[Sequence[str], Callable[[str], Any]]] = {
    "where": (CONDITIONS, parse),
    "time": (TIMES, _time),
    "duration": (["7d", "1d12h", "1.5 hours", "3 weeks 2 days"], _duration),
    "tags": (TAGGED, _tags),
    "reply of an LLM": (LISTED, _reply),
    "facts": (["1. Tea is green [0.8]\n2) Anna | Oslo", *LISTED], _facts),
    "what was told": (["I live in Oslo. Remember that I like tea! My name is Ann."], told.from_told),
    "messages": (MESSAGES, messages.from_text),
    "json in a text": (LISTED, listed.from_json),
    "value": (['{"a": [1, 2.50, "\\u00e9"], "a": null}'], _value),
    "part of a value": (["a.b[0]", "a.b[-1].c", '["it\'s"]'], _part),
    "sum": (["1", "-2.5e3", "0.1"], _sum),
    "secrets": (SECRETS, _redacted),
    "space": (["work", "github.com/acme/shop", "a b"], _space),
    "id": (["m1", "my-id_1"], checks.own_id),
    "edge": (["related_to", "knows it's"], graph.edge_type),
    "slug": (["our-team"], teams._slug),
}


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_is_read_or_refused_in_a_sentence(name: str) -> None:
    """Whatever the text, and what is read holds what it promises."""
    samples, read = TEXTS[name]

    @settings(rounds.of(25, many=4_000))
    @given(spoiled(samples))
    def tried(text: str) -> None:
        survived(lambda: read(text))

    tried()


# --- bytes ---


def _format(raw: bytes) -> None:
    name = formats.detected(source(raw))
    for one in formats.read(source(raw), name or formats.MARKDOWN, ABOUT):
        assert one is None or one.problem or one.relation or one.draft


def _hook(raw: bytes) -> None:
    for harness in harnesses.HARNESSES.values():
        for name in harness.events:
            event = survived(partial(harnesses.read, harness, name, raw))
            if event:
                event.prompt.encode()
                event.session.encode()


HOOKED = json.dumps(
    {"hook_event_name": "Stop", "prompt": "hi", "session_id": "s", "cwd": "/", "transcript_path": "/x"}
)

BYTES: dict[str, tuple[Sequence[bytes], Callable[[bytes], Any]]] = {
    "any format": ([*FILES.values()], _format),
    "hook": ([HOOKED.encode()], _hook),
    "conversations": (
        [MESSAGES[1].encode(), b'{"id": "c", "messages": []}'],
        lambda raw: dialogues.read(raw, NOW),
    ),
}


@pytest.mark.parametrize("name", BYTES)
def test_any_bytes_are_read_or_refused_in_a_sentence(name: str) -> None:
    """Whatever the bytes."""
    samples, read = BYTES[name]

    @settings(rounds.of(25, many=4_000))
    @given(spoiled_bytes(samples))
    def tried(raw: bytes) -> None:
        survived(lambda: read(raw))

    tried()


# --- files ---

TOML = (
    b'space = "work"\n[search]\nlimit = 5\nmin_score = 0.1\n'
    b'[llm]\ncommand = ["a"]\n[llm.environment]\nA = "b"\n[other]\nx = 1'
)


def test_any_configuration_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    """The user's file, the project's, git's, and the environment; a broken one is never written over."""
    mine, theirs = tmp_path / "config.toml", tmp_path / "in" / ".memcli.toml"
    git = tmp_path / "in" / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")

    @settings(rounds.of(25, many=3_000))
    @given(
        spoiled_bytes([TOML]),
        spoiled_bytes([b'space = "x"\n']),
        spoiled_bytes([b'[remote "origin"]\n\turl = git@x.org:a/b.git\n']),
    )
    def tried(raw: bytes, of_project: bytes, of_git: bytes) -> None:
        mine.write_bytes(raw)
        theirs.write_bytes(of_project)
        (git / "config").write_bytes(of_git)
        survived(lambda: config.load(mine, {}))
        loaded = survived(lambda: config.load(tmp_path / "none", {}, theirs.parent))
        if loaded:
            survived(lambda: checks.space_name(loaded.config.space))
        there = project.repository(theirs.parent)
        assert there is None or checks.space_name(project.space_of(there))
        if survived(lambda: config.set_value(mine, "search.limit", "7")):
            assert config.load(mine, {}).config.search.limit == 7
        else:
            assert mine.read_bytes() == raw

    tried()


@pytest.mark.parametrize("key", sorted(config.DECLARED))
def test_any_setting_is_taken_or_refused_in_a_sentence(key: str, tmp_path: Path) -> None:
    """What is taken is what is read back."""
    path = tmp_path / "config.toml"

    @settings(rounds.of(3, many=200))
    @given(spoiled(["5", "0.5", "true", "hybrid", '["a"]', '{"A": "b"}', "1d", "work"]))
    def tried(text: str) -> None:
        path.unlink(missing_ok=True)
        kept = survived(lambda: config.set_value(path, key, text))
        if kept:
            assert config.get(config.load(path, {}), key).value == config.parse_value(key, text)

    tried()


def test_any_file_in_the_spool_is_dealt_with(tmp_path: Path, make_engine: Callable[..., Engine]) -> None:
    """It is stored, or laid aside with a line in the log; nothing stands in the way of what comes after."""
    folder, engine = tmp_path / "hooks", make_engine()
    good = {"harness": "claude", "event": "Stop", "cwd": "", "options": {}, "variables": {}}
    samples = [
        repr(good).encode() + b"\n" + HOOKED.encode(),
        b"{'a': 1}\n",
        repr({**good, "options": 1}).encode() + b"\n{}",
    ]
    number = iter(range(10**9))

    @settings(rounds.of(10, many=1_000))
    @given(st.lists(spoiled_bytes(samples), min_size=1, max_size=3))
    def tried(some: list[bytes]) -> None:
        spool.made(str(folder))
        for raw in some:
            (folder / f"{next(number):020}{spool.ENDING}").write_bytes(raw)
        came = capturing.flush(folder, lambda _: (engine, Scope("work", "me")), settle=0)
        assert came.left == 0

    tried()


def test_a_backup_with_other_bytes_is_refused(tmp_path: Path, make_engine: Callable[..., Engine]) -> None:
    """Or it is what it was: what is not noticed makes no difference."""
    engine = make_engine()
    remember.store(engine, "tea is green", scope=Scope("work", "me"))
    backup.save(engine, tmp_path / "saved")
    whole = (tmp_path / "saved").read_bytes()
    good = backup.verify(engine, io.BytesIO(whole), "it")

    @settings(rounds.of(25, many=4_000))
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        raw = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.none() | st.integers(0, len(raw)))
        seen = survived(lambda: backup.verify(engine, io.BytesIO(bytes(raw[:cut])), "it"))
        if seen:
            assert (seen.memories, seen.made_at) == (good.memories, good.made_at)

    tried()


# --- with a store ---


@pytest.fixture
def full(make_engine: Callable[..., Engine]) -> Engine:
    """An engine on a store of some memories."""
    engine = make_engine()
    for number in range(3):
        about: dict[str, Any] = {
            "metadata": {"n": number, "owner": "ana", "p": {"archived": True}},
            "tags": ["a"],
        }
        remember.store(engine, f"fact number {number}", scope=Scope("work", "me"), **about)
    return engine


def test_any_condition_can_be_asked(full: Engine) -> None:
    """What is a condition is one for the store, too."""

    @settings(rounds.of(25, many=3_000))
    @given(
        spoiled(
            CONDITIONS, ["n", "p.archived", "=", "in", "('a')", "not", " and ", " or ", "null", "2e308", "-1"]
        )
    )
    def tried(text: str) -> None:
        condition = survived(lambda: parse(text))
        if condition is not None:
            assert 0 <= count(full, scope=Scope("work", "me"), wanted=Filter(where=condition)) <= 3

    tried()


def test_any_line_is_imported_or_refused(full: Engine) -> None:
    """Each line has an answer, and what was stored can be listed."""
    keys = st.sampled_from(
        [
            "text",
            "id",
            "space",
            "user",
            "agent",
            "team",
            "tags",
            "metadata",
            "position",
            "vector",
            "created_at",
            "expires_at",
            "importance",
            "replaces",
            "replaced_by",
            "replaced_at",
            "from",
            "to",
            "weight",
            "conversation",
            "speaker",
            "title",
            "visibility",
            "vector_of",
            "updated_at",
            "forgotten_at",
        ]
    )
    near = st.dictionaries(
        keys, JSON | st.sampled_from(["m1", "2026-01-01", 0.5, ["a"], {"a": 1}, 1e300]), max_size=8
    )
    documents = (near | near.map(lambda one: {"text": "x", **one})).map(json.dumps)

    @settings(rounds.of(20, many=2_000))
    @given(st.lists(documents | spoiled(['{"text": "x", "tags": ["a"]}']), max_size=4))
    def tried(some: list[str]) -> None:
        raw = [line.encode("utf-8", "surrogatepass") for line in some]
        for record in transfer.import_lines(full, raw, scope=Scope("work", "me")):
            assert record.stored.reason or record.stored.id

    tried()


def test_any_arguments_of_a_tool_are_answered(full: Engine) -> None:
    """An agent is told in a sentence what is wrong."""
    from memcli.servers import tools
    from memcli.servers.desk import Bounds, Desk
    from memcli.servers.mcp import served

    server = served(Desk(lambda: full, Bounds(scope=Scope("work", "me"))))
    names = {
        offered.name: list(server._tool_manager.get_tool(offered.name).parameters["properties"])  # type: ignore[union-attr]
        for offered in tools.OFFERED
    }
    good = JSON | st.sampled_from(
        ["m000000001", "m", "fact", 1, 0.5, ["a"], "out", "connect", "7d", "n = 1", {"a": 1}]
    )

    @settings(rounds.of(25, many=3_000))
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(names)))
        keys = st.sampled_from([*names[name], *names[name], "other"])
        arguments = data.draw(st.dictionaries(keys, good, max_size=6))
        answer = asyncio.run(server.call_tool(name, arguments))
        words = answer.content[0].text
        assert "this should not happen" not in words
        if answer.is_error:
            assert len(words.splitlines()) <= 2, words
            assert not any(sign in words for sign in ("Traceback", "Error:", "object at 0x", "pydantic")), (
                words
            )

    tried()
