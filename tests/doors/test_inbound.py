"""The inbound door: what is ours is taken once it is kept, everything else is refused, and nothing is ever answered."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from sendwright import database, feedback, mail, receive
from sendwright.doors.inbound import InboundSmtp
from sendwright.doors.self_signed import self_signed_context
from sendwright.receive import Admitted, Arrival, Refusal
from tests.attacks.test_relay import RECIPIENTS

pytestmark = pytest.mark.anyio

KEY = b"r" * 32
ID = "019cb000-0000-7000-8000-000000000001"
PATH = feedback.make_return_path(KEY, 1, ID, "ann@example.org")
OTHER = feedback.make_return_path(KEY, 1, ID.replace("1", "2"), "bob@example.org")
HOST = "mail.example.com"
ENDS = (
    b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n", b"\r\n\0.\r\n",
)  # fmt: skip


@dataclass
class Gate:
    """The story without its database's write: what was taken is seen here."""

    office: receive.Office
    taken: list[tuple[Sequence[Admitted], Arrival]] = field(default_factory=list)
    fault: Exception | None = None

    async def admit(self, recipient: str) -> Admitted | Refusal:
        return await receive.admit(self.office, recipient)

    async def take(self, admitted: Sequence[Admitted], arrival: Arrival) -> None:
        if self.fault is not None:
            raise self.fault
        self.taken.append((admitted, arrival))


@dataclass
class Line:
    """One connection: what is said, and what is answered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hear(self) -> str:
        lines = []
        async with asyncio.timeout(10):
            while line := (await self.reader.readline()).decode():
                lines.append(line.rstrip())
                if line[3:4] != "-":
                    break
        return "\n".join(lines)

    async def say(self, text: str | bytes) -> str:
        self.writer.write(text.encode() + b"\r\n" if isinstance(text, str) else text)
        return await self.hear()

    async def mail(self, *recipients: str, sender: str = "") -> list[str]:
        """The answers to RCPT."""
        utf8 = " SMTPUTF8" if not all(each.isascii() for each in recipients) else ""
        await self.say(f"MAIL FROM:<{sender}>{utf8}")
        return [await self.say(f"RCPT TO:<{each}>") for each in recipients]


@dataclass
class Door:
    gate: Gate
    port: int
    lines: list[Line] = field(default_factory=list)

    async def call(self) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self.lines.append(line)
        assert (await line.hear()).startswith("220")
        await line.say("EHLO mx.example.org")
        return line


@pytest.fixture
async def door(sqlite_db: database.Database, now: datetime) -> AsyncIterator[Door]:
    async def no_key(name: str) -> str | None:
        return None

    office = receive.Office(
        db=sqlite_db, now=lambda: now, key=KEY, hosts=frozenset({HOST}), read=mail.read_report,
        find_key=no_key,
    )  # fmt: skip
    gate = Gate(office)
    context = self_signed_context(HOST)
    async with InboundSmtp(gate, hostname=HOST, context=lambda: context, octets=100_000) as smtp_door:
        door = Door(gate, await smtp_door.open("127.0.0.1", 0))
        yield door
        for line in door.lines:
            line.writer.close()


@pytest.fixture
async def sqlite_db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[database.Database]:
    shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "sendwright.db")
    opened = database.open_database(database.Target.parse(None, tmp_path))
    yield opened
    await opened.close()


async def test_a_bounce_is_taken_with_all_that_is_known_of_its_bringer(door: Door):
    line = await door.call()
    assert (await line.mail(f"{PATH}@{HOST}"))[0].startswith("250")
    assert (await line.say("DATA")).startswith("354")
    assert (await line.say(b"Subject: x\r\n\r\n..dot\r\n.\r\n")).startswith("250")
    ((admitted,), arrival) = door.gate.taken[0]
    assert (admitted.addressed, admitted.account_id, admitted.delivery_id) == (feedback.Addressed.RETURN_PATH, 1, ID)
    assert (arrival.mail_from, arrival.helo, arrival.ip, arrival.tls) == ("", "mx.example.org", "127.0.0.1", None)
    assert arrival.content == b"Subject: x\r\n\r\n.dot\r\n"


@pytest.mark.parametrize(
    "recipient", ["postmaster", "Postmaster@mail.example.com", "abuse@mail.example.com", "fbl@MAIL.example.com"]
)
async def test_names_that_everybody_may_know_are_taken(door: Door, recipient: str):
    line = await door.call()
    (said,) = await line.mail(recipient, sender="someone@example.net")
    assert said.startswith("250")


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("ann@example.org", "550 5.7.1"), (f"{PATH}@elsewhere.example", "550 5.7.1"), (f"nobody@{HOST}", "550 5.1.1"),
        (f"{PATH[:-1]}@{HOST}", "550 5.1.1"), (f"b.aaaa@{HOST}", "550 5.1.1"), (f"fbl.{PATH[2:]}@{HOST}", "550 5.1.1"),
        (f"postmaster@sub.{HOST}", "550 5.7.1"),
    ],
)  # fmt: skip
async def test_what_is_not_ours_is_refused_in_the_session(door: Door, recipient: str, code: str):
    line = await door.call()
    assert (await line.mail(recipient))[0].startswith(code)
    assert (await line.say("DATA")).startswith(("503", "554"))
    assert door.gate.taken == []


@pytest.mark.parametrize("recipient", [each for each in RECIPIENTS if each != "postmaster"])
async def test_nothing_is_relayed_in_any_form(door: Door, recipient: str):
    """A4."""
    line = await door.call()
    await line.say("MAIL FROM:<news@example.com>" + (" SMTPUTF8" if not recipient.isascii() else ""))
    assert re.match("5[05][0-9]", await line.say(f"RCPT TO:<{recipient}>"))
    assert door.gate.taken == []


async def test_return_paths_come_one_at_a_time(door: Door):
    line = await door.call()
    first, second, third = await line.mail(f"{PATH}@{HOST}", f"{OTHER}@{HOST}", f"postmaster@{HOST}")
    assert (first[:3], second[:9], third[:9]) == ("250", "452 4.5.3", "452 4.5.3")


async def test_what_cannot_be_kept_is_put_off(door: Door):
    door.gate.fault = database.Unavailable("the disk is full")
    line = await door.call()
    await line.mail(f"{PATH}@{HOST}")
    await line.say("DATA")
    assert (await line.say(b"Subject: x\r\n\r\nx\r\n.\r\n")).startswith("451")


async def test_a_mail_that_is_too_large_is_refused(door: Door):
    line = await door.call()
    assert (await line.say("MAIL FROM:<> SIZE=100001")).startswith("552")


async def test_there_is_nobody_to_log_in(door: Door):
    line = await door.call()
    said = await line.say("EHLO mx.example.org")
    assert ("STARTTLS" in said, "AUTH" in said) == (True, False)
    assert (await line.say("AUTH PLAIN AGEAYg==")).startswith(("502", "503"))


@pytest.mark.parametrize("end", ENDS, ids=repr)
async def test_an_odd_end_hides_no_second_envelope(door: Door, end: bytes):
    """A1."""
    second = b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<postmaster@" + HOST.encode() + b">\r\nDATA\r\nx\r\n.\r\n"
    line = await door.call()
    await line.mail(f"{PATH}@{HOST}")
    await line.say("DATA")
    line.writer.write(b"Subject: x\r\n\r\nx" + end + second + b"\r\n.\r\nQUIT\r\n")
    async with asyncio.timeout(10):
        heard = await line.reader.read()
    assert heard.startswith(b"554")
    assert b"354" not in heard
    assert [arrival for _, arrival in door.gate.taken if arrival.mail_from == "evil@example.com"] == []
