"""memcli: a memory for LLM agents and the people who drive them from a terminal.

from memcli import Memory

memory = Memory()
memory.store("The production database is PostgreSQL 16")
memory.search("which database do we use?")
"""

TYPE_CHECKING = False  # importing typing for it would take as long as starting Python

__version__ = "0.1.0"
__all__ = ["Memory", "__version__"]

if TYPE_CHECKING:
    from memcli.api import Memory


def __getattr__(name: str) -> type:
    """`Memory`, when somebody asks: the command line does not, and starts faster without it."""
    if name == "Memory":
        from memcli.api import Memory

        return Memory
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
