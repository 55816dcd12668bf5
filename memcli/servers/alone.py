"""Processes that go on beside many others: none of them may hold the processors while it waits for itself."""

from __future__ import annotations

import os

THREADS = "OPENBLAS_NUM_THREADS"


def load_numpy() -> None:
    """Import numpy so that a product of matrices is made by one thread, unless the user says how many.

    Its threads wait for each other by spinning. Comparing 30 vectors with 2,547 took 75 to 110 ms where other
    processes had the processors (load 13 on two of them), and 0.9 ms by one thread. Whatever this process
    starts is not told: that is no concern of the user's LLM command.
    """
    is_ours = THREADS not in os.environ
    if is_ours:
        os.environ[THREADS] = "1"
    try:
        import numpy  # noqa: F401  # to be loaded is what matters
    finally:
        if is_ours:
            del os.environ[THREADS]
