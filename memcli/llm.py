"""The user's LLM command: a prompt goes in on standard input, text comes out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from memcli.errors import LLMError

NO_HOOKS = {"MEMCLI_HOOK": "1"}
"""An LLM command may be a harness that has memcli among its hooks: these do nothing then."""


def run(command: Sequence[str], prompt: str, *, timeout: float) -> str:
    """What *command* answers to *prompt*.

    Args:
        command: The program and its arguments; no shell reads them.
        prompt: For its standard input.
        timeout: Seconds after which it is stopped.

    Raises:
        LLMError: There is no command, it can't be run, fails, or takes too long.
    """
    if not command:
        raise LLMError("no LLM command is set", hint="memcli config set llm.command '[\"llm\"]'")
    try:
        ran = subprocess.run(  # noqa: S603  # the user's own command, from the user's own settings
            list(command),
            input=prompt.encode(),
            capture_output=True,
            timeout=timeout,
            check=False,
            env={**os.environ, **NO_HOOKS},
        )
    except subprocess.TimeoutExpired as error:
        raise LLMError(f"{command[0]} has not answered in {timeout:g} s") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        raise LLMError(f"can't run {command[0]}: {getattr(error, 'strerror', error)}") from error
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip().splitlines()
        raise LLMError(f"{command[0]} ended with {ran.returncode}" + (f": {said[-1][:200]}" if said else ""))
    return ran.stdout.decode(errors="replace").strip()
