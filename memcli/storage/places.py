"""The places where a store can be; what is behind one is imported when a store is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from memcli.errors import ConfigError
from memcli.storage.place import Folder, Place


def place(own: Path, uri: str = "", options: Mapping[str, str] | None = None, mirrored: int = 0) -> Place:
    """Where a store is.

    Args:
        own: The directory; if the store is elsewhere, that of what belongs to it and is of this machine.
        uri: The URL, or empty.
        options: What the service at that URL wants to be told.
        mirrored: Bytes up to which a store in a bucket is kept on this machine, too, for reading.

    Raises:
        ConfigError: What it takes is not installed, or an option makes no sense.
    """
    if not uri:
        return Folder(own)
    if uri.startswith("db://"):
        from memcli.storage.remote.service import Service

        return Service(uri, options or {}, own)
    try:
        import obstore  # noqa: F401  # an extra
    except ImportError as error:
        raise ConfigError(f"a store at {uri} needs more", hint="pip install 'memcli[remote]'") from error
    from memcli.storage.remote.bucket import Bucket

    return Bucket(uri, options or {}, own, mirrored)
