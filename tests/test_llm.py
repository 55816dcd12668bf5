"""The user's LLM command, as real processes."""

import os
import sys
from pathlib import Path

import pytest

from memcli import llm
from memcli.errors import LLMError

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


def test_hooks_of_a_harness_that_is_the_command_do_nothing() -> None:
    """Otherwise memcli would call itself again and again."""
    from memcli.warm.hooks import RECURSION

    said = llm.run(["sh", "-c", f"echo ${RECURSION}"], "", timeout=10)
    assert said == "1"
