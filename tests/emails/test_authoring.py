"""The acts of an author, on both databases."""

import asyncio
from datetime import timedelta

import pytest

from sendwright.emails import authoring, listing, plans, rules, shelf, store
from sendwright.emails.model import Authored, Part, Pen, Plan, Refused, State

from .documents import NOON, PEN, document, email, version

pytestmark = pytest.mark.anyio

LATER = Pen(by="token-2", at=NOON + timedelta(hours=1))


async def created(db, **changes):
    return (await authoring.create(db, 1, document(**changes), PEN)).email.id


async def published(db, **changes):
    email_id = await created(db, **changes)
    assert isinstance(await authoring.publish(db, 1, email_id, PEN), Authored)
    return email_id


async def live(db, email_id):
    return (await db.read(authoring.find, 1, email_id)).version.document


async def draft(db, email_id):
    return (await db.read(authoring.find_draft, 1, email_id)).version.document


async def test_a_new_email_is_a_draft_that_is_read_back_as_written(db):
    email_id = await created(db)
    found = await db.read(authoring.find, 1, email_id)
    assert (found.email.state, found.version.document) == (State.DRAFT, document())


async def test_ids_of_an_account_count_from_101(db):
    assert [await created(db), await created(db)] == [101, 102]


async def test_an_email_of_another_account_is_not_there(db):
    email_id = await created(db)
    assert await db.read(authoring.find, 2, email_id) is None


async def test_a_change_of_a_draft_is_live_at_once_when_there_is_no_other_draft(db):
    email_id = await created(db)
    await authoring.change(db, 1, email_id, {"subject": "New"}, LATER)
    assert ((await live(db, email_id))["subject"], (await draft(db, email_id))["subject"]) == ("New", "New")


async def test_a_change_says_who_made_it_and_when(db):
    email_id = await created(db)
    found = await authoring.change(db, 1, email_id, {"subject": "New"}, LATER)
    assert (found.email.updated_by, found.email.updated_at, found.email.created_by) == ("token-2", LATER.at, "token-1")


async def test_a_changed_draft_leaves_the_live_text(db):
    email_id = await created(db)
    await authoring.change_draft(db, 1, email_id, {"subject": "New"}, LATER)
    assert ((await live(db, email_id))["subject"], (await draft(db, email_id))["subject"]) == ("Your receipt", "New")


async def test_a_change_of_the_live_text_reaches_a_draft_of_its_own_too(db):
    email_id = await created(db)
    await authoring.change_draft(db, 1, email_id, {"subject": "New"}, LATER)
    await authoring.change(db, 1, email_id, {"language": "de"}, LATER)
    assert await draft(db, email_id) == document(subject="New", language="de")


async def test_a_reset_gives_the_draft_up(db):
    email_id = await created(db)
    await authoring.change_draft(db, 1, email_id, {"subject": "New"}, LATER)
    await authoring.reset_draft(db, 1, email_id, LATER)
    assert await draft(db, email_id) == document()


async def test_publishing_makes_the_draft_live(db):
    email_id = await created(db)
    await authoring.change_draft(db, 1, email_id, {"subject": "New"}, LATER)
    found = await authoring.publish(db, 1, email_id, LATER)
    assert (found.email.state, (await live(db, email_id))["subject"]) == (State.PUBLISHED, "New")


async def test_publishing_says_who_did_it_and_when(db):
    found = await authoring.publish(db, 1, await created(db), LATER)
    assert (found.email.published_by, found.email.published_at) == ("token-2", LATER.at)


async def test_publishing_keeps_its_warnings(db):
    email_id = await published(db, subject="Hi {{ contact.x|sparkle }}")
    found = await db.read(authoring.find, 1, email_id)
    assert [warning.part for warning in found.email.warnings] == [Part.SUBJECT]


async def test_what_cannot_be_published_stays_a_draft(db):
    email_id = await created(db, subject=None)
    refused = await authoring.publish(db, 1, email_id, LATER)
    assert isinstance(refused, Refused)
    assert (await db.read(authoring.find, 1, email_id)).email.state is State.DRAFT


async def test_a_published_email_refuses_a_change_that_cannot_be_sent(db):
    email_id = await published(db)
    refused = await authoring.change(db, 1, email_id, {"subject": None}, LATER)
    assert isinstance(refused, Refused)
    assert await live(db, email_id) == document()


async def test_a_published_email_is_sent_with_its_change_at_once(db):
    email_id = await published(db)
    await authoring.change(db, 1, email_id, {"subject": "New"}, LATER)
    assert (await db.read(shelf.published, 1, [email_id]))[email_id].subject == "New"


async def test_unpublishing_ends_the_sending(db):
    email_id = await published(db)
    found = await authoring.unpublish(db, 1, email_id, LATER)
    assert found.email.unpublished_at == LATER.at
    assert await db.read(shelf.published, 1, [email_id]) == {}


async def test_unpublishing_a_draft_changes_nothing(db):
    before = await db.read(authoring.find, 1, await created(db))
    assert await authoring.unpublish(db, 1, before.email.id, LATER) == before


async def test_a_clone_has_the_live_text_under_its_own_name(db):
    email_id = await published(db)
    await authoring.change_draft(db, 1, email_id, {"subject": "New"}, LATER)
    clone = await authoring.clone(db, 1, email_id, "Copy", LATER)
    assert clone.version.document == document(name="Copy")
    assert (clone.email.state, clone.email.cloned_from) == (State.DRAFT, email_id)


async def test_a_clone_without_a_name_is_called_a_copy(db):
    clone = await authoring.clone(db, 1, await created(db), None, LATER)
    assert clone.version.document["name"] == "Receipt (copy)"


async def test_an_archived_email_is_not_there_and_not_sent(db):
    email_id = await published(db)
    await authoring.archive(db, 1, email_id, LATER)
    assert await db.read(authoring.find, 1, email_id) is None
    assert await db.read(shelf.published, 1, [email_id]) == {}


async def test_an_archived_email_is_found_among_the_archived(db):
    email_id = await created(db)
    await authoring.archive(db, 1, email_id, LATER)
    assert (await db.read(authoring.find_archived, 1, email_id)).email.archived_at == LATER.at


async def test_an_archived_email_that_is_taken_out_has_the_state_it_had(db):
    email_id = await published(db)
    await authoring.archive(db, 1, email_id, LATER)
    await authoring.unarchive(db, 1, email_id, LATER)
    assert list(await db.read(shelf.published, 1, [email_id])) == [email_id]


async def test_a_restored_revision_is_live_again_as_a_new_one(db):
    email_id = await published(db)
    await authoring.change(db, 1, email_id, {"subject": "New"}, LATER)
    found = await authoring.restore(db, 1, email_id, 1, LATER)
    assert (found.version.number, await live(db, email_id)) == (3, document())


async def test_a_revision_that_cannot_be_sent_is_not_restored_to_a_published_email(db):
    email_id = await created(db, subject=None)
    await authoring.change(db, 1, email_id, {"subject": "New"}, LATER)
    await authoring.publish(db, 1, email_id, LATER)
    assert isinstance(await authoring.restore(db, 1, email_id, 1, LATER), Refused)


async def test_a_revision_restored_to_the_draft_leaves_the_live_text(db):
    email_id = await published(db)
    await authoring.change(db, 1, email_id, {"subject": "New"}, LATER)
    await authoring.restore_to_draft(db, 1, email_id, 1, LATER)
    assert ((await live(db, email_id))["subject"], (await draft(db, email_id))["subject"]) == ("New", "Your receipt")


async def test_a_revision_that_never_was_cannot_be_restored(db):
    email_id = await created(db)
    assert await authoring.restore(db, 1, email_id, 2, LATER) is None
    assert await authoring.restore_to_draft(db, 1, email_id, 2, LATER) is None


async def test_nothing_is_done_to_an_email_that_is_not_there(db):
    acts = [authoring.publish, authoring.unpublish, authoring.archive, authoring.unarchive, authoring.reset_draft]
    assert [await act(db, 1, 101, LATER) for act in acts] == [None] * len(acts)


async def test_a_clone_of_an_email_that_is_not_there_is_none(db):
    assert await authoring.clone(db, 1, 101, None, LATER) is None


async def test_a_draft_is_not_found_as_published(db):
    email_id = await created(db)
    assert await db.read(authoring.find_published, 1, email_id) is None
    assert await db.read(authoring.find_draft, 2, email_id) is None


async def test_a_published_email_is_found_as_published(db):
    email_id = await published(db)
    assert (await db.read(authoring.find_published, 1, email_id)).email.id == email_id


async def test_changes_at_the_same_time_are_all_kept(db):
    email_id = await created(db)
    changes = [{"language": "de"}, {"campaign": "c-1"}, {"subject": "New"}]
    await asyncio.gather(*(authoring.change_draft(db, 1, email_id, change, LATER) for change in changes))
    assert await draft(db, email_id) == document(language="de", campaign="c-1", subject="New")


async def test_a_plan_is_not_carried_out_when_the_email_has_changed_meanwhile(db):
    before = await db.read(authoring.find, 1, await created(db))
    plan = plans.draft_changed(before.email, before.version, {"subject": "Mine"}, LATER)
    await authoring.change_draft(db, 1, before.email.id, {"subject": "Theirs"}, LATER)
    assert await db.write(store.carry_out, plan) is False
    assert (await draft(db, before.email.id))["subject"] == "Theirs"


async def test_an_act_that_never_gets_its_turn_says_so(db):
    stale = await db.read(authoring.find, 1, await created(db))
    await authoring.change_draft(db, 1, stale.email.id, {"subject": "New"}, LATER)

    def plan_on_the_past(conn, _email):
        return plans.draft_changed(stale.email, stale.version, {"subject": "Mine"}, LATER)

    with pytest.raises(authoring.Contended):
        await authoring._carry(db, 1, stale.email.id, plan_on_the_past)


async def test_every_change_is_a_revision_of_its_own(db):
    email_id = await created(db)
    await authoring.change_draft(db, 1, email_id, {"subject": "B"}, LATER)
    await authoring.change_draft(db, 1, email_id, {"subject": "C"}, LATER)
    found = await db.read(listing.revisions, 1, email_id, 10, None, None)
    assert [each.version.document["subject"] for each in found.found] == ["C", "B", "Your receipt"]


async def test_every_writable_field_is_read_back_as_written(db):
    written = document(**{name: {"a": [1, 2.5, None, "ü"]} for name in rules.WRITABLE - set(document())})
    found = await authoring.create(db, 1, written, PEN)
    assert await live(db, found.email.id) == written


def test_a_draft_of_its_own_stays_apart_when_a_revision_is_restored():
    whole = document()
    plan = plans.restored(email(whole, draft=2, last=2), version(whole), PEN)
    assert isinstance(plan, Plan)
    assert (plan.after.live, plan.after.draft) == (3, 2)
