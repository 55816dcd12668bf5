"""Loading what commands need before there is a command: modules, the model, what is read from files.

Nothing here opens the store: LanceDB must not have been at work when the warm process forks.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from memcli import cli, services, storage
from memcli.cli import app
from memcli.cli.process import Process
from memcli.embedding import questions
from memcli.services import conflicts, finding
from memcli.services.conflicts import trees
from memcli.storage import native

LATER = ("numpy.ma", "zoneinfo", "platformdirs", "rich.table", "rich.panel", "rich.tree")
"""What libraries import when they are first used."""


def everything(process: Process, home: str) -> None:
    """Import all rooms, and load the models that the settings of *home* name into *process*.

    Args:
        process: What is to have it all.
        home: What `--home` or MEMCLI_HOME says; "" for the user's own.

    Raises:
        MemcliError: The settings make no sense, or the model can't be loaded.
    """
    for package in (storage, services, conflicts, finding, cli):
        for found in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{found.name}")
    for module, _ in app.COMMANDS.values():
        app.commands_of(module)
    app.command()
    trees.forest()
    for module in LATER:
        import_module(module)
    native.package()
    engine = process.new_run(home or None, quiet=True).engine
    embedder = engine.load_model()
    vectors = embedder.embed_queries(["what is the first thing you remember?"])
    if known := questions.Questions.load(embedder.model):
        known.kind(vectors[0])
    if engine.reranker is not None:
        engine.reranker.scores("what is it?", ["a text"])
    process.last = None
