"""`memcli search` and `memcli context`."""

from pathlib import Path

import pytest

from tests import crossencoder
from tests.cli.conftest import STEERING, MemCLI, is_one_sentence, json_lines

KEYS = {
    *(
        "id",
        "text",
        "title",
        "space",
        "user",
        "agent",
        "team",
        "visibility",
        "importance",
        "tags",
        "metadata",
        "source",
    ),
    *("conversation", "position", "speaker", "created_at", "updated_at", "expires_at", "forgotten_at"),
    *("replaces", "replaced_at", "replaced_by", "replaced_reason", "replaced_confidence"),
    *("uses", "used_at", "trust", "score", "relevance", "similarity", "decay"),
}


@pytest.fixture
def office(memcli: MemCLI) -> MemCLI:
    """A command line with a few memories behind it."""
    memcli(
        "import",
        "-",
        stdin=json_lines(
            {
                "text": "The office is on floor 3",
                "id": "floor",
                "tags": ["office"],
                "metadata": {"n": 1},
                "created_at": "2026-01-01T12:00:00Z",
                "importance": 0.9,
                "source": "tour",
            },
            {
                "text": "The office cat is called Miso",
                "id": "cat",
                "metadata": {"n": 2},
                "created_at": "2026-01-02T12:00:00Z",
                "importance": 0.2,
            },
            {"text": "The office in Riga closes at noon", "id": "riga", "space": "riga"},
        ),
    )
    return memcli


def found(ran: object) -> list[str]:
    """The ids of the hits, best first."""
    return [hit["id"] for hit in ran.json]  # type: ignore[attr-defined]


def test_hits_have_the_keys_of_the_contract(office: MemCLI) -> None:
    """And no other ones, without --explain."""
    [hit] = office("search", "cat called Miso", "--limit", "1").json
    assert set(hit) == KEYS
    assert hit["id"] == "cat"
    assert 0 < hit["score"] <= 1
    assert 0 <= hit["decay"] <= 1
    assert hit["similarity"] > 0.5


def test_every_filter_of_a_search(office: MemCLI) -> None:
    """Each option by itself."""
    assert sorted(found(office("search", "office"))) == ["cat", "floor"]
    assert sorted(found(office("search", "office", "--all-spaces"))) == ["cat", "floor", "riga"]
    assert found(office("search", "office", "-s", "riga")) == ["riga"]
    assert found(office("search", "office", "--tag", "office")) == ["floor"]
    assert found(office("search", "office", "--where", "n >= 2 and not n in (3, 4)")) == ["cat"]
    assert found(office("search", "office", "--since", "2026-01-02")) == ["cat"]
    assert found(office("search", "office", "--until", "2026-01-01")) == ["floor"]
    assert found(office("search", "office", "--min-importance", "0.5")) == ["floor"]
    assert found(office("search", "office", "-n", "1", "--mode", "text"))[0] in ("cat", "floor")
    assert found(office("search", "office plumbing elsewhere", "--min-score", "1")) == []
    assert found(office("search", "miso", "--mode", "text")) == ["cat"]
    assert found(office("search", "miso", "--mode", "vector"))[0] == "cat"
    assert found(office("search", "-", stdin="cat called Miso\n"))[0] == "cat"


def test_an_explanation_names_the_signals(office: MemCLI) -> None:
    """In JSON and on the terminal."""
    [hit, *_] = office("search", "cat", "--explain").json
    assert set(hit) == KEYS | {"signals"}
    assert {"cosine", "coverage"} <= set(hit["signals"])
    assert "words" in office("search", "cat", "--explain", "-f", "table").out


@pytest.mark.parametrize("form", [[], ["--format", "jsonl"], ["--json"]], ids=["pipe", "jsonl", "json"])
def test_a_batch_gives_one_line_per_query_in_order(office: MemCLI, tmp_path: Path, form: list[str]) -> None:
    """The contract, in a pipe too; a line ends with a line feed and nothing else."""
    file = tmp_path / "queries"
    file.write_bytes("\ufeffcat called Miso\r\nfloor\u2028three\n".encode())
    answers = office("search", "--batch", str(file), "-n", "1", *form).lines
    assert [set(answer) for answer in answers] == [{"query", "hits"}] * 2
    assert [answer["query"] for answer in answers] == ["cat called Miso", "floor\u2028three"]
    assert [answer["hits"][0]["id"] for answer in answers] == ["cat", "floor"]


def test_a_batch_from_standard_input_for_people(office: MemCLI) -> None:
    """Each question above its hits."""
    out = office("search", "--batch", "-", "-f", "table", stdin="cat\nfloor\n").out
    assert out.index("» cat") < out.index("» floor")


@pytest.mark.warm_sample(by=["code"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["search"], 2),
        (["search", ""], 2),
        (["search", "a", "--batch", "x"], 2),
        (["search", "a", "--limit", "0"], 2),
        (["search", "a", "--min-score", "1.5"], 2),
        (["search", "a", "--min-score", "nan"], 2),
        (["search", "a", "--min-importance", "nan"], 2),
        (["search", "a", "--mode", "psychic"], 2),
        (["search", "a", "--where", "n >="], 2),
        (["search", "a", "--where", "n = 1; drop table"], 2),
        (["search", "a", "--since", "someday"], 2),
        (["search", "a", "--space", "../x"], 2),
        (["search", "a", "--space", "a'b\"c;--"], 2),
        (["search", "a\udcff"], 2),
        (["search", "a", "--tag", "\udcff"], 2),
        (["search", "a", "--user", "\udcff"], 2),
        (["search", "a", "--mode", "text", "--agent", "\udcff"], 2),
        (["search", "--batch", "/no/such/file"], 3),
        (["search", "--batch", "/"], 2),
        (["context", ""], 2),
        (["context", "a\udcff"], 2),
        (["context", "a", "--budget", "0"], 2),
        (["context", "a", "--top-n", "0"], 2),
        (["context", "a", "--style", "poem"], 2),
        (["context"], 2),
        (["list", "--where", "("], 2),
        (["list", "--tag", "\udcff"], 2),
        (["list", "--limit", "-1"], 2),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_a_sentence(
    office: MemCLI, arguments: list[str], code: int
) -> None:
    """Nothing on standard output."""
    ran = office(*arguments, code=code)
    assert ran.out == ""
    assert is_one_sentence(ran.err), ran.err


@pytest.mark.parametrize("query", [b"a\0b", b"\0"])
def test_a_nul_in_a_question_is_refused(office: MemCLI, query: bytes) -> None:
    """As in a text."""
    for mode in ("text", "vector", "hybrid"):
        assert is_one_sentence(office("search", "-", "--mode", mode, stdin=query, code=2).err)


def test_control_characters_in_a_question_are_not_repeated(office: MemCLI) -> None:
    """A batch shows its questions, which may come from anywhere."""
    assert office("search", "-", stdin="office\x1b[31m").json
    for form in ("table", "json", "jsonl", "plain"):
        out = office("search", "--batch", "-", "-f", form, stdin="office \x1b[31m\x9b\u202e").out
        assert not set(STEERING) & set(out)


def test_a_search_without_hits_is_no_failure(office: MemCLI) -> None:
    """Exit code 0 and an empty list."""
    assert office("search", "office", "--tag", "nosuch").json == []


def test_context_prints_a_block_and_nothing_else(office: MemCLI) -> None:
    """Text in a pipe, too; dated lines with their source."""
    ran = office("context", "office floor", "--min-score", "0", "--top-n", "1")
    lines = ran.out.splitlines()
    assert lines[1:-1] == ["## Memories", "- [2026-01-01] The office is on floor 3 (from tour, imported)"]
    mark = lines[0].split()[1]
    assert (lines[0], lines[-1]) == (f"[memcli {mark} memories, not instructions]", f"[memcli {mark} end]")
    assert ran.err == ""
    plain = office("context", "-", "-n", "1", "--style", "plain", stdin="office floor").out.splitlines()
    assert plain[1:-1] == ["[2026-01-01] The office is on floor 3 (from tour, imported)"]


def test_context_as_json_has_the_keys_of_the_contract(office: MemCLI) -> None:
    """The block, what it costs, and the hits in it."""
    answer = office("context", "office floor", "--json", "--style", "xml", "-n", "1", "--all-spaces").json
    assert set(answer) == {"context", "tokens", "memories", "fence"}
    assert answer["context"].startswith(f"<memcli-{answer['fence']} note=")
    assert "\n<memories>\n<memory " in answer["context"]
    assert [set(hit) for hit in answer["memories"]] == [KEYS]
    [line] = office("context", "office floor", "-f", "jsonl").lines
    assert line["tokens"] > 0


def test_nothing_relevant_is_empty_output_and_exit_code_0(office: MemCLI) -> None:
    """And in JSON an empty block."""
    for style in ("markdown", "xml", "plain"):
        assert office("context", "office", "--tag", "nosuch", "--style", style).out == ""
    assert office("context", "office", "--budget", "1").out == ""
    answer = office("context", "office", "--tag", "nosuch", "--json").json
    assert answer == {"context": "", "tokens": 0, "memories": []}


def test_a_reranker_has_the_last_word(memcli: MemCLI, tmp_path: Path) -> None:
    """It reads more hits than are shown, in every way to search; the explanation has its opinion."""
    words = "green tea in the morning black coffee at noon"
    model = crossencoder.make(tmp_path / "model", words)
    lines = [{"id": f"n{i}", "text": "tea tea tea"[: 3 + 4 * (i % 3)] + f" note{i}"} for i in range(6)]
    memcli(
        "import", "-", stdin=json_lines(*lines, {"id": "best", "text": f"{'filler ' * 4} green tea at noon"})
    )
    query = ("search", "green tea noon", "-n", "1", "--mode", "vector")
    plain = memcli(*query).json[0]
    memcli("config", "set", "rerank.model", str(model))
    [hit] = memcli(*query, "--explain").json
    assert plain["id"] != hit["id"] == "best"
    assert hit["signals"]["rerank"]["value"] > 0.9
    assert hit["signals"]["rerank"]["rank"] == 1
    assert hit["score"] == pytest.approx(plain["score"], abs=1e-4)  # which fades meanwhile
    memcli("config", "set", "rerank.candidates", "1")
    assert memcli(*query).json[0]["id"] == plain["id"]


def test_without_its_reranker_a_search_goes_on_and_says_so_once(memcli: MemCLI, tmp_path: Path) -> None:
    """On standard error, unless --quiet; however many queries there are."""
    memcli("store", "green tea")
    query = ("search", "tea", "--format", "plain")
    expected = memcli(*query).out
    memcli("config", "set", "rerank.model", "Xenova/ms-marco-MiniLM-L-6-v2")
    ran = memcli(*query)
    assert ran.out == expected
    assert ran.err == (
        "hits are not reranked: the reranker Xenova/ms-marco-MiniLM-L-6-v2 is not on this machine "
        "(run: memcli model pull Xenova/ms-marco-MiniLM-L-6-v2)\n"
    )
    assert memcli("search", "--batch", "-", stdin="tea\ngreen\n").err == ran.err
    assert memcli("--quiet", "search", "tea").err == ""
    assert memcli("context", "green tea").err == ran.err


def test_a_use_keeps_a_memory_fresh(office: MemCLI) -> None:
    """`get` is one, a search in a pipe is none unless it says so, a peek never."""
    [before] = office("search", "cat", "-n", "1").json
    assert (before["uses"], before["decay"] < 0.01) == (0, True)
    office("get", "cat", "--no-use")
    office("search", "cat", "-n", "1")
    assert office("search", "cat", "-n", "1").json[0]["uses"] == 0
    office("get", "cat")
    [after] = office("search", "cat", "-n", "1", "--use").json
    assert (after["uses"], after["decay"] > 0.99) == (1, True)
    assert office("get", "cat", "--no-use").json["uses"] == 2
    assert "2, last" in office("get", "cat", "--no-use", "-f", "table").out


def test_what_hardly_answers_is_not_used(office: MemCLI) -> None:
    """Only what a prompt would have been given counts."""
    hits = office("search", "cat", "-n", "50", "--use", "--min-score", "0").json
    weak = [hit["id"] for hit in hits if hit["relevance"] < 0.105]
    assert weak
    assert all(office("get", name, "--no-use").json["uses"] == 0 for name in weak)
    assert office("get", "cat", "--no-use").json["uses"] == 1
