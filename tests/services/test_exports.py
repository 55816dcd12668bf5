"""What is remembered, as Markdown and as messages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.config import Config
from memcli.errors import NotFoundError
from memcli.home import Home
from memcli.model import EVERYWHERE, Scope
from memcli.services import exports, forgetting, memories, remember, transfer
from memcli.services.engine import Engine
from tests.conftest import Clock
from tests.fuzz import rounds
from tests.services.importers.made import FILES, source
from tests.wordhash import WordHashEmbedder


@pytest.fixture
def filled(engine: Engine, scope: Scope) -> Engine:
    """Two facts in two spaces, one that is forgotten, and two conversations."""
    remember.store(engine, "Likes tea:\n- green\n\n# not a heading", scope=scope)
    remember.store(engine, "- odd", scope=Scope("home", scope.user))
    gone = remember.store(engine, "gone", scope=scope)
    forgetting.forget(engine, [str(gone.id)])
    for name in ("messages", "codex"):
        list(transfer.import_files(engine, [source(FILES[name])], scope=scope))
    return engine


def test_a_document_has_facts_by_space_and_conversations(filled: Engine) -> None:
    """As people read it; what was forgotten only if asked for."""
    text = "\n".join(exports.markdown(filled, scope=EVERYWHERE))
    assert "## Space work\n\n- Likes tea:\n  - green\n\n  # not a heading\n" in text
    assert "## Space home\n\n- - odd\n" in text
    assert "**assistant** (" in text
    assert "\n> It is 4." in text
    assert "gone" not in text
    assert "\n- gone\n" in "\n".join(exports.markdown(filled, scope=EVERYWHERE, forgotten=True)) + "\n"


def test_a_document_that_is_imported_again_is_nothing_new(filled: Engine, scope: Scope) -> None:
    """Where it comes from; elsewhere it brings the facts."""
    document = "\n".join(exports.markdown(filled, scope=scope)).encode()
    answers = [
        record.stored.action.value
        for record in transfer.import_files(filled, [source(document)], scope=scope)
    ]
    assert answers == ["duplicate"]


FACT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Cn", "Co"]), min_size=1
)
LINES = st.lists(
    FACT | st.sampled_from(["- a", "  - b", "# c", "```", "> d", "1. e", "", "<!--", "---", "a:"]), min_size=1
)


@rounds.of(8)
@given(st.lists(LINES.map("\n".join).filter(str.strip), min_size=1, max_size=4))
def test_every_fact_comes_back(
    tmp_path_factory: pytest.TempPathFactory, scope: Scope, facts: list[str]
) -> None:
    """Whatever is in it, up to white space."""
    home = tmp_path_factory.mktemp("home")
    one = Engine(Config(), Home(config_file=home / "c", data=home), embedder=WordHashEmbedder(), now=Clock())
    lines = [json.dumps({"text": text}) for text in facts]
    list(transfer.import_lines(one, lines, scope=scope, conflicts=False))
    document = "\n".join(exports.markdown(one, scope=scope)).encode()
    again = list(transfer.import_files(one, [source(document)], scope=scope))
    assert {record.stored.action.value for record in again} == {"duplicate"}
    assert len(again) == memories.count(one, scope=scope)


def test_a_conversation_is_its_messages(filled: Engine, scope: Scope) -> None:
    """In order; one that does not exist is an error."""
    found = exports.dialogues(filled, scope=scope)
    assert sorted(len(one.messages) for one in found) == [2, 3]
    [one] = exports.dialogues(filled, scope=scope, conversation="rollout-1")
    assert one.messages == (
        {"role": "user", "content": "What is 2+2?"},
        {"role": "assistant", "content": "It is 4."},
    )
    for ask in (exports.dialogues, exports.markdown):
        with pytest.raises(NotFoundError):
            list(ask(filled, scope=scope, conversation="absent"))


def test_messages_go_out_and_in(filled: Engine, scope: Scope) -> None:
    """What is exported is imported as the same conversations."""
    lines = b"".join(
        json.dumps({"conversation": one.conversation, "messages": one.messages}).encode() + b"\n"
        for one in exports.dialogues(filled, scope=scope)
    )
    elsewhere = Scope("elsewhere", scope.user)
    list(transfer.import_files(filled, [source(lines)], scope=elsewhere))
    there, here = (exports.dialogues(filled, scope=one) for one in (elsewhere, scope))
    assert sorted(there, key=str) == sorted(here, key=str)
