"""The smallest parts of a statement: words, quantities, identifiers."""

from __future__ import annotations

from dataclasses import dataclass, field

from memcli.services.conflicts.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Token:
    """One word, quantity or identifier of a text.

    Args:
        text: As written.
        lemma: Its basic form in English, folded; for quantities and identifiers a canonical form.
        kind: `word`, `code` (identifiers, addresses), `quantity` or `mark` (punctuation that separates).
        at: Its place among the tokens, from 0.
        quantity: What it amounts to, if it is a quantity.
        capital: Whether it is written with a capital though it does not open a sentence.
        opens: Whether it opens a sentence.
        owner: Whether it ends in a possessive "'s".
        concepts: What it may mean, with the phrase around it.
        classes: The classes it belongs to, with the phrase around it.
        phrase: The places of the words that mean its concepts only together; empty for a word by itself.
    """

    text: str
    lemma: str
    kind: str = "word"
    at: int = 0
    quantity: Quantity | None = None
    capital: bool = False
    opens: bool = False
    owner: bool = False
    concepts: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    phrase: tuple[int, ...] = ()

    @property
    def content(self) -> bool:
        """Whether it carries meaning of its own."""
        return self.kind != "mark" and "function" not in self.classes


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was read: its tokens, and the language that it seems to be in ("en" if unsure)."""

    tokens: tuple[Token, ...]
    language: str = "en"
    content: tuple[Token, ...] = field(default=())
