"""Start-up: what needs no store must not load what only a store needs."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("lancedb", "lancedb._lancedb", "fastembed", "pyarrow", "numpy", "onnxruntime", "rich.table")

PROBE = """
import json, sys
from memcli.cli.boundary import run
try:
    code = run(sys.argv[1:])
except SystemExit as ended:
    code = ended.code or 0
sys.stdout.flush()
print("PROBE", json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["config", "get", "search.limit"], ["completions", "show", "bash"], []],
    ids=["help", "version", "config", "completions", "completing"],
)
def test_a_quick_command_imports_no_heavy_library(arguments: list[str]) -> None:
    """Names of modules, not seconds: those differ from machine to machine."""
    completing = {"_MEMCLI_COMPLETE": "complete_bash", "_MEMCLI_LINE": "memcli s"}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **({} if arguments else completing)},
        check=False,
    )
    assert done.stdout
    code, modules = json.loads(done.stderr.partition("PROBE ")[2])
    assert code == 0
    assert [name for name in HEAVY if name in modules] == []
    assert "pydantic" not in modules
