"""What the browser changes: one call of a service each, and what it came to in a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from memcli.cli.browsing import drawn
from memcli.cli.browsing.choices import Sure
from memcli.cli.browsing.editor import Editor, Written
from memcli.model import Action, Memory, Scope, Stored
from memcli.services import forgetting, memories, remember
from memcli.services.engine import Engine
from memcli.services.undo import undo

if TYPE_CHECKING:
    from memcli.cli.browsing.browser import Browser


class Changes:
    """Changes what the *browser* shows.

    Args:
        browser: The screen.
        since: When it began: what was changed before is not taken back without a question.
    """

    def __init__(self, browser: Browser, since: datetime) -> None:
        self._browser, self._since = browser, since

    def edit(self, name: str) -> None:
        """Change text, tags and importance of the memory *name*."""
        self._run(partial(self._edit, name))

    def new(self) -> None:
        """Store a new memory."""
        self._run(self._new)

    def forget(self, name: str) -> None:
        """Forget the memory *name*."""
        self._run(partial(self._forget, name))

    def restore(self, name: str) -> None:
        """Bring the memory *name* back."""
        self._run(partial(self._restore, name))

    def undo(self) -> None:
        """Take the last change back."""
        self._run(self._undo)

    def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            with self._browser.told():
                await work()
                self._browser.look(again=True)

        self._browser.run_worker(run(), group="change")

    def _own(self, engine: Engine) -> Scope:
        return self._browser.bounds.own(engine)

    def _find(self, name: str, engine: Engine) -> Memory:
        return memories.find(engine, name, scope=self._own(engine))

    async def _edit(self, name: str) -> None:
        memory = await self._browser.calls.read(partial(self._find, name))
        title = f"Edit {memory.id} in {memory.space}"
        if await self._browser.app.push_screen_wait(Editor(title, memory, partial(self._save, memory))):
            self._browser.tell(f"{memory.id} is saved; u takes it back")

    async def _save(self, memory: Memory, written: Written) -> Memory:
        changes: dict[str, Any] = {
            "text": None if written.text == memory.text else written.text,
            "tags": None if written.tags == memory.tags else written.tags,
            "importance": None if f"{memory.importance:g}" == written.importance else written.weight,
        }
        return await self._browser.calls.write(
            lambda engine: memories.update(engine, memory.id, scope=self._own(engine), **changes)
        )

    async def _new(self) -> None:
        space = self._browser.space or self._browser.bounds.scope.space or ""
        came_to: list[Stored] = []

        async def save(written: Written) -> None:
            came_to.append(await self._browser.calls.write(partial(self._store, space, written)))

        if await self._browser.app.push_screen_wait(Editor(f"New memory in {space}", None, save)):
            for stored in came_to:
                self._browser.tell(_told(stored), is_bad=stored.action is Action.FAILED)

    def _store(self, space: str, written: Written, engine: Engine) -> Stored:
        return remember.store(
            engine,
            written.text,
            scope=self._browser.bounds.writing(engine, space),
            tags=written.tags,
            importance=written.weight,
        )

    async def _forget(self, name: str) -> None:
        (gone,) = await self._browser.calls.write(
            lambda engine: forgetting.forget(engine, [name], scope=self._own(engine))
        )
        self._browser.tell(f"{drawn.said(gone)} is forgotten; u takes it back")

    async def _restore(self, name: str) -> None:
        (back,) = await self._browser.calls.write(
            lambda engine: forgetting.restore(engine, [name], scope=self._own(engine))
        )
        self._browser.tell(f"{drawn.said(back)} is back")

    async def _undo(self) -> None:
        would = await self._browser.calls.read(
            lambda engine: undo(engine, scope=self._own(engine), dry_run=True)
        )
        if would and would[0].at < self._since and not await self._is_sure(drawn.last_change(would[0])):
            return
        done = await self._browser.calls.write(lambda engine: undo(engine, scope=self._own(engine)))
        self._browser.tell(drawn.undone(done))

    async def _is_sure(self, told: str) -> bool:
        question = f"The last change was not made here: {told}.\n\nTake it back?"
        answer: bool = await self._browser.app.push_screen_wait(Sure(question))
        return answer


def _told(stored: Stored) -> str:
    """What storing came to, in a sentence."""
    if stored.action is Action.DUPLICATE:
        return f"this is known already: {stored.id}"
    if stored.action is Action.REPLACED:
        return f"stored, in the place of “{drawn.line(stored.replaced_text or stored.replaced_id or '')}”"
    if stored.action is Action.FAILED:
        return f"not stored: {stored.reason}"
    return f"stored in {stored.space}"
