"""A thousand calls of the MCP server by the SDK's client: milliseconds of each, and what the process takes.

python -m tests.benchmarks.mcp [--calls 1000] [--memories 1000] [--at-once 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters

from tests.benchmarks import texts

ROUNDS = 10


def server(home: str) -> StdioServerParameters:
    """The server on a store of its own."""
    environ = {**os.environ, "MEMCLI_HOME": home, "MEMCLI_WARM": "0", "MEMCLI_PROJECT": "0"}
    return StdioServerParameters(command=sys.executable, args=["-m", "memcli", "mcp"], env=environ)


def resident_mib() -> float:
    """What the server, the only child of this process, holds in memory."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    status = Path(f"/proc/{children[0]}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


async def timed(client: Client, name: str, arguments: dict[str, Any]) -> float:
    """Milliseconds that one call takes."""
    began = time.perf_counter()
    answer = await client.call_tool(name, arguments)
    assert not answer.is_error, answer
    return (time.perf_counter() - began) * 1000


def call(number: int, said: list[str], asked: list[str], ids: list[str]) -> tuple[str, dict[str, Any]]:
    """One call of ten: seven that find, one that stores, one that lists, one that looks at a memory."""
    if number % 10 == 0:
        return "memory_store", {"text": f"{said[number % len(said)]} ({number})"}
    if number % 10 == 1:
        return "memory_list", {"limit": 5}
    if number % 10 == 2:
        return "memory_get", {"id": ids[number % len(ids)]}
    return ("memory_context" if number % 2 else "memory_search"), {"query": asked[number % len(asked)]}


async def measure(home: str, said: list[str], calls: int, at_once: int) -> None:
    """Make the calls, and print a line a round."""
    began = time.perf_counter()
    async with Client(server(home)) as client:
        print(f"connected after {time.perf_counter() - began:.2f} s")
        first = await timed(client, "memory_list", {"limit": 20})
        answer = await client.call_tool("memory_list", {"limit": 20})
        asked = texts.questions(calls)
        ids = [memory["id"] for memory in answer.structured_content["result"]]
        print(f"first call {first:.0f} ms, {resident_mib():.0f} MiB")
        for round_ in range(ROUNDS):
            numbers = range(round_ * calls // ROUNDS, (round_ + 1) * calls // ROUNDS)
            took: list[float] = []
            for start in range(0, len(numbers), at_once):
                together = [call(number, said, asked, ids) for number in numbers[start : start + at_once]]
                took += await asyncio.gather(*(timed(client, *one) for one in together))
            print(
                f"{numbers[-1] + 1:>6} calls  p50 {statistics.median(took):5.1f} ms  "
                f"p95 {statistics.quantiles(took, n=20)[-1]:5.1f} ms  {resident_mib():.0f} MiB"
            )


def main() -> None:
    """Fill a store, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--memories", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        said = texts.memories(given.memories)
        lines = "".join(json.dumps({"text": text}) + "\n" for text in said)
        environ = server(home).env
        subprocess.run(
            [sys.executable, "-m", "memcli", "--quiet", "import", "-", "--conflicts", "off"],
            input=lines.encode(),
            env=environ,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        asyncio.run(measure(home, said, given.calls, given.at_once))


if __name__ == "__main__":
    main()
