"""The recipes in the README, run by bash as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, json_lines, through
from tests.conftest import Ran
from tests.warm.running import WarmProcess, driver, environment

SECTION = (ROOT / "README.md").read_text().partition("\n## In a pipe\n")[2].partition("\n## ")[0]

RECIPES = dict(re.findall(r"(?ms)^\*\*\[?(.+?)(?:\]\(.*?\))?\*\*.*?```sh\n(.*?)```", SECTION))
"""By the name that stands above each, the lines of it."""

STAND_INS = {
    # takes what comes in and the prompt, and answers
    "llm": """#!/bin/sh
        [ -t 0 ] || cat > "$HOME/llm.heard"
        echo "$@" >> "$HOME/llm.asked"
        echo "On Tuesdays. [REMEMBER: We ship on Tuesdays]" """,
    "ollama": """#!/bin/sh
        cat > "$HOME/ollama.heard"
        echo "$@" >> "$HOME/ollama.asked"
        echo "The login test." """,
    "fzf": """#!/bin/sh
        exec grep login""",
    # runs the command on this machine, in another home
    "ssh": """#!/bin/sh
        shift
        cd "$HOME" && MEMCLI_HOME="$LAPTOP" exec sh -c "$*" """,
}
"""Programs that do here what the real ones would; the real fzf is taken where it is."""

KNOWN = (
    {
        "id": "m1",
        "text": "The login test is flaky since Monday",
        "importance": 0.9,
        "tags": ["ci"],
    },
    {"id": "m2", "text": "Lunch is at noon", "importance": 0.2, "tags": ["life", "ci"]},
)


@pytest.fixture
def run(tmp_path: Path, warm_session: WarmProcess, in_process: Callable[..., Ran]) -> Callable[[str], Ran]:
    """Runs lines in bash, in a git repository, with memories in a fresh home, through a warm process."""
    home, programs, work = Path(os.environ["HOME"]), tmp_path / "programs", tmp_path / "work"
    for folder in (programs, work, home / "laptop"):
        folder.mkdir(parents=True)
    lines = {**STAND_INS, "memcli": f'#!/bin/sh\nexec {" ".join(driver("main"))} "$@"'}
    if shutil.which("fzf"):
        del lines["fzf"]
    for name, text in lines.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environ = environment(
        warm_session.ready().environ["XDG_RUNTIME_DIR"],
        PATH=f"{programs}:{os.environ['PATH']}", LAPTOP=str(home / "laptop"), TMUX_TMPDIR=str(tmp_path),
        FZF_DEFAULT_OPTS="--filter login", GIT_AUTHOR_NAME="me", GIT_AUTHOR_EMAIL="me@here",
        GIT_COMMITTER_NAME="me", GIT_COMMITTER_EMAIL="me@here",
    )  # fmt: skip
    environ.pop("TMUX", None)
    for variables in (environ, {**environ, "MEMCLI_HOME": str(home / "laptop")}):
        warm_session.serves(["list"], variables)
    subprocess.run(["git", "init", "-q", str(work)], check=True, env=environ)

    def call(lines: str) -> Ran:
        return through(["bash", "-c", f"set -e -o pipefail\ncd {work}\n{lines}"], environ, b"")

    in_process("import", "-", stdin=json_lines(*KNOWN))
    return call


def done(run: Callable[[str], Ran], name: str) -> str:
    """What a recipe writes."""
    ran = run(RECIPES[name])
    assert ran.code == 0, ran.err
    return ran.out


def of_llm(run: Callable[[str], Ran], home: Path) -> None:
    """The context is piped in, tags are stored, and asking goes through it."""
    out = done(run, "llm")
    assert out.count("On Tuesdays.") == 3
    asked = (home / "llm.asked").read_text().splitlines()
    assert asked[:2] == ["What should I look at first?", "When do we ship? Tag facts as [REMEMBER: ...]"]
    assert "login test is flaky" in run("memcli context login | llm; cat ~/llm.heard").out
    assert "We ship on Tuesdays" in run("memcli list -f plain").out


def of_ollama(run: Callable[[str], Ran], home: Path) -> None:
    """The command is run with its options; the context reaches it."""
    assert done(run, "Ollama").count("The login test.") == 2
    assert (home / "ollama.asked").read_text().splitlines() == [
        "run qwen3 --hidethinking",
        "run qwen3 One line only: what is flaky?",
    ]
    assert "login test is flaky" in (home / "ollama.heard").read_text()


def of_jq(run: Callable[[str], Ran], home: Path) -> None:
    """Scores, tags by how often they are used, and what is important."""
    out = done(run, "jq")
    assert re.search(r"^[01][.\d]*\tThe login test is flaky", out, re.MULTILINE)
    assert [line.split() for line in out.splitlines()[-2:]] == [["2", "ci"], ["1", "life"]]
    kept = run("cat important.jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in kept] == ["m1"]


def of_fzf(run: Callable[[str], Ran], home: Path) -> None:
    """What was picked is shown, and forgotten."""
    out = done(run, "fzf")
    assert out.count('"m1"') == 2
    assert run("memcli list -f plain").out == "m2\tLunch is at noon\n"


def of_git(run: Callable[[str], Ran], home: Path) -> None:
    """The commit is found by what it says, with where it is from."""
    out = done(run, "git")
    found = json.loads(out[out.index("[\n") :])
    assert found[0]["text"].strip() == "Sessions end after a day, since tokens leaked"
    assert found[0]["source"].startswith("git ")


def of_tmux(run: Callable[[str], Ran], home: Path) -> None:
    """What stood in the pane is a memory, and the key is bound."""
    first = "tmux new-session -d -x 80 -y 24 'echo ERROR 42; sleep 60'; sleep 0.5\n"
    ran = run(f"{first}{RECIPES['tmux']}tmux list-keys -T prefix M; tmux kill-server")
    assert ran.code == 0, ran.err
    assert "memcli chat" in ran.out
    assert "ERROR 42" in run("memcli list --tag terminal").json[0]["text"]


def of_others(run: Callable[[str], Ran], home: Path) -> None:
    """Theirs are ours then, and the backup is there."""
    assert run("MEMCLI_HOME=$LAPTOP memcli store 'The laptop is blue'").code == 0
    done(run, "Other machines and files")
    listed = run("memcli list -f plain").out
    assert "The laptop is blue" in listed
    assert "Lunch is at noon\n" in run("cat week.txt").out
    assert (home / "memory.tar.zst").read_bytes().startswith(ZSTD)


CHECKS = {
    "llm": of_llm,
    "Ollama": of_ollama,
    "jq": of_jq,
    "fzf": of_fzf,
    "git": of_git,
    "tmux": of_tmux,
    "Other machines and files": of_others,
}

ZSTD = b"\x28\xb5\x2f\xfd"
"""How a file begins that is compressed with it."""

NEEDED = {"jq": "jq", "git": "git", "tmux": "tmux"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_recipe_does_what_it_says(run: Callable[[str], Ran], name: str) -> None:
    """As it stands in the README."""
    if name in NEEDED and not shutil.which(NEEDED[name]):
        pytest.skip(f"{NEEDED[name]} is not installed")
    CHECKS[name](run, Path(os.environ["HOME"]))


def test_every_recipe_is_run() -> None:
    """A new one needs a check."""
    assert set(RECIPES) == set(CHECKS)
