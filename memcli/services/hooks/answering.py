"""What a session is told by itself: a brief when it begins, and what is known about a prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memcli.model import Memory, Scope
from memcli.services import context, memories, tasks
from memcli.services.engine import Engine
from memcli.services.hooks.events import Event, Kind
from memcli.services.hooks.harnesses import LETTERS_MOST, letters
from memcli.services.hooks.sessions import Given
from memcli.services.importers.cleaning import said, said_to_codex
from memcli.services.importers.found import legal_id
from memcli.services.select import Filter
from memcli.services.worktext import context_text
from memcli.work import Task

PINNED = "pinned"
"""The tag of what every session is told when it begins."""

PINNED_MOST, RECENT = 20, 10
"""Memories that a brief tells: pinned ones, and the latest of the others."""

BUDGET_LEAST = 50
"""Tokens below which no smaller block is tried."""

QUERY_MOST = 2_000
"""Characters of a prompt that are searched for: its beginning and its end, where what is asked stands."""

ANEW = ("clear", "compact")
"""Sources of sessions that have lost what they were given."""

COMMAND = re.compile(r"/[\w:.-]+|!.*")
"""The first word of a command to the harness, which is no path."""

ARGUMENTS_MOST = 2
"""Words behind the first one up to which it is a command; with more of them it asks for something."""

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")

SAYS_NOTHING = frozenset(
    """
    ok okay k yes y yep yeah yup sure no n nope nah please thanks thank thx ty you great good nice cool
    perfect fine right correct exactly done continue proceed go on ahead next and do it that this
    so again retry try more keep going carry now then let's lets start stop wait hi
    hello hey lgtm ship commit push run
    ja nein weiter danke bitte gut genau mach si sí no gracias sigue continúa vale oui non merci continue vas
    да нет дальше спасибо хорошо sim não obrigado
    """.split()  # noqa: SIM905  # a list would fill the page
)
"""Words that ask for nothing by themselves."""

IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters that hold as much as several of others."""

LETTERS_LEAST, IDEOGRAPHS_LEAST = 6, 4
"""Letters below which a prompt is too short to be about anything."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a session is told.

    Attributes:
        context: The text, framed as a block of ours, so that it is known again in a transcript.
        memories: The memories in it.
    """

    context: str = ""
    memories: tuple[Memory, ...] = ()


def is_trivial(prompt: str) -> bool:
    """Whether *prompt* asks for nothing that could be known: `ok`, `continue`, a command of the harness."""
    words = WORD.findall(prompt.casefold())
    if _is_command(prompt) or all(word in SAYS_NOTHING for word in words):
        return True
    if wide := len(IDEOGRAPHS.findall(prompt)):
        return wide < IDEOGRAPHS_LEAST and len(words) < 2
    return sum(map(len, words)) < LETTERS_LEAST


def _is_command(prompt: str) -> bool:
    first, *more = prompt.split() or [""]
    is_short = len(more) <= ARGUMENTS_MOST and "\n" not in prompt.strip()
    return is_short and bool(COMMAND.fullmatch(first))


def answer(engine: Engine, event: Event, *, scope: Scope, given: Given) -> Answer:
    """What the session is told in which *event* happens in *scope*; what it was *given* before is left out.

    Nothing of it counts as a use: nobody has asked for it. Once it has been told, it has been given.
    """
    if event.kind is Kind.START:
        if event.source in ANEW:
            given.forget()
        return _brief(engine, scope, event.session, given.ids())
    return _relevant(engine, event, scope, given.ids()) if event.kind is Kind.PROMPT else Answer()


def _relevant(engine: Engine, event: Event, scope: Scope, known: frozenset[str]) -> Answer:
    """What is known about the prompt of *event*; not what was said in its own session, which knows it."""
    prompt = said_to_codex(event.prompt) if event.harness == "codex" else said(event.prompt)
    if is_trivial(prompt) or engine.db.model is None:
        return Answer()
    half = QUERY_MOST // 2
    query = prompt if len(prompt) <= QUERY_MOST else f"{prompt[:half]}\n{prompt[-half:]}"
    session = legal_id(event.session)
    budget = engine.config.context.budget
    while True:
        block = context.build(engine, query, scope=scope, budget=budget, without=known, not_in=session)
        if letters(block.context) <= LETTERS_MOST:
            return Answer(block.context, block.memories)
        if budget < BUDGET_LEAST:
            return Answer()
        budget //= 2


def _brief(engine: Engine, scope: Scope, session: str, known: frozenset[str]) -> Answer:
    """The current task, what is pinned, and what was stored last; not what has become of the *session*."""
    task = tasks.current(engine, scope) if scope.space is not None else None
    pinned, recent = list[Memory](), list[Memory]()
    if engine.db.model is not None:
        pinned = _newest(
            engine,
            scope,
            Filter(facts=True, tags=(PINNED,)),
            PINNED_MOST,
            known,
        )
        recent = _newest(engine, scope, Filter(facts=True), RECENT, known)
    facts = [
        memory
        for memory in {memory.id: memory for memory in (*pinned, *recent)}.values()
        if not session or memory.metadata.get("session") != session
    ]
    told: Sequence[Memory] = [*([_as_memory(task)] if task else []), *facts]
    budget = engine.config.context.budget
    while told:
        text, held = context.listed(engine, told, scope=scope, budget=budget)
        if letters(text) <= LETTERS_MOST:
            return Answer(text, tuple(memory for memory in held if memory in facts))
        if budget < BUDGET_LEAST:
            break
        budget //= 2
    return Answer()


def _newest(engine: Engine, scope: Scope, wanted: Filter, most: int, known: frozenset[str]) -> list[Memory]:
    wanted = replace(wanted, min_trust=engine.config.search.min_trust)
    found = memories.newest(engine, scope=scope, wanted=wanted, limit=most)
    return [memory for memory in found if memory.id not in known]


def _as_memory(task: Task) -> Memory:
    """*task* as a block tells it: as a memory among others."""
    text = context_text(task)
    return Memory(
        id=task.id,
        text=text,
        title="",
        space=task.space,
        created_at=task.created_at,
        updated_at=task.updated_at,
    )
