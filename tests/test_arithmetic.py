"""Arithmetic in one thread, and what other programs are told of it."""

import os
import subprocess
import sys

import pytest

from memcli import arithmetic

TELLS = """
import os
from memcli import arithmetic
arithmetic.in_one_thread()
print(os.environ[arithmetic.VARIABLE], arithmetic.environment().get(arithmetic.VARIABLE))
"""


@pytest.mark.parametrize(("given", "told"), [(None, "1 None"), ("2", "2 2"), ("1", "1 1")])
def test_other_programs_have_the_environment_that_was_given(given: str | None, told: str) -> None:
    """And whoever wants more threads gets them."""
    environ = {name: value for name, value in os.environ.items() if name != arithmetic.VARIABLE}
    if given is not None:
        environ[arithmetic.VARIABLE] = given
    done = subprocess.run(
        [sys.executable, "-c", TELLS], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == told


def test_a_command_multiplies_in_one_thread() -> None:
    """OpenBLAS reads the variable when NumPy is imported, and begins its threads then."""
    environ = {name: value for name, value in os.environ.items() if name != arithmetic.VARIABLE}
    code = (
        "import sys; sys.argv = ['memcli', '--version']\nfrom memcli import __main__, arithmetic\nimport os\n"
    )
    code += (
        "__main__._run_here(['--version']); print(os.environ[arithmetic.VARIABLE], 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "1 False"
