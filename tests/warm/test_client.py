"""What the client does with a warm process that is as it should be, and with one that is not."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memcli.warm import client, place
from tests.warm.running import WarmProcess, children, driver, environment, run, state, until

START = Callable[..., WarmProcess]

NOT_A_HANG_S = 10.0
"""What a command that gives up waiting certainly takes less than."""


@pytest.fixture
def listener(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket where the client looks for the warm process."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("MEMCLI_WARM")
    monkeypatch.delenv("CI", raising=False)
    (runtime / "memcli").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(place.socket_path(os.environ["MEMCLI_HOME"], os.environ))
        sock.listen()
        sock.settimeout(60)
        yield sock


def answering(listener: socket.socket, first: bytes, last: bytes) -> tuple[threading.Thread, list[int]]:
    """Somebody who answers *first* to the next request and *last* after "go", and what files came with it."""
    files: list[int] = []

    def answer() -> None:
        line, _ = listener.accept()
        with line:
            length = int.from_bytes(line.recv(8), "big")
            while length:
                length -= len(line.recv(length))
            line.sendall(first)
            _, received, _, _ = socket.recv_fds(line, 1, 4)
            files.extend(received)
            for one in received:
                os.close(one)
            line.sendall(last) if received else None

    thread = threading.Thread(target=answer)
    thread.start()
    return thread, files


PID = (2**22 + 1).to_bytes(8, "big")
"""A pid beyond Linux's highest: no signal goes anywhere."""


def test_the_exit_code_is_that_of_the_warm_process(listener: socket.socket) -> None:
    """Four files go over with "go"."""
    thread, files = answering(listener, PID, b"E\x04")
    assert client.hand_over(["list"]) == 4
    thread.join()
    assert len(files) == 4


def test_what_could_not_begin_is_left_to_the_client(listener: socket.socket) -> None:
    """With its signals as they were."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTSTP)
    thread, _ = answering(listener, PID, b"N\0")
    assert client.hand_over(["list"]) is None
    thread.join()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTSTP)) == before


@pytest.mark.parametrize("first", [b"", b"\0" * 8, b"xxx"], ids=["nothing", "no pid", "half a pid"])
def test_who_does_not_answer_properly_is_left_alone(listener: socket.socket, first: bytes) -> None:
    """Another version, say, or too busy: no files are given away."""
    thread, files = answering(listener, first, b"E\0")
    assert client.hand_over(["list"]) is None
    thread.join()
    assert files == []


def test_who_ends_in_the_middle_has_been_killed(listener: socket.socket) -> None:
    """Nobody pretends to know what was done."""
    kept = {number: signal.getsignal(number) for number in (*client.PASSED_ON, signal.SIGTSTP)}
    thread, _ = answering(listener, PID, b"")
    with pytest.raises(client.KilledError):
        client.hand_over(["list"])
    thread.join()
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_nobody_answers_and_the_command_goes_on(listener: socket.socket) -> None:
    """After a moment, not for ever; and nothing is kept open for somebody who may never look."""
    reader, writer = os.pipe()
    began = time.monotonic()
    assert client.hand_over(["list"]) is None
    assert time.monotonic() - began < NOT_A_HANG_S
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.parametrize("what", ["stale", "nothing"])
def test_a_socket_that_nobody_listens_at_is_passed_over(listener: socket.socket, what: str) -> None:
    """Left behind, or never there."""
    listener.close()
    if what == "nothing":
        Path(place.socket_path(os.environ["MEMCLI_HOME"], os.environ)).unlink()
    assert client.hand_over(["list"]) is None


def test_a_socket_where_others_can_enter_is_not_touched(listener: socket.socket, runtime: Path) -> None:
    """Whoever listens there is told nothing."""
    (runtime / "memcli").chmod(0o755)
    assert client.hand_over(["list"]) is None
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_hung_process_is_not_waited_for_and_does_nothing_later(warm_process: START, runtime: Path) -> None:
    """Its client does the work; when it goes on, it finds nobody there, and nothing is done twice."""
    warm = warm_process().ready()
    stored = json.loads(run(runtime, "store", "green tea").stdout)["id"]
    stopped = [warm.process.pid, *children(warm.process.pid)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    got = run(runtime, "get", stored, "-f", "plain")
    assert (got.returncode, got.stderr, got.stdout) == (0, "", f"{stored}\tgreen tea\n")
    piped = ["bash", "-c", '"$@" | cat', "bash", *driver("main", "list", "-f", "plain")]
    assert subprocess.run(piped, env=environment(runtime), capture_output=True, timeout=60, check=True).stdout
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    assert until(warm.status)["commands"] == 1
    assert json.loads(run(runtime, "get", stored, "--no-use", how="run").stdout)["uses"] == 1


def test_a_hung_worker_keeps_only_its_own_command_waiting(warm_process: START, runtime: Path) -> None:
    """Whoever comes next is given another one."""
    warm = warm_process().ready()
    workers = children(warm.process.pid)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
        assert run(runtime, "list").returncode == 0
    assert run(runtime, "list", how="run").returncode == 0
    for worker in workers:
        os.kill(worker, signal.SIGCONT)


def test_a_command_whose_worker_is_killed_is_killed(
    warm_process: START, runtime: Path, tmp_path: Path
) -> None:
    """By the same signal; what was stored before is there, and the next command is served."""
    warm_process().ready()
    assert run(runtime, "store", "kept", how="run").returncode == 0
    signs = {"DRIVER_WAITS": str(tmp_path / "waits"), "DRIVER_GOES_ON": str(tmp_path / "go-on")}
    process = subprocess.Popen(driver("run", "store", "lost"), env=environment(runtime, **signs))
    until((tmp_path / "waits").exists)
    os.kill(int((tmp_path / "waits").read_text()), signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert run(runtime, "list", "-f", "plain", how="run").stdout.split("\t")[1:] == ["kept\n"]


def test_a_command_outlives_the_server(warm_process: START, runtime: Path, tmp_path: Path) -> None:
    """It is a process of its own; no worker stays behind without a server."""
    warm = warm_process().ready()
    signs = {"DRIVER_WAITS": str(tmp_path / "waits"), "DRIVER_GOES_ON": str(tmp_path / "go-on")}
    process = subprocess.Popen(
        driver("run", "store", "done"), env=environment(runtime, **signs), stdout=subprocess.DEVNULL
    )
    until((tmp_path / "waits").exists)
    warm.process.kill()
    warm.process.wait()
    (tmp_path / "go-on").touch()
    assert process.wait(60) == 0
    until(lambda: state(int((tmp_path / "waits").read_text())) == "Z")


def test_where_server_and_worker_are_killed_it_is_said(
    warm_process: START, runtime: Path, tmp_path: Path
) -> None:
    """Exit code 1: nobody is left to tell by what."""
    warm = warm_process().ready()
    signs = {"DRIVER_WAITS": str(tmp_path / "waits"), "DRIVER_GOES_ON": str(tmp_path / "go-on")}
    line = driver("run", "store", "lost")
    process = subprocess.Popen(line, env=environment(runtime, **signs), stderr=subprocess.PIPE, text=True)
    until((tmp_path / "waits").exists)
    warm.process.kill()
    warm.process.wait()
    os.kill(int((tmp_path / "waits").read_text()), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == "memcli: the warm process was killed; what was asked for may be done or not\n"


def test_in_the_background_of_a_terminal_a_command_runs_in_its_own_process(
    warm_process: START, runtime: Path
) -> None:
    """The system stops it there if it reads what is typed; it could not stop another one."""
    import pty

    warm = warm_process().ready()
    line = driver("run", "list")
    script = f"set -m; {' '.join(line)} >&2; echo =$?; {' '.join(line)} & wait $!; echo =$?"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "-c", script], environment(runtime))
    shown = bytearray()
    try:
        while piece := os.read(terminal, 1024):
            shown += piece
    except OSError:
        pass
    os.close(terminal)
    os.waitpid(pid, 0)
    assert [word for word in shown.decode().split() if word.startswith("=")] == ["=0", "=99"]
    assert warm.commands == 1


def test_what_is_started_holds_nothing_of_who_started_it(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that somebody waits for is closed when the command is; its directory can be removed."""
    for name, value in environment(runtime).items():
        monkeypatch.setenv(name, value)
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    process = client.start("")
    os.close(writer)
    assert process
    try:
        os.set_blocking(reader, False)
        assert os.read(reader, 1) == b""
        assert os.getsid(process.pid) == process.pid
        assert Path(f"/proc/{process.pid}").exists() or sys.platform != "linux"
    finally:
        process.kill()
        process.wait()
        os.close(reader)


def test_nothing_is_started_where_there_is_no_place(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that others can enter is none."""
    (runtime / "memcli").mkdir(mode=0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert client.start("") is None
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime / "missing"))
    assert client.start("") is None


def test_signals_are_passed_on_before_the_command_begins() -> None:
    """One that came in between ended the client, and the command with it: what `tee` had heard was lost."""
    ours, theirs = socket.socketpair()
    begun: list[tuple[int, bool]] = []

    def serve() -> None:
        length = int.from_bytes(theirs.recv(8), "big")
        while length > 0:
            length -= len(theirs.recv(length))
        theirs.sendall((4711).to_bytes(8, "big"))

    def begins(pid: int) -> None:
        begun.append((pid, bool(select.select([theirs], [], [], 0)[0])))

    server = threading.Thread(target=serve)
    server.start()
    client._taken(ours, "run", ["list"], begins)
    server.join()
    assert begun == [(4711, False)]
    going, files, _, _ = socket.recv_fds(theirs, 1, 4)
    assert going == b"g"
    for file in files:
        os.close(file)
    ours.close()
    theirs.close()
