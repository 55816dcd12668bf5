"""`memcli graph`."""

import pytest

from tests.cli.conftest import STEERING, Furnish, MemCLI, Offered, is_one_sentence, json_lines

EVIL = "[red]x[/red] \u202egnidaer\u202c \"q\" 'q' \\N </script>"


@pytest.fixture
def three(memcli: MemCLI, furnish: Furnish) -> MemCLI:
    """abc1 is context for bcd2, which requires cde3."""
    texts = {
        "abc1": "Works at Stripe on payment systems",
        "bcd2": "Building a payment reconciliation service",
        "cde3": "Needs idempotency in payment retries",
    }

    def make() -> None:
        memcli("import", "-", stdin=json_lines(*({"id": i, "text": text} for i, text in texts.items())))
        memcli("graph", "connect", "abc", "bcd", "--type", "context_for", "--weight", "0.9")
        memcli("graph", "connect", "bcd", "cde", "--type", "requires", "--weight", "0.5")

    furnish("three", make)
    return memcli


def test_the_answers_have_the_keys_of_the_contract(three: MemCLI) -> None:
    """connect, edges, traverse, path, disconnect, export."""
    again = three("graph", "connect", "abc", "bcd", "--type", "context_for", "--weight", "0.8").json
    assert again == {
        "action": "updated",
        "from": "abc1",
        "to": "bcd2",
        "type": "context_for",
        "weight": 0.8,
        "weight_before": 0.9,
    }
    walk = three("graph", "traverse", "abc", "--depth", "3").json
    assert (walk["root"], walk["more"]) == ("abc1", False)
    assert [(n["id"], n["depth"], n["score"], n["via"]) for n in walk["nodes"]] == [
        ("abc1", 0, 1.0, None),
        ("bcd2", 1, 0.8, "abc1"),
        ("cde3", 2, 0.4, "bcd2"),
    ]
    assert [(e["from"], e["to"]) for e in walk["edges"]] == [("abc1", "bcd2"), ("bcd2", "cde3")]
    edges = three("graph", "edges", "bcd").json
    assert [(e["direction"], e["id"], e["type"], e["weight"]) for e in edges] == [
        ("out", "cde3", "requires", 0.5),
        ("in", "abc1", "context_for", 0.8),
    ]
    path = three("graph", "path", "abc", "cde").json
    assert (path["from"], path["to"], path["score"]) == ("abc1", "cde3", 0.4)
    whole = three("graph", "export").json
    assert ([n["id"] for n in whole["nodes"]], len(whole["edges"])) == (["abc1", "bcd2", "cde3"], 2)
    gone = three("graph", "disconnect", "abc", "bcd").json
    assert [(one["action"], one["type"]) for one in gone] == [("disconnected", "context_for")]
    assert three("graph", "edges", "abc").json == []
    assert three("undo").json[0]["command"] == "graph disconnect"
    assert len(three("graph", "edges", "abc").json) == 1


def test_the_tree_on_a_terminal(three: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each memory below the one that it was reached from, with type and weight on the branch."""
    monkeypatch.setenv("COLUMNS", "100")
    assert three("graph", "traverse", "abc", "-f", "table").out.splitlines() == [
        "Works at Stripe on payment systems  abc1",
        "└── context_for 0.90 → Building a payment reconciliation service  bcd2",
        "    └── requires 0.50 → Needs idempotency in payment retries  cde3",
    ]
    assert "↓ requires 0.50" in three("graph", "path", "abc", "cde", "-f", "table").out
    assert "← context_for 0.90" in three("graph", "edges", "bcd", "-f", "table").out
    assert three("graph", "edges", "bcd", "-f", "plain").out.startswith("out\tcde3\trequires\t0.5\tNeeds")


@pytest.mark.warm_sample(by=["code"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["connect", "abc", "zzzz"], 3),
        (["connect", "abc", "abc1"], 2),
        (["connect", "abc", "bcd", "--weight", "1.5"], 2),
        (["connect", "abc", "bcd", "--weight", "nan"], 2),
        (["connect", "abc", "bcd", "--type", ""], 2),
        (["connect", "abc", "bcd", "--type", "x" * 101], 2),
        (["connect", "abc", "\udcff"], 2),
        (["traverse", "zzzz"], 3),
        (["traverse", "abc", "--depth", "-1"], 2),
        (["traverse", "abc", "--depth", "99999999999999999999"], 2),
        (["traverse", "abc", "--limit", "0"], 2),
        (["traverse", "abc", "--direction", "up"], 2),
        (["traverse", "abc", "--min-weight", "2"], 2),
        (["path", "cde", "abc"], 3),
        (["disconnect", "cde", "abc"], 3),
        (["disconnect", "abc", "bcd", "--type", "no such"], 3),
        (["edges", ""], 2),
        (["export", "--as", "png"], 2),
        (["export", "--space", "../x"], 2),
    ],
    ids=lambda said: ascii(" ".join(said))[:40] if isinstance(said, list) else str(said),
)
def test_bad_input_is_one_sentence(three: MemCLI, command: list[str], code: int) -> None:
    """A documented exit code, nothing on standard output, nothing changed."""
    ran = three("graph", *command, code=code)
    assert is_one_sentence(ran.err), ran.err
    assert ran.out == ""
    assert len(three("graph", "export").json["edges"]) == 2


def test_a_limit_that_leaves_something_out_says_so(three: MemCLI) -> None:
    """On standard error, and in the answer."""
    ran = three("graph", "traverse", "abc", "--limit", "1")
    assert ran.json["more"] is True
    assert "--limit" in ran.err


def test_a_search_brings_along_what_hits_are_connected_with(three: MemCLI) -> None:
    """And says so in every format."""
    query = ["search", "Stripe systems", "--mode", "text", "--hops", "1"]
    hits = three(*query).json
    assert [hit["id"] for hit in hits][:1] == ["abc1"]
    brought = {hit["id"]: hit for hit in three(*query, "--explain").json if "brought_by" in hit}
    if "bcd2" in brought:
        assert brought["bcd2"]["brought_by"]["type"] == "context_for"
        assert brought["bcd2"]["signals"]["edge"]["factor"] == 0.45
        assert "brought by abc1: context_for" in three(*query, "-f", "table", "--explain").out.replace(
            "\n", " "
        )
    assert three("search", "x", "--hops", "1", "--include-replaced", code=2).out == ""
    three("search", "x", "--hops", "9", code=2)


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "plain"])
def test_nothing_that_steers_a_terminal_gets_through(memcli: MemCLI, form: str) -> None:
    """In texts and in types."""
    memcli(
        "import", "-", stdin=json_lines({"id": "a1", "text": EVIL}, {"id": "b2", "text": EVIL + "\x1b[31m"})
    )
    memcli("graph", "connect", "a1", "b2", "--type", EVIL)
    for command in (
        ["connect", "a1", "b2", "--type", EVIL],
        *(["edges", "a1"], ["traverse", "a1"], ["path", "a1", "b2"], ["export"]),
        *(["export", "--as", kind] for kind in ("dot", "mermaid", "html")),
    ):
        ran = memcli("graph", *command, "-f", form)
        assert not set(STEERING) & set(ran.out + ran.err)


def test_a_press_of_tab_offers_types_in_use(three: MemCLI, offered: Offered) -> None:
    """The one used last first; and ids."""
    line = "memcli graph connect abc1 bcd2 --type "
    assert offered(line)[1:] == ["requires", "context_for"]
    assert offered("memcli graph traverse bc")[1:] == ["bcd2"]
