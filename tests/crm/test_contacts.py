"""Contacts created, changed, archived and listed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sendwright import crm, database, mail

pytestmark = pytest.mark.anyio

JANE = mail.Address(local="jane", domain="example.com")
JOHN = mail.Address(local="john", domain="example.com")


async def create(
    db: database.Database, now: datetime, *given: dict[str, str], account_id: int = 1
) -> list[crm.Verdict]:
    return await db.write(crm.create_contacts, account_id, given, "api", now)


async def new(db: database.Database, now: datetime, **properties: str) -> crm.Contact:
    (verdict,) = await create(db, now, properties)
    assert isinstance(verdict, crm.Written)
    return verdict.contact


async def update(db: database.Database, now: datetime, *changes: crm.Change) -> list[crm.Verdict]:
    return await db.write(crm.update_contacts, 1, changes, "api", now)


async def find(db: database.Database, key: crm.ContactId | mail.Address, account_id: int = 1) -> crm.Contact | None:
    (found,) = await db.read(crm.find_contacts, account_id, [key])
    return found


async def test_a_created_contact_is_found_by_its_address_and_by_its_id(db: database.Database, now: datetime):
    contact = await new(db, now, email="Jane@Example.com", firstname="Jane")
    assert [await find(db, JANE), await find(db, contact.id)] == [contact, contact]


async def test_a_contact_needs_no_address(db: database.Database, now: datetime):
    first, second = await create(db, now, {"firstname": "Jane"}, {"firstname": "Jane"})
    assert isinstance(first, crm.Written)
    assert isinstance(second, crm.Written)
    assert first.contact.id != second.contact.id


async def test_a_second_contact_of_an_address_is_refused_with_the_first_ones_id(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    assert await create(db, now, {"email": "JANE@example.com", "x": "1"}) == [crm.Taken(by=contact.id)]
    assert await find(db, JANE) == contact


async def test_in_a_batch_each_input_stands_or_falls_alone(db: database.Database, now: datetime):
    good, same, bad = await create(
        db, now, {"email": "jane@example.com"}, {"email": "jane@example.com"}, {"email": "x"}
    )
    assert isinstance(good, crm.Written)
    assert same == crm.Taken(by=good.contact.id)
    assert isinstance(bad, crm.Refused)
    assert len(await db.read(crm.list_contacts, 1, 0, 10)) == 1


async def test_another_account_sees_nothing_of_a_contact(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com", x="1")
    change = crm.Change(key=contact.id, properties={"x": "2"})
    assert await db.write(crm.update_contacts, 2, [change], "api", now) == [crm.Missing()]
    await db.write(crm.archive_contacts, 2, [contact.id], now)
    assert await db.read(crm.list_contacts, 2, 0, 10) == []
    assert await db.read(crm.past_values, 2, [contact.id], ["x"]) == {contact.id: {"x": []}}
    assert [await find(db, JANE, 2), await find(db, contact.id, 2)] == [None, None]
    assert await find(db, JANE) == contact


async def test_an_update_writes_and_clears(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com", x="1", y="1")
    later = now + timedelta(minutes=1)
    (verdict,) = await update(db, later, crm.Change(key=JANE, properties={"x": "2", "y": ""}))
    changed = await find(db, contact.id)
    assert verdict == crm.Written(contact=changed or contact)
    assert changed is not None
    assert changed.properties == {"email": "jane@example.com", "x": "2"}
    assert (changed.created_at, changed.updated_at) == (now, later)


async def test_changes_of_one_contact_in_a_batch_are_made_in_order(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    await update(
        db,
        now,
        crm.Change(key=JANE, properties={"x": "1", "y": "1"}),
        crm.Change(key=contact.id, properties={"x": "2"}),
    )
    changed = await find(db, contact.id)
    assert changed is not None
    assert changed.properties == {"email": "jane@example.com", "x": "2", "y": "1"}


async def test_who_is_not_there_cannot_be_changed(db: database.Database, now: datetime):
    changes = [crm.Change(key=key, properties={"x": "1"}) for key in (JANE, crm.ContactId(999))]
    assert await update(db, now, *changes) == [crm.Missing(), crm.Missing()]


async def test_a_refused_change_changes_nothing(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    (verdict,) = await update(db, now, crm.Change(key=JANE, properties={"x": "1", "createdate": "2"}))
    assert isinstance(verdict, crm.Refused)
    assert await find(db, JANE) == contact


async def test_a_record_that_would_grow_too_large_is_not_changed(db: database.Database, now: datetime):
    await new(db, now, **{f"p{n}": "1" for n in range(999)}, email="jane@example.com")
    (verdict,) = await update(db, now, crm.Change(key=JANE, properties={"one_more": "1"}))
    assert isinstance(verdict, crm.Refused)


async def test_a_new_address_takes_the_place_of_the_old_one(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    await update(db, now, crm.Change(key=contact.id, properties={"email": "John@example.com"}))
    found = await find(db, JOHN)
    assert found is not None
    assert (found.id, found.email) == (contact.id, "john@example.com")
    assert await find(db, JANE) is None
    assert isinstance((await create(db, now, {"email": "jane@example.com"}))[0], crm.Written)


async def test_an_address_that_is_taken_is_not_taken_over(db: database.Database, now: datetime):
    jane, john = await new(db, now, email="jane@example.com"), await new(db, now, email="john@example.com")
    (verdict,) = await update(db, now, crm.Change(key=john.id, properties={"email": "jane@example.com", "x": "1"}))
    assert verdict == crm.Taken(by=jane.id)
    assert [await find(db, JANE), await find(db, JOHN)] == [jane, john]


async def test_the_own_address_in_other_letters_is_no_conflict(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    (verdict,) = await update(db, now, crm.Change(key=contact.id, properties={"email": "JANE@EXAMPLE.COM"}))
    assert verdict == crm.Written(contact=contact)


async def test_a_cleared_address_is_free(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com", x="1")
    await update(db, now, crm.Change(key=contact.id, properties={"email": ""}))
    found = await find(db, contact.id)
    assert found is not None
    assert found.properties == {"x": "1"}
    assert await find(db, JANE) is None


async def test_two_contacts_can_pass_an_address_on_in_one_batch(db: database.Database, now: datetime):
    jane, john = await new(db, now, email="jane@example.com"), await new(db, now, email="john@example.com")
    await update(
        db,
        now,
        crm.Change(key=jane.id, properties={"email": "old@example.com"}),
        crm.Change(key=john.id, properties={"email": "jane@example.com"}),
    )
    found = await find(db, JANE)
    assert found is not None
    assert found.id == john.id


async def test_an_upsert_changes_who_is_there_and_makes_who_is_not(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    changes = [crm.Change(key=JANE, properties={"x": "1"}), crm.Change(key=JOHN, properties={"x": "2"})]
    first, second = await db.write(crm.upsert_contacts, 1, changes, "api", now)
    assert isinstance(first, crm.Written)
    assert isinstance(second, crm.Written)
    assert (first.new, first.contact.id, first.contact.properties["x"]) == (False, contact.id, "1")
    assert (second.new, second.contact.properties) == (True, {"email": "john@example.com", "x": "2"})
    assert await find(db, JOHN) == second.contact


async def test_an_upsert_makes_nobody_of_refused_properties_or_of_an_id(db: database.Database, now: datetime):
    changes = [crm.Change(key=JANE, properties={"b a d": "1"}), crm.Change(key=crm.ContactId(999), properties={})]
    first, second = await db.write(crm.upsert_contacts, 1, changes, "api", now)
    assert isinstance(first, crm.Refused)
    assert second == crm.Missing()
    assert await db.read(crm.list_contacts, 1, 0, 10) == []


async def test_the_same_new_address_twice_in_an_upsert_is_one_contact(db: database.Database, now: datetime):
    changes = [crm.Change(key=JANE, properties={"x": "1"}), crm.Change(key=JANE, properties={"y": "2"})]
    _, second = await db.write(crm.upsert_contacts, 1, changes, "api", now)
    assert isinstance(second, crm.Written)
    assert await find(db, JANE) == second.contact
    assert second.contact.properties == {"email": "jane@example.com", "x": "1", "y": "2"}


async def test_an_archived_contact_is_found_only_among_the_archived(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    later = now + timedelta(days=1)
    await db.write(crm.archive_contacts, 1, [contact.id, crm.ContactId(999)], later)
    assert [await find(db, JANE), await find(db, contact.id)] == [None, None]
    (archived,) = await db.read(crm.find_archived_contacts, 1, [contact.id])
    assert archived is not None
    assert archived.archived_at == later
    assert await db.read(crm.list_archived_contacts, 1, 0, 10) == [archived]
    assert await db.read(crm.list_contacts, 1, 0, 10) == []


async def test_archiving_twice_keeps_the_first_time(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    for days in range(2):
        await db.write(crm.archive_contacts, 1, [contact.id], now + timedelta(days=days))
    (archived,) = await db.read(crm.find_archived_contacts, 1, [contact.id])
    assert archived is not None
    assert archived.archived_at == now


async def test_an_archived_contact_cannot_be_changed(db: database.Database, now: datetime):
    contact = await new(db, now, email="jane@example.com")
    await db.write(crm.archive_contacts, 1, [contact.id], now)
    assert await update(db, now, crm.Change(key=contact.id, properties={"x": "1"})) == [crm.Missing()]


async def test_contacts_are_listed_a_page_at_a_time(db: database.Database, now: datetime):
    verdicts = await create(db, now, *({"x": str(n)} for n in range(5)))
    contacts = [verdict.contact for verdict in verdicts if isinstance(verdict, crm.Written)]
    first = await db.read(crm.list_contacts, 1, 0, 3)
    assert first == contacts[:3]
    assert await db.read(crm.list_contacts, 1, first[-1].id, 3) == contacts[3:]


async def test_nothing_to_do_is_done(db: database.Database, now: datetime):
    await db.write(crm.archive_contacts, 1, [], now)
    assert await create(db, now) == await update(db, now) == []
    assert await db.read(crm.past_values, 1, [], ["x"]) == {}
