"""Contacts found or created by those who send: many at once, each exactly one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from sendwright import crm, database, mail

pytestmark = pytest.mark.anyio


def wanted(address: str, properties: Mapping[str, str] | None = None, account_id: int = 1) -> crm.Wanted:
    parsed = mail.parse_address(address)
    assert isinstance(parsed, mail.Address)
    return crm.Wanted(account_id=account_id, address=parsed, properties=properties or {}, source="single_send")


async def test_an_unknown_address_becomes_a_contact_with_the_wanted_properties(
    db: database.Database, now: datetime
) -> None:
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("Jane@Example.com", {"firstname": "Jane"})], now)
    assert contact.properties == {"email": "jane@example.com", "firstname": "Jane"}


async def test_a_new_contact_is_in_the_database_as_it_was_answered(db: database.Database, now: datetime) -> None:
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("jane@example.com", {"city": "Ōsaka"})], now)
    assert await db.read(crm.find_contacts, 1, [contact.id]) == [contact]


async def test_the_same_address_in_other_letters_is_the_same_contact(db: database.Database, now: datetime) -> None:
    (first,) = await db.write(crm.find_or_create_contacts, [wanted("jane@bücher.example")], now)
    (second,) = await db.write(crm.find_or_create_contacts, [wanted("JANE@XN--BCHER-KVA.example")], now)
    assert second.id == first.id


async def test_an_address_that_comes_twice_in_a_batch_is_one_contact(db: database.Database, now: datetime) -> None:
    batch = [wanted("a@example.com", {"x": "1"}), wanted("A@example.com", {"y": "2"})]
    first, second = await db.write(crm.find_or_create_contacts, batch, now)
    assert first == second
    assert first.properties == {"email": "a@example.com", "x": "1", "y": "2"}


async def test_the_answers_are_in_the_order_of_the_wishes(db: database.Database, now: datetime) -> None:
    await db.write(crm.find_or_create_contacts, [wanted("c@example.com"), wanted("a@example.com")], now)
    addresses = [f"{letter}@example.com" for letter in "abcdb"]
    contacts = await db.write(crm.find_or_create_contacts, [wanted(address) for address in addresses], now)
    assert [contact.email for contact in contacts] == addresses


async def test_accounts_have_their_own_contacts(db: database.Database, now: datetime) -> None:
    batch = [wanted("a@example.com", {"x": "1"}), wanted("a@example.com", {"x": "2"}, account_id=2)]
    first, second = await db.write(crm.find_or_create_contacts, batch, now)
    assert (first.account_id, first.properties["x"]) == (1, "1")
    assert (second.account_id, second.properties["x"]) == (2, "2")


async def test_a_changed_property_is_written_and_the_others_stay(db: database.Database, now: datetime) -> None:
    await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1", "y": "1"})], now)
    later = now + timedelta(hours=1)
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"X": "2"})], later)
    assert contact.properties == {"email": "a@example.com", "x": "2", "y": "1"}
    assert await db.read(crm.find_contacts, 1, [contact.id]) == [contact]
    assert (contact.created_at, contact.updated_at) == (now, later)


async def test_a_send_that_changes_nothing_leaves_the_record_as_it_was(db: database.Database, now: datetime) -> None:
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1"})], now)
    later = now + timedelta(hours=1)
    (again,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1", "gone": ""})], later)
    assert again == contact


async def test_an_empty_value_clears_a_property(db: database.Database, now: datetime) -> None:
    await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1"})], now)
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": ""})], now)
    assert contact.properties == {"email": "a@example.com"}


async def test_the_address_is_not_changed_by_a_property_named_email(db: database.Database, now: datetime) -> None:
    (contact,) = await db.write(
        crm.find_or_create_contacts, [wanted("a@example.com", {"email": "evil@example.com", "EMAIL": "x"})], now
    )
    assert contact.email == "a@example.com"


async def test_what_cannot_be_a_property_is_left_out(db: database.Database, now: datetime) -> None:
    bad = {"no spaces": "1", "": "1", "hs_object_id": "1", "nul": "\x00", "half": "\ud800", "long": "x" * 65_537}
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {**bad, "x": "1"})], now)
    assert contact.properties == {"email": "a@example.com", "x": "1"}


async def test_a_record_does_not_grow_without_end(db: database.Database, now: datetime) -> None:
    full = {f"p{n}": "1" for n in range(999)}
    await db.write(crm.find_or_create_contacts, [wanted("a@example.com", full)], now)
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"one_more": "1"})], now)
    assert len(contact.properties) == 1_000
    assert "one_more" not in contact.properties


async def test_an_archived_contact_gives_way_to_a_new_one(db: database.Database, now: datetime) -> None:
    (old,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1"})], now)
    await db.write(crm.archive_contacts, 1, [old.id], now)
    (new,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com")], now)
    assert new.id != old.id
    assert new.properties == {"email": "a@example.com"}


async def test_many_who_want_the_same_new_contact_get_one(db: database.Database, now: datetime) -> None:
    async def send(n: int) -> list[crm.Contact]:
        batch = [wanted(f"{(n + k) % 7}@example.com", {f"p{n}": "1"}) for k in range(3)]
        return await db.write(crm.find_or_create_contacts, batch, now)

    answers = await asyncio.gather(*(send(n) for n in range(40)))
    ids = {contact.email: contact.id for contacts in answers for contact in contacts}
    assert all(ids[contact.email] == contact.id for contacts in answers for contact in contacts)
    stored = await db.read(crm.list_contacts, 1, 0, 100)
    assert len(stored) == 7
    assert all(f"p{n}" in stored_of(stored, n % 7).properties for n in range(40))


def stored_of(contacts: list[crm.Contact], n: int) -> crm.Contact:
    return next(contact for contact in contacts if contact.email == f"{n}@example.com")


async def test_the_past_of_a_property_is_kept_with_its_source(db: database.Database, now: datetime) -> None:
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1"})], now)
    later = now + timedelta(hours=1)
    await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "1"})], later)
    await db.write(crm.find_or_create_contacts, [wanted("a@example.com", {"x": "2"})], later)
    past = await db.read(crm.past_values, 1, [contact.id], ["x", "never"])
    assert past[contact.id] == {
        "x": [
            crm.PastValue(value="2", at=later, source="single_send"),
            crm.PastValue(value="1", at=now, source="single_send"),
        ],
        "never": [],
    }


async def test_the_past_shows_the_latest_twenty_values(db: database.Database, now: datetime) -> None:
    batch = [wanted("a@example.com", {"x": str(n)}) for n in range(30)]
    contacts = await db.write(crm.find_or_create_contacts, batch, now)
    past = await db.read(crm.past_values, 1, [contacts[0].id], ["x"])
    assert [value.value for value in past[contacts[0].id]["x"]] == [str(n) for n in range(29, 9, -1)]


async def test_nobody_wanted_is_nobody_found(db: database.Database, now: datetime) -> None:
    assert await db.write(crm.find_or_create_contacts, [], now) == []


async def test_every_property_has_those_that_the_house_keeps(db: database.Database, now: datetime) -> None:
    (contact,) = await db.write(crm.find_or_create_contacts, [wanted("a@example.com")], now)
    assert contact.every_property() == {
        "email": "a@example.com",
        "hs_object_id": str(contact.id),
        "createdate": "2026-03-02T14:02:07.000Z",
        "lastmodifieddate": "2026-03-02T14:02:07.000Z",
    }
