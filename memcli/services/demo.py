"""The main job from end to end on a bundled example, in a home of its own that is gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memcli.config import Config
from memcli.errors import MemcliError
from memcli.home import Home
from memcli.model import Action, Context, Hit, Scope
from memcli.services import context, recall, transfer
from memcli.services.engine import Engine

USER = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a question of the example found.

    Attributes:
        question: The question, which shares no word with its answer.
        space: Where it was asked.
        hit: The best hit; None if there was none.
        right: Whether that is the memory that answers it.
    """

    question: str
    space: str
    hit: Hit | None
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demonstration showed.

    Attributes:
        stored: How many memories were stored.
        spaces: In which spaces.
        answers: The questions and what they found.
        task: What the context block was asked for.
        context: The block.
    """

    stored: int
    spaces: tuple[str, ...]
    answers: tuple[Answer, ...]
    task: str
    context: Context


@contextmanager
def temporary_engine(engine: Engine) -> Iterator[Engine]:
    """An engine like *engine*, with default settings and a home that is removed at the end."""
    with TemporaryDirectory(prefix="memcli-demo-") as directory:
        home = Home(config_file=Path(directory) / "config.toml", data=Path(directory))
        yield Engine(Config(), home, now=engine.now, progress=engine.progress)


def run(engine: Engine) -> Demo:
    """Store the example, ask its questions, make a context block.

    Args:
        engine: A temporary one; see `temporary_engine`.

    Raises:
        MemcliError: The example could not be stored.
    """
    scope = Scope(space="tidewater", user=USER)
    lines = [*_lines("memories.jsonl"), *_lines("conversation.jsonl")]
    with engine.progress("Storing the example", len(lines)) as report:
        records = list(transfer.import_lines(engine, lines, scope=scope, progress=report))
    if any(record.stored.action is not Action.STORED for record in records):
        raise MemcliError("the bundled example could not be stored")
    asked = [json.loads(line) for line in _lines("questions.jsonl")]
    task = next(one for one in asked if "context" in one)
    return Demo(
        stored=len(records),
        spaces=tuple(dict.fromkeys(record.stored.space for record in records)),
        answers=tuple(_answer(engine, one) for one in asked if "query" in one),
        task=task["context"],
        context=context.build(engine, task["context"], scope=Scope(task["space"], USER), budget=250),
    )


def _answer(engine: Engine, asked: dict[str, Any]) -> Answer:
    hits = recall.search(engine, asked["query"], scope=Scope(asked["space"], USER), limit=1)
    hit = hits[0] if hits else None
    right = hit is not None and asked["expect"] in hit.text
    return Answer(question=asked["query"], space=asked["space"], hit=hit, right=right)


def _lines(name: str) -> list[bytes]:
    return files("memcli.example").joinpath(name).read_bytes().splitlines()
