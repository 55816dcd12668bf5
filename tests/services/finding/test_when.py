"""Times that a question names."""

from datetime import UTC, date, datetime, timedelta
from time import thread_time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memcli.services.finding import when
from memcli.services.finding.when import MONTHS, WEEKDAYS, NamedTime, Period, Time, closeness

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)


def times_named(query: str, now: datetime) -> tuple[Time, ...]:
    """The times that *query* names, without the words."""
    return when.times_named(query, now)[0]


"""A Wednesday."""


def period(first: str, last: str = "") -> Period:
    """The days from *first* to *last*, or *first* alone."""
    return Period(date.fromisoformat(first), date.fromisoformat(last or first))


@pytest.mark.parametrize(
    ("query", "time"),
    [
        ("what happened on 2023-05-07", NamedTime(2023, 5, 7)),
        ("what happened in 2023-05?", NamedTime(2023, 5)),
        ("the 2023-05-07T10:00:00Z call", NamedTime(2023, 5, 7)),
        ("on 7 May 2023", NamedTime(2023, 5, 7)),
        ("on 7 May, 2023", NamedTime(2023, 5, 7)),
        ("on the 7th of May 2023", NamedTime(2023, 5, 7)),
        ("On May 7th, 2023, who", NamedTime(2023, 5, 7)),
        ("May 7 2023", NamedTime(2023, 5, 7)),
        ("the 1st of Sept.", NamedTime(None, 9, 1)),
        ("on 22nd August", NamedTime(None, 8, 22)),
        ("dec 25", NamedTime(None, 12, 25)),
        ("in May 2023", NamedTime(2023, 5)),
        ("in May, 2023?", NamedTime(2023, 5)),
        ("June of 2022", NamedTime(2022, 6)),
        ("back in june", NamedTime(None, 6)),
        ("since last October", NamedTime(None, 10)),
        ("early-July plans", NamedTime(None, 7)),
        ("during 2022", NamedTime(2022)),
        ("in early 2022", NamedTime(2022)),
        ("yesterday", period("2026-05-05")),
        ("what did I eat today?", period("2026-05-06")),
        ("LAST NIGHT", period("2026-05-05")),
        ("this week", period("2026-05-04", "2026-05-06")),
        ("last week", period("2026-04-27", "2026-05-03")),
        ("last weekend", period("2026-05-02", "2026-05-03")),
        ("this month", period("2026-05-01", "2026-05-06")),
        ("last month", period("2026-04-01", "2026-04-30")),
        ("this year", period("2026-01-01", "2026-05-06")),
        ("last year", period("2025-01-01", "2025-12-31")),
        ("last Monday", period("2026-05-04")),
        ("last wednesday", period("2026-04-29")),
        ("a day ago", period("2026-05-05")),
        ("three days ago", period("2026-05-03")),
        ("2 weeks ago", period("2026-04-21", "2026-04-23")),
        ("a year ago", period("2025-02-04", "2025-08-05")),
    ],
)
def test_how_people_name_a_time(query: str, time: Time) -> None:
    """One time each, and nothing besides."""
    assert times_named(query, NOW) == (time,)


@pytest.mark.parametrize(
    "query",
    [
        *("", "what may I eat?", "may", "the march of progress", "decide", "mayor", "marching", "a second"),
        *("0 May", "32 May 2023", "2023-13-01", "2023-00-10", "99 Jan", "at 10:30", "room 2022", "port 2023"),
        *("99999 years ago", "9999 years ago", "in 1823", "in 2123", "E2023", "last", "ago", "weeks ago"),
        *("who is April?", "Jan", "the may 10:30 train"),
    ],
)
def test_what_names_no_time(query: str) -> None:
    """Nothing is guessed: a modal verb, a march, days that no calendar has."""
    assert times_named(query, NOW) == ()


def test_the_exact_time_is_read_and_not_its_parts_once_more() -> None:
    """A day is not also its month and its year."""
    assert times_named("in May 2023, on 3 June 2024 and in 2021", NOW) == (
        NamedTime(2024, 6, 3),
        NamedTime(2023, 5),
        NamedTime(2021),
    )


def test_a_time_that_is_named_twice_counts_once() -> None:
    """However it is written."""
    assert times_named("7 May 2023, that is 2023-05-07 or May 7th, 2023", NOW) == (NamedTime(2023, 5, 7),)


@pytest.mark.parametrize("month", [*MONTHS, *(name[:3] for name in MONTHS), "sept"])
def test_every_month_is_known_by_its_name(month: str) -> None:
    """And by the first letters of it."""
    number = next(n for n, name in enumerate(MONTHS, 1) if name.startswith(month[:3]))
    assert times_named(f"in {month.title()} 2021?", NOW) == (NamedTime(2021, number),)


@pytest.mark.parametrize("weekday", WEEKDAYS)
@given(now=st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001  # hypothesis wants none
def test_the_last_such_day_lies_within_a_week_before_today(weekday: str, now: datetime) -> None:
    """And is one."""
    [found] = times_named(f"last {weekday}", now.replace(tzinfo=UTC))
    assert isinstance(found, Period)
    assert found.first == found.last
    assert timedelta(days=1) <= now.date() - found.first <= timedelta(days=7)
    assert WEEKDAYS[found.first.weekday()] == weekday


PIECES = st.lists(
    st.sampled_from(
        [
            *("in", "on", "of", "last", "this", "ago", "week", "years", "month", "yesterday", "0", "1", "31"),
            *(
                "2023",
                "99",
                "9999",
                "may",
                "May",
                "feb",
                "29",
                "1900",
                "2000-02-30",
                "2023-05",
                "-",
                ",",
                "th",
            ),
            *("a", "an", "two", "monday", ".", ":", "İ", "٣", "２０２３"),
        ]
    ),
    max_size=8,
)
DAYS = np.arange(np.datetime64("1899-01-01"), np.datetime64("2101-01-01"), 37).astype("datetime64[us]")


@given(
    query=st.text(max_size=30) | PIECES.map(" ".join),
    now=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 31)),  # noqa: DTZ001  # hypothesis wants none
)
@example("9999 years ago", datetime(1971, 1, 1))  # noqa: DTZ001
@example("on 29 feb 2023 and 29 feb", datetime(2023, 1, 1))  # noqa: DTZ001
def test_whatever_a_question_says_it_is_read_and_every_memory_has_a_closeness(
    query: str, now: datetime
) -> None:
    """From 0 to 1, in no time named 0."""
    times = times_named(query, now.replace(tzinfo=UTC))
    close = closeness(times, DAYS)
    assert close.shape == DAYS.shape
    assert ((close >= 0) & (close <= 1)).all()
    if not times:
        assert not close.any()


@given(
    day=st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    away=st.integers(-30, 30),
    with_year=st.booleans(),
    seconds=st.integers(0, 86_399),
)
def test_on_the_named_day_a_memory_is_as_close_as_can_be(
    day: date, away: int, with_year: bool, seconds: int
) -> None:
    """Through all of the day; less with each day from it, and a week away not at all."""
    [time] = times_named(f"{day.day} {MONTHS[day.month - 1]}" + f" {day.year}" * with_year, NOW)
    made = np.datetime64(day, "us") + np.timedelta64(seconds, "s") + np.timedelta64(away, "D")
    same, other = closeness([time], np.array([np.datetime64(day, "us"), made]))
    assert same == 1
    assert other == pytest.approx(max(1 - abs(away) / 7, 0))


def test_what_is_less_exact_is_worth_less() -> None:
    """A year of its own less than a month, a month less than a day."""
    made = np.array([np.datetime64("2023-05-07"), np.datetime64("2023-06-07"), np.datetime64("2022-05-07")])
    made = made.astype("datetime64[us]")
    for time, close in (
        (NamedTime(2023, 5, 7), [1, 0, 0]),
        (NamedTime(None, 5, 7), [1, 0, 1]),
        (NamedTime(2023, 5), [when.MONTH, 0, 0]),
        (NamedTime(None, 5), [when.MONTH, 0, when.MONTH]),
        (NamedTime(2023), [when.YEAR, when.YEAR, 0]),
    ):
        assert closeness([time], made).tolist() == close
    assert closeness([NamedTime(2023), NamedTime(2022, 5)], made).tolist() == [0.25, 0.25, 0.5]
    assert 1 == when.DAY > when.MONTH > when.YEAR > 0


@pytest.mark.parametrize(
    "word", ["in May ", "today ", "2 weeks ago ", "2023-05-07 ", "3 May ", "in 2023 ", "last "]
)
def test_a_pasted_page_is_read_in_no_time(word: str) -> None:
    """A hundred kilobytes of one time and another, in ten times what ten take, not in a hundred times."""

    def seconds(length: int) -> float:
        began = thread_time()
        assert len(times_named((word * length)[:length], NOW)) <= 1
        return thread_time() - began

    long, short = (min(seconds(length) for _ in range(3)) for length in (100_000, 10_000))
    assert long < 40 * short


def test_the_words_that_name_a_time_are_told() -> None:
    """In lower case; those of what names none are not among them."""
    assert when.times_named("What may she do on 3 May, last Monday?", NOW)[1] == {
        "3",
        "may",
        "last",
        "monday",
    }
    assert when.times_named("What may she do?", NOW)[1] == frozenset()
