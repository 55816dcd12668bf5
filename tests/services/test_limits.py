"""The limits: what has just so much is taken, what has more is refused, and the README has them."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcli import llm, project
from memcli.cli import words
from memcli.errors import UsageError
from memcli.model import Draft, Scope
from memcli.services import (
    checks,
    dialogues,
    graph,
    jsontext,
    relations,
    remember,
    tasks,
    teams,
    values,
    where,
)
from memcli.services.engine import Engine
from memcli.services.importers import reading
from memcli.services.journal import Running
from memcli.storage import archive, predicates
from memcli.warm import hooks

ME = Scope("work", "me")


def nested(levels: int) -> Any:
    """Lists in lists."""
    return json.loads("[" * levels + "]" * levels)


LIMITS: dict[str, tuple[int, Callable[[int], object], str]] = {
    "text": (checks.TEXT_BYTES_MOST, lambda n: checks.text("x" * n), "the text is longer than 10 MB"),
    "letters": (checks.TEXT_BYTES_MOST // 2, lambda n: checks.text("é" * n), "the text is longer than 10 MB"),
    "line": (checks.LINE_LENGTH_MOST, lambda n: checks.line("é" * n, "the title"), "than 1000 characters"),
    "id": (checks.ID_LENGTH_MOST, lambda n: checks.own_id("x" * n), "the id is longer than 200 characters"),
    "space": (checks.NAME_LENGTH_MOST, lambda n: checks.space_name("x" * n), "name is longer than 100"),
    "tag": (checks.NAME_LENGTH_MOST, lambda n: checks.tags(["x" * n]), "a tag is longer than 100"),
    "tags": (
        checks.TAGS_MOST,
        lambda n: checks.tags([str(i) for i in range(n)]),
        "1,001 tags, more than 1,000",
    ),
    "metadata": (
        checks.METADATA_BYTES_MOST,
        lambda n: checks.metadata({"a": "x" * (n - len('{"a": ""}'))}),
        "metadata is larger than 100 kB",
    ),
    "depth of metadata": (
        checks.METADATA_DEPTH_MOST,
        lambda n: checks.metadata({"a": nested(n - 1)}),
        "nested more than 50 levels",
    ),
    "value": (
        checks.VALUE_BYTES_MOST,
        lambda n: jsontext.checked('"' + "x" * (n - 2) + '"'),
        "the value is larger than 10 MB",
    ),
    "depth of a value": (
        checks.VALUE_DEPTH_MOST,
        lambda n: jsontext.checked("[" * n + "]" * n),
        "nested more than 200 levels",
    ),
    "query": (checks.QUERY_LENGTH_MOST, lambda n: checks.query("x" * n), "longer than 1,000,000 characters"),
    "key": (checks.KEY_LENGTH_MOST, lambda n: values._key("x" * n), "the key is longer than 1000"),
    "key in a task": (
        checks.TASK_KEY_LENGTH_MOST,
        lambda n: tasks._key("x" * n),
        "the key is longer than 200",
    ),
    "type": (checks.TYPE_LENGTH_MOST, lambda n: graph.edge_type("x" * n), "the type is longer than 100"),
    "slug": (teams.SLUG_LENGTH_MOST, lambda n: teams._slug("x" * n), "can't be the slug of a team"),
    "condition": (where.MAX_LENGTH, lambda n: where.parse("a = 1" + " " * (n - 5)), "more than 10000"),
    "depth of a condition": (
        predicates.MAX_DEPTH,
        lambda n: where.parse("(" * n + "a = 1" + ")" * n),
        "nested more than 16 deep",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_just_so_much_is_taken_and_no_more(name: str) -> None:
    """One more is refused, in one sentence that says how much would have been fine."""
    most, take, says = LIMITS[name]
    take(most)
    with pytest.raises(UsageError) as refused:
        take(most + 1)
    assert says in refused.value.sentence
    assert "\n" not in refused.value.sentence


@pytest.mark.parametrize("name", ["user", "agent"])
def test_names_of_people_are_no_texts(name: str, engine: Engine) -> None:
    """A hundred characters are a name."""
    given: dict[str, Any] = {"space": "work", "user": "me", name: "x" * checks.NAME_LENGTH_MOST}
    remember.check(engine, Draft(text="x", scope=Scope(**given)))
    with pytest.raises(UsageError, match="name is longer than 100 characters"):
        remember.check(engine, Draft(text="x", scope=Scope(**{**given, name: given[name] + "x"})))


def test_a_memory_has_so_many_edges_and_no_more(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand or by an import, in either direction; those that it has can still be changed."""
    monkeypatch.setattr(checks, "EDGES_MOST", 2)
    ids = [str(remember.store(engine, f"fact {n}", scope=ME).id) for n in range(5)]
    graph.connect(engine, ids[0], ids[1], scope=ME)
    graph.connect(engine, ids[2], ids[0], scope=ME)
    with pytest.raises(UsageError, match=f"the memory {ids[0]} has 2 edges, and can't have more"):
        graph.connect(engine, ids[3], ids[0], scope=ME)
    assert graph.connect(engine, ids[0], ids[1], scope=ME, weight=0.5).action == "updated"
    wanted = [relations.Wanted(ids[3], ids[4], kind) for kind in ("a", "b", "c", "b")]
    answers = relations.connect(engine, wanted, scope=ME, change=Running("import"))
    assert [answer.action for answer in answers] == ["stored", "stored", "failed", "duplicate"]
    assert "has 2 edges" in answers[2].reason


def test_standard_input_is_read_so_far_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's memory is filled by a pipe without an end."""
    monkeypatch.setattr(checks, "INPUT_BYTES_MOST", 2_000_000)
    for more, fits in ((0, True), (1, False)):
        given = io.TextIOWrapper(io.BytesIO(b"x" * (2_000_000 + more)))
        monkeypatch.setattr(sys, "stdin", given)
        if fits:
            assert len(words.read("-")) == 2_000_000
        else:
            with pytest.raises(UsageError, match="standard input is longer than 2 MB"):
                words.read("-")


def shown(number: int, unit: int = 1, name: str = "") -> str:
    """*number* as the README has it."""
    return f"{number // unit:,}" + (f" {name}" if name else "")


def test_the_readme_has_the_limits() -> None:
    """A limit that changes there changes here."""
    section = (
        (Path(__file__).parents[2] / "README.md").read_text().split("\n## Limits\n")[1].split("\n## ")[0]
    )
    rows = [row for row in section.splitlines() if row.startswith("| ")]
    said = "\n".join(rows)
    million = 1_000_000
    for limit in (
        f"| A text | {shown(checks.TEXT_BYTES_MOST, million, 'MB')} |",
        f"{shown(checks.WORK_BYTES_MOST, million, 'MB')}; {shown(checks.TEXT_BYTES_MOST, million, 'MB')} |",
        f"| A title, a source, a description | {shown(checks.LINE_LENGTH_MOST)} characters |",
        f"| {shown(checks.ID_LENGTH_MOST)} characters |",
        f"| {shown(checks.NAME_LENGTH_MOST)} characters |",
        f"| The slug of a team | {shown(teams.SLUG_LENGTH_MOST)} characters |",
        f"| Tags of a memory | {shown(checks.TAGS_MOST)} |",
        f"| {shown(checks.METADATA_BYTES_MOST, 1000, 'kB')}, {checks.METADATA_DEPTH_MOST} levels |",
        f"| {shown(checks.VALUE_BYTES_MOST, million, 'MB')}, {checks.VALUE_DEPTH_MOST} levels |",
        f"{shown(checks.KEY_LENGTH_MOST)}; {shown(checks.TASK_KEY_LENGTH_MOST)} characters |",
        f"| {shown(checks.EDGES_MOST)} |",
        f"| {shown(checks.QUERY_LENGTH_MOST)} characters |",
        f"| {shown(where.MAX_LENGTH)} characters, {predicates.MAX_DEPTH} levels |",
        f"| {reading.LINE_MOST >> 20} MB; {reading.WHOLE_MOST >> 30} GB |",
        f"| {shown(checks.INPUT_BYTES_MOST, million, 'MB')} |",
        f"| {hooks.INPUT_MOST >> 20} MB; {shown(llm.ANSWER_MOST, million, 'MB')} |",
        f"| {shown(project.FILE_MOST, 1000, 'kB')} |",
        f"{archive.MANIFEST_MOST >> 20} MB |",
    ):
        assert limit in said, limit
    assert checks.TYPE_LENGTH_MOST == checks.NAME_LENGTH_MOST  # one row for both
    assert dialogues.BYTES_MOST == checks.INPUT_BYTES_MOST
