"""The language of `--where`."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.services.where import KEYWORDS, MAX_LENGTH, parse
from memcli.storage.predicates import (
    MAX_DEPTH,
    All,
    Among,
    Any,
    Condition,
    Contains,
    Literal,
    Not,
    Order,
    Ordered,
    compiled,
)
from tests.fuzz import rounds

N = ("n",)
ONE = Among(N, (1,))

PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=6)
BARE_KEYS = st.from_regex(r"[A-Za-z_é名][A-Za-z0-9_é名-]{0,4}", fullmatch=True).filter(
    lambda key: key.lower() not in KEYWORDS
)
PATHS = st.lists(BARE_KEYS | PRINTABLE.filter(bool), min_size=1, max_size=3).map(tuple)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LITERALS = PRINTABLE | NUMBERS | st.booleans() | st.none()
LEAVES = (
    st.builds(Among, PATHS, st.lists(LITERALS, min_size=1, max_size=4).map(tuple))
    | st.builds(Ordered, PATHS, st.sampled_from(Order), PRINTABLE | NUMBERS)
    | st.builds(Contains, PATHS, LITERALS)
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, min_size=2, max_size=4).map(tuple))
        | st.builds(Any, st.lists(inner, min_size=2, max_size=4).map(tuple))
    ),
    max_leaves=8,
)

PIECES = [
    *("n", "a.b", "'x'", '"y"', "`z`", "1", "-2.5", "null", "x'", '"', "1e999"),
    *("and", "or", "not", "in", "contains", "(", ")", ",", "=", "!=", "<=", "<", ">"),
]


def printed(condition: Condition) -> str:
    """*condition* in the language, with parentheses around every part."""
    match condition:
        case Not(part):
            return f"not ({printed(part)})"
        case All(parts):
            return " and ".join(f"({printed(part)})" for part in parts)
        case Any(parts):
            return " OR ".join(f"({printed(part)})" for part in parts)
        case Among(path, (value,)):
            return f"{printed_name(path)}={printed_value(value)}"
        case Among(path, values):
            return f"{printed_name(path)} in ({', '.join(map(printed_value, values))})"
        case Ordered(path, order, bound):
            return f"{printed_name(path)}{order}{printed_value(bound)}"
        case Contains(path, part):
            return f"{printed_name(path)} Contains {printed_value(part)}"


def printed_name(path: tuple[str, ...]) -> str:
    """Keys as they are where possible, in quotes of both kinds otherwise."""
    return ".".join(
        key
        if re.fullmatch(r"[A-Za-z_é名][A-Za-z0-9_é名-]*", key) and key.lower() not in KEYWORDS
        else '"' + key.replace('"', '""') + '"'
        if len(key) % 2
        else "`" + key.replace("`", "``") + "`"
        for key in path
    )


def printed_value(value: Literal) -> str:
    """Texts in single quotes, the rest as JSON has it."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value).upper() if isinstance(value, bool | None) else repr(value)


def depth(condition: Condition) -> int:
    """How deeply `printed` nests *condition*."""
    match condition:
        case Not(part):
            return 2 + depth(part)
        case All(parts) | Any(parts):
            return 1 + max(map(depth, parts))
        case _:
            return 0


@given(CONDITIONS.filter(lambda condition: depth(condition) <= MAX_DEPTH))
def test_what_is_printed_parses_back_to_the_same(condition: Condition) -> None:
    """All shapes, keys and values; compared by repr, where 1, 1.0 and True differ."""
    assert repr(parse(printed(condition))) == repr(condition)


@rounds.of(100)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_text_is_a_condition_or_a_usage_error(text: str) -> None:
    """No other exception escapes, and every condition can be said to the store."""
    with contextlib.suppress(UsageError):
        assert compiled(parse(text))


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("n = 1", ONE),
        ("n==1", ONE),
        ("  n\n=\t+1 ", ONE),
        ("n != 1", Not(ONE)),
        ("n <> 1", Not(ONE)),
        ("n >= -1.5e3", Ordered(N, Order.AT_LEAST, -1500.0)),
        ("n < .5", Ordered(N, Order.LESS, 0.5)),
        ("n = 'it''s'", Among(N, ("it's",))),
        ('n = "say ""hi"""', Among(N, ('say "hi"',))),
        ("type = decision", Among(("type",), ("decision",))),
        ("due <= 2026-05-01", Ordered(("due",), Order.AT_MOST, "2026-05-01")),
        ("v = 1.2.3", Among(("v",), ("1.2.3",))),
        ("n = TRUE", Among(N, (True,))),
        ("n = 'true'", Among(N, ("true",))),
        ("n = null", Among(N, (None,))),
        ("n in (1, b, 'c', false)", Among(N, (1, "b", "c", False))),
        ("n not in (1)", Not(ONE)),
        ("n contains x", Contains(N, "x")),
        ("n NOT CONTAINS 2", Not(Contains(N, 2))),
        ("project.name = x", Among(("project", "name"), ("x",))),
        ('a."k e.y".`c"d` = 1', Among(("a", "k e.y", 'c"d'), (1,))),
        ('"not" = 1 and `a``b` = 1', All((Among(("not",), (1,)), Among(("a`b",), (1,))))),
        ("名前 = 日本", Among(("名前",), ("日本",))),
        ("not n = 1 and n = 1 or n = 1", Any((All((Not(ONE), ONE)), ONE))),
        ("not (n = 1 or n = 1) and n = 1", All((Not(Any((ONE, ONE))), ONE))),
        ("n = 9223372036854775807", Among(N, (2**63 - 1,))),
        ("n = 18446744073709551615", Among(N, (2**64 - 1,))),
        ("n = -9223372036854775809", Among(N, (-(2.0**63),))),
        ("n = 18446744073709551616", Among(N, (2.0**64,))),
        ("n = '1'' or ''1''=''1'", Among(N, ("1' or '1'='1",))),
    ],
)
def test_expressions_mean_what_they_say(expression: str, condition: Condition) -> None:
    """Operators, literals, names, precedence."""
    assert repr(parse(expression)) == repr(condition)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("n >= ", "--where: expected a value after '>=' at column 6: `n >= `"),
        ("", "--where: expected a metadata key at column 1: ``"),
        ("n", "--where: expected '=', '<', 'in', 'contains' or the like at column 2: `n`"),
        ("n not 1", "--where: expected 'in' or 'contains' at column 7: `n not 1`"),
        ("n = 'a", "--where: a quote that is not closed at column 5: `n = 'a`"),
        ("a ! 1", "--where: unexpected '!' at column 3: `a ! 1`"),
        ("n = a b", "--where: expected 'and', 'or' or the end at column 7: `n = a b`"),
        ("(n = 1", "--where: expected ')' at column 7: `(n = 1`"),
        ("n = 1)", "--where: expected 'and', 'or' or the end at column 6: `n = 1)`"),
        ("n in 1", "--where: expected '(' at column 6: `n in 1`"),
        ("n in ()", "--where: expected a value after '(' at column 7: `n in ()`"),
        ("in = 1", "--where: expected a metadata key at column 1: `in = 1`"),
        ("2fa = 1", "--where: expected a metadata key at column 1: `2fa = 1`"),
        ("'n' = 1", "--where: expected a metadata key at column 1: `'n' = 1`"),
        ('"" = 1', '--where: expected a metadata key at column 1: `"" = 1`'),
        ("n = and", "--where: expected a value after '=' at column 5: `n = and`"),
        ("n = `x`", "--where: expected a value after '=' at column 5: `n = `x``"),
        ("n < null", "--where: expected a number or text after '<', not null, at column 5: `n < null`"),
        ("n = 1e999", "--where: number too large at column 5"),
        ("n = 1\x00", "--where: control character U+0000 at column 6"),
        ("n = \x1b[31m", "--where: control character U+001B at column 5"),
        ("n = \udcff", "--where: control character U+DCFF at column 5"),
        ("n\n=\n", "--where: expected a value after '=' at column 5: `n = `"),
    ],
)
def test_faults_are_shown_where_they_are(expression: str, sentence: str) -> None:
    """One sentence with what was expected, the column and the expression."""
    with pytest.raises(UsageError) as error:
        parse(expression)
    assert error.value.sentence == sentence


def test_of_a_long_expression_only_the_part_around_the_fault_is_shown() -> None:
    """The sentence stays readable."""
    with pytest.raises(UsageError) as error:
        parse("n = 1 and " * 50 + "n ! 1" + " and n = 1" * 50)
    assert error.value.sentence.endswith(
        "...= 1 and n = 1 and n = 1 and n ! 1 and n = 1 and n = 1 and n ...`"
    )
    assert len(error.value.sentence) < 120


def test_nesting_has_a_limit() -> None:
    """Parentheses and negations count alike; the limit itself is allowed."""
    assert parse("(" * MAX_DEPTH + "n=1" + ")" * MAX_DEPTH) == ONE
    for opener in ("(", "not "):
        with pytest.raises(UsageError, match=f"nested more than {MAX_DEPTH} deep at column"):
            parse(opener * (MAX_LENGTH // 5) + "n=1")


def test_length_has_a_limit() -> None:
    """The limit itself is allowed."""
    longest = "n='" + "x" * (MAX_LENGTH - 4) + "'"
    assert parse(longest) == Among(N, ("x" * (MAX_LENGTH - 4),))
    with pytest.raises(UsageError, match="10001 characters"):
        parse(longest + " ")
