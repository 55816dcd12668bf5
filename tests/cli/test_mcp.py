"""`memcli mcp` on the command line; what it serves is tested in tests/servers/test_mcp.py."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from memcli.services.clients import Client
from tests.cli.conftest import MemCLI, is_one_sentence

SECTIONS = {
    Client.CLAUDE_DESKTOP: "mcpServers",
    Client.CLAUDE_CODE: "mcpServers",
    Client.CODEX: "mcp_servers",
    Client.COPILOT: "mcpServers",
    Client.CURSOR: "mcpServers",
    Client.GEMINI: "mcpServers",
    Client.OPENCODE: "mcp",
    Client.VSCODE: "servers",
    Client.WINDSURF: "mcpServers",
    Client.ZED: "context_servers",
}
"""Where each client looks for servers in its settings."""


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("client", Client)
def test_what_a_client_needs_to_know_is_printed(memcli: MemCLI, home: Path, client: Client) -> None:
    """Ready for its file of settings, which standard error names; with the options that were said."""
    ran = memcli("mcp", "--print-config", client, "--space", "my work", "--no-with-global", "--shared")
    settings: Any = tomllib.loads(ran.out) if client is Client.CODEX else json.loads(ran.out)
    about = settings[SECTIONS[client]]["memcli"]
    command = about["command"]
    line = command if isinstance(command, list) else [command, *about["args"]]
    assert Path(line[0]).is_absolute()
    own = line[line.index("--home") :]
    assert own[:3] == ["--home", str(home), "mcp"]
    assert sorted(own[3:]) == sorted(["--space=my work", "--no-with-global", "--shared"])
    assert ran.err.startswith("for ")


@pytest.mark.here_only  # in a process of its own either way
def test_clients_that_have_a_command_for_it_are_told_by_it(memcli: MemCLI) -> None:
    """Quoted for a shell."""
    said = memcli("mcp", "--print-config", "claude-code", "--space", "my work").err.splitlines()[1]
    assert said.startswith("or run: claude mcp add ")
    assert said.endswith(" mcp '--space=my work'")


@pytest.mark.here_only  # in a process of its own either way
def test_a_client_that_is_not_known_is_refused(memcli: MemCLI) -> None:
    """With those there are."""
    ran = memcli("mcp", "--print-config", "notepad", code=2)
    assert is_one_sentence(ran.err)
    assert "zed" in ran.err


@pytest.mark.here_only  # in a process of its own either way
def test_without_the_extra_it_says_how_to_install_it(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is the one command that needs more than the base installation."""
    for name in [name for name in sys.modules if name.startswith("memcli.servers.mcp")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    import memcli.servers as servers

    monkeypatch.delattr(servers, "mcp", raising=False)
    ran = memcli("mcp", code=1)
    assert is_one_sentence(ran.err)
    assert "pip install 'memcli[mcp]'" in ran.err


@pytest.mark.here_only  # in a process of its own in any case
@pytest.mark.parametrize(("store", "code"), [("nowhere", 3), ("all", 2)])
def test_it_serves_the_store_that_is_named(memcli: MemCLI, store: str, code: int) -> None:
    """Or says that there is none of that name, or that it takes one; never another one instead."""
    assert is_one_sentence(memcli("--store", store, "mcp", code=code).err)
