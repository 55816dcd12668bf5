"""One search through a real store: which candidates are looked at, and what is made of them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from memcli.config import Config
from memcli.errors import EmbeddingError
from memcli.model import Draft, Hit, Mode, Scope
from memcli.services import recall, remember
from memcli.services.engine import Engine
from memcli.services.finding import ranking, searcher
from memcli.settings import DecaySettings
from memcli.storage.memories import Memories
from memcli.storage.seeking import Seeker
from tests.conftest import NOW

WORK = Scope("work", "me")
EVERYWHERE = Scope(None, "me")


def turn(name: str, position: int, text: str, **about: Any) -> Draft:
    """A turn of the conversation c."""
    return Draft(
        **{"scope": WORK, "conversation": "c", "id": name, "position": position, "text": text, **about}
    )


def fact(name: str, text: str, **about: Any) -> Draft:
    """A fact."""
    return Draft(**{"scope": WORK, "id": name, "text": text, **about})


def ids(hits: Sequence[Hit]) -> list[str]:
    """Their ids."""
    return [hit.id for hit in hits]


def search(engine: Engine, query: str, scope: Scope = WORK, **about: Any) -> list[str]:
    """The ids found for *query*."""
    return ids(recall.search(engine, query, scope=scope, **about))


def signals(engine: Engine, query: str, scope: Scope = WORK, **about: Any) -> dict[str, Any]:
    """What is said of each hit, by its id."""
    hits = recall.search(engine, query, scope=scope, explain=True, **about)
    return {hit.id: hit.signals for hit in hits}


@pytest.fixture
def crowd(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with thirty turns that are near to everything about aviaries; few are looked at."""
    monkeypatch.setattr(searcher, "FOUND", 1)
    filler = [turn(f"f{i}", 10 * i, f"aviary {i}", conversation="d") for i in range(30)]
    remember.store_all(engine, filler)
    return engine


def test_what_is_around_counts_though_it_was_not_found(crowd: Engine) -> None:
    """The turns beside the best are read: that they asked, and what they mean."""
    talk = [turn("t0", 0, "who comes?"), turn("t1", 1, "the zebrafinch"), turn("t2", 2, "hm")]
    remember.store_all(crowd, talk)
    told = signals(crowd, "zebrafinch aviary", limit=2)
    assert told["t1"]["question"]["value"] == 1
    assert "zebrafinch" in told["t1"]["coverage"]["terms"]


def test_what_has_the_words_but_was_not_near_is_compared(crowd: Engine) -> None:
    """Its cosine is known in the end."""
    remember.store_all(crowd, [fact("far", "zebrafinch in seventeen other words of no use")])
    [hit] = recall.search(crowd, "zebrafinch aviary", scope=WORK, limit=1)
    cosine = crowd.db.memories.vectors(["far"]) @ crowd.embedder.embed_queries(["zebrafinch aviary"])[0]
    assert hit.id == "far"
    assert hit.similarity == pytest.approx(float(cosine[0]), abs=1e-3)


def test_in_two_spaces_both_conversations_are_completed(crowd: Engine) -> None:
    """Though what is missing of one is known of the other."""
    for space, asked in (("work", "who brings a zebrafinch?"), ("home", "who is that?")):
        texts = (asked, "a zebrafinch")
        said = [turn(f"{space}{i}", i, text, scope=Scope(space, "me")) for i, text in enumerate(texts)]
        remember.store_all(crowd, said)
    told = signals(crowd, "zebrafinch aviary", EVERYWHERE, limit=3)
    assert {told[name]["question"]["value"] for name in ("work1", "home1")} == {1}


def test_conversations_of_one_name_in_two_spaces_are_not_mixed(engine: Engine) -> None:
    """Where all spaces are searched, each turn is found by what was said around it."""
    here = [turn("w0", 0, "who paints?"), turn("w1", 1, "somebody does")]
    there = [
        turn(f"h{i}", i, text, scope=Scope("home", "me"))
        for i, text in enumerate(("zebrafinch", "quagmire", "xylophone"))
    ]
    remember.store_all(engine, [*here, *there])
    told = signals(engine, "zebrafinch quagmire xylophone", EVERYWHERE)
    assert {told[f"h{i}"]["surroundings"]["value"] for i in range(3)} == {1.0}
    for name in ("w0", "w1"):
        assert told[name]["coverage"]["terms"] == []
        assert told[name]["surroundings"]["value"] == 0
    assert told["h1"]["question"]["value"] == 0
    assert told["w1"]["question"]["value"] == 1


def test_a_search_of_one_space_sees_nothing_of_another(engine: Engine) -> None:
    """Neither as a hit nor as what is around one."""
    remember.store_all(
        engine,
        [
            turn("w1", 1, "filler"),
            turn("h0", 0, "zebrafinch?", scope=Scope("home", "me")),
            turn("h2", 2, "zebrafinch", scope=Scope("home", "me")),
        ],
    )
    told = signals(engine, "zebrafinch")
    assert told.keys() == {"w1"}
    assert told["w1"]["surroundings"]["value"] == told["w1"]["question"]["value"] == 0


def test_in_mode_text_only_what_holds_a_word_is_found(engine: Engine) -> None:
    """And no vector is made."""
    remember.store_all(
        engine, [fact("a", "zebrafinch aviary"), fact("b", "something else"), turn("t", 0, "an aviary")]
    )
    engine.embedder.embed_queries = None  # type: ignore[method-assign,assignment]
    assert search(engine, "zebrafinch aviary", mode=Mode.TEXT) == ["a", "t"]
    assert search(engine, "nothing of this", mode=Mode.TEXT) == ["b"][:0]
    assert [hit.similarity for hit in recall.search(engine, "aviary", scope=WORK, mode=Mode.TEXT)] == [0, 0]


def test_in_mode_vector_no_word_is_looked_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is that of the cosines."""
    texts = ["zebrafinch aviary", "aviary of the town", "zebrafinch", "something else", "else"]
    remember.store_all(engine, [fact(f"f{i}", text) for i, text in enumerate(texts)])
    monkeypatch.setattr("memcli.storage.findable.Holding", None)
    hits = recall.search(engine, "zebrafinch aviary", scope=WORK, mode=Mode.VECTOR)
    assert [hit.similarity for hit in hits] == sorted((hit.similarity for hit in hits), reverse=True)
    assert ids(hits)[0] == "f0"
    assert set(signals(engine, "zebrafinch", mode=Mode.VECTOR)["f2"]) == {
        "cosine",
        "total",
        "decay",
        "importance",
    }


def test_an_identifier_is_found_however_old_its_memory(engine: Engine) -> None:
    """Before what is fresh and important and shares other words."""
    old = {"created_at": NOW - timedelta(days=5000), "importance": 0.0}
    rows = [fact(f"f{i}", f"error code number {i} of the log", importance=1.0) for i in range(20)]
    remember.store_all(engine, [*rows, fact("exact", "E1047 is a full disk", **old)])
    assert search(engine, "E1047", limit=1) == ["exact"]
    assert search(engine, "error E1047 in the log", limit=3).index("exact") < 3


def test_settings_of_fading_are_the_engine_s(engine: Engine, make_engine: Callable[..., Engine]) -> None:
    """A weight of 0 is no fading."""
    old = fact("old", "otters swim", created_at=NOW - timedelta(days=50))
    remember.store_all(engine, [old])
    query = "otters swim in many other words of no use"
    [faded] = recall.search(engine, query, scope=WORK)
    still = make_engine(Config(decay=DecaySettings(weight=0.0)))
    [same] = recall.search(still, query, scope=WORK)
    assert faded.score < faded.relevance == same.score == same.relevance
    assert faded.decay == same.decay < 0.01


@pytest.mark.parametrize("mode", Mode)
def test_the_weakest_hit_is_what_was_asked_for(engine: Engine, mode: Mode) -> None:
    """By its score; hits fall from one to the next, and there are no more than wanted."""
    remember.store_all(engine, [fact(f"f{i}", "otters " * (i % 3) + f"word{i} kelp") for i in range(30)])
    every = recall.search(engine, "otters kelp swim", scope=WORK, mode=mode, limit=30)
    scores = [hit.score for hit in every]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= hit.relevance <= 1 for hit in every)
    least = scores[12]
    some = recall.search(engine, "otters kelp swim", scope=WORK, mode=mode, limit=30, min_score=least - 1e-6)
    assert ids(some) == [hit.id for hit in every if hit.score >= least]
    assert search(engine, "otters kelp swim", mode=mode, limit=7) == ids(every)[:7]


def test_more_hits_than_usual_are_given_if_asked_for(engine: Engine) -> None:
    """More than are looked at by default."""
    remember.store_all(engine, [fact(f"f{i:04}", f"otters {i}") for i in range(1100)])
    for mode in Mode:
        assert len(set(search(engine, "otters", limit=1100, mode=mode))) == 1100, mode


def test_what_is_purged_meanwhile_is_no_hit(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others take no harm."""
    remember.store_all(engine, [fact("a", "otters swim"), fact("b", "otters play")])
    with_ids = Memories.with_ids
    monkeypatch.setattr(
        Memories,
        "with_ids",
        lambda self, wanted, where="": with_ids(self, [i for i in wanted if i != "a"], where),
    )
    assert search(engine, "otters") == ["b"]


def test_a_batch_gives_what_single_searches_give(engine: Engine) -> None:
    """In order, with none for an empty question; in every mode."""
    remember.store_all(engine, [fact("a", "otters swim"), turn("t", 3, "kelp forest"), fact("b", "urchins")])
    queries = ["otters", "", "kelp", "  ", "otters"]
    for mode in Mode:
        answers = list(recall.search_all(engine, queries, scope=WORK, mode=mode))
        single = [
            recall.search(engine, query, scope=WORK, mode=mode) if query.strip() else [] for query in queries
        ]
        assert answers == single


def test_the_person_asked_about_is_listened_to(engine: Engine) -> None:
    """Through the real store: with words alone both turns would be equal."""
    talk = [
        turn(f"t{i}", i, "I have a new hobby these days", speaker=who)
        for i, who in enumerate(("Ana", "Ben", "Ana", "Ben", "Ana", "Ben"))
    ]
    remember.store_all(engine, talk)
    for who in ("Ana", "Ben"):
        hits = recall.search(engine, f"What hobby does {who} have?", scope=WORK)
        assert [hit.speaker for hit in hits[:3]] == [who] * 3


def test_somebody_whom_nobody_knows_makes_all_less_likely(engine: Engine) -> None:
    """More so if the question is about her than if it mentions her."""
    remember.store_all(engine, [fact("a", "Ana left for Riga"), fact("b", "otters swim")])
    for query, value in (
        ("When did Zelda leave?", 1.0),
        ("Who left for Zagreb?", round(ranking.MENTIONED, 4)),
        ("When did Ana leave?", 0.0),
        ("when did zelda leave?", 0.0),
    ):
        assert {told["unknown_name"]["value"] for told in signals(engine, query).values()} == {value}, query


def test_a_time_that_is_named_counts(engine: Engine) -> None:
    """As of the engine's clock."""
    talk = [
        turn(f"t{i}", i * 10, "we had a long walk", created_at=NOW - timedelta(days=days))
        for i, days in enumerate((400, 1, 45, 9))
    ]
    remember.store_all(engine, talk)
    for query, name in (("yesterday", "t1"), ("in March", "t2"), ("a year ago", "t0"), ("last week", "t3")):
        assert search(engine, f"where did we walk {query}?", limit=1) == [name], query
        assert signals(engine, f"where did we walk {query}?")[name]["time"]["value"] > 0


def test_an_empty_space_is_searched_without_a_model(make_engine: Callable[..., Engine]) -> None:
    """As is a store that does not exist."""
    engine = make_engine(embedder=None)
    for mode in Mode:
        assert recall.search(engine, "otters", scope=WORK, mode=mode) == []


def test_a_search_that_fails_leaves_nothing_going_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """LanceDB that is asked something while the process ends may keep it from ending."""
    remember.store_all(engine, [fact("a", "the aviary opens at nine")])
    begin, held = Memories.begun, Seeker._held
    begun: list[Any] = []

    def noted(*arguments: Any, **named: Any) -> Any:
        begun.append(begin(*arguments, **named))
        return begun[-1]

    async def slowly(*arguments: Any) -> Any:
        await asyncio.sleep(0.2)
        return await held(*arguments)

    def fails(*_: Any) -> Any:
        raise EmbeddingError("the model is out to lunch")

    monkeypatch.setattr(Memories, "begun", noted)
    monkeypatch.setattr(Seeker, "_held", slowly)
    monkeypatch.setattr(Engine, "query_vectors", fails)
    with pytest.raises(EmbeddingError, match="lunch"):
        search(engine, "when does the aviary open")
    [one] = begun
    assert one.answers.done()
