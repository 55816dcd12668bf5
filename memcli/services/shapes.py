"""What answers look like, as JSON Schema (2020-12): derived from their dataclasses, so it can't be wrong."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from memcli import structure
from memcli.services.answers import WHEN_ASKED
from memcli.structure import JSONText

DIALECT = "https://json-schema.org/draft/2020-12/schema"

NAMED_ELSEWHERE = {"Value": structure.Value}
"""Classes that a dataclass names without importing them when it runs."""

SCALARS: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    JSONText: {},
    Any: {},
    object: {},
}


def schema_of(kind: Any, *, described: bool = True) -> dict[str, Any]:
    """The JSON Schema of answers of the type *kind*; what its fields mean in words only if *described*."""
    shapes = _Shapes(described)
    schema = shapes.of(kind)
    if shapes.classes:
        schema = {**schema, "$defs": dict(sorted(shapes.classes.items()))}
    return schema


@dataclass
class _Shapes:
    """Schemas as they are made; each dataclass is described once."""

    described: bool
    classes: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: Any) -> dict[str, Any]:
        if kind in SCALARS:
            return dict(SCALARS[kind])
        if isinstance(kind, type) and is_dataclass(kind):
            return self._reference(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [str(member.value) for member in kind]}
        return self._composed(get_origin(kind) or kind, get_args(kind))

    def _composed(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if origin in (Union, types.UnionType):
            return self._any_of(arguments)
        if origin is Literal:
            return {"enum": list(arguments)}
        if issubclass(origin, Mapping):
            values = self.of(arguments[1]) if arguments else {}
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        if issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(arguments[0]) if arguments else {}}
        raise TypeError(f"answers hold no {origin}")

    def _any_of(self, kinds: Sequence[Any]) -> dict[str, Any]:
        schemas = [self.of(kind) for kind in kinds]
        if all(schema.keys() == {"type"} for schema in schemas):
            return {"type": [schema["type"] for schema in schemas]}
        return {"anyOf": schemas}

    def _reference(self, cls: type) -> dict[str, Any]:
        if cls.__name__ not in self.classes:
            self.classes[cls.__name__] = {}  # its own fields may name it
            self.classes[cls.__name__] = self._object(cls)
        return {"$ref": f"#/$defs/{cls.__name__}"}

    def _object(self, cls: type) -> dict[str, Any]:
        kinds = typing.get_type_hints(cls, localns=NAMED_ELSEWHERE)
        said = meanings(cls) if self.described else {}
        properties = {}
        for one in fields(cls):
            about = {"description": said[one.name]} if one.name in said else {}
            kind = _never_none(kinds[one.name]) if _may_be_missing(one) else kinds[one.name]
            properties[one.name.removesuffix("_")] = {**self.of(kind), **about}
        return {
            "type": "object",
            "properties": properties,
            "required": [f.name.removesuffix("_") for f in fields(cls) if not _may_be_missing(f)],
            "additionalProperties": False,
        }


def _may_be_missing(one: Field[Any]) -> bool:
    """Whether *one* is left out of an answer where it has nothing to say; see `answers.plain_value`."""
    return one.name in WHEN_ASKED and one.default is None and one.default is not MISSING


def _never_none(kind: Any) -> Any:
    return Union[tuple(one for one in get_args(kind) if one is not type(None))]  # noqa: UP007  # one or more


@cache
def meanings(cls: type) -> Mapping[str, str]:
    """What the fields of *cls* mean: what its docstring and those of its parents say, in JSON's words."""
    said: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        _, _, listed = (inspect.cleandoc(one.__dict__.get("__doc__") or "")).partition("Attributes:\n")
        for name, words in re.findall(r"^    (\w+): (.*(?:\n     .*)*)", listed, re.MULTILINE):
            said[name] = re.sub(r"`(\w+)_`", r"`\1`", re.sub(r"\bNone\b", "null", " ".join(words.split())))
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A command in a word.

    Attributes:
        command: What it is called.
        description: What it does.
        usage: How it is written.
    """

    command: str
    description: str
    usage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described(Summary):
    """All that there is to know about a command.

    Attributes:
        options: The JSON Schema of its arguments and options, by name. `x-position` counts arguments;
            `x-flags` are the spellings of an option, of which `--no-...` means false; `x-env` is the variable
            that it is taken from where the command line does not say it.
        output: The JSON Schema of what it prints with `--json`; with `--format jsonl`, lists are printed one
            item a line. None if it prints text, or nothing.
    """

    options: Mapping[str, Any]
    output: Mapping[str, Any] | None
