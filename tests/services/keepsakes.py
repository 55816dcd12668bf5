"""A store with something in every table, and all that is in it; tests of backups use it.

`python -m tests.services.keepsakes FILE` writes a backup of it. Those in tests/data were made so, by the
memcli whose format they are of: a new format leaves them as they are and adds one of its own.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lancedb

from memcli.config import Config
from memcli.home import Home
from memcli.model import Scope
from memcli.services import (
    agents,
    backup,
    forgetting,
    graph,
    memories,
    recall,
    remember,
    spaces,
    tasks,
    teams,
    turns,
    uses,
    values,
)
from memcli.services.engine import Engine
from memcli.settings import ConflictSettings
from tests.wordhash import WordHashEmbedder

SCOPE = Scope(space="work", user="me")
TEXTS = {"the office is on floor 3", "the office is on floor 4", "amber tree", "a secret garden"}


def fill(engine: Engine) -> None:
    """Have something in every table of the store of *engine*."""
    spaces.create(engine, "work", user="me", description="what I am paid for")
    agents.create(engine, "scout", user="me")
    teams.create(engine, "Platform", user="me")
    teams.add(engine, "platform", "you", user="me")
    first = remember.store(engine, "the office is on floor 3", scope=SCOPE, tags=("place",))
    second = remember.store(engine, "the office is on floor 4", scope=SCOPE, replaces=str(first.id))
    long = remember.store(engine, " ".join(f"word{n}" for n in range(120)), scope=SCOPE)
    tree = remember.store(engine, "amber tree", scope=SCOPE, metadata={"n": 1, "deep": {"a": [1, 2]}})
    gone = remember.store(engine, "a secret garden", scope=SCOPE)
    forgetting.forget(engine, [str(gone.id)], scope=SCOPE)
    graph.connect(engine, str(second.id), str(tree.id), scope=SCOPE)
    memories.update(engine, str(long.id), importance=0.9)
    values.put(engine, "prefs", '{"n": 12345678901234567890,  "f": 1.10}', scope=SCOPE)
    tasks.start(engine, "plant a tree", scope=SCOPE)
    turns.add(engine, "user", "where do we meet?", scope=SCOPE, conversation="talk")
    turns.add(engine, "assistant", "on floor 4", scope=SCOPE, conversation="talk")
    uses.look_at(engine, str(tree.id), scope=SCOPE)
    recall.search(engine, "amber", scope=SCOPE)


def everything(store: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables of the store at *store*, every column of them."""
    connection = lancedb.connect(store)
    tables = {path.stem: connection.open_table(path.stem).to_arrow() for path in store.glob("*.lance")}
    return {
        name: sorted(({**row, "": str(rows.schema)} for row in rows.to_pylist()), key=repr)
        for name, rows in tables.items()
    }


def main() -> None:
    """Write a backup of such a store to the file that the command line names."""
    with tempfile.TemporaryDirectory() as place:
        home = Home(config_file=Path(place, "config.toml"), data=Path(place))
        home.config_file.write_text("space = 'work'\n")
        numbers = iter(range(1, 1000))
        engine = Engine(
            Config(conflicts=ConflictSettings(check=False)),
            home,
            embedder=WordHashEmbedder(dimension=16),
            now=lambda: datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
            new_id=lambda: f"m{next(numbers):09}",
        )
        fill(engine)
        print(backup.save(engine, Path(sys.argv[1])))


if __name__ == "__main__":
    main()
