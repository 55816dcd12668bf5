"""The page of a space: what is on it, and that no text gets out of it."""

import json
import re
import shutil
import stat
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from memcli.errors import NotFoundError, UsageError
from memcli.model import Draft, Scope
from memcli.services import forgetting, graph, remember, view
from memcli.services.engine import Engine
from memcli.services.select import Filter
from tests.conftest import NOW

SCOPE = Scope("work", "me")
NASTY = (
    '</script><script>alert(1)</script><!-- "quo\'te" & `x` \u2028 \x1b[31m \u202etxt ]]> '
    "<img src=x onerror=y>"
)


def store(engine: Engine, name: str, text: str, **about: Any) -> None:
    """Store *text* as the memory *name*."""
    remember.store_all(engine, [Draft(text=text, id=name, scope=about.pop("scope", SCOPE), **about)])


def data_of(page: str) -> Any:
    """What is on *page*."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(found)


def shown(engine: Engine, **about: Any) -> Any:
    """What is on the page of SCOPE."""
    return data_of(view.made(engine, scope=SCOPE, **about)[1])


def test_a_page_holds_the_memories_their_edges_and_where_they_are(engine: Engine) -> None:
    """All that the page needs, latest first; of what is as it mostly is, nothing; nothing of other spaces."""
    store(engine, "a", "Ann sails a boat", tags=("sea",), importance=0.9)
    store(engine, "b", "Ann said hello", conversation="c", position=3, speaker="Ann")
    store(engine, "x", "elsewhere", scope=Scope("home", "me"))
    for end in ("b", "x"):
        graph.connect(engine, "a", end, scope=Scope(None, "me"), type_="near", weight=0.5)
    page = shown(engine)
    one, two = sorted(page["memories"], key=lambda memory: memory["id"])
    assert one | {"near": 0, "at": 0} == {
        "id": "a",
        "text": "Ann sails a boat",
        "space": "work",
        "kind": "fact",
        "tags": ["sea"],
        "importance": 0.9,
        "created_at": NOW.isoformat(),
        "near": 0,
        "at": 0,
        "group": 0,
    }
    assert (two["kind"], two["conversation"], two["position"], two["speaker"]) == ("turn", "c", 3, "Ann")
    assert [row for row, _ in one["near"]] == [page["memories"].index(two)]
    assert page["edges"] == [{"from": "a", "to": "b", "type": "near", "weight": 0.5}]
    assert (page["space"], page["total"]) == ("work", 2)


def test_the_limit_and_filters_narrow_it_down(engine: Engine) -> None:
    """What is left out is counted, and an edge to it is not shown."""
    for number in range(6):
        store(engine, f"m{number}", f"fact number {number}", tags=("odd",) if number % 2 else ())
    graph.connect(engine, "m1", "m2", scope=SCOPE)
    about, page = view.made(engine, scope=SCOPE, limit=4)
    assert (about.memories, about.total, about.file) == (4, 6, "-")
    assert about.size == len(page.encode()) + 1
    odd, _ = view.made(engine, scope=SCOPE, wanted=Filter(tags=("odd",)))
    assert (odd.memories, odd.total, odd.edges) == (3, 3, 0)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_page_of_next_to_nothing_is_one(engine: Engine, number: int) -> None:
    """Without a store, too."""
    for name in "ab"[:number]:
        store(engine, name, f"fact {name}")
    page = shown(engine)
    assert len(page["memories"]) == number
    assert page["edges"] == page["groups"][1:] == []


def test_no_text_gets_out_of_the_page(engine: Engine) -> None:
    """In no field. A policy lets a browser run what we wrote alone, and ask nobody for anything."""
    _, empty = view.made(engine, scope=SCOPE)
    evil = NASTY.replace("\u2028", "").replace("\x1b", "")  # what a title may hold
    store(engine, "nasty", NASTY, title=evil, source=evil, tags=("<b>", '"x"'))
    store(engine, "turn", NASTY, conversation="<c>", position=0, speaker="<i>")
    graph.connect(engine, "nasty", "turn", scope=SCOPE, type_="</script>")
    _, page = view.made(engine, scope=SCOPE)
    assert page.count("<") == empty.count("<")
    assert not {"\x1b", "\u2028", "\u202e"} & {*page, *json.dumps(data_of(page), ensure_ascii=False)}
    assert "alert(1)" in data_of(page)["memories"][0]["text"]
    assert "://" not in page
    (policy,) = re.findall('<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for kind in ("script", "style"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        assert b64encode(sha256(text.encode()).digest()).decode() in policy
    assert "unsafe" not in policy


def test_a_file_is_for_its_owner_and_known_as_ours(engine: Engine, tmp_path: Path) -> None:
    """Others may not read it; one of ours is told from a stranger's."""
    store(engine, "a", "a fact")
    file = tmp_path / "page.html"
    about = view.save(engine, file, scope=SCOPE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_size == about.size
    assert not view.is_foreign(file)
    assert not view.is_foreign(tmp_path / "none")
    (tmp_path / "mine.html").write_text("<html>my homework</html>")
    assert view.is_foreign(tmp_path / "mine.html")
    with pytest.raises(UsageError):
        view.save(engine, tmp_path, scope=SCOPE)
    with pytest.raises(NotFoundError):
        view.save(engine, tmp_path / "none" / "page.html", scope=SCOPE)
    with pytest.raises(UsageError):
        view.save(engine, Path("/dev/null"), scope=SCOPE)


def test_a_purge_takes_the_page_with_it(engine: Engine) -> None:
    """What is purged has left the disk: the page beside the store as well."""
    store(engine, "a", "a secret of Ann's")
    view.save_at_home(engine, scope=SCOPE)
    assert "secret of Ann" in engine.home.page.read_text()
    forgetting.purge(engine, forgetting.forget(engine, ["a"], scope=SCOPE))
    assert not engine.home.page.exists()


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no browser")
def test_a_browser_shows_it(engine: Engine, tmp_path: Path) -> None:
    """Its script runs to the end: the list holds each memory as text, and the address opens one."""
    store(engine, "nasty", NASTY, tags=("<b>",))
    for number in range(20):
        store(engine, f"m{number}", f"fact number {number}")
    view.save(engine, tmp_path / "page.html", scope=SCOPE)
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chromium'}")
    ran = subprocess.run(
        [str(CHROMIUM), *quiet, "--dump-dom", (tmp_path / "page.html").as_uri() + "#nasty"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (listed,) = re.findall(r'<ol id="list">(.*?)</ol>', ran.stdout, re.DOTALL)
    assert listed.count("<li") == 21
    (text,) = re.findall(r'<p id="text" dir="auto">(.*?)</p>', ran.stdout, re.DOTALL)
    assert text.startswith("&lt;/script&gt;&lt;script&gt;alert(1)")
    assert 'aria-selected="true"' in ran.stdout
