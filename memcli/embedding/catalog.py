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

EMBEDDING = "embedding"
"""A model that makes vectors."""

RERANKER = "reranker"
"""A model that scores a query and a text together."""

USE = {EMBEDDING: "memcli model use", RERANKER: "memcli config set rerank.model"}
"""By kind, the command that makes a model the one in use, but for the model's name."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that memcli can use.

    Attributes:
        name: `BUNDLED`, fastembed's name, or the absolute path of a directory.
        dimension: Length of a vector; None for a directory that does not say before it is loaded, and
            for a reranker, which makes none.
        size_mb: Size of the files in megabytes (fastembed's estimate, if they are not here).
        licence: Short name of the licence, empty where unknown.
        description: One line about what it is for.
        state: `bundled`, `downloaded`, `can be pulled` or `directory`.
        kind: `EMBEDDING` or `RERANKER`.
    """

    name: str
    dimension: int | None
    size_mb: float
    licence: str
    description: str
    state: str
    kind: str = EMBEDDING

    @property
    def use(self) -> str:
        """The command that makes it the one in use."""
        return f"{USE[self.kind]} {self.name}"


def bundled_path() -> Path:
    """The directory of the bundled model's files."""
    return Path(__file__).parent / "models" / BUNDLED


def installed_path(name: str, models_dir: Path) -> Path:
    """Where `pull` puts the files of fastembed model *name*, whether they are there or not."""
    return models_dir / name.replace("/", "--")


def available(models_dir: Path) -> list[ModelInfo]:
    """The models that make vectors, the bundled one first, then the rerankers.

    Of each kind those downloaded to *models_dir* come before those that can be pulled, by name.
    """
    embedding = [_known(entry, models_dir, EMBEDDING) for entry in fastembed_models()]
    rerankers = [_known(entry, models_dir, RERANKER) for entry in fastembed_rerankers()]
    return [_bundled(), *_in_order(embedding), *_in_order(rerankers)]


def _in_order(models: list[ModelInfo]) -> list[ModelInfo]:
    return sorted(models, key=lambda info: (info.state != "downloaded", info.name.lower()))


def describe(name: str, models_dir: Path) -> ModelInfo:
    """What is known about model *name*, without loading it.

    Raises:
        NotFoundError: There is no such model, or no such directory.
    """
    if name == BUNDLED:
        return _bundled()
    if entry := find(name):
        return _known(entry, models_dir, EMBEDDING)
    if entry := find_reranker(name):
        return _known(entry, models_dir, RERANKER)
    return _directory(directory(name))


def find(name: str) -> dict[str, Any] | None:
    """What fastembed says of its model *name* for vectors, whatever the case; None if it has none."""
    return None if Path(name).is_absolute() else _called(name, fastembed_models())


def find_reranker(name: str) -> dict[str, Any] | None:
    """What fastembed says of its reranker *name*, whatever the case; None if it has none."""
    return None if Path(name).is_absolute() else _called(name, fastembed_rerankers())


def _called(name: str, entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((entry for entry in entries if entry["model"].lower() == name.lower()), None)


def directory(name: str) -> Path:
    """The absolute path of the directory that *name* is.

    Raises:
        NotFoundError: It is none, so *name* is no model at all.
    """
    try:
        path = Path(name).expanduser()
        if path.is_dir():
            return path.resolve()
        exists = path.exists()
    except (OSError, RuntimeError) as error:  # too long for a name, or the home of nobody
        raise NotFoundError(f"there is no model or directory {name}: {error}") from error
    if exists:
        raise NotFoundError(
            f"{path} is not a directory", hint="name the directory that holds the model's files"
        )
    names = [BUNDLED, *(entry["model"] for entry in (*fastembed_models(), *fastembed_rerankers()))]
    raise NotFoundError(f"there is no model or directory {name}", hint=_suggestion(name, names))


def is_reranker(path: Path) -> bool:
    """Whether the directory *path* says of itself that its model scores pairs of texts."""
    architectures = _configuration(path).get("architectures")
    named = architectures if isinstance(architectures, list) else []
    return any(str(name).endswith("ForSequenceClassification") for name in named)


def fastembed_models() -> list[dict[str, Any]]:
    """The list for vectors of fastembed itself, without the custom models that loading registers there."""
    from memcli.embedding.library import text_embedding

    return _not_ours(text_embedding().list_supported_models())


def fastembed_rerankers() -> list[dict[str, Any]]:
    """The list of rerankers of fastembed itself, likewise."""
    from memcli.embedding.library import cross_encoder

    return _not_ours(cross_encoder().list_supported_models())


def _not_ours(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if not Path(entry["model"]).is_absolute()]


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


def _known(entry: dict[str, Any], models_dir: Path, kind: str) -> ModelInfo:
    """A model of one of fastembed's lists."""
    path = installed_path(entry["model"], models_dir)
    here = (path / entry["model_file"]).is_file()
    return ModelInfo(
        name=entry["model"],
        dimension=entry.get("dim"),
        size_mb=_size_mb(path) if here else round(entry["size_in_GB"] * 1000, 1),
        licence=entry["license"],
        description=entry["description"],
        state="downloaded" if here else "can be pulled",
        kind=kind,
    )


def _directory(path: Path) -> ModelInfo:
    """A directory of the user's."""
    if is_reranker(path):
        about = "a reranker in a directory"
        return ModelInfo(str(path), None, _size_mb(path), "", about, "directory", RERANKER)
    dimension = _configuration(path).get("hidden_size")
    return ModelInfo(str(path), dimension, _size_mb(path), "", "a model in a directory", "directory")


def _configuration(path: Path) -> dict[str, Any]:
    """What `config.json` in *path* says; nothing, if it is not there or not readable."""
    try:
        said = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _size_mb(path: Path) -> float:
    """Size of all files below *path* in megabytes."""
    return round(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6, 1)
