"""`memcli scan`, and what the command line says of secrets."""

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"


def test_a_secret_is_redacted_and_said_so(memcli: MemCLI) -> None:
    """On standard error, without the secret."""
    ran = memcli("store", f"the token is {TOKEN}")
    assert "github token" in ran.err
    assert TOKEN not in ran.out + ran.err
    assert memcli("list").json[0]["text"] == "the token is [redacted: github token]"


def test_a_secret_can_be_refused(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A usage error in one sentence."""
    monkeypatch.setenv("MEMCLI_SECRETS", "refuse")
    ran = memcli("store", f"the token is {TOKEN}", code=2)
    assert is_one_sentence(ran.err)
    assert TOKEN not in ran.err


def test_a_scan_from_finding_to_mending(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was stored before the setting was."""
    assert memcli("scan").json == []
    monkeypatch.setenv("MEMCLI_SECRETS", "allow")
    memcli("store", f"the token is {TOKEN}")
    monkeypatch.delenv("MEMCLI_SECRETS")
    [leak] = memcli("scan").json
    assert (leak["what"], leak["kinds"], leak["where"]) == ("memory", ["github token"], ["text", "title"])
    shown = memcli("scan", "-f", "table")
    assert leak["id"] in shown.out
    assert TOKEN not in shown.out + shown.err
    memcli("scan", "--redact", code=2)
    assert memcli("scan", "--redact", "--yes").json[0]["redacted"] is True
    assert memcli("scan").json == []
    assert memcli("list").json[0]["text"] == "the token is [redacted: github token]"
