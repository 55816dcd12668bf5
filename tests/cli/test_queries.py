"""Odd queries through the command line: an answer or one clear sentence, whatever is asked, and however."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from tests.cli.conftest import Furnish, MemCLI, is_one_sentence, json_lines
from tests.conftest import Ran

MODES = ["hybrid", "vector", "text"]

ODD = {
    "one letter": "a",
    "punctuation": "?!.,;:-_()[]{}@#%&/\\'`",
    "stop words": "the of and to",
    "quotation mark": '"',
    "unbalanced": '"the office',
    "bracket": "(x",
    "brackets": "((((((((((",
    "field": "foo:bar",
    "minus": "-a",
    "option": "--limit",
    "and": "a AND",
    "or": "OR OR OR",
    "not": "NOT office",
    "star": "*",
    "stars": "off*",
    "tilde": "~",
    "fuzzy": "office~2",
    "caret": "^",
    "boost": "office^9",
    "plus": "+office -cat",
    "slash": "/off.*/",
    "backslash": "\\",
    "range": "[a TO z]",
    "sql": "'; DROP TABLE memories; --",
    "like": "%_%",
    "format": "%s %d {0} {x}",
    "markup": "[red]x[/red] [/]",
    "arabic": "أين تعيش القطة؟",
    "hebrew": "איפה החתול",
    "chinese": "猫住在哪里？",
    "thai": "แมวอยู่ที่ไหน",
    "russian": "где живёт кошка",
    "emoji": "🐱🏠👩‍👩‍👧‍👦🇩🇪",
    "combining": "e\u0301" * 3 + "o\u0323\u0302" + "\u0301\u0301",
    "zalgo": "c" + "\u0334\u0335\u0336\u0337" * 200 + "at",
    "direction": "\u202eeciffo\u202c",
    "invisible": "\u200b\u200d\ufeff\u2060",
    "escape": "\x1b[31moffice\x1b[0m",
    "control": "\x01\x02\x7f\x9b",
    "odd spaces": "\u00a0\u3000office\u2028floor\u2029",
    "number": "1e309 -0 0x1F ١٢٣ ½",
    "digits": "9" * 400,
    "one word": "x" * 5000,
    "private": "\ue000\U0010ffff\ufffe",
    "times": "0 May 99 Jan 9999 years ago 2023-99-99 in 9999",
    "names": "Did Ana and Ben and Ana's and Zelda's meet Xanthippe?",
    "newlines": "office\n\n\tfloor\r\n",
}
"""Queries that mean little, or mean something to some machine."""

EMPTY = {"empty": "", "blanks": "   ", "white space": " \t\n\r\u00a0\u3000\u2028 "}

HUGE = {
    "one word": "x" * 100_000,
    "words": "office cat floor miso riga tea " * 3_300,
    "different words": " ".join(f"word{i}" for i in range(12_000)),
    "brackets": "(" * 100_000,
    "quotes": '"a" ' * 25_000,
    "times": "today in May 2023 " * 5_500,
    "names": "Did Ana's " * 10_000,
    "chinese": "猫住在哪里" * 6_600,
    "emoji": "👩‍👩‍👧‍👦" * 4_000,
    "marks": "e" + "\u0301" * 50_000,
    "lines": "\n" * 50_000 + "x" * 50_000,
}
"""Queries of 100 kB."""


@pytest.fixture
def stocked(memcli: MemCLI, furnish: Furnish) -> MemCLI:
    """A command line with facts and turns behind it, in two spaces."""
    texts = (
        "Where is the office?",
        "The office is on floor 3",
        "And the cat?",
        "The cat sleeps there, on 3 May 2023",
    )
    turns: list[dict[str, object]] = [
        {
            "text": text,
            "id": f"{space[0]}{i}",
            "conversation": "c",
            "position": i,
            "speaker": ("Ana", "Ben")[i % 2],
            "space": space,
        }
        for space in ("default", "riga")
        for i, text in enumerate(texts)
    ]
    facts: list[dict[str, object]] = [
        {"text": "The office cat is called Miso", "id": "cat"},
        {"text": "E1047 means a full disk", "id": "e", "tags": ["errors"]},
        {"text": "猫住在北京", "id": "beijing"},
        {"text": "long " * 200 + "otters", "id": "long"},
    ]
    long_ago = {"created_at": "2020-01-01T00:00:00Z"}  # so that nothing fades meanwhile
    lines = json_lines(*(line | long_ago for line in (*turns, *facts)))
    furnish("stocked", lambda: memcli("import", "-", stdin=lines))
    return memcli


@pytest.mark.warm_sample("control", "emoji", "newlines")
@pytest.mark.parametrize("query", ODD.values(), ids=ODD)
def test_an_odd_query_has_an_answer(stocked: MemCLI, query: str) -> None:
    """In every mode, with every option that makes more of it, and the same one from standard input."""
    for mode in MODES:
        given = ["search", "--mode", mode, "--explain", "--around", "1", "--all-spaces", "--json"]
        ran = stocked(*given, "--", query)
        assert isinstance(ran.json, list)
        assert ran.err == ""
        assert stocked(*given, "-", stdin=query).json == ran.json
        for hit in ran.json:
            assert 0 <= hit["score"] <= 1
            assert 0 <= hit["relevance"] <= 1


@pytest.mark.warm_sample("control", "emoji", "newlines")
@pytest.mark.parametrize("query", ODD.values(), ids=ODD)
def test_an_odd_query_has_a_context(stocked: MemCLI, query: str) -> None:
    """Or an empty one."""
    ran = stocked("context", "--min-score", "0", "--around", "2", "--json", "--", query)
    assert set(ran.json) - {"fence"} == {"context", "tokens", "memories"}
    assert ran.err == ""
    assert stocked("context", "--", query).err == ""


@pytest.mark.warm_sample(by=["command"])
@pytest.mark.parametrize(
    "command", [["search"], *(["search", "--mode", mode] for mode in MODES), ["context"]]
)
@pytest.mark.parametrize("query", EMPTY.values(), ids=EMPTY)
def test_an_empty_query_is_refused_in_a_sentence(stocked: MemCLI, command: list[str], query: str) -> None:
    """From an argument and from standard input."""
    for ran in (stocked(*command, query, code=2), stocked(*command, "-", stdin=query, code=2)):
        assert ran.out == ""
        assert is_one_sentence(ran.err)
        assert "query is empty" in ran.err


@pytest.mark.warm_sample("words")
@pytest.mark.parametrize("query", HUGE.values(), ids=HUGE)
def test_a_query_of_100_kb_has_an_answer_in_no_time(stocked: MemCLI, query: str) -> None:
    """Whatever it is made of: whoever pastes a page waits no longer than for a question."""
    for mode in MODES:
        began = process_time()
        assert isinstance(stocked("search", "-", "--mode", mode, "--json", stdin=query).json, list)
        assert process_time() - began < 5, mode


def test_a_context_for_100_kb(stocked: MemCLI) -> None:
    """As for anything else."""
    assert "Miso" in stocked("context", "-", "--min-score", "0", stdin=HUGE["words"]).out


@pytest.mark.warm_sample
@pytest.mark.parametrize("mode", MODES)
def test_a_batch_of_odd_queries_has_an_answer_for_each_line(
    stocked: MemCLI, tmp_path: Path, mode: str
) -> None:
    """In order; an empty line has no hits. What ends a line elsewhere ends none here."""
    lines = [
        query.replace("\n", " ").replace("\r", " ")
        for query in (*ODD.values(), "", "  ", HUGE["words"], "office")
    ]
    file = tmp_path / "queries.txt"
    file.write_text("\n".join(lines), encoding="utf-8", newline="")
    answers = stocked("search", "--batch", str(file), "--mode", mode, "--around", "1", "--explain").lines
    assert [answer["query"] for answer in answers] == lines
    hits = {answer["query"]: answer["hits"] for answer in answers}
    assert hits[""] == hits["  "] == []
    assert hits["office"]


@pytest.mark.warm_sample
@pytest.mark.parametrize("mode", MODES)
def test_in_a_batch_the_odd_ones_do_no_harm_to_the_others(stocked: MemCLI, mode: str) -> None:
    """A query is answered as if it had been asked alone."""
    alone = stocked("search", "office cat", "--mode", mode).json
    batch = "\n".join(['"', "", "office cat", "(x", "office cat"])
    answers = stocked("search", "--batch", "-", "--mode", mode, stdin=batch).lines
    assert answers[2]["hits"] == answers[4]["hits"] == alone


@pytest.mark.warm_sample(by=["command"])
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a\0b", "NUL"),
        (b"\0", "NUL"),
        (b"\xff\xfe", "UTF-8"),
        (b"caf\xe9", "UTF-8"),
        (b"\xed\xa0\x80", "UTF-8"),
    ],
    ids=["nul inside", "nul", "utf-16", "latin-1", "surrogate"],
)
@pytest.mark.parametrize("command", [["search", "-"], ["search", "--batch", "-"], ["context", "-"]])
def test_what_is_no_text_is_refused_in_a_sentence(
    stocked: MemCLI, command: list[str], raw: bytes, said: str
) -> None:
    """In no mode is there half an answer; a batch with such a line is refused as a whole."""
    given = b"office\n" + raw + b"\n" if "--batch" in command else raw
    ran = stocked(*command, stdin=given, code=2)
    assert (ran.out, is_one_sentence(ran.err)) == ("", True)
    assert said in ran.err


@pytest.mark.here_only  # one of them is no argument that a process could be given
@pytest.mark.parametrize("command", ["search", "context"])
def test_a_lone_surrogate_from_the_shell_is_refused(stocked: MemCLI, command: str) -> None:
    """What an argument that is not UTF-8 becomes."""
    for query in ("\udcff", "office \udce9", "\ud800"):
        ran = stocked(command, query, code=2)
        assert (ran.out, is_one_sentence(ran.err)) == ("", True)
        assert "UTF-8" in ran.err


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.skipif(os.name != "posix", reason="arguments are bytes on POSIX only")
def test_bytes_that_are_no_text_from_a_real_shell(stocked: MemCLI, real: Callable[..., Ran]) -> None:
    """The installed script, with arguments as bytes."""
    for command in ("search", "context"):
        ran = real(command, os.fsdecode(b"caf\xe9"))
        assert (ran.code, ran.out, is_one_sentence(ran.err)) == (2, "", True)


@pytest.mark.here_only  # in a process of its own either way
def test_an_evaluation_asks_odd_questions_too(stocked: MemCLI) -> None:
    """Their figures count as any other's."""
    queries = [query for query in (*list(ODD.values())[::3], HUGE["words"]) if query.strip()]
    lines = [{"query": query, "relevant": ["cat"]} for query in queries]
    figures = stocked("eval", "-", stdin=json_lines(*lines)).json
    assert [one["questions"] for one in figures] == [len(lines)] * 3
    assert all(0 <= one["recall"]["50"] <= 1 for one in figures)


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("query", ["", "  ", "a\0b", "\udcff"])
def test_an_evaluation_refuses_what_is_no_question(stocked: MemCLI, query: str) -> None:
    """In a sentence that names the line."""
    lines = (
        json.dumps({"query": "office", "relevant": ["cat"]})
        + "\n"
        + json.dumps({"query": query, "relevant": ["cat"]})
    )
    ran = stocked("eval", "-", stdin=lines, code=2)
    assert (ran.out, is_one_sentence(ran.err)) == ("", True)
    assert "line 2" in ran.err


def test_neighbours_are_shown_where_they_were_asked_for(stocked: MemCLI) -> None:
    """In JSON and JSON Lines, with a batch too; facts have none, and without --around the key is absent."""
    query = ("search", "office floor 3", "--limit", "20")
    hits = {hit["id"]: hit for hit in stocked(*query, "--around", "1").json}
    assert [turn["id"] for turn in hits["d1"]["around"]] == ["d0", "d2"]
    assert [turn["id"] for turn in hits["d0"]["around"]] == ["d1"]
    assert hits["d1"]["around"][0]["text"] == "Where is the office?"
    assert "score" not in hits["d1"]["around"][0]
    assert hits["cat"]["around"] == []
    assert all("around" not in hit for hit in stocked(*query).json)
    [answer] = stocked("search", "--batch", "-", "--around", "1", "-n", "20", stdin="office floor 3\n").lines
    assert {hit["id"]: hit for hit in answer["hits"]} == hits
    assert {hit["id"]: hit for hit in stocked(*query, "--around", "1", "-f", "jsonl").lines} == hits


def test_neighbours_in_all_spaces_are_those_of_their_space(stocked: MemCLI) -> None:
    """Under one name of a conversation."""
    hits = stocked("search", "office floor 3", "--all-spaces", "--around", "1", "-n", "20").json
    around = {hit["id"]: [turn["id"] for turn in hit["around"]] for hit in hits}
    assert (around["d1"], around["r1"]) == (["d0", "d2"], ["r0", "r2"])


@pytest.mark.warm_sample
@pytest.mark.parametrize("count", ["-1", "101", "1.5", "x"])
def test_a_number_of_neighbours_that_makes_no_sense_is_refused(stocked: MemCLI, count: str) -> None:
    """By search and by context."""
    for command in ("search", "context"):
        ran = stocked(command, "office", "--around", count, code=2)
        assert (ran.out, is_one_sentence(ran.err)) == ("", True)


def test_neighbours_are_shown_in_a_table(stocked: MemCLI) -> None:
    """Around the turn that was found, in order."""
    query = ("search", "office floor 3", "--mode", "text", "-n", "1", "-f", "table")
    assert "And the cat?" not in stocked(*query).out
    out = stocked(*query, "--around", "1").out
    assert out.index("Where is the office?") < out.index("on floor 3") < out.index("And the cat?")


def test_a_context_tells_neighbours(stocked: MemCLI) -> None:
    """As one passage."""
    out = stocked(
        "context", "on floor 3", "-n", "1", "--around", "1", "--style", "plain", "--min-score", "0"
    ).out
    assert [line.split("(imported) ")[-1].strip() for line in out.splitlines()[1:-1]] == [
        "Ana: Where is the office?",
        "Ben: The office is on floor 3",
        "Ana: And the cat?",
    ]
