"""What a comparison of two statements shows, as numbers: the evidence that the decision weighs."""

from __future__ import annotations

from memcli.services.conflicts.evidence import Evidence
from memcli.services.conflicts.features import meaning, overlap, parts

Features = dict[str, float]

_GROUPS = (
    overlap.overlap,
    overlap.quantities,
    parts.subject,
    parts.predicate,
    parts.values,
    parts.scopes,
    meaning.polarity,
    meaning.cues,
    meaning.endings,
    meaning.stages,
    meaning.roles,
    overlap.edits_made,
    meaning.slots,
)


def features(found: Evidence, cosine: float) -> Features:
    """All features of *found*, by name; the cosine of the two texts' vectors is one of them."""
    made: Features = {"cosine": cosine}
    for group in _GROUPS:
        made.update(group(found))
    return made
