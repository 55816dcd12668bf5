"""Importing a heavy library without the parts of it that are never used here.

`import lancedb` spends 0.7 s on a generated REST client that a local directory never calls, and
`import fastembed` most of its time on a download library. Neither can be told not to. So for the
duration of such an import those packages are replaced by stand-ins: modules whose every attribute
is a class that may be named, subclassed, caught and annotated with, and that loads the real thing
and passes on to it when it is called or looked into later.

    lancedb = standins.import_without("lancedb", "lance_namespace_urllib3_client")

Afterwards the stand-ins are gone from `sys.modules`: whoever imports such a package gets the real
one. What a stand-in cannot do: `except` with it does not catch the real exception, since Python
compares exception classes without asking them.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def import_without(name: str, *packages: str) -> ModuleType:
    """Import module *name* with stand-ins for *packages*; plainly, if that does not work.

    Args:
        name: The module, e.g. `lancedb`.
        packages: Dotted names of packages to do without, submodules included. If one of them is
            already imported, the import is plain: a real one may load more of itself now, and
            must not be left with stand-ins for the others.

    Raises:
        ImportError: Only what the plain import raises.
    """
    if name in sys.modules or any(package in sys.modules for package in packages):
        return importlib.import_module(name)
    known = set(sys.modules)
    try:
        with installed(*packages):
            return importlib.import_module(name)
    except Exception:  # whatever another version of the library does: the plain import is the answer
        _forget(name, known)
        return importlib.import_module(name)


def import_part(package: str, part: str) -> ModuleType:
    """Import module *part* of *package* without what the package itself imports, which may be done later.

    For a part that imports nothing of its package. In a package that is imported already, it is just that.

    Raises:
        ImportError: Only what the import of the part raises.
    """
    name = f"{package}.{part}"
    found = None if package in sys.modules or name in sys.modules else PathFinder.find_spec(package)
    if found is None or found.submodule_search_locations is None:
        return sys.modules.get(name) or importlib.import_module(name)
    bare = sys.modules[package] = ModuleType(package)
    bare.__path__ = list(found.submodule_search_locations)
    try:
        return importlib.import_module(name)
    finally:
        if sys.modules.get(package) is bare:
            del sys.modules[package]


@contextmanager
def installed(*packages: str) -> Iterator[None]:
    """Let imports of *packages* and their submodules give stand-ins within the block.

    For one thread at a time: another one that imports *packages* meanwhile gets stand-ins too.
    """
    finder = _Finder({package for package in packages if package not in sys.modules})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        finder.withdraw()


def _forget(name: str, known: set[str]) -> None:
    """Drop what a failed import of *name* left behind, but for extensions, which load only once."""
    package = name.partition(".")[0]
    for module in [new for new in sys.modules if new not in known and new.partition(".")[0] == package]:
        spec = getattr(sys.modules[module], "__spec__", None)
        if not isinstance(getattr(spec, "loader", None), ExtensionFileLoader):
            del sys.modules[module]


class _Finder:
    """Answers imports of some packages with stand-ins, as long as it is `active`.

    A finder and loader by shape alone: importing `importlib.abc` to derive from it takes 13 ms.
    """

    def __init__(self, packages: set[str]) -> None:
        self.packages = packages
        self.active = True

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002 - part of the protocol
    ) -> ModuleSpec | None:
        """A spec for a stand-in; None for other modules, and for packages that are not installed."""
        if fullname in self.packages:
            found = PathFinder.find_spec(fullname, path) is not None
        else:
            found = any(fullname.startswith(f"{package}.") for package in self.packages)
        loader: Any = self
        return ModuleSpec(fullname, loader, is_package=True) if found else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty stand-in."""
        return _StandInModule(spec.name, self)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""

    def withdraw(self) -> None:
        """Take all stand-ins out of `sys.modules` and of the packages they were hung into."""
        self.active = False
        mine = {n: m for n, m in sys.modules.items() if isinstance(m, _StandInModule) and m._finder is self}
        for name, module in mine.items():
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if vars(sys.modules.get(parent, module)).get(child) is module:
                delattr(sys.modules[parent], child)
            for attribute, value in list(vars(module).items()):
                if isinstance(value, _StandInModule | _StandInType):
                    delattr(module, attribute)  # from now on it is looked up in the real module


class _StandInModule(ModuleType):
    """A module that has every name while it is installed, and the real module's names later."""

    def __init__(self, name: str, finder: _Finder) -> None:
        super().__init__(name)
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        if not self._finder.active:
            return getattr(importlib.import_module(self.__name__), name)
        if name.startswith("__"):  # __all__, __version__, ...: questions, to which "no" is an answer
            raise AttributeError(name)
        stand_in = _stand_in(self._finder, self.__name__, (name,))
        setattr(self, name, stand_in)
        return stand_in


class _StandInType(type):
    """The class of stand-in classes: passes on what is done with them to the real thing."""

    _finder: _Finder
    _origin: tuple[str, tuple[str, ...]] | None

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return _real(cls)(*args, **kwargs) if cls._origin else super().__call__(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if cls._origin is None or name.startswith("__"):
            raise AttributeError(name)
        if not cls._finder.active:
            return getattr(_real(cls), name)
        module, path = cls._origin
        nested = _stand_in(cls._finder, module, (*path, name))
        setattr(cls, name, nested)
        return nested

    def __getitem__(cls, _: Any) -> _StandInType:  # Name[str] in an annotation
        return cls

    def __instancecheck__(cls, instance: Any) -> bool:
        return cls.__subclasscheck__(type(instance))

    def __subclasscheck__(cls, subclass: type) -> bool:
        if cls._origin is None or cls in type.mro(subclass):
            return super().__subclasscheck__(subclass)
        # Nothing can be an instance of a class whose package was never really imported.
        return cls._origin[0] in sys.modules and not cls._finder.active and issubclass(subclass, _real(cls))


def _stand_in(finder: _Finder, module: str, path: tuple[str, ...]) -> _StandInType:
    """A class for attribute *path* of *module*; an Exception, since `except` accepts nothing else."""

    def grown_up(cls: type) -> None:
        cls._origin = None  # type: ignore[attr-defined]  # a subclass is itself, not a stand-in

    body = {"__module__": module, "__init_subclass__": classmethod(grown_up)}
    stand_in = _StandInType(path[-1], (Exception,), body)
    stand_in._finder, stand_in._origin = finder, (module, path)
    return stand_in


def _real(cls: _StandInType) -> Any:
    """What *cls* stands for, imported now.

    Raises:
        ImportError: The stand-ins are still installed: an import calls what it imports.
    """
    assert cls._origin is not None
    module, path = cls._origin
    if cls._finder.active:
        raise ImportError(f"{module}.{'.'.join(path)} is used while it is imported")
    thing: Any = importlib.import_module(module)
    for position, name in enumerate(path):
        if position == 0 and not hasattr(thing, name):
            thing = importlib.import_module(f"{module}.{name}")
        else:
            thing = getattr(thing, name)
    return thing
