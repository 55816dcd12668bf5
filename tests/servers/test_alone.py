"""One thread for products of matrices, in the processes that go on."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
{}
import numpy as np
one = np.ones((2000, 384), dtype=np.float32)
one @ one.T
print(len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS"))
"""
LOADED = "from memcli.servers.alone import load_numpy; load_numpy()"


def ran(first: str, threads: str | None = None) -> list[str]:
    """How many threads the program has that does *first*, and what it says of them in its environment."""
    environ = {"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])}
    environ |= {"OPENBLAS_NUM_THREADS": threads} if threads else {}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first)], env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system does not tell")
def test_products_are_made_by_one_thread() -> None:
    """And nobody whom the process starts is told so; unless the user has said how many."""
    assert ran(LOADED) == ["1", "None"]
    several = ran("", "2")
    assert ran(LOADED, "2") == several
