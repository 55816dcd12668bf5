"""`memcli model`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memcli.embedding.catalog import BUNDLED
from memcli.services.engine import Engine
from tests import crossencoder
from tests.cli.conftest import MemCLI, is_one_sentence
from tests.conftest import Ran
from tests.wordhash import WordHashEmbedder


@pytest.mark.here_only  # in a process of its own either way
def test_the_bundled_model_is_shown_and_listed_first(memcli: MemCLI) -> None:
    """By name, with what it is."""
    shown = memcli("model", "show").json
    assert (shown["name"], shown["dimension"], shown["state"]) == (BUNDLED, 384, "bundled")
    assert memcli("model", "show", BUNDLED).json == shown
    assert memcli("model", "list").json[0] == shown
    assert memcli("model", "list", "-f", "plain").out.startswith(f"{BUNDLED}\tbundled\tembedding\n")


@pytest.mark.here_only  # in a process of its own either way
def test_rerankers_are_listed_last_and_marked(memcli: MemCLI) -> None:
    """In JSON, in lines and on the terminal; each is shown by its name."""
    listed = memcli("model", "list").json
    kinds = [model["kind"] for model in listed]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"embedding", "reranker"}
    name = "Xenova/ms-marco-MiniLM-L-6-v2"
    shown = memcli("model", "show", name.lower()).json
    assert shown in listed
    assert (shown["name"], shown["kind"], shown["dimension"], shown["state"]) == (
        name,
        "reranker",
        None,
        "can be pulled",
    )
    assert f"{name}\tcan be pulled\treranker\n" in memcli("model", "list", "-f", "plain").out
    assert "reranker" in memcli("model", "show", name, "-f", "table").out
    assert "reranker" not in memcli("model", "show", BUNDLED, "-f", "table").out


@pytest.mark.here_only  # in a process of its own either way
def test_what_is_pulled_is_followed_by_how_to_use_it(memcli: MemCLI) -> None:
    """On standard error; the bundled model needs no hub to be pulled."""
    ran = memcli("model", "pull", BUNDLED)
    assert (ran.json["state"], ran.err) == ("bundled", f"to use it: memcli model use {BUNDLED}\n")


def test_a_reranker_is_used_by_its_setting(real: Callable[..., Ran], tmp_path: Path) -> None:
    """`model use` says so; exit code 2, at once."""
    folder = crossencoder.make(tmp_path / "model", "cat dog")
    for name in ("Xenova/ms-marco-MiniLM-L-6-v2", str(folder)):
        ran = real("model", "use", name)
        assert (ran.code, ran.out) == (2, "")
        assert is_one_sentence(ran.err), ran.err
        assert f"memcli config set rerank.model {name}" in ran.err
    assert real("model", "show", str(folder)).json["kind"] == "reranker"
    assert real("config", "set", "rerank.model", str(folder)).code == 0
    assert real("config", "get", "rerank.model", env={"MEMCLI_RERANK": "other"}).out == "other\n"


@pytest.mark.here_only  # in a process of its own either way
def test_a_model_that_does_not_exist_is_not_found(memcli: MemCLI) -> None:
    """Exit code 3, and the nearest name is offered."""
    ran = memcli("model", "show", "BAAI/bge-small-en-v15", code=3)
    assert is_one_sentence(ran.err)
    assert "BAAI/bge-small-en-v1.5" in ran.err


def test_a_model_that_is_not_here_is_not_used(real: Callable[..., Ran]) -> None:
    """Exit code 7 with what to do, at once; the setting stays."""
    ran = real("model", "use", "BAAI/bge-small-en-v1.5")
    assert (ran.code, ran.out) == (7, "")
    assert is_one_sentence(ran.err), ran.err
    assert "memcli model pull" in ran.err
    assert real("config", "get", "model.name").out == f"{BUNDLED}\n"


@pytest.mark.here_only  # a model of the test's own
def test_using_another_model_embeds_everything_and_writes_the_setting(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And then searches go by it."""
    memcli("store", "-", "--lines", stdin="one word\nother words\n")
    other = WordHashEmbedder("other", 16)
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: other)
    memcli("search", "word", code=7)
    answer = memcli("model", "use", "other").json
    assert (answer["model"]["name"], answer["model"]["dimension"], answer["embedded"]) == ("other", 16, 2)
    assert memcli("config", "get", "model.name").out == "other\n"
    assert memcli("search", "one word", "-n", "1").json[0]["text"] == "one word"
    assert memcli("model", "use", "other", "-f", "plain").out
    assert memcli("model", "use", "other", "--json").json["embedded"] == 0
