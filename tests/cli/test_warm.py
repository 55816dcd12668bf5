"""Commands through the warm process, beside the same ones in processes of their own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import resource
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from memcli.cli import views
from memcli.cli.plain import plain_line
from memcli.warm.warmth import Warmth
from tests.cli.conftest import MemCLI, is_one_sentence, through
from tests.conftest import Ran
from tests.warm.running import WarmProcess, driver, environment, state, until

NOT_TAKEN = 99
"""What the driver's clients end with where the warm process did not run the command."""


@dataclass
class Way:
    """A way to run commands as real processes: in their own, or through the warm one.

    Attributes:
        kind: `here` or `run`, see the driver.
        environ: The environment of the commands.
        place: Where the signs of waiting commands go.
        warm: The warm process.
        started: Commands that were started.
    """

    kind: str
    environ: dict[str, str]
    place: Path
    warm: WarmProcess
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def line(self, *arguments: str) -> list[str]:
        """The command line of the process."""
        self.warm.serves(list(arguments), self.environ)
        return driver(self.kind, *arguments)

    def __call__(self, *arguments: str, stdin: bytes | None = None, code: int = 0, **variables: Any) -> Ran:
        ran = through(self.line(*arguments), {**self.environ, **variables}, stdin)
        assert (ran.code, "Traceback" in ran.err) == (code, False), ran
        return ran

    def shell(self, script: str, *arguments: str) -> Ran:
        """What *script* writes, in which "$@" stands for the command *arguments*."""
        line = ["bash", "-c", script, "bash", *self.line(*arguments)]
        return through(line, self.environ, b"")

    def start(self, *arguments: str, **about: Any) -> subprocess.Popen[str]:
        """Start a command that waits before it embeds its query; come back when it does."""
        signs = {"DRIVER_WAITS": str(self.sign), "DRIVER_GOES_ON": str(self.place / "go-on")}
        process = subprocess.Popen(
            self.line(*arguments),
            env={**self.environ, **signs},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            **about,
        )
        self.started.append(process)
        until(lambda: self.sign.exists() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        return process

    @property
    def cold(self) -> Way:
        """The same in processes of their own."""
        return Way("here", self.environ, self.place, self.warm)

    @property
    def sign(self) -> Path:
        """The file that a command leaves when it waits; it holds the pid of who works."""
        return self.place / "waits"

    @property
    def worker(self) -> int:
        """The process that works."""
        return int(self.sign.read_text())

    def go_on(self) -> None:
        """Let the waiting command go on."""
        (self.place / "go-on").touch()


@pytest.fixture(params=["here", "run"])
def way(request: pytest.FixtureRequest, warm_session: WarmProcess, tmp_path: Path) -> Iterator[Way]:
    """Either way; whoever it started and the warm process are as they were afterwards."""
    warm_session.ready()
    environ = environment(warm_session.environ["XDG_RUNTIME_DIR"])
    one = Way(request.param, environ, tmp_path, warm_session)
    yield one
    (tmp_path / "go-on").touch()
    for process in one.started:
        process.kill()
        process.communicate()
    assert warm_session.status()


@pytest.fixture
def warm(warm_session: WarmProcess, tmp_path: Path) -> Way:
    """Commands through the warm process."""
    return Way("run", environment(warm_session.ready().environ["XDG_RUNTIME_DIR"]), tmp_path, warm_session)


def ended(process: subprocess.Popen[str]) -> Ran:
    """What *process* wrote and how it ended."""
    out, err = process.communicate(timeout=60)
    return Ran(out, err, process.returncode)


# --- signals ---


def test_ctrl_c_ends_the_command_and_nothing_else(way: Way) -> None:
    """With exit code 130 and one word; nothing is stored, and the next command is served."""
    process = way.start("store", "never")
    process.send_signal(signal.SIGINT)
    assert ended(process) == Ran("", "memcli: interrupted\n", 130)
    assert way("list").json == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGQUIT])
def test_a_signal_ends_who_is_sent_it_and_the_work(way: Way, number: signal.Signals) -> None:
    """The client is seen to be ended by it, and nobody works on."""

    def as_in_a_terminal() -> None:  # `nohup` lets what it starts ignore a hangup
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)

    process = way.start("store", "never", preexec_fn=as_in_a_terminal)
    process.send_signal(number)
    assert ended(process).code == -number
    until(lambda: state(way.worker) == "Z")
    way.go_on()
    assert way("list").json == []


def test_what_was_started_to_ignore_a_hangup_does(way: Way) -> None:
    """As `nohup` starts it; whoever works is sent it, too."""
    process = way.start(
        "store", "all the same", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    process.send_signal(signal.SIGHUP)
    os.kill(way.worker, signal.SIGHUP)
    way.go_on()
    assert ended(process).code == 0
    assert [memory["text"] for memory in way("list").json] == ["all the same"]


def test_a_background_command_of_a_script_ignores_ctrl_c(way: Way) -> None:
    """The shell starts it so."""
    process = way.start(
        "store", "all the same", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
    )
    process.send_signal(signal.SIGINT)
    os.kill(way.worker, signal.SIGINT)
    way.go_on()
    assert ended(process).code == 0


def test_ctrl_z_stops_the_work_until_it_is_continued(way: Way) -> None:
    """The shell sees why its job has stopped."""
    process = way.start("store", "later")
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert (os.WIFSTOPPED(status), os.WSTOPSIG(status)) == (True, signal.SIGTSTP)
    until(lambda: state(way.worker) == "T")
    way.go_on()
    process.send_signal(signal.SIGCONT)
    assert ended(process).code == 0
    assert len(way("list").json) == 1


# --- what a process has from its parent ---


def test_files_are_looked_for_in_the_current_directory(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means the client's."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "questions").write_text("tea\n")
    monkeypatch.chdir(tmp_path / "here")
    way("store", "green tea")
    assert [hit["text"] for hit in way("search", "--batch", "questions").json["hits"]] == ["green tea"]


def test_nothing_of_a_command_is_left_for_the_next(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither settings, nor the time zone, the directory, the mask of modes, or colours."""
    way("agents", "create", "a")
    way("store", "x y z", MEMCLI_SPACE="work", MEMCLI_AGENT="a", FORCE_COLOR="1", TZ="Asia/Tokyo")
    monkeypatch.chdir(tmp_path)
    stored = way("store", "x y z").json
    assert stored["space"] == "default"
    assert "\x1b" not in way("list", "-f", "table").out
    assert way("config", "get", "space").out == "default\n"
    assert "default" in way("config", "get", "user", MEMCLI_USER="").err + way("config", "get", "space").out


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_times_are_told_and_understood_in_the_clients_zone(
    warm: Way, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte as in a process of its own."""
    warm("store", "x", "--created-at", "2026-01-01T23:30")
    warm.environ["TZ"] = zone
    cold = warm.cold
    for arguments in (["list", "-f", "table"], ["list", "--since", "2026-01-02T00:00", "-f", "plain"]):
        assert warm(*arguments).out == cold(*arguments).out
    one, other = (
        each("store", each.kind, "--created-at", "2026-03-01T12:00").json["id"] for each in (warm, cold)
    )
    told = [
        memory["created_at"] for memory in warm("list", "--limit", "0").json if memory["id"] in (one, other)
    ]
    assert len(set(told)) == 1


@pytest.mark.parametrize("mask", [0o077, 0o002])
def test_new_files_are_for_their_owner_alone(tmp_path: Path, mask: int, warm: Way) -> None:
    """Whatever the client's umask, and that of the process."""
    line = warm.line("--home", str(tmp_path / "home"), "store", "x")
    done = subprocess.run(line, env=warm.environ, umask=mask, capture_output=True, check=True)
    assert done.stdout
    made = [tmp_path / "home", *(tmp_path / "home").rglob("*")]
    assert {(path.is_dir(), path.stat().st_mode & 0o777) for path in made} == {(True, 0o700), (False, 0o600)}


def on_terminal(line: Sequence[str], environ: dict[str, str], columns: int) -> tuple[bytes, int]:
    """What *line* shows on a terminal of that many *columns*, and its exit code."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    process = subprocess.Popen(line, env=environ, stdin=its, stdout=its, stderr=its)
    os.close(its)
    shown = bytearray()
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # everybody has closed the terminal
        pass
    os.close(ours)
    return bytes(shown), process.wait(60)


@pytest.mark.parametrize("columns", [40, 100])
def test_a_terminal_shows_the_same_tables_and_colours(warm: Way, columns: int) -> None:
    """Of its width, to the byte; errors as well."""
    warm("store", "a rather long text " * 8, "--tag", "coding", "--created-at", "2020-01-01")
    environ = {**warm.environ, "TERM": "xterm-256color"}
    cold = warm.cold
    for arguments in (["list"], ["search", "text"], ["get", "zzzz"], ["--help"]):
        shown, code = on_terminal(warm.line(*arguments), environ, columns)
        assert (shown, code) == on_terminal(cold.line(*arguments), environ, columns)
        assert b"\x1b[" in shown or arguments == ["--help"]
        assert not shown.startswith(b"[")


def test_a_question_is_asked_and_answered_on_a_terminal(way: Way) -> None:
    """`purge` wants to be sure."""
    kept = way("store", "x").json["id"]
    way("forget", kept)
    ours, its = pty.openpty()
    process = subprocess.Popen(
        way.line("purge"), env=way.environ, stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 1024)
    os.write(ours, b"n\n")
    code = process.wait(60)
    os.close(ours)
    assert code != 0
    assert way("get", kept).json["id"] == kept


# --- streams ---


def test_a_loop_over_lines_keeps_its_lines(way: Way, tmp_path: Path) -> None:
    """No command reads what it is not asked to."""
    (tmp_path / "lines").write_text("one\ntwo\nthree\n")
    script = f'while read l; do "$@" > /dev/null; echo "$l"; done < {tmp_path}/lines'
    assert way.shell(script, "search", "x").out == "one\ntwo\nthree\n"


def test_standard_input_is_read_where_it_is_asked_for(way: Way) -> None:
    """To its end, whatever is in it."""
    assert way("store", "-", stdin="käse\r\n".encode()).json["action"] == "stored"
    assert way("search", "--batch", "-", "-f", "jsonl", stdin=b"one\ntwo\n").out.count("\n") == 2


SCRIPTS = {
    '"$@" | wc -l': "3000\n",
    '"$@" 2>&1 >/dev/null | cat': "",
    '"$@" | head -1 | wc -l; echo "${PIPESTATUS[0]}"': "1\n141\n",
    'f="$HOME/file"; rm -f "$f"; "$@" >> "$f"; "$@" >> "$f"; wc -l < "$f"': "6000\n",
    '"$@" > /dev/full; echo $?': "1\n",
    '"$@" get zzzz > /dev/null 2> /dev/full; echo $?': "1\n",
}
"""What a script with a command that lists 3,000 memories writes."""


def test_pipes_and_files_are_served_as_ever(in_process: MemCLI, warm: Way) -> None:
    """Whoever reads has the end as soon as the command has; exit codes are the same."""
    lines = "".join(json.dumps({"text": f"{number} " + "x" * 100}) + "\n" for number in range(3000))
    in_process("import", "-", "--conflicts", "off", stdin=lines)
    for script, out in SCRIPTS.items():
        one, other = (each.shell(script, "list", "-n", "0", "-f", "plain") for each in (warm, warm.cold))
        assert (one.out, one.code) == (out, 0), script
        assert (one.out, one.code) == (other.out, other.code), script
        assert warm("list", "-n", "1", "-f", "plain").out.count("\n") == 1


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_with_a_closed_stream_a_command_runs_in_its_own_process(warm: Way, streams: str) -> None:
    """Nobody could be given what is not there."""
    assert warm.shell(f'"$@" {streams}; echo $? > "$HOME/code"', "list").code == 0
    assert (Path(os.environ["HOME"]) / "code").read_text() == f"{NOT_TAKEN}\n"


def test_a_home_that_was_made_again_is_seen_as_it_is(way: Way, home: Path) -> None:
    """Nothing of the old store is known any more, though it had the same path."""
    import shutil

    for text in ("green tea", "black coffee"):
        way("store", text)
        assert [memory["text"] for memory in way("list").json] == [text]
        assert [hit["text"] for hit in way("search", text).json] == [text]
        shutil.rmtree(home)
    assert way("list").json == []


def test_tables_are_laid_out_after_a_shell_was_told_what_fits(in_process: MemCLI, warm: Way) -> None:
    """Neither leaves anything behind for what comes next."""
    in_process("import", "-", stdin='{"text": "one [red]x[/red]", "id": "abc1"}\n')
    before = warm("list", "-f", "table").out
    for shell in ("bash", "zsh", "fish"):
        about: dict[str, Any] = {
            "_MEMCLI_COMPLETE": f"complete_{shell}",
            "_MEMCLI_LINE": "memcli get ab",
        }
        cold = warm.cold
        assert warm(**about) == cold(**about)
        assert "abc1" in warm(**about).out
        assert warm("list", "-f", "table").out.split(" · ")[0] == before.split(" · ")[0]
        assert warm("store", "--help").out == cold("store", "--help").out


@pytest.mark.parametrize(
    "arguments", [["import", "x"], ["demo"], ["eval", "x"], ["model", "list"], ["config", "edit"]]
)
def test_some_commands_run_in_their_own_process(warm: Way, arguments: list[str]) -> None:
    """Long ones, and those that need their terminal."""
    warm(*arguments, code=NOT_TAKEN)


# --- memcli warm ---


def test_it_is_started_asked_and_stopped(runtime: Path, home: Path, real: Callable[..., Ran]) -> None:
    """Starting it twice leaves one; what is stopped is gone, and can be started at once."""
    environ = environment(runtime)
    script = [sys.executable, "-m", "memcli"]

    def memcli(*arguments: str) -> Any:
        ran = through([*script, *arguments], environ, b"")
        assert ran.code == 0, ran.err
        return ran.json

    try:
        assert memcli("warm", "status")["running"] is False
        both = [
            subprocess.Popen([*script, "warm", "start"], env=environ, stdout=subprocess.PIPE)
            for _ in range(2)
        ]
        pids = {json.loads(process.communicate(timeout=60)[0])["pid"] for process in both}
        [pid] = pids
        memcli("list")
        status = memcli("warm", "status")
        assert (status["running"], status["commands"], status["pid"]) == (True, 1, pid)
        assert memcli("warm", "stop")["running"] is False
        assert memcli("warm", "start")["pid"] not in (None, pid)
    finally:
        stopped = memcli("warm", "stop")
    assert stopped["running"] is False
    assert "no warm process" in through([*script, "warm", "stop"], environ, b"").err
    until(lambda: state(pid) == "Z")


@pytest.mark.parametrize("why", ["MEMCLI_WARM", "CI", "setting", "length", "mode"])
def test_it_is_not_started_where_it_must_not_be_or_can_not(home: Path, runtime: Path, why: str) -> None:
    """`warm start` says so at once, and what to do about it."""
    environ = environment(runtime)
    if why == "setting":
        home.mkdir()
        (home / "config.toml").write_text("[warm]\nenabled = false\n")
    elif why == "length":
        environ["XDG_RUNTIME_DIR"] = "/" + "x" * 100
    elif why == "mode":
        (runtime / "memcli").mkdir(mode=0o755)
    else:
        environ[why] = "0" if why == "MEMCLI_WARM" else "true"
    ran = through([sys.executable, "-m", "memcli", "warm", "start"], environ, b"")
    assert ran.code == 1
    assert is_one_sentence(ran.err), ran.err


@pytest.mark.here_only  # it would not be handed over
@pytest.mark.parametrize("value", ["0", "false", "No", "off"])
def test_it_is_switched_off_by_a_variable(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Which is no setting that makes no sense."""
    monkeypatch.setenv("MEMCLI_WARM", value)
    assert memcli("config", "get", "warm.enabled").out == "false\n"


def test_people_see_how_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a few lines, or one where there is none."""
    monkeypatch.setenv("COLUMNS", "80")
    there = Warmth(
        running=True, socket="/run/user/1/memcli/x.sock", pid=77, commands=1, up_s=3700, memory_mib=205.8
    )
    shown = views.laid_out(there)
    assert re.sub(" +", " ", shown) == (
        "● running started 1 hour ago\n\nprocess 77\ncommands 1\nmemory 206 MiB\n"
        "socket /run/user/1/memcli/x.sock"
    )
    assert views.laid_out(Warmth(running=False, socket="/x")).startswith("○ ")
    assert plain_line(there).split("\t") == ["True", "77", "/run/user/1/memcli/x.sock"]
