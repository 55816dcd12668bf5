"""How well `decide` tells duplicate, replaced and stored apart, on judged pairs.

    python -m tests.benchmarks.conflicts --pairs FILE
    python -m tests.benchmarks.conflicts --pairs FILE --wrong       each wrong decision with its reason

FILE holds JSON Lines of {"old", "new", "label", "kind"}. Printed are macro-F1, the two errors that
cost most (what should be stored, replaced; what should be stored or replaced, swallowed as a
duplicate), the same on the pairs whose new text has no word of change, the confusion by kind, and
the time a decision takes, both texts read anew.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from memcli.embedding import catalog, embedder
from memcli.model import Action
from memcli.services.conflicts import Statement, decide
from memcli.services.conflicts.words import read as read_text

LABELS = ("duplicate", "replaced", "stored")
GOALS = {"macro_f1": 0.85, "stored_replaced": 0.05, "swallowed": 0.08}
CUES = re.compile(
    r"\b(now|no longer|anymore|any more|moved|switched|changed|renamed|replaced|relocated|migrated|upgraded"
    r"|downgraded|postponed|rescheduled|pushed back|taken over|took over|cancelled|called off|instead"
    r"|from now on|these days|became|become|left|quit|gave up|turns out|correction|raised|increased"
    r"|reduced|promoted|again|jetzt|nun|nicht mehr|kein\w* .* mehr|gezogen|umgezogen|verschoben"
    r"|gewechselt|ahora|ya no|mudó|aplazó|dejé|maintenant|désormais|changé|déménagé|adesso|ora|più"
    r"|agora|nu|voortaan|verhuisd)\b|搬|改|延|不再|换",
    re.IGNORECASE,
)
"""Words that tell of a change by themselves."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A judged pair: what was stored, what comes, and what that should lead to."""

    old: str
    new: str
    label: str
    kind: str


def read(path: Path) -> list[Pair]:
    """The pairs in the file at *path*."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Pair(row["old"], row["new"], row["label"], row["kind"]) for row in rows]


def cosines(pairs: Sequence[Pair]) -> list[float]:
    """The cosines of the pairs' texts, with the bundled model."""
    texts = sorted({text for pair in pairs for text in (pair.old, pair.new)})
    model = embedder.load(catalog.BUNDLED, models_dir=Path("/nowhere"), threads=1)
    vectors = dict(zip(texts, model.embed_documents(texts), strict=True))
    return [float(vectors[pair.old] @ vectors[pair.new]) for pair in pairs]


# --- figures ---


def scores(pairs: Sequence[Pair], got: Sequence[str]) -> dict[str, float]:
    """Macro-F1, each label's F1, and the two costly errors, all 0..1."""
    want = [pair.label for pair in pairs]
    count = Counter(zip(want, got, strict=True))

    def f1(label: str) -> float:
        return 2 * count[label, label] / max(want.count(label) + list(got).count(label), 1)

    swallowed = count["stored", "duplicate"] + count["replaced", "duplicate"]
    each = {label: f1(label) for label in LABELS}
    return {
        "macro_f1": sum(each.values()) / 3,
        **each,
        "stored_replaced": count["stored", "replaced"] / max(want.count("stored"), 1),
        "swallowed": swallowed / max(want.count("stored") + want.count("replaced"), 1),
    }


def summary(title: str, figures: dict[str, float]) -> str:
    """*figures* in a line."""
    each = " ".join(f"{label} {figures[label]:.2f}" for label in LABELS)
    return (
        f"{title}: macro-F1 {figures['macro_f1']:.3f} ({each}), "
        f"stored replaced {figures['stored_replaced']:.1%}, swallowed {figures['swallowed']:.1%}"
    )


def by_kind(pairs: Sequence[Pair], got: Sequence[str]) -> list[str]:
    """One line for each kind: how many were decided as what."""
    kinds = sorted({(pair.label, pair.kind) for pair in pairs})
    lines = []
    for label, kind in kinds:
        counts = Counter(
            g for pair, g in zip(pairs, got, strict=True) if (pair.label, pair.kind) == (label, kind)
        )
        row = "".join(f"{counts[other] or '.':>10}" for other in LABELS)
        lines.append(f"{label:<10} {kind:<36}{row}")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--wrong", action="store_true", help="print each wrong decision")
    wishes = parser.parse_args()
    pairs = read(wishes.pairs)
    near = cosines(pairs)
    began = time.perf_counter()
    decide(Statement("The printer is red"), Statement("The printer is blue"), 0.8)
    first = time.perf_counter() - began
    decisions, took = [], []
    for pair, cosine in zip(pairs, near, strict=True):
        read_text.cache_clear()
        began = time.perf_counter()
        decisions.append(decide(Statement(pair.old), Statement(pair.new), cosine))
        took.append(time.perf_counter() - began)
    got = [str(decision.action) for decision in decisions]
    print(summary("all", scores(pairs, got)))
    for title, wanted in (("without cue words", False), ("with cue words", True)):
        some = [i for i, pair in enumerate(pairs) if bool(CUES.search(pair.new)) is wanted]
        print(summary(f"{title} ({len(some)})", scores([pairs[i] for i in some], [got[i] for i in some])))
    print(f"first decision {first * 1e3:.0f} ms (reads the artefacts), then {median(took) * 1e6:.0f} µs")
    print(f"\n{'should be':<10} {'kind':<36}" + "".join(f"{label:>10}" for label in LABELS))
    print("\n".join(by_kind(pairs, got)))
    if wishes.wrong:
        for pair, decision in zip(pairs, decisions, strict=True):
            if decision.action != Action(pair.label):
                sure = f"{decision.action} {decision.confidence:.2f}: {decision.reason}"
                print(f"\n{pair.label} ({pair.kind}) -> {sure}")
                print(f"  {pair.old}\n  {pair.new}")


if __name__ == "__main__":
    main()
