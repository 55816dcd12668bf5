"""Another model: everything is embedded anew beside the old vectors, and then takes over."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from memcli import config
from memcli.errors import EmbeddingError
from memcli.model import Draft, EmbeddingModel, Mode, Progress, Scope
from memcli.services import forgetting, memories, models, recall, remember, spaces
from memcli.services.engine import Engine
from memcli.services.models import Changed
from tests.conftest import NOW, Clock
from tests.wordhash import WordHashEmbedder

WORDS = ["amber", "birch", "cedar", "dahlia", "elder", "fern", "ginkgo", "hazel", "iris", "juniper"]


class Meanwhile(WordHashEmbedder):
    """An embedder during whose work something happens: once, before text number *after* is done."""

    def __init__(self, happens: Callable[[], object], after: int, window: int = 200) -> None:
        super().__init__("other", 16, window)
        self.happens, self.after = happens, after

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """See `memcli.model.Embedder`."""
        if len(self.embedded) + len(texts) > self.after:
            happens, self.happens = self.happens, lambda: None
            self.after = 10**9
            happens()
        return super().embed_documents(texts, progress)


def interrupt() -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few memories are several chunks."""
    monkeypatch.setattr(models, "CHUNK", 3)


@pytest.fixture
def switch(make_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Changed]:
    """Uses the model of an embedder."""

    def use(embedder: WordHashEmbedder) -> Changed:
        monkeypatch.setattr(Engine, "load_model", lambda self, name=None: embedder)
        return models.use(make_engine(embedder=None), embedder.model.name)

    return use


@pytest.fixture
def stored(engine: Engine, scope: Scope) -> Engine:
    """An engine with ten memories, w0 to w9."""
    remember.store_all(
        engine, [Draft(text=f"{word} tree", scope=scope, id=f"w{i}") for i, word in enumerate(WORDS)]
    )
    return engine


def check(engine: Engine, scope: Scope, texts: dict[str, str]) -> None:
    """The store has exactly *texts* by id alive in *scope*, and each is found by its own words."""
    assert {m.id: m.text for m in memories.newest(engine, scope=scope)} == texts
    for name, text in texts.items():
        for mode in Mode:
            hits = recall.search(engine, text, scope=scope, mode=mode, limit=1)
            assert [hit.id for hit in hits] == [name], (mode, text)
        assert recall.search(engine, text, scope=scope, mode=Mode.VECTOR)[0].similarity == pytest.approx(
            1, abs=1e-5
        )


ALL = {f"w{i}": f"{word} tree" for i, word in enumerate(WORDS)}


def test_everything_is_embedded_by_the_new_model(
    stored: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Forgotten memories too; the setting is written; the old vectors are gone from disk."""
    forgetting.forget(stored, ["w0"])
    before = {i: memories.find(stored, i) for i in ALL}
    other = WordHashEmbedder("other", 16)
    with pytest.raises(
        EmbeddingError, match=r"made by word-hash, but the configured model is other"
    ) as caught:
        recall.search(make_engine(embedder=other), "amber", scope=scope)
    assert caught.value.exit_code == 7
    assert switch(other) == Changed(model=EmbeddingModel(name="other", dimension=16), embedded=10)
    assert sorted(other.embedded) == sorted(ALL.values())
    engine = make_engine(embedder=other)
    check(engine, scope, {i: text for i, text in ALL.items() if i != "w0"})
    assert {i: memories.find(engine, i) for i in ALL} == before
    forgetting.restore(engine, ["w0"])
    check(engine, scope, ALL)
    assert config.load(engine.home.config_file, {}).config.model.name == "other"
    assert not list(engine.home.store.glob("*_1.lance"))
    with pytest.raises(EmbeddingError):
        recall.search(make_engine(), "amber", scope=scope)


def test_a_change_back_is_a_change(
    stored: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """And the same model again is none."""
    assert switch(WordHashEmbedder("other", 16)).embedded == 10
    assert switch(WordHashEmbedder("other", 16)).embedded == 0
    assert switch(WordHashEmbedder()).embedded == 10
    check(make_engine(), scope, ALL)


def test_without_a_store_the_setting_is_all_there_is(
    engine: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """The first store is made with it."""
    other = WordHashEmbedder("other", 16)
    assert switch(other).embedded == 0
    assert not engine.home.store.exists()
    assert config.load(engine.home.config_file, {}).config.model.name == "other"


def test_an_interrupted_change_goes_on_where_it_stopped(
    stored: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Until then the old model answers, and stores."""
    with pytest.raises(KeyboardInterrupt):
        switch(Meanwhile(interrupt, after=7))
    check(make_engine(), scope, ALL)
    assert config.load(stored.home.config_file, {}).config.model.name != "other"
    other = WordHashEmbedder("other", 16)
    assert switch(other).embedded == 4
    assert len(other.embedded) == 4
    check(make_engine(embedder=other), scope, ALL)


def test_an_interrupted_change_to_another_model_is_dropped(
    stored: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Its vectors are not mixed with those of a third one."""
    with pytest.raises(KeyboardInterrupt):
        switch(Meanwhile(interrupt, after=7))
    third = WordHashEmbedder("third", 16)
    assert switch(third).embedded == 10
    check(make_engine(embedder=third), scope, ALL)
    assert len(list(stored.home.store.glob("memories_*.lance"))) == 1


def test_a_change_that_is_given_up_leaves_nothing(
    stored: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Back to the model in use: what was begun is dropped."""
    with pytest.raises(KeyboardInterrupt):
        switch(Meanwhile(interrupt, after=7))
    assert switch(WordHashEmbedder()).embedded == 0
    check(make_engine(), scope, ALL)
    assert len(list(stored.home.store.glob("memories_*.lance"))) == 1


@pytest.mark.parametrize("after", [0, 4, 9])
@pytest.mark.parametrize("stops", [False, True], ids=["goes on", "is interrupted"])
def test_what_happens_meanwhile_is_right_at_the_end(
    stored: Engine,
    scope: Scope,
    clock: Clock,
    make_engine: Callable[..., Engine],
    switch: Callable[..., Changed],
    after: int,
    stops: bool,
) -> None:
    """Stored, changed, forgotten, restored and purged by another process, early and late in the work."""
    forgetting.forget(stored, ["w8", "w9"])
    clock.advance(minutes=1)

    def act() -> None:
        another = make_engine()
        clock.advance(minutes=1)
        remember.store_all(another, [Draft(text="larch tree", scope=scope, id="new")])
        memories.update(another, "w1", text="maple tree")
        memories.update(another, "w2", importance=0.9, tags=("t",))
        forgetting.forget(another, ["w3", "w4"])
        forgetting.restore(another, ["w8"])
        forgetting.purge(another, forgetting.purgeable(another, ["w4", "w9"], scope=scope))
        if stops:
            raise KeyboardInterrupt

    other = Meanwhile(act, after=after)
    if stops:
        with pytest.raises(KeyboardInterrupt):
            switch(other)
        other = Meanwhile(lambda: None, after=10**9)
    switch(other)
    gone = {"w3", "w4", "w9"}
    expected = {i: text for i, text in ALL.items() if i not in gone} | {
        "new": "larch tree",
        "w1": "maple tree",
    }
    engine = make_engine(embedder=other)
    check(engine, scope, expected)
    changed = memories.find(engine, "w2")
    assert (changed.importance, changed.tags) == (0.9, ("t",))
    assert memories.find(engine, "w3").forgotten_at == NOW + timedelta(minutes=2)
    assert engine.db.memories.table.count() == len(expected) + 1


def test_uses_counted_meanwhile_are_kept(
    stored: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Between two tries as well: they change nothing that would have a memory embedded anew."""

    def fold(names: Sequence[str]) -> None:
        another = make_engine()
        another.db.uses.note(names, NOW)
        with another.db.writing() as db:
            db.fold_uses()

    fold(["w0"])
    with pytest.raises(KeyboardInterrupt):
        switch(Meanwhile(interrupt, after=9))
    fold(["w0", "w1", "w1"])
    other = Meanwhile(lambda: fold(["w2"]), after=0)
    assert switch(other).embedded == 1
    there = {memory.id: memory for memory in memories.newest(make_engine(embedder=other), scope=scope)}
    assert [there[f"w{i}"].uses for i in range(4)] == [2, 2, 1, 0]
    assert [there[f"w{i}"].used_at for i in range(4)] == [NOW, NOW, NOW, None]
    check(make_engine(embedder=other), scope, ALL)


def test_a_space_renamed_meanwhile_has_its_new_name(
    stored: Engine, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Of memories that were embedded before, too."""
    other = Meanwhile(lambda: spaces.rename(make_engine(), "work", "job", user="me"), after=7)
    switch(other)
    check(make_engine(embedder=other), Scope("job", "me"), ALL)


def test_long_texts_keep_their_passages(
    engine: Engine, scope: Scope, make_engine: Callable[..., Engine], switch: Callable[..., Changed]
) -> None:
    """Cut anew by the new model, those of changed and purged texts gone."""
    filler = "filler words here " * 40
    for i, word in enumerate(("zebrafinch", "quokka", "axolotl")):
        remember.store_all(engine, [Draft(text=f"{filler} {word} end", scope=scope, id=f"long{i}")])

    def act() -> None:
        another = make_engine()
        memories.update(another, "long1", text=f"{filler} {filler} pangolin end")
        forgetting.forget(another, ["long2"])
        forgetting.purge(another, forgetting.purgeable(another, scope=scope))

    other = Meanwhile(act, after=15, window=100)
    switch(other)
    now = make_engine(embedder=other)
    hits = recall.search(now, "zebrafinch", scope=scope, mode=Mode.VECTOR)
    assert hits[0].id == "long0"
    assert recall.search(now, "filler here pangolin end", scope=scope, mode=Mode.VECTOR)[0].id == "long1"
    texts = {i: memories.find(now, i).text for i in ("long0", "long1")}
    rows = now.db.passages.table.rows().to_pylist()
    wanted = [(i, start, end) for i, text in texts.items() for start, end in other.passages(text)[1:]]
    assert sorted((row["memory"], row["start"], row["end"]) for row in rows) == sorted(wanted)


def _holds(directory: Path, secret: bytes) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and secret in path.read_bytes()]


@pytest.mark.parametrize("finished", [False, True])
def test_what_is_purged_meanwhile_leaves_the_disk(
    engine: Engine,
    scope: Scope,
    make_engine: Callable[..., Engine],
    switch: Callable[..., Changed],
    finished: bool,
) -> None:
    """Also what an interrupted change had already copied: a purge is a promise."""
    texts = ["xylophone quagmire", *ALL.values()]
    remember.store_all(engine, [Draft(text=text, scope=scope, id=f"w{i}") for i, text in enumerate(texts)])

    def act() -> None:
        assert [path for path in _holds(engine.home.store, b"xylophon") if "memories_2" in str(path)]
        another = make_engine()
        forgetting.forget(another, ["w0"])
        forgetting.purge(another, forgetting.purgeable(another, scope=scope))

    if finished:
        switch(Meanwhile(act, after=6))
    else:
        with pytest.raises(KeyboardInterrupt):
            switch(Meanwhile(interrupt, after=6))
        act()
    assert _holds(engine.home.store, b"xylophon") == []


def test_progress_comes_to_its_end(
    stored: Engine, make_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is announced is what is reported."""
    from memcli.services.engine import NoProgress

    said: list[tuple[str, int]] = []

    class Bar(NoProgress):
        def __enter__(self) -> Progress:
            return lambda done: said.append(("done", done))

    def progress(label: str, total: int) -> Bar:
        said.append((label, total))
        return Bar()

    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: WordHashEmbedder("other", 16))
    models.use(make_engine(embedder=None, progress=progress), "other")
    assert said[0] == ("Embedding", 10)
    assert sum(done for _, done in said[1:]) == 10
