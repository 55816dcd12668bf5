"""Which statements say the opposite of each other in nearly the same words."""

import pytest

from memcli.model import Action
from memcli.services.conflicts import Statement, decide, lexicon
from memcli.services.conflicts.evidence import evidence
from memcli.services.conflicts.reversals import Reversal, reversal

STATE, COMPARISON, EVENT, CONVERSE = Reversal.STATE, Reversal.COMPARISON, Reversal.EVENT, Reversal.CONVERSE

REVERSED = [
    ("Do not feed the geese", "Feeding the geese is fine", STATE),
    ("Dogs are welcome in the hut", "No dogs in the hut", STATE),
    ("Parking here is okay", "Parking here is not really okay", STATE),
    ("Order pears, not plums", "Order plums, not pears", STATE),
    ("Pia used to fence", "Pia fences", STATE),
    ("The toll includes the ferry", "The toll excludes the ferry", STATE),
    ("The patch is reversible", "The patch is irreversible", STATE),
    ("The pass is transferable", "The pass is non-transferable", STATE),
    ("All crates are sealed", "Some crates are sealed", STATE),
    ("Seat at least twelve", "Seat at most twelve", STATE),
    ("Lena prefers the north room", "Lena prefers the south room", STATE),
    ("Glaze the bowls, then fire the mugs", "Fire the mugs, then glaze the bowls", STATE),
    ("Pia may ride but not jump", "Pia may jump but not ride", STATE),
    ("The pipe leads from the well to the barn", "The pipe leads from the barn to the well", STATE),
    ("Hugo waters the figs and Pia prunes the vines", "Hugo prunes the vines and Pia waters the figs", STATE),
    ("Call before the show", "Call after the show", COMPARISON),
    ("Lena is older than Hugo", "Hugo is older than Lena", STATE),
    ("The pier was leased by Hugo", "Hugo revoked the lease of the pier", STATE),
    ("Entry was granted by Pia", "Pia revoked the entry", STATE),
    ("Lena goes to the quay by bus", "Lena cycles to the quay", STATE),
    ("Hugo borrowed the oars", "Hugo brought back the oars", EVENT),
    ("Hugo phoned Lena", "Lena phoned Hugo", EVENT),
    ("Hugo is Lena's coach", "Lena is Hugo's coach", EVENT),
    ("The parser feeds the linker", "The linker feeds the parser", EVENT),
    ("Oars or paddles are needed", "Oars and paddles are needed", EVENT),
    ("Hugo sold a kayak", "Hugo bought a kayak", CONVERSE),
]


@pytest.mark.parametrize(("old", "new", "kind"), REVERSED)
def test_the_opposite_in_nearly_the_same_words_is_told(old: str, new: str, kind: Reversal) -> None:
    """Permissions, contrasts, prefixes, habits that are over, who does it to whom."""
    assert reversal(evidence(old, new)) is kind
    assert decide(Statement(old), Statement(new), 0.9).action is not Action.DUPLICATE


SAME = [
    ("Hugo sold Lena a kayak", "Lena bought a kayak from Hugo"),
    ("Lena is older than Hugo", "Hugo is younger than Lena"),
    ("Hugo is Lena's brother", "Lena is Hugo's sister"),
    ("Hugo coaches Lena", "Lena is coached by Hugo"),
    ("Hugo and Lena share a boat", "Lena and Hugo share a boat"),
    ("The hut is not open", "The hut is closed"),
    ("Only members may row", "Non-members may not row"),
    ("Hugo does not mind dogs", "Dogs are fine with Hugo"),
    ("On Mondays Lena rows", "Lena rows on Mondays"),
    ("Hugo waters the figs and Pia prunes the vines", "Pia prunes the vines and Hugo waters the figs"),
    ("The pipe leads from the well to the barn", "From the well to the barn leads the pipe"),
    ("Der Hund schläft unter dem Tisch", "Unter dem Tisch schläft der Hund"),
    ("Never row without a vest", "Always wear a vest when rowing"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_the_same_from_the_other_end_is_no_opposite(old: str, new: str) -> None:
    """Converse words whose two change places, two denials, another order."""
    assert reversal(evidence(old, new)) is Reversal.NONE


def test_each_contrast_has_sides_without_a_word_in_common() -> None:
    """And stands in a section that says what follows from it."""
    assert set(lexicon.sections("contrasts.txt")) - {""} == {STATE, COMPARISON, EVENT, CONVERSE}
    sides: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    of_line: dict[tuple[str, int], set[int]] = {}
    for phrases in lexicon.contrasts().values():
        for phrase, section, line, side in phrases:
            sides.setdefault((section, line), []).append(phrase)
            of_line.setdefault((section, line), set()).add(side)
    assert all(len(numbers) > 1 for numbers in of_line.values())
    assert all(len(phrases) == len(set(phrases)) for phrases in sides.values())
