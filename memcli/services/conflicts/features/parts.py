"""Where two statements differ: in what they are about, what they say of it, or where it holds."""

from __future__ import annotations

from collections.abc import Sequence

from memcli.services.conflicts import lexicon
from memcli.services.conflicts.comparison import SAME
from memcli.services.conflicts.evidence import Evidence, core, count, has, is_name, kinds_of, near
from memcli.services.conflicts.frames import Frame
from memcli.services.conflicts.tokens import Text, Token

Features = dict[str, float]


_SELF = frozenset(("i", "user", "we", "you", "they", "he", "she"))


def subject(found: Evidence) -> Features:
    """Whether both are about the same, and what of it is not shared."""
    c = found.comparison
    old = [t for t in c.only_old if found.old.parts[t.at] == "subject"]
    new = [t for t in c.only_new if found.new.parts[t.at] == "subject"]
    core_old, core_new = core(old), core(new)
    heads = _head(c.old, found.old), _head(c.new, found.new)
    relation_old, relation_new = (
        [t for t in tokens if has(t, "relation")] for tokens in (c.only_old, c.only_new)
    )
    self_old, self_new = (
        _about_self(text, parts) for text, parts in ((c.old, found.old), (c.new, found.new))
    )
    names_old, names_new = ([t for t in tokens if is_name(t)] for tokens in (c.only_old, c.only_new))
    first_old, first_new = (next(iter(text.content), None) for text in (c.old, c.new))
    return {
        "subject_old": count(core_old),
        "subject_new": count(core_new),
        "subject_both": min(count(core_old), count(core_new)),
        "subject_either": max(count(core_old), count(core_new)),
        "subject_near": max((near(a, b) for a in core_old for b in core_new), default=0.0),
        "subject_shared": count(
            p
            for p in c.pairs
            if p.strength >= SAME and found.old.parts[p.old.at] == found.new.parts[p.new.at] == "subject"
        ),
        "self_old": float(self_old),
        "self_new": float(self_new),
        "self_differs": float(self_old != self_new),
        "head_same": _same_head(*heads),
        "head_answered": float(heads[0] is None or heads[0].at in c.answered_old)
        + float(heads[1] is None or heads[1].at in c.answered_new),
        "relation_old": count(relation_old),
        "relation_new": count(relation_new),
        "relation_both": min(count(relation_old), count(relation_new)),
        "names_old": count(names_old),
        "names_new": count(names_new),
        "names_both": min(count(names_old), count(names_new)),
        "subject_names_both": min(
            count(t for t in names_old if found.old.parts[t.at] == "subject"),
            count(t for t in names_new if found.new.parts[t.at] == "subject"),
        ),
        "owner_differs": float(bool(first_old and first_new) and first_old.owner != first_new.owner),  # type: ignore[union-attr]
        "first_answered": float(first_old is not None and first_old.at in c.answered_old)
        + float(first_new is not None and first_new.at in c.answered_new),
        "first_same": float(
            first_old is not None and first_new is not None and first_old.lemma == first_new.lemma
        ),
        "subject_replaced_by_none": float(bool(core_old) and not new),
    }


def _head(text: Text, parts: Frame) -> Token | None:
    """The last noun of the subject before any preposition: what the statement is about."""
    subject = [
        t
        for t in text.content
        if parts.parts[t.at] == "subject" and not parts.prepositions[t.at] and t.quantity is None
    ]
    return subject[-1] if subject else None


def _same_head(one: Token | None, other: Token | None) -> float:
    """1 for the same noun, 0 for another, -1 where there is none."""
    if one is None or other is None:
        return -1.0
    return float(one.lemma == other.lemma or bool(one.concepts & other.concepts))


def _about_self(text: Text, parts: Frame) -> bool:
    """Whether the statement is about the user, who may go without saying."""
    subject = [
        t for t in text.content if parts.parts[t.at] == "subject" and not has(t, "cue.hedge", "scope.time")
    ]
    return not subject or subject[0].lemma in _SELF


_ATTRIBUTE_KINDS = ("one", "many", "event", "state", "likes", "dislikes")


def predicate(found: Evidence) -> Features:
    """Whether they say the same of it, and of which kind that is."""
    c = found.comparison
    verbs = found.old.verb, found.new.verb
    shared = [p for p in c.pairs if p.strength >= SAME]
    both = kinds_of(p.old for p in shared) & kinds_of(p.new for p in shared)
    heads_old = kinds_of(t for t in c.old.content if found.old.parts[t.at] != "complement")
    heads_new = kinds_of(t for t in c.new.content if found.new.parts[t.at] != "complement")
    made = {
        "verb_same": float(verbs[0].lemma == verbs[1].lemma) if verbs[0] and verbs[1] else -1.0,
        "verb_concept": float(bool(verbs[0].concepts & verbs[1].concepts)) if verbs[0] and verbs[1] else -1.0,
        "verb_near": near(verbs[0], verbs[1]) if verbs[0] and verbs[1] else 0.0,
        "verb_old": float(verbs[0] is not None),
        "verb_new": float(verbs[1] is not None),
        "be_old": float(verbs[0] is not None and verbs[0].lemma == "be"),
        "be_new": float(verbs[1] is not None and verbs[1].lemma == "be"),
        "order_old": float(found.old.order),
        "order_new": float(found.new.order),
        "key_value_old": float(found.old.key_value),
        "key_value_new": float(found.new.key_value),
        "exclusive": float(any(has(p.old, "exclusive") for p in shared)),
        "exclusive_new": float(any(has(t, "exclusive") for t in c.only_new)),
        "verb_only_old": float(
            verbs[0] is not None and verbs[0].lemma != "be" and verbs[0].at not in c.answered_old
        ),
        "verb_only_new": float(
            verbs[1] is not None and verbs[1].lemma != "be" and verbs[1].at not in c.answered_new
        ),
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
            has(t, "verb")
            and t.kind == "word"
            and (t.text.lower().endswith("ed") or lexicon.forms().get(t.text.lower()) == t.lemma != "be")
            and not t.text.lower().endswith(("s", "ing"))
            for t in text.tokens
        )
        or any(t.text.lower() in ("was", "were", "had", "did") for t in text.tokens)
    )


def values(found: Evidence) -> Features:
    """How the values given differ."""
    c = found.comparison
    old = [t for t in core(c.only_old) if found.old.parts[t.at] == "complement"]
    new = [t for t in core(c.only_new) if found.new.parts[t.at] == "complement"]
    nears = [near(a, b) for a in old for b in new]
    spans = _spans(c.only_old), _spans(c.only_new)
    last_old, last_new = (text.content[-1] if text.content else None for text in (c.old, c.new))
    alike = bool(old and new) and old[0].capital == new[0].capital and (old[0].kind == new[0].kind)
    places = [
        (
            found.old.prepositions[a.at],
            found.new.prepositions[b.at],
            found.old.phrases[a.at],
            found.new.phrases[b.at],
        )
        for a in old[:1]
        for b in new[:1]
    ]
    kept = [t for t in c.old.content if found.old.parts[t.at] == "complement"]
    return {
        "value_old": count(old),
        "value_new": count(new),
        "value_both": min(count(old), count(new)),
        "value_near": max(nears, default=0.0),
        "value_near_mean": sum(nears) / len(nears) if nears else 0.0,
        "value_capitals": float(bool(old and new) and old[0].capital and new[0].capital),
        "value_alike": float(alike),
        "value_single": float(len(old) == 1 and len(new) == 1),
        "value_same_preposition": float(any(a == b for a, b, _, _ in places)),
        "value_same_phrase": float(any(a == b for _, _, a, b in places)),
        "value_kept": sum(t.at in c.answered_old for t in kept) / len(kept) if kept else -1.0,
        "value_colors": float(any(has(a, "color") for a in old) and any(has(b, "color") for b in new)),
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


_SCOPES = ("environment", "scope.time", "scope.place", "scope.kind")


def scopes(found: Evidence) -> Features:
    """Whether they hold in different environments, times, places or cases."""
    c = found.comparison
    made: Features = {}
    for name in _SCOPES:
        old = [t for t in c.only_old if has(t, name)]
        new = [t for t in c.only_new if has(t, name)]
        made[f"{name}_both"] = min(count(old), count(new))
        made[f"{name}_either"] = count((*old, *new))
    scoped_old = [t for t in c.only_old if found.old.parts[t.at] == "scope"]
    scoped_new = [t for t in c.only_new if found.new.parts[t.at] == "scope"]
    made["scope_old"] = count(scoped_old)
    made["scope_new"] = count(scoped_new)
    made["scope_both"] = min(count(scoped_old), count(scoped_new))
    made["scope_same_preposition"] = float(
        any(
            found.old.prepositions[a.at] == found.new.prepositions[b.at]
            for a in scoped_old
            for b in scoped_new
        )
    )
    made["scope_and_value"] = float(bool(scoped_old and scoped_new)) * float(
        any(found.old.parts[t.at] == "complement" for t in c.only_old)
        and any(found.new.parts[t.at] == "complement" for t in c.only_new)
    )
    made["scoped_old"] = float("scope" in found.old.parts)
    made["scoped_new"] = float("scope" in found.new.parts)
    return made
