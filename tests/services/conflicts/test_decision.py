"""What a new statement does to an old one."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.model import Action
from memcli.services.conflicts import Statement, decide
from memcli.services.conflicts.decision import LONG, settled
from tests.fuzz import rounds

DUPLICATE, REPLACED, STORED = Action.DUPLICATE, Action.REPLACED, Action.STORED


def decided(old: str, new: str, cosine: float = 0.85) -> Action:
    """The action for two texts."""
    return decide(Statement(old), Statement(new), cosine).action


SAID_AGAIN = [
    ("The boiler is in the basement", "the boiler is in the basement."),
    ("Mateo speaks Greek", "* Mateo   speaks Greek"),
    ("Cache lifetime is 2 hours", "Cache lifetime: 120 minutes"),
    ("The talk starts at 6pm", "The talk starts at 18:00"),
    ("The course fee is $1,500", "Course fee: 1.5k USD"),
    ("The audit is on 3 October", "The audit is on October 3"),
    ("Nadia has two brothers", "Nadia has 2 brothers"),
    ("I work from home", "The user works from home"),
    ("Lunch is at noon", "Lunch is at 12:00"),
    ("Ravi, Pia and Tom are on the committee", "Pia, Tom and Ravi are on the committee"),
    ("The team uses Kubernetes", "The team uses k8s"),
    ("Omar plays the trumpet", "By the way, Omar plays the trumpet"),
]


@pytest.mark.parametrize(("old", "new"), SAID_AGAIN)
def test_the_same_in_another_form_is_a_duplicate(old: str, new: str) -> None:
    """Case, bullets, units, dates, order, person and remarks make no difference."""
    assert decided(old, new, 0.9) is DUPLICATE


CHANGED = [
    ("The proxy listens on port 3128", "The proxy listens on port 3129"),
    ("Selma lives in Ankara", "Selma moved to Izmir"),
    ("The indexer is at version 4.1", "The indexer was upgraded to version 4.2"),
    ("Favourite colour: green", "Favourite colour: purple"),
    ("The gala is on June 4", "The gala was postponed to June 11"),
    ("Ravi owns the billing module", "Pia took over the billing module from Ravi"),
    ("The endpoint supports gzip", "The endpoint does not support gzip"),
    ("Prefers tea over coffee", "Prefers coffee over tea"),
    ("The migration is in progress", "The migration is complete"),
    ("Answer in French", "From now on answer in Polish"),
]


ENDED = [
    ("Pia cycles to the lab every morning", "Pia no longer cycles to the lab"),
    ("Omar bakes cakes for the market on Saturdays", "Omar has stopped baking cakes"),
    ("Selma is on maternity leave", "Selma is back from maternity leave"),
    ("Ravi works at the observatory", "Ravi was laid off by the observatory"),
    ("The ferry is out of service", "The ferry is running again"),
    ("The library is closed for the summer", "The library has reopened"),
    ("Nadia is away until July", "Nadia is back home"),
    ("The boiler is down", "The boiler is up again"),
]


@pytest.mark.parametrize(("old", "new"), ENDED)
def test_what_has_ended_is_never_a_duplicate(old: str, new: str) -> None:
    """However like it the end of something sounds: it would be lost."""
    assert decided(old, new, 0.9) is not DUPLICATE


@pytest.mark.parametrize(("old", "new"), ENDED[:4])
def test_an_end_replaces_whatever_else_was_said_of_it(old: str, new: str) -> None:
    """How often, when and why something was done need not be denied one by one."""
    assert decided(old, new, 0.85) is REPLACED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Pia cycles to the lab every morning", "Pia does not cycle in the snow"),
        ("Ravi works at the observatory", "Ravi's sister was laid off by the brewery"),
        ("The ferry is out of service", "The cable car is running again"),
        ("Tea is served in the hall", "From now on coffee is served in the yard"),
    ],
)
def test_what_ends_or_begins_elsewhere_is_stored(old: str, new: str) -> None:
    """Both are true."""
    assert decided(old, new, 0.5) is STORED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Commit 4be91aa introduced the rounding error", "Commit 4be07c2 reverted the rounding change"),
        ("The ticket QX-12 tracks the login error", "The ticket QX-31 fixes the login problem"),
        ("dove-04 is the primary database", "dove-09 is the old primary database"),
    ],
)
def test_what_begins_with_another_identifier_speaks_of_something_else(old: str, new: str) -> None:
    """However like the rest is."""
    assert decided(old, new, 0.9) is STORED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The lab is on the fifth floor", "The lab is on the sixth floor"),
        ("Nadia came in at the third attempt", "Nadia came in at the fourth attempt"),
    ],
)
def test_which_one_it_is_makes_a_difference(old: str, new: str) -> None:
    """In words as in digits."""
    assert decided(old, new, 0.95) is not DUPLICATE


@pytest.mark.parametrize(("old", "new"), CHANGED)
def test_another_value_of_the_same_slot_replaces(old: str, new: str) -> None:
    """Whether or not a word says that something has changed."""
    assert decided(old, new) is REPLACED


PARTLY = [
    ("Vera rents in Ghent and teaches Latin", "Vera rents in Namur"),
    ("The queue runs on Redis and is drained every night", "The queue runs on Kafka"),
    ("Reviews take a day and are announced in #reviews", "Reviews take a week"),
    ("Uli drives a Saab, keeps bees and has a cabin in Norway", "Uli drives a Kia now"),
    ("The wiki lives at port 4000. It asks for a password.", "The wiki lives at port 4100."),
]


@pytest.mark.parametrize(("old", "new"), PARTLY)
def test_what_says_something_further_stays_beside_what_makes_a_part_of_it_untrue(old: str, new: str) -> None:
    """Else the rest of it would be hidden with that part."""
    assert decided(old, new) is STORED


def test_what_is_over_is_over_with_all_that_was_said_of_it() -> None:
    """And what says the whole anew takes its place."""
    assert decided("The workshop is on Friday and fills room 4", "The workshop was cancelled") is REPLACED
    before, after = (f"The proxy listens on port {port} and needs a certificate" for port in (3128, 3129))
    assert decided(before, after) is REPLACED


ANEW = [
    ("Vera rents in Ghent and teaches Latin", "Vera rents in Namur and teaches Greek", REPLACED),
    ("Uli is 34 years old and weighs 80 kg", "Uli is 35 years old and weighs 78 kg", REPLACED),
    (
        "Reviews take a day and are announced in #reviews",
        "Reviews take a week and are told in #qa",
        REPLACED,
    ),
    ("The proxy listens on port 3128", "The proxy listens on port 3129 and needs a certificate", REPLACED),
    ("Vera works at Fabrik", "Vera moved to Namur and works at Nordbank now", REPLACED),
    ("Vera rents in Ghent and teaches Latin", "Mia rents in Namur and teaches Greek", STORED),
    ("Vera teaches Latin", "Vera rents in Namur and plays chess", STORED),
    ("Uli reads thrillers and plays chess", "Uli reads poetry and plays go", STORED),
]


@pytest.mark.parametrize(("old", "new", "action"), ANEW)
def test_what_says_several_things_anew_is_held_against_them_one_by_one(
    old: str, new: str, action: Action
) -> None:
    """All of them have another value, or the same; or the two are about something else."""
    assert decided(old, new) is action


NUMBERED = ["Fact number {}", "Note {}: water the ferns", "Likes picture {}", "item-{}", "Shelf {} is empty"]


@pytest.mark.parametrize("said", NUMBERED)
def test_what_only_has_another_number_of_its_own_is_something_else(said: str) -> None:
    """The seventh of many does not replace the sixth."""
    for one, other in itertools.combinations((3, 7, 12, 40, 135), 2):
        assert decided(said.format(one), said.format(other), 0.9) is STORED


BOTH = [
    ("Selma likes figs", "Selma likes dates and nuts"),
    ("Ravi speaks Hindi", "Ravi speaks Tamil"),
    ("The wiki runs on port 80 in staging", "The wiki runs on port 81 in production"),
    ("Selma lives in Ankara", "Omar lives in Izmir"),
    ("Pia's mother was born in Ghent", "Pia's father was born in Bruges"),
    ("Ravi reports to Pia", "Pia reports to Ravi"),
    ("Bug 512 is open", "Bug 513 is closed"),
    ("Version 1.4 was released in May", "Version 1.5 was released in July"),
    ("Omar used to live in Cairo", "Omar lives in Tunis"),
    ("The library opens at 9 on weekdays", "The library opens at 11 on weekends"),
]


@pytest.mark.parametrize(("old", "new"), BOTH)
def test_both_are_kept_where_both_can_be_true(old: str, new: str) -> None:
    """Several values, other subjects, environments, events, times and roles."""
    assert decided(old, new, 0.75) is STORED


ELSEWHERE = [
    ("Ich wohne in Bremen", "Ich bin nach Kassel gezogen", REPLACED),
    ("Pia isst Fisch", "Pia isst keinen Fisch mehr", REPLACED),
    ("Vivo en Bilbao", "Ahora vivo en Vigo", REPLACED),
    ("Il parle italien", "Il parle grec", STORED),
    ("用户住在上海", "用户搬到了广州", REPLACED),
]


@pytest.mark.parametrize(("old", "new", "action"), ELSEWHERE)
def test_other_languages_are_read_too(old: str, new: str, action: Action) -> None:
    """German, Spanish, French and Chinese."""
    assert decided(old, new, 0.8) is action


def test_what_has_nothing_to_do_with_it_is_stored() -> None:
    """Two facts about two things."""
    assert decided("The heater makes a noise", "Quarterly figures are sent to the board", 0.05) is STORED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Она курит", "Она не курит"),
        ("彼は肉を食べる", "彼は肉を食べない"),
        ("Τρώει κρέας", "Δεν τρώει κρέας"),
    ],
)
def test_what_we_can_not_read_is_kept(old: str, new: str) -> None:
    """In another script even a "not" would go unnoticed; only the same words are a duplicate."""
    assert decided(old, new, 0.99) is STORED
    assert decided(old, old + ".", 0.99) is DUPLICATE


def test_a_decision_says_why() -> None:
    """In a short sentence that names both values."""
    decision = decide(
        Statement("The proxy listens on port 3128"), Statement("The proxy listens on port 3129"), 0.9
    )
    assert decision.reason == "the same slot, another value: 3128 -> 3129"
    assert 0.5 < decision.confidence <= 1


def test_what_was_said_earlier_replaces_nothing() -> None:
    """An import may bring the older statement last."""
    old = Statement("Selma lives in Ankara", created_at=datetime(2026, 3, 1, tzinfo=UTC))
    new = Statement("Selma lives in Izmir", created_at=datetime(2020, 3, 1, tzinfo=UTC))
    assert decide(old, new, 0.9).action is STORED


def test_metadata_tell_projects_apart() -> None:
    """The same words about two projects are two facts."""
    one = Statement("The port is 8080", metadata={"project": "heron"})
    other = Statement("The port is 8080", metadata={"project": "maple"})
    assert decide(one, other, 1.0).action is STORED


def test_unsure_means_stored() -> None:
    """Neither a likely replacement nor a weak duplicate is enough."""
    assert settled(0.2, 0.5, 0.3, clash=False)[0] is STORED
    assert settled(0.2, 0.1, 0.7, clash=False)[0] is STORED
    assert settled(0.9, 0.05, 0.05, clash=True)[0] is not DUPLICATE


# --- whatever the text ---

SOME = (
    "user Alice Bob lives works likes in at the a port deadline is was not 8080 3 May 12:00 Paris tea red "
    "now moved to from staging and never , : . v1.2 3kg https://x.example a_b 日本 é 🙂"
)
WORDS = st.sampled_from(SOME.split())
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


@rounds.of(40)
@given(SENTENCES)
def test_equal_texts_are_duplicates(text: str) -> None:
    """Whatever they say."""
    assert decided(text, text, 1.0) is DUPLICATE


@rounds.of(40)
@given(st.sampled_from(SAID_AGAIN + CHANGED + BOTH), st.integers(0, 10**6), st.integers(1, 999))
def test_another_number_is_never_a_duplicate(pair: tuple[str, str], number: int, more: int) -> None:
    """However alike the rest is."""
    old, _ = pair
    assert decided(f"{old}, room {number}", f"{old}, room {number + more}", 1.0) is not DUPLICATE


@rounds.of(40)
@given(SENTENCES, SENTENCES, st.floats(-1, 1))
def test_a_decision_is_sound_both_ways(one: str, other: str, cosine: float) -> None:
    """Confidence within bounds, a reason in one line, and what clashes one way is no duplicate the other."""
    first = decide(Statement(one), Statement(other), cosine)
    second = decide(Statement(other), Statement(one), cosine)
    for decision in (first, second):
        assert 0 <= decision.confidence <= 1
        assert decision.reason
        assert "\n" not in decision.reason


@rounds.of(40)
@given(SENTENCES, st.sampled_from([str.upper, str.title, "- {}".format, "{}.".format, "  {} ".format]))
def test_equality_is_symmetric(text: str, write: Callable[[str], str]) -> None:
    """What differs in nothing but its writing is a duplicate whichever came first."""
    assert decided(text, write(text), 1.0) is decided(write(text), text, 1.0) is DUPLICATE


@rounds.of(40)
@given(st.text(max_size=300), st.text(max_size=300), st.floats(-1, 1))
def test_any_text_can_be_judged(one: str, other: str, cosine: float) -> None:
    """No exception, whatever characters."""
    assert decided(one, other, cosine) in (DUPLICATE, REPLACED, STORED)


@pytest.mark.parametrize(
    "text", ["", " ", ".", "🙂", "- ", "8080", "9" * 5000, "a" * 100_000, "x 1 " * 25_000, "\u200d", "年月日"]
)
def test_strange_texts_can_be_judged(text: str) -> None:
    """Empty, one sign, one number, 100 kB."""
    assert decided(text, text, 1.0) is DUPLICATE
    assert decided(text, "Selma likes figs", 0.1) is STORED


def test_long_texts_are_kept_unless_they_are_the_same() -> None:
    """Beyond a statement's length words are not compared one by one."""
    text = "Selma lives in Ankara. " * (LONG // 20)
    assert decided(text, text.replace("Ankara", "Izmir"), 0.99) is STORED
    assert decided(text, text.upper(), 0.99) is DUPLICATE
