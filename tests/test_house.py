"""The rules of the house that no other tool checks."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "memcli").rglob("*.py"))

TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "memcli",
    "tests",
    "completions",
}


def test_nothing_else_stands_at_the_top_level() -> None:
    """Newcomers see the whole at one glance."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    names = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_readable(module: Path) -> None:
    """A docstring first, at most 400 lines, and a name that means something."""
    text = module.read_text()
    assert text.lstrip("r").startswith('"""')
    assert len(text.splitlines()) <= 400
    assert not re.fullmatch("utils?|helpers?|common|managers?|base", module.stem)


def test_only_render_and_messages_print() -> None:
    """Data goes out in one place, words to people in another."""
    printing = {
        str(path.relative_to(ROOT / "memcli"))
        for path in MODULES
        if re.search(r"(?<![\w.])print\(|sys\.stdout\.write|sys\.stderr\.write", path.read_text())
    }
    assert printing <= {"cli/render.py", "cli/messages.py"}


def test_services_never_read_the_environment() -> None:
    """What they need to know is handed to them."""
    for path in (ROOT / "memcli" / "services").rglob("*.py"):
        assert not re.search(r"environ\b|getenv", path.read_text().split('"""', 2)[2]), path


def test_each_top_level_dependency_says_what_it_is_for() -> None:
    """A dependency is a decision."""
    lines = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("]")[0].splitlines()
    assert all("#" in line for line in lines if line.strip())


def test_the_version_is_the_changelogs() -> None:
    """The latest section of the changelog is about this version or what comes next."""
    from memcli import __version__

    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## [{__version__}]" in changelog
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"] == ["version"]


LIGHT = [
    ["--help"],
    ["--version"],
    ["config", "get", "search.limit"],
    ["completions", "show", "bash"],
    ["config", "path"],
]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_commands_that_need_nothing_heavy_import_nothing_heavy(arguments: list[str]) -> None:
    """Start-up is what makes a command line tool slow."""
    code = f"""
import sys
from memcli.cli.boundary import run
run({arguments!r})
heavy = {{"lancedb", "lancedb._lancedb", "fastembed", "pyarrow", "numpy", "onnxruntime", "pydantic"}}
heavy |= {{"rich.table"}}
print(sorted(heavy & sys.modules.keys()), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "[]"
