"""Programs that speak MCP: where each is told of a server, and in which words."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

NAME = "memcli"
"""What clients call the server."""


class Client(StrEnum):
    """Programs whose settings are known."""

    CLAUDE_DESKTOP = "claude-desktop"
    CLAUDE_CODE = "claude-code"
    CODEX = "codex"
    COPILOT = "copilot"
    CURSOR = "cursor"
    GEMINI = "gemini"
    OPENCODE = "opencode"
    VSCODE = "vscode"
    WINDSURF = "windsurf"
    ZED = "zed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a client is told of the server.

    Attributes:
        file: The file of settings that `text` belongs into.
        text: What to put there, JSON or TOML.
        command: A command that does the same; empty where there is none.
    """

    file: str
    text: str
    command: str = ""


FILES: Mapping[Client, str] = {
    Client.CLAUDE_DESKTOP: "claude_desktop_config.json (Settings, Developer, Edit Config opens it)",
    Client.CLAUDE_CODE: ".mcp.json in the project",
    Client.CODEX: "~/.codex/config.toml",
    Client.COPILOT: "~/.copilot/mcp-config.json",
    Client.CURSOR: "~/.cursor/mcp.json, or .cursor/mcp.json in the project",
    Client.GEMINI: "~/.gemini/settings.json",
    Client.OPENCODE: "~/.config/opencode/opencode.json",
    Client.VSCODE: ".vscode/mcp.json in the project",
    Client.WINDSURF: "~/.codeium/windsurf/mcp_config.json",
    Client.ZED: "~/.config/zed/settings.json",
}


ADDING: Mapping[Client, str] = {
    Client.CLAUDE_CODE: f"claude mcp add --scope user {NAME} --",
    Client.CODEX: f"codex mcp add {NAME} --",
}
"""Commands of those clients that have one for it; what is to be run follows."""


def setup(client: Client, line: Sequence[str]) -> Setup:
    """How *client* is told to run the server with the command line *line*."""
    command, *arguments = line
    about: dict[str, Any] = {"command": command, "args": arguments}
    if client is Client.CODEX:
        text = _toml(about)
    else:
        section, wanted = _wanted(client, about)
        text = json.dumps({section: {NAME: wanted}}, indent=2, ensure_ascii=False)
    add = ADDING.get(client)
    return Setup(file=FILES[client], text=text, command=f"{add} {shlex.join(line)}" if add else "")


def _wanted(client: Client, about: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The section of the settings of *client*, and how it wants to be told *about* a server."""
    if client is Client.OPENCODE:
        line = [about["command"], *about["args"]]
        return "mcp", {"type": "local", "command": line, "enabled": True}
    if client is Client.COPILOT:
        return "mcpServers", {"type": "local", **about, "tools": ["*"]}
    typed = {"type": "stdio", **about}
    others = {
        Client.CLAUDE_CODE: ("mcpServers", typed),
        Client.VSCODE: ("servers", typed),
        Client.ZED: ("context_servers", about),
    }
    return others.get(client, ("mcpServers", about))


def _toml(about: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps({"mcp_servers": {NAME: about}}).rstrip("\n")
