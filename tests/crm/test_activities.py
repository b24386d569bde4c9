"""Timelines: what was noted, what became of it, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sendwright import crm, database

pytestmark = pytest.mark.anyio

JANE, JOHN = crm.ContactId(101), crm.ContactId(102)


def mail_at(at: datetime, send_id: str | None = None, *contacts: crm.ContactId) -> crm.Activity:
    return crm.Activity(
        account_id=1,
        id=database.uuid7(at),
        kind=crm.ActivityKind.EMAIL,
        contact_ids=contacts or (JANE,),
        at=at,
        direction=crm.Direction.OUTGOING,
        subject="Your receipt ✓",
        sender="shop@example.com",
        people=("jane@example.com",),
        status=crm.ActivityStatus.SENDING,
        send_id=send_id,
        detail={"email_id": 7},
    )


async def test_a_noted_activity_is_on_the_timeline_as_it_was(db: database.Database, now: datetime):
    activity = mail_at(now, "s1")
    await db.write(crm.note_activities, [activity])
    assert await db.read(crm.timeline, 1, JANE, None, 10) == [activity]


async def test_an_activity_of_two_contacts_is_on_both_timelines(db: database.Database, now: datetime):
    activity = mail_at(now, None, JANE, JOHN)
    await db.write(crm.note_activities, [activity])
    assert await db.read(crm.timeline, 1, JANE, None, 10) == [replace(activity, contact_ids=(JANE,))]
    assert await db.read(crm.timeline, 1, JOHN, None, 10) == [replace(activity, contact_ids=(JOHN,))]


async def test_another_accounts_timeline_is_empty(db: database.Database, now: datetime):
    await db.write(crm.note_activities, [mail_at(now)])
    assert await db.read(crm.timeline, 2, JANE, None, 10) == []


async def test_the_newest_comes_first_and_pages_follow_each_other(db: database.Database, now: datetime):
    same_time = sorted((mail_at(now + timedelta(hours=1)) for _ in range(3)), key=lambda activity: activity.id)
    expected = [mail_at(now + timedelta(hours=2)), *reversed(same_time), mail_at(now)]
    await db.write(crm.note_activities, expected)
    first = await db.read(crm.timeline, 1, JANE, None, 2)
    second = await db.read(crm.timeline, 1, JANE, first[-1].id, 2)
    third = await db.read(crm.timeline, 1, JANE, second[-1].id, 2)
    assert first + second + third == expected


async def test_nothing_comes_after_an_activity_that_is_not_there(db: database.Database, now: datetime):
    await db.write(crm.note_activities, [mail_at(now)])
    assert await db.read(crm.timeline, 1, JANE, "nonsense", 10) == []


async def test_opens_and_clicks_add_up_and_the_last_status_stays(db: database.Database, now: datetime):
    await db.write(crm.note_activities, [mail_at(now, "s1"), mail_at(now - timedelta(hours=1), "s2")])
    updates = [
        crm.ActivityUpdate(account_id=1, send_id="s1", status=crm.ActivityStatus.SENT),
        crm.ActivityUpdate(account_id=1, send_id="s1", opens=1),
        crm.ActivityUpdate(account_id=1, send_id="s1", opens=2, clicks=1, status=crm.ActivityStatus.DELIVERED),
    ]
    await db.write(crm.update_activities, updates)
    touched, other = await db.read(crm.timeline, 1, JANE, None, 10)
    assert (touched.status, touched.opens, touched.clicks) == (crm.ActivityStatus.DELIVERED, 3, 1)
    assert (other.status, other.opens, other.clicks) == (crm.ActivityStatus.SENDING, 0, 0)


async def test_an_update_of_another_account_changes_nothing(db: database.Database, now: datetime):
    await db.write(crm.note_activities, [mail_at(now, "s1")])
    await db.write(crm.update_activities, [crm.ActivityUpdate(account_id=2, send_id="s1", opens=1)])
    (activity,) = await db.read(crm.timeline, 1, JANE, None, 10)
    assert activity.opens == 0


async def test_nothing_noted_is_nothing_written(db: database.Database, now: datetime):
    await db.write(crm.note_activities, [])
    await db.write(crm.note_activities, [replace(mail_at(now), contact_ids=())])
    await db.write(crm.update_activities, [])
    assert await db.read(crm.timeline, 1, JANE, None, 10) == []
