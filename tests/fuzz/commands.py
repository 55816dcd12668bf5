"""Command lines by the thousand, made from what `schema` knows: right, nearly right and wild."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEFT_OUT = frozenset({"mcp", "warm start", "model pull", "chat"})
"""What serves, starts a process, goes to the network, or talks with a person."""

READS = frozenset({"tee", "extract"})
"""What reads standard input without being asked for by a `-`."""

MEANT: Mapping[str, Sequence[str]] = {
    "text": [
        "Anna lives in Oslo",
        "the API runs on port 8080",
        "-",
        "port 9090 now",
        "Привет мир",
        "日本語の記憶",
    ],
    "query": ["where does Anna live", "port", "-", "API"],
    "question": ["where does Anna live?", "-"],
    "prompt": ["where does Anna live?"],
    "goal": ["ship the release", "-"],
    "id": ["m1", "m2", "m3", "t1", "m", "nobody"],
    "from": ["m1", "m2", "m3", "m"],
    "to": ["m1", "m2", "m3", "m"],
    "replaces": ["m1", "m2", "m"],
    "task": ["t1", "t", "nobody"],
    "key": ["k1", "k2", "a.b", "model.name", "search.limit", "llm.timeout_s"],
    "value": ["1", '"x"', "[1, 2]", '{"a": {"b": [1]}}', "-", "true", "0.5", "off"],
    "by": ["1", "-2", "0.1", "1e3"],
    "field": ["a", "a.b[0]", "[0]", "a.b", "b[-1]", 'a["b"]'],
    "prefix": ["k", "a."],
    "name": ["work", "home", "a/b", "bot", "our team", "minilm"],
    "new": ["work", "home2", "x y"],
    "into": ["work", "home"],
    "slug": ["ours", "our-team"],
    "member": ["me", "anna"],
    "role": ["user", "assistant", "system", "admin"],
    "conversation": ["c1", "c2"],
    "tag": ["a", "b"],
    "meta": ["a=1", 'b={"c": 2}', "x=y"],
    "type": ["related_to", "knows"],
    "where": ["a = 1", "tags has 'a' and importance > 0.3", "a in (1, 2)", "not a", "b.c >= 2"],
    "since": ["2026-01-01", "7d", "yesterday", "now"],
    "until": ["2026-12-31", "today"],
    "at": ["2026-05-01T12:00Z", "now", "1"],
    "ttl": ["12h", "7d", "1d12h"],
    "expires": ["2030-01-01", "2001-01-01"],
    "created_at": ["2026-01-01T10:00", "3d"],
    "older_than": ["1d", "0s"],
    "include": ["values", "task", "episodes"],
    "file": [
        "facts.jsonl",
        "chat.json",
        "notes.md",
        "questions.jsonl",
        "bytes",
        "saved",
        "-",
        "nothing",
        ".",
    ],
    "batch": ["queries.txt", "-", "nothing"],
    "command": ["store", "graph", "connect"],
    "as": ["jsonl", "memcli"],
    "space": ["work", "home"],
    "user": ["me", "anna"],
    "agent": ["bot"],
    "team": ["ours"],
    "outcome": ["it went well"],
    "write": ["pages"],
}
"""What people would give, by the name of the option."""

NUMBERS = [
    "0",
    "1",
    "2",
    "0.5",
    "10",
    "-1",
    "nan",
    "inf",
    "1e400",
    "99999999999999999999",
    "0x10",
    "1_000",
    "٣",
]
WILD = [
    *(
        "",
        " ",
        "\n",
        "\t",
        "\0",
        "\x1b[31m",
        "\u202e",
        "\ud800",
        "\U0010ffff",
        "é",
        "e\u0301",
        "\ufeff",
        "\u2028",
    ),
    *("'", '"', "\\", "%", "_", "%s", "{}", "{0}", "[bold]", "`id`", "$(id)", ";", "--", "-", "-x", "--json"),
    *("' OR 1=1 --", "null", "true", "[]", "[1", '{"a":', '{"a": NaN}', "[" * 80, "{}" * 3, "=", "a=", "=a"),
    *(
        "nan",
        "-0",
        "9" * 30,
        "1" * 5000,
        "x" * 20_000,
        "ü" * 150,
        "a b c",
        "..",
        ".",
        "~",
        "C:",
        "2026-13-45",
    ),
    *("0001-01-01", "9999-12-31", "9999-12-31T23:59:59.999999+00:00", "0000", "P1D", "1000000000000d", "١d"),
    *("a = ", "(((", "not " * 40 + "a", "a in ()", "'", "a.b.c.d = 'x", "importance > 'x'", "created_at > 5"),
]
"""What nobody would, without a slash: nothing is to be written outside of where the test is."""

STDIN = [
    *(b"", b"Anna has moved to Bergen", b"one\ntwo\n\nthree\n", b"\xff\xfe\x00", b"\0", b'{"text": "x"}\n'),
    *(b'[{"role": "user", "content": "I live in Rome"}]', b'"x"', b"{", b"[REMEMBER: tea is green]", b"y\n"),
    *(b"- a\n- b\n", b"\xef\xbb\xbf# x\n- y", b"[" * 5000, b'{"role": "user", "content": "hello"}\n' * 3),
    *(
        b'{"hook_event_name": "UserPromptSubmit", "prompt": "hello there", "session_id": "s"}',
        b"1",
        b"9" * 5000,
    ),
]


@dataclass(frozen=True)
class Line:
    """A command line.

    Attributes:
        command: The command, such as `graph connect`.
        arguments: All of it, without the program.
        stdin: What stands on standard input; None where it must not be read.
    """

    command: str
    arguments: tuple[str, ...]
    stdin: bytes | None

    @property
    def wants_json(self) -> bool:
        """Whether the answer must be one JSON value."""
        return "--json" in self.arguments and "--format" not in self.arguments and "-f" not in self.arguments


class Lines:
    """Makes command lines.

    Args:
        described: What `schema --all` says.
        seed: What the choices follow from.
    """

    def __init__(self, described: Sequence[Mapping[str, Any]], seed: int) -> None:
        self._described = [one for one in described if one["command"] not in LEFT_OUT]
        self._dice = random.Random(seed)

    def one(self) -> Line:
        """The next command line."""
        dice = self._dice
        about = dice.choice(self._described)
        wildness = dice.choice([0.0, 0.0, 0.05, 0.4])
        words = [*about["command"].split()]
        places: list[tuple[int, list[str]]] = []
        options: list[list[str]] = []
        for name, option in about["options"]["properties"].items():
            if "x-position" in option:
                if name in about["options"]["required"] or dice.random() < 0.6:
                    places.append((option["x-position"], self._values(name, option, wildness)))
            elif dice.random() < (0.15 if name != "json" else 0.4):
                options.append(self._option(name, option, wildness))
        arguments = [value for _, values in sorted(places) for value in values]
        if dice.random() < wildness / 2 and arguments:
            arguments.pop(dice.randrange(len(arguments)))
        if dice.random() < wildness / 2:
            arguments.append(dice.choice(WILD))
        dice.shuffle(options)
        flat = [word for option in options for word in option]
        rest = [*flat, *arguments] if dice.random() < 0.5 else [*arguments, *flat]
        if any(value.startswith("-") and value != "-" for value in arguments) and dice.random() < 0.5:
            rest = [*flat, "--", *arguments]
        if dice.random() < wildness / 4:
            rest.insert(dice.randrange(len(rest) + 1), dice.choice([*WILD, "--nothing", "-h", "--version"]))
        command = about["command"]
        reads = "-" in rest or command in READS or any(word == "-" for word in rest)
        return Line(command, (*words, *rest), dice.choice(STDIN) if reads else None)

    def _option(self, name: str, option: Mapping[str, Any], wildness: float) -> list[str]:
        flag = self._dice.choice(option["x-flags"])
        if option["type"] == "boolean":
            return [flag]
        return [word for value in self._values(name, option, wildness) for word in (flag, value)]

    def _values(self, name: str, option: Mapping[str, Any], wildness: float) -> list[str]:
        if option["type"] == "array":
            return [self._value(name, option["items"], wildness) for _ in range(self._dice.randint(1, 3))]
        return [self._value(name, option, wildness)]

    def _value(self, name: str, kind: Mapping[str, Any], wildness: float) -> str:
        dice = self._dice
        if dice.random() < wildness:
            return dice.choice([*WILD, *NUMBERS])
        if "enum" in kind:
            return str(dice.choice(kind["enum"]))
        if kind["type"] in ("integer", "number"):
            most = ["1", "2", "3", "10"] if kind["type"] == "integer" else ["0", "0.5", "1"]
            return dice.choice([*most, *NUMBERS]) if dice.random() < 0.2 else dice.choice(most)
        return str(dice.choice(MEANT.get(name, ["x"])))
