"""Names for the shell to offer: spaces, agents, teams, tags, and the memories stored lately.

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
from typing import Any

from memcli.model import Memory

KEPT = 200
"""Memories whose ids are offered: more than a person scrolls through, 15 kB to read and write."""


@dataclass(frozen=True)
class Names:
    """What can be offered.

    Attributes:
        spaces: Spaces, the one used last first.
        memories: Titles by id, the one stored last first.
        agents: Agents, the one used last first.
        teams: Teams, the one used last first.
        types: Types of edges, the one used last first.
        values: Keys of values, the one written last first.
        tasks: Goals by id, of tasks that go on, the one started last first.
        tags: Tags, the one used last first.
        conversations: What was said last, by the conversation's id, the one last written to first.
    """

    spaces: tuple[str, ...] = ()
    memories: dict[str, str] = field(default_factory=dict)
    agents: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    tasks: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    conversations: dict[str, str] = field(default_factory=dict)


def read(path: Path) -> Names:
    """What was noted in the file at *path*; nothing, if it is not there or not readable."""
    try:
        said = json.loads(path.read_bytes())
        about: dict[str, Any] = {}
        for name in ("agents", "teams", "types", "values", "tags"):
            about[name] = tuple(map(str, said.get(name, ())))
        for name in ("tasks", "conversations"):
            about[name] = {str(k): str(v) for k, v in said.get(name, {}).items()}
        return Names(
            spaces=tuple(map(str, said["spaces"])),
            memories={str(k): str(v) for k, v in said["memories"].items()},
            **about,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Names()


def note(path: Path, memories: Sequence[Memory], space: str = "") -> None:
    """Note that *memories* have been stored or changed, or *space* made. Needs the writer's lock."""
    known = read(path)
    latest = memories[::-1]
    used = [space] if space else [memory.space for memory in latest]
    talks: dict[str, str] = {}
    for memory in latest:
        if memory.conversation:
            talks.setdefault(memory.conversation, memory.title)
    tags = dict.fromkeys([*(tag for memory in latest for tag in memory.tags), *known.tags])
    _write(
        path,
        replace(
            known,
            spaces=tuple(dict.fromkeys([*used, *known.spaces])),
            memories=_first({memory.id: memory.title for memory in latest[:KEPT]}, known.memories),
            agents=tuple(dict.fromkeys([m.agent for m in latest if m.agent] + [*known.agents])),
            teams=tuple(dict.fromkeys([m.team for m in latest if m.team] + [*known.teams])),
            tags=tuple(tags)[:KEPT],
            conversations=_first(talks, known.conversations),
        ),
    )


def _first(latest: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    """*latest* and, behind them, those of *known* that are not among them, `KEPT` in all."""
    both = latest | {name: said for name, said in known.items() if name not in latest}
    return dict(list(both.items())[:KEPT])


def note_people(path: Path, *, agent: str = "", team: str = "") -> None:
    """Note that the agent *agent*, or the team *team*, has been made. Needs the writer's lock."""
    known = read(path)
    agents = dict.fromkeys([agent, *known.agents] if agent else known.agents)
    teams = dict.fromkeys([team, *known.teams] if team else known.teams)
    _write(path, replace(known, agents=tuple(agents), teams=tuple(teams)))


def drop_people(path: Path, *, agent: str = "", team: str = "") -> None:
    """Note that the agent *agent*, or the team *team*, is gone. Needs the writer's lock."""
    known = read(path)
    agents = tuple(name for name in known.agents if name != agent)
    _write(path, replace(known, agents=agents, teams=tuple(name for name in known.teams if name != team)))


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


def note_task(path: Path, id_: str, goal: str, *, gone: bool = False) -> None:
    """Note that the task *id_* was started, or has ended. Needs the writer's lock."""
    known = read(path)
    others = {other: said for other, said in known.tasks.items() if other != id_}
    tasks = others if gone else dict(list(({id_: goal} | others).items())[:KEPT])
    if list(tasks.items()) != list(known.tasks.items()):
        _write(path, replace(known, tasks=tasks))


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
