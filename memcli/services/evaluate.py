"""How well search finds what the user's own questions are about, and how quickly."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from time import perf_counter
from typing import Any

from memcli.errors import ConflictError, UsageError
from memcli.model import Mode, Scope
from memcli.services import checks, jsonlines, measures, recall
from memcli.services.engine import Engine, no_progress
from memcli.services.select import NO_FILTER, predicate

DEPTHS = (1, 5, 10, 25, 50)
"""Numbers of hits at which recall is given: those of the LoCoMo paper's table, and the first hit alone."""

LEAST_HITS = max(DEPTHS)
"""Hits asked for at least, whatever the depths: the other measures must not change with these."""

DEEPEST = 10_000
"""The deepest depth: what `search.limit` allows."""

NDCG_DEPTH = 10
"""Hits that nDCG looks at; 10 is what most published figures are for."""

MODES = (Mode.TEXT, Mode.VECTOR, Mode.HYBRID)

ANNOUNCED = 20
"""Questions from which on there is a progress bar: some 0.4 s, at 20 ms for the three searches of one."""

AMBIGUOUS_SHOWN = 5
"""Ids shown of those that an ambiguous beginning could mean."""

EXAMPLE = '{"query": "which theme do I like?", "relevant": ["3ae6pz7stc"]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and what answers it.

    Attributes:
        line: Where it stands in its file, from 1.
        query: What is asked.
        relevant: Ids of the memories that answer it, or unique beginnings of them; at least one.
    """

    line: int
    query: str
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long one search takes, its embedding included, in milliseconds."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What the questions found in one mode: means over them, each counting the same.

    Attributes:
        mode: Which evidence the searches used.
        questions: How many were asked.
        relevant: How many different ids they name.
        unknown: How many of these no memory that is searched has; they count as missed.
        recall: Share of what is relevant among the first hits, 0..1, by how many hits.
        mrr: Mean reciprocal rank of the first relevant hit, 0..1; 0 where none was found.
        ndcg: Normalised discounted cumulative gain of the first ten hits, 0..1.
        latency_ms: How long one search took.
    """

    mode: Mode
    questions: int
    relevant: int
    unknown: int
    recall: Mapping[str, float]
    mrr: float
    ndcg: float
    latency_ms: Latency


def run(
    engine: Engine,
    lines: Iterable[bytes | str],
    *,
    scope: Scope,
    depths: Collection[int] = DEPTHS,
    clock: Callable[[], float] = perf_counter,
) -> list[Evaluated]:
    """Ask the questions in *lines*, in each mode, and hold the hits against what is relevant.

    Settings apply as for any search, but for `search.limit`, `search.mode` and `search.min_score`.

    Args:
        engine: What to work with; it is warned of ids that no memory has.
        lines: JSON objects with `query` and `relevant`, one each; bytes are UTF-8, blank lines nothing.
        scope: Where to look.
        depths: Numbers of hits at which recall is given, 1 to `DEEPEST`.
        clock: Seconds since some moment.

    Returns:
        Text, vector, hybrid, in this order.

    Raises:
        UsageError: A line is no question, there is none, or a depth makes no sense.
        ConflictError: The beginning of an id is several memories'.
    """
    wanted = _checked(depths)
    questions = list(read(lines))
    if not questions:
        raise UsageError("there are no questions", hint=f"a line is such as {EXAMPLE}")
    alive = predicate(scope, NO_FILTER, engine.now())
    asked, unknown = resolved(questions, engine.db.memories.ids(alive))
    _warn(engine, asked, unknown)
    asking = _Asking(engine, scope, limit=max(LEAST_HITS, *wanted), clock=clock)
    asking.ask(asked)
    return [
        Evaluated(
            mode=mode,
            questions=len(asked),
            relevant=len(_named(asked)),
            unknown=len(unknown),
            **_figures(asking.found[mode], asked, wanted),
            latency_ms=_latency(asking.seconds[mode]),
        )
        for mode in MODES
    ]


def _checked(depths: Collection[int]) -> list[int]:
    """*depths*, each once, in order."""
    if not depths or not all(1 <= depth <= DEEPEST for depth in depths):
        raise UsageError(f"recall is given at 1 to {DEEPEST:,} hits")
    return sorted(set(depths))


# --- questions ---


def read(lines: Iterable[bytes | str]) -> Iterator[Question]:
    """The questions in *lines*.

    Raises:
        UsageError: A line is none, with its number.
    """
    for number, line in enumerate(lines, start=1):
        raw = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        if raw.strip():
            try:
                yield _question(number, jsonlines.document(raw, first=number == 1))
            except UsageError as error:
                raise UsageError(
                    f"line {number}: {error.sentence}", hint=f"a line is such as {EXAMPLE}"
                ) from error


def _question(number: int, document: Mapping[str, Any]) -> Question:
    """The question that *document* describes; keys that are not ours are passed over."""
    for key in ("query", "relevant"):
        if document.get(key) is None:
            raise UsageError(f"there is no {key}")
    relevant = document["relevant"]
    if not isinstance(relevant, list):
        raise UsageError("relevant must be a list of ids")
    if not relevant:
        raise UsageError("relevant is empty")
    return Question(
        line=number,
        query=checks.text(document["query"], "the query"),
        relevant=tuple(checks.own_id(one) for one in relevant),
    )


def resolved(questions: Sequence[Question], known: Iterable[str]) -> tuple[list[Question], set[str]]:
    """*questions* with whole ids in the place of beginnings, each once, and the ids that nothing has.

    Args:
        questions: What is asked.
        known: The ids of all memories that are searched.

    Raises:
        ConflictError: A beginning could mean several of *known*.
    """
    ordered = sorted(known)
    asked: list[Question] = []
    unknown: set[str] = set()
    for question in questions:
        ids = {name: _meant(name, ordered, question.line) for name in question.relevant}
        unknown |= {name for name, meant in ids.items() if meant is None}
        whole = dict.fromkeys(meant or name for name, meant in ids.items())
        asked.append(replace(question, relevant=tuple(whole)))
    return asked, unknown


def _meant(name: str, ordered: Sequence[str], line: int) -> str | None:
    """The one of the ids *ordered* that is *name* or begins with it; None if there is none."""
    at = bisect_left(ordered, name)
    few = ordered[at : at + AMBIGUOUS_SHOWN]
    matching = list(takewhile(lambda known: known.startswith(name), few))
    if not matching:
        return None
    if len(matching) > 1 and matching[0] != name:
        raise ConflictError(
            f"line {line}: the id {name!r} is ambiguous", hint=f"it could be {', '.join(matching)}"
        )
    return matching[0]


def _named(questions: Sequence[Question]) -> set[str]:
    return {name for question in questions for name in question.relevant}


def _warn(engine: Engine, questions: Sequence[Question], unknown: set[str]) -> None:
    """Say how many ids count as missed since no memory that is searched has them."""
    if not unknown:
        return
    total = len(_named(questions))
    elsewhere = len(unknown.intersection(engine.db.memories.ids()))
    aside = f" ({elsewhere:,} elsewhere, or forgotten)" if elsewhere else ""
    engine.warn(f"counted as missed: {len(unknown):,} of {total:,} relevant ids name no memory here{aside}")


# --- asking ---


class _Asking:
    """Asks questions in every mode and notes what was found and how long it took.

    Attributes:
        found: By mode, the ids of each question's hits.
        seconds: By mode, what each question took.
    """

    def __init__(self, engine: Engine, scope: Scope, *, limit: int, clock: Callable[[], float]) -> None:
        self._engine = engine.beside()  # which takes the time for vectors that were made before, too
        self._scope, self._limit, self._clock = scope, limit, clock
        self.found: dict[Mode, list[list[str]]] = {mode: [] for mode in MODES}
        self.seconds: dict[Mode, list[float]] = {mode: [] for mode in MODES}

    def ask(self, questions: Sequence[Question]) -> None:
        """Ask all *questions*, one at a time, as somebody at a terminal would."""
        for mode in MODES:  # opening the store and loading the model is not a search's time
            self._hits(questions[0].query, mode)
        announce = self._engine.progress if len(questions) >= ANNOUNCED else no_progress
        with announce("Asking", len(questions)) as report:
            for number, question in enumerate(questions):
                turn = number % len(MODES)  # what comes first warms caches for the others: by turns
                for mode in (*MODES[turn:], *MODES[:turn]):
                    began = self._clock()
                    ids = self._hits(question.query, mode)
                    self.seconds[mode].append(self._clock() - began)
                    self.found[mode].append(ids)
                report(1)

    def _hits(self, query: str, mode: Mode) -> list[str]:
        answers = recall.search_all(
            self._engine, [query], scope=self._scope, limit=self._limit, mode=mode, min_score=0.0
        )
        return [hit.id for hit in next(answers)]


def _figures(
    found: Sequence[Sequence[str]], questions: Sequence[Question], depths: Sequence[int]
) -> dict[str, Any]:
    pairs = [(ids, question.relevant) for ids, question in zip(found, questions, strict=True)]
    return {
        "recall": {
            str(k): _mean(measures.recall_at(ids, relevant, k) for ids, relevant in pairs) for k in depths
        },
        "mrr": _mean(measures.reciprocal_rank(ids, relevant) for ids, relevant in pairs),
        "ndcg": _mean(measures.ndcg_at(ids, relevant, NDCG_DEPTH) for ids, relevant in pairs),
    }


def _mean(shares: Iterable[float]) -> float:
    return round(measures.mean(list(shares)), 6)


def _latency(seconds: Sequence[float]) -> Latency:
    return Latency(
        median=round(1000 * measures.percentile(seconds, 50), 3),
        p95=round(1000 * measures.percentile(seconds, 95), 3),
    )
