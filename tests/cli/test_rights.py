"""Who else may read what memcli writes, and whom it talks to: nobody, and nobody."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = """
store "The office is on floor 3" --tag place
store "The office cat is called Miro" --source tour
search "where is the office?"
context "where is the office?" --include values,task
value set prefs '{"n": 1}'
task start "plant a tree"
task note "it rains"
task end --success --outcome "done"
conversation add user "where do we meet?"
agents create scout
teams create Platform
spaces create riga
import notes.jsonl
backup all.tar.zst
export
config set search.limit 5
config set backup.every 1h
completions install bash
hook install --harness claude
consolidate --dry-run
doctor
optimize
scan
undo
restore-backup all.tar.zst --yes
""".strip()
"""Nearly all that writes, each in the same fresh home."""


def run(
    place: Path, umask: str, commands: str, *, isolated: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run *commands* in a process whose every directory is in *place*."""
    places = {f"XDG_{name}_HOME": str(place / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")}
    runtime = place / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MEMCLI", "XDG"))},
        **places,
        "HOME": str(place),
        "XDG_RUNTIME_DIR": str(runtime),
        "MEMCLI_WARM": "0",
        "MEMCLI_PROJECT": "0",
    }
    line = [sys.executable, "-m", "tests.cli.private_run", umask]
    if isolated:
        line = ["unshare", "--map-root-user", "--net", *line]
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        line, input=commands, cwd=place, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def open_to_others(place: Path) -> list[str]:
    """What is in *place* that somebody else may do anything with."""
    return [
        f"{stat.filemode(path.lstat().st_mode)} {path.relative_to(place)}"
        for path in place.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]


@pytest.mark.parametrize("umask", ["000", "077"])
def test_what_is_written_is_for_nobody_else_and_nobody_is_called(tmp_path: Path, umask: str) -> None:
    """Whatever the umask: LanceDB's own files, too. The network is refused, and not missed."""
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    (place / "notes.jsonl").write_text('{"text": "the garden has a gate"}\n')
    (place / "notes.jsonl").chmod(0o600)
    done = run(place, umask, COMMANDS, isolated=can_unshare())
    assert done.returncode == 0, done.stderr
    assert open_to_others(place) == []
    written = {path.name for path in place.rglob("*")}
    assert {"memories_1.lance", "all.tar.zst", "config.toml", "settings.json"} <= written


def can_unshare() -> bool:
    """Whether a process can be had that has no network at all."""
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True, check=False)
    return tried.returncode == 0
