"""Facts and questions about them in other words, from JSON Lines.

The two kinds of line:

    {"type": "fact", "id": "f1", "text": "The ferry to the island stops running at nine"}
    {"type": "query", "id": "q1", "text": "last boat home", "relevant": ["f1"], "kind": "single"}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the ids of the facts that answer it, and of which kind it is."""

    text: str
    relevant: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts, as documents that an import takes, and questions about them."""

    documents: tuple[dict[str, Any], ...]
    questions: tuple[Question, ...]


def read(path: Path) -> Facts:
    """The facts and questions in the file at *path*."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return Facts(
        tuple({"id": row["id"], "text": row["text"]} for row in rows if row["type"] == "fact"),
        tuple(_question(row) for row in rows if row["type"] == "query"),
    )


def _question(row: dict[str, Any]) -> Question:
    return Question(row["text"], tuple(row["relevant"]), row["kind"])
