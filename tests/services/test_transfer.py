"""In and out, as services: chunks, interruptions, and that a round trip loses nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from memcli.config import Config
from memcli.home import Home
from memcli.model import Action, Progress, Scope
from memcli.services import forgetting, memories, remember, transfer
from memcli.services.answers import as_json
from memcli.services.engine import Engine
from tests.conftest import NOW, Clock
from tests.fuzz import rounds
from tests.wordhash import WordHashEmbedder


def lines(*texts: str) -> list[bytes]:
    """One line for each of *texts*."""
    return [json.dumps({"text": text}).encode() for text in texts]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few lines are several chunks."""
    monkeypatch.setattr(transfer, "CHUNK", 3)


def test_answers_come_in_the_order_of_the_lines(engine: Engine, scope: Scope) -> None:
    """Across chunks, bad lines in their places, numbers counting blank ones."""
    given_ = [*lines("a", "b"), b"\n", b"{", *lines("c", "A"), b'{"text": ""}', *lines("d")]
    records = list(transfer.import_lines(engine, given_, scope=scope))
    assert [(record.line, record.stored.action.value) for record in records] == [
        (1, "stored"), (2, "stored"), (4, "failed"), (5, "stored"),
        (6, "duplicate"), (7, "failed"), (8, "stored"),
    ]  # fmt: skip
    assert records[4].stored.id == records[0].stored.id


def test_a_line_may_name_space_user_and_agent(engine: Engine, scope: Scope) -> None:
    """The answer says where it went."""
    line = json.dumps({"text": "x", "space": "home", "user": "you", "agent": "bot"}).encode()
    [record] = transfer.import_lines(engine, [line], scope=scope)
    assert record.stored.space == "home"
    memory = memories.find(engine, str(record.stored.id))
    assert (memory.space, memory.user, memory.agent) == ("home", "you", "bot")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5+02:00", datetime(2026, 1, 2, 1, 4, 5, 500000, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (-1.5, datetime(1969, 12, 31, 23, 59, 58, 500000, tzinfo=UTC)),
        (None, NOW),
    ],
)
def test_times_may_be_iso_or_seconds(engine: Engine, scope: Scope, written: Any, meant: datetime) -> None:
    """As other tools write them."""
    [record] = transfer.import_lines(
        engine, [json.dumps({"text": "x", "created_at": written}).encode()], scope=scope
    )
    assert memories.find(engine, str(record.stored.id)).created_at == meant


class Interrupted(WordHashEmbedder):
    """An embedder that is interrupted at its *at*-th call."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.calls_left = at

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """See `memcli.model.Embedder`."""
        self.calls_left -= 1
        if not self.calls_left:
            raise KeyboardInterrupt
        return super().embed_documents(texts, progress)


@pytest.mark.parametrize("at", [1, 2, 4])
def test_what_came_out_has_been_written(make_engine: Callable[..., Engine], scope: Scope, at: int) -> None:
    """And after an interruption, nothing else; a second run stores what is missing."""
    given_ = lines(*(f"t{i}" for i in range(10)))
    out: list[str] = []

    def run() -> None:
        for record in transfer.import_lines(make_engine(embedder=Interrupted(at)), given_, scope=scope):
            out.append(str(record.stored.id))  # noqa: PERF401  # as they come, up to the interruption

    with pytest.raises(KeyboardInterrupt):
        run()
    engine = make_engine()
    assert len(out) == 3 * (at - 1)
    assert {m.id for m in memories.newest(engine, scope=scope)} == set(out)
    again = [record.stored.action for record in transfer.import_lines(engine, given_, scope=scope)]
    assert again == [Action.DUPLICATE] * len(out) + [Action.STORED] * (10 - len(out))


def test_lines_are_read_as_they_are_needed(engine: Engine, scope: Scope) -> None:
    """An endless stream is stored as it comes."""

    def endless() -> Iterator[bytes]:
        number = 0
        while True:
            yield from lines(f"t{number}")
            number += 1

    records = transfer.import_lines(engine, endless(), scope=scope)
    assert [next(records).line for _ in range(4)] == [1, 2, 3, 4]
    assert memories.count(engine, scope=scope) == 6


def test_progress_hears_of_every_line_that_counts(engine: Engine, scope: Scope) -> None:
    """Blank ones do not."""
    heard: list[int] = []

    def progress(done: int) -> None:
        heard.append(done)

    list(
        transfer.import_lines(
            engine, [*lines("a", "b"), b"\n", b"{", *lines("c")], scope=scope, progress=progress
        )
    )
    assert heard == [3, 1]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40).filter(
    lambda text: text.strip() != ""
)
WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=20
)
KEYS = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
DOCUMENTS = st.fixed_dictionaries(
    {"text": TEXT},
    optional={
        "title": WORD,
        "space": st.sampled_from(["work", "home", "名前"]),
        "user": WORD,
        "agent": WORD,
        "importance": st.floats(0, 1),
        "tags": st.lists(WORD, max_size=3, unique=True),
        "metadata": st.dictionaries(KEYS, JSON, max_size=3),
        "source": WORD,
        "conversation": WORD,
        "position": st.integers(0, 2**53 - 1),
        "speaker": WORD,
        "created_at": TIMES,
        "updated_at": TIMES,
        "expires_at": TIMES,
        "forgotten_at": TIMES,
    },
)


@rounds.of(5)
@given(st.lists(DOCUMENTS, min_size=1, max_size=5))
def test_a_round_trip_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, documents: list[dict[str, Any]]
) -> None:
    """Every field of every memory, whatever is in it; a second one changes nothing."""
    one, other = (_engine(tmp_path_factory.mktemp("home")) for _ in range(2))
    for number, document in enumerate(documents):
        document |= {"id": f"own{number}"}
    scope = Scope("default", "me")
    given_ = [json.dumps(document).encode() for document in documents]
    answers = [record.stored for record in transfer.import_lines(one, given_, scope=scope)]
    assert [answer.reason for answer in answers if answer.action is Action.FAILED] == []
    everyone = Scope(None, None, None)
    before = [as_json(line) for line in transfer.export(one, scope=everyone)]
    assert len(before) == sum(answer.action is Action.STORED for answer in answers)
    for line in before:
        said = json.loads(line)
        document = next(d for d in documents if d["id"] == said["id"])
        for name in (
            "text",
            "metadata",
            "importance",
            "tags",
            "source",
            "speaker",
            "conversation",
            "position",
        ):
            wanted = document.get(
                name, {"metadata": {}, "importance": 0.5, "tags": [], "position": None}.get(name, "")
            )
            assert said.get(name, wanted) == wanted, name
    list(transfer.import_lines(other, [line.encode() for line in before], scope=scope))
    assert [as_json(line) for line in transfer.export(other, scope=everyone)] == before


def _engine(path: Path) -> Engine:
    counter = iter(range(1, 10**6))
    return Engine(
        Config(),
        Home(config_file=path / "config.toml", data=path),
        embedder=WordHashEmbedder(),
        now=Clock(),
        new_id=lambda: f"m{next(counter):09}",
    )


def test_an_export_is_oldest_first_and_leaves_out_what_is_not_wanted(
    engine: Engine, scope: Scope, clock: Clock
) -> None:
    """Turns of one moment in their order; forgotten and expired ones only if asked for."""
    turns = [
        {"text": f"t{i}", "conversation": "c", "position": i, "created_at": NOW.isoformat()}
        for i in (2, 0, 1)
    ]
    list(transfer.import_lines(engine, [json.dumps(turn).encode() for turn in turns], scope=scope))
    clock.advance(hours=1)
    gone = remember.store(engine, "gone", scope=scope)
    remember.store(engine, "over", scope=scope, expires_at=NOW + timedelta(hours=2))
    forgetting.forget(engine, [str(gone.id)])
    clock.advance(hours=2)
    assert [line["text"] for line in transfer.export(engine, scope=scope)] == [
        "t0",
        "t1",
        "t2",
        "gone",
        "over",
    ]
    assert [line["text"] for line in transfer.export(engine, scope=scope, forgotten=False)] == [
        "t0",
        "t1",
        "t2",
    ]
