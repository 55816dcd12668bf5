"""What `memcli warm` answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """How the warm process is.

    Attributes:
        running: Whether it is there.
        socket: Where it is reached; empty where there is no place for a socket.
        pid: Its process.
        commands: How many commands it has run.
        up_s: Seconds since it was ready.
        memory_mib: Its resident memory in MiB; 0 where the system does not tell.
    """

    running: bool
    socket: str
    pid: int | None = None
    commands: int = 0
    up_s: float = 0.0
    memory_mib: float = 0.0
