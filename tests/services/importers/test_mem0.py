"""What mem0 remembers."""

from typing import Any

import pytest

from memcli.services.importers import mem0
from tests.services.importers.made import MEM0, drafts, problems


@pytest.mark.parametrize("entries", [[MEM0], MEM0["results"]], ids=["an object", "a list"])
def test_memories_become_facts(entries: list[dict[str, Any]]) -> None:
    """With categories as tags, and whose they were."""
    [draft] = drafts(mem0.parse, entries)
    assert (draft.id, draft.text) == ("9f0d4b6e-0000-4000-8000-000000000001", "Prefers tea over coffee")
    assert (draft.tags, draft.metadata) == (("food",), {"project": "home", "user_id": "ana"})
    assert str(draft.created_at) == "2026-01-02 10:04:05+00:00"
    assert (draft.conversation, draft.source) == ("", "mem0")


def test_what_holds_no_memory_is_told_of() -> None:
    """And metadata that can't be kept does not keep the memory away."""
    assert problems(mem0.parse, [{"memory": " "}, {"results": [None]}]) == ["there is no memory"] * 2
    deep: Any = {}
    for _ in range(100):
        deep = {"a": deep}
    [draft] = drafts(mem0.parse, [{"memory": "x", "metadata": deep}])
    assert draft.metadata == {}
