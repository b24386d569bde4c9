"""A bounce, from the remote server's refusal by mail to the suppression, through the whole program and a kill."""

from __future__ import annotations

import re
import smtplib
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Launch
from tests.e2e.program import SINGLE_SEND, Program, a_send, email_for_single_send, until
from tests.e2e.sink import Sink
from tests.stories.mailroom import dsn

RECIPIENT = "ann@example.org"


@pytest.fixture
def program(launch: Launch, sink: Sink) -> Program:
    settings = {"inbound": "127.0.0.1:0", "bounce_host": "mail.example.com"}
    return launch(route=sink.route, settings=settings)


def mailed(program: Program, client: httpx.Client) -> str:
    """The envelope sender of a mail that the next hop took."""
    wish = a_send(email_for_single_send(client))
    wish["message"]["to"] = RECIPIENT
    id_ = client.post(SINGLE_SEND, json=wish).json()["statusId"]

    def look() -> str | None:
        attempts: list[dict[str, Any]] = client.get(f"/api/v1/sends/{id_}").json()["attempts"]
        done = [each for each in attempts if each["outcome"] == "delivered"]
        said = " ".join(line["text"] for each in done for line in each["dialogue"])
        found = re.search(r"MAIL FROM:<([^>]+)>", said)
        return found[1] if found else None

    return until(look)


def hand_in(program: Program, recipient: str, text: bytes) -> None:
    host, _, port = str(program.ready["inbound"]).rpartition(":")
    with smtplib.SMTP(host, int(port)) as line:
        line.ehlo("mx.example.org")
        assert line.mail("")[0] == 250
        code, said = line.rcpt(recipient)
        if code != 250:
            raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
        assert line.data(text)[0] == 250


def test_a_bounce_that_was_taken_suppresses_also_after_a_kill_and_a_forged_one_is_refused(program: Program) -> None:
    boot = program.bootstrap()
    with program.client(boot) as client:
        return_path = mailed(program, client)
        assert re.fullmatch(r"b\.[a-z2-7]+@mail\.example\.com", return_path)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="no such address"):
            hand_in(program, return_path.replace(".", ".a", 1), dsn(RECIPIENT))
        hand_in(program, return_path.upper(), dsn(RECIPIENT))
    program.restart()
    with program.client(boot) as client:
        (found,) = until(lambda: client.get("/api/v1/suppressions").json()["results"])
        assert (found["address"], found["cause"]) == (RECIPIENT, "bounced")
        report = found["evidence"]["reportId"]
        assert "no such user" in program.command("reports", "show", report).stdout
    assert program.command("verify-ledger").returncode == 0
