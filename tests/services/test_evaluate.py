"""Measuring search: questions in, figures out; the searches themselves are the real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import ConflictError, UsageError
from memcli.model import Draft, Mode, Progress, Scope
from memcli.services import evaluate, forgetting, recall, remember
from memcli.services.engine import Engine, NoProgress
from memcli.services.evaluate import Latency, Question

TEXTS = {
    "cat-1": "the cat is called Miso",
    "cat-2": "the cat sleeps by day",
    "dog-1": "the dog is called Rex",
    "tea-1": "green tea in the morning",
}


def asked(*questions: tuple[str, Sequence[str]]) -> list[bytes]:
    """*questions* as the lines of a file."""
    return [json.dumps({"query": query, "relevant": relevant}).encode() for query, relevant in questions]


@pytest.fixture
def pets(engine: Engine, scope: Scope) -> Engine:
    """An engine with four memories."""
    remember.store_all(engine, [Draft(text=text, scope=scope, id=i) for i, text in TEXTS.items()])
    return engine


def test_the_figures_are_those_of_the_searches_themselves(pets: Engine, scope: Scope) -> None:
    """Reckoned here by hand from what the same searches give."""
    questions = [
        ("cat called Miso", ["cat-1"]),
        ("is called", ["dog-1", "cat-1"]),
        ("morning tea", ["tea-1"]),
    ]
    figures = evaluate.run(pets, asked(*questions), scope=scope, depths=[1, 2])
    assert [one.mode for one in figures] == [Mode.TEXT, Mode.VECTOR, Mode.HYBRID]
    for one in figures:
        first, two, places = [], [], []
        for query, relevant in questions:
            hits = recall.search(pets, query, scope=scope, mode=one.mode, limit=50, min_score=0.0)
            ids = [hit.id for hit in hits]
            first.append(len(set(ids[:1]) & set(relevant)) / len(relevant))
            two.append(len(set(ids[:2]) & set(relevant)) / len(relevant))
            places.append(min(ids.index(name) + 1 for name in relevant))
        assert one.recall == {"1": round(sum(first) / 3, 6), "2": round(sum(two) / 3, 6)}
        assert one.mrr == round(sum(1 / place for place in places) / 3, 6)
        assert (one.questions, one.relevant, one.unknown) == (3, 3, 0)
    assert figures[2].recall["1"] == round(2.5 / 3, 6)


def test_settings_that_cut_hits_off_do_not_count(
    pets: Engine, scope: Scope, make_engine: Callable[..., Engine]
) -> None:
    """`search.limit`, `search.mode` and `search.min_score` are for reading, not for measuring."""
    from memcli.config import Config
    from memcli.settings import SearchSettings

    lines = asked(("called", ["dog-1", "cat-1"]), ("green morning", ["tea-1"]))
    narrow = make_engine(Config(search=SearchSettings(limit=1, mode="text", min_score=0.99)))
    plain, cut = (evaluate.run(engine, lines, scope=scope, clock=lambda: 0.0) for engine in (pets, narrow))
    assert plain == cut
    assert plain[0].recall["5"] == 1


def test_depths_do_not_change_the_other_measures(pets: Engine, scope: Scope) -> None:
    """Whoever looks at the first hit only still gets the same MRR; depths are given once, in order."""
    lines = asked(("the cat called", ["dog-1", "tea-1"]))
    wide, narrow = evaluate.run(pets, lines, scope=scope), evaluate.run(pets, lines, scope=scope, depths=[1])
    assert [(one.mrr, one.ndcg) for one in wide] == [(one.mrr, one.ndcg) for one in narrow]
    assert narrow[1].mrr < 1
    assert list(evaluate.run(pets, lines, scope=scope, depths=(9, 3, 9))[0].recall) == ["3", "9"]


def test_more_hits_than_usual_are_looked_at_if_asked_for(engine: Engine, scope: Scope) -> None:
    """Beyond the least number of hits, too."""
    drafts = [Draft(text=f"note {i}", scope=scope, id=f"n{i:03}") for i in range(70)]
    remember.store_all(engine, drafts)
    lines = asked(("note", [draft.id for draft in drafts]))
    vector = evaluate.run(engine, lines, scope=scope, depths=[50, 70])[1]
    assert vector.recall == {"50": round(50 / 70, 6), "70": 1.0}


def test_latency_is_the_time_of_one_search_without_what_is_done_once(pets: Engine, scope: Scope) -> None:
    """Median and 95th percentile in milliseconds."""
    ticks = count()

    def clock() -> float:
        return next(ticks) ** 2 / 1000

    figures = evaluate.run(pets, asked(("cat", ["cat-1"]), ("tea", ["tea-1"])), scope=scope, clock=clock)
    # the first question in the order text, vector, hybrid, the second in the order vector, hybrid, text:
    # a clock that goes through squares makes search number n take 4 n + 1 ms
    taken = {Mode.TEXT: (1, 21), Mode.VECTOR: (5, 13), Mode.HYBRID: (9, 17)}
    for one in figures:
        low, high = taken[one.mode]
        assert one.latency_ms == Latency(median=(low + high) / 2, p95=round(low + 0.95 * (high - low), 3))


def test_ids_are_whole_or_unique_beginnings(pets: Engine, scope: Scope) -> None:
    """The same memory twice is one, as everywhere."""
    by_id, by_prefix = (
        evaluate.run(pets, asked(("cat called", ids)), scope=scope, clock=lambda: 0.0)
        for ids in (["dog-1"], ["d", "dog", "dog-1"])
    )
    assert by_id == by_prefix
    assert by_id[0].relevant == 1


def test_an_ambiguous_beginning_is_refused_with_its_line(pets: Engine, scope: Scope) -> None:
    """And with what it could mean, as everywhere."""
    with pytest.raises(ConflictError, match=r"^line 2: the id 'cat' is ambiguous$") as caught:
        evaluate.run(pets, asked(("a", ["dog"]), ("b", ["tea", "cat"])), scope=scope)
    assert caught.value.hint == "it could be cat-1, cat-2"


def test_an_id_that_others_begin_with_is_itself(engine: Engine, scope: Scope) -> None:
    """Exact comes first."""
    remember.store_all(engine, [Draft(text=f"t {i}", scope=scope, id=i) for i in ("a", "ab", "abc")])
    assert evaluate.run(engine, asked(("t ab", ["ab"])), scope=scope)[2].relevant == 1


def test_ids_that_no_memory_has_are_missed_and_warned_of_once(
    pets: Engine, scope: Scope, make_engine: Callable[..., Engine]
) -> None:
    """With their number; also those that are elsewhere or forgotten, which can't be found either."""
    warned: list[str] = []
    engine = make_engine(warned=warned.append)
    remember.store_all(engine, [Draft(text="elsewhere", scope=Scope("home", "me"), id="far")])
    forgetting.forget(engine, ["cat-2"])
    lines = asked(("cat", ["cat-1", "nosuch"]), ("tea", ["far", "nosuch"]), ("sleeps", ["cat-2"]))
    figures = evaluate.run(engine, lines, scope=scope)
    assert warned == [
        "counted as missed: 3 of 4 relevant ids name no memory here (2 elsewhere, or forgotten)"
    ]
    assert {(one.relevant, one.unknown) for one in figures} == {(4, 3)}
    assert figures[1].recall["50"] == round(0.5 / 3, 6)
    everywhere = evaluate.run(engine, lines, scope=Scope(None, "me"))
    assert everywhere[0].unknown == 2
    assert warned[1:] == [
        "counted as missed: 2 of 4 relevant ids name no memory here (1 elsewhere, or forgotten)"
    ]


def test_without_a_store_everything_is_missed(engine: Engine, scope: Scope) -> None:
    """And none is made."""
    figures = evaluate.run(engine, asked(("a", ["x"])), scope=scope)
    assert [(one.mrr, one.ndcg, one.unknown) for one in figures] == [(0, 0, 1)] * 3
    assert not engine.home.store.exists()


BAD: list[tuple[bytes, str]] = [
    (b"{", "not valid JSON at column 2"),
    (b"[1]", "not a JSON object"),
    (b'"query"', "not a JSON object"),
    (b"{}", "there is no query"),
    (b'{"query": null, "relevant": ["a"]}', "there is no query"),
    (b'{"query": 5, "relevant": ["a"]}', "the query must be a string, not a number"),
    (b'{"query": " ", "relevant": ["a"]}', "the query is empty"),
    (b'{"query": "a\\u0000", "relevant": ["a"]}', "NUL"),
    (b'{"query": "a\\ud800", "relevant": ["a"]}', "UTF-8"),
    (b'{"query": "a"}', "there is no relevant"),
    (b'{"query": "a", "relevant": []}', "relevant is empty"),
    (b'{"query": "a", "relevant": "a"}', "relevant must be a list of ids"),
    (b'{"query": "a", "relevant": {"a": 1}}', "relevant must be a list of ids"),
    (b'{"query": "a", "relevant": [1]}', "the id must be a string"),
    (b'{"query": "a", "relevant": ["a", ""]}', "can't be an id"),
    (b'{"query": "a", "relevant": ["a b"]}', "can't be an id"),
    (b'{"query": "a", "relevant": [null]}', "the id must be a string"),
    (b'{"query": "caf\xe9", "relevant": ["a"]}', "not valid UTF-8 at byte 15"),
    (b"[" * 100_000, "not valid JSON"),
    (b'{"query": "a", "relevant": [' + b"9" * 5000 + b"]}", "not valid JSON"),
]


@pytest.mark.parametrize(("line", "said"), BAD, ids=range(len(BAD)))
def test_a_bad_line_is_refused_with_its_number(pets: Engine, scope: Scope, line: bytes, said: str) -> None:
    """Nothing is asked: a figure over half of the questions would be taken for one over all."""
    with pytest.raises(UsageError) as caught:
        evaluate.run(pets, [*asked(("cat", ["cat-1"])), b"  ", line], scope=scope)
    assert caught.value.sentence.startswith("line 3: ")
    assert said in caught.value.sentence
    assert len(caught.value.sentence) < 300


@pytest.mark.parametrize("lines", [[], [b""], [b" \r", b"\n"]])
def test_a_file_without_questions_is_refused(engine: Engine, scope: Scope, lines: list[bytes]) -> None:
    """With an example of a line."""
    with pytest.raises(UsageError, match="there are no questions") as caught:
        evaluate.run(engine, lines, scope=scope)
    assert '"relevant"' in caught.value.hint


@pytest.mark.parametrize("depths", [[], [0], [5, -1], [10_001]])
def test_depths_that_make_no_sense_are_refused(engine: Engine, scope: Scope, depths: list[int]) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError, match="1 to 10,000 hits"):
        evaluate.run(engine, asked(("a", ["x"])), scope=scope, depths=depths)


def test_files_from_other_systems_are_read() -> None:
    """A byte order mark, CRLF, blank lines, keys that are not ours, text instead of bytes."""
    lines = [
        '\ufeff{"query": "ä", "relevant": ["a"], "kind": "x"}\r\n',
        "\r\n",
        ' {"query":"b","relevant":["c"]}',
    ]
    expected = [
        Question(line=1, query="ä", relevant=("a",)),
        Question(line=3, query="b", relevant=("c",)),
    ]
    assert list(evaluate.read(lines)) == expected
    assert list(evaluate.read([line.encode() for line in lines])) == expected


@given(
    st.lists(st.one_of(st.binary(), st.text().map(str.encode), st.from_type(dict).map(str).map(str.encode)))
)
def test_whatever_the_lines_hold_there_are_questions_or_one_of_our_errors(lines: list[bytes]) -> None:
    """Never another exception."""
    try:
        questions = list(evaluate.read(lines))
    except UsageError:
        return
    assert all(question.query.strip() and question.relevant for question in questions)


ids = st.text("ab-", min_size=1, max_size=4)


@given(known=st.sets(ids), name=ids)
def test_a_beginning_means_what_it_does_elsewhere(known: set[str], name: str) -> None:
    """Held against the definition: the id itself, or else the only one that begins with it."""
    beginning = sorted(one for one in known if one.startswith(name))
    question = Question(line=7, query="q", relevant=(name,))
    if name in known or len(beginning) <= 1:
        [asked_], unknown = evaluate.resolved([question], known)
        expected = name if name in known else next(iter(beginning), None)
        assert asked_.relevant == (expected or name,)
        assert unknown == (set() if expected else {name})
    else:
        with pytest.raises(ConflictError, match="line 7"):
            evaluate.resolved([question], known)


def test_progress_comes_to_its_end_and_short_work_shows_none(
    pets: Engine, scope: Scope, make_engine: Callable[..., Engine]
) -> None:
    """What is announced is what is reported."""
    said: list[Any] = []

    class Bar(NoProgress):
        def __enter__(self) -> Progress:
            return lambda done: said.append(("done", done))

    def progress(label: str, total: int) -> Bar:
        said.append((label, total))
        return Bar()

    engine = make_engine(progress=progress)
    evaluate.run(engine, asked(*[("cat", ["cat-1"])] * (evaluate.ANNOUNCED - 1)), scope=scope)
    assert said == []
    evaluate.run(engine, asked(*[("cat", ["cat-1"])] * evaluate.ANNOUNCED), scope=scope)
    assert said == [("Asking", evaluate.ANNOUNCED), *[("done", 1)] * evaluate.ANNOUNCED]
