"""What the difference means: a denial, a change, another stage, other roles, another value of a slot."""

from __future__ import annotations

from collections.abc import Sequence

from memcli.services.conflicts import lexicon
from memcli.services.conflicts.comparison import SAME, Comparison
from memcli.services.conflicts.evidence import DENYING, Evidence, core, count, has, is_name, kinds_of, trivial
from memcli.services.conflicts.tokens import Token

Features = dict[str, float]


def polarity(found: Evidence) -> Features:
    """Yes and no: negations, opposites, liking and disliking."""
    c = found.comparison
    counts = []
    for text, absorbed in ((c.old, c.absorbed_old), (c.new, c.absorbed_new)):
        negations = [t for t in text.tokens if has(t, "negation") and t.at not in absorbed]
        counts.append((sum(t.lemma in DENYING for t in negations), len(negations)))
    opposites = _opposites(c)
    likes = [
        ((kinds & {"likes"}) and 1) or ((kinds & {"dislikes"}) and -1) or 0
        for kinds in (kinds_of(c.old.content), kinds_of(c.new.content))
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
    both = {t.lemma for t in c.old.tokens} & {t.lemma for t in c.new.tokens}
    old = [t for t in c.old.tokens if t.at not in c.answered_old and t.kind == "word" and t.lemma not in both]
    new = [t for t in c.new.tokens if t.at not in c.answered_new and t.kind == "word" and t.lemma not in both]
    said = [(token.lemma, _names(token)) for token in new]

    def opposed(token: Token) -> bool:
        against = {name for own in _names(token) for name in known.get(own, ())}
        return any(not against.isdisjoint(names) or negates(token.lemma, lemma) for lemma, names in said)

    return sum(map(opposed, old))


def _names(token: Token) -> frozenset[str]:
    return token.concepts | {token.lemma, token.text.lower()}


def negates(one: str, other: str) -> bool:
    """Whether one of the words is the other with a prefix that turns it round."""
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and long.endswith(short) and long[: -len(short)] in _NEGATING


_CUES = (
    "cue.change",
    "cue.strong",
    "cue.begin",
    "cue.correct",
    "cue.end",
    "cue.past",
    "cue.future",
    "cue.again",
    "cue.hedge",
)


def cues(found: Evidence) -> Features:
    """Words that tell of a change, of the past, of plans, or of nothing at all."""
    c = found.comparison
    made: Features = {}
    for cue in _CUES:
        made[f"{cue}_old"] = float(any(has(t, cue) for t in c.old.tokens if t.at not in c.answered_old))
        made[f"{cue}_new"] = float(any(has(t, cue) for t in c.new.tokens if t.at not in c.answered_new))
    made["cue_late"] = float(
        any(
            has(t, "cue.change") and found.new.parts[t.at] != "subject"
            for t in c.new.tokens
            if t.at not in c.answered_new
        )
    )
    negated = [
        t.at
        for t in c.new.tokens
        if has(t, "negation") or t.lemma in ("from", "instead", "than", "leave", "replace", "off", "drop")
    ]
    made["denied_value"] = float(
        any(
            p.strength >= SAME
            and found.old.parts[p.old.at] != "subject"
            and any(0 < p.new.at - at <= 3 for at in negated)
            for p in c.pairs
        )
    )
    made["new_all_trivial"] = float(bool(c.only_new) and not core(c.only_new) and not c.only_old)
    made["hedged_only"] = float(
        bool(c.only_new) and all(has(t, "cue.hedge", "trivial", "verb") for t in c.only_new)
    )
    return made


def endings(found: Evidence) -> Features:
    """Whether the new statement ends or denies what the old one says, however much more that says of it."""
    c = found.comparison
    ends = [
        any(has(t, "cue.end") for t in text.tokens if t.at not in answered)
        for text, answered in ((c.old, c.answered_old), (c.new, c.answered_new))
    ]
    denies = [any(has(t, "negation") for t in text.tokens) for text in (c.old, c.new)]
    said = [t for t in core(c.new.content) if not has(t, "cue.end", "negation", "cue.begin")]
    further = [t for t in said if t.at not in c.answered_new]
    turns = (ends[1] or denies[1]) and not (ends[0] or denies[0])
    return {
        "ends": float(ends[1] and not ends[0]),
        "turns": float(turns),
        "turned_further": count(further) if turns else -1.0,
        "turned_whole": float(turns and bool(said) and not further),
    }


def stages(found: Evidence) -> Features:
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
    open_, closed = (
        {"open", "ongoing", "block", "overdue"},
        {"done", "cancel", "paid", "pass-state", "fail-state", "recover"},
    )
    return {
        "state_old": float(bool(states[0])),
        "state_new": float(bool(states[1])),
        "state_both": float(bool(states[0] and states[1])),
        "opened": float(bool(states[0] & open_)),
        "closed": float(bool(states[1] & closed)),
        "opened_closed": float(bool(states[0] & open_ and states[1] & closed)),
        "cancelled": float("cancel" in states[1]),
        "early_old": float(any(has(t, "stage.early") for t in c.old.tokens if t.at not in c.answered_old)),
        "early_new": float(any(has(t, "stage.early") for t in c.new.tokens if t.at not in c.answered_new)),
        "late_old": float(any(has(t, "stage.late") for t in c.old.tokens if t.at not in c.answered_old)),
        "late_new": float(any(has(t, "stage.late") for t in c.new.tokens if t.at not in c.answered_new)),
        "early_then_late": float(
            any(has(t, "stage.early") for t in c.old.tokens if t.at not in c.answered_old)
            and any(has(t, "stage.late") for t in c.new.tokens if t.at not in c.answered_new)
        ),
    }


def roles(found: Evidence) -> Features:
    """Who does what to whom, and which way a comparison goes."""
    c = found.comparison
    sure = [p for p in c.pairs if p.strength >= SAME and _has_weight(p.old)]
    moved = [(found.old.parts[p.old.at], found.new.parts[p.new.at]) for p in sure]
    to_value = sum(1 for a, b in moved if a == "subject" and b != "subject")
    to_subject = sum(1 for a, b in moved if a != "subject" and b == "subject")
    comparing = [
        t
        for t in c.old.tokens
        if t.lemma in ("over", "than", "to", "before", "al", "als") and t.kind == "word"
    ]
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
        "preferring": float(
            any(t.concepts & {"prefer"} or t.lemma in ("much", "over") for t in c.old.tokens)
        ),
    }


def _names_crossed(c: Comparison) -> int:
    """How many pairs of words that are no verbs stand in the other order in the new statement, 0..3."""
    places = [
        (p.old.at, p.new.at) for p in c.pairs if p.strength >= SAME and (is_name(p.old) or is_name(p.new))
    ]
    return min(sum(1 for i, a in enumerate(places) for b in places[i + 1 :] if a[1] > b[1]), 3)


def _has_weight(token: Token) -> bool:
    return not has(token, "verb", "function")


def slots(found: Evidence) -> Features:
    """Whether what both speak of takes one value at a time, and whether only the value differs."""
    c = found.comparison
    shared = [p for p in c.pairs if p.strength >= SAME]
    early = [
        p
        for p in shared
        if found.old.parts[p.old.at] != "complement" or found.new.parts[p.new.at] != "complement"
    ]
    subject_kept = not any(
        found_parts[t.at] == "subject" and not trivial(t)
        for tokens, found_parts in ((c.only_old, found.old.parts), (c.only_new, found.new.parts))
        for t in tokens
    )
    verbs = found.old.verb, found.new.verb
    verb_kept = (
        (verbs[0].lemma == verbs[1].lemma or bool(verbs[0].concepts & verbs[1].concepts))
        if verbs[0] and verbs[1]
        else found.old.key_value and found.new.key_value
    )
    value = any(found.old.parts[t.at] in ("complement", "scope") for t in core(c.only_old)) and any(
        found.new.parts[t.at] in ("complement", "scope") for t in core(c.only_new)
    )
    one = float(any(has(p.old, "slot.one") for p in early))
    many = float(any(has(p.old, "slot.many") for p in early))
    frame_kept = subject_kept and verb_kept
    squashed = [
        "".join(ch for ch in "".join(t.lemma for t in text.tokens) if ch.isalnum()) for text in (c.old, c.new)
    ]
    return {
        "role_kept": float(any(has(p.old, "role") for p in shared)),
        "role_changes_hands": float(
            any(has(p.old, "role") for p in shared)
            and any(is_name(t) for t in c.only_old)
            and any(is_name(t) for t in c.only_new)
        ),
        "opposite_with_value": float(
            _opposites(c) > 0 and any(t.quantity for t in c.only_old) and any(t.quantity for t in c.only_new)
        ),
        "value_kind_differs": _value_kind_differs(found),
        "slot_one": one,
        "slot_many": many,
        "slot_any_one": float(any(has(p.old, "slot.one") for p in shared)),
        "slot_any_many": float(any(has(p.old, "slot.many") for p in shared)),
        "slot_one_lost": float(any(has(t, "slot.one") for t in (*c.only_old, *c.only_new))),
        "slot_many_lost": float(any(has(t, "slot.many") for t in (*c.only_old, *c.only_new))),
        "subject_kept": float(subject_kept),
        "frame_kept": float(frame_kept),
        "only_value": float(frame_kept and value),
        "only_value_one": float(frame_kept and value) * (one - many),
        "key_kept": float(subject_kept and found.old.key_value and found.new.key_value),
        "squashed": float(squashed[0] == squashed[1]),
        "squashed_within": float(
            len(min(squashed, key=len)) > 3 and (squashed[0] in squashed[1] or squashed[1] in squashed[0])
        ),
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
    return 2.0 if core(c.only_old) and core(c.only_new) else 0.5
