"""Whether the model hub can be reached, answered within a second whatever the network does."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING
from urllib import error, request

from memcli.embedding import catalog
from memcli.errors import EmbeddingError

if TYPE_CHECKING:
    from email.message import Message
    from typing import IO

DEADLINE = 1.0
"""Seconds the hub has for its first answer: several times what a slow mobile connection needs."""

GATEWAY_TROUBLE = frozenset({407, 502, 503, 504})
"""Status codes with which a proxy, not the hub, says that there is no way through."""


def endpoint() -> str:
    """The address of the hub: HF_ENDPOINT, as for all tools that use it, else the public one."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def check(use: str = catalog.USE[catalog.EMBEDDING]) -> str:
    """The address of the hub, after it answered.

    The question runs in a thread of its own, since a name look-up that hangs has no time limit.

    Args:
        use: The command that would use the model from a directory, which is the way without a hub.

    Raises:
        EmbeddingError: It did not answer within DEADLINE, or HF_HUB_OFFLINE says not to ask.
    """
    address = endpoint()
    if os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}:
        raise _unreachable(address, "HF_HUB_OFFLINE is set", use)
    trouble = [f"no answer within {DEADLINE:g} s"]

    def ask() -> None:
        trouble[0] = _trouble(address)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(DEADLINE)
    if trouble[0]:
        raise _unreachable(address, trouble[0], use)
    return address


def _trouble(address: str) -> str:
    """Why *address* can't be reached through the proxies of the environment; empty if it can."""
    try:
        opener = request.build_opener(_NoRedirects)
        with opener.open(request.Request(address, method="HEAD"), timeout=DEADLINE):  # noqa: S310 - the user's
            return ""
    except error.HTTPError as answer:  # an answer is an answer, but for a proxy's
        return f"HTTP {answer.code}" if answer.code in GATEWAY_TROUBLE else ""
    except error.URLError as failure:
        return str(getattr(failure.reason, "strerror", None) or failure.reason)
    except Exception as failure:  # http.client and ssl have their own; a bad address is a ValueError
        return str(failure) or type(failure).__name__


class _NoRedirects(request.HTTPRedirectHandler):
    """Takes a redirection for the answer that it is."""

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Nothing to follow."""


def _unreachable(address: str, why: str, use: str) -> EmbeddingError:
    return EmbeddingError(
        f"cannot reach the model hub at {address} ({why})",
        hint=f"check the network or set HF_ENDPOINT; the bundled model {catalog.BUNDLED} needs no download; "
        f"or copy the files to a directory and run: {use} DIR",
    )
