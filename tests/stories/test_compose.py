"""Composing: each claimed send becomes deliveries with their message, or ends with its reason; each ends on disk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from sendwright import accounts, crm, domains, feedback, ledger, mail, single_send
from sendwright.single_send.again import CannotRepeat

from .shop import LEASE, Shop, assert_return_path, event_types

pytestmark = pytest.mark.anyio


async def composed(shop: Shop, **changes: Any) -> list[tuple[ledger.Delivery, mail.ReadMail, bytes]]:
    """All deliveries of one send, each with its message, read and raw."""
    await shop.ask(**changes)
    return [(held, mail.read(parcel.message), parcel.message) for held, parcel in await shop.compose()]


async def dropped(shop: Shop, **changes: Any) -> single_send.StatusView:
    """What is told of a send that ends when it is composed."""
    view = await shop.ask(**changes)
    assert await shop.compose() == []
    found = await single_send.find_status(shop.db, shop.account_id, view.status_id)
    assert found is not None
    return found


async def contact_of(shop: Shop, send_id: str) -> crm.Contact:
    page = await shop.page(send_id)
    assert page.send.contact_id is not None
    ids = [crm.ContactId(page.send.contact_id)]
    (contact,) = await shop.db.read(crm.find_contacts, shop.account_id, ids)
    assert contact is not None
    return contact


# --- what can be sent


async def test_a_send_becomes_one_delivery_to_its_recipient(shop: Shop):
    await shop.ask(to="Ann <Ann@Example.ORG>")
    ((held, parcel),) = await shop.compose()
    assert (held.recipient, held.part, held.domain, held.tries) == (
        "Ann@Example.ORG", ledger.Part.TO, "example.org", 0
    )  # fmt: skip
    assert (parcel.rcpt_to, parcel.site_domain) == ("Ann@Example.ORG", "example.org")


async def test_a_composed_delivery_is_leased_to_its_worker(shop: Shop):
    await shop.send()
    assert await shop.claim_deliveries("another") == []


async def test_the_mail_is_rendered_for_its_reader(shop: Shop):
    ((_, read, _),) = await composed(shop, contact_properties={"firstname": "Ann"})
    assert "Order 4711 for Ann" in (read.html or "")
    assert "Order 4711 for Ann" in (read.text or "")
    assert read.from_ == "Example Shop <shop@example.com>"


async def test_the_message_id_names_the_send(shop: Shop):
    ((held, read, _),) = await composed(shop)
    assert read.root.value("Message-ID") == f"<{held.send_id}@example.com>"
    assert read.root.value("X-Sendwright-MID") == f"{shop.account_id}.{held.send_id}"


async def test_the_envelope_sender_names_the_delivery_under_our_hand(shop: Shop):
    held, parcel = await shop.send()
    assert_return_path(parcel, held)


async def test_a_given_sender_and_reply_to_stand_in_the_mail(shop: Shop):
    ((_, read, _),) = await composed(shop, from_="Ops <ops@example.com>", reply_to=("help@example.net",))
    assert (read.from_, read.root.value("Reply-To")) == ("Ops <ops@example.com>", "help@example.net")


async def test_links_and_pixel_are_tracked(shop: Shop):
    ((_, read, _),) = await composed(shop)
    assert "https://send.example.com/t/c/" in (read.html or "")
    assert "https://send.example.com/t/o/" in (read.html or "")
    assert "https://shop.example.com/o" not in (read.html or "")


async def test_the_mail_is_signed_for_the_senders_domain(shop: Shop):
    ((_, read, _),) = await composed(shop)
    assert "d=example.com" in read.root.value("DKIM-Signature")


async def test_a_send_with_a_utf8_local_part_asks_for_smtputf8(shop: Shop):
    _, parcel = await shop.send(to="añn@example.org")
    assert parcel.smtputf8


async def test_a_composed_send_is_processing_and_has_its_first_event(shop: Shop):
    held, _ = await shop.send()
    page = await shop.page(held.send_id)
    assert (page.send.state, page.send.result, event_types(page)) == (ledger.SendState.QUEUED, None, ["PROCESSED"])
    assert page.events[0].facts == {"hmid": f"{shop.account_id}.{held.send_id}"}


async def test_several_sends_are_composed_in_one_turn(shop: Shop):
    for to in ("ann@example.org", "bob@example.org", "nobody"):
        await shop.ask(to=to)
    ready = await shop.compose()
    assert sorted(held.recipient for held, _ in ready) == ["ann@example.org", "bob@example.org"]


# --- contacts and timelines


async def test_the_recipient_becomes_a_contact_with_the_properties_given(shop: Shop):
    held, _ = await shop.send(to="Ann@Example.org", contact_properties={"firstname": "Ann"})
    contact = await contact_of(shop, held.send_id)
    assert (contact.email, contact.properties["firstname"]) == ("ann@example.org", "Ann")


async def test_a_known_recipient_stays_the_same_contact_and_is_updated(shop: Shop):
    first, _ = await shop.send(contact_properties={"firstname": "Ann", "city": "Ulm"})
    second, _ = await shop.send(contact_properties={"firstname": "Anna"})
    contact = await contact_of(shop, second.send_id)
    assert contact.id == (await contact_of(shop, first.send_id)).id
    assert (contact.properties["firstname"], contact.properties["city"]) == ("Anna", "Ulm")


async def test_the_mail_is_on_the_contacts_timeline(shop: Shop):
    held, _ = await shop.send()
    contact = await contact_of(shop, held.send_id)
    (activity,) = await shop.timeline(contact.id)
    assert (activity.send_id, activity.status, activity.direction) == (
        held.send_id, crm.ActivityStatus.SENDING, crm.Direction.OUTGOING
    )  # fmt: skip
    assert activity.subject == "Your order"


async def test_no_custom_property_is_on_the_timeline(shop: Shop):
    await shop.edit_email(subject="Order {{ custom.order_no }} for {{ contact.firstname }}")
    ((held, read, _),) = await composed(shop, contact_properties={"firstname": "Ann"})
    page = await shop.page(held.send_id)
    (activity,) = await shop.timeline(page.send.contact_id or 0)
    assert read.subject == "Order 4711 for Ann"
    assert (activity.subject, page.send.subject) == ("Order for Ann", "Order for Ann")


async def test_a_subject_that_cannot_be_shown_without_custom_properties_is_the_emails_name(shop: Shop):
    await shop.edit_email(subject="{{ 'x' * custom.order_no }}{% for i in range(1, 1000000) %}{% endfor %}")
    view = await shop.ask(custom_properties={"order_no": 3})
    await shop.compose()
    shown = (await shop.page(view.status_id)).send.subject
    assert shown is None or "x" not in shown


async def test_no_custom_property_is_kept_once_the_send_is_over(shop: Shop):
    await dropped(shop, to="nobody", custom_properties={"order_no": "canary-4711"})
    assert await shop.balanced()


# --- copies


async def test_each_copy_is_a_delivery_of_its_own(shop: Shop):
    made = await composed(shop, cc=("bob@example.org",), bcc=("cat@example.net",))
    assert [(held.recipient, held.part, held.domain) for held, _, _ in made] == [
        ("ann@example.org", ledger.Part.TO, "example.org"),
        ("bob@example.org", ledger.Part.CC, "example.org"),
        ("cat@example.net", ledger.Part.BCC, "example.net"),
    ]


async def test_copies_are_not_tracked(shop: Shop):
    _, (_, cc, _), (_, bcc, _) = await composed(shop, cc=("bob@example.org",), bcc=("cat@example.net",))
    for read in (cc, bcc):
        assert "https://shop.example.com/o" in (read.html or "")
        assert "/t/o/" not in (read.html or "")
        assert "/t/c/" not in (read.html or "")


async def test_a_blind_copy_is_named_in_no_message(shop: Shop):
    for _, _, raw in await composed(shop, cc=("bob@example.org",), bcc=("cat@example.net",)):
        assert b"cat@example.net" not in raw


async def test_copies_are_the_same_mail(shop: Shop):
    first, second, third = await composed(shop, cc=("bob@example.org",), bcc=("cat@example.net",))
    ids = {read.root.value("Message-ID") for _, read, _ in (first, second, third)}
    assert len(ids) == 1
    assert second[2] == third[2]


async def test_a_copy_makes_no_contact_and_no_second_entry(shop: Shop):
    first, *_ = await composed(shop, cc=("bob@example.org",))
    page = await shop.page(first[0].send_id)
    found = await shop.db.read(crm.search_contacts, shop.account_id, crm.Search())
    assert [contact.email for contact in found.contacts] == ["ann@example.org"]
    assert len(await shop.timeline(page.send.contact_id or 0)) == 1


async def test_a_suppressed_copy_is_left_out(shop: Shop):
    await shop.db.write(feedback.suppress, [blocked(shop, "bob@example.org", feedback.Cause.BOUNCED)])
    made = await composed(shop, cc=("bob@example.org", "cat@example.org"))
    assert [held.recipient for held, _, _ in made] == ["ann@example.org", "cat@example.org"]
    assert made[0][1].cc == "cat@example.org"


# --- what cannot be sent


def blocked(shop: Shop, key: str, cause: feedback.Cause) -> feedback.Suppression:
    return feedback.Suppression(
        account_id=shop.account_id, stream=single_send.STREAM, key=key, cause=cause, since=shop.clock.now(),
        explanation=f"It is {cause}.",
    )  # fmt: skip


async def _suspend(shop: Shop) -> None:
    await shop.db.write(accounts.suspend_account, shop.account_id, "unpaid", shop.clock.now(), "operator")  # type: ignore[arg-type]


async def _bounce(shop: Shop) -> None:
    await shop.db.write(feedback.suppress, [blocked(shop, "ann@example.org", feedback.Cause.BOUNCED)])


async def _complain(shop: Shop) -> None:
    await shop.db.write(feedback.suppress, [blocked(shop, "ann@example.org", feedback.Cause.COMPLAINED)])


async def _block(shop: Shop) -> None:
    await shop.db.write(feedback.suppress, [blocked(shop, "@example.org", feedback.Cause.BLOCKED)])


async def _break_render(shop: Shop) -> None:
    await shop.edit_email(
        content={"html": "{% for i in range(1000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}"}
    )


async def _nothing(shop: Shop) -> None:
    return None


@pytest.mark.parametrize(
    ("before", "changes", "result"),
    [
        (_suspend, {}, "PORTAL_SUSPENDED"),
        (_bounce, {}, "PREVIOUSLY_BOUNCED"),
        (_complain, {}, "PREVIOUS_SPAM"),
        (_block, {}, "BLOCKED_DOMAIN"),
        (_break_render, {}, "HUBL_LIMIT_EXCEEDED"),
        (_nothing, {"email_id": 999}, "MISSING_CONTENT"),
        (_nothing, {"to": "nobody"}, "INVALID_TO_ADDRESS"),
        (_nothing, {"cc": ("nobody",)}, "INVALID_TO_ADDRESS"),
        (_nothing, {"from_": "nobody"}, "INVALID_FROM_ADDRESS"),
        (_nothing, {"from_": "shop@example.net"}, "UNCONFIGURED_SENDING_DOMAIN"),
        (_nothing, {"custom_properties": {}}, "MISSING_TEMPLATE_PROPERTIES"),
        (_nothing, {"bcc": tuple(f"b{n}@example.org" for n in range(100))}, "TOO_MANY_RECIPIENTS"),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_ends_with_its_reason(
    shop: Shop, before: Callable[[Shop], Awaitable[None]], changes: dict[str, Any], result: str
):
    await before(shop)
    view = await dropped(shop, **changes)
    page = await shop.page(view.status_id)
    assert (view.status, view.send_result, event_types(page)) == ("COMPLETE", result, ["DROPPED"])
    assert page.events[0].facts == {"dropReason": result, "dropMessage": view.message}
    assert await shop.balanced()


@pytest.mark.parametrize(
    ("changes", "counted"), [({}, True), ({"to": "nobody"}, True), ({"email_id": 999}, False)]
)  # fmt: skip
async def test_a_refused_send_is_counted_with_its_email(shop: Shop, changes: dict[str, Any], counted: bool):
    await _bounce(shop)
    page = await shop.page((await dropped(shop, **changes)).status_id)
    assert (page.events[0].campaign_id is not None, page.send.campaign_id is not None) == (counted, counted)


async def test_a_refused_send_makes_no_contact(shop: Shop):
    view = await dropped(shop, email_id=999)
    assert (await shop.page(view.status_id)).send.contact_id is None


async def test_a_send_that_cannot_be_rendered_keeps_its_contact(shop: Shop):
    await _break_render(shop)
    view = await dropped(shop)
    assert (await shop.page(view.status_id)).send.contact_id is not None


async def test_a_key_that_the_render_needs_is_named_to_the_caller(shop: Shop):
    assert "order_no" in ((await dropped(shop, custom_properties={})).message or "")


async def test_a_domain_that_is_not_connected_yet_does_not_send(shop: Shop):
    keys: tuple[domains.NewKey, ...] = ()
    await shop.db.write(
        domains.add_domain, shop.seal, shop.account_id, "example.net", keys, shop.clock.now()
    )  # fmt: skip
    assert (await dropped(shop, from_="shop@example.net")).send_result == "UNCONFIGURED_SENDING_DOMAIN"


# --- late workers


async def test_who_comes_too_late_leaves_the_send_to_the_other(shop: Shop):
    await shop.ask()
    claimed = await shop.claim()
    await shop.db.write(ledger.recover_all, shop.clock.now(), LEASE)
    other = await shop.claim("worker-2")
    assert await single_send.compose(shop.workshop, claimed) == []
    assert len(await single_send.compose(shop.workshop, other)) == 1


async def test_one_late_member_does_not_hold_up_its_batch(shop: Shop):
    first = await shop.ask()
    mine = await shop.claim()
    await shop.db.write(ledger.recover_all, shop.clock.now(), LEASE)
    await shop.claim("worker-2")
    second = await shop.ask(to="bob@example.org")
    mine += await shop.claim()
    ready = await single_send.compose(shop.workshop, mine)
    assert [held.send_id for held, _ in ready] == [second.status_id]
    assert event_types(await shop.page(first.status_id)) == []


async def test_a_late_drop_writes_nothing(shop: Shop):
    view = await shop.ask(to="nobody")
    claimed = await shop.claim()
    await shop.db.write(ledger.recover_all, shop.clock.now(), LEASE)
    await single_send.compose(shop.workshop, claimed)
    page = await shop.page(view.status_id)
    assert (page.send.state, page.events) == (ledger.SendState.ACCEPTED, ())


# --- again


async def again(shop: Shop) -> list[tuple[ledger.Delivery, Any]]:
    """Everything put off is due, and is composed once more by another worker."""
    await shop.db.write(ledger.recover_all, shop.clock.now(), LEASE)
    return await single_send.compose_again(shop.workshop, await shop.claim_deliveries("worker-2"))


async def test_a_later_try_has_the_same_bytes(shop: Shop):
    await shop.ask(cc=("bob@example.org",), bcc=("cat@example.org",), contact_properties={"firstname": "Ann"})
    first = {held.recipient: parcel for held, parcel in await shop.compose()}
    shop.clock.advance(hours=7)
    assert {held.recipient: parcel for held, parcel in await again(shop)} == first


async def test_a_later_try_is_made_from_the_contact_of_the_first(shop: Shop):
    _, parcel = await shop.send(contact_properties={"firstname": "Ann"})
    await shop.ask(contact_properties={"firstname": "Changed"})
    await shop.compose()
    tried = {p.message for _, p in await again(shop)}
    assert parcel.message in tried


async def test_a_later_try_is_made_from_the_version_of_the_first(shop: Shop):
    _, parcel = await shop.send()
    await shop.edit_email(subject="Something else", content={"html": "<p>Something else</p>"})
    ((_, tried),) = await again(shop)
    assert tried.message == parcel.message


async def test_a_later_try_outlives_the_publishing_of_its_email(shop: Shop):
    _, parcel = await shop.send()
    from sendwright.emails import authoring

    await authoring.unpublish(shop.db, shop.account_id, shop.email_id, shop.pen)
    ((_, tried),) = await again(shop)
    assert tried.message == parcel.message


async def test_the_snapshot_pins_version_and_contact(shop: Shop):
    held, _ = await shop.send(contact_properties={"firstname": "Ann"})
    kept = json.loads(held.snapshot)
    assert kept["contact"]["firstname"] == "Ann"
    assert "4711" not in held.snapshot.decode()


async def test_a_copy_that_was_left_out_stays_left_out_of_a_later_try(shop: Shop):
    await shop.db.write(feedback.suppress, [blocked(shop, "bob@example.org", feedback.Cause.BOUNCED)])
    _, parcel = await shop.send(cc=("bob@example.org", "cat@example.org"))
    tried = {held.recipient: found for held, found in await again(shop)}
    assert tried["ann@example.org"].message == parcel.message


async def test_what_cannot_be_composed_again_says_so(shop: Shop):
    held, _ = await shop.send()
    await shop.db.write(ledger.release, [held], shop.clock.now())
    (again,) = await shop.claim_deliveries("worker-2")
    with pytest.raises(CannotRepeat):
        await single_send.compose_again(shop.workshop, [replace(again, email_id=999)])
