"""How many threads arithmetic takes: one.

NumPy multiplies small matrices here, a hundred rows at a time. OpenBLAS would share each product among all
processors and let its threads spin between two of them: ranking one search took 15 ms of processor time so,
and takes 3 ms in one thread. What LanceDB does side by side gains, too: on two processors that others want,
a search among a million memories took 420 ms so, and takes 105 ms.
"""

from __future__ import annotations

import os

VARIABLE = "OPENBLAS_NUM_THREADS"
"""What OpenBLAS reads when NumPy is imported."""

_set_here: set[str] = set()


def in_one_thread() -> None:
    """Let what this process multiplies be in one thread, unless the environment says otherwise.

    To be called before NumPy is imported.
    """
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = "1"
        _set_here.add(VARIABLE)


def environment() -> dict[str, str]:
    """The environment as it was given, for programs of others."""
    return {name: value for name, value in os.environ.items() if name not in _set_here}
