"""What the libraries raise, said in a sentence of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from memcli.errors import EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn whatever the libraries raise within the block into an EmbeddingError that begins with *what*."""
    try:
        yield
    except EmbeddingError:
        raise
    except Exception as error:  # onnxruntime and tokenizers raise bare RuntimeError, ValueError, Exception
        raise EmbeddingError(f"{what}: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What *error* says, on one line of bearable length."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]
