"""Made-up memories and questions, the same on every run: for benchmarks where meaning does not matter."""

from __future__ import annotations

import random

PEOPLE = ("Amira", "Bruno", "Chen", "Dilara", "Edvard", "Fatou", "Goran", "Hana")
DEEDS = (
    "moved the {thing} to the {place}",
    "asked for a second {thing} before the {event}",
    "prefers the {quality} {thing} over the old one",
    "lost the key of the {place} during the {event}",
    "wrote down how the {thing} is repaired",
    "wants the {event} to begin at {hour}",
    "paid {number} for the {quality} {thing}",
    "keeps the {thing} in the {place} since the {event}",
    "promised to bring a {quality} {thing} at {hour}",
    "counted {number} boxes in the {place}",
)
THINGS = ("lathe", "printer", "kayak", "server", "ladder", "violin", "router", "kettle")
PLACES = ("cellar", "workshop", "attic", "harbour", "office", "greenhouse", "garage", "library")
EVENTS = ("audit", "fair", "regatta", "concert", "release", "inspection", "wedding", "move")
QUALITIES = ("green", "heavy", "borrowed", "silent", "wooden", "spare", "cheap", "repaired")


def memories(count: int, seed: int = 1) -> list[str]:
    """*count* different texts of one to three sentences, about 10 to 35 words each."""
    source = random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < count:
        made[". ".join(_sentence(source) for _ in range(source.choice((1, 1, 2, 2, 3))))] = None
    return list(made)


def questions(count: int, seed: int = 2) -> list[str]:
    """*count* questions in words that the memories have."""
    source = random.Random(seed)
    asked = ("where does {} keep the {}?", "what did {} say about the {}?", "does {} need a {}?")
    return [source.choice(asked).format(source.choice(PEOPLE), source.choice(THINGS)) for _ in range(count)]


def _sentence(source: random.Random) -> str:
    deed = source.choice(DEEDS).format(
        thing=source.choice(THINGS),
        place=source.choice(PLACES),
        event=source.choice(EVENTS),
        quality=source.choice(QUALITIES),
        hour=f"{source.randrange(7, 20)}:{source.choice((0, 15, 30)):02}",
        number=source.randrange(2, 900),
    )
    return f"{source.choice(PEOPLE)} {deed}, and {source.choice(PEOPLE)} knows about it"
