"""Homes for benchmarks: in a temporary directory, filled through the importer, opened by engines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memcli.config import Config
from memcli.home import Home
from memcli.model import Action, Embedder, Scope
from memcli.services import transfer
from memcli.services.engine import Engine

USER = "benchmark"
SPACE = "bench"

Document = Mapping[str, Any]
"""One memory as a line of an import."""


@contextmanager
def directory(kept: Path | None = None) -> Iterator[Path]:
    """The directory *kept*, made if need be, or a temporary one that is gone afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with TemporaryDirectory(prefix="memcli-bench-") as name:
        yield Path(name)


def scope(space: str = SPACE) -> Scope:
    """The benchmark's memories in *space*."""
    return Scope(space=space, user=USER)


def engine(home: Path, embedder: Embedder | None = None) -> Engine:
    """An engine with default settings on the home *home*; with *embedder* if that is loaded already."""
    return Engine(Config(), Home(config_file=home / "config.toml", data=home), embedder=embedder)


def lines(documents: Iterable[Document]) -> list[bytes]:
    """*documents* as lines of an import."""
    return [json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents]


def fill(opened: Engine, documents: Iterable[Document], *, compare: bool = True) -> int:
    """Import *documents* into the home of *opened*; how many were stored.

    Args:
        opened: The engine.
        documents: What to import; those that name no space go to `SPACE`.
        compare: Whether the same text twice is a duplicate.
    """
    records = list(transfer.import_lines(opened, lines(documents), scope=scope(), conflicts=compare))
    if failed := [record for record in records if record.stored.action is Action.FAILED]:
        raise SystemExit(f"line {failed[0].line} was not imported: {failed[0].stored.reason}")
    return sum(record.stored.action is Action.STORED for record in records)
