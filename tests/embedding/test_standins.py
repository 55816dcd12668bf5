"""Stand-ins, on packages written for the purpose."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memcli import standins

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = """
class Thing:
    "A real thing."
    size = 3
    def __init__(self, name="x"): self.name = name
class Trouble(Exception): pass
"""
USER = """
import heavy
from heavy.parts import constants
from heavy.parts.deep import Thing, Trouble

class Mine(Thing):
    "Named at import time only."

ERRORS = (OSError, Trouble) + (heavy.parts.deep.Trouble,)

def guarded(work):
    try: return work()
    except ERRORS: return "caught"

def annotated(thing: Thing | None = None) -> "list[Thing]": ...
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`heavy`, with submodules, and `user`, which imports it."""
    deep = tmp_path / "heavy" / "parts"
    deep.mkdir(parents=True)
    (tmp_path / "heavy" / "__init__.py").write_text("")
    (deep / "__init__.py").write_text("")
    (deep / "deep.py").write_text(HEAVY)
    (deep / "constants.py").write_text("LIMIT = 7\n")
    (tmp_path / "user.py").write_text(USER)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("heavy", "user", "early")]:
        del sys.modules[name]


def test_the_import_does_without_the_package_and_leaves_no_trace(packages: Path) -> None:
    """Neither stand-ins nor the real package are in sys.modules afterwards, nor the finder."""
    finders = list(sys.meta_path)
    user = standins.import_without("user", "heavy")
    assert user.ERRORS[0] is OSError
    assert not [name for name in sys.modules if name.startswith("heavy")]
    assert sys.meta_path == finders


def test_a_stand_in_passes_on_to_the_real_thing_when_it_is_used(packages: Path) -> None:
    """Called, looked into, or asked whether something is an instance of it."""
    user = standins.import_without("user", "heavy")
    assert not isinstance(3, user.Thing)
    assert "heavy" not in sys.modules
    thing = user.Thing("owl")
    assert (thing.name, user.Thing.size, user.constants.LIMIT) == ("owl", 3, 7)
    assert isinstance(thing, user.Thing)
    assert type(thing) is importlib.import_module("heavy.parts.deep").Thing
    assert user.heavy.parts.deep.Thing is type(thing)


def test_a_stand_in_can_stand_in_an_except_clause_and_be_a_base(packages: Path) -> None:
    """Naming it breaks nothing, and other exceptions are caught as ever."""
    user = standins.import_without("user", "heavy")
    assert user.guarded(lambda: Path("/does/not/exist").read_text()) == "caught"
    assert isinstance(user.Mine(), user.Mine)


def test_a_later_import_gets_the_real_package(packages: Path) -> None:
    """Whoever imports it."""
    standins.import_without("user", "heavy")
    assert importlib.import_module("heavy.parts.deep").Thing.__doc__ == "A real thing."


def test_a_package_that_is_used_while_it_is_imported_is_imported_plainly(packages: Path) -> None:
    """Then there is nothing to save, but nothing to break either."""
    (packages / "user.py").write_text("from heavy.parts.deep import Thing\nMADE = Thing()\n")
    user = standins.import_without("user", "heavy")
    assert type(user.MADE) is importlib.import_module("heavy.parts.deep").Thing


def test_a_package_that_is_already_imported_stays_what_it_is(packages: Path) -> None:
    """Somebody else is using it."""
    deep = importlib.import_module("heavy.parts.deep")
    assert standins.import_without("user", "heavy").Thing is deep.Thing


def test_a_real_package_is_not_left_with_stand_ins_for_another(packages: Path) -> None:
    """One that is partly imported may load the rest of itself during the import."""
    (packages / "early").mkdir()
    (packages / "early" / "__init__.py").write_text("")
    (packages / "early" / "late.py").write_text("from heavy.parts.deep import Thing\n")
    (packages / "user.py").write_text("import early.late\n")
    importlib.import_module("early")
    user = standins.import_without("user", "early", "heavy")
    assert user.early.late.Thing is importlib.import_module("heavy.parts.deep").Thing


def test_a_package_that_is_not_installed_is_not_pretended() -> None:
    """Code that asks whether an optional package is there gets the truth."""
    with standins.installed("not_installed_anywhere"), pytest.raises(ImportError):
        importlib.import_module("not_installed_anywhere")


def test_an_import_that_fails_anyway_raises_what_it_raises() -> None:
    """The stand-ins add nothing to the message."""
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        standins.import_without("no_such_module", "heavy")


def test_a_part_is_imported_without_its_package(packages: Path) -> None:
    """What the package imports itself is imported when somebody asks for it; the part stays the same one."""
    (packages / "heavy" / "__init__.py").write_text("import user\n")
    (packages / "user.py").write_text("LOADED = True\n")
    deep = standins.import_part("heavy", "parts")
    assert "heavy" not in sys.modules
    assert "user" not in sys.modules
    importlib.import_module("heavy.parts.constants")
    assert importlib.import_module("heavy.parts") is deep
    importlib.import_module("heavy")
    assert "user" in sys.modules
    assert standins.import_part("heavy", "parts.constants") is sys.modules["heavy.parts.constants"]


def test_a_part_that_is_not_there_leaves_no_bare_package(packages: Path) -> None:
    """Nor does a package that is not there."""
    for package in ("heavy", "no_such_package"):
        with pytest.raises(ModuleNotFoundError):
            standins.import_part(package, "no_such_part")
        assert package not in sys.modules
