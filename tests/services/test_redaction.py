"""Secrets: each documented form is recognised, ordinary words are not, and none is stored or told."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import (
    agents,
    history,
    memories,
    redaction,
    remember,
    scanning,
    spaces,
    tasks,
    transfer,
    turns,
    undo,
    values,
)
from memcli.services.engine import Engine
from memcli.services.importers.reading import Source
from memcli.services.redaction import PrivateError
from tests.wordhash import UNCHECKED

MakeEngine = Callable[..., Engine]

MIX = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5kM7nP9rS1uV3xY5"
"""Letters and digits that no program would take for real; forms are put together here so that no line of this
file is a secret by itself."""

HEX = "0123456789abcdef" * 8

FORMS = {
    "github token": [
        "ghp_" + MIX[:36],
        "gho_" + MIX[:36],
        "ghs_" + MIX[:36],
        "github_pat_" + MIX[:22] + "_" + (MIX * 2)[:59],
    ],
    "gitlab token": ["glpat-" + MIX[:20], "glptt-" + MIX[:40]],
    "aws access key id": ["AKIA" + "IOSFODNN7QRSTUVW", "ASIA" + "IOSFODNN7QRSTUVW"],
    "aws secret access key": ["aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzKEY12"],
    "anthropic key": ["sk-ant-" + "api03-" + MIX],
    "openai key": ["sk-proj-" + MIX, "sk-" + MIX[:48], "sk-or-v1-" + HEX[:64]],
    "hugging face token": ["hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"],
    "google api key": ["AIza" + MIX[:35]],
    "google oauth token": ["ya29." + MIX],
    "google oauth secret": ["GOCSPX-" + MIX[:28]],
    "slack token": [
        "xoxb-" + "123456789012-1234567890123-" + MIX[:24],
        "xapp-1-" + "A0123456789-1234567890123-" + HEX[:64],
    ],
    "slack webhook": ["https://hooks.slack.com/services/" + "T00000000/B00000000/" + MIX[:24]],
    "discord webhook": ["https://discord.com/api/webhooks/" + "123456789012345678/" + MIX],
    "stripe key": ["sk_live_" + MIX[:24], "rk_live_" + MIX[:24]],
    "webhook secret": ["whsec_" + MIX[:32]],
    "npm token": ["npm_" + MIX[:36]],
    "pypi token": ["pypi-" + "AgEIcHlwaS5vcmc" + MIX * 2],
    "sendgrid key": ["SG." + MIX[:22] + "." + MIX[:43]],
    "digitalocean token": ["dop_v1_" + HEX[:64]],
    "telegram token": ["123456789:AA" + MIX[:33]],
    "vault token": ["hvs." + MIX],
    "docker token": ["dckr_pat_" + MIX[:27]],
    "linear key": ["lin_api_" + MIX[:40]],
    "notion token": ["secret_" + MIX[:43], "ntn_" + MIX[:46]],
    "groq key": ["gsk_" + (MIX * 2)[:52]],
    "age key": ["AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"],
    "xai key": ["xai-" + (MIX * 2)[:80]],
    "perplexity key": ["pplx-" + MIX[:48]],
    "replicate token": ["r8_" + MIX[:37]],
    "supabase token": ["sbp_" + HEX[:40], "sbp_v0_" + HEX[:40]],
    "shopify token": ["shpat_" + HEX[:32], "shpss_" + HEX[:32]],
    "databricks token": ["dapi" + HEX[:32], "dapi" + HEX[:32] + "-2"],
    "atlassian token": ["ATATT3" + (MIX * 4)[:177] + "=" + HEX[:8].upper()],
    "figma token": ["figd_" + MIX[:40]],
    "grafana token": ["glsa_" + MIX[:32] + "_" + HEX[:8]],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + MIX[:43]],
    "azure storage key": ["AccountName=x;AccountKey=" + (MIX * 2)[:86] + "=="],
    "private key": [
        "-----BEGIN RSA PRIVATE KEY-----\n" + MIX + "\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + MIX,
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n" + MIX + "\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
    "password": [
        "postgresql://app:" + "s3cr3tpw@db.internal:5432/shop",
        "https://me:" + "hunter22@github.com/acme/shop.git",
        "redis://:" + "p4ss@cache:6379",
        "curl -s -u admin:" + "hunter22 https://example.org",
        "the wifi password is " + "Tr0ub4dor&3",
        "Passwords: " + "Xk9mPq2vL7",
        "Das Passwort lautet " + "Tr0ub4dor&3",
        "postgres://user:" + "p@ssw0rd@db.host/x",
        "sshpass -p " + "hunter22 ssh root@db",
    ],
    "token": ["Authorization: Bearer " + MIX[:30], "authorization: Basic " + "dXNlcjpwYXNzd29yZDEyMw=="],
    "secret": [
        "DB_PASSWORD=" + "hunter22x",
        'api_key: "' + MIX[:20] + '"',
        "password: " + "hunter2024",
        '{"client_secret": "' + MIX[:16] + '"}',
        "stripe.secret := " + MIX[:16],
        "API key: " + HEX[:32],
        "**Password:** " + "Xk9mPq2vL7",
        "**`token`**: **" + "Xk9mPq2vL7**",
        "api key=" + HEX[:32],
        "SECRET_KEY_BASE=" + HEX,
        "secret_key_prod_eu=" + MIX[:20],
        '{\\"password\\": \\"' + 'Xk9mPq2vL7\\"}',
        "mysqldump --password " + "hunter22 shop",
        "deploy --auth-token " + MIX[:20],
        "Passwort: " + "Sommer2024",
        "the access token is " + HEX[:32],
        "Password: " + "Sommer-2024",
        "TOKEN=" + "ABCD-1234-EFGH-5678",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, some in FORMS.items() for text in some])
def test_every_documented_form_is_recognised(kind: str, text: str) -> None:
    """Alone and within a sentence; what is left tells what it was, and nothing of it."""
    for whole in (text, f"We use {text} for the shop."):
        secrets = redaction.found(whole)
        assert [secret.kind for secret in secrets] == [kind]
        left = redaction.redacted(whole, secrets)
        assert f"[redacted: {kind}]" in left
        hidden = whole[secrets[0].start : secrets[0].end]
        assert hidden not in left
        assert redaction.found(left) == []


@pytest.mark.parametrize(
    "text",
    [
        "the API token limit is 128000 tokens per minute",
        "password: ********",
        "password=<your password>",
        "export TOKEN=$GITHUB_TOKEN",
        "the password is stored in Vault",
        "the password is sha256-hashed before it is stored",
        "password policy: at least 12 characters",
        "token = get_token(user, scope)",
        "secret: config.secrets.github",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fixed it",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "sk-learn and sk-image are both used",
        "see https://user@example.org/path and http://localhost:8080/a@b",
        "git@github.com:acme/shop.git",
        "postgres://app:<password>@db/shop",
        "the secret of a good sourdough is patience",
        "max_tokens: 4096",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "ghp_ tokens begin with four letters; AKIA is the prefix of AWS key ids",
        "a basic token of appreciation: thanks2024",
        "Our design token: color-primary-500 is used for all buttons",
        "API_KEY: process.env.OPENAI_KEY_2",
        "api_key=settings.OPENAI_KEY_1",
        "password = get_password_v2",
        "secret: projects/my-proj-123/secrets/db-pass",
        "secret: k8s-secret-name-v1",
        "passwords: argon2id",
        "Password: at-least-12-characters",
        "CSRF token: double-submit-v2",
        "SECRET_TOKEN=vault:secret/data/app1#token",
        "access_key: ctrl+shift+f12",
        "token_type: bearer2024 and token_limit=128000tokens",
        "password_hash=5f4dcc3b5aa765d61d8327deb882cf99",
        "token: ******ab12cd34",
        "deploy --token $TOKEN2024 --password stdin",
        "the API token is rotated-every-90-days-by-cron",
        "sshpass -p $PASS1 ssh root@db",
        "http://localhost:8080/a@b and http://[::1]:80/x@y",
    ],
)
def test_ordinary_texts_are_left_alone(text: str) -> None:
    """What is lost by mistake is lost."""
    assert redaction.found(text) == []


def test_several_secrets_are_all_taken_out() -> None:
    """Each once, in its place, and what is around them stays."""
    text = f"a {FORMS['github token'][0]} b {FORMS['slack token'][0]} c postgres://u:{'p4ssw0rd'}@h/d"
    left = redaction.redacted(text, redaction.found(text))
    assert (
        left == "a [redacted: github token] b [redacted: slack token] c postgres://u:[redacted: password]@h/d"
    )


@given(st.text(max_size=300))
def test_whatever_a_text_holds_nothing_goes_wrong(text: str) -> None:
    """Secrets are in order and apart, and what is left holds none."""
    secrets = redaction.found(text)
    assert all(one.end <= other.start for one, other in pairwise(secrets))
    assert all(0 <= secret.start < secret.end <= len(text) for secret in secrets)


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "aws secret ",
        "password=",
        "curl -u a:",
        "token ",
        "bearer a1",
        "api key_a_b_c",
        "token_aaaaaaaaaaaaaaaaaaaa_a",
        "token: a-1.",
        "://a:b@",
        "--token ",
        "--a-password=",
        "sshpass -p ",
        "access token is ",
        "token=" + "aB" * 5 + " ",
    ],
)
def test_no_text_takes_for_ever(piece: str) -> None:
    """Patterns look at each character a bounded number of times: twice the text, some twice the time."""

    def took(times: int) -> float:
        begun = time.process_time()
        redaction.found(piece * times)
        return time.process_time() - begun

    assert took(40_000) < 20 * took(10_000) + 0.5


# --- what is stored ---


TOKEN = FORMS["github token"][0]
LEFT = "the token is [redacted: github token]"


def on_disk(engine: Engine, words: str) -> list[Path]:
    """The files of the home of *engine* that hold *words*."""
    return [p for p in engine.home.data.rglob("*") if p.is_file() and words.encode() in p.read_bytes()]


@pytest.fixture
def told() -> list[str]:
    """What was said to the user."""
    return []


@pytest.fixture
def heard(make_engine: MakeEngine, told: list[str]) -> Engine:
    """An engine that tells."""
    return make_engine(warned=told.append)


def test_no_door_lets_a_secret_in(heard: Engine, scope: Scope, told: list[str]) -> None:
    """store, update, import, conversations, tasks: text, title, tags, metadata; nowhere on the disk."""
    text = f"the token is {TOKEN}"
    one = remember.store(
        heard, text, scope=scope, title=text, tags=(TOKEN,), metadata={"a": [{"b": text}]}, source=text
    )
    kept = memories.find(heard, str(one.id))
    assert (kept.text, kept.title, kept.tags) == (LEFT, LEFT, ("[redacted: github token]",))
    assert kept.metadata == {"a": [{"b": LEFT}]}
    memories.update(
        heard, kept.id, text=f"now {TOKEN}", metadata={"password": "hunter2024", "api key": "hunter2024!"}
    )
    assert memories.find(heard, kept.id).text == "now [redacted: github token]"
    known = memories.find(heard, kept.id).metadata
    assert known["password"] == known["api key"] == "[redacted: secret]"
    [record] = transfer.import_lines(heard, [json.dumps({"text": f"imported {TOKEN}"})], scope=scope)
    assert memories.find(heard, str(record.stored.id)).text == "imported [redacted: github token]"
    added = turns.add(heard, "user", text, scope=scope, conversation="talk")
    assert memories.find(heard, str(added.id)).text == LEFT
    tasks.start(heard, f"use {TOKEN}", scope=scope)
    tasks.set_variable(heard, "api_key", "hunter2024", scope=scope)
    assert tasks.get(heard, "api_key", scope=scope).text == "[redacted: secret]"
    undo.undo(heard, scope=scope)
    assert history.history(heard, kept.id)
    assert on_disk(heard, TOKEN) == []
    assert on_disk(heard, "hunter2024") == []
    assert told[0] == (
        "not stored: what looks like a secret (github token); it says [redacted: github token] in its place"
    )
    assert TOKEN not in "".join(told)


def test_what_spaces_and_agents_are_described_by_holds_none(heard: Engine, told: list[str]) -> None:
    """As little as a memory."""
    made = spaces.create(heard, "shop", user="me", description=f"the token is {TOKEN}")
    agent = agents.create(heard, "bo", user="me", description="password: hunter2024", model=TOKEN)
    assert made.description == LEFT
    assert (agent.description, agent.model) == ("password: [redacted: secret]", "[redacted: github token]")
    assert on_disk(heard, TOKEN) == []
    assert len(told) == 2  # each kind once


def test_a_secret_can_be_refused_and_is_not_repeated(make_engine: MakeEngine, scope: Scope) -> None:
    """A usage error that names its kind; an import reports the line and goes on."""
    strict = make_engine(replace(UNCHECKED, secrets="refuse"))
    with pytest.raises(UsageError, match="github token") as caught:
        remember.store(strict, f"the token is {TOKEN}", scope=scope)
    assert TOKEN not in caught.value.sentence + caught.value.hint
    lines = [json.dumps({"text": TOKEN}), '{"text": "amber tree"}']
    records = list(transfer.import_lines(strict, lines, scope=scope))
    assert [record.stored.action for record in records] == ["failed", "stored"]
    assert TOKEN not in str(records)


def test_a_secret_can_be_allowed(make_engine: MakeEngine, scope: Scope) -> None:
    """Whoever says so gets it; what is private is not stored even then."""
    free = make_engine(replace(UNCHECKED, secrets="allow"))
    stored = remember.store(free, f"{TOKEN} <private>not this</private>", scope=scope)
    assert memories.find(free, str(stored.id)).text == TOKEN


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a <private>b</private> c", "a  c"),
        ("a <PRIVATE>b\nb</Private>", "a"),
        ("a <private>b <private>c</private> d</private> e", "a  e"),
        ("a <private>b", "a"),
        ("a</private> b", "a b"),
        ("List<privateer> stays", "List<privateer> stays"),
    ],
)
def test_what_is_private_is_never_stored(engine: Engine, scope: Scope, text: str, left: str) -> None:
    """Nested, unclosed, in capital letters; what only resembles it stays."""
    stored = remember.store(engine, text, scope=scope)
    assert memories.find(engine, str(stored.id)).text == left


def test_a_text_that_is_nothing_but_private_is_refused_or_passed_over(engine: Engine, scope: Scope) -> None:
    """By a command, it is refused; in an import it is no failure."""
    with pytest.raises(PrivateError):
        remember.store(engine, "<private>all</private>", scope=scope)
    passed = transfer.Passed()
    lines = b'{"text": "<private>all</private>"}\n{"text": "amber tree"}\n'
    records = list(transfer.import_files(engine, [Source(BytesIO(lines), "")], scope=scope, passed=passed))
    assert [record.stored.action for record in records] == ["stored"]
    assert passed.entries == 1


# --- what was stored before ---


@pytest.fixture
def leaky(make_engine: MakeEngine, scope: Scope) -> Engine:
    """An engine on a store that was written when secrets were allowed."""
    free = make_engine(replace(UNCHECKED, secrets="allow"))
    text = f"the token is {TOKEN}"
    first = remember.store(free, text, scope=scope, metadata={"password": "hunter2024"})
    memories.update(free, str(first.id), text=f"{text} still")
    remember.store(free, "amber tree", scope=scope)
    remember.store(free, f"{TOKEN} " + " ".join(f"word{n}" for n in range(120)), scope=scope)
    turns.add(free, "user", text, scope=scope, conversation="talk")
    values.put(free, "k", '{"password": "hunter2024"}', scope=scope)
    return make_engine()


def test_a_scan_tells_where_and_what_and_never_the_secret(leaky: Engine, scope: Scope) -> None:
    """Memories and values; nothing is changed."""
    leaks = scanning.scan(leaky, scope=scope)
    assert sorted((leak.what, leak.kinds, leak.where) for leak in leaks) == [
        ("memory", ("github token",), ("text", "title")),
        ("memory", ("github token",), ("text", "title")),
        ("memory", ("github token", "secret"), ("text", "title", "metadata")),
        ("value", ("secret",), ("data",)),
    ]
    assert TOKEN not in str(leaks)
    assert on_disk(leaky, TOKEN)


def test_a_scan_looks_at_all_that_is_told(make_engine: MakeEngine, scope: Scope) -> None:
    """Spaces, agents, and the keys of values, of which one can tell what the value is."""
    free = make_engine(replace(UNCHECKED, secrets="allow"))
    spaces.create(free, "work", user="me", description=f"the token is {TOKEN}")
    spaces.create(free, "other", user="me", description="nothing")
    agents.create(free, "bo", user="me", description=TOKEN)
    values.put(free, TOKEN, '"x"', scope=scope)
    values.put(free, "api_key", '"hunter2024"', scope=scope)
    leaks = scanning.scan(make_engine(), scope=replace(scope, space=None))
    assert sorted((leak.what, leak.id, leak.space, leak.where) for leak in leaks) == [
        ("agent", "bo", "", ("description",)),
        ("space", "work", "work", ("description",)),
        ("value", "[redacted: github token]", "work", ("key",)),
        ("value", "api_key", "work", ("data",)),
    ]
    assert {leak.what for leak in scanning.scan(make_engine(), scope=scope)} == {"space", "value"}


def test_secrets_are_taken_off_the_disk(leaky: Engine, scope: Scope) -> None:
    """Out of rows, passages, indexes, old versions, the journal and what the shell offers."""
    before = {memory.id: memory for memory in memories.newest(leaky, scope=scope)}
    leaks = scanning.redact(leaky, scanning.scan(leaky, scope=scope))
    assert [leak.redacted for leak in leaks] == [True, True, True, False]
    assert on_disk(leaky, TOKEN) == []
    assert on_disk(leaky, TOKEN.lower()) == []
    after = {memory.id: memory for memory in memories.newest(leaky, scope=scope)}
    assert after.keys() == before.keys()
    assert {m.text for m in after.values()} >= {"amber tree", LEFT, LEFT + " still"}
    assert [leak.what for leak in scanning.scan(leaky, scope=scope)] == ["value"]


def test_what_is_private_as_a_whole_is_left_to_its_owner(make_engine: MakeEngine, scope: Scope) -> None:
    """Nothing would be left of the memory: forgetting and purging it is somebody's decision."""
    engine = make_engine()
    stored = remember.store(engine, "amber tree", scope=scope)
    row = replace(memories.find(engine, str(stored.id)), text="<private>all</private>")
    with engine.db.writing() as db:
        db.memories.put([row], db.memories.vectors([row.id]))
    [leak] = scanning.redact(engine, scanning.scan(engine, scope=scope))
    assert (leak.kinds, leak.redacted) == (("private",), False)
