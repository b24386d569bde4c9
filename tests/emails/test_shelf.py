"""What may be sent, and what is kept at hand."""

from datetime import timedelta

import pytest

from sendwright import emails
from sendwright.emails import authoring
from sendwright.emails.kinds import EmailType
from sendwright.emails.model import Authored, Pen
from sendwright.emails.shelf import Shelf

from .documents import NOON, PEN, compiled, document, mailed

pytestmark = pytest.mark.anyio


async def published(db, account_id=1, **changes):
    found = await authoring.create(db, account_id, document(**changes), PEN)
    assert isinstance(await authoring.publish(db, account_id, found.email.id, PEN), Authored)
    return found.email.id


async def test_a_published_email_may_be_sent(db):
    email_id = await published(db, language="de", subscriptionDetails={"subscriptionId": "s-1"})
    found = (await db.read(emails.published, 1, [email_id]))[email_id]
    assert (found.account_id, found.email_id, found.version, found.type) == (1, email_id, 1, EmailType.SINGLE_SEND_API)
    assert (found.from_address, found.reply_to, found.is_transactional) == ("shop@example.com", None, True)
    assert (found.language, found.subscription_id, found.name) == ("de", "s-1", "Receipt")


async def test_a_published_email_is_rendered(db):
    email_id = await published(db, subject="Hello {{ contact.firstname }}")
    found = (await db.read(emails.published, 1, [email_id]))[email_id]
    assert mailed(found, contact={"firstname": "Ann"}).subject == "Hello Ann"


async def test_a_draft_may_not_be_sent(db):
    email_id = (await authoring.create(db, 1, document(), PEN)).email.id
    assert await db.read(emails.published, 1, [email_id]) == {}


async def test_an_email_of_another_account_may_not_be_sent(db):
    assert await db.read(emails.published, 2, [await published(db)]) == {}


async def test_an_email_made_for_something_else_may_not_be_sent(db):
    content = {"html": "{{ unsubscribe_link }}"}
    ids = [await published(db, subcategory=kind, content=content) for kind in ("batch", "automated", "smtp_token")]
    assert await db.read(emails.published, 1, ids) == {}


async def test_a_marketing_email_for_single_sends_says_what_it_is(db):
    content = {"html": "{{ unsubscribe_link }}"}
    email_id = await published(db, subcategory="marketing_single_send_api", content=content)
    found = (await db.read(emails.published, 1, [email_id]))[email_id]
    assert (found.type, found.is_transactional) == (EmailType.MARKETING_SINGLE_SEND_API, False)


async def test_a_number_that_no_email_can_have_is_not_found(db):
    assert await db.read(emails.published, 1, [-1, 0, 2**63, 10**400]) == {}


async def test_many_emails_are_found_at_once(db):
    ids = [await published(db), await published(db)]
    assert sorted(await db.read(emails.published, 1, [*ids, *ids, 99])) == ids


async def test_a_version_is_compiled_once(db):
    email_id = await published(db)
    first = await db.read(emails.published, 1, [email_id])
    assert (await db.read(emails.published, 1, [email_id]))[email_id] is first[email_id]


async def test_a_new_version_is_sent_from_its_publishing_on(db):
    email_id = await published(db)
    await db.read(emails.published, 1, [email_id])
    later = Pen(by="token-1", at=NOON + timedelta(hours=1))
    await authoring.change_draft(db, 1, email_id, {"subject": "New"}, later)
    assert (await db.read(emails.published, 1, [email_id]))[email_id].subject == "Your receipt"
    await authoring.publish(db, 1, email_id, later)
    assert (await db.read(emails.published, 1, [email_id]))[email_id].subject == "New"


async def test_the_same_numbers_in_another_account_are_another_version(db):
    mine, theirs = await published(db), await published(db, account_id=2, subject="Theirs")
    assert mine == theirs
    await db.read(emails.published, 1, [mine])
    assert (await db.read(emails.published, 2, [mine]))[mine].subject == "Theirs"


def test_a_shelf_gives_back_what_was_put_there():
    shelf, version = Shelf(), compiled()
    shelf.put("a", version, 10)
    assert shelf.take("a") is version


def test_a_shelf_does_not_have_what_was_never_put_there():
    assert Shelf().take("a") is None


def test_the_first_to_put_a_version_wins():
    shelf, first = Shelf(), compiled()
    shelf.put("a", first, 10)
    shelf.put("a", compiled(), 10)
    assert shelf.take("a") is first


def test_what_was_unused_for_longest_is_dropped_when_the_shelf_is_full():
    shelf = Shelf(weight_max=30_000)
    for uid in ("a", "b", "c"):
        shelf.put(uid, compiled(), 10_000)
    shelf.take("a")
    shelf.put("d", compiled(), 10_000)
    assert [uid for uid in "abcd" if shelf.take(uid)] == ["a", "c", "d"]


def test_small_versions_cannot_fill_the_memory_by_their_number():
    shelf = Shelf(weight_max=40_000)
    for number in range(100):
        shelf.put(str(number), compiled(), 1)
    assert len(shelf) == 10


async def test_the_version_of_a_mail_is_found_again_after_a_new_one_was_published(db):
    email_id = await published(db)
    await authoring.change(db, 1, email_id, {"subject": "New"}, PEN)
    found = await db.read(emails.sent_version, 1, email_id, 1)
    assert (found.subject, found.version) == ("Your receipt", 1)
    assert await db.read(emails.sent_version, 1, email_id, 1) is found


async def test_a_version_that_never_was_is_not_found(db):
    assert await db.read(emails.sent_version, 1, await published(db), 2) is None
