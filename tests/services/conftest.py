"""What tests of the services share."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcli.errors import EmbeddingError
from memcli.services.engine import Engine


@pytest.fixture(scope="session")
def filled_before() -> dict[str, tuple[Path, str]]:
    """Homes of stores that were filled, and the last id that was given there, by what filled them."""
    return {}


@pytest.fixture
def filled(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    filled_before: dict[str, tuple[Path, str]],
) -> Callable[[Callable[[Engine], object]], Engine]:
    """Has a function fill the store of the engine, once; tests that ask for the same again get a copy.

    Half a second of a processor becomes 10 ms so.
    """

    def fill(by: Callable[[Engine], object]) -> Engine:
        name = f"{by.__module__}.{by.__qualname__}"
        if name in filled_before:
            home, last = filled_before[name]
            shutil.copytree(home, engine.home.data, dirs_exist_ok=True)
            while engine.new_id() != last:
                pass
        else:
            by(engine)
            home = tmp_path_factory.mktemp("filled") / "home"
            shutil.copytree(engine.home.data, home)
            filled_before[name] = home, engine.new_id()
        return engine

    return fill


@pytest.fixture
def no_model(make_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine that can't load a model."""

    def refuse(*_: Any) -> Any:
        raise EmbeddingError("no model is needed for this")

    monkeypatch.setattr(Engine, "load_model", refuse)
    return make_engine(embedder=None)
