"""F1, F2: a secret is in no log, no metric, no error; and what opens doors is in the database as a hash or sealed.

The program runs with debug logs and canaries in every secret place; then everything that it wrote is searched.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.e2e.program import EXECUTABLE, SINGLE_SEND, STATUSES, Boot, Program, a_send, email_for_single_send
from tests.e2e.sink import Sink

RELAY_PASSWORD = "canary-relay-password-93b1"
SECRET_KEY = "canary-secret-key-5f0c-long-enough"
CUSTOM = "canary-custom-value-77aa"
CONTACT = "canary-contact-value-21cd"
BODY = "canary-template-text-c4e8"
WRONG_TOKEN = "pat-sw1-canary-wrong-token-0a9b"
IDEMPOTENCY = "canary-idempotency-key-6d3e"


@dataclass
class Traces:
    """All that a run left behind, by where it was found."""

    boot: Boot
    logs: str = ""
    metrics: str = ""
    errors: list[str] = field(default_factory=list)
    commands: str = ""
    heard: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def provoke(program: Program, client: httpx.Client, boot: Boot, email_id: int) -> list[str]:
    """Errors of every kind; what they said."""
    wrong = {"Authorization": f"Bearer {WRONG_TOKEN}"}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", SINGLE_SEND, {"json": {"emailId": "x", "message": {"to": 5}, "customProperties": {"a": CUSTOM}}}),
        ("POST", SINGLE_SEND, {"content": b'{"customProperties": {"a": "' + CUSTOM.encode() + b'"'}),
        ("POST", SINGLE_SEND, {"json": a_send(email_id), "headers": wrong}),
        ("GET", f"{STATUSES}/never", {"headers": wrong}),
        ("GET", "/crm/v3/objects/contacts/999999", {}),
        ("POST", "/crm/v3/objects/contacts", {"json": {"properties": {"bad name!": CONTACT}}}),
        ("POST", "/login", {"data": {"email": boot.email, "password": "canary-wrong-password-e1"}}),
        ("GET", "/t/c/canary-no-token", {}),
        ("GET", f"/nothing/{WRONG_TOKEN}", {}),
    ]
    return [client.request(method, path, **how).text for method, path, how in calls]


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    place = tmp_path_factory.mktemp("secrets")
    settings = {"log_level": "debug", "secret_key": SECRET_KEY}
    with Sink(place / "received.jsonl") as sink:
        sink.script["EHLO"] = "250-sink.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"
        sink.script["AUTH"] = "235 2.7.0 welcome"
        route = f"smtp://relay:{RELAY_PASSWORD}@{sink.address}"
        with Program(data=place / "data", route=route, settings=settings) as program:
            done = program.command("bootstrap", "--account", "Shop", "--domain", "example.com", "--json")
            assert done.returncode == 1, "the command line has not been given the key: it must say so"
            boot = _bootstrap(program)
            found = Traces(boot, commands=done.stdout + done.stderr)
            with program.client(boot) as client:
                email_id = email_for_single_send(client, html=f"<p>{BODY} {{{{ custom.order_no }}}}</p>")
                body = a_send(email_id, secret=CUSTOM)
                body["contactProperties"] = {"firstname": CONTACT}
                sent = client.post(SINGLE_SEND, json=body, headers={"Idempotency-Key": IDEMPOTENCY})
                assert sent.status_code == 200, sent.text
                client.post(SINGLE_SEND, json=a_send(email_id, to="nobody"))
                found.errors = provoke(program, client, boot, email_id)
                found.metrics = client.get("/metrics").text
            sink.wait_for(1)
            found.heard = list(sink.heard)
            program.stop()
            found.logs = program.stderr
        for file in (place / "data").rglob("*"):
            if file.is_file():
                found.files[file.name] = file.read_bytes()
    return found


def _bootstrap(program: Program) -> Boot:
    words = ["bootstrap", "--account", "Shop", "--domain", "example.com", "--json", "--data", str(program.data)]
    done = subprocess.run(
        [str(EXECUTABLE), *words], capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "SENDWRIGHT_SECRET_KEY": SECRET_KEY},
    )  # fmt: skip
    told = json.loads(done.stdout)
    return Boot(
        portal_id=told["portalId"], token=told["token"], domain=told["domain"], email=told["user"]["email"],
        password=told["user"]["password"],
    )  # fmt: skip


def forms(secret: str) -> list[bytes]:
    """A secret as it is, and as it travels in AUTH PLAIN."""
    return [secret.encode(), base64.b64encode(f"\0relay\0{secret}".encode()), base64.b64encode(secret.encode())]


def secrets_of(traces: Traces) -> dict[str, str]:
    return {
        "API token": traces.boot.token, "password": traces.boot.password, "relay password": RELAY_PASSWORD,
        "secret key": SECRET_KEY, "wrong token": WRONG_TOKEN, "wrong password": "canary-wrong-password-e1",
    }  # fmt: skip


def hits(text: bytes, secrets: dict[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if any(form in text for form in forms(secret))]


def test_something_was_written(traces: Traces):
    assert traces.logs
    assert len(traces.files["sendwright.db"]) > 100_000
    assert len(traces.errors) == 9


def test_the_relay_password_was_really_used(traces: Traces):
    assert any(line.upper().startswith("AUTH") for line in traces.heard)


def test_no_secret_is_in_the_logs(traces: Traces):
    assert hits(traces.logs.encode(), secrets_of(traces)) == []


def test_no_personal_value_and_no_body_is_in_the_logs(traces: Traces):
    assert [word for word in (CUSTOM, CONTACT, BODY, IDEMPOTENCY) if word in traces.logs] == []


def test_no_secret_is_in_the_metrics(traces: Traces):
    assert hits(traces.metrics.encode(), secrets_of(traces)) == []


def test_no_secret_is_in_an_error(traces: Traces):
    told = {name: secret for name, secret in secrets_of(traces).items() if name != "wrong token"}
    assert hits("\n".join(traces.errors).encode(), told) == []


def test_a_value_of_a_caller_is_not_repeated_in_an_error(traces: Traces):
    assert CUSTOM not in "\n".join(traces.errors)


def test_a_command_that_fails_shows_no_secret(traces: Traces):
    assert hits(traces.commands.encode(), secrets_of(traces)) == []


def test_what_opens_doors_is_not_on_the_disk(traces: Traces):
    assert [(name, found) for name, text in traces.files.items() if (found := hits(text, secrets_of(traces)))] == []


def test_no_private_key_is_on_the_disk_as_it_is(traces: Traces):
    assert [name for name, text in traces.files.items() if b"PRIVATE KEY" in text] == []


def test_the_values_of_one_mail_are_gone_from_the_disk_once_it_is_done(traces: Traces):
    assert [name for name, text in traces.files.items() if CUSTOM.encode() in text] == []


def test_the_search_finds_what_is_there(traces: Traces):
    assert hits(f"x {traces.boot.token} y".encode(), secrets_of(traces)) == ["API token"]
    assert CONTACT.encode() in traces.files["sendwright.db"]
