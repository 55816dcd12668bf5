"""Values: JSON under a key, of one space and user, kept as the text that it was written as.

They need no model: nothing here may ask for the embedder. They are no memories either, so that neither
`search` finds them nor `undo` takes them back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import checks, jsontext, names
from memcli.services.engine import Engine
from memcli.structure import JSONText, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What writing a value, or deleting it, came to.

    Attributes:
        action: `created`, `updated` or `deleted`.
        key: What it is found by.
        space: Where it is.
        version: 1 for a key that was not there, one more each time it is written.
        size: Bytes of the value.
        created_at: When the key was first written.
        updated_at: When it was written last.
        expires_at: From when on it is gone; None for never.
        data: What `incr` came to; None for all else.
    """

    action: str
    key: str
    space: str
    version: int
    size: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    data: JSONText | None = None


def put(
    engine: Engine,
    name: str,
    text: str,
    *,
    scope: Scope,
    expires_at: datetime | None = None,
    if_absent: bool = False,
    if_version: int | None = None,
) -> Kept:
    """Keep the JSON value *text* under the key *name*, over what is there.

    Args:
        engine: What to work with.
        name: The key.
        text: The value, as JSON.
        scope: Its space, which must be named, and whose it is.
        expires_at: From when on it is gone; None for never.
        if_absent: Only if there is no value under the key.
        if_version: Only if the value there has this version.

    Raises:
        UsageError: The key or the value can't be kept, or the time has passed.
        ConflictError: What is there is not what was said to be.
    """
    data = jsontext.checked(text)
    at = checks.moment(expires_at, "expires_at")
    if at is not None and at <= engine.now():
        raise UsageError("the value would have expired already")
    if if_version is not None:
        checks.positive(if_version, "the version")

    def change(there: Value | None) -> tuple[JSONText, datetime | None]:
        _refuse_unexpected(there, name, if_absent=if_absent, if_version=if_version)
        return data, at

    return _kept(*_written(engine, name, scope, change))


def _refuse_unexpected(there: Value | None, name: str, *, if_absent: bool, if_version: int | None) -> None:
    if if_absent and there is not None:
        raise ConflictError(f"there is already a value {name!r}, of version {there.version}")
    if if_version is not None and (there is None or there.version != if_version):
        instead = f"has version {there.version}" if there else "is not there"
        raise ConflictError(
            f"version {if_version} of the value {name!r} was expected, but it {instead}",
            hint="read it again, and decide anew",
        )


def get(engine: Engine, name: str, *, scope: Scope, field: str | None = None) -> Value:
    """The value under the key *name*; only the part that *field* leads to, if given: `a.b[0]`.

    Raises:
        NotFoundError: There is none, it has expired, or has no such part.
    """
    value = _find(engine, name, scope)
    return value if field is None else replace(value, data=jsontext.part(value.data, field))


def all_values(engine: Engine, *, scope: Scope, prefix: str = "") -> list[Value]:
    """The values of *scope*, of all spaces if it names none, whose key begins with *prefix*, by key."""
    space = None if scope.space is None else checks.space_name(scope.space)
    start = unicodedata.normalize("NFC", checks.line(prefix, "the prefix", checks.KEY_LENGTH_MOST))
    return engine.db.values.of(space, scope.user, start, engine.now())


def delete(engine: Engine, keys: Sequence[str], *, scope: Scope) -> list[Kept]:
    """Delete the values under *keys*; all or, if one is not there, none. This can't be undone.

    Raises:
        NotFoundError: There is no such value.
    """
    asked = list(dict.fromkeys(_key(name) for name in keys))
    for name in asked:
        _find(engine, name, scope)
    with engine.db.writing() as db:
        gone = [_find(engine, name, scope) for name in asked]
        db.values.delete(_space(scope), scope.owner, asked)
        db.values.sweep(engine.now())
        for name in asked:
            names.note_value(engine.home.names, name, gone=True)
    return [replace(_kept(value), action="deleted") for value in gone]


def increase(engine: Engine, name: str, *, scope: Scope, by: str = "1") -> Kept:
    """Add *by* to the number under the key *name*, 0 where there is none; it expires when it would have.

    Raises:
        UsageError: There is something else than a number, or *by* is none.
    """
    step = jsontext.checked(by, "what is added")

    def change(there: Value | None) -> tuple[JSONText, datetime | None]:
        data = jsontext.increased(there.data if there else "0", step)
        return data, there.expires_at if there else None

    value = _written(engine, name, scope, change)
    return replace(_kept(*value), data=value[0].data)


def append(engine: Engine, name: str, text: str, *, scope: Scope) -> Kept:
    """Add the JSON value *text* to the list under the key *name*; it expires when it would have.

    Raises:
        UsageError: There is something else than a list, or *text* is no JSON.
    """
    more = jsontext.checked(text)

    def change(there: Value | None) -> tuple[JSONText, datetime | None]:
        data = jsontext.appended(there.data if there else "[]", more)
        return jsontext.checked(data), there.expires_at if there else None

    return _kept(*_written(engine, name, scope, change))


Change = Callable[[Value | None], tuple[JSONText, datetime | None]]
"""From what is there to what is to be there, and until when."""


def _written(engine: Engine, name: str, scope: Scope, change: Change) -> tuple[Value, bool]:
    """What is under the key *name* after *change*, and whether anything was before.

    Read, decided and written under the writer's lock: nobody else writes in between.
    """
    key, space = _key(name), _space(scope)
    with engine.db.writing() as db:
        now = engine.now()
        there = db.values.get(space, scope.owner, key, now)
        data, expires_at = change(there)
        value = Value(
            key=key,
            data=data,
            space=space,
            version=there.version + 1 if there else 1,
            created_at=there.created_at if there else now,
            updated_at=now,
            expires_at=expires_at,
        )
        db.values.put(value, scope.owner)
        db.values.sweep(now)
        names.note_value(engine.home.names, key)
    return value, there is not None


def _kept(value: Value, was_there: bool = False) -> Kept:
    return Kept(
        action="updated" if was_there else "created",
        key=value.key,
        space=value.space,
        version=value.version,
        size=len(value.data.encode()),
        created_at=value.created_at,
        updated_at=value.updated_at,
        expires_at=value.expires_at,
    )


def _find(engine: Engine, name: str, scope: Scope) -> Value:
    key = _key(name)
    value = engine.db.values.get(_space(scope), scope.owner, key, engine.now())
    if value is None:
        raise NotFoundError(f"there is no value {key!r}", hint="memcli value list shows what there is")
    return value


def _space(scope: Scope) -> str:
    if scope.space is None:
        raise UsageError("a value is in one space, which must be named")
    return checks.space_name(scope.space)


def _key(name: str) -> str:
    """*name* as a key: any words on one line, at most 1,000 characters."""
    key = unicodedata.normalize("NFC", checks.line(name, "the key", checks.KEY_LENGTH_MOST))
    if not key.strip():
        raise UsageError("the key is empty")
    if key != key.strip():
        raise UsageError(f"the key {key!r} begins or ends with white space")
    return key
