"""The user's LLM command: a prompt goes in on standard input, text comes out.

Any program does that reads a prompt and writes an answer. It runs without a shell, in a session of its own:
it has no terminal to ask something on, and whatever it starts can be stopped along with it.
"""

from __future__ import annotations

import codecs
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from memcli import arithmetic
from memcli.errors import LLMError

ANSWER_MOST = 4_000_000
"""Bytes of an answer. The longest that models give, 128,000 tokens, are some 500 kB."""

PROMPT_PIECE, ANSWER_PIECE = 1 << 12, 1 << 16
"""Bytes that are written or read at once: a pipe takes the former without waiting."""

WORDS_LAST = 4_000
"""Bytes of its standard error that are kept: the last ones tell why it failed."""

GRACE_S = 0.5
"""Seconds between asking a command to end and ending it."""

LINGER_S = 0.2
"""Seconds without a word after which an answer is whole although something that the command left behind still
holds its output open: a server that it has started, say."""

INSIDE = "MEMCLI_LLM"
"""The variable that says who has started the command: to a hook of memcli's that runs inside of it, say."""

PROGRAMS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "llm": (("llm",), 'its default model; ["llm","-m","MODEL"] for another'),
    "claude": (("claude", "-p", "--tools", ""), "without tools: what it reads may not make it do anything"),
    "codex": (("codex", "exec", "--skip-git-repo-check", "-"), "in its read-only sandbox, anywhere"),
    "gemini": (("gemini",), "answers at once where its input is no terminal"),
    "ollama": (("ollama", "run", "MODEL"), "of a model that thinks aloud, add --hidethinking"),
    "aichat": (("aichat",), "prints the whole answer at its end"),
}
"""Programs that are known to do, each with its command and a word on it (their manuals, autumn 2026)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that answers prompts, and how to make it the LLM command.

    Attributes:
        program: Its name.
        command: What `llm.command` would be.
        set: The command line that sets it.
        meaning: A word on it.
        installed: Whether it is on the PATH.
        current: Whether it is the LLM command now.
    """

    program: str
    command: tuple[str, ...]
    set: str
    meaning: str
    installed: bool
    current: bool


def programs(command: Sequence[str]) -> list[Program]:
    """Programs that are known to do; *command* is the one in force."""
    return [
        Program(
            program=name,
            command=line,
            set=f"memcli config set llm.command '{_written(line)}'",
            meaning=meaning,
            installed=is_there(name),
            current=tuple(command[:1]) == (name,),
        )
        for name, (line, meaning) in PROGRAMS.items()
    ]


def is_there(program: str) -> bool:
    """Whether *program* can be run here."""
    return shutil.which(program) is not None


def _written(line: Sequence[str]) -> str:
    """*line* as JSON without blanks, so that it stays on one line of a terminal."""
    return "[" + ",".join(f'"{word}"' for word in line) + "]"


def run(
    command: Sequence[str],
    prompt: str,
    *,
    timeout: float,
    retries: int = 0,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What *command* answers to *prompt*, without the white space around it.

    Args:
        command: The program and its arguments; no shell reads them.
        prompt: For its standard input.
        timeout: Seconds after which it is stopped.
        retries: How often it is run again after it has failed.
        environment: Variables that it gets besides those of this process.

    Raises:
        LLMError: There is no command, it can't be run, fails, takes too long, or never stops talking.
    """
    asked = _Asked(command, prompt, environment or {}, ends=timeout)
    for tried in range(retries + 1):
        try:
            return "".join(asked.pieces()).strip()
        except _FailedError:
            if tried == retries:
                raise
            _rest(tried)
    raise AssertionError


def stream(
    command: Sequence[str],
    prompt: str,
    *,
    timeout: float,
    retries: int = 0,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The answer of *command* to *prompt* in pieces, as they come.

    Args:
        command: The program and its arguments; no shell reads them.
        prompt: For its standard input.
        timeout: Seconds without a word after which it is stopped: somebody is watching a longer answer.
        retries: How often it is run again after it has failed before saying anything.
        environment: Variables that it gets besides those of this process.

    Raises:
        LLMError: As in `run`, after what it had said until then.
    """
    asked = _Asked(command, prompt, environment or {}, silence=timeout)
    for tried in range(retries + 1):
        said = False
        try:
            for piece in asked.pieces():
                said = True
                yield piece
        except _FailedError:
            if said or tried == retries:  # what was shown can't be taken back
                raise
            _rest(tried)
        else:
            return


def _rest(tried: int) -> None:
    """Wait before the next try: 1, 2, 4, ... seconds, since what fails may be too busy."""
    time.sleep(2.0**tried)


class _FailedError(LLMError):
    """It was run and failed: another time it may not."""


@dataclass
class _Asked:
    """A prompt and the command that it goes to.

    Attributes:
        command: The program and its arguments.
        prompt: What it is asked.
        environment: Variables that it gets besides.
        ends: Seconds that all of it may take; 0 for any number.
        silence: Seconds that it may say nothing; 0 for any number.
    """

    command: Sequence[str]
    prompt: str
    environment: Mapping[str, str]
    ends: float = 0.0
    silence: float = 0.0
    _words: bytes = field(default=b"", init=False)

    def pieces(self) -> Iterator[str]:
        """The answer, as text, as it comes. Whatever ends this, ends the command and all that it started."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._words = b""
        process = self._started()
        try:
            for piece in self._answer(process):
                if text := decoder.decode(piece):
                    yield text
            if rest := decoder.decode(b"", final=True):
                yield rest
            code = process.wait(self.ends or self.silence)
        except subprocess.TimeoutExpired as error:
            raise self._late() from error
        finally:
            _end(process)
        if code:
            raise self._failed(code)

    def _started(self) -> subprocess.Popen[bytes]:
        if not self.command:
            raise LLMError(
                "no LLM command is set",
                hint="memcli config set llm.command '[\"llm\"]'; memcli config llm shows others",
            )
        try:
            return subprocess.Popen(  # noqa: S603  # the user's own command, from the user's own settings
                list(self.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**arithmetic.environment(), **self.environment, INSIDE: "1"},
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            raise LLMError(
                f"can't run {self.command[0]}: {getattr(error, 'strerror', error)}",
                hint="memcli config llm shows how to set the LLM command",
            ) from error

    def _answer(self, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """What it writes to standard output, while it is given its prompt and its last words are noted."""
        begun = heard = time.monotonic()
        size = 0
        with _Pipes(process, self.prompt) as pipes:
            while pipes.are_open:
                waits, piece, words = pipes.next()
                now = time.monotonic()
                if self.ends and now - begun > self.ends:
                    raise self._late()
                if self.silence and not piece and now - heard > self.silence:
                    raise self._late()
                if waits and process.poll() is not None:
                    return
                self._words = (self._words + words)[-WORDS_LAST:]
                if piece:
                    heard, size = now, size + len(piece)
                    if size > ANSWER_MOST:
                        raise self._floods()
                    yield piece

    def _late(self) -> LLMError:
        """What is said of a command that is stopped."""
        told = (
            f"has not answered in {self.ends:g} s"
            if self.ends
            else f"has said nothing for {self.silence:g} s"
        )
        return _FailedError(
            f"{self.command[0]} {told}", hint="memcli config set llm.timeout_s SECONDS lets it take longer"
        )

    def _floods(self) -> LLMError:
        return LLMError(
            f"{self.command[0]} has written more than {ANSWER_MOST // 1_000_000} MB and was stopped: "
            "no model answers at such length"
        )

    def _failed(self, code: int) -> LLMError:
        lines = [line.strip() for line in self._words.decode(errors="replace").splitlines() if line.strip()]
        told = f": {lines[-1][:200]}" if lines else ""
        before = " / ".join(line[:100] for line in lines[-4:-1])
        return _FailedError(
            f"{self.command[0]} ended with {code}{told}",
            hint=f"before that it said: {before}" if before else "",
        )


class _Pipes:
    """The pipes to a command: none of them keeps another one waiting.

    Args:
        process: The command, just started.
        prompt: What it is to read.
    """

    def __init__(self, process: subprocess.Popen[bytes], prompt: str) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._left = memoryview(prompt.encode("utf-8", "replace"))
        self._ready = selectors.DefaultSelector()

    def __enter__(self) -> _Pipes:
        os.set_blocking(self._in.fileno(), False)
        self._ready.register(self._in, selectors.EVENT_WRITE)
        for pipe in (self._out, self._err):
            self._ready.register(pipe, selectors.EVENT_READ)
        return self

    def __exit__(self, *exc: object) -> None:
        self._ready.close()

    @property
    def are_open(self) -> bool:
        """Whether there may be something to read."""
        return any(key.fileobj is not self._in for key in self._ready.get_map().values())

    def next(self) -> tuple[bool, bytes, bytes]:
        """Whether nothing has happened for a while; what came from standard output and standard error."""
        found = [key.fileobj for key, _ in self._ready.select(LINGER_S)]
        if self._in in found:
            self._give()
        read = {pipe: self._read(pipe) for pipe in (self._out, self._err) if pipe in found}
        return not found, read.get(self._out, b""), read.get(self._err, b"")

    def _give(self) -> None:
        """Write as much of the prompt as it takes now; that it does not read it is its own business."""
        with suppress(BlockingIOError):
            try:
                self._left = self._left[os.write(self._in.fileno(), self._left[:PROMPT_PIECE]) :]
            except BrokenPipeError:
                self._left = self._left[:0]
        if not self._left:
            self._ready.unregister(self._in)
            self._in.close()

    def _read(self, pipe: IO[bytes]) -> bytes:
        piece = os.read(pipe.fileno(), ANSWER_PIECE)
        if not piece:
            self._ready.unregister(pipe)
        return piece


def _end(process: subprocess.Popen[bytes]) -> None:
    """End *process* with all of its session, unless it has ended by itself; close its files."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S if number == signal.SIGTERM else None)
