"""`memcli chat`: a dialogue with the user's LLM, and commands to see and correct what is remembered."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from memcli.cli import options, render, words
from memcli.cli.ask import Budget, New, Store, carried_out, end_with, say_what_was_stored
from memcli.cli.context import Run, run_of
from memcli.cli.messages import complain
from memcli.errors import MemcliError, UsageError
from memcli.model import EVERYWHERE, Scope
from memcli.services import forgetting, memories, recall, remember, tasks, undo
from memcli.services.ask import Exchange

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

app = typer.Typer(rich_markup_mode=None)

COMMAND = re.compile(r"/[A-Za-z]+(?:\s|$)")
"""What a line begins with that is no question; a path is one."""

SIGN = "› "
"""What a line that is to be typed begins with."""

HELP = """\
/recalled          what your LLM was told last
/search WORDS      look into the memory
/remember TEXT     store a memory
/correct ID TEXT   change what a memory says
/forget ID...      forget memories
/undo              take back the last change; the last exchange, say
/task              the current task
/new               begin another conversation
/quit              leave (Ctrl-D does, too)
Anything else goes to your LLM. Ctrl-C stops its answer."""


@app.command()
@options.looking
def chat(
    ctx: typer.Context,
    scope: Scope,
    conversation: options.Conversation = "",
    new: New = False,
    store: Store = True,
    budget: Budget = None,
) -> None:
    """Talk with your LLM command, with what is known; /help shows what else can be typed.

    What is not typed on a terminal is read line by line, each line a question.
    """
    run = run_of(ctx)
    if not run.engine.has_llm:
        run.engine.llm("")  # says so, before anybody types
    talk = Chat(run, scope, conversation, new=new, stores=store, budget=budget)
    for line in _typed(run, keeps=store):
        if not talk.goes_on_after(line):
            break
    if talk.failure and not _is_typed():
        raise typer.Exit(talk.failure)


def _is_typed() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _typed(run: Run, *, keeps: bool) -> Iterator[str]:
    """What the user types, line by line, until the end; a line that Ctrl-C interrupts is forgotten."""
    if not _is_typed():
        with words.opened("-") as file:
            yield from (line.decode("utf-8", "replace") for line in file)
        return
    session = _session(run, keeps=keeps)
    run.note("/help shows what can be typed, Ctrl-D leaves")
    while True:
        try:
            yield session.prompt(SIGN)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _session(run: Run, *, keeps: bool) -> PromptSession[str]:
    """What reads a line from the terminal, and *keeps* it for later ones; it draws where people look."""
    try:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory, InMemoryHistory
        from prompt_toolkit.output import create_output
        from prompt_toolkit.shortcuts import CompleteStyle
    except ImportError as error:
        raise MemcliError(
            "chat on a terminal needs prompt_toolkit", hint="pip install prompt_toolkit"
        ) from error
    if keeps:
        run.where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        run.where.typed.touch(mode=0o600)
    names = [line.split()[0] for line in HELP.splitlines() if line.startswith("/")]
    return PromptSession(
        history=FileHistory(str(run.where.typed)) if keeps else InMemoryHistory(),
        output=create_output(stdout=sys.stderr),
        completer=WordCompleter(names, sentence=True),
        complete_style=CompleteStyle.READLINE_LIKE,  # a menu would keep lines free below
    )


@dataclass
class Chat:
    """A dialogue.

    Attributes:
        run: What it works with.
        scope: Where to look, and where to store.
        conversation: The conversation; the current one, if empty.
        new: Whether the next question begins one.
        stores: Whether anything is stored.
        budget: Most tokens of what the LLM is told of the memory.
        told: What the LLM was told last.
        failure: The exit code of the first thing that went wrong; 0 if nothing did.
    """

    run: Run
    scope: Scope
    conversation: str
    new: bool
    stores: bool
    budget: int | None
    told: str = field(default="", init=False)
    failure: int = field(default=0, init=False)

    def goes_on_after(self, line: str) -> bool:
        """Do what *line* says; whether the dialogue goes on. What goes wrong is said, and ends nothing."""
        said = line.strip()
        if not said:
            return True
        if said in ("/quit", "/exit", "/q"):
            return False
        try:
            if COMMAND.match(said):
                self._obey(said)
            else:
                self._ask(said)
        except MemcliError as error:
            self.failure = self.failure or error.exit_code
            complain(error.sentence, error.hint)
        return True

    def _ask(self, question: str) -> None:
        exchange = Exchange(
            self.run.engine,
            question,
            scope=self.scope,
            conversation=self.conversation,
            new=self.new,
            stores=self.stores,
            budget=self.budget,
        )
        answered, ended = carried_out(exchange, shows=True)
        self.told = exchange.known.context
        if answered.conversation:
            self.conversation, self.new = answered.conversation, False
        say_what_was_stored(self.run, answered)
        if not isinstance(ended, KeyboardInterrupt):
            end_with(ended)

    # --- commands ---

    def _obey(self, said: str) -> None:
        name, _, rest = said.partition(" ")
        name = name.lower()
        commands: dict[str, Callable[[str], Any]] = {
            "/help": lambda _: HELP,
            "/recalled": lambda _: self.told or "(nothing)",
            "/search": self._search,
            "/remember": lambda text: remember.store(self.run.engine, text, scope=self._own),
            "/correct": self._correct,
            "/forget": self._forget,
            "/undo": lambda _: undo.undo(self.run.engine, scope=self._own_anywhere),
            "/task": lambda _: tasks.find(self.run.engine, scope=self.scope),
            "/new": self._begin,
        }
        if name not in commands:
            raise UsageError(f"there is no command {name}", hint="/help shows those there are")
        answer = commands[name](rest.strip())
        if isinstance(answer, str):
            render.write(answer)
        elif answer is not None:
            on_terminal = sys.stdout.isatty()
            render.show(answer, options.Format.TABLE if on_terminal else options.Format.PLAIN)

    def _search(self, query: str) -> Any:
        return recall.search(self.run.engine, query, scope=self.scope)

    def _correct(self, said: str) -> Any:
        name, _, text = said.partition(" ")
        if not text.strip():
            raise UsageError("what the memory should say is missing", hint="/correct ID TEXT")
        return memories.update(self.run.engine, name, scope=self._own_anywhere, text=text.strip())

    def _forget(self, ids: str) -> Any:
        if not ids:
            raise UsageError("which memories?", hint="/forget ID...")
        return forgetting.forget(self.run.engine, _words(ids), scope=self._own_anywhere)

    def _begin(self, _: str) -> None:
        self.conversation, self.new, self.told = "", True, ""
        self.run.note("the next question begins another conversation")

    @property
    def _own(self) -> Scope:
        return Scope(self.scope.space, self.scope.user, self.scope.agent)

    @property
    def _own_anywhere(self) -> Scope:
        return Scope(EVERYWHERE.space, self.scope.user, EVERYWHERE.agent)


def _words(said: str) -> list[str]:
    try:
        return shlex.split(said)
    except ValueError:
        return said.split()
