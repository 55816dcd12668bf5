"""The warm process: when it comes, whom it serves, and when it leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from memcli.servers import warm as server
from memcli.warm import client, place
from tests.warm.running import WarmProcess, children, driver, environment, run, state, until

START = Callable[..., WarmProcess]

NOT_TAKEN = 99


# --- coming ---


def test_a_command_that_loads_the_model_leaves_one_behind(runtime: Path, tmp_path: Path) -> None:
    """With the bundled model, as everybody has it; the next command is served, and it can be stopped."""
    environ = environment(runtime)

    def memcli(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "memcli", *arguments]
        return subprocess.run(line, env=environ, capture_output=True, text=True, timeout=60, check=True)

    path = place.socket_path(os.environ["MEMCLI_HOME"], environ)
    try:
        assert memcli("store", "Ana drinks her coffee black").stderr == ""
        until(lambda: Path(path).exists() and asked(path))
        found = memcli("search", "what beverage does she like", "-f", "plain")
        assert found.stdout.endswith("\tAna drinks her coffee black\n")
        pid, commands = (client.ask(path, "status")[name] for name in ("pid", "commands"))
        assert commands == 1
    finally:
        memcli("warm", "stop")
    until(lambda: state(pid) == "Z")
    assert not Path(path).exists()


def asked(path: str) -> object:
    """What the warm process at *path* says; None where there is none."""
    try:
        return client.ask(path, "status")
    except client.GoneError:
        return None


@pytest.mark.parametrize(
    ("command", "variables", "setting", "starts"),
    [
        ("store x", {}, "true", True),
        ("store x", {"MEMCLI_WARM": "0"}, "true", False),
        ("store x", {"CI": "true"}, "true", False),
        ("store x", {}, "false", False),
        ("list", {}, "true", False),
        ("config show", {}, "true", False),
        ("model list", {}, "true", False),
    ],
)
def test_one_is_started_where_the_model_was_loaded_and_nobody_minds(
    runtime: Path, tmp_path: Path, command: str, variables: dict[str, str], setting: str, starts: bool
) -> None:
    """For the home of the command."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(f"[warm]\nenabled = {setting}\n")
    said = tmp_path / "started"
    about = {"DRIVER_STARTS": str(said), "DRIVER_COUNTS_MODELS": "1", **variables}
    ran = run(runtime, "--home", str(home), *command.split(), **about)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert said.exists() == starts
    assert not starts or said.read_text() == str(home)


def test_of_two_that_come_at_once_one_stays(warm_process: START) -> None:
    """The other one finds nothing to do."""
    one, other = warm_process(), warm_process()
    until(lambda: one.process.poll() is not None or other.process.poll() is not None)
    stays, leaves = (one, other) if one.process.poll() is None else (other, one)
    assert leaves.ended() == 0
    status = stays.ready().status()
    assert status
    assert status["pid"] == stays.process.pid


def test_a_socket_that_was_left_behind_is_taken_over(warm_process: START, runtime: Path) -> None:
    """By whoever comes next."""
    one = warm_process().ready()
    workers = children(one.process.pid)
    one.process.kill()
    one.process.wait()
    assert Path(one.path).exists()
    assert run(runtime, "list").returncode == 0
    warm_process().ready()
    assert run(runtime, "list", how="run").returncode == 0
    until(lambda: {state(worker) for worker in workers} == {"Z"})


@pytest.mark.parametrize("folder", ["open", "somebody's"])
def test_it_does_not_serve_where_others_can_enter(warm_process: START, runtime: Path, folder: str) -> None:
    """It leaves at once."""
    (runtime / "memcli").mkdir(mode=0o755)
    if folder == "somebody's":
        if os.geteuid():
            pytest.skip("only root can give a directory away")
        (runtime / "memcli").chmod(0o700)
        os.chown(runtime / "memcli", 65534, 65534)
    assert warm_process().ended() == 0
    assert list((runtime / "memcli").iterdir()) == []


def test_the_directory_is_the_users_own(warm_process: START, runtime: Path) -> None:
    """0700, and what is in it as well."""
    warm_process().ready()
    assert (runtime / "memcli").stat().st_mode & 0o777 == 0o700


def test_settings_that_make_no_sense_end_it(
    warm_process: START, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of its own home, wherever it was named from."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "config.toml").write_text("space = 5\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEMCLI_HOME", "there")
    warm = warm_process("there")
    assert warm.ended() == 1
    assert not Path(warm.path).exists()


# --- serving ---


def test_another_user_is_not_served(warm_process: START, runtime: Path) -> None:
    """Even if that one got as far as the socket."""
    warm_process(DRIVER_PEER="12345")
    ran = run(runtime, "list", how="main")
    assert ran.returncode == 0
    until(lambda: any((runtime / "memcli").glob("*.sock")))
    assert run(runtime, "list", how="run").returncode == NOT_TAKEN


def test_who_is_at_the_other_end_is_known() -> None:
    """The system tells."""
    one, other = socket.socketpair()
    with one, other:
        assert server._peer(one) == os.getuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_somebody_else_is_told_from_us(runtime: Path) -> None:
    """By the number of the user."""
    runtime.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(runtime / "s"))
        (runtime / "s").chmod(0o777)
        listener.listen()
        one = socket.socket(socket.AF_UNIX)
        os.seteuid(65534)
        try:
            one.connect(str(runtime / "s"))
        finally:
            os.seteuid(0)
        line, _ = listener.accept()
        with one, line:
            assert server._peer(line) == 65534


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 8,
        (9).to_bytes(8, "big") + b"{'a':",
        (3).to_bytes(8, "big") + b"7+x",
    ],
)
def test_nonsense_is_passed_over(warm_process: START, runtime: Path, said: bytes) -> None:
    """The next one is served."""
    warm = warm_process().ready()
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(warm.path)
            line.sendall(said)
            line.shutdown(socket.SHUT_WR)
            line.settimeout(60)
            with suppress(ConnectionResetError):  # not all of it was read
                assert line.recv(8) == b""
    assert run(runtime, "list", how="run").returncode == 0


def test_a_client_that_says_nothing_keeps_nobody_waiting(warm_process: START, runtime: Path) -> None:
    """Others are served meanwhile."""
    warm = warm_process().ready()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(warm.path)
        assert run(runtime, "list", how="run").returncode == 0


def test_commands_at_once_are_all_served(warm_process: START, runtime: Path) -> None:
    """None is lost, and few workers stay when they are done."""
    warm = warm_process().ready()
    clients = [
        subprocess.Popen(
            driver("run", "store", f"text {number}"), env=environment(runtime), stdout=subprocess.DEVNULL
        )
        for number in range(8)
    ]
    assert [one.wait(60) for one in clients] == [0] * 8
    assert len(run(runtime, "list", "-f", "plain", how="run").stdout.splitlines()) == 8
    assert warm.commands == 9
    until(lambda: len(children(warm.process.pid)) <= server.WORKERS_KEPT)


# --- leaving ---


def test_nobody_comes_and_it_leaves(warm_process: START, runtime: Path) -> None:
    """With all that it had made."""
    warm = warm_process(idle_s=0.5)
    assert warm.ended() == 0
    assert not Path(warm.path).exists()
    assert run(runtime, "list", how="run").returncode == NOT_TAKEN


@pytest.mark.parametrize("how", ["stop", "SIGTERM"])
def test_it_leaves_when_it_is_told_to_and_its_last_command_has_ended(
    warm_process: START, runtime: Path, tmp_path: Path, how: str
) -> None:
    """Nobody new is served meanwhile."""
    warm = warm_process().ready()
    signs = {"DRIVER_WAITS": str(tmp_path / "waits"), "DRIVER_GOES_ON": str(tmp_path / "go-on")}
    process = subprocess.Popen(
        driver("run", "store", "kept"), env=environment(runtime, **signs), stdout=subprocess.DEVNULL
    )
    until((tmp_path / "waits").exists)
    if how == "stop":
        client.ask(warm.path, "stop")
    else:
        warm.process.send_signal(signal.SIGTERM)
    until(lambda: warm.status() is None)
    assert warm.process.poll() is None
    (tmp_path / "go-on").touch()
    assert process.wait(60) == 0
    assert warm.ended() == 0
    assert not Path(warm.path).exists()


def test_an_idle_one_leaves_at_once_when_it_is_told_to(warm_process: START) -> None:
    """A signal ends its waiting."""
    warm = warm_process().ready()
    time.sleep(1)  # its workers have nothing more to tell it then
    warm.process.send_signal(signal.SIGTERM)
    assert warm.ended() == 0


def test_a_stopped_worker_does_not_keep_it(warm_process: START, runtime: Path) -> None:
    """Nor does anybody find the process half there."""
    warm = warm_process().ready()
    time.sleep(1)  # its workers have nothing more to tell it then
    workers = children(warm.process.pid)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    warm.process.send_signal(signal.SIGTERM)
    assert warm.ended() == 0
    assert {state(worker) for worker in workers} == {"Z"}


def test_a_worker_that_only_looks_around_does_not_keep_it(warm_process: START) -> None:
    """The first one does, before it takes its first command; nobody waits for what it finds."""
    warm = warm_process(DRIVER_LOOKS_AROUND_S="300").ready()
    workers = children(warm.process.pid)
    time.sleep(1)  # the one that was asked has nothing more to tell then
    warm.process.send_signal(signal.SIGTERM)
    assert warm.ended() == 0
    assert {state(worker) for worker in workers} == {"Z"}


def test_another_build_of_memcli_has_it_leave(warm_process: START, runtime: Path) -> None:
    """Its client runs the command, and the next one starts afresh."""
    warm = warm_process().ready()
    assert run(runtime, "list", how="run", DRIVER_BUILD="0.0.0 1").returncode == NOT_TAKEN
    assert warm.ended() == 0


def test_another_model_has_it_leave(warm_process: START, runtime: Path) -> None:
    """The command is served all the same."""
    warm = warm_process(DRIVER_COUNTS_MODELS="1").ready()
    assert run(runtime, "store", "x", how="run").returncode == 0
    assert run(runtime, "search", "x", how="run", MEMCLI_MODEL="other").returncode == 0
    assert warm.ended() == 0


def test_a_setting_has_it_leave(warm_process: START, runtime: Path) -> None:
    """With the next command that reads it."""
    warm = warm_process().ready()
    assert run(runtime, "config", "set", "warm.enabled", "false", how="run").returncode == 0
    run(runtime, "list", how="run")
    assert warm.ended() == 0


def test_it_does_not_take_away_the_socket_of_another(warm_process: START, runtime: Path) -> None:
    """Somebody has emptied the directory, and another one has come."""
    one = warm_process().ready()
    for file in (runtime / "memcli").iterdir():
        file.unlink()
    other = warm_process().ready()
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    assert other.status()
