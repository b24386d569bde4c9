"""The built-in receiver, spoken to over loopback by the post that speaks to it in life."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from sendwright import database, outbound, sandbox
from sendwright.doors.sandbox_smtp import SandboxSmtp
from sendwright.outbound.model import Answered, Lost
from sendwright.sandbox import Wanted
from tests.fakes.waiting import wait_for

pytestmark = pytest.mark.anyio

SEND = "0190c5e2-7b5a-7c3e-8f00-0123456789ab"
MESSAGE = f"X-Sendwright-MID: 1.{SEND}\r\nSubject: Your receipt\r\n\r\nThank you.\r\n.\r\n".encode()


@dataclass
class Bench:
    """A receiver, a post that is sent to it, and who complained."""

    db: database.Database
    door: SandboxSmtp
    port: int
    post: outbound.Post
    complaints: list[tuple[int, str, str]] = field(default_factory=list)

    async def send(self, rcpt_to: str = "ada@example.org", message: bytes = MESSAGE) -> outbound.Handover:
        parcel = outbound.Parcel(
            mail_from="bounces@example.com",
            rcpt_to=rcpt_to,
            site_domain=rcpt_to.rpartition("@")[2],
            message=message,
            smtputf8=not rcpt_to.isascii(),
        )

        async def let_go(peer: outbound.Peer) -> bool:
            return True

        return await self.post.deliver(parcel, tries=0, before_dot=let_go)

    async def reply_to(self, rcpt_to: str, message: bytes = MESSAGE) -> str:
        made = await self.send(rcpt_to, message)
        assert isinstance(made.outcome, Answered)
        return str(made.outcome.reply)

    async def mails(self, account_id: int = 1) -> tuple[sandbox.SandboxMail, ...]:
        return (await self.db.read(sandbox.find, account_id, Wanted())).mails


@asynccontextmanager
async def receiving(db: database.Database, now: datetime, slow: float = 0.01) -> AsyncIterator[Bench]:
    complaints: list[tuple[int, str, str]] = []

    async def on_complaint(account_id: int, send_id: str, recipient: str) -> None:
        complaints.append((account_id, send_id, recipient))

    ticks = itertools.count()
    async with SandboxSmtp(db, now=lambda: now, on_complaint=on_complaint, slow=slow) as door:
        port = await door.open()
        post = outbound.Post(
            outbound.Sandbox(port=port),
            outbound.PostSettings(ehlo_name="mta.example.com"),
            now=lambda: now,
            monotonic=lambda: next(ticks) / 1000,
            chance=lambda: 0.5,
        )
        async with post:
            yield Bench(db, door, port, post, complaints)


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop of the standard library, and the one we serve with: they upgrade to TLS in different ways."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[database.Database]:
    """SQLite alone: what is kept, and how, is tested on both in tests/sandbox."""
    target = database.Target.parse(None, tmp_path)
    database.migrate(target)
    opened = database.open_database(target)
    yield opened
    await opened.close()


@pytest.fixture
async def bench(db: database.Database, now: datetime) -> AsyncIterator[Bench]:
    async with receiving(db, now) as made:
        yield made


async def test_a_mail_is_kept_as_it_came(bench: Bench):
    assert (await bench.reply_to("ada@example.org")).startswith("250")
    (found,) = await bench.mails()
    assert (found.send_id, found.rcpt_to, found.subject) == (SEND, "ada@example.org", "Your receipt")
    assert await bench.db.read(sandbox.raw_of, 1, found.id) == MESSAGE


async def test_the_mail_travels_over_tls(bench: Bench):
    made = await bench.send()
    assert made.peer is not None
    assert made.peer.tls == "TLSv1.3"
    (found,) = await bench.mails()
    assert found.tls == "TLSv1.3"


async def test_many_mails_travel_on_few_connections(bench: Bench):
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(bench.send(f"person{number}@example.org"))
    assert len(await bench.mails()) == 20


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("bounce@sandbox.test", "550 5.1.1"),
        ("BOUNCE+7@sandbox.test", "550 5.1.1"),
        ("block@sandbox.test", "550 5.7.1"),
        ("full@sandbox.test", "452 4.2.2"),
    ],
)
async def test_an_address_that_refuses_is_refused_and_nothing_is_kept(bench: Bench, address: str, reply: str):
    assert (await bench.reply_to(address)).startswith(reply)
    assert await bench.mails() == ()


@pytest.mark.parametrize(
    "address", ["bounce@example.org", "someone@sandbox.test", "slow@sandbox.test", "zoë@example.org"]
)
async def test_any_other_address_is_accepted(bench: Bench, address: str):
    assert (await bench.reply_to(address)).startswith("250")
    assert [found.rcpt_to for found in await bench.mails()] == [address]


async def test_an_address_that_defers_accepts_at_the_second_try(bench: Bench):
    assert (await bench.reply_to("defer@sandbox.test")).startswith("451 4.7.1")
    assert (await bench.reply_to("defer@sandbox.test")).startswith("250")
    assert len(await bench.mails()) == 1


async def test_an_address_that_defers_does_so_for_every_message(bench: Bench):
    other = MESSAGE.replace(b"89ab", b"89ac")
    await bench.send("defer@sandbox.test")
    assert (await bench.reply_to("defer@sandbox.test", other)).startswith("451 4.7.1")


async def test_an_address_that_drops_leaves_us_in_doubt_and_then_accepts(bench: Bench):
    made = await bench.send("drop@sandbox.test")
    assert isinstance(made.outcome, Lost)
    assert made.outcome.dot_written
    assert await bench.mails() == ()
    assert (await bench.reply_to("drop@sandbox.test")).startswith("250")


async def test_an_address_that_complains_does_so_after_it_took_the_mail(bench: Bench):
    assert (await bench.reply_to("complain+now@sandbox.test")).startswith("250")
    await wait_for(lambda: bool(bench.complaints))
    assert bench.complaints == [(1, SEND, "complain+now@sandbox.test")]


async def test_mail_that_is_not_ours_is_refused(bench: Bench):
    assert (await bench.reply_to("ada@example.org", b"Subject: hi\r\n\r\nhi\r\n")).startswith("550 5.7.1")


async def test_without_a_database_the_answer_is_temporary(db: database.Database, now: datetime):
    class Gone:
        async def write_together(self, fn: object, item: object) -> None:
            raise database.Unavailable("gone")

    async with receiving(db, now) as bench:
        bench.door._db = Gone()  # type: ignore[assignment]
        assert (await bench.reply_to("ada@example.org")).startswith("451 4.3.0")


async def test_a_fault_of_ours_is_a_temporary_answer_and_ends_nothing_else(db: database.Database, now: datetime):
    class Broken:
        async def write_together(self, fn: object, item: object) -> None:
            raise RuntimeError("a bug")

    async with receiving(db, now) as bench:
        sound, bench.door._db = bench.door._db, Broken()  # type: ignore[assignment]
        assert (await bench.reply_to("ada@example.org")).startswith("451 4.3.0")
        bench.door._db = sound
        assert (await bench.reply_to("ada@example.org")).startswith("250")


# --- spoken to by hand


@asynccontextmanager
async def by_hand(bench: Bench) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def test_several_recipients_are_kept_one_by_one(bench: Bench):
    async with by_hand(bench) as (reader, writer):
        writer.write(
            b"EHLO a.example.com\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\n"
            b"DATA\r\n"
        )
        await reader.readuntil(b"354 ")
        writer.write(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\nQUIT\r\n")
        said = await reader.read()
    assert b"250 " in said
    assert b"221 " in said
    assert sorted(found.rcpt_to for found in await bench.mails()) == ["b@example.org", "c@example.org"]


async def test_thousands_of_commands_in_one_packet_are_answered_one_by_one(bench: Bench):
    async with by_hand(bench) as (reader, writer):
        writer.write(b"EHLO a.example.com\r\n" + b"MAIL FROM:<>\r\nRSET\r\n" * 90 + b"QUIT\r\n")
        said = await reader.read()
    assert said.count(b"250 2.1.0") == 90
    assert b"221 " in said


async def test_tls_garbage_ends_only_its_own_connection(bench: Bench):
    async with by_hand(bench) as (reader, writer):
        writer.write(b"EHLO a.example.com\r\nSTARTTLS\r\n")
        await reader.readuntil(b"220 2.0.0")
        writer.write(b"this is not TLS" * 20)
        await asyncio.wait_for(reader.read(), 2)
    assert (await bench.reply_to("ada@example.org")).startswith("250")


async def test_commands_slipped_in_after_starttls_are_not_obeyed(bench: Bench):
    async with by_hand(bench) as (reader, writer):
        writer.write(b"EHLO a.example.com\r\nSTARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
        said = await asyncio.wait_for(reader.read(), 2)
    assert b"250 2.1.0" not in said


async def test_the_door_says_goodbye_when_it_closes(db: database.Database, now: datetime):
    async with receiving(db, now) as bench:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        await reader.readuntil(b"220 ")
    assert b"421 4.3.2" in await reader.read()
    writer.close()


async def test_a_message_in_hand_is_answered_before_the_door_closes(db: database.Database, now: datetime):
    async with receiving(db, now, slow=0.1) as bench:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        writer.write(b"EHLO a.example.com\r\nMAIL FROM:<>\r\nRCPT TO:<slow@sandbox.test>\r\nDATA\r\n")
        await reader.readuntil(b"354 ")
        writer.write(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        await wait_for(lambda: bench.door.in_hand == 1)
    said = await reader.read()
    assert said.index(b"250 2.0.0") < said.index(b"421 4.3.2")
    writer.close()
