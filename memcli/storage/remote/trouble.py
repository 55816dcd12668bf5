"""What goes wrong at a service, in a sentence, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from memcli.errors import MemcliError, StorageError
from memcli.storage.lance import reason

KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_SERVICE_ACCOUNT, the path of its key",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""Where the libraries find keys first, by the scheme of the URL."""


@contextmanager
def asking(doing: str, name: str) -> Iterator[None]:
    """Turn what goes wrong while one is *doing* something with the store *name* into one sentence.

    Raises:
        StorageError: Instead of what the libraries and the operating system raise.
    """
    try:
        yield
    except MemcliError:
        raise
    except (BaseError, OSError, ValueError) as error:
        said = reason(error)
        raise StorageError(f"can't {doing} the store at {name}: {said}", hint=_hint(said, name)) from error


def _hint(said: str, uri: str) -> str:
    """What can be done about what was *said* of the store at *uri*."""
    if "credentials" in said or "Account must" in said:
        return f"set {KEYS[uri.partition('://')[0]]}, or the same in store.options"
    return "see the network, and AWS_ENDPOINT_URL if one is set" if "reached" in said else ""
