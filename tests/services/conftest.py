"""What tests of the services share."""

from collections.abc import Callable
from typing import Any

import pytest

from memcli.errors import EmbeddingError
from memcli.services.engine import Engine


@pytest.fixture
def no_model(make_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine that can't load a model."""

    def refuse(*_: Any) -> Any:
        raise EmbeddingError("no model is needed for this")

    monkeypatch.setattr(Engine, "load_model", refuse)
    return make_engine(embedder=None)
