"""Times and durations as people write and read them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.times import LONGEST, format_age, format_date, format_time, parse_duration, parse_time

NOW = datetime(2026, 5, 10, 12, 30, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is two hours ahead of UTC in May, whatever the machine thinks."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("1d 12h", timedelta(days=1, hours=12)),
        (" 3 days ", timedelta(days=3)),
        ("1 Week 2 hours", timedelta(weeks=1, hours=2)),
        ("1.5h", timedelta(minutes=90)),
        ("5 min", timedelta(minutes=5)),
        ("36525d", LONGEST),
    ],
)
def test_durations_are_read_in_the_usual_spellings(text: str, duration: timedelta) -> None:
    """Short and long units, compound, fractions, any case."""
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0d",
        "-1",
        "-1d",
        "5",
        "d",
        "3 bananas",
        "1e3d",
        "inf d",
        "36526d",
        "9" * 400 + "s",
        "\u0663d",
        "1d-2h",
    ],
)
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    """Nothing, negative, without a unit, too long."""
    with pytest.raises(UsageError, match="is not a duration") as error:
        parse_duration(text)
    assert "7d" in error.value.hint


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01", datetime(2026, 4, 30, 22, tzinfo=UTC)),
        ("2026-01-01", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-05-01T14:30", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-05-01 14:30", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-05-01T14:30Z", datetime(2026, 5, 1, 14, 30, tzinfo=UTC)),
        ("2026-05-01T14:30:15.25+05:30", datetime(2026, 5, 1, 9, 0, 15, 250000, tzinfo=UTC)),
        ("now", NOW),
        ("Today", datetime(2026, 5, 9, 22, tzinfo=UTC)),
        ("yesterday", datetime(2026, 5, 8, 22, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 5, 10, 22, tzinfo=UTC)),
        ("7d", datetime(2026, 5, 3, 12, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_local_time_unless_they_say_another(text: str, moment: datetime) -> None:
    """ISO dates and times, words and durations."""
    parsed = parse_time(text, NOW)
    assert (parsed, parsed.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01", datetime(2026, 5, 1, 21, 59, 59, 999999, tzinfo=UTC)),
        ("2026-03-29", datetime(2026, 3, 29, 21, 59, 59, 999999, tzinfo=UTC)),
        ("today", datetime(2026, 5, 10, 21, 59, 59, 999999, tzinfo=UTC)),
        ("2026-05-01T14:30", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("1h", datetime(2026, 5, 10, 11, 30, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_day_is_just_before_the_next_one(text: str, moment: datetime) -> None:
    """Days alone are moved, with 23 hours when the clocks change; times of day and durations are not."""
    assert parse_time(text, NOW, end_of_day=True) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "0000-01-01",
        "0001-01-01T00:00+14:00",
        "2026-13-01",
        "2026-02-30",
        "10000-01-01",
        "-1d",
        "5",
        "\x1b[2J",
    ],
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    """Impossible days, years out of range, words."""
    with pytest.raises(UsageError, match="is not a time") as error:
        parse_time(text, NOW)
    assert "2026-05-01" in error.value.hint
    assert error.value.sentence.isprintable()


def test_a_day_has_no_end_after_the_last_year() -> None:
    """The day after 9999-12-31 can't be said."""
    with pytest.raises(UsageError):
        parse_time("9999-12-31", NOW, end_of_day=True)


@given(st.text() | st.from_regex(r"[0-9]{1,5}[-.:T0-9dhms +Z]{0,25}"), st.booleans())
def test_any_text_is_a_time_in_utc_or_a_usage_error(text: str, end_of_day: bool) -> None:
    """No other exception escapes."""
    with contextlib.suppress(UsageError):
        assert parse_time(text, NOW, end_of_day=end_of_day).utcoffset() == timedelta(0)


@given(st.text() | st.from_regex(r"\A[0-9]{0,13}[.]?[0-9]{0,7} ?[a-z]{1,4}\Z"))
def test_any_text_is_a_duration_in_range_or_a_usage_error(text: str) -> None:
    """No other exception escapes, and nothing is longer than a hundred years."""
    with contextlib.suppress(UsageError):
        assert timedelta(0) < parse_duration(text) <= LONGEST


@given(MOMENTS)
def test_what_is_written_out_in_full_is_read_back(moment: datetime) -> None:
    """ISO 8601 with its offset loses nothing."""
    assert parse_time(moment.isoformat(), NOW) == moment


def test_people_are_shown_local_time() -> None:
    """Minutes are enough."""
    moment = datetime(2026, 5, 1, 22, 3, 59, tzinfo=UTC)
    assert (format_time(moment), format_date(moment)) == ("2026-05-02 00:03", "2026-05-02")


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (0, "just now"),
        (59, "just now"),
        (-59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 hour ago"),
        (2 * 86400, "2 days ago"),
        (8 * 86400, "1 week ago"),
        (70 * 86400, "2 months ago"),
        (800 * 86400, "2 years ago"),
        (-5 * 86400, "in 5 days"),
        (-12 * 3600 + 2, "in 12 hours"),
        (-365 * 86400 + 2, "in 12 months"),
    ],
)
def test_ages_are_told_in_the_largest_whole_unit(seconds: int, age: str) -> None:
    """Past and future."""
    assert format_age(NOW - timedelta(seconds=seconds), NOW) == age


@given(MOMENTS, MOMENTS)
def test_every_moment_can_be_shown(moment: datetime, now: datetime) -> None:
    """The first and last year too, where local time may leave the calendar."""
    assert format_time(moment)[4] == format_date(moment)[4] == "-"
    assert format_age(moment, now)
