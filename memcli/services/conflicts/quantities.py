"""Numbers, times, dates and amounts: found in a text and brought to one form, so that they compare.

"1 week" and "7 days" are the same, so are "5pm" and "17:00", "$12,000" and "12k USD", "May 12" and
"12th of May"; "8080" and "8081" never are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from memcli.services.conflicts.lexicon import folded, section_lines, sections

CLOSE = 1e-9
"""Relative difference below which two amounts are the same: what conversions of units lose."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts, a time of day or a date.

    Args:
        kind: `number`, a dimension such as `time` or `usd`, `clock`, `date`, `weekday`, `version`.
        value: In the dimension's basic unit; minutes since midnight for a clock; 0 for dates, versions.
        plain: The number as written, without its unit; -1 if there is none.
        parts: Year, month and day of a date, 0 where unknown; the numbers of a version; how many decimals
            a number has, and which.
    """

    kind: str
    value: float = 0.0
    plain: float = -1.0
    parts: tuple[int, ...] = ()

    def same(self, other: Quantity) -> bool:  # noqa: PLR0911, one for each pair of kinds
        """Whether both say the same; a date without its year agrees with any year."""
        if self.kind == other.kind:
            if self.kind == "version":
                return self.parts == other.parts
            if self.kind == "date":
                return all(a == b or not a or not b for a, b in zip(self.parts, other.parts, strict=True))
            if self.kind == "clock" and self.plain < 0 <= max(other.plain, 0):  # in words: half past eight
                return _close(self.value % 720, other.value % 720)
            if self.parts and other.parts and self.parts != other.parts:
                return False  # 3.1 and 3.10, which are two versions
            return _close(self.value, other.value) or self._binary(other)
        if {self.kind, other.kind} == {"number", "percent"}:
            number, percent = (self, other) if self.kind == "number" else (other, self)
            return _close(number.value, percent.value) or _close(number.value * 100, percent.value)
        unitless = "number" in (self.kind, other.kind) and self.plain >= 0
        if unitless and _close(self.plain, other.plain):
            return True
        if {self.kind, other.kind} == {"number", "date"}:
            date, number = (self, other) if self.kind == "date" else (other, self)
            return number.value in date.parts and number.value > 0
        return {self.kind, other.kind} == {"clock", "number"} and (
            self._hour() == other._hour() or self._dotted() == other._dotted()
        )

    def _binary(self, other: Quantity) -> bool:
        """Whether both are sizes, one counted in thousands and one in 1024s: 1 GB and 1024 MB."""
        low, high = sorted((self.value, other.value))
        return self.kind == "bytes" and low > 0 and any(_close(high / low, 1.024**n) for n in (1, 2, 3))

    def _hour(self) -> float:
        """The hour a clock shows if it is a full one, or the number itself; on a dial of twelve."""
        hours = self.value / 60 if self.kind == "clock" else self.value
        return hours % 12

    def _dotted(self) -> float:
        """9:30 as 9.30."""
        return round(self.value // 60 + self.value % 60 / 100 if self.kind == "clock" else self.value, 2)

    def comparable(self, other: Quantity) -> bool:
        """Whether both are of one kind, so that one could stand in the other's place."""
        return self.kind == other.kind or "number" in (self.kind, other.kind)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= CLOSE * max(abs(one), abs(other))


_NUMBER = r"\d{1,3}(?:[,'’\u202f ]\d{3})+(?:\.\d+)?(?!\d)|\d+(?:[.,]\d+)?"
_MONEY = re.compile(rf"([$€£¥])\s?({_NUMBER})\s?(k|m|bn)?(?!\w)", re.I)
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMERIC_DATE = re.compile(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})\b")
_CJK_DATE = re.compile(
    r"(?:(\d{4})年)?([\d一二三四五六七八九十]{1,3})月(?:([\d一二三四五六七八九十]{1,3})[日号])?"
)
_CLOCK = re.compile(
    r"\b(\d{1,2})(?:[:.](\d{2}))?\s?(a\.?m\b\.?|p\.?m\b\.?)|\b([01]?\d|2[0-4])[:h]([0-5]\d)(?!\d)(?::[0-5]\d)?"
    r"|\b([01]?\d|2[0-4])(?:[:.]([0-5]\d))?\s?(?:uhr\b|o'clock\b|h\b(?!\w))",
    re.I,
)
_MILITARY = re.compile(r"(?<![\w.:/-])(0\d)([0-5]\d)(?![\w.:/-])")
_VERSION = re.compile(r"\bv\.?\s?(\d+(?:\.\d+)*)(?![\w])|\b(\d+(?:\.\d+){2,})\b", re.I)
_PLAIN = re.compile(rf"(?<![\w.])({_NUMBER})(?:\s?(k|bn)\b|(?:st|nd|rd|th|º|ª|ème|er)\b)?(?!\d)", re.I)
_MONEYS = frozenset(("usd", "eur", "gbp", "chf", "jpy"))
_SCALE = {"k": 1e3, "m": 1e6, "bn": 1e9}
_UNIT_AFTER = re.compile(r"[ \u00a0-]?([a-zA-ZäöüéÀ-ÿ]+|[%€$£¥°]c?|小时|个月|[天周年])", re.I)
_CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九十")}


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity and where in the text it stands, as characters."""

    start: int
    end: int
    quantity: Quantity


@cache
def _units() -> dict[str, tuple[str, float]]:
    units = {}
    for name, words in section_lines("units.txt"):
        dimension, factor = name.split()
        units.update(dict.fromkeys(words, (dimension, float(factor))))
    return units


@cache
def named(section: str) -> dict[str, int]:
    """The words of a section of numbers.txt and their values: `numbers`, `ordinals`, `months`, `weekdays`."""
    return {word: int(value) for value, words in sections("numbers.txt")[section] for word in words}


def find(text: str) -> list[Found]:  # noqa: C901, one loop for each way of writing
    """All quantities written with digits in *text*, in order, none within another."""
    found: list[Found] = []
    taken: list[tuple[int, int]] = []

    def take(start: int, end: int, quantity: Quantity | None) -> None:
        if quantity is not None and all(end <= a or start >= b for a, b in taken):
            taken.append((start, end))
            found.append(Found(start, end, quantity))

    if not any(map(str.isdigit, text)) and "月" not in text:
        return []
    for match in _ISO.finditer(text):
        take(*match.span(), _date(int(match[1]), int(match[2]), int(match[3])))
    for match in _CJK_DATE.finditer(text):
        take(*match.span(), _date(int(match[1] or 0), _chinese(match[2]), _chinese(match[3] or "零")))
    for match in _NUMERIC_DATE.finditer(text):
        take(*match.span(), _european(int(match[1]), int(match[3]), int(match[4]), match[2]))
    for match in _CLOCK.finditer(text):
        take(*match.span(), _clock(match))
    for match in _MILITARY.finditer(text):
        take(*match.span(), Quantity("clock", int(match[1]) * 60.0 + int(match[2]), int(match[1])))
    for match in _VERSION.finditer(text):
        digits = match[1] or match[2]
        if len(digits) < 40:
            take(*match.span(), Quantity("version", parts=tuple(int(part) for part in digits.split("."))))
    for match in _MONEY.finditer(text):
        plain = _number(match[2], grouped=True) * _SCALE.get((match[3] or "").lower(), 1.0)
        take(*match.span(), Quantity(_units()[match[1]][0], plain, plain))
    for match in _PLAIN.finditer(text):
        plain = _number(match[1]) * _SCALE.get((match[2] or "").lower(), 1.0)
        end, quantity = match.end(), Quantity("number", plain, plain, _decimals(match[1]))
        unit = _UNIT_AFTER.match(text, match.end())
        known = _units().get(folded(unit[1])) if unit else None
        if unit and known and not match[2]:
            plain = _number(match[1], grouped=True) if known[0] in _MONEYS else plain
            end, quantity = unit.end(), Quantity(known[0], plain * known[1], plain)
        elif text[end : end + 1].isalpha() and text[end].isascii():
            continue  # the beginning of a word such as 2FA
        take(match.start(), end, quantity)
    return sorted(found, key=lambda one: one.start)


def with_unit(value: float, word: str) -> Quantity | None:
    """The amount of *value* times the unit *word*, folded; None if that is no unit."""
    known = _units().get(word)
    return Quantity(known[0], value * known[1], value) if known and len(word) > 1 else None


def _decimals(digits: str) -> tuple[int, ...]:
    """How many digits stand after the point of *digits*, and what they say; empty for a whole number."""
    decimals = digits.rpartition(".")[2] if "." in digits else ""
    return (len(decimals), int(decimals)) if decimals.strip("0") else ()


def _number(digits: str, *, grouped: bool = False) -> float:
    """The number that *digits* with separators mean; a comma before three digits groups thousands.

    So does a point if *grouped*, as in 1.250 euros.
    """
    plain = re.sub(r"['’\u202f ]", "", digits)
    if grouped:
        plain = re.sub(r"\.(?=\d{3}(?:\D|$))", "", plain)
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", plain).replace(",", ".")
    return float(plain[:300]) if plain.count(".") <= 1 else 0.0


def _date(year: int, month: int, day: int) -> Quantity | None:
    return Quantity("date", parts=(year, month, day)) if 1 <= month <= 12 and 0 <= day <= 31 else None


def _european(first: int, second: int, year: int, separator: str) -> Quantity | None:
    """14.03.2025 and 14/03/2025; with slashes and where only that fits, the month comes first."""
    year += 2000 if year < 100 else 0
    if separator == "/" and second > 12:
        first, second = second, first
    return _date(year, second, first)


def _clock(match: re.Match[str]) -> Quantity | None:
    if match[3]:
        hour, minute = int(match[1]), int(match[2] or 0)
        hour = hour % 12 + (12 if match[3].lower().startswith("p") else 0)
    elif match[4]:
        hour, minute = int(match[4]), int(match[5])
    else:
        hour, minute = int(match[6]), int(match[7] or 0)
    return Quantity("clock", hour * 60.0 + minute, float(hour))


def _chinese(digits: str) -> int:
    """1 to 99, in digits or in Chinese; 0 for none."""
    if digits.isdecimal():
        return int(digits)
    before, ten, after = digits.partition("十")
    if not ten:
        return _CHINESE.get(before, 0)
    return (_CHINESE.get(before, 1) or 1) * 10 + _CHINESE.get(after, 0)
