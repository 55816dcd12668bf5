"""The entry point, `memcli` and `python -m memcli`: the warm process runs the command line, or this one."""

import os
import sys

COLLECTED_AFTER = 50_000
"""Objects that are made before Python looks for circles among them, instead of 700: importing makes some
hundred thousand, which stay, and the looks are a tenth of it."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    # What is written is for nobody else to read; a warm process is told, and children inherit it.
    os.umask(0o077)
    arguments = sys.argv[1:]
    try:
        from memcli.warm import client, place

        if place.command_of(arguments) == "hook":
            from memcli.warm import hooks

            if hooks.is_event(arguments):
                hooks.serve(arguments)
        try:
            code = client.hand_over(arguments)
        except client.KilledError:
            from memcli.cli.messages import complain

            complain("the warm process was killed; what was asked for may be done or not")
            sys.exit(1)
    except KeyboardInterrupt:  # pressed before there was anything to interrupt
        sys.exit(130)
    if code is not None:
        os._exit(code)  # nothing of this process's own is left to be written
    _leave(_run_here(arguments))


def _leave(code: int) -> None:
    """End this process with exit code *code*, at once: the libraries in it are not taken to pieces.

    That would be a seventh of a search, and nothing hangs on it: what is written has been written. What
    libraries want done at the end is done. Where a thread is at something still, it is waited for, as ever.
    """
    import atexit
    import threading

    if any(not one.daemon for one in threading.enumerate() if one is not threading.current_thread()):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # it is not there, closed, or nobody reads it any more
            continue
    os._exit(code)


def _run_here(arguments: list[str]) -> int:
    """Run *arguments* in this process; if the model had to be loaded, keep one ready for the next time."""
    import gc

    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])
    try:
        from memcli import arithmetic

        arithmetic.in_one_thread()
        from memcli.cli.boundary import run
        from memcli.cli.process import Process
    except KeyboardInterrupt:
        return 130
    process = Process()
    code = run(arguments, process)
    if process.has_models or process.is_behind:
        from memcli.warm import client, place

        home = place.home_of(arguments, os.environ)
        if process.wants_warm and place.is_wanted(arguments, os.environ):
            client.start(home)  # it sees to what is behind, too
        elif process.is_behind:
            where = ["--home", home] if home else []
            if process.last and process.last.store:
                where += ["--store", process.last.store]
            client.detached("memcli", *where, "--quiet", "optimize")
    return code


if __name__ == "__main__":
    main()
