"""`memcli store`."""

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence
from tests.wordhash import WordHashEmbedder


def test_the_answer_says_what_happened(memcli: MemCLI) -> None:
    """With the keys of the contract, and the same id again for a duplicate."""
    first = memcli("store", "Prefers Python").json
    assert first == {
        "action": "stored",
        "id": first["id"],
        "replaced_id": None,
        "replaced_text": None,
        "similarity": None,
        "confidence": None,
        "contradicts_id": None,
        "space": "default",
        "reason": "",
    }
    again = memcli("store", " prefers  PYTHON").json
    assert (again["action"], again["id"], again["similarity"]) == ("duplicate", first["id"], 1.0)


def test_every_option_is_found_again_in_the_memory(memcli: MemCLI) -> None:
    """The whole memory is compared."""
    memcli("agents", "create", "bot", "--user", "ana")
    stored = memcli(
        *("store", "The database is PostgreSQL 16", "--importance", "0.7", "--title", "Database"),
        *("--tag", "infra", "-t", "db", "--meta", "n=3", "-m", "who=Ana", "-m", 'deep={"a": [1.5, null]}'),
        *("--source", "onboarding", "--created-at", "2026-01-02T03:04:05Z", "--expires", "2999-01-01T00:00Z"),
        *("--space", "work", "--user", "ana", "--agent", "bot"),
    ).json
    memory = memcli("get", stored["id"], "--user", "ana", "--no-use").json
    assert memory.pop("updated_at") > "2026"
    assert memory == {
        "id": stored["id"],
        "text": "The database is PostgreSQL 16",
        "title": "Database",
        "space": "work",
        "user": "ana",
        "agent": "bot",
        "team": "",
        "visibility": "private",
        "importance": 0.7,
        "tags": ["infra", "db"],
        "metadata": {"n": 3, "who": "Ana", "deep": {"a": [1.5, None]}},
        "source": "onboarding",
        "conversation": "",
        "position": None,
        "speaker": "",
        "trust": "agent",
        "created_at": "2026-01-02T03:04:05+00:00",
        "expires_at": "2999-01-01T00:00:00+00:00",
        "forgotten_at": None,
        "replaces": "",
        "replaced_at": None,
        "replaced_by": "",
        "replaced_reason": "",
        "replaced_confidence": None,
        "uses": 0,
        "used_at": None,
    }


def test_a_ttl_ends_when_it_says(memcli: MemCLI) -> None:
    """Counted from now."""
    stored = memcli("store", "soon over", "--ttl", "7d").json
    memory = memcli("get", stored["id"]).json
    assert memory["expires_at"][:10] > memory["created_at"][:10]
    assert "both" in memcli("store", "x", "--ttl", "7d", "--expires", "2999-01-01", code=2).err
    assert "passed" in memcli("store", "x", "--expires", "2001-01-01", code=2).err


def test_a_dash_reads_standard_input_whole(memcli: MemCLI) -> None:
    """All lines are one memory, without the line feed at the end and without a byte order mark."""
    stored = memcli("store", "-", stdin=b"\xef\xbb\xbfone\r\ntwo\r\n").json
    assert memcli("get", stored["id"]).json["text"] == "one\r\ntwo"


def test_lines_are_a_memory_each(memcli: MemCLI) -> None:
    """Blank ones are none; the answers are in order; only line feeds end a line."""
    answers = memcli("store", "-", "--lines", stdin="a\n\n  \nb\r\nsaid\u2028so\na\n").json
    assert [answer["action"] for answer in answers] == ["stored", "stored", "stored", "duplicate"]
    kept = {memory["text"] for memory in memcli("list").json}
    assert kept == {"a", "b", "said\u2028so"}


def test_no_lines_at_all_are_an_empty_text(memcli: MemCLI) -> None:
    """As without --lines."""
    assert "empty" in memcli("store", "-", "--lines", stdin="\n \n", code=2).err


def test_a_store_is_made_on_first_use_only(memcli: MemCLI, home: object) -> None:
    """Looking makes nothing."""
    assert memcli("list").json == []
    assert memcli("search", "anything").json == []
    assert memcli("spaces", "list").json == []
    assert memcli("context", "anything").out == ""
    assert memcli("export").out == ""
    from pathlib import Path

    assert not (Path(str(home)) / "db").exists()


def test_the_formats_of_an_answer(memcli: MemCLI) -> None:
    """A line of JSON, a line of text, and words for people."""
    [line] = memcli("store", "one", "--format", "jsonl").lines
    assert line["action"] == "stored"
    assert memcli("store", "one", "-f", "plain").out == f"duplicate\t{line['id']}\n"
    assert memcli("store", "one", "-f", "table").out.split()[:4] == ["duplicate", line["id"], "in", "default"]
    assert memcli("store", "one", "-f", "table", "--json").json["id"] == line["id"]


@pytest.mark.here_only  # the embedder tells what it was given
def test_a_megabyte_is_stored_whole(memcli: MemCLI, embedder: WordHashEmbedder) -> None:
    """And embedded in passages to its end."""
    text = "".join(f"w{i:06}" for i in range(150_000))
    stored = memcli("store", "-", stdin=text).json
    assert len(text) > 1_000_000
    assert "".join(embedder.embedded) == text
    assert memcli("get", stored["id"]).json["text"] == text


@pytest.mark.warm_sample
@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["store", ""], None, "empty"),
        (["store", " \n\t"], None, "empty"),
        (["store", "-"], b"", "empty"),
        (["store", "-"], b"caf\xe9", "UTF-8"),
        (["store", "-"], b"a\0b", "NUL"),
        (["store", "a\udcffb"], None, "UTF-8"),
        (["store", "x", "--importance", "1.1"], None, "importance"),
        (["store", "x", "--importance", "-0.1"], None, "importance"),
        (["store", "x", "--importance", "nan"], None, "importance"),
        (["store", "x", "--importance", "high"], None, "high"),
        (["store", "x", "--space", "../x"], None, "space"),
        (["store", "x", "--space", "a'b\"c;--"], None, "space"),
        (["store", "x", "--space", ""], None, "space"),
        (["store", "x", "--space", "a\udcff"], None, "space"),
        (["store", "x", "--user", "a\nb"], None, "user"),
        (["store", "x", "--agent", "a\x1b[31mb"], None, "agent"),
        (["store", "x", "--tag", ""], None, "tag"),
        (["store", "x", "--meta", "novalue"], None, "KEY=VALUE"),
        (["store", "x", "--meta", "a=\udcff"], None, "metadata"),
        (["store", "x", "--title", "two\nlines"], None, "title"),
        (["store", "x", "--source", "\x1b]0;x\x07"], None, "source"),
        (["store", "x", "--ttl", "soon"], None, "duration"),
        (["store", "x", "--created-at", "yesteryear"], None, "time"),
        (["store"], None, "TEXT"),
        (["store", "x", "y"], None, "y"),
        (["store", "x", "--no-such-option"], None, "--no-such-option"),
        (["store", "x", "--format", "yaml"], None, "yaml"),
    ],
)
def test_what_can_not_be_stored_is_refused_in_a_sentence(
    memcli: MemCLI, arguments: list[str], stdin: bytes | None, said: str
) -> None:
    """Exit code 2, nothing on standard output, nothing stored."""
    ran = memcli(*arguments, stdin=stdin, code=2)
    assert ran.out == ""
    assert is_one_sentence(ran.err), ran.err
    assert said in ran.err
    assert memcli("list").json == []


def test_what_may_double_or_contradict_is_told(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stay, and a note names the other one; what has nothing to do with it is stored without a word."""
    monkeypatch.delenv("MEMCLI_CONFLICTS_CHECK")
    old = memcli("store", "Tilda owns the importer").json["id"]
    assert memcli("store", "Pears are ripe in autumn").err == ""
    told = memcli("store", "The importer now belongs to Sanjay")
    assert told.json["action"] == "stored"
    assert f"kept beside {old}, 'Tilda owns the importer', which it may double or contradict" in told.err


def test_what_is_given_with_a_duplicate_is_not_kept_in_silence(memcli: MemCLI) -> None:
    """A note says how to set it."""
    known = memcli("store", "Figa is a cat").json["id"]
    assert memcli("store", "Figa is a cat").err == ""
    told = memcli("store", "Figa is a cat", "--tag", "pets")
    assert (told.json["action"], told.json["id"]) == ("duplicate", known)
    assert f"memcli update {known} sets that" in told.err
    assert memcli("get", known).json["tags"] == []
    memcli("update", known, "--tag", "pets", "--tag", "home", "--meta", "a=1")
    assert memcli("store", "Figa is a cat", "--tag", "pets", "--meta", "a=1").err == ""
    assert known in memcli("store", "Figa is a cat", "--ttl", "7d").err
