"""How much is tried: a little in the normal run, much with `--hypothesis-profile=long`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

LONG = settings().max_examples > 1000
"""Whether the long profile is in force; see tests/conftest.py."""


SESSIONS = 25 if LONG else 1
"""Homes in which command lines are tried."""


def of(few: int, steps: int = 15, *, many: int = 0) -> settings:
    """The settings for a machine or a parser: *few* examples of *steps* steps, or *many* longer ones."""
    return settings(
        max_examples=(many or 20 * few) if LONG else few,
        stateful_step_count=4 * steps if LONG else steps,
        suppress_health_check=list(HealthCheck),
        deadline=None,
        print_blob=True,
    )
