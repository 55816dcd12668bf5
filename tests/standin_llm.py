"""A program that stands in for an LLM: it reads a prompt, and does as its only argument, a JSON object, says.

`command(say="yes")` gives the command line of one that answers "yes". What else it can be told:

    say: what it answers, a text or several, which then come one by one
    rules: pairs of a text and an answer: that of the first text which the prompt holds is given instead
    hex: bytes that it answers, in hexadecimal
    pause_s: seconds between the pieces
    waits: a file; between the first piece and the others it waits until that is there
    log: a file to which the prompt is added, as a line of JSON
    reads: whether it reads its prompt; by default it does
    words: what it says on standard error
    code: its exit code
    fails: a file and a number: it fails that often, which it counts in the file
    floods: whether it never stops talking
    hangs: a file into which it writes its pid and that of a child, before neither of them ever ends
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def command(**script: Any) -> list[str]:
    """The command line of a stand-in that does as *script* says."""
    return [sys.executable, "-I", "-S", __file__, json.dumps(script, default=str)]


def asked(log: Path) -> list[str]:
    """The prompts that a stand-in has noted in *log*."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def _write(piece: bytes) -> None:
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _note(script: dict[str, Any], prompt: str) -> None:
    if "log" in script:
        with Path(script["log"]).open("a") as log:
            log.write(json.dumps(prompt) + "\n")


def _failed(script: dict[str, Any]) -> bool:
    """Whether it is to fail this time."""
    if "fails" not in script:
        return False
    file, times = Path(script["fails"][0]), script["fails"][1]
    so_far = len(file.read_text()) if file.exists() else 0
    file.write_text("x" * (so_far + 1))
    return so_far < int(times)


def _say(script: dict[str, Any], prompt: str) -> None:
    found = next(
        (answer for text, answer in script.get("rules", []) if text in prompt), script.get("say", "")
    )
    for at, piece in enumerate([found] if isinstance(found, str) else found):
        while at and "waits" in script and not Path(script["waits"]).exists():
            time.sleep(0.01)
        time.sleep(script.get("pause_s", 0) if at else 0)
        _write(piece.encode())
    _write(bytes.fromhex(script.get("hex", "")))


def _hang(script: dict[str, Any]) -> None:
    child = subprocess.Popen(["sleep", "600"])
    new = Path(script["hangs"] + ".new")
    new.write_text(f"{os.getpid()} {child.pid}")
    new.rename(script["hangs"])
    time.sleep(600)


def main() -> int:
    """Do what the argument says; the exit code."""
    script = json.loads(sys.argv[1])
    prompt = sys.stdin.buffer.read().decode() if script.get("reads", True) else ""
    _note(script, prompt)
    sys.stderr.write(script.get("words", ""))
    if _failed(script):
        return 1
    _say(script, prompt)
    while script.get("floods"):
        _write(b"and so on " * 10_000)
    if "hangs" in script:
        _hang(script)
    return int(script.get("code", 0))


if __name__ == "__main__":
    sys.exit(main())
