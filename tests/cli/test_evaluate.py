"""`memcli eval`."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from memcli.cli.views import laid_out
from memcli.model import Mode
from memcli.services.evaluate import Evaluated, Latency
from tests.cli.conftest import Furnish, MemCLI, Waiting, is_one_sentence, json_lines
from tests.cli.test_transfer import on_a_terminal
from tests.conftest import Ran

pytestmark = pytest.mark.here_only  # `eval` is in a process of its own either way

LINES = [
    {"id": "cat", "text": "the cat is called Miso"},
    {"id": "dog", "text": "the dog is called Rex"},
    {"id": "tea", "text": "green tea in the morning", "space": "work"},
]
QUESTIONS = json_lines(
    {"query": "what is the cat called", "relevant": ["cat"]},
    {"query": "is called", "relevant": ["dog", "c"]},
)


@pytest.fixture
def pets(memcli: MemCLI, furnish: Furnish) -> MemCLI:
    """A command line with three memories in two spaces."""
    furnish("pets", lambda: memcli("import", "-", stdin=json_lines(*LINES)))
    return memcli


def test_the_answer_has_a_row_for_each_mode(pets: MemCLI, tmp_path: Path) -> None:
    """JSON in a pipe, with these keys; the file may be standard input."""
    file = tmp_path / "questions.jsonl"
    file.write_text(QUESTIONS)
    ran = pets("eval", str(file))
    assert ran.err == ""
    assert [row["mode"] for row in ran.json] == ["text", "vector", "hybrid"]
    for row in ran.json:
        assert list(row) == [
            "mode",
            "questions",
            "relevant",
            "unknown",
            "recall",
            "mrr",
            "ndcg",
            "latency_ms",
        ]
        assert list(row["recall"]) == ["1", "5", "10", "25", "50"]
        assert (row["questions"], row["relevant"], row["unknown"]) == (2, 2, 0)
        assert row["recall"]["1"] == 0.75
        assert (row["recall"]["5"], row["mrr"], row["ndcg"]) == (1, 1, 1)
        assert 0 < row["latency_ms"]["median"] <= row["latency_ms"]["p95"]
    [first, *_] = pets("eval", "-", "-f", "jsonl", "--at", "2, 1", stdin=QUESTIONS).lines
    assert first["recall"] == {"1": 0.75, "2": 1.0}
    plain = pets("eval", "-", "-f", "plain", "--at", "1", stdin=QUESTIONS).out
    assert plain.splitlines()[0] == 'text\t1.0\t1.0\t{"1": 0.75}'


def test_the_table_has_the_modes_side_by_side_and_marks_the_best(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within 80 columns, whatever the depths; where all are equal, none is best."""
    monkeypatch.setenv("COLUMNS", "80")
    memcli("import", "-", stdin=json_lines({"id": "a", "text": "alpha beta"}, {"id": "b", "text": "gamma"}))
    lines = json_lines({"query": "alpha", "relevant": ["a"]}, {"query": "delta", "relevant": ["b"]})
    at = ",".join(map(str, range(1, 30)))
    out = memcli("eval", "-", "-f", "table", "--at", at, stdin=lines).out.splitlines()
    assert max(map(len, out)) <= 80
    assert out[0] == "2 questions, 2 relevant memories"
    assert out[2].split() == ["text", "vector", "hybrid"]
    rows = {cells[0]: cells[1:] for line in out[3:] if (cells := re.split(r"\s{2,}", line))}
    assert rows["recall@29"] == ["0.500", "1.000*", "1.000*"]
    assert len(rows["MRR"]) == len(rows["nDCG@10"]) == len(rows["median, ms"]) == len(rows["p95, ms"]) == 3
    assert out[-1] == "* the best of its line"
    same = memcli("eval", "-", "-f", "table", stdin=json_lines({"query": "alpha", "relevant": ["a"]})).out
    assert re.search(r"recall@1 +1\.000 +1\.000 +1\.000\n", same)
    assert same.startswith("1 question, 1 relevant memory\n")


def test_the_least_time_is_the_best() -> None:
    """The most of everything else; equals as they are shown are equal."""
    figures = [
        Evaluated(
            mode=mode,
            questions=1,
            relevant=1,
            unknown=0,
            recall={"5": good},
            mrr=good,
            ndcg=0.5,
            latency_ms=Latency(median=median, p95=1234.5),
        )
        for mode, good, median in [
            (Mode.TEXT, 0.7, 2.04),
            (Mode.VECTOR, 0.8, 2.01),
            (Mode.HYBRID, 0.80001, 9),
        ]
    ]
    rows = [re.split(r"\s{2,}", line) for line in laid_out(figures).splitlines()]
    assert ["recall@5", "0.700", "0.800*", "0.800*"] in rows
    assert ["nDCG@10", "0.500", "0.500", "0.500"] in rows
    assert ["median, ms", "2.0*", "2.0*", "9.0"] in rows
    assert ["p95, ms", "1,234", "1,234", "1,234"] in rows


def test_scope_options_say_where_to_look(pets: MemCLI) -> None:
    """As for a search; what is not there is missed, with a warning that --quiet silences."""
    question = json_lines({"query": "green tea", "relevant": ["tea"]})
    ran = pets("eval", "-", stdin=question)
    assert (
        ran.err == "counted as missed: 1 of 1 relevant ids name no memory here (1 elsewhere, or forgotten)\n"
    )
    assert {(row["mrr"], row["unknown"]) for row in ran.json} == {(0, 1)}
    assert pets("--quiet", "eval", "-", stdin=question).err == ""
    for where in (["--space", "work"], ["--all-spaces"]):
        ran = pets("eval", "-", *where, stdin=question)
        assert ran.err == ""
        assert {row["mrr"] for row in ran.json} == {1}
    assert pets("eval", "-", "-a", "--user", "you", stdin=question).json[0]["unknown"] == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "there are no questions"),
        (QUESTIONS + "{", "line 3: not valid JSON"),
        (QUESTIONS + '{"query": "x"}', "line 3: there is no relevant"),
        ('{"query": "x", "relevant": []}', "line 1: relevant is empty"),
        ('{"query": "\x1b[31m", "relevant": 5}', "line 1: not valid JSON"),
        (b'\n{"query": "\xff", "relevant": ["a"]}', "line 2: not valid UTF-8"),
    ],
)
def test_what_is_no_question_is_one_sentence(pets: MemCLI, lines: str | bytes, said: str) -> None:
    """Exit code 2, and nothing on standard output."""
    ran = pets("eval", "-", stdin=lines, code=2)
    assert ran.out == ""
    assert is_one_sentence(ran.err), ran.err
    assert said in ran.err


@pytest.mark.parametrize("at", ["", "0", "1,,5", "1.5", "-5", "five", "²", "99999", "9" * 20])
def test_depths_that_make_no_sense_are_refused(pets: MemCLI, at: str) -> None:
    """Exit code 2."""
    assert is_one_sentence(pets("eval", "-", "--at", at, stdin=QUESTIONS, code=2).err)


def test_files_and_ids_that_are_wrong_have_their_usual_codes(pets: MemCLI, tmp_path: Path) -> None:
    """Absent: 3; a directory: 2; an ambiguous id: 4."""
    assert is_one_sentence(pets("eval", str(tmp_path / "absent"), code=3).err)
    assert is_one_sentence(pets("eval", str(tmp_path), code=2).err)
    pets("import", "-", stdin=json_lines({"id": "cat2", "text": "x"}))
    ran = pets("eval", "-", stdin=json_lines({"query": "x", "relevant": ["ca"]}), code=4)
    assert is_one_sentence(ran.err)
    assert "line 1: the id 'ca' is ambiguous" in ran.err


def test_long_work_shows_a_progress_bar_on_standard_error(pets: MemCLI, tmp_path: Path) -> None:
    """Standard output has the answer and nothing else; --quiet shows no bar."""
    file = tmp_path / "questions.jsonl"
    file.write_text(QUESTIONS * 15)
    out, shown = on_a_terminal("eval", str(file))
    assert json.loads(out)[0]["questions"] == 30
    assert "Asking" in shown
    assert "30/30" in shown
    assert on_a_terminal("--quiet", "eval", str(file))[1] == ""


def test_an_interrupted_evaluation_says_so_and_nothing_else(
    pets: MemCLI, waiting: Callable[..., Waiting], tmp_path: Path
) -> None:
    """Exit code 130; half an answer would be taken for a whole one."""
    file = tmp_path / "questions.jsonl"
    file.write_text(QUESTIONS)
    asking = waiting("eval", str(file), query=4)
    asking.until_it_waits()
    asking.process.send_signal(signal.SIGINT)
    ran = asking.ended()
    assert (ran.code, ran.out, ran.err) == (130, "", "memcli: interrupted\n")


def test_vectors_find_what_words_do_not(real: Callable[..., Ran]) -> None:
    """In a process of its own with the bundled model, from questions to figures."""
    facts = json_lines({"id": "a", "text": "Takes the ferry home"}, {"id": "b", "text": "Owns a cello"})
    real("import", "-", stdin=facts.encode())
    questions = json_lines({"query": "which musical instrument?", "relevant": ["b"]})
    ran = real("eval", "-", "--at", "1", stdin=questions.encode())
    assert (ran.code, ran.err) == (0, "")
    assert [row["recall"]["1"] for row in ran.json] == [0, 1, 1]
