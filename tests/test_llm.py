"""The user's LLM command, as real processes."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest

from memcli import llm
from memcli.errors import LLMError
from tests import standin_llm
from tests.warm.running import state, until

PATIENCE = 60.0
"""Seconds that nothing here takes, however busy the machine."""

LONG = "ein Satz über Öl. " * 60_000
"""More than a megabyte: far beyond what a pipe holds."""


def python(code: str, *arguments: str) -> list[str]:
    """The command that runs *code*; nothing but the interpreter is loaded."""
    return [sys.executable, "-I", "-S", "-c", code, *arguments]


def test_the_prompt_goes_in_and_the_answer_comes_out() -> None:
    """As UTF-8, and without the white space around it."""
    code = "import sys; sys.stdout.buffer.write(b'\\n  <' + sys.stdin.buffer.read() + b'>\\n\\n')"
    assert llm.run(python(code), "Wo ist's? 在哪里\n", timeout=PATIENCE) == "<Wo ist's? 在哪里\n>"


def test_no_shell_reads_the_arguments() -> None:
    """Each arrives as it is."""
    odd = ("$HOME `id` $(id)", "a  b", "*", "'\"", "")
    code = "import sys; print(sys.argv[1:])"
    assert llm.run(python(code, *odd), "", timeout=PATIENCE) == str(list(odd))


def test_a_long_prompt_arrives_whole() -> None:
    """And an answer as long comes back, while it is still read."""
    code = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line)"
    lines = LONG.replace(". ", ".\n")
    assert len(lines.encode()) > 1_000_000
    assert llm.run(python(code), lines, timeout=PATIENCE) == lines.strip()


def test_a_command_need_not_read_its_prompt() -> None:
    """Not even one that is longer than a pipe; what it answers counts."""
    assert llm.run(python("print('42')"), LONG, timeout=PATIENCE) == "42"
    assert llm.run(python("import os; os.close(0); print('42')"), LONG, timeout=PATIENCE) == "42"


def test_an_answer_that_is_no_text_is_read_as_far_as_it_is() -> None:
    """What is not UTF-8 is replaced."""
    code = "import sys; sys.stdout.buffer.write(b'caf\\xe9 \\xff, yes')"
    assert llm.run(python(code), "", timeout=PATIENCE) == "caf\ufffd \ufffd, yes"


def test_what_is_said_beside_the_answer_is_no_part_of_it() -> None:
    """Standard error is for errors."""
    code = "import sys; print('loading', file=sys.stderr); print('yes')"
    assert llm.run(python(code), "", timeout=PATIENCE) == "yes"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", " ended with 3"),
        ("print('an answer'); raise SystemExit(3)", " ended with 3"),
        ("raise SystemExit('one\\ntwo\\n')", " ended with 1: two"),
        ("raise SystemExit('x' * 999)", " ended with 1: " + "x" * 200),
        ("import sys; sys.stderr.buffer.write(b'\\xff!'); sys.exit(9)", " ended with 9: \ufffd!"),
        ("import os; os.kill(os.getpid(), 9)", " ended with -9"),
    ],
)
def test_a_command_that_fails_is_told_with_its_last_words(code: str, said: str) -> None:
    """And what it had answered before does not count."""
    with pytest.raises(LLMError) as failed:
        llm.run(python(code), LONG, timeout=PATIENCE)
    assert failed.value.sentence == sys.executable + said


def test_a_command_that_can_not_be_run_is_told(tmp_path: Path) -> None:
    """It is missing, not meant to be run, or can't be one at all."""
    file = tmp_path / "file"
    file.write_text("no program")
    for name, said in (
        ("no-such-llm", "No such file"),
        (str(file), "Permission denied"),
        (str(tmp_path), "Permission denied"),
        ("a\0b", "null byte"),
    ):
        with pytest.raises(LLMError, match=said) as failed:
            llm.run([name], "?", timeout=PATIENCE)
        assert failed.value.sentence.startswith(f"can't run {name}: ")


def test_without_a_command_there_is_advice() -> None:
    """How to set one."""
    with pytest.raises(LLMError, match="no LLM command is set") as failed:
        llm.run([], "?", timeout=PATIENCE)
    assert failed.value.hint.startswith("memcli config set llm.command ")


@pytest.mark.parametrize("prompt", ["?", LONG], ids=["short", "long"])
def test_a_command_that_takes_too_long_is_stopped(tmp_path: Path, prompt: str) -> None:
    """Whether it has read its prompt or not; nothing of it goes on."""
    pid = tmp_path / "pid"
    command = ["/bin/sh", "-c", f"echo $$ > '{pid}'; echo half an answer; exec sleep 600"]
    with pytest.raises(LLMError) as failed:
        llm.run(command, prompt, timeout=1.5)
    assert failed.value.sentence == "/bin/sh has not answered in 1.5 s"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


# --- in pieces ---


def test_an_answer_comes_in_pieces_as_it_is_made(tmp_path: Path) -> None:
    """The first one is there while the program still waits to say the second."""
    waits = tmp_path / "waits"
    pieces = llm.stream(standin_llm.command(say=["first ", "second"], waits=waits), "?", timeout=PATIENCE)
    assert next(pieces) == "first "
    waits.touch()
    assert "".join(pieces) == "second"


def test_a_character_may_come_in_two_pieces(tmp_path: Path) -> None:
    """It is whole when it is given on."""
    code = (
        "import sys, time\nfor byte in 'é🎉'.encode():\n"
        "    sys.stdout.buffer.write(bytes([byte])); sys.stdout.buffer.flush(); time.sleep(0.05)"
    )
    pieces = list(llm.stream(python(code), "?", timeout=PATIENCE))
    assert "".join(pieces) == "é🎉"
    assert not any("\ufffd" in piece for piece in pieces)


def test_what_was_said_before_a_failure_is_given_before_it_is_told() -> None:
    """Whoever shows an answer has shown that part."""
    pieces = llm.stream(standin_llm.command(say="half", code=3, words="no more\n"), "?", timeout=PATIENCE)
    assert next(pieces) == "half"
    with pytest.raises(LLMError, match="ended with 3: no more"):
        next(pieces)


def test_a_long_answer_is_not_stopped_while_it_goes_on() -> None:
    """The time-out of a stream is for silence."""
    command = standin_llm.command(say=["tick "] * 8, pause_s=0.4)
    assert "".join(llm.stream(command, "?", timeout=2)) == "tick " * 8
    with pytest.raises(LLMError, match="has not answered in 2 s"):
        llm.run(command, "?", timeout=2)


def test_silence_is_not_the_readers() -> None:
    """Whoever takes their time over a piece does not make the next one late."""
    pieces = llm.stream(standin_llm.command(say=["one ", "two"], pause_s=0.1), "?", timeout=2)
    assert next(pieces) == "one "
    time.sleep(2.5)
    assert "".join(pieces) == "two"


# --- ending it ---


def gone(pid: int) -> bool:
    """Whether the process *pid* has ended."""
    return state(pid) == "Z"


def hanging(file: Path) -> list[int]:
    """The pids of a stand-in that hangs and of its child, once they are there."""
    until(file.exists)
    return [int(pid) for pid in file.read_text().split()]


def test_a_command_that_hangs_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    """Its children, too."""
    file = tmp_path / "pids"
    with pytest.raises(LLMError, match="has said nothing for 2 s"):
        list(llm.stream(standin_llm.command(say="half", hangs=file), "?", timeout=2))
    for pid in hanging(file):
        until(partial(gone, pid))


def test_whoever_stops_listening_ends_it(tmp_path: Path) -> None:
    """A stream that is closed leaves nothing behind."""
    file = tmp_path / "pids"
    pieces = llm.stream(standin_llm.command(say="half", hangs=file), "?", timeout=PATIENCE)
    next(pieces)
    pids = hanging(file)
    assert isinstance(pieces, Generator)
    pieces.close()
    for pid in pids:
        until(partial(gone, pid))


def test_an_interrupt_ends_it(tmp_path: Path) -> None:
    """Ctrl-C reaches the command although it has no terminal, and goes on to whoever waits."""
    file = tmp_path / "pids"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from memcli import llm; import json\n"
        "try: llm.run(json.loads(sys.argv[2]), '?', timeout=600)\n"
        "except KeyboardInterrupt: sys.exit(77)"
    )
    line = [sys.executable, "-c", code, str(Path(llm.__file__).parents[1])]
    process = subprocess.Popen([*line, json.dumps(standin_llm.command(hangs=file))])
    pids = hanging(file)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 77
    for pid in pids:
        until(partial(gone, pid))


def test_a_command_that_never_stops_talking_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither memory nor patience is without end."""
    with pytest.raises(LLMError, match="more than 4 MB and was stopped"):
        llm.run(standin_llm.command(floods=True), "?", timeout=PATIENCE)
    with pytest.raises(LLMError, match="more than 4 MB"):
        assert sum(map(len, llm.stream(standin_llm.command(floods=True), "?", timeout=PATIENCE))) <= 4_000_000


def test_what_it_leaves_behind_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A server that it has started, say, which still holds its output open."""
    command = ["/bin/sh", "-c", f"sleep 600 & echo $! > '{tmp_path}/pid'; echo answer"]
    assert llm.run(command, "?", timeout=PATIENCE) == "answer"
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


# --- trying again, and what it is given ---


def test_a_command_that_fails_may_be_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as is wanted; what the failed ones said does not count."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for number, ask in enumerate((llm.run, lambda *a, **k: "".join(llm.stream(*a, **k)))):
        command = standin_llm.command(say="yes", fails=[tmp_path / str(number), 2])
        with pytest.raises(LLMError, match="ended with 1"):
            ask(command, "?", timeout=PATIENCE, retries=1)
        assert ask(command, "?", timeout=PATIENCE) == "yes"
        again = standin_llm.command(say="yes", fails=[tmp_path / f"again{number}", 2])
        assert ask(again, "?", timeout=PATIENCE, retries=2) == "yes"


def test_what_was_shown_is_not_said_again(tmp_path: Path) -> None:
    """A stream that fails after its first piece is not run again."""
    log = tmp_path / "log"
    with pytest.raises(LLMError):
        list(llm.stream(standin_llm.command(say="a", code=1, log=log), "?", timeout=PATIENCE, retries=3))
    assert len(standin_llm.asked(log)) == 1


def test_it_gets_the_variables_that_are_set_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Besides those of this process; and one that says who has started it."""
    monkeypatch.setenv("OURS", "1")
    code = "import os; print(os.environ['OURS'], os.environ['HOST'], os.environ['MEMCLI_LLM'])"
    assert llm.run(python(code), "", timeout=PATIENCE, environment={"HOST": "here"}) == "1 here 1"


def test_the_last_words_before_the_last_are_the_hint() -> None:
    """Programs often say first what is wrong and then where help is."""
    with pytest.raises(LLMError) as failed:
        llm.run(standin_llm.command(words="no key\n\ntry --help\n", code=1), "?", timeout=PATIENCE)
    assert failed.value.sentence.endswith("ended with 1: try --help")
    assert failed.value.hint == "before that it said: no key"


def test_known_programs_are_shown_with_the_line_that_sets_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each line fits a terminal; what is on the PATH and what is in force is marked."""
    (tmp_path / "codex").write_text("#!/bin/sh\n")
    (tmp_path / "codex").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    known = {one.program: one for one in llm.programs(["claude", "-p"])}
    assert known.keys() == {"llm", "claude", "codex", "gemini", "ollama", "aichat"}
    assert [name for name, one in known.items() if one.installed] == ["codex"]
    assert [name for name, one in known.items() if one.current] == ["claude"]
    for one in known.values():
        assert len(one.set) < 79
        assert tuple(json.loads(shlex.split(one.set)[-1])) == one.command
