"""What a comparison of two statements shows, as numbers: the evidence that the decision weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from memcli.services.conflicts import lexicon, vectors
from memcli.services.conflicts.comparison import SAME, Comparison, compare
from memcli.services.conflicts.frames import Frame, frame
from memcli.services.conflicts.words import Text, Token, read

Features = dict[str, float]

_SELF = frozenset(("i", "user", "we", "you", "they", "he", "she"))
_MOST = 4
"""Counts above this say no more than this."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two statements read, compared and taken apart.

    Args:
        comparison: Which words answer which.
        old: The parts of the old statement.
        new: The parts of the new one.
    """

    comparison: Comparison
    old: Frame
    new: Frame


def evidence(old: str, new: str) -> Evidence:
    """Read and compare *old* and *new*."""
    one, other = read(old), read(new)
    return Evidence(compare(one, other), frame(one), frame(other))


def features(found: Evidence, cosine: float) -> Features:
    """All features of *found*, by name; the cosine of the two texts' vectors is one of them."""
    made: Features = {"cosine": cosine}
    for part in (_overlap, _quantities, _subject, _predicate, _values, _scopes, _polarity, _cues, _kinds, _roles, _edits, _slots):
        made.update(part(found))
    return made


def _count(tokens: Iterable[object]) -> float:
    return float(min(sum(1 for _ in tokens), _MOST))


def _has(token: Token, *classes: str) -> bool:
    return not token.classes.isdisjoint(classes)


def _any(text: Text, *classes: str) -> float:
    return float(any(_has(token, *classes) for token in text.tokens))


def _trivial(token: Token) -> bool:
    return _has(token, "trivial", "cue.hedge") and token.quantity is None


def _core(tokens: Iterable[Token]) -> list[Token]:
    return [token for token in tokens if not _trivial(token)]


# --- words ---


def _overlap(found: Evidence) -> Features:
    c = found.comparison
    size_old, size_new = max(len(c.old.content), 1), max(len(c.new.content), 1)
    core_old, core_new = _core(c.only_old), _core(c.only_new)
    near_old = [_nearest(token, c.new.content) for token in core_old]
    near_new = [_nearest(token, c.old.content) for token in core_new]
    exact = sum(1 for pair in c.pairs if pair.strength == 1.0)
    order = [pair.new.at for pair in c.pairs if pair.strength >= SAME]
    crossings = sum(1 for i, a in enumerate(order) for b in order[i + 1 :] if a > b)
    return {
        "size_old": float(min(size_old, 20)),
        "size_new": float(min(size_new, 20)),
        "size_difference": float(max(-10, min(size_new - size_old, 10))),
        "answered_old": 1 - len(c.only_old) / size_old,
        "answered_new": 1 - len(c.only_new) / size_new,
        "answered_least": min(1 - len(c.only_old) / size_old, 1 - len(c.only_new) / size_new),
        "answered_most": max(1 - len(c.only_old) / size_old, 1 - len(c.only_new) / size_new),
        "exact": 2 * exact / (size_old + size_new),
        "only_old": _count(c.only_old),
        "only_new": _count(c.only_new),
        "core_old": _count(core_old),
        "core_new": _count(core_new),
        "core_both": min(_count(core_old), _count(core_new)),
        "near_old": sum(near_old) / len(near_old) if near_old else 1.0,
        "near_new": sum(near_new) / len(near_new) if near_new else 1.0,
        "far_old": _count(n for n in near_old if n < 0.35),
        "far_new": _count(n for n in near_new if n < 0.35),
        "unknown_old": _count(t for t in core_old if t.kind == "word" and not vectors.knows(t.lemma)),
        "unknown_new": _count(t for t in core_new if t.kind == "word" and not vectors.knows(t.lemma)),
        "crossings": float(min(crossings, 6)),
        "foreign": float(c.old.language != "en" or c.new.language != "en"),
        "languages_differ": float(c.old.language != c.new.language),
    }


def _nearest(token: Token, others: Sequence[Token]) -> float:
    return max((_near(token, other) for other in others), default=0.0)


def _near(one: Token, other: Token) -> float:
    """How near two words are, whether or not they stand for each other; 0..1."""
    if one.quantity is not None or other.quantity is not None:
        if one.quantity is None or other.quantity is None:
            return 0.0
        return 1.0 if one.quantity.same(other.quantity) else 0.6 if one.quantity.comparable(other.quantity) else 0.0
    if one.lemma == other.lemma:
        return 1.0
    if one.concepts & other.concepts:
        return 0.95
    return max(vectors.nearness(one.lemma, other.lemma), 0.0)


# --- quantities ---


def _quantities(found: Evidence) -> Features:
    c = found.comparison
    old = [token for token in c.only_old if token.quantity]
    new = [token for token in c.only_new if token.quantity]
    clash = [(a, b) for a in old for b in new if a.quantity.comparable(b.quantity)]  # type: ignore[union-attr, arg-type]
    kinds = {a.quantity.kind for a, _ in clash if a.quantity}
    same = sum(1 for pair in c.pairs if pair.old.quantity)
    labels = [t for t in (*old, *new) if _labels(t, c.old if t in old else c.new)]
    time = {"clock", "date", "weekday"}
    return {
        "quantities_same": float(min(same, 3)),
        "quantities_old": _count(old),
        "quantities_new": _count(new),
        "quantities_clash": _count(clash),
        "clash_time": float(bool(kinds & time)),
        "clash_number": float("number" in kinds),
        "clash_amount": float(bool(kinds - time - {"number", "version"})),
        "clash_version": float("version" in kinds),
        "clash_early": float(any(found.old.parts[a.at] == "subject" for a, _ in clash)),
        "clash_both_early": float(
            any(found.old.parts[a.at] == "subject" and found.new.parts[b.at] == "subject" for a, b in clash)
        ),
        "clash_scope": float(any(found.old.parts[a.at] == "scope" and found.new.parts[b.at] == "scope" for a, b in clash)),
        "clash_label": _count(labels),
        "codes_clash": min(_count(t for t in c.only_old if t.kind == "code"), _count(t for t in c.only_new if t.kind == "code")),
        "only_codes": _count(t for t in (*c.only_old, *c.only_new) if t.kind == "code"),
        "quantity_only_new": float(bool(new) and not old),
        "quantity_only_old": float(bool(old) and not new),
        "quantity_last": float(bool(clash) and all(a.at >= len(c.old.tokens) - 2 for a, _ in clash)),
    }


def _labels(token: Token, text: Text) -> bool:
    """Whether a number names what it follows, as in "ticket 881", before anything is said of it."""
    if token.quantity is None or token.quantity.kind != "number" or token.at == 0 or token.at > 3:
        return False
    before = text.tokens[token.at - 1]
    return before.kind == "word" and not _has(before, "preposition", "function") and token.at < len(text.tokens) - 1


# --- who or what ---


def _subject(found: Evidence) -> Features:
    c = found.comparison
    old = [t for t in c.only_old if found.old.parts[t.at] == "subject"]
    new = [t for t in c.only_new if found.new.parts[t.at] == "subject"]
    core_old, core_new = _core(old), _core(new)
    heads = _head(c.old, found.old), _head(c.new, found.new)
    relation_old, relation_new = (
        [t for t in tokens if _has(t, "relation")] for tokens in (c.only_old, c.only_new)
    )
    self_old, self_new = (_about_self(text, parts) for text, parts in ((c.old, found.old), (c.new, found.new)))
    names_old, names_new = ([t for t in tokens if _is_name(t)] for tokens in (c.only_old, c.only_new))
    first_old, first_new = (next(iter(text.content), None) for text in (c.old, c.new))
    return {
        "subject_old": _count(core_old),
        "subject_new": _count(core_new),
        "subject_both": min(_count(core_old), _count(core_new)),
        "subject_either": max(_count(core_old), _count(core_new)),
        "subject_near": max((_near(a, b) for a in core_old for b in core_new), default=0.0),
        "subject_shared": _count(
            p for p in c.pairs if p.strength >= SAME and found.old.parts[p.old.at] == found.new.parts[p.new.at] == "subject"
        ),
        "self_old": float(self_old),
        "self_new": float(self_new),
        "self_differs": float(self_old != self_new),
        "head_same": float(all(heads) and (heads[0].lemma == heads[1].lemma or bool(heads[0].concepts & heads[1].concepts)))  # type: ignore[union-attr]
        if all(heads)
        else -1.0,
        "head_answered": float(heads[0] is None or heads[0].at in c.answered_old)
        + float(heads[1] is None or heads[1].at in c.answered_new),
        "relation_old": _count(relation_old),
        "relation_new": _count(relation_new),
        "relation_both": min(_count(relation_old), _count(relation_new)),
        "names_old": _count(names_old),
        "names_new": _count(names_new),
        "names_both": min(_count(names_old), _count(names_new)),
        "subject_names_both": min(
            _count(t for t in names_old if found.old.parts[t.at] == "subject"),
            _count(t for t in names_new if found.new.parts[t.at] == "subject"),
        ),
        "owner_differs": float(bool(first_old and first_new) and first_old.owner != first_new.owner),  # type: ignore[union-attr]
        "first_answered": float(first_old is not None and first_old.at in c.answered_old)
        + float(first_new is not None and first_new.at in c.answered_new),
        "first_same": float(first_old is not None and first_new is not None and first_old.lemma == first_new.lemma),
        "subject_replaced_by_none": float(bool(core_old) and not new),
    }


def _head(text: Text, parts: Frame) -> Token | None:
    """The last noun of the subject before any preposition: what the statement is about."""
    subject = [t for t in text.content if parts.parts[t.at] == "subject" and not parts.prepositions[t.at] and t.quantity is None]
    return subject[-1] if subject else None


def _about_self(text: Text, parts: Frame) -> bool:
    """Whether the statement is about the user, who may go without saying."""
    subject = [t for t in text.content if parts.parts[t.at] == "subject" and not _has(t, "cue.hedge", "scope.time")]
    return not subject or subject[0].lemma in _SELF


def _is_name(token: Token) -> bool:
    """Whether *token* looks like a name: a capital within the statement, or one that opens it and is no word of ours."""
    if token.kind != "word" or not token.text[:1].isupper():
        return False
    return token.capital or not (token.classes or token.concepts or token.lemma in lexicon.basic_words())


# --- what is said ---

_ATTRIBUTE_KINDS = ("one", "many", "event", "state", "likes", "dislikes")


def _kinds_of(tokens: Iterable[Token]) -> set[str]:
    known = lexicon.concept_kinds()
    return {known.get(concept, "") for token in tokens for concept in token.concepts}


def _predicate(found: Evidence) -> Features:
    c = found.comparison
    verbs = found.old.verb, found.new.verb
    shared = [p for p in c.pairs if p.strength >= SAME]
    both = _kinds_of(p.old for p in shared) & _kinds_of(p.new for p in shared)
    heads_old = _kinds_of(t for t in c.old.content if found.old.parts[t.at] != "complement")
    heads_new = _kinds_of(t for t in c.new.content if found.new.parts[t.at] != "complement")
    made = {
        "verb_same": float(verbs[0].lemma == verbs[1].lemma) if verbs[0] and verbs[1] else -1.0,
        "verb_concept": float(bool(verbs[0].concepts & verbs[1].concepts)) if verbs[0] and verbs[1] else -1.0,
        "verb_near": _near(verbs[0], verbs[1]) if verbs[0] and verbs[1] else 0.0,
        "verb_old": float(verbs[0] is not None),
        "verb_new": float(verbs[1] is not None),
        "be_old": float(verbs[0] is not None and verbs[0].lemma == "be"),
        "be_new": float(verbs[1] is not None and verbs[1].lemma == "be"),
        "order_old": float(found.old.order),
        "order_new": float(found.new.order),
        "key_value_old": float(found.old.key_value),
        "key_value_new": float(found.new.key_value),
        "exclusive": float(any(_has(p.old, "exclusive") for p in shared)),
        "exclusive_new": float(any(_has(t, "exclusive") for t in c.only_new)),
        "verb_only_old": float(verbs[0] is not None and verbs[0].lemma != "be" and verbs[0].at not in c.answered_old),
        "verb_only_new": float(verbs[1] is not None and verbs[1].lemma != "be" and verbs[1].at not in c.answered_new),
        "past_old": _past(c.old),
        "past_new": _past(c.new),
    }
    for kind in _ATTRIBUTE_KINDS:
        made[f"shared_{kind}"] = float(kind in both)
        made[f"kind_old_{kind}"] = float(kind in heads_old)
        made[f"kind_new_{kind}"] = float(kind in heads_new)
    return made


def _past(text: Text) -> float:
    """Whether something is told as over: a verb in the past tense."""
    return float(
        any(
            _has(t, "verb")
            and t.kind == "word"
            and (t.text.lower().endswith("ed") or lexicon.forms().get(t.text.lower()) == t.lemma != "be")
            and not t.text.lower().endswith(("s", "ing"))
            for t in text.tokens
        )
        or any(t.text.lower() in ("was", "were", "had", "did") for t in text.tokens)
    )


def _values(found: Evidence) -> Features:
    c = found.comparison
    old = [t for t in _core(c.only_old) if found.old.parts[t.at] == "complement"]
    new = [t for t in _core(c.only_new) if found.new.parts[t.at] == "complement"]
    nears = [_near(a, b) for a in old for b in new]
    spans = _spans(c.only_old), _spans(c.only_new)
    last_old, last_new = (text.content[-1] if text.content else None for text in (c.old, c.new))
    alike = bool(old and new) and old[0].capital == new[0].capital and (old[0].kind == new[0].kind)
    places = [
        (found.old.prepositions[a.at], found.new.prepositions[b.at], found.old.phrases[a.at], found.new.phrases[b.at])
        for a in old[:1]
        for b in new[:1]
    ]
    kept = [t for t in c.old.content if found.old.parts[t.at] == "complement"]
    return {
        "value_old": _count(old),
        "value_new": _count(new),
        "value_both": min(_count(old), _count(new)),
        "value_near": max(nears, default=0.0),
        "value_near_mean": sum(nears) / len(nears) if nears else 0.0,
        "value_capitals": float(bool(old and new) and old[0].capital and new[0].capital),
        "value_alike": float(alike),
        "value_single": float(len(old) == 1 and len(new) == 1),
        "value_same_preposition": float(any(a == b for a, b, _, _ in places)),
        "value_same_phrase": float(any(a == b for _, _, a, b in places)),
        "value_kept": sum(t.at in c.answered_old for t in kept) / len(kept) if kept else -1.0,
        "value_colors": float(any(_has(a, "color") for a in old) and any(_has(b, "color") for b in new)),
        "spans_old": float(min(spans[0], 4)),
        "spans_new": float(min(spans[1], 4)),
        "spans_both": float(min(*spans, 4)),
        "last_old_only": float(last_old is not None and last_old.at not in c.answered_old),
        "last_new_only": float(last_new is not None and last_new.at not in c.answered_new),
        "same_ending": float(bool(last_old and last_new) and last_old.lemma == last_new.lemma),  # type: ignore[union-attr]
        "listed": float(any(t.lemma == "and" for t in c.old.tokens)),
    }


def _spans(tokens: Sequence[Token]) -> int:
    """How many stretches of neighbouring words *tokens* form, with one small word between them at most."""
    return sum(1 for i, token in enumerate(tokens) if i == 0 or token.at - tokens[i - 1].at > 2)


# --- where, when and under which condition ---

_SCOPES = ("environment", "scope.time", "scope.place", "scope.kind")


def _scopes(found: Evidence) -> Features:
    c = found.comparison
    made: Features = {}
    for name in _SCOPES:
        old = [t for t in c.only_old if _has(t, name)]
        new = [t for t in c.only_new if _has(t, name)]
        made[f"{name}_both"] = min(_count(old), _count(new))
        made[f"{name}_either"] = _count((*old, *new))
    scoped_old = [t for t in c.only_old if found.old.parts[t.at] == "scope"]
    scoped_new = [t for t in c.only_new if found.new.parts[t.at] == "scope"]
    made["scope_old"] = _count(scoped_old)
    made["scope_new"] = _count(scoped_new)
    made["scope_both"] = min(_count(scoped_old), _count(scoped_new))
    made["scope_same_preposition"] = float(
        any(found.old.prepositions[a.at] == found.new.prepositions[b.at] for a in scoped_old for b in scoped_new)
    )
    made["scope_and_value"] = float(bool(scoped_old and scoped_new)) * float(
        any(found.old.parts[t.at] == "complement" for t in c.only_old)
        and any(found.new.parts[t.at] == "complement" for t in c.only_new)
    )
    made["scoped_old"] = float("scope" in found.old.parts)
    made["scoped_new"] = float("scope" in found.new.parts)
    return made


# --- yes and no ---


def _polarity(found: Evidence) -> Features:
    c = found.comparison
    explicit = frozenset(("not", "no", "never", "without", "none", "neither", "nor", "nobody", "nothing"))
    counts = []
    for text, absorbed in ((c.old, c.absorbed_old), (c.new, c.absorbed_new)):
        negations = [t for t in text.tokens if _has(t, "negation") and t.at not in absorbed]
        counts.append((sum(t.lemma in explicit for t in negations), len(negations)))
    opposites = _opposites(c)
    likes = [
        (kinds & {"likes"}) and 1 or (kinds & {"dislikes"}) and -1 or 0
        for kinds in (_kinds_of(c.old.content), _kinds_of(c.new.content))
    ]
    (no_old, all_old), (no_new, all_new) = counts
    return {
        "not_old": float(min(no_old, 2)),
        "not_new": float(min(no_new, 2)),
        "not_differs": float(no_old % 2 != no_new % 2),
        "negative_old": float(min(all_old, 3)),
        "negative_new": float(min(all_new, 3)),
        "negative_differs": float(all_old % 2 != all_new % 2),
        "opposites": float(min(opposites, 3)),
        "turned": float((no_old + no_new + opposites) % 2),
        "turned_all": float((all_old + all_new + opposites) % 2),
        "likes_turned": float(likes[0] * likes[1] == -1),
        "likes_old": float(likes[0]),
        "likes_new": float(likes[1]),
    }


_NEGATING = ("un", "in", "im", "ir", "dis", "non", "de")


def _opposites(c: Comparison) -> int:
    known = lexicon.opposites()

    def names(token: Token) -> frozenset[str]:
        return token.concepts | {token.lemma, token.text.lower()}

    def opposed(one: Token, other: Token) -> bool:
        a, b = one.lemma, other.lemma
        if any(a == p + b or b == p + a for p in _NEGATING) and min(len(a), len(b)) > 3:
            return True
        return any(not names(other).isdisjoint(known.get(name, ())) for name in names(one))

    both = {t.lemma for t in c.old.tokens} & {t.lemma for t in c.new.tokens}
    new = [t for t in c.new.tokens if t.at not in c.answered_new and t.kind == "word" and t.lemma not in both]
    old = [t for t in c.old.tokens if t.at not in c.answered_old and t.kind == "word" and t.lemma not in both]
    return sum(1 for a in old if any(opposed(a, b) for b in new))


# --- signs of change ---

_CUES = ("cue.change", "cue.strong", "cue.correct", "cue.end", "cue.past", "cue.future", "cue.again", "cue.hedge")


def _cues(found: Evidence) -> Features:
    c = found.comparison
    made: Features = {}
    for cue in _CUES:
        made[f"{cue}_old"] = float(any(_has(t, cue) for t in c.old.tokens if t.at not in c.answered_old))
        made[f"{cue}_new"] = float(any(_has(t, cue) for t in c.new.tokens if t.at not in c.answered_new))
    made["cue_late"] = float(
        any(_has(t, "cue.change") and found.new.parts[t.at] != "subject" for t in c.new.tokens if t.at not in c.answered_new)
    )
    negated = [t.at for t in c.new.tokens if _has(t, "negation") or t.lemma in ("from", "instead", "than", "leave", "replace", "off", "drop")]
    made["denied_value"] = float(
        any(
            p.strength >= SAME and found.old.parts[p.old.at] != "subject" and any(0 < p.new.at - at <= 3 for at in negated)
            for p in c.pairs
        )
    )
    made["new_all_trivial"] = float(bool(c.only_new) and not _core(c.only_new) and not c.only_old)
    made["hedged_only"] = float(bool(c.only_new) and all(_has(t, "cue.hedge", "trivial", "verb") for t in c.only_new))
    return made


def _kinds(found: Evidence) -> Features:
    """Which stage or state each statement tells of, if it tells of one."""
    c = found.comparison
    known = lexicon.concept_kinds()
    states = [
        {name for t in tokens for name in t.concepts if known.get(name) == "state"}
        for tokens in (
            [t for t in c.old.tokens if t.at not in c.answered_old],
            [t for t in c.new.tokens if t.at not in c.answered_new],
        )
    ]
    open_, closed = {"open", "ongoing", "block", "overdue"}, {"done", "cancel", "paid", "pass-state", "fail-state", "recover"}
    return {
        "state_old": float(bool(states[0])),
        "state_new": float(bool(states[1])),
        "state_both": float(bool(states[0] and states[1])),
        "opened": float(bool(states[0] & open_)),
        "closed": float(bool(states[1] & closed)),
        "opened_closed": float(bool(states[0] & open_ and states[1] & closed)),
        "cancelled": float("cancel" in states[1]),
        "early_old": float(any(_has(t, "stage.early") for t in c.old.tokens if t.at not in c.answered_old)),
        "early_new": float(any(_has(t, "stage.early") for t in c.new.tokens if t.at not in c.answered_new)),
        "late_old": float(any(_has(t, "stage.late") for t in c.old.tokens if t.at not in c.answered_old)),
        "late_new": float(any(_has(t, "stage.late") for t in c.new.tokens if t.at not in c.answered_new)),
        "early_then_late": float(
            any(_has(t, "stage.early") for t in c.old.tokens if t.at not in c.answered_old)
            and any(_has(t, "stage.late") for t in c.new.tokens if t.at not in c.answered_new)
        ),
    }


# --- who does what to whom ---


def _roles(found: Evidence) -> Features:
    c = found.comparison
    sure = [p for p in c.pairs if p.strength >= SAME and _has_weight(p.old)]
    moved = [(found.old.parts[p.old.at], found.new.parts[p.new.at]) for p in sure]
    to_value = sum(1 for a, b in moved if a == "subject" and b != "subject")
    to_subject = sum(1 for a, b in moved if a != "subject" and b == "subject")
    comparing = [t for t in c.old.tokens if t.lemma in ("over", "than", "to", "before", "al", "als") and t.kind == "word"]
    turned = 0
    for word in comparing:
        for other in (t for t in c.new.tokens if t.lemma == word.lemma):
            before = {p.new.at for p in sure if p.old.at < word.at}
            after = {p.new.at for p in sure if p.old.at > word.at}
            turned += any(at > other.at for at in before) and any(at < other.at for at in after)
    passive = [any(t.lemma == "by" for t in text.tokens) for text in (c.old, c.new)]
    return {
        "subject_to_value": float(min(to_value, 3)),
        "value_to_subject": float(min(to_subject, 3)),
        "roles_swapped": float(to_value > 0 and to_subject > 0),
        "names_crossed": float(_names_crossed(c)),
        "by_new": float(passive[1]),
        "comparison_turned": float(turned > 0),
        "passive_differs": float(passive[0] != passive[1]),
        "preferring": float(any(t.concepts & {"prefer"} or t.lemma in ("much", "over") for t in c.old.tokens)),
    }


def _names_crossed(c: Comparison) -> int:
    """How many pairs of words that are no verbs stand in the other order in the new statement, 0..3."""
    places = [(p.old.at, p.new.at) for p in c.pairs if p.strength >= SAME and (_is_name(p.old) or _is_name(p.new))]
    return min(sum(1 for i, a in enumerate(places) for b in places[i + 1 :] if a[1] > b[1]), 3)


def _has_weight(token: Token) -> bool:
    return not _has(token, "verb", "function")


# --- what was put in the place of what ---


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the old statement, and what stands in its place in the new one; either may be empty."""

    old: tuple[Token, ...]
    new: tuple[Token, ...]


def edits(c: Comparison) -> list[Edit]:
    """What to change in the old statement to get the new one, word by word."""
    answers = {p.old.at: p.new.at for p in c.pairs if p.strength >= SAME}
    old = [("=", t.at) if t.at in answers else ("-", t.at) for t in c.old.content]
    back = {new: place for place, new in answers.items()}
    new = [("=", back[t.at]) if t.at in back else ("+", t.at) for t in c.new.content]
    found = []
    for tag, a, b, x, y in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found.append(Edit(tuple(c.old.content[a:b]), tuple(c.new.content[x:y])))
    return found


def _edits(found: Evidence) -> Features:
    c = found.comparison
    all_ = [Edit(tuple(_core(e.old)), tuple(_core(e.new))) for e in edits(c)]
    all_ = [e for e in all_ if e.old or e.new]
    swaps = [e for e in all_ if e.old and e.new]
    first = swaps[0] if swaps else None
    last_old = c.old.content[-1].at if c.old.content else 0
    made = {
        "edits": float(min(len(all_), 5)),
        "swaps": float(min(len(swaps), 4)),
        "put_in": float(min(len(all_) - len(swaps), 4)),
        "one_swap": float(len(all_) == 1 and len(swaps) == 1),
        "swap_place": -1.0,
        "swap_first": 0.0,
        "swap_last": 0.0,
        "swap_near": 0.0,
        "swap_sizes": 0.0,
        "swap_kind": 0.0,
        "swap_part": 0.0,
        "swap_after_preposition": 0.0,
        "swap_before_verb": 0.0,
        "last_swap_near": 0.0,
    }
    if first:
        a, b = first.old[0], first.new[0]
        parts = {"subject": 1.0, "predicate": 2.0, "complement": 3.0, "scope": 4.0}
        before = c.old.tokens[a.at - 1] if a.at else None
        made |= {
            "swap_place": a.at / max(last_old, 1),
            "swap_first": float(a is c.old.content[0]),
            "swap_last": float(swaps[-1].old[-1].at == last_old and swaps[-1].new[-1] is c.new.content[-1]),
            "swap_near": max(_near(x, y) for x in first.old for y in first.new),
            "swap_sizes": float(min(len(first.old), 3) + min(len(first.new), 3)),
            "swap_kind": _kind_of_swap(a, b),
            "swap_part": parts[found.old.parts[a.at]],
            "swap_after_preposition": float(before is not None and _has(before, "preposition")),
            "swap_before_verb": float(found.old.verb is not None and a.at < found.old.verb.at),
            "last_swap_near": max(_near(x, y) for x in swaps[-1].old for y in swaps[-1].new),
        }
    return made


def _kind_of_swap(one: Token, other: Token) -> float:
    """1 for quantities, 2 for identifiers, 3 for names, 4 for words; halves where they differ."""

    def kind(t: Token) -> float:
        return 1.0 if t.quantity else 2.0 if t.kind == "code" else 3.0 if _is_name(t) else 4.0

    return (kind(one) + kind(other)) / 2


def _slots(found: Evidence) -> Features:
    """Whether what both speak of takes one value at a time, and whether only the value differs."""
    c = found.comparison
    shared = [p for p in c.pairs if p.strength >= SAME]
    early = [p for p in shared if found.old.parts[p.old.at] != "complement" or found.new.parts[p.new.at] != "complement"]
    subject_kept = not any(
        found_parts[t.at] == "subject" and not _trivial(t)
        for tokens, found_parts in ((c.only_old, found.old.parts), (c.only_new, found.new.parts))
        for t in tokens
    )
    verbs = found.old.verb, found.new.verb
    verb_kept = (
        (verbs[0].lemma == verbs[1].lemma or bool(verbs[0].concepts & verbs[1].concepts))
        if verbs[0] and verbs[1]
        else found.old.key_value and found.new.key_value
    )
    value = any(found.old.parts[t.at] in ("complement", "scope") for t in _core(c.only_old)) and any(
        found.new.parts[t.at] in ("complement", "scope") for t in _core(c.only_new)
    )
    one = float(any(_has(p.old, "slot.one") for p in early))
    many = float(any(_has(p.old, "slot.many") for p in early))
    frame_kept = subject_kept and verb_kept
    squashed = ["".join(ch for ch in "".join(t.lemma for t in text.tokens) if ch.isalnum()) for text in (c.old, c.new)]
    return {
        "role_kept": float(any(_has(p.old, "role") for p in shared)),
        "role_changes_hands": float(
            any(_has(p.old, "role") for p in shared) and any(_is_name(t) for t in c.only_old) and any(_is_name(t) for t in c.only_new)
        ),
        "opposite_with_value": float(_opposites(c) > 0 and any(t.quantity for t in c.only_old) and any(t.quantity for t in c.only_new)),
        "value_kind_differs": _value_kind_differs(found),
        "slot_one": one,
        "slot_many": many,
        "slot_any_one": float(any(_has(p.old, "slot.one") for p in shared)),
        "slot_any_many": float(any(_has(p.old, "slot.many") for p in shared)),
        "slot_one_lost": float(any(_has(t, "slot.one") for t in (*c.only_old, *c.only_new))),
        "slot_many_lost": float(any(_has(t, "slot.many") for t in (*c.only_old, *c.only_new))),
        "subject_kept": float(subject_kept),
        "frame_kept": float(frame_kept),
        "only_value": float(frame_kept and value),
        "only_value_one": float(frame_kept and value) * (one - many),
        "key_kept": float(subject_kept and found.old.key_value and found.new.key_value),
        "squashed": float(squashed[0] == squashed[1]),
        "squashed_within": float(len(min(squashed, key=len)) > 3 and (squashed[0] in squashed[1] or squashed[1] in squashed[0])),
    }


def _value_kind_differs(found: Evidence) -> float:
    """Whether one statement gives a number, time or amount where the other gives something else, 0..2."""
    c = found.comparison

    def kinds(tokens: Sequence[Token]) -> set[str]:
        return {t.quantity.kind for t in tokens if t.quantity}

    old, new = kinds(c.only_old), kinds(c.only_new)
    if not old and not new:
        return 0.0
    if old and new:
        return 0.0 if old & new else 1.0
    return 2.0 if _core(c.only_old) and _core(c.only_new) else 0.5


Part = Callable[[Evidence], Features]
