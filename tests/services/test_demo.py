"""The demonstration's parts, without its model: the example is sound and nothing of it stays."""

import json
from importlib.resources import files
from typing import Any

from memcli.services import demo, recall
from memcli.services.engine import Engine
from tests.wordhash import WordHashEmbedder


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files("memcli.example").joinpath(name).read_text().splitlines()]


PARTS = {name: _lines(f"{name}.jsonl") for name in ("memories", "conversation", "questions")}


def test_the_example_is_a_few_dozen_memories_and_a_short_conversation() -> None:
    """In spaces of their own, turns in order."""
    assert 24 <= len(PARTS["memories"]) <= 60
    turns = PARTS["conversation"]
    assert [turn["position"] for turn in turns] == sorted(turn["position"] for turn in turns)
    assert all(turn["speaker"] and turn["conversation"] for turn in turns)


def test_every_question_has_one_answer() -> None:
    """What it expects is in exactly one memory."""
    texts = [line["text"] for name in ("memories", "conversation") for line in PARTS[name]]
    for question in PARTS["questions"]:
        if "query" in question:
            assert sum(question["expect"] in text for text in texts) == 1, question


def test_a_run_happens_in_a_home_that_is_gone_afterwards(engine: Engine, embedder: WordHashEmbedder) -> None:
    """The engine it was asked by is not touched."""
    with demo.temporary_engine(engine) as temporary:
        temporary._given_embedder = embedder
        shown = demo.run(temporary)
        place = temporary.home.data
        assert place.exists()
        assert place != engine.home.data
        assert recall.search(temporary, shown.task, scope=temporary.config.scope(shown.spaces[0], demo.USER))
    assert not place.exists()
    assert not engine.home.data.exists()
    assert shown.stored == len(PARTS["memories"]) + len(PARTS["conversation"])
    assert len(shown.answers) == sum("query" in question for question in PARTS["questions"])
