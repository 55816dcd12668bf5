"""Who may write to a store that several machines share: a lease, which a machine that is gone can't keep.

An object in the bucket says who holds it and for how long. Every change of it is a conditional put: it is
carried out only if the object is still what was read, so that of two machines one succeeds. The holder renews
the lease while it works. Whoever waits takes it over when it has not been renewed for as long as it holds:

- seen so by the own monotonic clock: nobody's clock has to be right for that; or
- sooner, if it is older than that by the clock of the server, which says when the lease was written, and when
  an object of this very moment was.

No clock of a machine is ever compared with that of another one. Before it commits, the holder makes sure that
the lease is still its own; a process that is stopped between that and the commit can't be kept from it, so
that the lease is looked at once more in the end, and what happened is said.
"""

from __future__ import annotations

import json
import os
import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from memcli.errors import StorageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

HELD_S = 20.0
"""Seconds after which a lease that was not renewed is anybody's: the longest that a killed writer keeps
others waiting. A renewal takes some 50 ms and is tried four times in that time."""

RENEWALS = 4
"""How often a lease is renewed in the time for which it holds."""

GRACE_S = 2.0
"""Seconds on top of that before it is taken over: servers tell times in whole seconds."""

POLL_S = (0.05, 0.5)
"""Seconds between two looks at a lease that is held, from the first on to the longest."""

CLOCK = "clock"
"""The object that is written to learn what time it is at the server."""

elapsed: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
"""A monotonic clock, which goes on while the machine sleeps where the system has one that does."""


class LostError(StorageError):
    """Another machine has taken the lease over."""


@dataclass(frozen=True, slots=True)
class _There:
    """The lease as it was found.

    Attributes:
        token: Whose it is; empty if it is free.
        written: What tells this writing from any other.
        seconds: How long it holds without being renewed.
        mark: What a conditional put must name.
        modified: When it was written, by the server's clock.
    """

    token: str
    written: str
    seconds: float
    mark: Any
    modified: datetime


class Lease:
    """The lease called *name* in *store*.

    Args:
        store: The bucket, from the place on where the lease is.
        name: The object.
        seconds: How long it holds without being renewed; `HELD_S` if 0.
    """

    def __init__(self, store: ObjectStore, name: str, *, seconds: float = 0.0) -> None:
        self._store, self._name, self._seconds = store, name, seconds or HELD_S
        self._token = os.urandom(12).hex()
        self._mark: Any = None
        self._sure_until, self._count = 0.0, 0
        self._putting, self._done = Lock(), Event()

    def acquire(self, patience: float) -> bool:
        """Take the lease, once it is free, within *patience* seconds; whether that was possible."""
        until, pause = elapsed() + patience, POLL_S[0]
        seen: tuple[Any, float] = (None, 0.0)
        while True:
            there = self._there()
            if there is not None and there.mark != seen[0]:
                seen = (there.mark, elapsed())
            if there is None or self._is_free(there, seen[1]):
                if self._put(there.mark if there else None):
                    Thread(target=self._keep, name="memcli-lease", daemon=True).start()
                    return True
            elif elapsed() >= until:
                return False
            else:
                time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # so that not all ask at once
                pause = min(2 * pause, POLL_S[1])

    def _is_free(self, there: _There, since: float) -> bool:
        """Whether the lease *there*, which looks like that *since* then, is nobody's, or a dead holder's."""
        if not there.token:
            return True
        held = there.seconds + GRACE_S
        if elapsed() - since > held:
            return True
        seems_old = (
            time.time() - there.modified.timestamp() > held
        )  # worth a question: our clock may be wrong
        return seems_old and (self._server_time() - there.modified).total_seconds() > held

    def _server_time(self) -> datetime:
        """What time it is at the server."""
        import obstore

        obstore.put(self._store, CLOCK, self._token.encode(), use_multipart=False)
        return obstore.head(self._store, CLOCK)["last_modified"]

    def _there(self) -> _There | None:
        """The lease as it is now; None if there is none yet."""
        import obstore

        try:
            found = obstore.get(self._store, self._name)
            said, about = json.loads(bytes(found.bytes())), found.meta
            token, written = str(said["token"]), str(said["written"])
            return _There(token, written, float(said["seconds"]), _mark(about), about["last_modified"])
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"{self._name} in the bucket makes no sense") from error

    def _put(self, mark: Any, *, free: bool = False) -> bool:
        """Write the lease over what *mark* names, as ours or as *free*; whether it was still that."""
        import obstore

        began, self._count = elapsed(), self._count + 1
        said = {
            "token": "" if free else self._token,
            "holder": f"{socket.gethostname()}:{os.getpid()}",
            "seconds": self._seconds,
            "written": (written := f"{self._token}-{self._count}"),  # no two are alike, nor are their marks
        }
        try:
            put = obstore.put(
                self._store, self._name, json.dumps(said).encode(), mode=mark or "create", use_multipart=False
            )
        except (PreconditionError, AlreadyExistsError, FileNotFoundError):
            there = self._there()
            if there is None or there.written != written:
                return False
            self._mark = there.mark  # the answer to our own put was lost, and it was sent again
        else:
            self._mark = _mark(put)
        self._sure_until = began + self._seconds
        return True

    def _keep(self) -> None:
        """Renew the lease until it is given back, or another one's."""
        while not self._done.wait(self._seconds / RENEWALS):
            with self._putting, suppress(BaseError, OSError, StorageError):  # the network: it is tried again
                if self._done.is_set() or not self._put(self._mark):
                    return

    def assure(self) -> None:
        """Make sure that the lease is still ours.

        Raises:
            LostError: It is not.
        """
        with self._putting:
            if elapsed() > self._sure_until - GRACE_S and not self._put(self._mark):
                raise LostError(
                    "another machine writes by now, since this one was stopped or cut off for too long",
                    hint="run the command again",
                )

    def release(self) -> None:
        """Give the lease back; where that can't be said, it runs out.

        Raises:
            LostError: It was not ours any more.
        """
        self._done.set()
        with self._putting, suppress(BaseError, OSError):
            if not self._put(self._mark, free=True):
                raise LostError(
                    "another machine has begun to write before this one was done, since this one was stopped "
                    "or cut off for too long",
                    hint="what was stored is there, perhaps twice: memcli conflicts shows that",
                )


def _mark(about: Any) -> dict[str, str]:
    """What a conditional put must name: its tag, and its number where the service counts."""
    return {name: about[name] for name in ("e_tag", "version") if about.get(name)}
