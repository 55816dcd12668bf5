"""Pictures of a terminal for the README: what the program prints about the bundled example, as SVG.

    python -m tests.pictures

draws them anew, in this directory; `test_pictures.py` holds them against what is printed today. The time and
the ids of new memories are fixed.
"""

from __future__ import annotations

import html
import io
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from memcli.cli.boundary import run
from memcli.services.engine import Engine

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WIDTH = 92

PICTURES: Mapping[str, Sequence[str]] = {
    "search": (
        'memcli search "Have we ever had an outage because storage ran out?" -n 2',
        'memcli context "write the checklist for a deploy" --budget 110',
    ),
    "graph": (
        "memcli graph connect release backups --type requires --weight 0.9",
        "memcli graph traverse release",
    ),
    "history": (
        'memcli store "Version 2.0 has to be live by 12 December, when the winter timetable begins"',
        "memcli history k2m7",
    ),
}
"""What is typed for each."""

EDGES = (
    ("release", "ilka", "decided-by", "0.9"),
    ("release", "deploys", "follows", "0.8"),
    ("deploys", "staging", "tried-on", "0.7"),
    ("deploys", "valdis", "watched-by", "0.6"),
    ("backups", "valdis", "made-by", "0.9"),
)

NAMES = {
    "Version 2.0 has to be live by 1 December": "release",
    "Ilka Sommer": "ilka",
    "Valdis Ozols": "valdis",
    "Production deploys": "deploys",
    "Staging is deployed": "staging",
    "Backups run": "backups",
}
"""Ids of those that a picture is about, by how they begin."""

THEME = TerminalTheme(
    (24, 26, 31),
    (232, 229, 222),
    [
        *((43, 47, 54), (239, 120, 105), (140, 200, 120), (229, 192, 110)),
        *((110, 165, 230), (200, 145, 225), (95, 195, 205), (232, 229, 222)),
    ],
)
"""Colours that can be read on a dark ground, also when they are dimmed."""

FORMAT = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.{unique_id}-title {{ font: 16px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As Rich has it, but without a font from elsewhere: a picture asks nobody for anything."""


TEXT = re.compile(r'<text class="\w+-r\d+"[^>]*? y="([\d.]+)"[^>]*>([^<]*)</text>')
SCORE = re.compile(r"\b[01]\.\d\d\b|\b\d+(?=% sure)")


def drawn() -> dict[str, str]:
    """The pictures by name."""
    with _example():
        return {name: _picture(name, commands) for name, commands in PICTURES.items()}


def words(picture: str) -> list[str]:
    """What stands in *picture*, line by line; all scores alike, since processors round differently."""
    lines: dict[str, str] = {}
    for line, text in TEXT.findall(picture):
        lines[line] = lines.get(line, "") + html.unescape(text).replace("\xa0", " ")
    return [SCORE.sub("0", line.rstrip()) for line in lines.values()]


def _picture(name: str, commands: Sequence[str]) -> str:
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for number, command in enumerate(commands):
        console.print(
            Text("\n" if number else "") + Text("$ ", style="bold green") + Text(command, style="bold")
        )
        console.print(Text.from_ansi(_printed(shlex.split(command)[1:])))
    return console.export_svg(title="memcli", theme=THEME, code_format=FORMAT, unique_id=name)


def _printed(arguments: Sequence[str]) -> str:
    """What memcli prints on a terminal when it is called with *arguments*."""
    out, err = io.StringIO(), io.StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]
    with redirect_stdout(out), redirect_stderr(err):
        ended = run(list(arguments))
    assert ended == 0, err.getvalue()
    return out.getvalue().rstrip("\n")


@contextmanager
def _example() -> Iterator[None]:
    """The bundled example in a home of its own, at a fixed time, with fixed ids."""
    ids = iter(["k2m7h4pq8x", "v5c3wd9rnt"])
    engine = partial(Engine, now=lambda: NOW, new_id=lambda: next(ids), new_mark=lambda: "q3vd81xw")
    about = {"MEMCLI_USER": "noor", "MEMCLI_SPACE": "tidewater", "MEMCLI_WARM": "0", "MEMCLI_PROJECT": "no"}
    about |= {"TZ": "UTC", "COLUMNS": str(WIDTH), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("MEMCLI_", "NO_COLOR"))}
    with TemporaryDirectory(prefix="memcli-pictures-") as home:
        environ = {**kept, **about, "MEMCLI_HOME": home}
        with (
            patch.dict(os.environ, environ, clear=True),
            patch("memcli.cli.context.Engine", engine),
            patch("memcli.cli.views._now", lambda: NOW),
        ):
            time.tzset()
            file = Path(home) / "example.jsonl"
            file.write_text("".join(_lines()), encoding="utf-8")
            _printed(["import", str(file)])
            for start, end, kind, weight in EDGES:
                _printed(["graph", "connect", start, end, "--type", kind, "--weight", weight])
            yield
    time.tzset()


def _lines() -> Iterator[str]:
    """The memories of the example; those that a picture is about under names."""
    some = files("memcli.example").joinpath("memories.jsonl").read_text(encoding="utf-8").splitlines()
    for number, text in enumerate(some, start=10):
        memory = json.loads(text)
        name = next((name for begins, name in NAMES.items() if memory["text"].startswith(begins)), "")
        yield json.dumps(memory | {"id": name or f"t{number}x4hz9bk"}) + "\n"


def main() -> None:
    """Draw them anew."""
    for name, picture in drawn().items():
        (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")
        sys.stderr.write(f"{name}.svg: {len(picture):,} bytes\n")
