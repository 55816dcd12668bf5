"""What has been changed again since a change: taking that back leaves it alone.

In a team, what one of them takes back may be what another has corrected meanwhile. What the change had left
behind is not written down, but every later change says what it found there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcli.storage.journal import Change

AT_EVERY_CHANGE = frozenset({"updated_at"})
"""What every change of a memory changes."""


def left(change: Change, later: Iterable[Change]) -> Change:
    """What of *change* can be taken back: all but fields of memories, and edges, that *later* ones changed.

    New memories can be forgotten again in any case; `restore` brings them back as they are by then.
    """
    if change.renamed:  # which names the memories that were there already, and no field of theirs
        return change
    fields: dict[str, set[str]] = {}
    edges = set()
    for one in later:
        for memory, was in one.before.items():
            fields.setdefault(memory, set()).update(was)
        edges |= {edge[:3] for edge in one.edges}
    before = {
        memory: {name: value for name, value in was.items() if name not in fields.get(memory, ())}
        for memory, was in change.before.items()
    }
    return replace(
        change,
        before={memory: was for memory, was in before.items() if was.keys() - AT_EVERY_CHANGE},
        edges=tuple(edge for edge in change.edges if edge[:3] not in edges),
    )
