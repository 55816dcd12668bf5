"""The screen of `memcli browse`: a line to search, the memories, and the one that is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static

from memcli.cli.browsing import drawn
from memcli.cli.browsing.calls import Calls
from memcli.cli.browsing.changes import Changes
from memcli.cli.browsing.choices import ALL, Help, Spaces
from memcli.cli.browsing.found import Found, Search
from memcli.cli.browsing.reader import Links, Page, Reader, Trail
from memcli.cli.messages import harmless
from memcli.errors import MemcliError
from memcli.model import Memory, Scope
from memcli.servers.desk import Bounds
from memcli.services import memories, reading, recall, spaces
from memcli.services.engine import Engine
from memcli.services.select import Filter
from memcli.wording import counted

TYPING_S = 0.15
"""How long nobody must have typed before a search begins: the pause between two keys of a fast typist."""

MOVING_S = 0.06
"""How long one must have stayed with a memory before all of it is read."""

AT_ONCE = 200
"""Memories that the list fetches together: several screens, in 30 ms of 100,000."""

HITS = 50
"""Hits of a search: what nobody reads further than."""


OPENING = "opening the store …"
"""What stands where numbers will, until the first memories are there."""


class View(Enum):
    """Which memories are shown, and what that is called."""

    NOW = ""
    REPLACED = "with what was replaced"
    FORGOTTEN = "forgotten"

    @property
    def wanted(self) -> Filter:
        """What a memory must fulfil."""
        return Filter(replaced=self is View.REPLACED, forgotten=self is View.FORGOTTEN)


class Browser(Screen[None]):
    """All that `memcli browse` shows, but for what it asks.

    Args:
        calls: Carries out what is asked of services.
        bounds: What may be seen; its space is the first one shown.
        everywhere: Whether all spaces are shown at first.
        now: The clock.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Find", key_display="/"),
        Binding("e", "edit", "Edit"),
        Binding("f,delete", "forget", "Forget"),
        Binding("r", "restore", "Restore"),
        Binding("u", "undo", "Undo"),
        Binding("n", "new", "New"),
        Binding("s", "spaces", "Space"),
        Binding("v", "view", "View"),
        Binding("y", "copy_id", show=False),
        Binding("Y", "copy_text", show=False),
        Binding("left_square_bracket,backspace", "way(-1)", "Back", key_display="["),
        Binding("right_square_bracket", "way(1)", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("escape,left,h", "back", show=False),
        Binding("ctrl+r,f5", "again", show=False),
        Binding("q", "app.leave", "Quit"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # as Textual declares it

    def __init__(
        self, calls: Calls, bounds: Bounds, *, everywhere: bool, now: Callable[[], datetime]
    ) -> None:
        super().__init__()
        self.calls, self.bounds, self.now = calls, bounds, now
        self.space: str | None = None if everywhere else bounds.scope.space
        self.view, self.trail, self.changes = View.NOW, Trail(), Changes(self, now())
        self._total, self._fetches, self._query = 0, False, ""

    def compose(self) -> ComposeResult:
        """What stands where."""
        with Horizontal(id="head"):
            yield Static(id="where", markup=False)
            yield Static(OPENING, id="state", markup=False)
        with Horizontal(id="line"):
            yield Static("›", id="sign")
            yield Search(placeholder="search, or ↓ for the list and its keys", compact=True)
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Found()
                yield Static(id="nothing", markup=False)
            yield Reader()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """The latest memories at first."""
        self.query_one("#nothing").display = False
        self.query_one(Search).focus()
        self._say_where()
        self.look()
        self.get_ready()

    # --- what is found ---

    def scope(self, engine: Engine) -> Scope:
        """Where memories are looked for."""
        scope = self.bounds.looking(engine, self.space or "")
        return scope if self.space else replace(scope, space=None)

    @on(Input.Changed, "Search")
    def _typed(self) -> None:
        self.look(wait=TYPING_S)

    @work(exclusive=True, group="look")
    async def look(self, *, again: bool = False, wait: float = 0.0) -> None:
        """Show what is there now for what was typed; whoever looks anew meanwhile gives this one up.

        Args:
            again: Whether the memory that is looked at stays the one.
            wait: Seconds to wait for somebody who types on.
        """
        await asyncio.sleep(wait)
        self.workers.cancel_group(self, "more")
        self._fetches = False
        query = self.query_one(Search).value.strip()
        if query:
            self._say("searching …")
        try:
            self._total, found = await self.calls.read(partial(self._found, query))
        except Exception as error:  # a search must not end what one is at, whatever is wrong with it
            self._say(drawn.trouble(error), is_bad=True)
            return
        again = again or (query == self._query and bool(query))
        self._query = query
        self.query_one(Found).show(found, self.now(), with_space=self.space is None, again=again)
        self._say(counted(len(found), "hit") if query else counted(self._total, "memory"))
        self._say_nothing(query if not found else None)
        self._came_to()

    def _found(self, query: str, engine: Engine) -> tuple[int, list[Memory]]:
        scope, wanted = self.scope(engine), self.view.wanted
        if query:
            hits = recall.search(engine, query, scope=scope, limit=HITS, wanted=wanted)
            return len(hits), list[Memory](hits)
        total = memories.count(engine, scope=scope, wanted=wanted)
        return total, memories.newest(engine, scope=scope, wanted=wanted, limit=AT_ONCE)

    @work(group="ready")
    async def get_ready(self) -> None:
        """Load what the first search needs, while nobody waits for it."""
        with self.told():
            await self.calls.read(lambda engine: engine.embedder.embed_queries(["ready?"]))

    @on(Found.EndIsNear)
    @work(group="more")
    async def _more(self) -> None:
        there = len(self.query_one(Found).memories)
        if self._fetches or self._query or there >= self._total:
            return
        self._fetches = True
        with self.told():
            found = await self.calls.read(
                lambda engine: memories.newest(
                    engine,
                    scope=self.scope(engine),
                    wanted=self.view.wanted,
                    limit=AT_ONCE,
                    offset=there,
                )
            )
            self.query_one(Found).add(found, self.now(), with_space=self.space is None)
        self._fetches = False

    def _say(self, sentence: str, *, is_bad: bool = False) -> None:
        state = self.query_one("#state", Static)
        state.set_class(is_bad, "bad")
        state.update(harmless(sentence))

    def _say_where(self) -> None:
        view = f" · {self.view.value}" if self.view.value else ""
        name = "all spaces" if self.space is None else harmless(self.space)
        where = Content.assemble((" memcli ", "bold $primary"), (name, "bold"), (view, drawn.WARNING))
        self.query_one("#where", Static).update(where)

    def _say_nothing(self, query: str | None) -> None:
        """Say why the list is empty, where *query* found nothing; None where it is not."""
        nothing, found = self.query_one("#nothing", Static), self.query_one(Found)
        nothing.display, found.display = query is not None, query is None
        if query:
            nothing.update(f"nothing is like “{drawn.line(query)}”")
        elif self.view is View.FORGOTTEN:
            nothing.update("nothing is forgotten here")
        elif query is not None:
            nothing.update("nothing is remembered here yet\n\nesc, then n: the first memory")

    # --- what is read ---

    @on(OptionList.OptionHighlighted, "Found")
    def _moved(self) -> None:
        self._came_to(MOVING_S)

    def _came_to(self, wait: float = 0.0) -> None:
        """Show the memory that the list is at; where one came by following links, the last of these."""
        chosen = self.query_one(Found).chosen
        name = chosen.id if chosen else ""
        if self.trail.ids[:1] != [name]:
            self.trail.begin(name)
        self.read(wait=wait)

    @on(OptionList.OptionSelected, "Found")
    def _opened(self) -> None:
        """Read what was chosen, which counts as a use of it."""
        self.add_class("-reading")
        self.query_one(Page).focus()
        self.read(is_use=True)

    @on(Reader.Followed)
    def _followed(self, event: Reader.Followed) -> None:
        self.trail.follow(event.name)
        self.query_one(Page).focus()
        self.read(is_use=True)

    def action_way(self, by: int) -> None:
        """Go back on the way by which one came, or forth again."""
        if self.trail.step(by):
            self.read()

    @work(exclusive=True, group="read")
    async def read(self, *, wait: float = 0.0, is_use: bool = False) -> None:
        """Show all of the memory that one is at."""
        await asyncio.sleep(wait)
        name, found = self.trail.here, None
        with self.told():
            if name:
                found = await self.calls.read(
                    lambda engine: reading.read(engine, name, scope=self.bounds.own(engine), is_use=is_use)
                )
        self.query_one(Reader).show(found, self.trail, self.now())
        self.refresh_bindings()

    # --- where one is ---

    def action_search(self) -> None:
        """Go to the line to search."""
        self.remove_class("-reading")
        self.query_one(Search).focus()

    def action_focus_list(self) -> None:
        """Go to the list."""
        self.remove_class("-reading")
        self.query_one(Found).focus()

    def action_focus_links(self) -> None:
        """Go to what leads on, if anything does."""
        if self.query_one(Links).display:
            self.query_one(Links).focus()

    def action_back(self) -> None:
        """One step back: from the links to the page, to the list, to the line to search."""
        if isinstance(self.focused, Links):
            self.query_one(Page).focus()
        elif isinstance(self.focused, Page):
            self.action_focus_list()
        else:
            self.action_search()

    def action_again(self) -> None:
        """Look at the store anew."""
        self.look(again=True)

    def action_view(self) -> None:
        """Show the next kind of memories."""
        views = list(View)
        self.view = views[(views.index(self.view) + 1) % len(views)]
        self._say_where()
        self.look()

    @work(exclusive=True, group="ask")
    async def action_spaces(self) -> None:
        """Choose another space."""
        with self.told():
            user = self.bounds.scope.user
            there = await self.calls.read(lambda engine: spaces.all_spaces(engine, user=user))
            chosen = await self.app.push_screen_wait(Spaces(there, self.space, self.now()))
            if chosen is not None:
                self.space = None if chosen == ALL else chosen
                self._say_where()
                self.look()

    def action_help(self) -> None:
        """Show what the keys do."""
        self.app.push_screen(Help())

    # --- what is changed: see `Changes` ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Whether *action* makes sense for the memory that is looked at; None shows it dimmed."""
        shown = self.query_one(Reader).reading if self.is_mounted else None
        if action == "search":  # where one is already
            return not isinstance(self.focused, Search)
        if action in ("edit", "copy_id", "copy_text"):
            return True if self.trail.here else None
        if action in ("forget", "restore") and shown:
            is_gone = bool(shown.memory.forgotten_at or shown.memory.replaced_at)
            return is_gone if action == "restore" else not shown.memory.forgotten_at
        if action in ("forget", "restore"):
            return False
        return len(self.trail.ids) > 1 if action == "way" else True

    def action_edit(self) -> None:
        """Change the memory that is looked at."""
        self.changes.edit(self.trail.here)

    def action_new(self) -> None:
        """Write a new memory."""
        self.changes.new()

    def action_forget(self) -> None:
        """Forget the memory that is looked at."""
        self.changes.forget(self.trail.here)

    def action_restore(self) -> None:
        """Bring the memory that is looked at back."""
        self.changes.restore(self.trail.here)

    def action_undo(self) -> None:
        """Take the last change back."""
        self.changes.undo()

    def action_copy_id(self) -> None:
        """Copy the id of the memory that is looked at."""
        self.app.copy_to_clipboard(self.trail.here)
        self.tell(f"{self.trail.here} is copied")

    def action_copy_text(self) -> None:
        """Copy what the memory that is looked at says."""
        if shown := self.query_one(Reader).reading:
            self.app.copy_to_clipboard(shown.memory.text)
            self.tell(f"{drawn.said(shown.memory)} is copied")

    def tell(self, sentence: str, *, is_bad: bool = False) -> None:
        """Say *sentence* in a corner, for a while."""
        self.app.notify(harmless(sentence), severity="error" if is_bad else "information", markup=False)

    @contextmanager
    def told(self) -> Iterator[None]:
        """What goes wrong in this block is told, and ends nothing else."""
        try:
            yield
        except MemcliError as error:
            self.tell(drawn.trouble(error), is_bad=True)
        except Exception as error:
            self.tell(drawn.trouble(error), is_bad=True)
