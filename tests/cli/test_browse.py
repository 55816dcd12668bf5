"""`memcli browse`, on a screen that only tests see, and in a real terminal."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pexpect
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from memcli.cli import browsing
from memcli.cli.browsing import browser, found
from memcli.cli.browsing.app import BrowseApp
from memcli.cli.browsing.browser import Browser
from memcli.cli.browsing.choices import Help, Spaces, Sure
from memcli.cli.browsing.editor import Editor, Writing
from memcli.cli.browsing.found import Found, Search
from memcli.cli.browsing.reader import Links, Page, Reader, Trail
from memcli.errors import StorageError
from memcli.model import Draft, Memory, Scope
from memcli.servers.desk import Bounds
from memcli.services import forgetting, graph, memories, recall, remember
from memcli.services.engine import Engine
from tests.cli.conftest import STEERING, MemCLI, is_one_sentence
from tests.conftest import Clock
from tests.warm.running import PATIENCE_S, driver

HARBOUR, OFFICE, TRAIN = "The harbour closes at noon", "The office is on floor 3", "Trains leave every hour"


class Session:
    """A browser that is shown, and somebody at its keys."""

    def __init__(self, app: BrowseApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        (self.browser,) = (screen for screen in app.screen_stack if isinstance(screen, Browser))

    async def press(self, *keys: str) -> None:
        """Press *keys*, one after the other."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Type *text*."""
        names = {" ": "space", "-": "minus", ".": "full_stop", ",": "comma"}
        await self.press(*(names.get(character, character) for character in text))

    async def until(self, fulfilled: Callable[[], object]) -> None:
        """Come back when *fulfilled*; fail if it never is."""
        for _ in range(500):
            await self.pilot.pause()
            if fulfilled():
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"never came to be; the screen:\n{self.shown}")

    async def until_shown(self, *texts: str) -> None:
        """Come back when all of *texts* are on the screen."""
        await self.until(lambda: all(text in self.shown for text in texts))

    @property
    def shown(self) -> str:
        """What is on the screen, line by line."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def state(self) -> str:
        """What is said of the memories: how many there are, or what went wrong."""
        states = self.browser.query("#state").results(Static)
        return next((str(state.content) for state in states), browser.OPENING)

    @property
    def listed(self) -> list[str]:
        """The texts of the memories in the list."""
        return [memory.text for memory in self.browser.query_one(Found).memories]

    @property
    def read(self) -> Memory | None:
        """The memory that is shown whole."""
        reading = self.browser.query_one(Reader).reading
        return reading.memory if reading else None

    async def until_read(self, text: str) -> Memory:
        """The memory that says *text*, when it is shown whole."""
        await self.until(lambda: self.read and self.read.text == text)
        assert self.read
        return self.read


Play = Callable[[Session], Awaitable[None]]
Browse = Callable[..., None]


@pytest.fixture
def browse(
    make_engine: Callable[..., Engine], scope: Scope, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Browse:
    """Shows a browser to whoever plays with it."""
    monkeypatch.setattr(browser, "TYPING_S", 0.0)
    monkeypatch.setattr(browser, "MOVING_S", 0.0)

    def show(play: Play, size: tuple[int, int] = (120, 30), space: str | None = "work") -> None:
        about: dict[str, Any] = {"everywhere": space is None, "now": clock}
        app = BrowseApp(lambda warned: make_engine(warned=warned), Bounds(scope=scope), **about)

        async def run() -> None:
            async with app.run_test(size=size, notifications=True) as pilot:
                session = Session(app, pilot)
                await session.until(lambda: session.state != browser.OPENING)
                await play(session)
            assert app.failure is None

        try:
            asyncio.run(asyncio.wait_for(run(), PATIENCE_S))
        finally:
            app.calls.close()

    return show


@pytest.fixture
def stored(engine: Engine, scope: Scope, clock: Clock) -> list[str]:
    """The ids of three memories, the first of them the latest."""
    ids = []
    for text in (TRAIN, OFFICE, HARBOUR):
        clock.advance(days=1)
        ids.append(str(remember.store(engine, text, scope=scope, tags=("quay",)).id))
    clock.advance(days=1)
    return ids[::-1]


def test_memories_are_listed_latest_first_and_read_whole(
    browse: Browse, stored: Sequence[str], engine: Engine
) -> None:
    """Moving shows the next one; what Enter opens counts as used, what is passed by does not."""

    async def play(session: Session) -> None:
        assert session.listed == [HARBOUR, OFFICE, TRAIN]
        await session.until_shown("3 memories", "retention", "#quay")
        await session.press("down", "down")
        await session.until_read(OFFICE)
        await session.press("enter")
        await session.until(lambda: session.read and session.read.uses == 1)
        assert isinstance(session.app.focused, Page)
        await session.press("escape", "up", "up")
        assert isinstance(session.app.focused, Search)

    browse(play)
    assert set(engine.db.uses.pending()) == {stored[1]}


def test_it_searches_as_one_types(browse: Browse, stored: Sequence[str]) -> None:
    """The best first, each with its score; Escape empties the line and all are there again."""

    async def play(session: Session) -> None:
        await session.write("office floor")
        await session.until(lambda: session.listed[:1] == [OFFICE] and "hit" in session.shown)
        await session.until_read(OFFICE)
        await session.press("escape")
        await session.until(lambda: session.listed == [HARBOUR, OFFICE, TRAIN])

    browse(play)


def test_what_an_older_query_finds_never_takes_the_place_of_the_latest(
    browse: Browse, stored: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late it comes; typing never waits for it."""
    asked, goes_on, search = threading.Event(), threading.Event(), recall.search
    queries = []

    def slow(engine: Engine, query: str, **about: Any) -> Any:
        queries.append(query)
        if query == "t":
            asked.set()
            goes_on.wait(PATIENCE_S)
        return search(engine, query, **about)

    monkeypatch.setattr(recall, "search", slow)
    seen = []
    show = Found.show

    def noted(self: Found, hits: Sequence[Memory], *given: Any, **about: Any) -> None:
        seen.append(len(hits))
        show(self, hits, *given, **about)

    monkeypatch.setattr(Found, "show", noted)

    async def play(session: Session) -> None:
        before = len(seen)
        await session.press("t")
        await session.until(asked.is_set)
        await session.write("rains")
        assert session.browser.query_one(Search).value == "trains"
        goes_on.set()
        await session.until(lambda: session.listed[:1] == [TRAIN])
        assert queries[0] == "t"
        assert queries[-1] == "trains"
        assert len(seen) == before + 1

    browse(play)


def test_a_memory_is_edited(browse: Browse, stored: Sequence[str], engine: Engine) -> None:
    """Text of several lines, tags and importance; what is refused is said, and can be mended there."""

    async def play(session: Session) -> None:
        await session.press("down", "e")
        await session.until(lambda: isinstance(session.app.screen, Editor))
        editor = session.app.screen
        await session.press("enter")
        await session.write("and on Sundays")
        editor.query_one("#tags", Input).value = "quay, on sundays"
        editor.query_one("#importance", Input).value = "7"
        await session.press("ctrl+s")
        await session.until_shown("importance must be")
        editor.query_one("#importance", Input).value = "0.9"
        await session.press("ctrl+s")
        await session.until(lambda: isinstance(session.app.screen, Browser))
        await session.until_read(f"{HARBOUR}\nand on Sundays")

    browse(play)
    engine.db.forget_what_was_read()
    changed = memories.find(engine, stored[0])
    assert (changed.tags, changed.importance) == (("quay", "on sundays"), 0.9)


def test_what_was_written_is_not_lost_by_a_slip(browse: Browse, stored: Sequence[str]) -> None:
    """Escape and Ctrl-C ask once more; what is not changed is left at once."""

    async def play(session: Session) -> None:
        await session.press("down", "e")
        await session.until(lambda: isinstance(session.app.screen, Editor))
        await session.press("escape")
        await session.until(lambda: isinstance(session.app.screen, Browser))
        await session.press("e")
        await session.until(lambda: isinstance(session.app.screen, Editor))
        await session.write("!")
        await session.press("ctrl+c")
        await session.until_shown("this is not saved")
        assert isinstance(session.app.screen, Editor)
        await session.press("escape")
        await session.until(lambda: isinstance(session.app.screen, Browser))
        await session.until_read(HARBOUR)

    browse(play)


def test_forgotten_and_back_again(browse: Browse, stored: Sequence[str], engine: Engine) -> None:
    """Undo says what it undid; restore is for what the list of forgotten ones shows."""

    async def play(session: Session) -> None:
        await session.press("down")
        await session.until_read(HARBOUR)
        await session.press("f")
        await session.until_shown("is forgotten")
        await session.until(lambda: session.listed == [OFFICE, TRAIN])
        await session.press("u")
        await session.until_shown("undone", "is back")
        await session.until(lambda: HARBOUR in session.listed)
        await session.press("f")
        await session.until(lambda: len(session.listed) == 2)
        await session.press("v", "v")
        await session.until(lambda: len(session.listed) == 1)
        forgotten = await session.until_read(session.listed[0])
        assert forgotten.forgotten_at
        await session.press("r")
        await session.until_shown("nothing is forgotten here")
        await session.press("v")
        await session.until(lambda: session.listed == [HARBOUR, OFFICE, TRAIN])

    browse(play)


def test_what_was_changed_before_is_undone_only_if_one_says_so(
    browse: Browse, stored: Sequence[str], engine: Engine, scope: Scope, clock: Clock
) -> None:
    """By No it stays; by Yes it is said what was taken back."""
    forgetting.forget(engine, [stored[0]], scope=scope)
    clock.advance(hours=1)

    async def play(session: Session) -> None:
        await session.press("down", "u")
        await session.until(lambda: isinstance(session.app.screen, Sure))
        assert "not made here" in session.shown
        await session.press("n")
        await session.until(lambda: isinstance(session.app.screen, Browser))
        assert session.listed == [OFFICE, TRAIN]
        await session.press("u")
        await session.until(lambda: isinstance(session.app.screen, Sure))
        await session.press("y")
        await session.until(lambda: session.listed == [HARBOUR, OFFICE, TRAIN])

    browse(play)


def test_edges_are_followed_there_and_back(
    browse: Browse, stored: Sequence[str], engine: Engine, scope: Scope
) -> None:
    """With the way by which one came in sight; what is done there is done to the memory one came to."""
    graph.connect(engine, stored[0], stored[2], scope=scope, type_="depends on")

    async def play(session: Session) -> None:
        await session.press("down")
        await session.until_shown("depends on")
        await session.press("enter", "enter")
        await session.until(lambda: isinstance(session.app.focused, Links))
        await session.press("enter")
        await session.until_read(TRAIN)
        await session.until_shown(f"{stored[0]} › {stored[2]}")
        await session.press("[")
        await session.until_read(HARBOUR)
        await session.press("]")
        await session.until_read(TRAIN)
        await session.press("f")
        await session.until(lambda: session.listed == [HARBOUR, OFFICE])

    browse(play)


def test_what_replaced_a_memory_is_one_step_away(
    browse: Browse, stored: Sequence[str], engine: Engine, scope: Scope
) -> None:
    """Its history is listed with its edges."""
    remember.store(engine, "The office is on floor 5", scope=scope, replaces=stored[1])

    async def play(session: Session) -> None:
        await session.press("down")
        await session.until_read("The office is on floor 5")
        await session.until_shown("history", "until")
        await session.press("enter", "enter", "enter")
        await session.until_read(OFFICE)
        await session.until_shown("replaced")

    browse(play)


def test_another_space_is_chosen_from_a_list_with_counts(
    browse: Browse, stored: Sequence[str], engine: Engine
) -> None:
    """Typing narrows it down; all spaces at once are the first choice."""
    remember.store(engine, "Milk and bread", scope=Scope("shopping list", "me"))

    async def play(session: Session) -> None:
        await session.press("down", "s")
        await session.until(lambda: isinstance(session.app.screen, Spaces))
        await session.until_shown("all spaces", "3  work", "1  shopping list")
        await session.write("shop")
        await session.press("enter")
        await session.until(lambda: session.listed == ["Milk and bread"])
        await session.press("s")
        await session.until(lambda: isinstance(session.app.screen, Spaces))
        await session.press("down", "home", "enter")
        await session.until(lambda: len(session.listed) == 4)
        await session.until_shown("· shopping list ·")

    browse(play)


def test_a_new_memory_is_stored_in_the_space_that_is_shown(browse: Browse, engine: Engine) -> None:
    """In an empty store, too, which says what to do; the same again is told to be known."""

    async def play(session: Session) -> None:
        assert "nothing is remembered here yet" in session.shown
        await session.press("escape")
        for told in ("stored in work", "known already"):
            await session.press("n")
            await session.until(lambda: isinstance(session.app.screen, Editor))
            await session.write("Bring cake")
            await session.press("ctrl+s")
            await session.until(lambda: isinstance(session.app.screen, Browser))
            await session.until_shown(told)
        await session.until(lambda: session.listed == ["Bring cake"])

    browse(play)
    engine.db.forget_what_was_read()
    assert [m.space for m in memories.newest(engine, scope=Scope("work", "me"))] == ["work"]


def test_id_and_text_are_copied(browse: Browse, stored: Sequence[str]) -> None:
    """To the clipboard of the terminal."""

    async def play(session: Session) -> None:
        await session.press("down")
        await session.until_read(HARBOUR)
        await session.press("y")
        assert session.app.clipboard == stored[0]
        await session.press("Y")
        assert session.app.clipboard == HARBOUR

        await session.press("q")
        await session.until(lambda: not session.app.is_running)

    browse(play)


def test_what_fails_is_told_and_ends_nothing(
    browse: Browse, stored: Sequence[str], monkeypatch: pytest.MonkeyPatch, engine: Engine, scope: Scope
) -> None:
    """A store that is locked or out of order, a memory that is gone meanwhile, an error of ours."""

    async def play(session: Session) -> None:
        await session.press("down")
        await session.until_read(HARBOUR)
        with monkeypatch.context() as patched:
            patched.setattr(forgetting, "forget", failing(StorageError("another memcli has been writing")))
            await session.press("f")
            await session.until_shown("another memcli has been writing")
            patched.setattr(memories, "newest", failing(RuntimeError("[red]unheard of[/]")))
            await session.press("ctrl+r")
            await session.until_shown("RuntimeError: [red]unheard of[/]")
        forgetting.forget(engine, [stored[1]], scope=scope)
        forgetting.purge(engine, forgetting.purgeable(engine, [stored[1]], scope=scope))
        await session.press("down")
        await session.until_shown("there is no memory with the id")
        await session.press("ctrl+r")
        await session.until(lambda: session.listed == [HARBOUR, TRAIN])

    browse(play)


def failing(error: Exception) -> Callable[..., Any]:
    """A function that raises *error*."""

    def fail(*arguments: Any, **about: Any) -> Any:
        raise error

    return fail


def test_no_text_is_markup_or_steers_the_terminal(browse: Browse, engine: Engine, scope: Scope) -> None:
    """In the list, the page, the editor and what is said; what is edited keeps what it holds."""
    text = f"[red]not[/red] [bold x {STEERING.replace(chr(0), '')}"
    remember.store(engine, text, scope=scope, tags=("[b]tag[/b]",))

    async def play(session: Session) -> None:
        await session.press("down")
        await session.until_shown("[red]not[/red] [bold x \ufffd", "#[b]tag[/b]")
        await session.press("e")
        await session.until(lambda: isinstance(session.app.screen, Editor))
        lines = session.app.screen.query_one(Writing)
        assert not set(STEERING) & set(lines.get_line(0).plain)
        session.app.screen.query_one("#importance", Input).value = "1"
        await session.press("ctrl+s")
        await session.until(lambda: isinstance(session.app.screen, Browser))
        await session.press("f")
        await session.until_shown("[red]not[/red]", "is forgotten")
        assert not set(STEERING) & set(session.shown)

    browse(play)


def test_more_is_fetched_where_the_list_ends(
    browse: Browse, engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a million memories need not be read for a screen of them."""
    monkeypatch.setattr(browser, "AT_ONCE", 30)
    monkeypatch.setattr(found, "NEAR_THE_END", 5)
    texts = [Draft(text=f"fact {number}", scope=scope) for number in range(70)]
    remember.store_all(engine, texts)

    async def play(session: Session) -> None:
        assert len(session.listed) == 30
        await session.press("down", "end")
        await session.until(lambda: len(session.listed) == 60)
        await session.press("end")
        await session.until(lambda: len(set(session.listed)) == 70)

    browse(play)


def test_it_fits_into_any_terminal(browse: Browse, stored: Sequence[str]) -> None:
    """A narrow one shows the list or the memory, a wide one both; the smallest and help do no harm."""

    async def play(session: Session) -> None:
        await session.press("down")
        assert not session.browser.query_one(Reader).display
        await session.press("enter")
        await session.until(lambda: session.browser.query_one(Reader).display)
        assert not session.browser.query_one("#left").display
        assert all(len(line) <= 80 for line in session.shown.splitlines())
        for size in ((12, 4), (160, 50)):
            await session.pilot.resize_terminal(*size)
            await session.press("question_mark")
            await session.until(lambda: isinstance(session.app.screen, Help))
            await session.press("escape")
        await session.until(lambda: session.browser.query_one("#left").display)
        assert session.browser.query_one(Reader).display
        assert session.browser.query_one(OptionList).size.width < 90
        assert session.state == "3 memories"

    browse(play, size=(80, 24))


def test_a_trail_goes_back_and_forth() -> None:
    """What one left behind is gone where one goes another way."""
    trail = Trail()
    trail.begin("a")
    trail.follow("b")
    trail.follow("c")
    assert [trail.step(-1), trail.step(-1), trail.step(-1), trail.here] == [True, True, False, "a"]
    trail.follow("d")
    assert (trail.ids, trail.step(1)) == (["a", "d"], False)


# --- the command ---


@pytest.mark.here_only  # runs here only
def test_without_a_terminal_it_is_refused(memcli: MemCLI) -> None:
    """In one sentence, with what to use instead."""
    ran = memcli("browse", code=2)
    assert is_one_sentence(ran.err)
    assert "terminal" in ran.err


@pytest.mark.here_only  # what is installed is replaced
def test_without_textual_it_says_how_to_install_it(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, as of any extra that is missing."""
    monkeypatch.setitem(sys.modules, "memcli.cli.browsing.app", None)
    monkeypatch.delattr(browsing, "app", raising=False)
    ran = memcli("browse", code=1)
    assert is_one_sentence(ran.err)
    assert "pip install 'memcli[tui]'" in ran.err


def test_in_a_real_terminal_it_leaves_everything_as_it_was(in_process: MemCLI) -> None:
    """Started, typed into, left: exit code 0, the first screen and the cursor back, nothing else written."""
    in_process("store", HARBOUR)
    line = driver("here", "browse")
    environ = {**os.environ, "TERM": "xterm-256color"}
    child = pexpect.spawn(line[0], line[1:], timeout=PATIENCE_S, dimensions=(24, 80), env=environ)
    before = child.getecho()
    child.expect(b"\x1b\\[\\?1049h")
    child.expect(HARBOUR.encode())
    child.send("noon")
    child.expect(b"1 hit")
    child.send("\x03")
    child.expect(b"\x1b\\[\\?1049l")
    child.expect(pexpect.EOF)
    assert b"\x1b[?25h" in child.before
    assert b"Traceback" not in child.before
    child.close()
    assert (before, child.exitstatus) == (True, 0)
