"""The conversations of a LoCoMo file as JSON Lines for `memcli import`, one memory for each turn.

    python -m tests.benchmarks.locomo locomo.json > turns.jsonl
    python -m tests.benchmarks.locomo locomo.json --pooled --output turns.jsonl

A turn's id is its conversation's name and its own, as in `conv-26.D1:3`; its text is what was said
and, where a picture was sent, ` [shares CAPTION]`; a session is one conversation whose turns follow
each other by `SECONDS_APART` (the file dates sessions only).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SECONDS_APART = 20
"""Between the turns of a session. Any small number: it only keeps them in order."""

POOL = "pool"
"""The space of all conversations, where they are pooled."""

EVIDENCE = re.compile(r"D\d+:\d+")
SESSION = re.compile(r"session_(\d+)")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the turns that answer it (never none)."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of the file.

    Attributes:
        name: Its `sample_id`, such as `conv-26`.
        turns: What was said, as documents that an import takes; no space is named.
        questions: Those of its questions that have evidence.
    """

    name: str
    turns: tuple[dict[str, Any], ...]
    questions: tuple[Question, ...]

    def documents(self, *, pooled: bool = False) -> Iterator[dict[str, Any]]:
        """The turns, in a space of their own or in `POOL`."""
        return ({**turn, "space": POOL if pooled else self.name} for turn in self.turns)


def read(path: Path) -> list[Conversation]:
    """The conversations in the LoCoMo file at *path*."""
    return [_conversation(sample) for sample in json.loads(path.read_bytes())]


def _conversation(sample: dict[str, Any]) -> Conversation:
    name, said = str(sample["sample_id"]), sample["conversation"]
    numbers = sorted(int(found[1]) for key in said if (found := SESSION.fullmatch(key)))
    turns = [turn for number in numbers for turn in _session(name, number, said)]
    return Conversation(name, tuple(turns), tuple(_questions(name, sample["qa"])))


def _session(name: str, number: int, said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    key = f"session_{number}"
    began = datetime.strptime(said[f"{key}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    for position, turn in enumerate(said[key]):
        caption = turn.get("blip_caption")
        yield {
            "id": f"{name}.{turn['dia_id']}",
            "text": turn["text"] + (f" [shares {caption}]" if caption else ""),
            "speaker": turn["speaker"],
            "conversation": f"{name}.{key}",
            "position": position,
            "created_at": (began + timedelta(seconds=SECONDS_APART * position)).isoformat(),
        }


def _questions(name: str, asked: list[dict[str, Any]]) -> Iterator[Question]:
    """Questions with evidence; one string of the file may name several turns."""
    for one in asked:
        turns = [turn for said in one.get("evidence", ()) for turn in EVIDENCE.findall(said)]
        if turns:
            yield Question(one["question"], tuple(f"{name}.{turn}" for turn in turns))


def main() -> None:
    """Write the conversations of a file as JSON Lines."""
    parser = argparse.ArgumentParser(description="LoCoMo conversations as JSON Lines for `memcli import`.")
    parser.add_argument("file", type=Path, help="a LoCoMo file")
    parser.add_argument("--pooled", action="store_true", help="one space for all, instead of one each")
    parser.add_argument("--output", type=Path, help="where to write; standard output by default")
    given = parser.parse_args()
    documents = (one for talk in read(given.file) for one in talk.documents(pooled=given.pooled))
    written = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    if given.output:
        given.output.write_text(written, encoding="utf-8")
    else:
        sys.stdout.write(written)


if __name__ == "__main__":
    main()
