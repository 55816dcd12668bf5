"""How much of each statement the other says, number by number and word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from memcli.services.conflicts import vectors
from memcli.services.conflicts.comparison import SAME, Comparison
from memcli.services.conflicts.evidence import Evidence, core, count, has, is_name, near
from memcli.services.conflicts.tokens import Text, Token

Features = dict[str, float]


def overlap(found: Evidence) -> Features:
    """How much of each statement is answered in the other."""
    c = found.comparison
    size_old, size_new = max(len(c.old.content), 1), max(len(c.new.content), 1)
    core_old, core_new = core(c.only_old), core(c.only_new)
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
        "only_old": count(c.only_old),
        "only_new": count(c.only_new),
        "core_old": count(core_old),
        "core_new": count(core_new),
        "core_both": min(count(core_old), count(core_new)),
        "near_old": sum(near_old) / len(near_old) if near_old else 1.0,
        "near_new": sum(near_new) / len(near_new) if near_new else 1.0,
        "far_old": count(n for n in near_old if n < 0.35),
        "far_new": count(n for n in near_new if n < 0.35),
        "unknown_old": count(t for t in core_old if t.kind == "word" and not vectors.knows(t.lemma)),
        "unknown_new": count(t for t in core_new if t.kind == "word" and not vectors.knows(t.lemma)),
        "crossings": float(min(crossings, 6)),
        "foreign": float(c.old.language != "en" or c.new.language != "en"),
        "languages_differ": float(c.old.language != c.new.language),
    }


def _nearest(token: Token, others: Sequence[Token]) -> float:
    return max((near(token, other) for other in others), default=0.0)


def quantities(found: Evidence) -> Features:
    """Numbers, times, dates and identifiers that are the same or clash."""
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
        "quantities_old": count(old),
        "quantities_new": count(new),
        "quantities_clash": count(clash),
        "clash_time": float(bool(kinds & time)),
        "clash_number": float("number" in kinds),
        "clash_amount": float(bool(kinds - time - {"number", "version"})),
        "clash_version": float("version" in kinds),
        "clash_early": float(any(found.old.parts[a.at] == "subject" for a, _ in clash)),
        "clash_both_early": float(
            any(found.old.parts[a.at] == "subject" and found.new.parts[b.at] == "subject" for a, b in clash)
        ),
        "clash_scope": float(
            any(found.old.parts[a.at] == "scope" and found.new.parts[b.at] == "scope" for a, b in clash)
        ),
        "clash_label": count(labels),
        "codes_clash": min(
            count(t for t in c.only_old if t.kind == "code"),
            count(t for t in c.only_new if t.kind == "code"),
        ),
        "only_codes": count(t for t in (*c.only_old, *c.only_new) if t.kind == "code"),
        "quantity_only_new": float(bool(new) and not old),
        "quantity_only_old": float(bool(old) and not new),
        "quantity_last": float(bool(clash) and all(a.at >= len(c.old.tokens) - 2 for a, _ in clash)),
    }


def _labels(token: Token, text: Text) -> bool:
    """Whether a number names what it follows, as in "ticket 881", before anything is said of it."""
    if token.quantity is None or token.quantity.kind != "number" or token.at == 0 or token.at > 3:
        return False
    before = text.tokens[token.at - 1]
    return (
        before.kind == "word"
        and not has(before, "preposition", "function")
        and token.at < len(text.tokens) - 1
    )


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


def edits_made(found: Evidence) -> Features:
    """What was put in the place of what."""
    c = found.comparison
    all_ = [Edit(tuple(core(e.old)), tuple(core(e.new))) for e in edits(c)]
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
            "swap_near": max(near(x, y) for x in first.old for y in first.new),
            "swap_sizes": float(min(len(first.old), 3) + min(len(first.new), 3)),
            "swap_kind": _kind_of_swap(a, b),
            "swap_part": parts[found.old.parts[a.at]],
            "swap_after_preposition": float(before is not None and has(before, "preposition")),
            "swap_before_verb": float(found.old.verb is not None and a.at < found.old.verb.at),
            "last_swap_near": max(near(x, y) for x in swaps[-1].old for y in swaps[-1].new),
        }
    return made


def _kind_of_swap(one: Token, other: Token) -> float:
    """1 for quantities, 2 for identifiers, 3 for names, 4 for words; halves where they differ."""

    def kind(t: Token) -> float:
        return 1.0 if t.quantity else 2.0 if t.kind == "code" else 3.0 if is_name(t) else 4.0

    return (kind(one) + kind(other)) / 2
