"""The submission doors of a running program, as a customer has them: a token, ports, and what arrives.

with opened(folder) as door:
    ... send to ada@example.net through door.host, door.starttls, door.user, door.password ...
    arrived = door.arrived("ada@example.net")
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any

import dkim
import httpx

from tests.e2e.program import Boot, Program, until

EVENTS = "/email/public/v1/events"
_TOKENS = "/marketing/v3/transactional/smtp-tokens"
_LINK = re.compile(r'href="([^"]*)"')
_PIXEL = re.compile(r'<img[^>]*src="([^"]*/t/o/[^"]*)"[^>]*>')


@dataclass(frozen=True)
class Arrived:
    """What one recipient got, beside what the program tells of it. ``events``: HubSpot's form, newest first."""

    raw: bytes
    send: dict[str, Any]
    events: list[dict[str, Any]]

    @cached_property
    def mail(self) -> EmailMessage:
        """Taken apart by the standard library."""
        mail = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    def body(self, kind: str) -> str:
        """The text of this kind (plain or html), lines ended by LF, without what a client adds at its end."""
        part = self.mail.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n").rstrip()

    @property
    def links(self) -> list[str]:
        """Where the links of the HTML lead now."""
        return [link.replace("&amp;", "&") for link in _LINK.findall(self.body("html"))]

    @property
    def pixels(self) -> list[str]:
        """The addresses of our pixels in the HTML."""
        return _PIXEL.findall(self.body("html"))

    def parts(self) -> dict[str, bytes]:
        """The octets of everything that is no text of the mail, by file name or Content-ID or kind."""
        leaves = [part for part in self.mail.walk() if not part.is_multipart()]
        bodies = [self.mail.get_body(("plain",)), self.mail.get_body(("html",))]
        return {
            part.get_filename() or part.get("content-id") or part.get_content_type(): part.get_payload(decode=True)
            for part in leaves
            if part not in bodies
        }


@dataclass(frozen=True)
class Door:
    """What a customer is told, and a look at the other end. ``ca``: the certificate that the program made itself."""

    program: Program
    boot: Boot
    http: httpx.Client
    user: str
    password: str
    campaign_id: str

    host = "127.0.0.1"

    @property
    def starttls(self) -> int:
        """The port where TLS is asked for."""
        return _port(self.program.ready["submission"])

    @property
    def tls(self) -> int:
        """The port where TLS is there from the first octet."""
        return _port(self.program.ready["submissions"])

    @property
    def ca(self) -> Path:
        return self.program.data / "submission-localhost.pem"

    @property
    def environment(self) -> dict[str, str]:
        """What clients that are scripts get."""
        return {
            "HOST": self.host, "STARTTLS": str(self.starttls), "TLS": str(self.tls), "CA": str(self.ca),
            "LOGIN": self.user, "PASSWORD": self.password,
        }  # fmt: skip

    def arrived(self, recipient: str, event: str = "DELIVERED") -> Arrived:
        """What this address got, once ``event`` is on record."""
        send = until(lambda: self._send_to(recipient))
        events = until(lambda: self._events_with(recipient, event))
        (kept,) = self.get("/api/v1/sandbox", sendId=send["id"])["results"]
        return Arrived(raw=self._answer(f"/api/v1/sandbox/{kept['id']}/raw").content, send=send, events=events)

    def get(self, path: str, **query: str) -> Any:
        """An answer of the API."""
        return self._answer(path, **query).json()

    def signatures_hold(self, raw: bytes) -> list[bool]:
        """Each signature of the mail, checked by a second implementation against the records that are to be published.
        """  # fmt: skip
        wanted = [record for domain in self.get("/api/v1/domains")["results"] for record in domain["records"]]
        records = {record["name"].rstrip(".").encode(): record["value"].encode() for record in wanted}

        def look_up(name: bytes, timeout: int = 5) -> bytes:
            return records.get(name.rstrip(b"."), b"")

        count = len(email.message_from_bytes(raw).get_all("DKIM-Signature", []))
        return [bool(dkim.DKIM(raw).verify(index, dnsfunc=look_up)) for index in range(count)]

    def _send_to(self, recipient: str) -> dict[str, Any] | None:
        found = self.get("/api/v1/sends", recipient=recipient)["results"]
        return found[0] if found and found[0]["status"] == "COMPLETE" else None

    def _events_with(self, recipient: str, wanted: str) -> list[dict[str, Any]] | None:
        events: list[dict[str, Any]] = self.get(EVENTS, recipient=recipient)["events"]
        return events if wanted in [event["type"] for event in events] else None

    def _answer(self, path: str, **query: str) -> httpx.Response:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer


@contextmanager
def opened(folder: Path, **settings: str) -> Iterator[Door]:
    """A program with both doors open, the sandbox route, an account, and a token that makes contacts."""
    ports = {"submission": "127.0.0.1:0", "submissions": "127.0.0.1:0", "requests_per_ten_seconds": "0"}
    program = Program(data=folder / "data", settings={**ports, **settings})
    boot = program.bootstrap()
    with program, program.client(boot) as http:
        made = http.post(_TOKENS, json={"campaignName": "Receipts", "createContact": True})
        assert made.status_code == 201, made.text
        token = made.json()
        yield Door(
            program=program, boot=boot, http=http, user=token["id"], password=token["password"],
            campaign_id=token["emailCampaignId"],
        )  # fmt: skip
        assert "Traceback" not in program.stderr
        assert [line for line in program.log if line.get("level") == "error"] == []


def contact_of(door: Door, address: str) -> dict[str, Any] | None:
    """The contact with this address, if there is one."""
    wanted = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": address}]}]}
    answer = door.http.post("/crm/v3/objects/contacts/search", content=json.dumps(wanted))
    found: list[dict[str, Any]] = answer.json()["results"]
    return found[0] if found else None


def types_of(events: list[dict[str, Any]], where: Callable[[dict[str, Any]], bool] = bool) -> set[str]:
    """The types of these events."""
    return {event["type"] for event in events if where(event)}


def _port(listening: str) -> int:
    return int(listening.rpartition(":")[2])
