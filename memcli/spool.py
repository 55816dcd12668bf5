"""What hooks leave to be done later, and what went wrong in them: files of the user's own, written at once.

Standard library only, and little of that: a harness that is closing gives its hooks a second and a half, all
together. What is put here is a file of its own, whole or not there at all, whenever its writer is killed.
"""

from __future__ import annotations

import os
import sys
import time

from memcli import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LOG = "hook.log"

LOG_MOST = 200_000
"""Bytes of the log; what was there before is kept once more, in `hook.log.1`."""

STALE_S = 14 * 86_400
"""Seconds after which nobody waits any more for what could not be done, or asks what a session was given."""

DUE_S = 60.0
"""Seconds between two flushes in the middle of a session: reading a long transcript anew takes a second."""

ENDING, STAMP = ".hook", "flushed"


def directory(home: str, environ: Mapping[str, str]) -> str:
    """Where hooks keep what they need, for *home* ("" for the user's own): see the XDG specification."""
    if home and not address.is_url(home):
        return os.path.join(address.absolute(home), "hooks")
    state = environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        own = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/state"
        state = environ.get("LOCALAPPDATA", "") if sys.platform == "win32" else os.path.expanduser(own)
    own_folder = ("remote", address.directory_name(home)) if home else ()
    return os.path.join(state, "memcli", *own_folder, "hooks")


def made(folder: str) -> str:
    """*folder*, which is there and the user's alone."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def put(folder: str, about: Mapping[str, Any], said: bytes) -> str:
    """Keep *said*, and what is known *about* it (plain values), for later; the path of the file."""
    name = f"{time.time_ns():020}-{os.getpid()}"
    path = os.path.join(made(folder), name)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        rest = memoryview(repr(dict(about)).encode("utf-8", "surrogateescape") + b"\n" + said)
        while rest:
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)
    os.rename(path, path + ENDING)
    return path + ENDING


def waiting(folder: str) -> list[str]:
    """The paths of what is to be done, in the order it came."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names) if name.endswith(ENDING)]


def read(path: str) -> tuple[dict[str, Any], bytes]:
    """What is known about what was put into the file *path*, and what was said.

    Raises:
        OSError: It can't be read, or somebody else has done it.
        ValueError: It was not written by `put`.
    """
    from ast import literal_eval

    with open(path, "rb") as file:
        head, said = file.readline(), file.read()
    try:
        about = literal_eval(head.decode("utf-8", "surrogateescape"))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("not a file of a hook's") from error
    if not isinstance(about, dict):
        raise ValueError("not a file of a hook's")
    return about, said


def done(path: str) -> None:
    """Take away what is done."""
    try:  # noqa: SIM105  # without contextlib
        os.unlink(path)
    except OSError:
        pass


def is_due(folder: str) -> bool:
    """Whether the last flush was begun long enough ago for another one; if so, this one is."""
    stamp = os.path.join(folder, STAMP)
    try:
        if 0 <= time.time() - os.stat(stamp).st_mtime < DUE_S:
            return False
    except OSError:
        pass
    begun(folder)
    return True


def begun(folder: str) -> None:
    """Note that a flush is begun now."""
    os.close(os.open(os.path.join(made(folder), STAMP), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


def prune(folder: str) -> None:
    """Take away what nobody needs any more: what hooks that were killed have left, and old things."""
    for inside in (folder, os.path.join(folder, "sessions")):
        try:
            names = os.listdir(inside)
        except OSError:
            continue
        for name in names:
            path = os.path.join(inside, name)
            try:
                if os.path.isfile(path) and time.time() - os.stat(path).st_mtime > STALE_S:
                    os.unlink(path)
            except OSError:
                continue


def log(folder: str, sentence: str) -> None:
    """Write *sentence* to the log; a log that can't be written stops nobody."""
    path = os.path.join(folder, LOG)
    line = f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {' '.join(sentence.split())[:1000]}\n"
    try:
        made(folder)
        if os.path.exists(path) and os.stat(path).st_size > LOG_MOST:
            os.replace(path, path + ".1")
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line.encode("utf-8", "backslashreplace"))
        finally:
            os.close(file)
    except OSError:
        pass


def logged(folder: str, last: int) -> list[str]:
    """The *last* lines of the log."""
    try:
        with open(os.path.join(folder, LOG), "rb") as file:
            return file.read().decode("utf-8", "replace").splitlines()[-last:]
    except OSError:
        return []
