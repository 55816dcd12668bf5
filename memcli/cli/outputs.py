"""What each command answers with `--json`; a test holds this table against the commands and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memcli.config import Setting
from memcli.dialogue import Conversation, Turn
from memcli.embedding.catalog import ModelInfo
from memcli.llm import Program
from memcli.model import Conflict, Context, Hit, Imported, Memory, Space, Stored
from memcli.services.agents import Agent
from memcli.services.ask import Answered
from memcli.services.backup import Backup, BroughtBack
from memcli.services.consolidate import Step
from memcli.services.conversations import Cleared, Summarised
from memcli.services.demo import Demo
from memcli.services.drawing import Graph
from memcli.services.ending import Ended
from memcli.services.evaluate import Evaluated
from memcli.services.exchange import TakenIn
from memcli.services.extract import Extracted
from memcli.services.extracting import Fact
from memcli.services.graph import Connected, EdgeOf, Path, Traversal
from memcli.services.health.findings import Finding
from memcli.services.history import Version
from memcli.services.hooks import installing
from memcli.services.hooks.state import Hooks
from memcli.services.hooks.trying import Tried
from memcli.services.init import Begun
from memcli.services.models import Changed
from memcli.services.scanning import Leak
from memcli.services.shapes import Described, Summary
from memcli.services.spaces import InForce, Merged
from memcli.services.stats import Stats
from memcli.services.tasks import Noted, Started, Variable
from memcli.services.teams import Member, Team
from memcli.services.turns import Added
from memcli.services.undo import Undone
from memcli.services.upkeep import Optimized
from memcli.services.values import Kept
from memcli.services.view import Viewed
from memcli.structure import Value
from memcli.warm.warmth import Warmth
from memcli.work import Episode, Task

TEXT = None
"""Of commands that answer with text, or nothing."""

OUTPUTS: Mapping[str, Any] = {
    "store": Stored | list[Stored],
    "search": list[Hit],
    "context": Context,
    "ask": Answered | Mapping[str, str],
    "chat": TEXT,
    "extract": list[Fact] | list[Extracted],
    "tee": TEXT,
    "get": Memory,
    "list": list[Memory],
    "update": Memory,
    "forget": list[Memory],
    "restore": list[Memory],
    "purge": list[Memory],
    "history": list[Version],
    "undo": list[Undone],
    "browse": TEXT,
    "conflicts": list[Conflict] | list[Step],
    "consolidate": list[Step],
    "view": Viewed,
    "graph connect": Connected,
    "graph disconnect": list[Connected],
    "graph edges": list[EdgeOf],
    "graph traverse": Traversal,
    "graph path": Path,
    "graph export": Graph,
    "value set": Kept,
    "value get": Value,
    "value list": list[Value],
    "value delete": list[Kept],
    "value incr": Kept,
    "value append": Kept,
    "task start": Started,
    "task goal": Task | Noted,
    "task push": Noted,
    "task pop": Noted,
    "task note": Noted,
    "task result": Noted,
    "task set": Noted,
    "task get": Variable,
    "task show": Task,
    "task list": list[Task],
    "task switch": Noted,
    "task end": Ended,
    "episodes list": list[Episode],
    "episodes search": list[Episode],
    "episodes show": Episode,
    "conversation add": Added | list[Added],
    "conversation show": list[Turn],
    "conversation search": list[Hit],
    "conversation messages": list[Mapping[str, Any]] | Mapping[str, Any],
    "conversation summarize": Summarised,
    "conversation list": list[Conversation],
    "conversation export": Mapping[str, Any],
    "conversation import": TakenIn,
    "conversation clear": Cleared,
    "spaces list": list[Space],
    "spaces create": Space,
    "spaces show": InForce | Space,
    "spaces rename": Space,
    "spaces copy": Space,
    "spaces merge": Merged,
    "spaces delete": Space,
    "agents create": Agent,
    "agents list": list[Agent],
    "agents show": Agent,
    "agents delete": Agent,
    "teams create": Team,
    "teams add": Team,
    "teams remove": Member,
    "teams list": list[Team],
    "teams show": Team,
    "teams delete": Team,
    "mcp": TEXT,
    "init": Begun,
    "hook install": installing.Changed,
    "hook uninstall": installing.Changed,
    "hook status": Hooks,
    "hook test": list[Tried],
    "schema": list[Summary] | list[Described] | Described,
    "import": Imported,
    "backup": Backup,
    "restore-backup": BroughtBack,
    "scan": list[Leak],
    "export": list[Mapping[str, Any]],
    "config path": TEXT,
    "config show": list[Setting],
    "config get": Setting,
    "config set": TEXT,
    "config unset": TEXT,
    "config edit": TEXT,
    "config llm": list[Program],
    "model list": list[ModelInfo],
    "model show": ModelInfo,
    "model use": Changed,
    "model pull": ModelInfo,
    "eval": list[Evaluated],
    "doctor": list[Finding],
    "stats": Stats,
    "optimize": Optimized,
    "warm status": Warmth,
    "warm start": Warmth,
    "warm stop": Warmth,
    "man": TEXT,
    "completions show": TEXT,
    "completions install": TEXT,
    "demo": Demo,
}
