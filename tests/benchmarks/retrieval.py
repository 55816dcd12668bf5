"""Does the right memory come back, and nothing where nothing is known?

    python -m tests.benchmarks.retrieval --locomo locomo.json --paraphrase paraphrase.jsonl

Everything runs in process, through `recall.search_all` and `context.build`, with the bundled model
and default settings. Measured are, in percent unless said otherwise:

- evidence recall: the share of a question's evidence turns among the first k hits, averaged over
  questions; each conversation in a space of its own, and all pooled in one space;
- on paraphrases, by kind of question: mean reciprocal rank, recall at 5, nDCG at 10, all 0..1;
- abstention: how many questions get an empty context block at the default settings. Unrelated ones
  (the questions of each set asked of the other's store, and questions of our own about the world in
  general and about people and work that nobody knows here) should, answerable ones should not;
- the relevance and cosine of the best hit of each question, as percentiles, and what each
  `context.min_score` would leave empty: from these that setting's default is chosen;
- milliseconds per query, its embedding included (the mean over a batch of queries);
- what ranking itself takes: milliseconds per query that are neither LanceDB's nor the embedding's, in a
  store that holds all conversations as often as it takes to have 10,000 memories.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memcli.model import Embedder, Hit, Mode
from memcli.services import context, measures, recall
from memcli.services.engine import Engine
from memcli.storage.table import Table
from tests.benchmarks import locomo, paraphrase, stores, tables

DEPTHS = (5, 10, 25, 50)

UNRELATED = Path(__file__).parent.parent / "training" / "data" / "unrelated_heldout.jsonl"
"""Questions of our own making that were not used for training."""

PUBLISHED = ("DRAGON, as published", (56.7, 66.2, 76.7, 82.7))
"""Evidence recall of the best retriever of the LoCoMo paper, table 3, on all ten conversations."""

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
THRESHOLDS = tuple(round(0.015 * step, 3) for step in range(3, 21))


@dataclass(frozen=True, slots=True)
class Sets:
    """What is asked, and the stores that are asked."""

    talks: Sequence[locomo.Conversation]
    facts: paraphrase.Facts
    apart: Engine
    pooled: Engine
    known: Engine
    unrelated: Mapping[str, Sequence[str]]


def opened(given: argparse.Namespace, homes: Path) -> Sets:
    """The data sets, each imported into a home of its own below *homes* unless that is there already."""
    talks, facts = locomo.read(given.locomo), paraphrase.read(given.paraphrase)
    apart = _filled(homes / "apart", (one for talk in talks for one in talk.documents()))
    embedder = apart.embedder
    together = (one for talk in talks for one in talk.documents(pooled=True))
    pooled = _filled(homes / "pooled", together, embedder)
    known = _filled(homes / "facts", facts.documents, embedder)
    return Sets(talks, facts, apart, pooled, known, _unrelated(given.unrelated))


def _unrelated(path: Path) -> Mapping[str, Sequence[str]]:
    """Questions that no store answers: about the world in `general`, and about `unknown` people and work."""
    found: dict[str, list[str]] = {"general": [], "unknown": []}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found["unknown" if row["kind"].endswith("_unknown") else "general"].append(row["text"])
    return found


def _filled(home: Path, documents: Iterable[stores.Document], embedder: Embedder | None = None) -> Engine:
    engine = stores.engine(home, embedder)
    if not engine.home.store.exists():
        stores.fill(engine, documents, compare=False)
    return engine


def asked(
    engine: Engine, space: str, questions: Sequence[str], limit: int, mode: Mode = Mode.HYBRID
) -> tuple[list[list[Hit]], float]:
    """The hits of each of *questions*, and the seconds all took."""
    began = time.perf_counter()
    answers = recall.search_all(
        engine, questions, scope=stores.scope(space), limit=limit, mode=mode, min_score=0.0, explain=True
    )
    return list(answers), time.perf_counter() - began


# --- conversations ---


@dataclass(frozen=True, slots=True)
class Evidence:
    """Recall of each question's evidence at each of `DEPTHS`, and the seconds all searches took."""

    recalls: list[list[float]]
    seconds: float

    def row(self, name: str) -> list[object]:
        """One line of a table: questions, recall in percent, milliseconds a question."""
        shares = [tables.percent(measures.mean(at_k)) for at_k in zip(*self.recalls, strict=True)]
        return [name, len(self.recalls), *shares, 1000 * self.seconds / len(self.recalls)]


def evidence(engine: Engine, talk: locomo.Conversation, space: str, mode: Mode) -> Evidence:
    """How much of its evidence each question of *talk* finds in *space*."""
    answers, seconds = asked(engine, space, [one.text for one in talk.questions], max(DEPTHS), mode)
    recalls = [
        [measures.recall_at([hit.id for hit in hits], question.evidence, k) for k in DEPTHS]
        for question, hits in zip(talk.questions, answers, strict=True)
    ]
    return Evidence(recalls, seconds)


def together(parts: Sequence[Evidence]) -> Evidence:
    """All *parts* as one; each question counts the same."""
    return Evidence([row for part in parts for row in part.recalls], sum(part.seconds for part in parts))


def show_conversations(sets: Sets, mode: Mode) -> None:
    """Print evidence recall by conversation, over all, and pooled, beside the published figures."""
    parts = [evidence(sets.apart, talk, talk.name, mode) for talk in sets.talks]
    pooled = [evidence(sets.pooled, talk, locomo.POOL, mode) for talk in sets.talks]
    name, figures = PUBLISHED
    tables.show(
        f"evidence recall, % ({mode})",
        ["", "questions", *(f"R@{k}" for k in DEPTHS), "ms/query"],
        [
            *(part.row(talk.name) for part, talk in zip(parts, sets.talks, strict=True)),
            together(parts).row("each apart, all"),
            together(pooled).row("pooled, all"),
            [name, None, *figures, None],
        ],
    )


# --- paraphrases ---


def show_paraphrases(sets: Sets, mode: Mode) -> None:
    """Print how well paraphrased questions find their facts, by kind."""
    questions = sets.facts.questions
    answers, seconds = asked(sets.known, stores.SPACE, [one.text for one in questions], 20, mode)
    by_kind: dict[str, list[tuple[float, float, float]]] = {}
    for question, hits in zip(questions, answers, strict=True):
        figures = _figures([hit.id for hit in hits], question.relevant)
        for kind in (question.kind, "all"):
            by_kind.setdefault(kind, []).append(figures)
    tables.show(
        f"paraphrased questions ({mode}); {1000 * seconds / len(questions):.1f} ms/query",
        ["", "questions", "MRR", "R@5", "nDCG@10"],
        [
            [kind, len(rows), *(f"{measures.mean(column):.3f}" for column in zip(*rows, strict=True))]
            for kind, rows in sorted(by_kind.items(), key=lambda item: item[0] == "all")
        ],
    )


def _figures(ranked: Sequence[str], relevant: Sequence[str]) -> tuple[float, float, float]:
    return (
        measures.reciprocal_rank(ranked, relevant),
        measures.recall_at(ranked, relevant, 5),
        measures.ndcg_at(ranked, relevant, 10),
    )


# --- abstention ---


@dataclass(frozen=True, slots=True)
class Asked:
    """One question asked of one space: its text, and the ids that answer it (none if nothing does)."""

    engine: Engine
    space: str
    text: str
    relevant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that all should, or all should not, get an empty context.

    Attributes:
        name: Whose questions were asked of which store.
        relevances: The highest relevance of each question's best hits; 0 where nothing was found.
        cosines: The cosine of that hit, likewise.
        empty: Share of questions whose context block was empty, 0..1.
        helpful: Share of questions whose context block held a relevant memory, 0..1.
        shown: Mean number of memories in the blocks that were not empty.
    """

    name: str
    relevances: list[float]
    cosines: list[float]
    empty: float
    helpful: float
    shown: float


def group(name: str, questions: Sequence[Asked]) -> Group:
    """What became of *questions*."""
    best = [_best(one) for one in questions]
    blocks = [context.build(q.engine, q.text, scope=stores.scope(q.space)).memories for q in questions]
    held = [any(hit.id in q.relevant for hit in block) for q, block in zip(questions, blocks, strict=True)]
    return Group(
        name,
        relevances=[hit.relevance if hit else 0.0 for hit in best],
        cosines=[hit.similarity if hit else 0.0 for hit in best],
        empty=measures.mean([not block for block in blocks]),
        helpful=measures.mean(held),
        shown=measures.mean([len(block) for block in blocks if block]),
    )


def _best(one: Asked) -> Hit | None:
    hits = recall.search(one.engine, one.text, scope=stores.scope(one.space), limit=20, min_score=0.0)
    return max(hits, key=lambda hit: hit.relevance, default=None)


def groups(sets: Sets) -> tuple[list[Group], list[Group]]:
    """Questions about nothing in the store, and questions that it can answer."""
    talked = [(talk.name, question) for talk in sets.talks for question in talk.questions]
    facts, known, apart = sets.facts.questions, sets.known, sets.apart
    strange = sets.unrelated
    unrelated = [
        *(
            group(f"{kind} -> facts", [Asked(known, stores.SPACE, q) for q in strange[kind]])
            for kind in strange
        ),
        *(
            group(
                f"{kind} -> talk", [Asked(apart, talk.name, q) for talk in sets.talks for q in strange[kind]]
            )
            for kind in strange
        ),
        group("talk's -> facts", [Asked(known, stores.SPACE, q.text) for _, q in talked]),
        group("facts' -> talk", [Asked(apart, talk.name, q.text) for talk in sets.talks for q in facts]),
    ]
    answerable = [
        group("facts' -> facts", [Asked(known, stores.SPACE, q.text, q.relevant) for q in facts]),
        group("talk's -> talk", [Asked(apart, name, q.text, q.evidence) for name, q in talked]),
    ]
    return unrelated, answerable


def show_abstention(sets: Sets) -> None:
    """Print empty contexts, the best hits' scores, and what other thresholds would do."""
    unrelated, answerable = groups(sets)
    every = [*unrelated, *answerable]
    tables.show(
        f"context at its defaults (min_score {sets.known.config.context.min_score:g}); "
        "whose questions -> asked of which store",
        ["", "questions", "empty %", "holds evidence %", "memories in a block"],
        [
            [g.name, len(g.relevances), tables.percent(g.empty), tables.percent(g.helpful), f"{g.shown:.1f}"]
            for g in every
        ],
    )
    for what, values in (
        ("relevance", [g.relevances for g in every]),
        ("cosine", [g.cosines for g in every]),
    ):
        tables.show(
            f"{what} of the best hit, percentiles",
            ["", *(f"p{p}" for p in PERCENTILES)],
            [
                [g.name, *(f"{measures.percentile(some, p):.3f}" for p in PERCENTILES)]
                for g, some in zip(every, values, strict=True)
            ],
        )
    tables.show(
        "share left empty, %, at other values of context.min_score",
        ["min_score", *(g.name for g in every)],
        [
            [f"{t:.3f}", *(tables.percent(measures.mean([s < t for s in g.relevances])) for g in every)]
            for t in THRESHOLDS
        ],
    )


# --- what ranking costs ---

MANY = 10_000


def show_cost(sets: Sets, homes: Path) -> None:
    """Print what a query takes in a store of `MANY` memories, and how much of that is the ranking's own."""
    turns = [turn for talk in sets.talks for turn in talk.documents()]
    copies = range(-(-MANY // len(turns)))
    documents = (
        {**t, "id": f"{c}-{t['id']}", "conversation": f"{c}-{t['conversation']}"}
        for c in copies
        for t in turns
    )
    engine = _filled(homes / "many", ({**t, "space": stores.SPACE} for t in documents), sets.known.embedder)
    questions = [one.text for talk in sets.talks for one in talk.questions][::5]
    asked(engine, stores.SPACE, questions[:5], 10)
    began = time.thread_time()
    with timed(Table, "read") as reading, timed(type(engine.embedder), "embed_queries") as embedding:
        _, seconds = asked(engine, stores.SPACE, questions, 10)
    busy = time.thread_time() - began
    each = 1000 / len(questions)
    tables.show(
        f"one query among {engine.db.memories.table.count():,} memories, ms (mean of {len(questions)})",
        ["all", "LanceDB", "embedding", "ranking itself", "of which computing"],
        [
            [
                f"{each * part:.1f}"
                for part in (
                    seconds,
                    reading.wall,
                    embedding.wall,
                    seconds - reading.wall - embedding.wall,
                    busy - reading.cpu - embedding.cpu,
                )
            ]
        ],
    )


@dataclass
class Spent:
    """Seconds on the clock and seconds of this thread's computing."""

    wall: float = 0.0
    cpu: float = 0.0


def _copied(turn: stores.Document, copy: int) -> stores.Document:
    told = {key: f"{copy}-{turn[key]}" for key in ("id", "conversation")}
    return {**turn, **told, "space": stores.SPACE}


@contextmanager
def timed(owner: type, name: str) -> Iterator[Spent]:
    """Sums the seconds that calls of the method *name* of *owner* take."""
    original, spent = getattr(owner, name), Spent()

    def call(*args: Any, **options: Any) -> Any:
        began, began_cpu = time.perf_counter(), time.thread_time()
        try:
            return original(*args, **options)
        finally:
            spent.wall += time.perf_counter() - began
            spent.cpu += time.thread_time() - began_cpu

    setattr(owner, name, call)
    try:
        yield spent
    finally:
        setattr(owner, name, original)


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description="Does the right memory come back?")
    parser.add_argument("--locomo", type=Path, required=True, help="a LoCoMo file")
    parser.add_argument("--paraphrase", type=Path, required=True, help="facts and questions, JSON Lines")
    parser.add_argument("--mode", type=Mode, nargs="+", default=[Mode.HYBRID], choices=list(Mode))
    parser.add_argument(
        "--homes", type=Path, help="keep the stores here, and use them as they are if they are there"
    )
    parser.add_argument("--unrelated", type=Path, default=UNRELATED, help="questions without an answer")
    parser.add_argument("--no-cost", action="store_true", help="leave the large store alone")
    parser.add_argument("--no-abstention", action="store_true", help="leave the context block alone")
    given = parser.parse_args()
    with stores.directory(given.homes) as homes:
        sets = opened(given, homes)
        if not given.no_abstention:
            show_abstention(sets)
        for mode in given.mode:
            show_paraphrases(sets, mode)
            show_conversations(sets, mode)
        if not given.no_cost:
            show_cost(sets, homes)


if __name__ == "__main__":
    main()
