"""Homes that are URLs: which there are, and where this machine keeps what it needs for one.

Standard library only, and nothing of it for a home that is a directory: this runs before anything else.
"""

from __future__ import annotations

import os

SCHEMES = ("s3", "gs", "az", "db")
"""Amazon's S3 and whatever speaks its language, Google Cloud Storage, Azure Blob Storage, LanceDB Cloud."""


def is_url(home: str) -> bool:
    """Whether *home* is a URL, not a directory."""
    return "://" in home


def absolute(home: str) -> str:
    """*home* as it is from everywhere: a directory's absolute path, or the URL in one spelling."""
    return home.rstrip("/") if is_url(home) else os.path.abspath(os.path.expanduser(home))  # noqa: PTH100, PTH111


def directory_name(url: str) -> str:
    """What the directory is called in which this machine keeps what it needs for the store at *url*."""
    from hashlib import sha256

    return sha256(absolute(url).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def complaint(url: str) -> str:
    """What is wrong with *url*, without what may be secret in it; empty if nothing is."""
    from urllib.parse import urlsplit

    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        return f"{scheme[:20]}:// is none of " + ", ".join(f"{known}://" for known in SCHEMES)
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it makes no sense"
    if parts.username is not None or parts.query or parts.fragment or "@" in rest:
        return "it holds more than a place; keys belong into the environment or into store.options"
    return "" if parts.netloc and not any(c.isspace() or c < " " for c in url) else "it names no bucket"
