"""`memcli init`: every question is one on a terminal, and a flag for scripts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated

import typer

from memcli import llm
from memcli.cli import complete, completions, hook, options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.messages import complain, tell
from memcli.embedding.catalog import BUNDLED
from memcli.errors import MemcliError, UsageError
from memcli.services import init as services
from memcli.services import models
from memcli.services.clients import Client
from memcli.services.hooks import harnesses, installing
from memcli.services.hooks.installing import Where
from memcli.services.init import Beginning, Step
from memcli.services.shells import Shell

app = typer.Typer(rich_markup_mode=None)

NONE = "none"
"""The answer that leaves things as they are."""

STRONG, DIM, GREEN = "1", "2", "32"


class Shells(StrEnum):
    """Answers to which shell is told."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    NONE = "none"


class Harnesses(StrEnum):
    """Answers to which harness calls memcli."""

    CLAUDE = "claude"
    CODEX = "codex"
    GEMINI = "gemini"
    NONE = "none"


class Rest(Enum):
    """What becomes of questions that no flag answers."""

    ASKED = "asked"
    SUGGESTED = "suggested"
    LEFT = "left"


CLIENTS = {"claude": Client.CLAUDE_CODE, "codex": Client.CODEX, "gemini": Client.GEMINI}
"""By harness, what it is called where it speaks MCP."""

TITLE = "memcli init · a memory for your LLM, on your own disk"
MANNER = "Enter takes what is in [brackets]. Ctrl-C stops; what is answered stays."


@app.command()
@options.shown
def init(
    ctx: typer.Context,
    output: options.Format,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", autocompletion=complete.models, help="What turns text into vectors."),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", autocompletion=complete.spaces, help="The space outside of git repositories."
        ),
    ] = None,
    completion: Annotated[
        Shells | None, typer.Option("--completions", help="The shell that completes when Tab is pressed.")
    ] = None,
    hooks: Annotated[
        list[Harnesses] | None, typer.Option(help="What remembers by itself; repeatable.")
    ] = None,
    llm_command: Annotated[
        str | None,
        typer.Option("--llm", metavar="COMMAND", help="What ask and chat run: llm, ..."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take what is suggested.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
) -> None:
    """Set everything up: model, space, completions, hooks, LLM command.

    On a terminal it asks for what no flag answers; elsewhere it leaves that alone, unless --yes. It can be
    run again at any time: what is in force is what it suggests. "none" leaves things as they are.
    """
    run = run_of(ctx)
    named = (model, space, completion, hooks, llm_command)
    rest = _rest(yes=yes, dry_run=dry_run, named=any(answer is not None for answer in named))
    setting_up = SettingUp(run, Beginning(run.engine, dry_run), rest)
    chosen = None if hooks is None else [str(one) for one in hooks if one is not Harnesses.NONE]
    setting_up.go(model, space, completion, chosen, llm_command)
    client = next((CLIENTS[name] for name in CLIENTS if _is_here(name)), Client.CLAUDE_DESKTOP)
    if rest is Rest.ASKED:
        tell()
    render.show(services.begun(setting_up.steps, client), output)


def _rest(*, yes: bool, dry_run: bool, named: bool) -> Rest:
    """What becomes of questions that no flag answers, where one is *named* or not.

    Raises:
        UsageError: Nobody can be asked, and nothing was said.
    """
    if yes or (dry_run and (words.can_ask() or not named)):
        return Rest.SUGGESTED
    if words.can_ask() and not dry_run:
        return Rest.ASKED
    if not named:
        raise UsageError(
            "nobody can be asked here",
            hint="--yes takes what is suggested, --dry-run shows it; --space and so on answer one by one",
        )
    return Rest.LEFT


def _is_here(name: str) -> bool:
    """Whether the harness *name* is on this machine: its program, or its settings."""
    folder = hook.settings_of(harnesses.named(name), Where.USER).parent
    return folder.is_dir() or shutil.which(name) is not None


def _shell() -> str:
    """The shell that the user works in, if it is one that can be told."""
    name = Path(os.environ.get("SHELL", "")).name
    return name if name in list(Shell) else NONE


def _short(path: str) -> str:
    """*path* as people write it."""
    home = str(Path.home())
    return "~" + path.removeprefix(home) if path.startswith(home + os.sep) else path


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        title: What it is about, in a word.
        about: A line on what the answer is for.
        asks: What is asked.
        suggested: What Enter takes.
    """

    title: str
    about: str
    asks: str
    suggested: str


@dataclass(slots=True)
class SettingUp:
    """One run of `memcli init`.

    Args:
        run: The run of the command line.
        beginning: What does it.
        rest: What becomes of questions that no flag answers.
    """

    run: Run
    beginning: Beginning
    rest: Rest
    steps: list[Step]
    number: int

    def __init__(self, run: Run, beginning: Beginning, rest: Rest) -> None:
        self.run, self.beginning, self.rest = run, beginning, rest
        self.steps, self.number = [], 0

    def go(
        self,
        model: str | None,
        space: str | None,
        completion: str | None,
        hooks: Sequence[str] | None,
        command: str | None,
    ) -> None:
        """Take the answers that are there, get the others, and do each at once."""
        if self.rest is Rest.ASKED:
            tell((TITLE, STRONG))
            tell((MANNER, DIM))
        now = self.beginning.now
        try:
            self._one(model, _of_model(now.model.name), self._model)
            self._one(space, _of_space(now.space), self._space)
            self._one(completion, _of_completions(), self._completions)
            self._one(None if hooks is None else " ".join(hooks) or NONE, _of_hooks(), self._hooks)
            self._one(command, _of_llm(now.llm.command), self._llm)
        except (typer.Abort, KeyboardInterrupt, MemcliError):
            if self.rest is Rest.ASKED:
                tell()
            if self.steps:
                done = ", ".join(dict.fromkeys(step.what for step in self.steps))
                self.run.note(f"settled: {done}; the rest is as it was, memcli init goes on")
            raise

    def _one(self, said: str | None, question: Question, do: Callable[[str], Iterator[Step]]) -> None:
        """Settle one question, with what is *said* or else what becomes of the rest."""
        if said is not None:
            self._do(said, do)
        elif self.rest is Rest.SUGGESTED:
            self._do(question.suggested, do)
        elif self.rest is Rest.ASKED:
            self._ask(question, do)

    def _do(self, answer: str, do: Callable[[str], Iterator[Step]]) -> None:
        if answer == NONE:
            return
        for step in do(answer):
            self.steps.append(step)
            if self.rest is Rest.ASKED:
                where = f"  {_short(step.file)}" if step.file else ""
                tell(("  ✓ ", GREEN), (step.value, STRONG), (f" · {step.action}{where}", DIM))

    def _ask(self, question: Question, do: Callable[[str], Iterator[Step]]) -> None:
        """Ask until the answer is one that can be done."""
        self.number += 1
        tell()
        tell((f"{self.number} {question.title}", STRONG), (f" · {question.about}", DIM))
        while True:
            answer = typer.prompt(f"  {question.asks}", default=question.suggested, err=True).strip()
            try:
                return self._do(answer, do)
            except MemcliError as error:
                complain(error.sentence, error.hint)

    # --- what answers do ---

    def _model(self, name: str) -> Iterator[Step]:
        engine = self.beginning.engine
        if self.rest is Rest.ASKED and name != self.beginning.now.model.name:
            known = models.show(engine, name)
            if known.state == "can be pulled":
                words.confirmed(f"  Download its {known.size_mb:,.0f} MB?", yes=False)
                models.pull(engine, known.name)
        yield self.beginning.use_model(name)

    def _space(self, name: str) -> Iterator[Step]:
        yield self.beginning.use_space(name)

    def _completions(self, shell: str) -> Iterator[Step]:
        if shell not in list(Shell):
            raise UsageError(f"there is no completion for {shell!r}", hint=f"{', '.join(Shell)}, or {NONE}")
        yield services.completed(completions.put(Shell(shell), dry_run=self.beginning.dry_run))

    def _hooks(self, names: str) -> Iterator[Step]:
        command = hook.command_line(self.run, is_shared=False)
        for whose in [harnesses.named(name) for name in names.replace(",", " ").split()]:
            file = hook.settings_of(whose, Where.USER)
            dry_run = self.beginning.dry_run
            done = installing.install(whose, Where.USER, file, command, dry_run=dry_run)
            yield services.hooked(whose, done)

    def _llm(self, said: str) -> Iterator[Step]:
        yield self.beginning.use_llm(said)


# --- what is asked ---


def _of_model(now: str) -> Question:
    about = "turns text into vectors" + ("; this one is bundled and works offline" if now == BUNDLED else "")
    return Question("Model", about, "Which model? (memcli model list shows others)", now)


def _of_space(now: str) -> Question:
    return Question("Space", "where memories go; a git repository has its own", "Which space elsewhere?", now)


def _of_completions() -> Question:
    about = "Tab offers commands, spaces, and ids with their text"
    return Question("Completions", about, f"For {', '.join(Shell)}, or {NONE}?", _shell())


def _of_hooks() -> Question:
    found = [name for name in CLIENTS if _is_here(name)]
    about = "agents are told what is known, and what is said is kept"
    asks = f"For {', '.join(found or CLIENTS)}, or {NONE}?"
    return Question("Hooks", about, asks, " ".join(found) or NONE)


def _of_llm(now: tuple[str, ...]) -> Question:
    found = [one.program for one in llm.programs(now) if one.installed]
    told = f" (found: {', '.join(found)})" if found else ""
    about = "what memcli ask and memcli chat run, of any maker"
    return Question("LLM", about, f"A command, or {NONE}?{told}", services.suggested_llm(now) or NONE)
