"""Which models there are, and where their files lie.

The top level is standard library only, so that the name of the bundled model costs nothing. Listing
fastembed's models needs fastembed, imported when asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memcli.errors import NotFoundError

BUNDLED = "all-MiniLM-L6-v2-int8"
"""The model that ships with the package and is used unless the user says otherwise."""

BUNDLED_DIMENSION = 384
"""Length of the bundled model's vectors."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that memcli can use.

    Attributes:
        name: `BUNDLED`, fastembed's name, or the absolute path of a directory.
        dimension: Length of a vector; None for a directory that does not say before it is loaded.
        size_mb: Size of the files in megabytes (fastembed's estimate, if they are not here).
        licence: Short name of the licence, empty where unknown.
        description: One line about what it is for.
        state: `bundled`, `downloaded`, `can be pulled` or `directory`.
    """

    name: str
    dimension: int | None
    size_mb: float
    licence: str
    description: str
    state: str


def bundled_path() -> Path:
    """The directory of the bundled model's files."""
    return Path(__file__).parent / "models" / BUNDLED


def installed_path(name: str, models_dir: Path) -> Path:
    """Where `pull` puts the files of fastembed model *name*, whether they are there or not."""
    return models_dir / name.replace("/", "--")


def available(models_dir: Path) -> list[ModelInfo]:
    """The bundled model, those downloaded to *models_dir*, then those that can be pulled, by name."""
    models = [_known(entry, models_dir) for entry in fastembed_models()]
    return [_bundled(), *sorted(models, key=lambda info: (info.state != "downloaded", info.name.lower()))]


def describe(name: str, models_dir: Path) -> ModelInfo:
    """What is known about model *name*, without loading it.

    Raises:
        NotFoundError: There is no such model, or no such directory.
    """
    if name == BUNDLED:
        return _bundled()
    if entry := find(name):
        return _known(entry, models_dir)
    return _directory(directory(name))


def find(name: str) -> dict[str, Any] | None:
    """What fastembed says of its model *name*, whatever the case; None if it has none."""
    if Path(name).is_absolute():
        return None
    return next((entry for entry in fastembed_models() if entry["model"].lower() == name.lower()), None)


def directory(name: str) -> Path:
    """The absolute path of the directory that *name* is.

    Raises:
        NotFoundError: It is none, so *name* is no model at all.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.exists():
        raise NotFoundError(
            f"{path} is not a directory", hint="name the directory that holds the model's files"
        )
    names = [BUNDLED, *(entry["model"] for entry in fastembed_models())]
    raise NotFoundError(f"there is no model or directory {name}", hint=_suggestion(name, names))


def fastembed_models() -> list[dict[str, Any]]:
    """The list of fastembed itself, without the custom models that loading registers there."""
    from memcli.embedding.library import text_embedding

    return [
        entry for entry in text_embedding().list_supported_models() if not Path(entry["model"]).is_absolute()
    ]


def _suggestion(name: str, names: list[str]) -> str:
    """The names most like *name*, compared without case and without the part before the slash too."""
    import difflib  # here, since the name of the bundled model is read at every start

    by_short = {known.lower().rpartition("/")[2]: known for known in names}
    close = difflib.get_close_matches(name.lower().rpartition("/")[2], by_short, n=3, cutoff=0.5)
    if not close:
        return "see what there is with: memcli model list"
    return "did you mean " + " or ".join(by_short[short] for short in close) + "?"


def _bundled() -> ModelInfo:
    return ModelInfo(
        name=BUNDLED,
        dimension=BUNDLED_DIMENSION,
        size_mb=_size_mb(bundled_path()),
        licence="apache-2.0",
        description="English, 256 tokens, int8; comes with memcli, nothing to download",
        state="bundled",
    )


def _known(entry: dict[str, Any], models_dir: Path) -> ModelInfo:
    """A model of fastembed's list."""
    path = installed_path(entry["model"], models_dir)
    here = (path / entry["model_file"]).is_file()
    return ModelInfo(
        name=entry["model"],
        dimension=entry["dim"],
        size_mb=_size_mb(path) if here else round(entry["size_in_GB"] * 1000, 1),
        licence=entry["license"],
        description=entry["description"],
        state="downloaded" if here else "can be pulled",
    )


def _directory(path: Path) -> ModelInfo:
    """A directory of the user's."""
    try:
        dimension = json.loads((path / "config.json").read_text(encoding="utf-8")).get("hidden_size")
    except (OSError, ValueError, AttributeError):
        dimension = None
    return ModelInfo(str(path), dimension, _size_mb(path), "", "a model in a directory", "directory")


def _size_mb(path: Path) -> float:
    """Size of all files below *path* in megabytes."""
    return round(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6, 1)
