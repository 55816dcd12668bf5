"""A decision in words: one short sentence for people, from what the comparison shows."""

from __future__ import annotations

from collections.abc import Sequence

from memcli.services.conflicts.evidence import Evidence, core
from memcli.services.conflicts.features import Features
from memcli.services.conflicts.features.overlap import edits
from memcli.services.conflicts.tokens import Token

LONGEST = 40
"""Characters of a text that a reason quotes at most."""


def duplicate(found: Evidence) -> str:
    """Why the new statement says nothing new."""
    extra = _quoted(found.comparison.only_new)
    if not found.comparison.only_old and not found.comparison.only_new:
        return "the same words in another form or order"
    if not found.comparison.only_old and extra:
        return f"the same with a detail that changes nothing: {extra}"
    return "the same in other words"


def fuller(added: Sequence[Token]) -> str:
    """Why the new statement, which says all that the old one says, stands beside it."""
    return f"it says more: {_quoted(added)}"


def partly(found: Evidence, left_out: Sequence[Token]) -> str:
    """Why the old statement, of which a part is no longer true, stays."""
    said = [t for t in core(found.comparison.old.content) if found.old.parts[t.at] != "subject"]
    if len(left_out) == len(said):
        return "not all that it says need be untrue"
    return f"it says nothing of: {_quoted(left_out)}"


def replaced(found: Evidence, values: Features) -> str:
    """Why the old statement is no longer true."""
    change = _change(found)
    if change:
        return f"the same slot, another value: {change}"
    if values["comparison_turned"]:
        return "the comparison was turned round"
    if values["turned"] or values["turned_all"] or values["likes_turned"]:
        return "the one says what the other denies"
    if values["early_then_late"] or values["closed"] or values["cancelled"]:
        return "a later state of the same thing"
    if values["cue.change_new"]:
        return "it tells of a change"
    return "it contradicts what was said before"


def stored(found: Evidence, values: Features) -> str:  # noqa: PLR0911, one for each reason
    """Why both statements may be true."""
    c = found.comparison
    if values["environment_both"]:
        old, new = (_words(tokens, "environment") for tokens in (c.only_old, c.only_new))
        return f"another environment: {old} and {new}"
    if values["subject_both"]:
        parts = (found.old.parts, found.new.parts)
        old, new = (
            _quoted([t for t in tokens if places[t.at] == "subject"])
            for tokens, places in zip((c.only_old, c.only_new), parts, strict=True)
        )
        return f"about something else: {old} and {new}"
    if values["scope_both"]:
        return "it holds in another place, time or case"
    if values["names_crossed"] or values["roles_swapped"]:
        return "the same words, but who does what to whom differs"
    change = _change(found)
    if change and (values["slot_many"] or values["shared_many"] or values["shared_likes"]):
        return f"there can be several: {change.replace(' -> ', ' and ')}"
    if values["answered_most"] < 0.5:
        return "about something else"
    return "both can be true"


def unsure(found: Evidence) -> str:
    """Why both statements are kept although one may be in the way."""
    change = _change(found)
    return (
        f"not sure enough to replace or skip it: {change}"
        if change
        else "not sure enough to replace or skip it"
    )


def _change(found: Evidence) -> str:
    """What stands in the place of what, if that is one stretch of words: "8080 -> 8081"."""
    swaps = [edit for edit in edits(found.comparison) if edit.old and edit.new]
    if not swaps:
        return ""
    quantities = [edit for edit in swaps if edit.old[0].quantity and edit.new[0].quantity]
    best = (quantities or swaps)[-1]
    return f"{_quoted(best.old)} -> {_quoted(best.new)}"


def _quoted(tokens: Sequence[Token]) -> str:
    text = " ".join(token.text for token in tokens)
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _words(tokens: Sequence[Token], kind: str) -> str:
    return _quoted([token for token in tokens if kind in token.classes])
