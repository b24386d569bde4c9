"""What the sandbox keeps."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sendwright import database, sandbox
from sendwright.sandbox import Arrival, Wanted

pytestmark = pytest.mark.anyio

SEND = "0190c5e2-7b5a-7c3e-8f00-0123456789ab"
OTHER_SEND = "0190c5e2-7b5a-7c3e-8f00-ba9876543210"


def arrival(now: datetime, **facts: object) -> Arrival:
    plain = Arrival(
        account_id=1,
        send_id=SEND,
        mail_from="bounces@example.com",
        rcpt_to="ada@example.org",
        subject="Your receipt",
        received_at=now,
        tls="TLSv1.3",
        raw=b"Subject: Your receipt\r\n\r\n\x00\xff",
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


async def kept(db: database.Database, *arrivals: Arrival) -> list[str]:
    return await db.write(sandbox.keep, arrivals)


async def test_a_mail_comes_back_as_it_was_kept(db: database.Database, now: datetime):
    (mail_id,) = await kept(db, arrival(now))
    found = await db.read(sandbox.get, 1, mail_id)
    assert found == sandbox.SandboxMail(
        account_id=1,
        id=mail_id,
        send_id=SEND,
        mail_from="bounces@example.com",
        rcpt_to="ada@example.org",
        subject="Your receipt",
        received_at=now,
        tls="TLSv1.3",
        size_bytes=27,
    )
    assert await db.read(sandbox.raw_of, 1, mail_id) == b"Subject: Your receipt\r\n\r\n\x00\xff"


async def test_mails_kept_together_get_an_id_each_in_order(db: database.Database, now: datetime):
    later = now + timedelta(seconds=1)
    ids = await kept(db, arrival(now), arrival(later, subject="second"))
    assert ids == sorted(ids)
    found = await db.read(sandbox.get, 1, ids[1])
    assert found is not None
    assert found.subject == "second"


async def test_a_mail_of_another_account_is_not_there(db: database.Database, now: datetime):
    (mail_id,) = await kept(db, arrival(now))
    assert await db.read(sandbox.get, 2, mail_id) is None
    assert await db.read(sandbox.raw_of, 2, mail_id) is None
    assert await db.read(sandbox.find, 2, Wanted()) == sandbox.Page(mails=(), next=None)


async def test_lists_are_newest_first_and_go_on_where_they_ended(db: database.Database, now: datetime):
    await kept(db, *(arrival(now + timedelta(seconds=n), subject=f"mail {n}") for n in range(5)))
    first = await db.read(sandbox.find, 1, Wanted(limit=2))
    assert [found.subject for found in first.mails] == ["mail 4", "mail 3"]
    assert first.next is not None
    rest = await db.read(sandbox.find, 1, Wanted(limit=10, before=first.next))
    assert [found.subject for found in rest.mails] == ["mail 2", "mail 1", "mail 0"]
    assert rest.next is None


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(recipient="BOB@example.org"),
        Wanted(subject="INVOICE"),
        Wanted(send_id=OTHER_SEND),
        Wanted(recipient="bob@example.org", subject="voice", send_id=OTHER_SEND),
    ],
)
async def test_lists_are_filtered(db: database.Database, now: datetime, wanted: Wanted):
    await kept(db, arrival(now), arrival(now, rcpt_to="Bob@example.org", subject="Your invoice", send_id=OTHER_SEND))
    page = await db.read(sandbox.find, 1, wanted)
    assert [found.subject for found in page.mails] == ["Your invoice"]


@pytest.mark.parametrize("subject", ["%", "_", "\\", "'"])
async def test_a_filter_is_text_and_no_pattern(db: database.Database, now: datetime, subject: str):
    await kept(db, arrival(now))
    assert (await db.read(sandbox.find, 1, Wanted(subject=subject))).mails == ()


@pytest.mark.parametrize(("limit", "got"), [(0, 1), (-1, 1), (10_000, 3)])
async def test_a_page_has_a_sensible_size(db: database.Database, now: datetime, limit: int, got: int):
    await kept(db, *(arrival(now) for _ in range(3)))
    assert len((await db.read(sandbox.find, 1, Wanted(limit=limit))).mails) == got


async def test_only_the_newest_are_kept(db: database.Database, now: datetime):
    ids = await kept(db, *(arrival(now + timedelta(seconds=n)) for n in range(5)))
    await kept(db, arrival(now, account_id=2))
    assert await db.write(sandbox.trim, 1, 2) == 3
    page = await db.read(sandbox.find, 1, Wanted())
    assert [found.id for found in page.mails] == [ids[4], ids[3]]
    assert await db.read(sandbox.raw_of, 1, ids[0]) is None
    assert len((await db.read(sandbox.find, 2, Wanted())).mails) == 1


async def test_nothing_is_deleted_while_there_is_room(db: database.Database, now: datetime):
    await kept(db, arrival(now))
    assert await db.write(sandbox.trim, 1) == 0
