"""Names for the shell to offer: spaces, and the memories stored lately.

Opening the store takes half a second, too long for a press of Tab. So writers leave the names that
people are likely to type in a small file beside it. It is only ever a suggestion: losing it, or
finding an old state in it, costs nothing.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from memcli.model import Memory

KEPT = 200
"""Memories whose ids are offered: more than a person scrolls through, 15 kB to read and write."""


@dataclass(frozen=True)
class Names:
    """What can be offered.

    Attributes:
        spaces: Spaces, the one used last first.
        memories: Titles by id, the one stored last first.
        types: Types of edges, the one used last first.
        values: Keys of values, the one written last first.
    """

    spaces: tuple[str, ...] = ()
    memories: dict[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


def read(path: Path) -> Names:
    """What was noted in the file at *path*; nothing, if it is not there or not readable."""
    try:
        said = json.loads(path.read_bytes())
        return Names(
            tuple(map(str, said["spaces"])),
            {str(k): str(v) for k, v in said["memories"].items()},
            *(tuple(map(str, said.get(kind, ()))) for kind in ("types", "values")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Names()


def note(path: Path, memories: Sequence[Memory], space: str = "") -> None:
    """Note that *memories* have been stored or changed, or *space* made. Needs the writer's lock."""
    known = read(path)
    latest = {memory.id: memory.title for memory in memories[-KEPT:][::-1]}
    titles = latest | {i: title for i, title in known.memories.items() if i not in latest}
    used = [space] if space else [memory.space for memory in reversed(memories)]
    spaces = dict.fromkeys([*used, *known.spaces])
    _write(path, replace(known, spaces=tuple(spaces), memories=dict(list(titles.items())[:KEPT])))


def note_type(path: Path, type_: str) -> None:
    """Note that an edge of that type was made. Needs the writer's lock."""
    known = read(path)
    if known.types[:1] != (type_,):
        _write(path, replace(known, types=tuple(dict.fromkeys([type_, *known.types]))[:KEPT]))


def note_value(path: Path, key: str, *, gone: bool = False) -> None:
    """Note that the value *key* was written, or is *gone*. Needs the writer's lock."""
    known = read(path)
    others = [other for other in known.values if other != key]
    keys = (*others,) if gone else (key, *others)[:KEPT]
    if keys != known.values:
        _write(path, replace(known, values=keys))


def drop(path: Path, ids: Iterable[str] = (), space: str = "") -> None:
    """Note that the memories *ids*, and the space *space*, are gone. Needs the writer's lock."""
    known = read(path)
    gone = set(ids)
    spaces = tuple(name for name in known.spaces if name != space)
    titles = {i: title for i, title in known.memories.items() if i not in gone}
    _write(path, replace(known, spaces=spaces, memories=titles))


def _write(path: Path, names: Names) -> None:
    temporary = path.with_name(path.name + ".new")
    with contextlib.suppress(OSError):
        temporary.touch(mode=0o600)  # titles are private, too
        temporary.write_text(json.dumps(asdict(names)))
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
