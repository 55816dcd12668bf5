"""Make `questions.npz` of the bundled model: what questions to one's own memory look like to it.

    pip install -e '.[train]' && python -m tests.training.questions [--check]

The data beside this file is our own. `paraphrases.jsonl` has facts with two questions each, the first
without a word of the fact; `questions_memory.jsonl` has more that people ask their memory;
`questions_general.jsonl` has what they ask anybody: trivia, how-to, coding, definitions and so on.

What comes out (see `memcli.embedding.questions`): the vectors of all these questions as bytes, for each
its weight in a support vector machine with a radial kernel that tells memory from general, and which of
them are the first questions of facts, the bank that hubness is measured by. `--check` prints how well
questions that were not used (`*_heldout.jsonl`) are told apart, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcli.embedding.embedder import load
from memcli.embedding.questions import ARTEFACT, GAMMA, Questions, quantized
from memcli.model import Embedder

DATA = Path(__file__).parent / "data"

PENALTY = 3.0
"""C of the support vector machine. With a radial kernel it ranked 98.6 % of pairs of a held-out question to
a memory and a held-out general one rightly, a logistic regression 97.7 %."""


def rows(name: str) -> list[dict[str, Any]]:
    """The lines of a data file."""
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def trained(embedder: Embedder) -> dict[str, Any]:
    """The arrays of the artefact."""
    from sklearn.svm import SVC

    facts = rows("paraphrases.jsonl")
    bank = [row["queries"][0] for row in facts]
    memory = [*(row["queries"][1] for row in facts), *(row["text"] for row in rows("questions_memory.jsonl"))]
    general = [row["text"] for row in rows("questions_general.jsonl")]
    units, scale = quantized(embedder.embed_queries([*bank, *memory, *general]))
    is_memory = np.arange(len(units)) < len(bank) + len(memory)
    machine = SVC(C=PENALTY, gamma=GAMMA, class_weight="balanced", random_state=0)
    machine.fit(units * scale, is_memory)
    weights = np.zeros(len(units), dtype=np.float32)
    weights[machine.support_] = machine.dual_coef_[0]
    return {
        "units": units,
        "scale": np.float32(scale),
        "weights": weights,
        "bias": np.float32(machine.intercept_[0]),
        "bank": np.int32(len(bank)),
    }


def check(questions: Questions, embedder: Embedder) -> None:
    """Print how well held-out questions are told apart."""
    own = [row["text"] for row in rows("paraphrases_heldout.jsonl") if row["type"] == "query"]
    own_kind = _kinds(questions, embedder, own)
    print(f"asked of one's memory: below 0 are {100 * np.mean(own_kind < 0):.1f} % of {len(own)}")
    unrelated = rows("unrelated_heldout.jsonl")
    for kind in sorted({row["kind"] for row in unrelated}):
        found = _kinds(questions, embedder, [row["text"] for row in unrelated if row["kind"] == kind])
        right = np.mean(own_kind[:, None] > found[None])
        print(f"{kind}: below 0 are {100 * np.mean(found < 0):.1f} %; pairs in order {100 * right:.1f} %")


def _kinds(questions: Questions, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([questions.kind(vector) for vector in embedder.embed_queries(texts)])


def main() -> None:
    """Train, check, write."""
    parser = argparse.ArgumentParser(description="Train what questions to a memory look like.")
    parser.add_argument("--check", action="store_true", help="only print how well it does")
    given = parser.parse_args()
    embedder = load("all-MiniLM-L6-v2-int8", models_dir=Path("/nonexistent"))
    arrays = trained(embedder)
    check(Questions(**arrays), embedder)
    if not given.check:
        np.savez_compressed(ARTEFACT, **arrays)
        print(f"{ARTEFACT}: {ARTEFACT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
