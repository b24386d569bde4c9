"""The operator's way (docs/how-to/deliver-from-your-own-domain.md), step by step, with the installed program.

The strangers are a name server, a real Postfix as the mail exchanger of guests.test, and where Postfix passes mail on.
"""

from __future__ import annotations

import json
import re
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sendwright import outbound
from sendwright.run.clock import SystemClock
from tests.e2e import postfix
from tests.e2e.names import Names
from tests.e2e.nursery import Nursery
from tests.e2e.postfix import DOMAIN, FULL, GREYLISTED, LATER, UNKNOWN, free_port, receiving_postfix
from tests.e2e.program import SINGLE_SEND, Boot, Program, a_send, email_for_single_send, until
from tests.e2e.sink import Sink
from tests.stories.mailroom import PEM, PROVIDER, arf, dsn, signed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postfix.why_not() is not None, reason=postfix.why_not() or ""),
    pytest.mark.xdist_group("postfix"),
]

OURS, ADDRESS, HELO = "mail.example.net", "127.0.0.11", "mx1.example.com"
STRANGERS: dict[tuple[str, str], Sequence[str]] = {
    (DOMAIN, "MX"): [f"10 mx.{DOMAIN}."],
    (f"mx.{DOMAIN}", "A"): ["127.0.0.1"],
    (f"s1._domainkey.{PROVIDER}", "TXT"): [f'"{outbound.public_record(PEM)}"'],
    (OURS, "A"): ["127.0.0.1"],
    ("example.com", "NS"): ["ns.example.com."],
    ("ns.example.com", "A"): ["127.0.0.1"],
    ("example.com", "MX"): ["10 mx.guests.test."],
}


class Operator:
    """Who follows the page: commands, DNS, and a shop's program that sends."""

    def __init__(self, program: Program, zone: dict[tuple[str, str], Sequence[str]], sink: Sink) -> None:
        self.program, self.zone, self.sink = program, zone, sink
        self.email_id = 0
        self.client: Any = None

    def does(self, *words: str, code: int = 0) -> str:
        """What a command says."""
        done = self.program.operate(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def asks(self, *words: str) -> Any:
        """What a command says with --json."""
        return json.loads(self.does(*words, "--json"))

    def publishes(self, records: Sequence[Mapping[str, Any]]) -> None:
        """As a zone file has them."""
        for record in records:
            if record["value"]:
                self.zone[record["name"], record["type"]] = [in_zone(record["type"], record["value"])]

    def sends(self, to: str) -> str:
        """A mail to somebody; the send's id."""
        asked = self.client.post(SINGLE_SEND, json=a_send(self.email_id, to=to))
        assert asked.status_code == 200, asked.text
        return str(asked.json()["statusId"])

    def send(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/sends/{id_}").json()
        return found

    def tried(self, to: str, tries: int = 1) -> dict[str, Any]:
        """A mail to somebody, once it was tried."""
        return self.tried_again(self.sends(to), tries)

    def tried_again(self, id_: str, tries: int) -> dict[str, Any]:
        return until(lambda: s if len((s := self.send(id_))["attempts"]) >= tries else None)

    def has(self, id_: str, event: str) -> dict[str, Any]:
        """The send, once such an event happened."""
        return until(lambda: s if event in events(s := self.send(id_)) else None)

    def suppressed(self, address: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.asks("suppressions", "list", address)
        return found[0] if found else None

    def hands_in(self, recipient: str, text: bytes) -> int:
        """Somebody brings a mail to the inbound door; the code of the answer."""
        host, _, port = str(self.program.ready["inbound"]).rpartition(":")
        with smtplib.SMTP(host, int(port)) as line:
            line.ehlo("mx.example.org")
            line.mail("")
            code, _ = line.rcpt(recipient)
            return line.data(text)[0] if code == 250 else code


def in_zone(kind: str, value: str) -> str:
    if kind != "TXT":
        return f"{value}."
    return " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))


def events(send: Mapping[str, Any]) -> list[str]:
    return [event["type"] for event in send["events"]]


def return_path(send: Mapping[str, Any]) -> str:
    said = " ".join(line["text"] for attempt in send["attempts"] for line in attempt["dialogue"])
    found = re.search(r"MAIL FROM:<([^>]+)>", said)
    assert found, said
    return found[1]


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Operator]:
    """Everything is set up as the page says; the tests are what may happen then, each to a recipient of its own."""
    place: Path = tmp_path_factory.mktemp("operator")
    zone, door = dict(STRANGERS), free_port()
    with (
        Sink(place / "received.jsonl") as sink,
        Names(zone) as names,
        receiving_postfix(sink_port=sink.port, reports_port=door) as server,
    ):
        settings = {
            "public_url": f"http://{OURS}", "inbound": f"127.0.0.1:{door}", "feedback_domains": "provider.example",
            "resolver": names.address, "dns_port": names.address.rpartition(":")[2],
            "mx_port": str(server.port), "allow_private_mx": "true",
        }  # fmt: skip
        program = Program(data=place / "data", route="mx", settings=settings, nursery=nursery)
        set_up = Operator(program, zone, sink)
        boot = connected(set_up)
        with program, program.client(boot) as client:
            set_up.client, set_up.email_id = client, email_for_single_send(client)
            yield set_up


def connected(operator: Operator) -> Boot:
    """Steps 1 to 3 of the page."""
    made = operator.asks("bootstrap", "--account", "Shop", "--email", "you@example.com")
    added = operator.asks("domains", "add", "example.com")
    operator.does("domains", "check", "example.com", code=1)
    operator.publishes(added["records"])
    assert "mail can be sent from it" in operator.does("domains", "check", "example.com")
    operator.zone["11.0.0.127.in-addr.arpa", "PTR"] = [f"{HELO}."]
    operator.zone[HELO, "A"] = [ADDRESS]
    assert operator.asks("egress", "add", "ip-1", "--ip", ADDRESS, "--ehlo-name", HELO)["usable"]
    assert f"Add ip4:{ADDRESS}" in operator.does("domains", "check", "example.com", code=1)
    operator.publishes(operator.asks("domains", "show", "example.com")["records"])
    operator.does("domains", "check", "example.com")
    operator.does("pool", "set", "transactional", "ip-1")
    user = made["user"]
    return Boot(
        portal_id=made["portalId"], token=made["token"], email=user["email"], password=user["password"],
        domain="example.com",
    )  # fmt: skip


def test_a_mail_leaves_from_the_own_address_under_the_own_name(operator: Operator):
    send = operator.tried(f"anna@{DOMAIN}")
    assert (send["sendResult"], send["attempts"][0]["outcome"]) == ("SENT", "delivered")
    mine = until(lambda: [r for r in operator.sink.received if r.recipient == f"anna@{DOMAIN}"])
    seen = operator.sink.messages[mine[0].message_id].decode()
    assert f"from {HELO} ({HELO} [{ADDRESS}])" in seen or f"from {HELO} (unknown [{ADDRESS}])" in seen
    assert return_path(send).endswith("@bounce.example.com")


def test_the_way_of_a_mail_is_shown_to_the_last_word(operator: Operator):
    send = operator.tried(f"berta@{DOMAIN}")
    told = operator.does("sends", "show", send["id"])
    for words in ("TLS 1.3", "Leaves by  ip-1", f"from {ADDRESS}", "RCPT TO:<berta@", "queued as"):
        assert words in told


def test_a_bounce_that_postfix_sends_later_suppresses_with_its_words(operator: Operator):
    id_ = operator.sends(LATER)
    bounced = operator.has(id_, "BOUNCE")
    assert bounced["attempts"][0]["outcome"] == "delivered"
    kept = operator.does("suppressions", "show", LATER)
    assert "this mailbox was closed yesterday" in kept
    assert id_ in kept
    again = operator.has(operator.sends(LATER), "DROPPED")
    assert again["sendResult"] == "PREVIOUSLY_BOUNCED"


def test_a_bounce_that_is_not_ours_changes_nothing(operator: Operator):
    victim = f"carla@{DOMAIN}"
    path = return_path(operator.tried(victim))
    assert operator.hands_in(path.replace("b.", "b.a", 1), dsn(victim)) == 550
    assert operator.hands_in(path, dsn("somebody@else.test")) == 250
    (report,) = until(lambda: [r for r in operator.asks("reports", "list") if r["cameTo"] == path])
    assert (report["finding"], "another recipient" in report["why"]) == ("unattributed", True)
    assert operator.suppressed(victim) is None


def test_a_complaint_suppresses_and_is_an_unsubscription(operator: Operator):
    reader = f"vanished@{DOMAIN}"
    send = operator.tried(reader)
    (mine,) = until(lambda: [r for r in operator.sink.received if r.recipient == reader])
    returned = operator.sink.messages[mine.message_id]
    report = arf(returned, recipient=reader)
    assert operator.hands_in(f"fbl@{OURS}", report) == 250
    assert operator.hands_in(f"fbl@{OURS}", signed(report, SystemClock().now())) == 250
    operator.has(send["id"], "SPAMREPORT")
    found = operator.suppressed(reader)
    assert found
    assert found["cause"] == "complained"


def test_an_unknown_mailbox_bounces_while_the_server_is_on_the_line(operator: Operator):
    send = operator.tried(UNKNOWN)
    assert (send["sendResult"], send["attempts"][0]["enhancedCode"]) == ("UNDELIVERABLE", "5.1.1")
    assert "User unknown" in operator.does("suppressions", "show", UNKNOWN)


def test_a_greylisted_mail_goes_at_once_when_the_operator_says_so(operator: Operator):
    id_ = operator.tried(GREYLISTED)["id"]
    assert "Greylisted, try again later" in operator.does("queue", "show", id_)
    operator.does("queue", "retry", id_)
    assert operator.tried_again(id_, 2)["sendResult"] == "SENT"


def test_a_full_mailbox_waits_and_can_be_taken_back(operator: Operator):
    id_ = operator.tried(FULL)["id"]
    assert "the mailbox is full" in operator.does("queue", "list", "--domain", DOMAIN)
    operator.does("queue", "hold", id_, "--reason", "wrong price")
    assert "wrong price" in operator.does("queue", "show", id_)
    operator.does("queue", "cancel", id_, "--reason", "sent by mistake")
    assert operator.send(id_)["status"] == "CANCELED"
    assert "sent by mistake" in operator.does("sends", "show", id_)


def test_what_is_paused_waits_and_says_why(operator: Operator):
    operator.does("queue", "pause", "--domain", "elsewhere.test", "--reason", "they are moving")
    id_ = operator.sends("dora@elsewhere.test")
    assert "they are moving" in until(lambda: t if "they are" in (t := operator.does("queue", "show", id_)) else None)
    operator.does("queue", "cancel", id_, "--reason", "over")
    assert "Resumed" in operator.does("queue", "resume", "--domain", "elsewhere.test")


def test_the_books_balance(operator: Operator):
    operator.tried(f"anna@{DOMAIN}")
    assert operator.does("verify-ledger")
