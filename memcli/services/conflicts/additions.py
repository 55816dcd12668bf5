"""What a new statement says besides all that an old one says: "has a dog" and "has a dog that fears thunder".

Both are true, and the new one is no double: something would be lost. What only tells the same more fully is
one all the same: hedges ("by the way"), trivial words, and what stands beside a name to say which one is
meant ("Toronto, Canada"). Among the judged pairs that the trees have learnt from there is none of the first
kind: of 40 others (tests/training/conflicts/fuller.jsonl) they took 38 for doubles.
"""

from __future__ import annotations

from collections.abc import Sequence

from memcli.services.conflicts.comparison import Comparison, compare
from memcli.services.conflicts.evidence import has, is_name, trivial
from memcli.services.conflicts.lexicon import adding, folded
from memcli.services.conflicts.tokens import Token
from memcli.services.conflicts.words import normalised, read

ENDS = frozenset(".;!?")
"""Marks after which another sentence begins: that it is said besides needs no word."""

ARTICLES = frozenset({"a", "an", "the"})
WHOSE = frozenset({"his", "her", "its", "their", "my", "our", "your"})


def added(found: Comparison) -> tuple[Token, ...]:
    """The words of the new text that tell something further, in order; none where old words are left out.

    They follow a word that leads to something further ("with", "and", "that"), or the end of a sentence,
    with nothing in between that the old text says, too; and they name no kind of what it says ("the city of
    Hamburg"). Or they describe something that both texts name ("an electric car").
    """
    if found.only_old:
        return ()
    only = {token.at for token in found.only_new}
    tokens = found.new.tokens
    further = [t for t in found.only_new if not trivial(t) and not has(t, "pronoun") and not _leads(t)]
    return tuple(
        t
        for t in further
        if (_is_led_to(t, tokens, only) and not _is_kind(t, tokens, only)) or _describes(t, tokens, only)
    )


def says_more(one: str, other: str) -> bool:
    """Whether the text *one* says all that *other* says, and something further."""
    return normalised(one) != normalised(other) and bool(added(compare(read(other), read(one))))


def _is_led_to(token: Token, tokens: Sequence[Token], only: set[int]) -> bool:
    """Whether a word before *token* leads to it; *only* are the places of the new text's own words."""
    for before in reversed(tokens[: token.at]):
        if _leads(before):
            return not has(before, "cue.hedge") and not _is_infinitive(before, tokens)
        if before.kind == "mark":
            return before.text in ENDS
        if before.content and before.at not in only:
            return False
    return False


def _leads(token: Token) -> bool:
    return token.kind == "word" and (token.lemma in adding() or folded(token.text) in adding())


def _is_infinitive(token: Token, tokens: Sequence[Token]) -> bool:
    """Whether *token* is the "to" of "likes to drink tea"."""
    return token.lemma == "to" and any(has(after, "verb") for after in tokens[token.at + 1 : token.at + 2])


def _is_kind(token: Token, tokens: Sequence[Token], only: set[int]) -> bool:
    """Whether *token* says what kind of thing something is that both texts name."""
    after = [t for t in tokens[token.at + 1 : token.at + 4] if t.lemma not in ARTICLES]
    return len(after) > 1 and after[0].lemma == "of" and after[1].content and after[1].at not in only


def _describes(token: Token, tokens: Sequence[Token], only: set[int]) -> bool:
    """Whether *token* stands between an article, or the like, and a word that both texts have."""
    before = next((t for t in reversed(tokens[: token.at]) if t.at not in only), None)
    after = next((t for t in tokens[token.at :] if t.at not in only), None)
    if before is None or after is None or has(token, "verb") or is_name(token):
        return False
    opens = before.lemma in ARTICLES or before.lemma in WHOSE or before.owner or before.quantity is not None
    return opens and after.kind == "word" and after.content
