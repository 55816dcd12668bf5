"""Numbers, dates and times in words: "half past nine", "35 minutes", "12th of May", "two hundred"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memcli.services.conflicts import quantities
from memcli.services.conflicts.lexicon import folded
from memcli.services.conflicts.quantities import Quantity
from memcli.services.conflicts.tokens import Token


def with_quantities(tokens: Sequence[Token], language: str) -> list[Token]:
    """*tokens* with numbers, months, days and times in words read as quantities, and dates put together."""
    merged: list[Token] = []
    for place, raw in enumerate(tokens):
        token = _worded(raw, tokens[max(place - 1, 0) : place + 2], language)
        joined = _joined(merged, token) if merged else None
        if joined is None:
            merged.append(token)
            continue
        size, quantity = joined
        first = merged[-size]
        text = f"{first.text} {token.text}"
        if quantity is None:
            whole = Token(text, "weekday", opens=first.opens)
        else:
            whole = replace(first, text=text, kind="quantity", quantity=quantity, classes=frozenset())
        merged[-size:] = [whole]
    return [
        replace(token, lemma=f"{token.quantity.kind}:{token.quantity.value:g}{token.quantity.parts or ''}")
        if token.quantity
        else token
        for token in merged
    ]


_BEFORE_ORDINALS = frozenset(("the", "my", "your", "his", "her", "its", "our", "their", "i", "we"))
"""Before "third" they make it tell which one: "a third" is another one, or a part. "My" is read as "I"."""

_AMBIGUOUS = frozenset(("may", "march", "mar", "sat", "sun", "mon", "dec", "sept"))
"""Months and days that are ordinary words, too: only with a capital, or beside a number."""


def _worded(token: Token, around: Sequence[Token], language: str) -> Token:  # noqa: PLR0911, one for each kind
    """*token* as a quantity, if it is one in words; *around* are it and its neighbours."""
    if token.kind != "word":
        return token
    if token.lemma in ("noon", "midday", "midnight"):
        return replace(
            token, kind="quantity", quantity=Quantity("clock", 0.0 if token.lemma == "midnight" else 720.0)
        )
    beside = any(other.kind == "quantity" for other in around)
    sections = ("weekdays", "months", "numbers")
    for section in (*sections, *(f"{name} elsewhere" for name in sections if language != "en")):
        value = quantities.named(section).get(token.lemma if language == "zh" else folded(token.text))
        if value is None or (token.lemma in _AMBIGUOUS and not token.capital and not beside):
            continue
        if section.startswith("weekdays"):
            return replace(token, kind="quantity", quantity=Quantity("weekday", value))
        if section.startswith("months"):
            return replace(token, kind="quantity", quantity=Quantity("date", parts=(0, value, 0)))
        return replace(token, kind="quantity", quantity=Quantity("number", value, value))
    place = quantities.named("ordinals").get(folded(token.text))
    if (
        place is not None
        and around[0] is not token
        and (around[0].owner or around[0].lemma in _BEFORE_ORDINALS)
    ):
        return replace(token, kind="quantity", quantity=Quantity("number", place, place))
    if token.lemma == "fortnight":
        return replace(token, kind="quantity", quantity=Quantity("time", 14 * 86_400.0, 1.0))
    return token


_LINKS = frozenset(("of", "de", "del", "to", "through", "past", ",", "–", "-"))
"""What may stand within a date, a time or a span of days."""


def _joined(  # noqa: PLR0911, one for each pattern
    before: list[Token], token: Token
) -> tuple[int, Quantity | None] | None:
    """How many of the tokens *before* go together with *token*, and what that makes.

    None if it stands alone; no quantity if they are Monday to Friday.
    """
    last, size = before[-1], 1
    linked = last.text.lower() in _LINKS
    if linked:
        if len(before) < 2:
            return None
        last, size = before[-2], 2
    one, two = last.quantity, token.quantity
    if two is None:
        return _with_unit(last, token) if size == 1 else None
    if before[-1].lemma in ("past", "to") and two.kind == "number" and last.lemma in ("half", "quarter"):
        minutes = {"half": 30, "quarter": 15}[last.lemma] * (1 if before[-1].lemma == "past" else -1)
        return 2, Quantity("clock", two.value * 60 + minutes)
    if one is None:
        return None
    if one.kind == two.kind == "weekday":
        return (size, None) if size == 2 and (one.value, two.value) == (1, 5) else None
    if before[-1].lemma in ("to", "through", "past"):
        return None
    if {one.kind, two.kind} == {"date", "number"}:
        return _date_of(one, two, size)
    if one.kind == two.kind == "number" and size == 1 and not (last.text + token.text)[0].isdigit():
        return _number_of(one.value, two.value)
    return None


def _with_unit(number: Token, unit: Token) -> tuple[int, Quantity] | None:
    if unit.kind != "word" or number.quantity is None or number.quantity.kind != "number":
        return None
    amount = quantities.with_unit(number.quantity.plain, unit.lemma) or quantities.with_unit(
        number.quantity.plain, folded(unit.text)
    )
    return (1, amount) if amount else None


def _date_of(one: Quantity, two: Quantity, size: int) -> tuple[int, Quantity] | None:
    """A month with a day or a year: *one* then *two*, with nothing (size 1) or a link between them."""
    date, number = (one, two) if one.kind == "date" else (two, one)
    year, month, day = date.parts
    value = int(number.value) if number.value == int(number.value) else 0
    if not day and 1 <= value <= 31 and (size == 1 or one is number):
        return size, Quantity("date", parts=(year, month, value))
    if not year and 1900 <= value <= 2100 and one is date:
        return size, Quantity("date", parts=(value, month, day))
    return None


def _number_of(one: float, two: float) -> tuple[int, Quantity] | None:
    """Two hundred, thirty five."""
    if two in (100, 1000, 1_000_000) and one < two:
        return 1, Quantity("number", one * two, one * two)
    if one in range(20, 100, 10) and 0 < two < 10:
        return 1, Quantity("number", one + two, one + two)
    return None
