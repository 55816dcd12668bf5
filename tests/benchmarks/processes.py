"""Timing whole processes: from the start of the interpreter to its end, as a shell sees it.

Commands take turns, round after round, so that a busy moment of the machine falls on all of them.
Seconds are wall time; peak memory is the largest resident set that the kernel saw (`wait4`), in MiB.
Linux counts a child's peak from that of whoever started it, so keep the measuring process small:
import nothing heavy in it, and fill stores through the command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

Arguments = Sequence[str] | Callable[[int], Sequence[str]]
"""A command line, or what gives the one of each round: storing must not store the same text twice."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command to time.

    Attributes:
        name: What tables call it.
        arguments: What is run; see `Arguments`.
        environment: Variables besides those of `environment`.
        says: A text that its standard output must hold, lest an empty answer pass for a quick one.
    """

    name: str
    arguments: Arguments
    environment: Mapping[str, str] = field(default_factory=dict)
    says: str = ""

    def line(self, turn: int) -> Sequence[str]:
        """The command line of round *turn*."""
        return self.arguments(turn) if callable(self.arguments) else self.arguments


@dataclass(frozen=True, slots=True)
class Runs:
    """What a command took, round by round."""

    seconds: list[float]
    peaks: list[float]

    @property
    def median(self) -> float:
        """Seconds."""
        return median(self.seconds)

    @property
    def peak(self) -> float:
        """MiB."""
        return max(self.peaks)

    def over(self, other: Runs) -> float:
        """How many times the seconds of *other*: the median over the rounds, each with its own ratio."""
        return median(mine / theirs for mine, theirs in zip(self.seconds, other.seconds, strict=True))


def environment(home: Path) -> dict[str, str]:
    """This process's variables, for a memcli that lives in *home*, starts cold and has default settings.

    It may keep what Python makes of its modules, as one that pip has installed does: otherwise a start would
    be mostly compiling.
    """
    others = ("MEMCLI_", "XDG_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return {**kept, "MEMCLI_HOME": str(home), "MEMCLI_USER": "benchmark", "MEMCLI_WARM": "0"}


def measure(commands: Sequence[Command], home: Path, rounds: int) -> dict[str, Runs]:
    """Run all *commands* in turn, *rounds* times after one round that does not count; what each took.

    Raises:
        SystemExit: A command failed or did not say what it was to say.
    """
    runs = {command.name: Runs([], []) for command in commands}
    for turn in range(rounds + 1):
        for command in commands:
            seconds, peak = run(command, home, turn)
            if turn:
                runs[command.name].seconds.append(seconds)
                runs[command.name].peaks.append(peak)
    return runs


def run(command: Command, home: Path, turn: int = 0) -> tuple[float, float]:
    """Run *command* once; the seconds it took and its peak memory in MiB.

    Raises:
        SystemExit: It failed, or did not say what it was to say.
    """
    variables = {**environment(home), **command.environment}
    line = command.line(turn)
    with TemporaryFile() as out, TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(line, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode or command.says.encode() not in out.read():
            raise SystemExit(f"{command.name} ended with {process.returncode}: {err.read().decode()[-500:]}")
    return seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def memcli() -> Path:
    """The `memcli` installed beside this interpreter."""
    return Path(sys.executable).with_name("memcli")
