"""Downloading one of fastembed's models, all of it or nothing."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

from memcli.embedding import catalog, hub
from memcli.errors import EmbeddingError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from memcli.model import ProgressFactory

SMALL_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "preprocessor_config.json",
)
"""What fastembed reads besides the network itself."""

PARTIAL = ".partial-"
"""Begins the name of a directory that is being filled; another run goes on from what is there."""

POLL = 0.2
"""Seconds between two looks at how much has arrived."""


def pull(name: str, *, models_dir: Path, report: ProgressFactory | None = None) -> Path:
    """Download model *name* into *models_dir*, unless it is there; the bundled one always is.

    Args:
        name: The name of one of fastembed's models or rerankers, whatever the case.
        models_dir: Where models are kept; made if it does not exist.
        report: Hears how many megabytes of about how many have arrived.

    Returns:
        The directory with the model's files.

    Raises:
        NotFoundError: fastembed has no such model.
        UsageError: *name* is a directory, where there is nothing to download.
        EmbeddingError: The hub can't be reached, or the download failed.
    """
    if name == catalog.BUNDLED:
        return catalog.bundled_path()
    reranker = None if (found := catalog.find(name)) else catalog.find_reranker(name)
    entry = found or reranker
    if entry is None:
        path = catalog.directory(name)
        raise UsageError(
            f"{path} is already on this machine", hint=f"run: {catalog.describe(name, models_dir).use}"
        )
    target = catalog.installed_path(entry["model"], models_dir)
    if not (target / entry["model_file"]).is_file():
        address = hub.check(catalog.USE[catalog.RERANKER if reranker else catalog.EMBEDDING])
        try:
            _download(entry, target, address, report)
        except OSError as error:
            raise EmbeddingError(f"the model {entry['model']} can't be stored: {error}") from error
    return target


def _download(entry: dict[str, Any], target: Path, address: str, report: ProgressFactory | None) -> None:
    """Fill a directory beside *target*, then give it its name: a killed download leaves no half model."""
    partial = target.with_name(PARTIAL + target.name)
    partial.mkdir(parents=True, exist_ok=True)
    fetching = _Fetch(entry, partial, address)
    fetching.start()
    if report is None:
        fetching.join()
    else:
        with report(f"downloading {entry['model']}", round(entry["size_in_GB"] * 1000)) as progress:
            seen = 0
            while fetching.is_alive():
                fetching.join(POLL)
                arrived = _megabytes(partial)
                progress(max(arrived - seen, 0))
                seen = max(arrived, seen)
    fetching.check()
    shutil.rmtree(partial / ".cache", ignore_errors=True)  # the download library's notes
    if target.exists():  # what is there lacks the network, or this would not be running
        shutil.rmtree(target)
    partial.rename(target)


class _Fetch(threading.Thread):
    """Fetches a model's files, beside the thread that watches, so that Ctrl-C works at once."""

    def __init__(self, entry: dict[str, Any], into: Path, address: str) -> None:
        super().__init__(daemon=True)
        self.entry = entry
        self.into = into
        self.address = address
        self.error: Exception | None = None

    def run(self) -> None:
        """Called by the thread."""
        try:
            _fetch(self.entry, self.into, self.address)
        except Exception as error:  # the thread that waits raises it
            self.error = error

    def check(self) -> None:
        """Raise an EmbeddingError if not all files arrived."""
        name = self.entry["model"]
        hint = f"run it again to go on from where it stopped: memcli model pull {name}"
        if self.error is not None:
            lines = str(self.error).strip().splitlines() or [type(self.error).__name__]
            raise EmbeddingError(f"downloading {name} failed: {lines[0]}", hint=hint) from self.error
        for file in (self.entry["model_file"], *self.entry["additional_files"], "tokenizer.json"):
            if not (self.into / file).is_file():
                raise EmbeddingError(f"the hub at {self.address} has no {file} for {name}")


def _fetch(entry: dict[str, Any], into: Path, address: str) -> None:
    """Fetch the model's files from the hub, without a word on standard error."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)
    snapshot_download(
        entry["sources"]["hf"],
        local_dir=into,
        cache_dir=into / ".cache" / "hub",  # where it notes what a repository has; not in the user's home
        endpoint=address,
        allow_patterns=[entry["model_file"], *entry["additional_files"], *SMALL_FILES],
    )


def _megabytes(path: Path) -> int:
    """How much has arrived below *path*; files come and go meanwhile."""
    total = 0
    for file in path.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return round(total / 1e6)
