"""Pages of e-mails and of revisions."""

from datetime import timedelta

import pytest

from sendwright.emails import authoring, listing
from sendwright.emails.kinds import EmailType
from sendwright.emails.listing import Sort, SortKey, Span, Wanted
from sendwright.emails.model import Pen, State

from .documents import NOON, document

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
HALF_MILLISECOND = timedelta(microseconds=500)


def pen(number):
    return Pen(by=f"token-{number}", at=NOON + number * SECOND)


async def filled(db, *changes):
    """An account with an e-mail for each of the changes, each a second younger; gives their ids."""
    return [
        (await authoring.create(db, 1, document(**change), pen(number))).email.id
        for number, change in enumerate(changes)
    ]


async def names(db, **wanted):
    page = await db.read(listing.page, Wanted(**{"account_id": 1, "limit": 100, **wanted}))
    return [found.version.document["name"] for found in page.found]


NAMED = [{"name": name} for name in "cabd"]


async def test_emails_are_listed_in_the_order_of_their_creation(db):
    await filled(db, *NAMED)
    assert await names(db) == ["c", "a", "b", "d"]


async def test_emails_are_sorted_by_any_key_both_ways(db):
    ids = await filled(db, *NAMED)
    await authoring.change(db, 1, ids[0], {"subject": "later"}, pen(9))
    found = {key: "".join(await names(db, sorts=(Sort(key=key, descending=False),))) for key in SortKey}
    back = {key: "".join(await names(db, sorts=(Sort(key=key, descending=True),)))[::-1] for key in SortKey}
    expected = {"name": "abcd", "created_at": "cabd", "updated_at": "abdc", "created_by": "cabd", "updated_by": "abdc"}
    assert found == back == expected


async def test_pages_follow_one_another_without_gap_or_repetition(db):
    for number in range(7):
        await authoring.create(db, 1, document(name="ab"[number % 2]), pen(number // 3))
    for keys in ((SortKey.NAME,), (SortKey.CREATED_BY, SortKey.CREATED_AT), ()):
        for descending in (False, True):
            sorts = tuple(Sort(key=key, descending=descending) for key in keys)
            whole = await db.read(listing.page, Wanted(account_id=1, limit=100, sorts=sorts))
            for limit in (1, 2, 3):
                assert await paged(db, limit, sorts) == whole.found


async def paged(db, limit, sorts):
    """All e-mails, read in pages of that size."""
    found, after = [], None
    while after is not None or not found:
        page = await db.read(listing.page, Wanted(account_id=1, limit=limit, sorts=sorts, after=after))
        assert page.total == 7
        found += page.found
        after = page.next
    return tuple(found)


async def test_the_last_page_has_no_next(db):
    await filled(db, *NAMED)
    assert (await db.read(listing.page, Wanted(account_id=1, limit=4))).next is None


async def test_an_account_without_emails_has_an_empty_page(db):
    page = await db.read(listing.page, Wanted(account_id=1, limit=4))
    assert (page.found, page.total, page.next) == ((), 0, None)


async def test_emails_of_other_accounts_are_not_listed(db):
    await filled(db, *NAMED)
    assert await names(db, account_id=2) == []


async def test_emails_are_filtered_by_the_time_of_their_creation(db):
    await filled(db, *NAMED)
    spans = {
        Span(at=NOON + SECOND): "a",
        Span(after=NOON + SECOND): "bd",
        Span(before=NOON + SECOND): "c",
        Span(before=NOON + SECOND + HALF_MILLISECOND): "ca",
        Span(after=NOON + SECOND - HALF_MILLISECOND): "abd",
        Span(after=NOON, before=NOON + 2 * SECOND): "a",
    }
    assert {span: "".join(await names(db, created=span)) for span in spans} == spans


async def test_emails_are_filtered_by_the_time_of_their_update_and_publishing(db):
    ids = await filled(db, *NAMED)
    await authoring.publish(db, 1, ids[1], pen(9))
    assert await names(db, updated=Span(at=pen(9).at)) == ["a"]
    assert await names(db, published=Span(after=NOON)) == ["a"]


async def test_emails_are_filtered_by_state(db):
    ids = await filled(db, *NAMED)
    await authoring.publish(db, 1, ids[2], pen(9))
    assert await names(db, state=State.PUBLISHED) == ["b"]
    assert await names(db, state=State.DRAFT) == ["c", "a", "d"]


async def test_emails_are_filtered_by_type_and_campaign(db):
    await filled(db, {"name": "a", "subcategory": "batch"}, {"name": "b", "campaign": "c-1"})
    assert await names(db, type=EmailType.BATCH_EMAIL) == ["a"]
    assert await names(db, campaign="c-1") == ["b"]


async def test_archived_emails_are_listed_apart(db):
    ids = await filled(db, *NAMED)
    await authoring.archive(db, 1, ids[0], pen(9))
    assert await names(db) == ["a", "b", "d"]
    assert await names(db, archived=True) == ["c"]


async def test_a_page_of_large_emails_ends_early_and_goes_on_with_the_next(db, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_BYTES", 1_000)
    await filled(db, *({"name": name, "subject": "s" * 600} for name in "abc"))
    page = await db.read(listing.page, Wanted(account_id=1, limit=100))
    assert (len(page.found), page.total, page.next is None) == (1, 3, False)


async def revised(db, count):
    email_id = (await authoring.create(db, 1, document(), pen(0))).email.id
    for number in range(1, count):
        await authoring.change_draft(db, 1, email_id, {"subject": str(number)}, pen(number))
    return email_id


async def test_revisions_are_paged_newest_first(db):
    email_id = await revised(db, 5)
    expected = {
        (None, None): ([5, 4], True, False),
        (4, None): ([3, 2], True, True),
        (2, None): ([1], False, True),
        (1, None): ([], False, False),
        (None, 2): ([4, 3], True, True),
        (None, 3): ([5, 4], True, False),
        (4, 2): ([3], True, True),
    }
    found = {place: await db.read(listing.revisions, 1, email_id, 2, *place) for place in expected}
    assert {
        place: ([each.version.number for each in page.found], page.has_older, page.has_newer)
        for place, page in found.items()
    } == expected
    assert {page.total for page in found.values()} == {5}


async def test_revisions_of_an_email_that_is_not_there_are_none(db):
    assert await db.read(listing.revisions, 2, await revised(db, 1), 2, None, None) is None


async def test_one_revision_is_found(db):
    found = await db.read(listing.revision, 1, await revised(db, 3), 2)
    assert (found.version.document["subject"], found.version.written_by) == ("1", "token-1")


async def test_a_revision_that_is_not_there_is_none(db):
    email_id = await revised(db, 1)
    for account_id, number in ((2, 1), (1, 9), (1, 2**62)):
        assert await db.read(listing.revision, account_id, email_id, number) is None
