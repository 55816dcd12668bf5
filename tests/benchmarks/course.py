"""The course of a long run: figures taken every few seconds, as lines of CSV and as a drawing in SVG."""

from __future__ import annotations

import csv
import os
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP = 760, 110, 70, 34
"""Of one panel, in pixels, and of what stands beside and above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was seen at one moment.

    Attributes:
        seconds: Since the beginning.
        commands: How many have ended.
        median_ms: What those since the last sample took.
        p95_ms: What only one in twenty of them took longer than.
        server_mib: What the warm process holds.
        workers_mib: What each of its workers holds at most: what they share with it counts for each.
        mcp_mib: What the MCP server holds.
        descriptors: What server and workers and the MCP server have open.
        files: How many files the store has.
        disk_mib: What they take.
    """

    seconds: float
    commands: int
    median_ms: float
    p95_ms: float
    server_mib: float
    workers_mib: float
    mcp_mib: float
    descriptors: int
    files: int
    disk_mib: float


FIELDS = [field.name for field in fields_of(Sample)]


class Course(threading.Thread):
    """Takes samples until it is told to stop.

    Args:
        every: Seconds between two.
        store: The directory whose files are counted.
        took: Gives the milliseconds of the commands that have ended since it was last asked.
        processes: Gives the processes that are looked at: "server" and "mcp", as far as they are there.
    """

    def __init__(
        self,
        every: float,
        store: Path,
        took: Callable[[], Sequence[float]],
        processes: Callable[[], Mapping[str, int]],
    ) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self._every, self._store, self._took, self._processes = every, store, took, processes
        self._over, self._commands = threading.Event(), 0
        self._began = time.monotonic()

    def run(self) -> None:
        """See the class."""
        while not self._over.wait(self._every):
            self.samples.append(self._sample())

    def stop(self) -> None:
        """Take no more."""
        self._over.set()
        self.join()

    def _sample(self) -> Sample:
        took, pids = sorted(self._took()), self._processes()
        self._commands += len(took)
        server, mcp = pids.get("server", 0), pids.get("mcp", 0)
        workers = children(server)
        sizes = list(_sizes(self._store))
        return Sample(
            seconds=round(time.monotonic() - self._began, 1),
            commands=self._commands,
            median_ms=round(statistics.median(took), 1) if took else 0.0,
            p95_ms=round(took[len(took) * 95 // 100], 1) if took else 0.0,
            server_mib=resident(server),
            workers_mib=max(map(resident, workers), default=0.0),
            mcp_mib=resident(mcp),
            descriptors=sum(map(descriptors, [server, mcp, *workers])),
            files=len(sizes),
            disk_mib=round(sum(sizes) / 2**20, 1),
        )


def resident(pid: int) -> float:
    """The resident memory of a process, in MiB; 0 for one that is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children") if pid else ():
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue
    return found


def _sizes(folder: Path) -> list[int]:
    sizes = []
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append((Path(where) / name).stat().st_size)
            except OSError:  # tidied away meanwhile
                continue
    return sizes


def written(samples: Sequence[Sample], path: Path) -> None:
    """Write *samples* as CSV."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(FIELDS)
        lines.writerows([getattr(sample, name) for name in FIELDS] for sample in samples)


def growth(samples: Sequence[Sample], name: str) -> float:
    """How many times its value in the second quarter of the run a figure has in the last one, by medians."""
    values = [float(getattr(sample, name)) for sample in samples]
    quarter = max(len(values) // 4, 1)
    early, late = values[quarter : 2 * quarter] or values, values[-quarter:]
    return statistics.median(late) / (statistics.median(early) or 1.0) if values else 0.0


def drawn(samples: Sequence[Sample], path: Path, title: str) -> None:
    """Draw *samples*, a panel for each figure, over the minutes."""
    panels = [name for name in FIELDS if name != "seconds"]
    high = TOP + len(panels) * (HEIGHT + TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{high + 20}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>',
    ]
    for number, name in enumerate(panels):
        parts.append(_panel(samples, name, TOP + 14 + number * (HEIGHT + TOP)))
    path.write_text("\n".join([*parts, "</svg>", ""]))


def _panel(samples: Sequence[Sample], name: str, top: float) -> str:
    values = [float(getattr(sample, name)) for sample in samples] or [0.0]
    times = [sample.seconds for sample in samples] or [0.0]
    most, longest = max(values) or 1.0, times[-1] or 1.0
    points = " ".join(
        f"{LEFT + WIDTH * at / longest:.1f},{top + HEIGHT - (HEIGHT - 8) * value / most:.1f}"
        for at, value in zip(times, values, strict=True)
    )
    return (
        f'<text x="{LEFT}" y="{top - 4}">{name.replace("_", " ")}</text>'
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#bbb"/>'
        f'<text x="{LEFT - 6}" y="{top + 12}" text-anchor="end">{most:,.0f}</text>'
        f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>'
        f'<text x="{LEFT + WIDTH}" y="{top + HEIGHT + 14}" text-anchor="end">{longest / 60:.0f} min</text>'
        f'<polyline points="{points}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>'
    )
