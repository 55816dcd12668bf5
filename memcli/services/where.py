"""The language of `--where`: conditions on metadata, parsed into `storage.predicates` conditions.

    type = decision and (priority >= 2 or owner in ('ana', 'ben')) and not project.archived = true

`or` binds loosest, then `and`, then `not`; parentheses group; keywords know no case. A comparison is a name,
then one of `= != < <= > >=` (also `==` and `<>`) and a value, or `[not] in (value, ...)`, or `[not] contains
value`. A name is a metadata key; dots lead into nested objects; a key with other characters stands in double
quotes or backticks. A value is a text in single quotes (doubled inside), a number, `true`, `false`, `null`,
or a bare word. A value in double quotes is taken as text as well, since people will write that.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from memcli.errors import UsageError
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
)

MAX_LENGTH = 10_000
"""Characters an expression may have."""

KEYWORDS = frozenset({"and", "or", "not", "in", "contains"})
"""Words that are neither a bare name nor a bare value."""

_CONSTANTS: dict[str, Literal] = {"true": True, "false": False, "null": None}
_TEXT_BY_MISTAKE = re.compile('"(?:[^"]|"")*"')
_EXCERPT = 60
_SPACE = "\t\n\r"

_KEY = r"""(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff-]*)"""
_KEYS = re.compile(_KEY)
_NAME = re.compile(rf"{_KEY}(?:\.{_KEY})*")
_TOKEN = re.compile(
    r"""
    (?P<number> [-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? (?![^\s()=<>!,]) )
    | (?P<text> '(?:[^']|'')*' )
    | (?P<word> SEGMENT(?:\.SEGMENT)* )
    | (?P<sign> <=|>=|<>|!=|==|[=<>(),] )
    | (?P<end> $ )
    """.replace("SEGMENT", r"""(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`|[^\s()=<>!,.'"`]+)"""),
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the expression: its kind (a group of `_TOKEN`), its text and where it begins."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The text in lower case if this may be a keyword, a sign or a constant; quoted text never is."""
        return self.text.lower() if self.kind in ("word", "sign") else ""


def parse(expression: str) -> Condition:
    """What *expression* says, as a condition.

    Args:
        expression: At most `MAX_LENGTH` characters, with parentheses and `not` at most `MAX_DEPTH` deep.

    Raises:
        UsageError: The expression is not of this language; the sentence says where it stops being so.
    """
    _refuse_unreadable(expression)
    return _Parser(expression).parse()


def _unquoted(text: str) -> str:
    """*text* without the quotes around it, if it has any; a doubled quote inside stands for one."""
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote) if quote in "'\"`" else text


def _number(token: _Token) -> int | float:
    """The number in *token*: an integer where the store keeps integers, else what a double makes of it."""
    value = float(token.text)
    if math.isinf(value):
        raise UsageError(f"--where: number too large at column {token.start + 1}")
    whole = int(token.text) if re.fullmatch(r"[-+]?[0-9]+", token.text) else None
    return whole if whole is not None and -(2**63) <= whole < 2**64 else value


def _refuse_unreadable(expression: str) -> None:
    if len(expression) > MAX_LENGTH:
        raise UsageError(f"--where: the expression has {len(expression)} characters, more than {MAX_LENGTH}")
    for column, character in enumerate(expression, start=1):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in _SPACE:
            raise UsageError(f"--where: control character U+{ord(character):04X} at column {column}")


class _Parser:
    """Recursive descent over the tokens of one expression; each method reads what its name says."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = self._tokenize()
        self.position = 0
        self.depth = 0

    def parse(self) -> Condition:
        condition = self._any()
        if self._next.kind != "end":
            self._fail("'and', 'or' or the end", hint="Put a text with spaces or signs in single quotes.")
        return condition

    def _tokenize(self) -> list[_Token]:
        tokens: list[_Token] = []
        start = 0
        while not tokens or tokens[-1].kind != "end":
            while start < len(self.expression) and self.expression[start].isspace():
                start += 1
            found = _TOKEN.match(self.expression, start)
            if found is None:
                self._fail_at(start)
            tokens.append(_Token(found.lastgroup or "", found.group(), start))
            start = found.end()
        return tokens

    @property
    def _next(self) -> _Token:
        return self.tokens[self.position]

    def _take(self, *words: str) -> str:
        """Steps over the next token if it is one of *words* and returns it; otherwise returns nothing."""
        word = self._next.word
        if word not in words:
            return ""
        self.position += 1
        return word

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Condition:
        opener = self._next
        if not self._take("not", "("):
            return self._comparison()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UsageError(f"--where: nested more than {MAX_DEPTH} deep at column {opener.start + 1}")
        if opener.text == "(":
            condition = self._any()
            self._expect(")")
        else:
            condition = Not(self._one())
        self.depth -= 1
        return condition

    def _comparison(self) -> Condition:
        path = self._name()
        if operator := self._take("=", "==", "!=", "<>"):
            same = Among(path, (self._value(operator),))
            return same if operator in ("=", "==") else Not(same)
        if operator := self._take("<", "<=", ">", ">="):
            return Ordered(path, Order(operator), self._bound(operator))
        negated = bool(self._take("not"))
        if not (operator := self._take("in", "contains")):
            self._fail("'in' or 'contains'" if negated else "'=', '<', 'in', 'contains' or the like")
        test = Among(path, self._values()) if operator == "in" else Contains(path, self._value(operator))
        return Not(test) if negated else test

    def _name(self) -> tuple[str, ...]:
        token = self._next
        if token.kind != "word" or token.word in KEYWORDS or not _NAME.fullmatch(token.text):
            self._fail("a metadata key", hint="Put a key that is no plain word in double quotes.")
        self.position += 1
        return tuple(_unquoted(key) for key in _KEYS.findall(token.text))

    def _values(self) -> tuple[Literal, ...]:
        self._expect("(")
        values = [self._value("(")]
        while self._take(","):
            values.append(self._value(","))
        self._expect(")")
        return tuple(values)

    def _bound(self, operator: str) -> str | int | float:
        token = self._next
        value = self._value(operator)
        if value is None or isinstance(value, bool):
            self.position -= 1
            self._fail(f"a number or text after '{operator}', not {token.word},")
        return value

    def _value(self, after: str) -> Literal:
        token = self._next
        value: Literal = None
        if token.kind == "number":
            value = _number(token)
        elif token.kind == "text" or _TEXT_BY_MISTAKE.fullmatch(token.text):
            value = _unquoted(token.text)
        elif token.kind == "word" and token.word not in KEYWORDS and not set(token.text) & set('"`'):
            value = _CONSTANTS.get(token.word, token.text)
        else:
            self._fail(f"a value after '{after}'", hint="Put a text in single quotes: 'like this'.")
        self.position += 1
        return value

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._fail(f"'{sign}'")

    def _fail(self, expected: str, *, hint: str = "") -> NoReturn:
        place = self._place(self._next.start)
        raise UsageError(f"--where: expected {expected} {place}", hint=hint)

    def _fail_at(self, start: int) -> NoReturn:
        character = self.expression[start]
        what = "a quote that is not closed" if character in "'\"`" else f"unexpected '{character}'"
        raise UsageError(f"--where: {what} {self._place(start)}")

    def _place(self, start: int) -> str:
        """How a sentence about a fault at *start* ends: the column and what is around it, on one line."""
        first = max(0, start - _EXCERPT // 2) if len(self.expression) > _EXCERPT else 0
        shown = re.sub(r"[\t\n\r]", " ", self.expression[first : first + _EXCERPT])
        ahead, behind = first > 0, first + _EXCERPT < len(self.expression)
        return f"at column {start + 1}: `{'...' * ahead}{shown}{'...' * behind}`"
