"""moto's S3 as a process of its own, which counts what it is asked: `python -m tests.bucket_server PORT`.

One request at a time is answered, since moto looks and writes in two steps and S3 in one. Whoever calls
himself `wrong` is not let in. `/_count` tells, as JSON, what was asked since it was asked last.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

REFUSED = (
    b"<Error><Code>InvalidAccessKeyId</Code><Message>The key does not exist in our records.</Message></Error>"
)


class Counted:
    """The WSGI application *inner*, which keeps a count."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner, self._lock = inner, Lock()
        self._count: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/_count":
            said = json.dumps(self._count).encode()
            self._count = Counter()
            start("200 OK", [("Content-Type", "application/json")])
            return [said]
        if "Credential=wrong/" in environ.get("HTTP_AUTHORIZATION", ""):
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [REFUSED]
        time.sleep(float(os.environ.get("BUCKET_SERVER_DELAY", "0")))  # as a service that is far away
        with self._lock:
            body = b"".join(self._inner(environ, start))
        method = environ["REQUEST_METHOD"]
        asks = "LIST" if method == "GET" and "list-type" in environ.get("QUERY_STRING", "") else method
        self._count[asks] += 1
        self._count["bytes out"] += len(body)
        self._count["bytes in"] += int(environ.get("CONTENT_LENGTH") or 0)
        if os.environ.get("BUCKET_SERVER_LOG"):
            about = environ["PATH_INFO"], environ.get("QUERY_STRING", ""), environ.get("HTTP_RANGE", "")
            print(asks, *about, len(body), file=sys.stderr)
        return [body]


class Server:
    """The server at *endpoint*."""

    def __init__(self, endpoint: str, process: subprocess.Popen[str]) -> None:
        self.endpoint, self._process = endpoint, process

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which it is found."""
        return {
            "AWS_ACCESS_KEY_ID": "us",
            "AWS_SECRET_ACCESS_KEY": "quite-a-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def make(self, bucket: str) -> None:
        """Make *bucket*."""
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/{bucket}", method="PUT")).close()

    def count(self) -> dict[str, int]:
        """What was asked since this was called last."""
        with urllib.request.urlopen(f"{self.endpoint}/_count") as answer:
            said: dict[str, int] = json.load(answer)
        return said

    def pause(self, *, on: bool = True) -> None:
        """Let it answer nobody for a while."""
        self._process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)


@contextmanager
def running() -> Iterator[Server]:
    """A server, which is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bucket_server", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield Server(found[0], process)
    finally:
        process.kill()
        process.wait()


def main(port: int) -> None:
    """Serve at *port*, any free one if that is 0."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
            pass

    app = Counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
