"""Setting memcli up: what each answer comes to, one by one, so that one can stop anywhere."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memcli import config, llm
from memcli.errors import UsageError
from memcli.services import checks, models
from memcli.services.engine import Engine
from memcli.services.hooks.harnesses import Harness
from memcli.services.hooks.installing import Changed
from memcli.services.shells import Completion

AS_BEFORE = "as before"

PLACE = "MODEL"
"""What stands for a model's name in commands of `llm.PROGRAMS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one answer came to.

    Attributes:
        what: `model`, `space`, `completions`, `hooks` or `llm`.
        action: `set`, `installed` or `as before`; `would set` or so where nothing was written.
        value: What is in force: a name, a command, a shell, a harness; empty for none.
        file: Where it is; empty for nowhere.
    """

    what: str
    action: str
    value: str
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What setting up came to.

    Attributes:
        steps: What was done, by question.
        next: Command lines to try.
    """

    steps: tuple[Step, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Setting up one home.

    Attributes:
        engine: What to work with.
        dry_run: Whether nothing is to be written.
    """

    engine: Engine
    dry_run: bool = False

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.engine.home.config_file

    @property
    def now(self) -> config.Config:
        """What the configuration file says, whatever environment and project say."""
        return config.load(self.file, {}).config

    def use_model(self, name: str) -> Step:
        """Make *name* the model, which embeds anew whatever is stored.

        Raises:
            NotFoundError: There is no such model.
            EmbeddingError: It is not on this machine, or can't be loaded.
        """
        if name == self.now.model.name:
            return Step(what="model", action=AS_BEFORE, value=name)
        name = models.show(self.engine, name).name
        if not self.dry_run:
            name = models.use(self.engine, name).model.name
        return self._set("model", name)

    def use_space(self, name: str) -> Step:
        """Make *name* the space where none is named."""
        name = checks.space_name(name)
        return self._write("space", "space", name, name, is_new=name != self.now.space)

    def use_llm(self, said: str) -> Step:
        """Make what is *said* the LLM command: the name of a program that is known, or a command line.

        Raises:
            UsageError: It is no command that could be run here.
        """
        command = llm_command(said)
        is_new = command != self.now.llm.command
        return self._write("llm", "llm.command", json.dumps(command), shlex.join(command), is_new=is_new)

    def _write(self, what: str, key: str, text: str, value: str, *, is_new: bool) -> Step:
        if not is_new:
            return Step(what=what, action=AS_BEFORE, value=value)
        if not self.dry_run:
            config.set_value(self.file, key, text)
        return self._set(what, value)

    def _set(self, what: str, value: str) -> Step:
        action = "would set" if self.dry_run else "set"
        return Step(what=what, action=action, value=value, file=str(self.file))


def llm_command(said: str) -> tuple[str, ...]:
    """The command that is *said*: `llm`, `ollama MODEL`, or a command line of any program.

    Raises:
        UsageError: It is none, or its program is not there.
    """
    try:
        words = shlex.split(said)
    except ValueError as error:
        raise UsageError(f"{said!r} is no command line: {error}") from error
    if not words:
        raise UsageError("the LLM command is empty")
    known, _ = llm.PROGRAMS.get(words[0], ((), ""))
    if PLACE in known and len(words) < 3:
        if len(words) == 1:
            raise UsageError(f"{words[0]} needs the name of a model", hint=f"{words[0]} {PLACE}")
        words = [words[1] if word == PLACE else word for word in known]
    elif known and len(words) == 1:
        words = list(known)
    if not llm.is_there(words[0]):
        missing = f"there is no program {words[0]!r} on the PATH"
        raise UsageError(missing, hint="memcli config llm shows some")
    return tuple(words)


def suggested_llm(command: Sequence[str]) -> str:
    """The LLM command where *command* is in force: that, or else the first program that is ready."""
    if command:
        return shlex.join(command)
    ready = [one.program for one in llm.programs(command) if one.installed and PLACE not in one.command]
    return ready[0] if ready else ""


def completed(done: Completion) -> Step:
    """The step of a shell that completes now."""
    action = AS_BEFORE if done.action == "unchanged" else done.action
    return Step(what="completions", action=action, value=str(done.shell), file=done.file)


def hooked(whose: Harness, done: Changed) -> Step:
    """The step of a harness that calls memcli now."""
    action = AS_BEFORE if done.action == "unchanged" else done.action
    return Step(what="hooks", action=action, value=whose.title, file=done.file)


def begun(steps: Sequence[Step], client: str) -> Begun:
    """What *steps* came to, and what to try next; *client* is a program that speaks MCP."""
    has_llm = any(step.what == "llm" and step.value for step in steps)
    asking = 'memcli ask "what do I like?"' if has_llm else 'memcli context "breakfast for me"'
    tries = (
        'memcli store "I like my coffee black"',
        'memcli search "what do I drink in the morning?"',
        asking,
        f"memcli mcp --print-config {client}",
    )
    return Begun(steps=tuple(steps), next=tries)
