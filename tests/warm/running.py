"""Warm processes that tests start, and what is asked of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memcli.warm import client, place

PATIENCE_S = 60.0
"""What a test waits at most for something that has to happen."""


def driver(*words: str) -> list[str]:
    """The command line of the driver that *words* ask for."""
    return [sys.executable, str(Path(__file__).with_name("driver.py")), *words]


def environment(runtime: Path | str, **more: str) -> dict[str, str]:
    """This process's variables, for commands that may have a warm process below *runtime*."""
    kept = {name: value for name, value in os.environ.items() if name not in ("MEMCLI_WARM", "CI")}
    return {**kept, "XDG_RUNTIME_DIR": str(runtime), **more}


def until(happened: Callable[[], Any]) -> Any:
    """What *happened* gives as soon as that is true."""
    end = time.monotonic() + PATIENCE_S
    while not (found := happened()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
    return found


def state(pid: int) -> str:
    """The state of the process *pid*, a letter; Z once it has ended."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout[:1] or "Z"


def children(pid: int) -> list[int]:
    """The processes that *pid* has started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def run(
    runtime: Path, *arguments: str, how: str = "main", **variables: str
) -> subprocess.CompletedProcess[str]:
    """What a command of the driver comes to, by default one that need not be served."""
    return subprocess.run(
        driver(how, *arguments),
        env=environment(runtime, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class WarmProcess:
    """A real warm process with the word-hash embedder.

    Args:
        runtime: The directory for its socket's directory.
        home: The home that it is for.
        idle_s: After how many idle seconds it leaves.
        more: Further variables of its environment.
    """

    def __init__(self, runtime: Path, home: str, idle_s: float = 600, **more: str) -> None:
        self.environ = environment(runtime)
        self.path = place.socket_path(home, self.environ)
        self.process = subprocess.Popen(
            driver("serve", home, str(idle_s)),
            env={**self.environ, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def ready(self) -> WarmProcess:
        """Itself, once it answers, or has ended."""
        until(lambda: self.status() or self.process.poll() is not None)
        return self

    def status(self) -> dict[str, Any] | None:
        """What it says of itself; None where it does not answer."""
        try:
            return dict(client.ask(self.path, "status"))
        except client.GoneError:
            return None

    @property
    def commands(self) -> int:
        """How many commands it has run."""
        found = self.status()
        assert found
        return int(found["commands"])

    def serves(self, arguments: list[str], environ: Mapping[str, str]) -> None:
        """Let it serve the home of a command, too: a link stands where the socket would be."""
        link = Path(place.socket_path(place.home_of(arguments, environ), environ))
        if str(link) != self.path and not link.is_symlink():
            link.symlink_to(self.path)

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        return self.process.wait(PATIENCE_S)

    def end(self) -> None:
        """End it with all its workers."""
        if (
            self.process.poll() is None
        ):  # otherwise its workers leave by themselves, and its pid may be another's
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def runtime_directory() -> Iterator[Path]:
    """A directory with a short name: that of a socket has to be."""
    with tempfile.TemporaryDirectory(prefix="mw-") as folder:
        yield Path(folder)
