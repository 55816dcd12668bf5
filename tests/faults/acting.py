"""A process that works on a store until somebody kills it, and notes what it has been promised.

Each act is noted before it is begun and after it is done, by one write to the end of a file: what was written
there has outlived the process. `tests.faults.promises` holds the store against it.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memcli.config import Config
from memcli.home import Home
from memcli.model import Scope
from memcli.services import backup, forgetting, memories, models, recall, remember, transfer, upkeep, values
from memcli.services.engine import Engine
from memcli.settings import ConflictSettings
from memcli.storage import indexes
from tests.wordhash import WordHashEmbedder

SCOPE = Scope("work", "me")

EMBEDDERS = {name: WordHashEmbedder(name, dimension) for name, dimension in (("small", 64), ("other", 48))}
"""The models between which `model` changes, by name."""

WINDOW = EMBEDDERS["small"].window

LETTERS = "bcdfghklmnprstvw"
LONG_EVERY = 6
"""One text in so many goes on beyond what the model takes at once, and has passages."""

INDEXED_FROM, CHUNK = 100, 16
"""Small enough for every kind of index, and several steps of every long work, in a store of hundreds."""


def engine_at(home: Path, model: str = "") -> Engine:
    """An engine on the store in *home*, with the model that has made its vectors, or else *model*."""
    place = Home(config_file=home / "config.toml", data=home)
    config = Config(conflicts=ConflictSettings(check=False))
    made_by = Engine(config, place).db.model
    return Engine(config, place, embedder=EMBEDDERS[made_by.name if made_by else model or "small"])


def word(number: int) -> str:
    """A word of its own for every *number*, which no stemmer mistakes for another one."""
    said = ""
    while number:
        number, digit = divmod(number, len(LETTERS))
        said += LETTERS[digit] + "ao"[digit % 2]
    return f"zu{said}x"


def text_of(choices: random.Random) -> str:
    """A text that begins with a word of its own."""
    own = word(choices.getrandbits(60))
    said = f"{own} {choices.choice(('amber', 'birch', 'cedar'))} tree"
    return said + f" {own} again" * 20 if choices.randrange(LONG_EVERY) == 0 else said


class Actor:
    """Does one kind of thing over and over.

    Args:
        home: Where.
        notes: The file for what it was promised.
        seed: What its choices follow from.
    """

    def __init__(self, home: Path, notes: Path, seed: int) -> None:
        self.home, self.engine, self.choices = home, engine_at(home), random.Random(seed)
        self.last, self.gone = "", set[str]()
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, **said: Any) -> None:
        """Write a line to the notes."""
        os.write(self._notes, (json.dumps(said) + "\n").encode())

    def some(self, number: int, *, forgotten: bool = False) -> list[str]:
        """Ids of at most so many memories."""
        where = f"forgotten_at IS {'NOT ' if forgotten else ''}NULL"
        there = self.engine.db.memories.ids(where)
        return self.choices.sample(sorted(there), min(number, len(there)))

    def store(self) -> None:
        """Store a memory."""
        text = text_of(self.choices)
        self.note(begin="store", texts=[text])
        self.last = str(remember.store(self.engine, text, scope=SCOPE).id)
        self.note(done="stored", id=self.last, text=text)

    def value(self) -> None:
        """Count one up."""
        self.note(begin="value")
        kept = values.increase(self.engine, "counter", scope=SCOPE)
        self.note(done="value", number=int(str(kept.data)))

    def take_in(self) -> None:
        """Import forty memories."""
        said = [text_of(self.choices) for _ in range(40)]
        self.note(begin="import", texts=said)
        lines = [json.dumps({"text": text}) for text in said]
        for record in transfer.import_lines(self.engine, lines, scope=SCOPE):
            self.note(done="stored", id=record.stored.id, text=said[record.line - 1])

    def update(self) -> None:
        """Give a memory another text."""
        for name in self.some(1):
            text = text_of(self.choices)
            self.note(begin="update", id=name, text=text)
            memories.update(self.engine, name, text=text)
            self.note(done="update", id=name, text=text)

    def forget(self) -> None:
        """Forget two memories."""
        ids = self.some(2)
        self.note(begin="forget", ids=ids)
        forgetting.forget(self.engine, ids)
        self.gone |= set(ids)
        self.note(done="forget", ids=ids)

    def optimize(self) -> None:
        """Optimise, with something to do each time."""
        self.store()
        self.note(begin="optimize")
        upkeep.optimize(self.engine)
        self.note(done="optimize")

    def model(self) -> None:
        """Change to the other model."""
        self.store()
        now = self.engine.db.model
        name = "other" if now and now.name == "small" else "small"
        self.note(begin="model")
        models.use(Engine(self.engine.config, self.engine.home), name)
        self.note(done="model")
        self.engine = engine_at(self.home)

    def purge(self) -> None:
        """Forget two memories and remove one of the forgotten for good."""
        self.store()
        self.forget()
        ids = self.some(1, forgotten=True)
        self.note(begin="purge", ids=ids)
        forgetting.purge(self.engine, forgetting.purgeable(self.engine, ids, scope=SCOPE))
        self.note(done="purge", ids=ids)

    def restore(self) -> None:
        """Bring the backup back, over what is there."""
        self.store()
        self.note(begin="restore")
        with backup_of(self.home).open("rb") as file:
            backup.bring_back(self.engine, file, "the backup", over=True)
        self.note(done="restore")
        self.engine = engine_at(self.home)

    def backup(self) -> None:
        """Make a backup, and store meanwhile."""
        self.store()
        backup.save(self.engine, self.home.parent / "another.tar.zst")

    def search(self) -> None:
        """Search, which notes uses."""
        recall.search(self.engine, "amber tree", scope=SCOPE)


KINDS: dict[str, Callable[[Actor], None]] = {
    "store": Actor.store,
    "import": Actor.take_in,
    "update": Actor.update,
    "optimize": Actor.optimize,
    "model": Actor.model,
    "purge": Actor.purge,
    "restore": Actor.restore,
    "backup": Actor.backup,
    "value": Actor.value,
}
"""What is killed half-way."""


def backup_of(home: Path) -> Path:
    """The backup that `restore` brings back."""
    return home.parent / "backup.tar.zst"


def prepare() -> None:
    """Make everything small, in this process."""
    indexes.INDEXED_FROM = INDEXED_FROM
    models.CHUNK = transfer.CHUNK = CHUNK
    Engine.load_model = lambda self, name=None: EMBEDDERS[name or "small"]  # type: ignore[method-assign]


def act(kind: str, home: Path, notes: Path, seed: int) -> None:
    """Do *kind* again and again; whoever has started it ends it."""
    prepare()
    actor = Actor(home, notes, seed)
    while True:
        KINDS[kind](actor)
