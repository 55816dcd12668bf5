"""Times and durations as people write and read them. Inside memcli, times are aware and in UTC.

The standard library reads ISO 8601 strictly; dateutil's parser would add guesses ("5", "may"), which a
filter must not make.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from memcli.errors import UsageError

LONGEST = timedelta(days=36525)
"""The longest duration that is accepted: a hundred years."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AMOUNT = r"""([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*
    (s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)(?![a-z])"""
_AMOUNTS = re.compile(_AMOUNT, re.VERBOSE)
_COMPACT = re.compile(r"(?<=[smhdw])(?=[0-9])")
_DURATION = re.compile(rf"(?:{_AMOUNT}\s*)+", re.VERBOSE)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_STEPS = {"year": 31_557_600, "month": 2_629_800, "week": 604_800, "day": 86400, "hour": 3600, "min": 60}


def parse_duration(text: str) -> timedelta:
    """The duration that *text* names: `45s`, `30m`, `12h`, `7d`, `2w`, `1d12h`, `1.5h`, `3 days`.

    Returns:
        More than nothing, at most `LONGEST`.

    Raises:
        UsageError: The text is no duration, or names none between those.
    """
    duration = _duration(text)
    if duration is None:
        raise UsageError(
            f"{_shown(text)} is not a duration", hint="Write it like 45s, 30m, 12h, 7d, 2w or 1d12h."
        )
    return duration


def parse_time(text: str, now: datetime, *, end_of_day: bool = False) -> datetime:
    """The moment that *text* names, in UTC.

    Args:
        text: An ISO 8601 date or date with time (in the local time zone, unless it says another), `now`,
            `today`, `yesterday`, `tomorrow`, or a duration, which means that long ago. Without a time of
            day, the start of the day.
        now: What durations and days are counted from; aware.
        end_of_day: Whether a text without a time of day means the last microsecond of that day; for `--until`
            and `--at`, where the day named is still included, and what begins with the next one is not.

    Raises:
        UsageError: The text is none of these, or a moment outside the years 1 to 9999.
    """
    try:
        moment = _moment(text.strip(), now, end_of_day)
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None:
        hint = "Write it like 2026-05-01, 2026-05-01T14:30, 2026-05-01T14:30Z, today, yesterday or 7d (ago)."
        raise UsageError(f"{_shown(text)} is not a time", hint=hint)
    return moment


def format_time(moment: datetime) -> str:
    """*moment* for people, in local time: `2026-05-01 14:03`."""
    return _local(moment).isoformat(" ", "minutes")[:16]


def format_date(moment: datetime) -> str:
    """The day of *moment* in local time: `2026-05-01`."""
    return _local(moment).date().isoformat()


def format_age(moment: datetime, now: datetime) -> str:
    """How long before *now* a moment was, or after it will be: `3 min ago`, `2 days ago`, `in 5 days`.

    Whole units only, the largest that fits; `just now` for less than a minute on either side. What is
    past has had that many; what is to come is rounded, so that twelve hours are not eleven at once.
    """
    seconds = abs(int((now - moment).total_seconds()))
    for unit, length in _STEPS.items():
        if count := seconds // length:
            if moment > now:
                count = (seconds + length // 2) // length
            amount = f"{count} {unit}{'s' if count > 1 and unit != 'min' else ''}"
            return f"{amount} ago" if moment < now else f"in {amount}"
    return "just now"


def _duration(text: str) -> timedelta | None:
    """The duration that *text* names, None if it names none in range."""
    spaced = _COMPACT.sub(" ", text.strip().lower())
    if not _DURATION.fullmatch(spaced):
        return None
    seconds = sum(float(count) * _SECONDS[unit[0]] for count, unit in _AMOUNTS.findall(spaced))
    if not timedelta.resolution.total_seconds() <= seconds <= LONGEST.total_seconds():
        return None
    return timedelta(seconds=seconds)


def _moment(text: str, now: datetime, end_of_day: bool) -> datetime | None:
    if text.lower() == "now":
        return now.astimezone(UTC)
    if (duration := _duration(text)) is not None:
        return now.astimezone(UTC) - duration
    if (day := _day(text, now)) is None:
        return datetime.fromisoformat(text).astimezone(UTC)
    if not end_of_day:
        return datetime.combine(day, time()).astimezone(UTC)
    return datetime.combine(day + timedelta(days=1), time()).astimezone(UTC) - timedelta.resolution


def _day(text: str, now: datetime) -> date | None:
    """The day that *text* names, None if it doesn't name a whole day."""
    if text.lower() in _DAYS:
        return now.astimezone().date() + timedelta(days=_DAYS[text.lower()])
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _local(moment: datetime) -> datetime:
    """*moment* in local time, or as it is where that leaves the years 1 to 9999."""
    try:
        return moment.astimezone()
    except (ValueError, OverflowError, OSError):
        return moment


def _shown(text: str) -> str:
    """The beginning of *text* for an error message, with quotes and nothing that upsets a terminal."""
    return ascii(text[:40]) if not text.isprintable() else repr(text[:40])
