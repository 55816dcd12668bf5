"""What says all that is known and something further is no double: it would be lost."""

import json
from pathlib import Path

import pytest

from memcli.model import Action
from memcli.services.conflicts import Statement, decide, says_more

FULLER = [
    ("The boiler is in the basement", "The boiler is in the basement behind the shelves"),
    ("Mateo speaks Greek", "Mateo speaks Greek because his mother is from Patras"),
    ("Nadia has a parrot", "Nadia has a parrot that whistles"),
    ("Omar plays the trumpet", "Omar plays the trumpet and sings in a choir"),
    ("Selma is vegan", "Selma is vegan except on feast days"),
    ("The talk starts at noon", "The talk starts at noon in the old chapel"),
    ("The proxy caches images", "The proxy caches images until the disk is full"),
    ("Nadia has a parrot", "Nadia has a parrot. It whistles all day."),
    ("Ravi bought a bicycle", "Ravi bought a folding bicycle"),
    ("Pia has three nieces", "Pia has three musical nieces"),
    ("Der Schlüssel liegt im Flur", "Der Schlüssel liegt im Flur unter dem Teppich"),
    ("Le bureau est à Lyon", "Le bureau est à Lyon avec un jardin"),
    ("La cafetera está rota", "La cafetera está rota y el técnico viene mañana"),
]

NO_MORE = [
    ("Mateo speaks Greek", "Mateo speaks Greek, by the way"),
    ("Mateo speaks Greek", "Mateo speaks Greek, in fact"),
    ("I live in Lisbon", "I live in Lisbon, Portugal"),
    ("Nadia works at Acme", "Nadia works at Acme, the toy maker"),
    ("Selma lives in Ankara", "Selma lives in the city of Ankara"),
    ("Omar likes sailing", "Omar likes to go sailing"),
    ("The talk starts at noon", "For your information, the talk starts at noon"),
    ("The cache lives in Redis", "The cache is one that lives in Redis"),
]


def decided(old: str, new: str) -> tuple[Action, str]:
    """The action and why."""
    decision = decide(Statement(old), Statement(new), 0.85)
    return decision.action, decision.reason


@pytest.mark.parametrize(("old", "new"), FULLER)
def test_what_says_more_is_stored(old: str, new: str) -> None:
    """What says less does not say more."""
    assert decided(old, new)[0] is Action.STORED
    assert says_more(new, old)
    assert not says_more(old, new)


@pytest.mark.parametrize(("old", "new"), NO_MORE)
def test_remarks_and_what_only_explains_a_name_are_nothing_further(old: str, new: str) -> None:
    assert decided(old, new)[0] is Action.DUPLICATE
    assert not says_more(new, old)


def test_it_is_told_what_is_said_besides() -> None:
    reason = decided("The boiler is in the basement", "The boiler is in the basement behind the shelves")[1]
    assert reason == "it says more: shelves"


def test_what_leaves_something_out_does_not_say_more() -> None:
    """However much it says besides."""
    assert not says_more("Nadia has a parrot that whistles", "Nadia has a green parrot")
    assert not says_more("Nadia has a parrot", "nadia has a parrot.")


def test_few_of_the_fuller_pairs_are_swallowed() -> None:
    """Of those that nobody has mended it for one by one: two of forty, at most."""
    file = Path(__file__).parents[2] / "training" / "conflicts" / "fuller.jsonl"
    pairs = [json.loads(line) for line in file.read_text().splitlines()]
    swallowed = [pair for pair in pairs if decided(pair["old"], pair["new"])[0] is Action.DUPLICATE]
    assert len(pairs) == 40
    assert len(swallowed) <= 2, swallowed
