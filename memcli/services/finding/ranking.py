"""How good each candidate is: pure functions over arrays, and every constant with its reason.

A turn of a conversation and a fact are found in different ways. A turn says little by itself: what it
answers, who says it and what is said around it carry its meaning, and questions about conversations
repeat their words. A fact stands alone, and is asked for in other words. So each kind has weights of its
own, in units of cosine, and one scale (`TURN_SCALE`) makes them comparable.

The figures are those of `tests/benchmarks/retrieval.py`: evidence recall on the five development
conversations, R@5 and R@10 in percent, and mean reciprocal rank on paraphrased questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memcli.model import Mode
from memcli.services.finding import decay, when
from memcli.services.finding.words import Words, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.settings import DecaySettings
    from memcli.storage.candidates import Candidates

    Numbers = NDArray[np.float64]

REACH = 2
"""Turns before and after that lend a turn their terms. 1 cost 1.5 points of R@5 and 3.7 of R@10, 3 cost 2.8
and 0.6."""

NEAR = 2.5
"""What full coverage by a turn and those within `REACH` is worth. 1.5 cost 1.2 points of R@5, 3.5 gained 0.2
and cost as much of R@50."""

COVERED = 1.0
"""What full coverage by the turn itself is worth besides. 0 cost 1.6 points of R@5, 2.5 as many of R@10."""

PREVIOUS, NEXT = 0.25, 0.2
"""Share of the cosine of the turn before and the turn after. Without the former, 0.4 points of R@10 less."""

LENDING = 100
"""Candidates, the nearest to the query, that lend their cosine to the turns beside them, as far as it exceeds
that of the last of them: to stand beside what is of no use is worth no more than to stand alone. Lending all
of it cost 0.7 points of R@5 with all conversations in one space; 200 made no difference."""

SPEAKER = 0.2
"""For a turn of the person asked about. 0 cost 0.8 points of R@5."""

ABSENT = 1.0
"""Against a conversation in which the person asked about neither takes part nor is named. With all
conversations in one space 0.5 cost 0.6 points of R@5."""

TIME = 1.0
"""For a time that the query names: a question in eight does, and without this R@5 was 5 points lower."""

TIME_OF_FACT = 0.1
"""The same for a fact, which is dated by when it was stored, not by what it tells. Not measured."""

ASKS, ANSWERS = 0.25, 0.2
"""Against a turn that ends with a question, and for the turn behind it. Without both, R@10 lost 2.7."""

WORDS_FROM, WORDS = 0.5, 10.0
"""A fact's words count from half of the query's on, and then decide: identifiers, titles, quotations.
Below, shared words mislead paraphrased questions: 3 x coverage squared gave MRR 0.66, this 0.68, before
hubness."""

HUBNESS = 0.5
"""Share of its mean cosine to the nearest of a bank of questions that a fact loses: some facts are near to
every question (CSLS, Conneau et al. 2018, arXiv:1710.04087, whose weight this is). Paraphrases: MRR 0.680
without, 0.706 with it; on others of our own, held out, 0.676 and 0.692."""

HUBNESS_OF = 100
"""Facts, the nearest to the query, whose hubness is looked at. The others get the mean of these."""

KIND, KIND_MOST = 0.1, 2.0
"""What the kind of the question, -KIND_MOST..KIND_MOST, is worth for all candidates alike: whoever asks for
the capital of Mongolia means nothing in here unless something is very near. See `Questions.kind`."""

UNKNOWN_NAME = 0.3
"""Against all candidates, where the question asks about somebody whom none of them names."""

MENTIONED = 1 / 6
"""Share of that where the question merely mentions an unknown name: it may be meant in other words."""

TURN_SCALE = 0.13
"""What puts turns on the scale of facts: the slopes of logistic regressions of "is relevant" on it, 1.3
for turns and 10 for facts. With conversations and facts in one space both are found as well as alone, R@5 75,
MRR 0.75; what the question itself tells must weigh the same for both, or R@5 is 58."""

TURN_DOUBT = 0.038
"""What a turn must have more than a fact to be taken for an answer, whatever the question tells: so does one
default minimum leave nine in ten unrelated questions without a hit, of facts as of conversations."""

SLOPE, MIDDLE = 8.0, 0.42
"""The score is 1 / (1 + e^(-slope (relevance - middle))): how likely the first hit is right where half of the
questions have an answer, from a logistic regression on paraphrased and unrelated questions."""


@dataclass(frozen=True)
class Question:
    """What is asked, apart from its words and its vector.

    Attributes:
        memories: How many memories the store has.
        now: The time, UTC.
        times: The times that it names.
        about: The names that it asks about, in lower case.
        mentions: All names in it, in lower case.
        kind: Above 0 if it is the kind of thing that one asks one's own memory, below if one asks anybody;
            0 where that can't be told.
        hubness: Gives the mean cosine of vectors, shape (m, dimension), to the nearest questions; None
            where that is not known.
    """

    memories: int
    now: np.datetime64
    times: tuple[when.Time, ...] = ()
    about: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    kind: float = 0.0
    hubness: Callable[[NDArray[np.float32]], Numbers] | None = None


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against each of n candidates.

    Attributes:
        signals: What was observed, by name, shape (n,) each.
        contributions: What each signal adds to the relevance, in units of cosine, shape (n,) each.
        own: What speaks for each candidate itself, on one scale for facts and turns, shape (n,).
        prior: What the question tells, the same for all. `own` and this add up to the contributions.
        doubt: What each must have more than a fact to be taken for an answer, shape (n,).
    """

    signals: Mapping[str, Numbers]
    contributions: Mapping[str, Numbers]
    own: Numbers
    prior: float
    doubt: Numbers


@dataclass(frozen=True)
class Ranked:
    """n candidates in the order of what is known about them.

    Attributes:
        evidence: What speaks for and against each.
        order: Their places, best first, shape (n,).
        relevance: How likely each answers, 0..1, shape (n,), however old and unimportant it is.
        score: What ranks, with decay and importance, 0..1, shape (n,).
        similarity: The cosine of each to the query; 0 where no vectors were compared.
        decay: Retention now, 0..1.
        factors: What decay and importance each make of the relevance, as factors around 1.
    """

    evidence: Evidence
    order: NDArray[np.int64]
    relevance: Numbers
    score: Numbers
    similarity: Numbers
    decay: Numbers
    factors: Mapping[str, Numbers]


PROMISING = 150
"""Candidates of which more is read than how near they are and which terms they hold. With all conversations
in one space R@5 and R@10 of ten hits were 75.1 and 83.1, with 100 candidates 74.3 and 82.9, with 250 of them
74.6 and 82.8."""


def score(relevance: Numbers | float) -> Numbers:
    """*relevance* as a number from 0 to 1 that keeps the order."""
    return np.asarray(1.0 / (1.0 + np.exp(-SLOPE * (np.asarray(relevance) - MIDDLE))))


class Neighbours:
    """Which candidate is the turn before or after each, some steps away in the same conversation."""

    def __init__(self, found: Candidates) -> None:
        self._keys = found.talk * (1 << 40) + found.position
        self._turn = found.is_turn
        self._order = np.argsort(self._keys, kind="stable")
        self._sorted = self._keys[self._order]
        self._known: dict[int, tuple[NDArray[np.int64], NDArray[np.bool_]]] = {}

    def at(self, steps: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The place of the turn *steps* further on (before, if negative), and whether it is there."""
        if steps not in self._known:
            self._known[steps] = self._at(steps)
        return self._known[steps]

    def _at(self, steps: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        wanted = self._keys + steps
        if not len(wanted):
            return wanted, self._turn
        place = self._order[np.minimum(np.searchsorted(self._sorted, wanted), len(wanted) - 1)]
        # what belongs to a conversation without a position stands before position 0, and is no turn
        return place, (self._keys[place] == wanted) & self._turn & self._turn[place]

    def shifted(self, values: Numbers, steps: int) -> Numbers:
        """*values*, shape (..., n), of the turn *steps* further on; 0 where there is none."""
        place, there = self.at(steps)
        return np.where(there, values[..., place], 0.0)


def ranked(found: Candidates, question: Question, mode: Mode, settings: DecaySettings) -> Ranked:
    """*found* in order.

    Args:
        found: The candidates.
        question: What is asked.
        mode: Which evidence counts; by meaning or words alone, that of the memory itself only.
        settings: How memories fade.
    """
    proof = _EVIDENCE[mode](found, question)
    since = np.where(np.isnat(found.used_at), found.created_at, np.fmax(found.used_at, found.created_at))
    age = (question.now - since).astype(np.float64) / decay.DAY_US
    retained = decay.retention(age, found.importance, settings)
    factors = {"decay": decay.fading(retained, settings), "importance": decay.mattering(found.importance)}
    # what speaks against a memory must not weigh less because it is old
    adjusted = np.where(proof.own > 0, proof.own * factors["decay"] * factors["importance"], proof.own)
    return Ranked(
        evidence=proof,
        order=np.lexsort((np.asarray(found.ids), -adjusted)),
        relevance=score(proof.own + proof.prior - proof.doubt),
        score=score(adjusted + proof.prior),
        similarity=np.nan_to_num(found.cosine),
        decay=retained,
        factors=factors,
    )


def promising(cosine: Numbers, scores: Numbers) -> NDArray[np.int64]:
    """The places of the `PROMISING` best of n candidates, as far as cosines and BM25 scores alone tell.

    The best of each term is among them: it tells how rare the term is.

    Args:
        cosine: Shape (n,); nan where it is not known.
        scores: Shape (terms, n); 0 where a candidate does not hold the term.
    """
    best = scores.max(axis=1, initial=0.0)
    covered = scores.sum(axis=0) / max(float(best.sum()), 1e-9)
    rough = np.nan_to_num(cosine, nan=_least(cosine)) + (NEAR + COVERED) * covered
    first = np.argsort(-rough, kind="stable")[:PROMISING]
    held = scores[best > 0]
    return np.union1d(first, held.argmax(axis=1)) if len(held) else np.sort(first)


def first_look(found: Candidates, memories: int) -> NDArray[np.int64]:
    """The places of *found*, best first by what each says itself: worth completing what is around them.

    Args:
        found: The candidates.
        memories: How many memories the store has.
    """
    words = Words(found, memories)
    covered = words.coverage(np.asarray(found.term_scores), ~words.names)
    cosine = np.nan_to_num(found.cosine, nan=_least(found.cosine))
    return np.argsort(-(cosine + (NEAR + COVERED) * covered), kind="stable")


def evidence(found: Candidates, question: Question) -> Evidence:
    """The evidence for each candidate, meaning and words together."""
    words = Words(found, question.memories)
    turn = found.is_turn
    turns = _of_turns(found, words, question) if turn.any() else {}
    facts = _of_facts(found, words, question)
    signals, contributions = {}, {}
    nothing = (np.zeros(len(found)), np.zeros(len(found)))
    for name in SIGNALS:
        of_turn, of_fact = turns.get(name, nothing), facts.get(name, nothing)
        signals[name] = np.where(turn, of_turn[0], of_fact[0])
        contributions[name] = np.where(turn, TURN_SCALE * of_turn[1], of_fact[1])
    own = np.sum(list(contributions.values()), axis=0)
    kind = min(max(question.kind, -KIND_MOST), KIND_MOST)
    unknown = 1.0 if words.lack(question.about) else MENTIONED if words.lack(question.mentions) else 0.0
    for name, value, weight in (("asks_memory", kind, KIND), ("unknown_name", unknown, -UNKNOWN_NAME)):
        signals[name] = np.full(len(found), value)
        contributions[name] = np.full(len(found), weight * value)
    prior = KIND * kind - UNKNOWN_NAME * unknown
    return Evidence(signals, contributions, own, prior, doubt=np.where(turn, TURN_DOUBT + prior, 0.0))


SIGNALS = ("cosine", "coverage", "surroundings", "speaker", "time", "question", "hubness")
"""What speaks for or against a memory itself, in the order in which it is told."""

Signals = Mapping[str, "tuple[Numbers, Numbers]"]
"""Of each signal, what was observed and what it contributes."""


def _of_turns(found: Candidates, words: Words, question: Question) -> Signals:
    beside = Neighbours(found)
    cosine = np.nan_to_num(found.cosine, nan=_least(found.cosine))
    known = _above_others(cosine)
    around = PREVIOUS * beside.shifted(known, -1) + NEXT * beside.shifted(known, 1)
    said = ~words.names
    scores = np.asarray(found.term_scores)
    reached = scores.copy()
    for steps in (*range(-REACH, 0), *range(1, REACH + 1)):
        np.maximum(reached, beside.shifted(scores, steps), out=reached)
    own, near = words.coverage(scores, said), words.coverage(reached, said)
    speaks, missing = _people(found, words)
    asks = found.asks.astype(float)
    answers = beside.shifted(asks, -1)
    close = when.closeness(question.times, found.created_at)
    return {
        "cosine": (cosine, cosine),
        "coverage": (own, COVERED * own),
        "surroundings": (near, NEAR * near + around),
        "speaker": (speaks - missing, SPEAKER * speaks - ABSENT * missing),
        "time": (close, TIME * close),
        "question": (answers - asks, ANSWERS * answers - ASKS * asks),
    }


def _people(found: Candidates, words: Words) -> tuple[Numbers, Numbers]:
    """Which turns are by somebody asked about, and which are from where nobody asked about is: 0 or 1 each.

    Who asks about all who take part in a conversation tells nothing about its turns.
    """
    asked = {term.lower() for term, is_name in zip(found.terms, words.names, strict=True) if is_name}
    none = np.zeros(len(found))
    if not asked:
        return none, none
    by_name = {name: bool(asked & set(words_of(name))) for name in set(found.speaker)}
    speaks = np.array([by_name[name] for name in found.speaker], dtype=bool)
    has = np.bincount(found.talk, weights=speaks)[found.talk] > 0
    has_other = np.bincount(found.talk, weights=~speaks)[found.talk] > 0
    named = (found.term_scores[words.names] > 0).any(axis=0)
    return (speaks & has_other).astype(float), (~has & ~named).astype(float)


def _of_facts(found: Candidates, words: Words, question: Question) -> Signals:
    cosine = np.nan_to_num(found.cosine, nan=_least(found.cosine))
    every = np.ones(len(found.terms), dtype=np.bool_)
    covered = words.coverage(np.asarray(found.term_scores), every)
    hubs = _hubness(found, question)
    close = when.closeness(question.times, found.created_at)
    return {
        "cosine": (cosine, cosine),
        "coverage": (covered, WORDS * np.maximum(covered - WORDS_FROM, 0.0)),
        "hubness": (hubs, -HUBNESS * hubs),
        "time": (close, TIME_OF_FACT * close),
    }


def _least(cosine: Numbers) -> float:
    """What a cosine that was not asked for can be at most: the lowest of the nearest."""
    known = cosine[~np.isnan(cosine)]
    return float(known.min()) if len(known) else 0.0


def _above_others(cosine: Numbers) -> Numbers:
    """How much nearer each is than the last of the `LENDING` nearest; 0 for all others."""
    most = min(LENDING, len(cosine))
    return np.maximum(cosine - np.sort(cosine)[-most], 0.0) if most else cosine


def _hubness(found: Candidates, question: Question) -> Numbers:
    """How near each fact is to questions of any kind, shape (n,); 0 where that is not known."""
    places = found.vectors.places
    facts = np.flatnonzero(~found.is_turn[places])
    if question.hubness is None or not len(facts):
        return np.zeros(len(found))
    nearest = facts[np.argsort(-found.cosine[places[facts]], kind="stable")[:HUBNESS_OF]]
    hubs = question.hubness(found.vectors.units(nearest))
    of_all = np.full(len(found), float(hubs.mean()))
    of_all[places[nearest]] = hubs
    return of_all


def _by_meaning(found: Candidates, question: Question) -> Evidence:  # noqa: ARG001  # all are called alike
    cosine = np.nan_to_num(found.cosine, nan=_least(found.cosine))
    return Evidence({"cosine": cosine}, {"cosine": cosine}, cosine, 0.0, np.zeros(len(found)))


def _by_words(found: Candidates, question: Question) -> Evidence:
    every = np.ones(len(found.terms), dtype=np.bool_)
    covered = Words(found, question.memories).coverage(np.asarray(found.term_scores), every)
    return Evidence({"coverage": covered}, {"coverage": covered}, covered, 0.0, np.zeros(len(found)))


_EVIDENCE = {Mode.HYBRID: evidence, Mode.VECTOR: _by_meaning, Mode.TEXT: _by_words}
