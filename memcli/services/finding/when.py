"""The times that a query names: "in June 2023", "on 3 May", "last week"; pure functions.

English month and day names, ISO 8601 dates and years. What is not understood is no time, and costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS_NEAR = 7.0
"""Days from a named day at which a memory's date says nothing any more. A week: people talk about a
day's events for some days, and each message is dated, not what it tells."""

DAY, MONTH, YEAR = 1.0, 0.5, 0.25
"""What a match is worth by how exact the named time is: a month's name alone fits every twelfth memory."""

MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_MONTH = r"(?P<month>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + r"|sept)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_BEFORE_MONTH = r"\b(?:in|of|since|until|by|during|around|before|after|last|this|early|late|mid)[ -]"


@dataclass(frozen=True, slots=True)
class NamedTime:
    """A time that a query names: a day of any year or of one, a month likewise, or a year.

    Attributes:
        year: The year, or None for any.
        month: 1..12, or None for any.
        day: 1..31, or None for any; only with a month.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Days from *first* to *last*, both included, that a query speaks of: "last week"."""

    first: date
    last: date


Time = NamedTime | Period

Reader = Callable[["re.Match[str]", date], "Time | None"]
"""What a match says, as of a day."""


def times_named(query: str, now: datetime) -> tuple[tuple[Time, ...], frozenset[str]]:
    """The times that *query* names, as of *now*, and the words, in lower case, that name them."""
    text = query.lower()
    found: list[Time] = []
    words: set[str] = set()

    def taken(match: re.Match[str], read: Reader) -> str:
        time = read(match, now.date())
        if time is not None:
            found.append(time)
            words.update(re.findall(r"\w+", match[0]))
        return " ; "

    for pattern, read in _READERS:
        text = pattern.sub(partial(taken, read=read), text)
    return tuple(dict.fromkeys(found)), frozenset(words)


def closeness(times: Sequence[Time], created: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """How close each of *created* is to one of *times*, 0..1: 1 on a named day, 0 a week from it.

    Args:
        times: What a query names.
        created: When each memory was made, UTC, shape (n,).
    """
    close = np.zeros(len(created))
    days = created.astype("datetime64[D]")
    for time in times:
        one = _in_period(time, days) if isinstance(time, Period) else _near(time, days)
        np.maximum(close, one, out=close)
    return close


def _in_period(period: Period, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    first, last = np.datetime64(period.first, "D"), np.datetime64(period.last, "D")
    away = np.maximum((first - days).astype(float), (days - last).astype(float))
    return np.asarray(np.clip(1.0 - np.maximum(away, 0.0) / DAYS_NEAR, 0.0, 1.0) * DAY)


def _near(time: NamedTime, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    years = days.astype("datetime64[Y]").astype(int) + 1970
    if time.month is None:
        return np.where(years == time.year, YEAR, 0.0)
    if time.day is None:
        months = days.astype("datetime64[M]").astype(int) % 12 + 1
        return np.where((months == time.month) & ((years == time.year) | (time.year is None)), MONTH, 0.0)
    best = np.zeros(len(days))
    for year in np.unique(years) if time.year is None else [time.year]:
        if (day := _date(int(year), time.month, time.day)) is not None:
            np.maximum(best, _in_period(Period(day, day), days), out=best)
    return best


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# --- reading ---


def _named(match: re.Match[str], today: date) -> Time | None:  # noqa: ARG001  # all readers are called alike
    said = match.groupdict()
    month = said.get("month")
    time = NamedTime(
        year=int(said["year"]) if said.get("year") else None,
        month=None if not month else int(month) if month.isdigit() else _month(month),
        day=int(said["day"]) if said.get("day") else None,
    )
    fits = (time.month is None or 1 <= time.month <= 12) and (time.day is None or 1 <= time.day <= 31)
    return time if fits else None


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name[:3]))


def _some_ago(match: re.Match[str], today: date) -> Time | None:
    number = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}.get(match["number"])
    days = {"day": 1, "week": 7, "month": 30, "year": 365}[match["unit"]]
    count = number if number is not None else int(match["number"])
    return _around(today, count * days, slack=days // 4)


def _around(today: date, days_ago: int, slack: int) -> Period | None:
    try:
        day = today - timedelta(days=days_ago)
        return Period(day - timedelta(days=slack), day + timedelta(days=slack))
    except OverflowError:
        return None


def _recent(match: re.Match[str], today: date) -> Period:
    monday = today - timedelta(days=today.weekday())
    of_month = today.replace(day=1)
    before = of_month - timedelta(days=1)
    return {
        "today": Period(today, today),
        "tonight": Period(today, today),
        "yesterday": Period(today - timedelta(days=1), today - timedelta(days=1)),
        "last night": Period(today - timedelta(days=1), today - timedelta(days=1)),
        "this week": Period(monday, today),
        "last week": Period(monday - timedelta(days=7), monday - timedelta(days=1)),
        "last weekend": Period(monday - timedelta(days=2), monday - timedelta(days=1)),
        "this month": Period(of_month, today),
        "last month": Period(before.replace(day=1), before),
        "this year": Period(today.replace(month=1, day=1), today),
        "last year": Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }[" ".join(match[0].split())]


def _last_weekday(match: re.Match[str], today: date) -> Period:
    back = (today.weekday() - WEEKDAYS.index(match["weekday"])) % 7 or 7
    day = today - timedelta(days=back)
    return Period(day, day)


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(rf"\b{_YEAR}-(?P<month>\d\d)(?:-(?P<day>\d\d))?(?!\d)"), _named),
    (re.compile(rf"\b{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?\b"), _named),
    (re.compile(rf"\b{_MONTH} {_DAY}(?:,? {_YEAR})?\b(?!:)"), _named),
    (re.compile(rf"\b{_MONTH},? (?:of )?{_YEAR}\b"), _named),
    (re.compile(rf"{_BEFORE_MONTH}{_MONTH}(?!\w)"), _named),
    (re.compile(rf"\b(?:in|of|since|during|around|early|late) {_YEAR}\b"), _named),
    (re.compile(r"\b(?P<number>\d{1,4}|an?|one|two|three) (?P<unit>day|week|month|year)s? ago\b"), _some_ago),
    (
        re.compile(
            r"\b(?:today|tonight|yesterday|last night|last weekend|(?:this|last) (?:week|month|year))\b"
        ),
        _recent,
    ),
    (re.compile(rf"\blast (?P<weekday>{'|'.join(WEEKDAYS)})\b"), _last_weekday),
)
"""What is read, the more exact first: what has been read is not read again."""
