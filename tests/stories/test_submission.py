"""A submitted mail: one send for each recipient, a tracked copy for each To, the original for Cc and Bcc."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from sendwright import accounts, attempt, crm, database, domains, feedback, ledger, mail, outbound, smtp, submission
from sendwright.ledger.tables import payload_pieces, payloads
from sendwright.outbound.model import Answered
from sendwright.submission import Refusal, Taken
from sendwright.submission.compose import CannotRepeat

from .office import Counter, Ready, mail_text, open_counter
from .shop import OWNER, FakePost, Shop, assert_return_path, desk, event_types

pytestmark = pytest.mark.anyio

LINK = "<a href='https://a.test'>x</a>"
TAKEN = smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",))
NOBODY = smtp.Reply(code=550, enhanced="5.1.1", lines=("5.1.1 no such user",))


@pytest.fixture
async def counter(shop: Shop) -> Counter:
    return await open_counter(shop)


async def counted(db: database.Database, table: Any) -> int:
    return int(await db.read(lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one()))


async def swept(shop: Shop, later: timedelta) -> None:
    while await shop.db.write(ledger.sweep, shop.clock.now() + later):
        pass


def head_of(parcel: outbound.Parcel) -> mail.Part:
    return mail.read(parcel.message).root


async def settled(counter: Counter, ready: Ready, reply: smtp.Reply, *, passed_on: bool = False) -> None:
    outcome = Answered(stage=smtp.Stage.FINAL, reply=reply, notify_passed_on=passed_on)
    await attempt.attempt(desk(counter.shop, FakePost(outcome, counter.shop.clock)), *ready)


# --- accepting


async def test_a_mail_that_is_taken_is_named_in_the_answer(counter: Counter):
    taken = await counter.submit(mail_text())
    assert isinstance(taken, Taken)
    (send,) = await counter.shop.claim()
    assert send.id in taken.text


async def test_a_token_shows_when_it_was_used(counter: Counter):
    await counter.submit(mail_text())
    token = await counter.shop.db.read(accounts.find_smtp_token, counter.token.account_id, counter.token.id)
    assert token is not None
    assert token.last_used_at == counter.shop.clock.now()


async def test_a_token_whose_mail_is_refused_is_not_used(counter: Counter):
    await counter.submit(mail_text(author="a@elsewhere.test"))
    token = await counter.shop.db.read(accounts.find_smtp_token, counter.token.account_id, counter.token.id)
    assert token is not None
    assert token.last_used_at is None


async def test_each_recipient_is_a_send_of_its_own(counter: Counter):
    taken = await counter.submit(mail_text(), "ann@example.org", "bob@example.net", "eve@example.org")
    assert isinstance(taken, Taken)
    assert "2 more" in taken.text
    assert [send.recipient for send in await counter.shop.claim()] == [
        "ann@example.org", "bob@example.net", "eve@example.org",
    ]  # fmt: skip


async def test_who_is_named_twice_gets_one_copy(counter: Counter):
    assert len(await counter.compose(mail_text(), "ann@example.org", "Ann@EXAMPLE.org")) == 1


async def test_the_text_lies_once_however_many_get_it(counter: Counter):
    people = [f"p{number}@example.org" for number in range(9)]
    await counter.submit(mail_text(), *people)
    assert await counted(counter.shop.db, payloads) == 1


async def test_the_text_is_gone_with_the_last_settlement_and_not_before(counter: Counter):
    ready = await counter.compose(mail_text(), "ann@example.org", "bob@example.net")
    await settled(counter, ready[0], TAKEN)
    assert await counted(counter.shop.db, payloads) == 1
    await settled(counter, ready[1], NOBODY)
    assert await counted(counter.shop.db, payloads) == 0
    assert await counter.shop.balanced()


async def test_a_large_mail_is_kept_in_pieces_that_are_gone_in_the_end(counter: Counter):
    body = ("x" * 70 + "\r\n") * 20_000
    (ready,) = await counter.compose(mail_text(kind="text/plain", body=body))
    assert body.encode() in ready[1].message
    assert await counted(counter.shop.db, payload_pieces) == 6
    (again,) = await counter.again(ready[0])
    assert again[1].message == ready[1].message
    await settled(counter, again, TAKEN)
    assert await counter.shop.balanced()
    await swept(counter.shop, timedelta())
    assert await counted(counter.shop.db, payload_pieces) == 0
    assert await counted(counter.shop.db, payloads) == 0


async def test_pieces_of_a_mail_that_never_came_whole_are_swept_away_after_an_hour(counter: Counter):
    shop = counter.shop
    piece = ledger.Piece(account_id=1, payload_id=database.uuid7(shop.clock.now()), number=0, content=b"x")
    await shop.db.write_together(ledger.shelve, piece)
    await swept(shop, timedelta(minutes=50))
    assert await counted(shop.db, payload_pieces) == 1
    await swept(shop, timedelta(minutes=70))
    assert await counted(shop.db, payload_pieces) == 0


async def test_a_mail_is_kept_for_as_long_as_its_sender_asks(counter: Counter):
    shop = counter.shop
    (ready,) = await counter.compose(mail_text("X-Sendwright-Retention: 30d"))
    await settled(counter, ready, TAKEN)
    await swept(shop, timedelta(days=29))
    assert await counted(shop.db, payloads) == 1
    assert await shop.balanced()
    await swept(shop, timedelta(days=30))
    assert await counted(shop.db, payloads) == 0


async def test_a_waiting_mail_is_not_swept_away_however_long_it_waits(counter: Counter):
    shop = counter.shop
    await counter.submit(mail_text("X-Sendwright-Retention: 1d"), "ann@example.org", "bob@example.org")
    await swept(shop, timedelta(days=5))
    assert len(await submission.compose(shop.workshop, await shop.claim())) == 2


async def test_the_same_send_id_mails_once(counter: Counter):
    first = await counter.submit(mail_text("X-Sendwright-Send-Id: order-7"))
    again = await counter.submit(mail_text("X-Sendwright-Send-Id: order-7", "Date: Mon, 2 Mar 2026 12:00:01 +0000"))
    assert first == again
    assert len(await counter.shop.claim()) == 1


async def test_a_send_id_counts_for_each_recipient(counter: Counter):
    await counter.submit(mail_text("X-Sendwright-Send-Id: order-7"))
    more = await counter.submit(mail_text("X-Sendwright-Send-Id: order-7"), "ann@example.org", "bob@example.org")
    assert isinstance(more, Taken)
    assert [send.recipient for send in await counter.shop.claim()] == ["ann@example.org", "bob@example.org"]


async def test_a_send_id_of_another_mail_is_refused_and_nothing_is_sent(counter: Counter):
    await counter.submit(mail_text("X-Sendwright-Send-Id: order-7"))
    other = mail_text("X-Sendwright-Send-Id: order-7", author="other@example.com")
    refusal = await counter.submit(other, "eve@example.org", "ann@example.org")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.enhanced) == (554, "5.6.0")
    assert len(await counter.shop.claim()) == 1


async def test_tags_and_metadata_are_shown_with_the_send(counter: Counter):
    await counter.submit(mail_text("X-Sendwright-Tags: welcome, de", 'X-Sendwright-Metadata: {"order": "4711"}'))
    (send,) = await counter.shop.claim()
    page = await counter.shop.page(send.id)
    assert page.send.labels == ledger.Labels(tags=("welcome", "de"), metadata={"order": "4711"})


# --- what leaves


async def test_a_to_recipient_gets_a_tracked_copy_of_its_own(counter: Counter):
    content = mail_text(to="ann@example.org, bob@example.org")
    copies = [parcel.message for _, parcel in await counter.compose(content, "ann@example.org", "bob@example.org")]
    for copy in copies:
        assert b"https://send.example.com/t/c/" in copy
        assert b"https://send.example.com/t/o/" in copy
        assert b"shop.example.com/o?a=1" not in copy
    links = [copy[copy.index(b"/t/c/") :][:80] for copy in copies]
    assert links[0] != links[1]


async def test_cc_and_bcc_get_the_original(counter: Counter):
    content = mail_text("Cc: bob@example.org", "Bcc: eve@example.org")
    ready = await counter.compose(content, "ann@example.org", "bob@example.org", "eve@example.org")
    for _, parcel in ready[1:]:
        assert b"/t/" not in parcel.message
        assert parcel.message.endswith(content[content.index(b"\r\n\r\n") :])


async def test_nobody_is_told_of_a_bcc_recipient(counter: Counter):
    content = mail_text("Bcc: eve@example.org", "Resent-Bcc: eve@example.org")
    for _, parcel in await counter.compose(content, "ann@example.org", "eve@example.org"):
        assert b"eve@" not in parcel.message


async def test_requests_to_us_do_not_leave(counter: Counter):
    fields = ("X-Sendwright-Tags: secret-tag", "X-Sendwright-MID: 9.9", "x-sendwright-track-clicks: no")
    parcel = await counter.one(mail_text(*fields))
    assert b"secret-tag" not in parcel.message
    assert b"9.9" not in parcel.message
    assert parcel.message.lower().count(b"\r\nx-sendwright-") == 1  # the one we put there


@pytest.mark.parametrize(
    ("fields", "clicks", "opens"),
    [
        (("X-Sendwright-Track-Clicks: no",), False, True),
        (("X-Sendwright-Track-Opens: off",), True, False),
        (("X-Sendwright-Track-Opens: no", "X-Sendwright-Track-Clicks: no"), False, False),
    ],
)
async def test_tracking_can_be_turned_off(counter: Counter, fields: tuple[str, ...], clicks: bool, opens: bool):
    parcel = await counter.one(mail_text(*fields))
    assert (b"/t/c/" in parcel.message, b"/t/o/" in parcel.message) == (clicks, opens)


async def test_the_mail_is_received_dated_and_named_by_us_only_where_it_is_not(counter: Counter):
    ((delivery, bare),) = await counter.compose(mail_text())
    head = head_of(bare)
    assert "from shop.example.com ([192.0.2.7])" in head.value("Received")
    assert f"with ESMTPSA id {delivery.send_id}" in head.value("Received")
    assert head.value("Message-ID") == f"<{delivery.send_id}@example.com>"
    assert head.value("Date") == format_datetime(counter.shop.clock.now())
    assert head.value("X-Sendwright-MID") == f"{delivery.account_id}.{delivery.send_id}"
    own = await counter.one(mail_text("Message-ID: <mine@shop.test>", "Date: Sun, 1 Mar 2026 08:00:00 +0100"))
    assert own.message.count(b"\r\nMessage-ID:") == own.message.count(b"\r\nDate:") == 1


async def test_all_recipients_get_one_message_id(counter: Counter):
    ready = await counter.compose(mail_text(), "ann@example.org", "bob@example.org")
    assert len({head_of(parcel).value("Message-ID") for _, parcel in ready}) == 1


async def test_the_envelope_sender_names_the_delivery_under_our_hand(counter: Counter):
    ((delivery, parcel),) = await counter.compose(mail_text())
    assert_return_path(parcel, delivery)


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ('multipart/signed; boundary="b"', f"--b\r\nContent-Type: text/html\r\n\r\n{LINK}\r\n--b--", "signed"),
        ("application/pkcs7-mime; smime-type=enveloped-data", "AAAA", "encrypted"),
        ("text/html", f"-----BEGIN PGP MESSAGE-----\r\n{LINK}", "encrypted"),
        ("text/plain", "https://a.test", "no html"),
    ],
)  # fmt: skip
async def test_a_sealed_mail_passes_untouched_and_is_marked(counter: Counter, kind: str, body: str, why: str):
    content = mail_text(kind=kind, body=body)
    ((delivery, parcel),) = await counter.compose(content)
    assert parcel.message.endswith(content[content.index(b"\r\n\r\n") :])
    page = await counter.shop.page(delivery.send_id)
    assert page.events[0].facts["untracked"] == why


async def test_the_second_page_of_a_mail_has_links_of_its_own_and_no_pixel(counter: Counter):
    page = "--b\r\nContent-Type: text/html\r\n\r\n<body><a href='https://a.test/{}'>x</a></body>\r\n"
    parcel = await counter.one(
        mail_text(kind='multipart/mixed; boundary="b"', body=page.format(1) + page.format(2) + "--b--")
    )
    assert parcel.message.count(b"/t/o/") == 1
    assert parcel.message.count(b"/t/c/") == 2


async def test_copies_share_a_signature_that_holds_for_each(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    signed: list[bytes] = []
    sign = outbound.sign

    def counting(message: bytes, *rest: Any) -> bytes:
        signed.append(message)
        return sign(message, *rest)

    monkeypatch.setattr(outbound, "sign", counting)
    content = mail_text("Cc: bob@example.org, joe@example.org")
    ready = await counter.compose(content, "ann@example.org", "bob@example.org", "joe@example.org", "eve@example.org")
    assert len(signed) == 2  # of the tracked copy, and of the original
    keys = await counter.shop.workshop.keyring.of(
        [await counter.shop.db.read(domains.find_domain, counter.shop.account_id, "example.com")],  # type: ignore[list-item]
        counter.shop.clock.now(),
    )
    for delivery, parcel in ready:
        _, _, unsigned = parcel.message.partition(b"Received: ")
        again = sign(b"Received: " + unsigned, keys[delivery.account_id, "example.com"], delivery.accepted_at)
        assert parcel.message.startswith(again)


async def test_a_later_try_sends_the_same_bytes(counter: Counter):
    content = mail_text("Cc: bob@example.org", to="ann@example.org, joe@example.org")
    ready = await counter.compose(content, "ann@example.org", "bob@example.org", "joe@example.org")
    counter.shop.clock.advance(minutes=3)
    for delivery, parcel in ready:
        ((_, again),) = await counter.again(delivery)
        assert again.message == parcel.message
        assert again.mail_from == parcel.mail_from


async def test_a_later_try_needs_the_domain(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    ((delivery, _),) = await counter.compose(mail_text())
    monkeypatch.setattr("sendwright.domains.find_domain", lambda *_: None)
    with pytest.raises(CannotRepeat):
        await counter.again(delivery)


@pytest.mark.parametrize(
    ("recipient", "subject", "needed"),
    [("ann@example.org", "x", False), ("änn@example.org", "x", True), ("ann@example.org", "häuser", True)],
)
async def test_smtputf8_is_asked_for_where_it_is_needed(counter: Counter, recipient: str, subject: str, needed: bool):
    content = mail_text(f"X-Note: {subject}", to=recipient)
    ((_, parcel),) = await counter.compose(content, recipient, smtputf8=True)
    assert parcel.smtputf8 is (needed or not content.isascii())
    assert parcel.eight_bit is (not parcel.message.isascii())


# --- who is known


async def test_the_mail_of_a_token_that_requires_tls_requires_it_at_every_try(shop: Shop):
    counter = await open_counter(shop, tls_required=True)
    ((delivery, parcel),) = await counter.compose(mail_text("TLS-Required: No"))
    ((_, again),) = await counter.again(delivery)
    assert [(each.tls_required, each.tls_relaxed) for each in (parcel, again)] == [(True, False)] * 2


@pytest.mark.parametrize(
    ("fields", "relaxed"), [((), False), (("TLS-Required: No",), True), (("TLS-Required: Yes",), False)]
)
async def test_a_mail_may_ask_to_be_delivered_whatever_policies_demand(
    counter: Counter, fields: tuple[str, ...], relaxed: bool
):
    parcel = await counter.one(mail_text(*fields))
    assert (parcel.tls_required, parcel.tls_relaxed) == (False, relaxed)
    assert (b"TLS-Required" in parcel.message) == bool(fields)


async def test_a_mail_that_was_accepted_before_tokens_could_require_tls_is_still_read():
    wish = submission.model.Wish(
        mail_from="", people={}, helo="x", ip="192.0.2.1", protocol="ESMTPSA", campaign_id=1, create_contact=False,
        opens=True, clicks=True,
    )  # fmt: skip
    kept = submission.model.encode(wish)
    assert kept.endswith(b",false]\n")
    assert submission.model.decode(kept.replace(b",false]\n", b"]\n")) == (wish, b"")


async def test_a_token_that_makes_contacts_makes_them_of_to_recipients_only(counter: Counter):
    shop = counter.shop
    content = mail_text("Cc: bob@example.org")
    await counter.compose(content, "ann@example.org", "bob@example.org", "eve@example.org")
    addresses = [mail.Address(local=name, domain="example.org") for name in ("ann", "bob", "eve")]
    found = await shop.db.read(crm.find_contacts, shop.account_id, addresses)
    assert [contact is not None for contact in found] == [True, False, False]
    assert found[0] is not None
    (entry,) = await shop.timeline(found[0].id)
    assert entry.subject == "Your order"


async def test_a_token_that_makes_no_contacts_still_finds_them(shop: Shop):
    known = mail.Address(local="ann", domain="example.org")
    wanted = [crm.Wanted(account_id=shop.account_id, address=known, source="import")]
    (contact,) = await shop.db.write(crm.find_or_create_contacts, wanted, shop.clock.now())
    counter = await open_counter(shop, create_contact=False)
    content = mail_text(to="ann@example.org, joe@example.org")
    await counter.compose(content, "ann@example.org", "joe@example.org")
    assert len(await shop.timeline(contact.id)) == 1
    stranger = mail.Address(local="joe", domain="example.org")
    assert await shop.db.read(crm.find_contacts, shop.account_id, [stranger]) == [None]


# --- what becomes of it


async def test_every_recipient_has_a_status_and_events_of_the_smtp_api(counter: Counter):
    ready = await counter.compose(mail_text(), "ann@example.org", "hidden@example.org")
    await settled(counter, ready[0], TAKEN)
    await settled(counter, ready[1], NOBODY)
    pages = [await counter.shop.page(delivery.send_id) for delivery, _ in ready]
    assert [event_types(page) for page in pages] == [
        ["PROCESSED", "SENT", "DELIVERED"], ["PROCESSED", "SENT", "BOUNCE"],
    ]  # fmt: skip
    assert [page.send.result for page in pages] == [ledger.SendResult.SENT, ledger.SendResult.UNDELIVERABLE]
    for event in (event for page in pages for event in page.events):
        assert (event.app_id, event.campaign_id) == (22709, counter.token.campaign_id)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (feedback.Cause.BOUNCED, ledger.SendResult.PREVIOUSLY_BOUNCED),
        (feedback.Cause.COMPLAINED, ledger.SendResult.PREVIOUS_SPAM),
        (feedback.Cause.BLOCKED, ledger.SendResult.BLOCKED_DOMAIN),
    ],
)
async def test_a_suppressed_recipient_is_dropped_with_its_reason(
    counter: Counter, cause: feedback.Cause, result: ledger.SendResult
):
    shop = counter.shop
    suppression = feedback.Suppression(
        account_id=shop.account_id, stream="transactional", key="ann@example.org", cause=cause,
        since=shop.clock.now(), explanation="why", evidence={},
    )  # fmt: skip
    await shop.db.write(feedback.suppress, [suppression])
    await counter.submit(mail_text(), "ann@example.org", "bob@example.org")
    claimed = await shop.claim()
    assert len(await submission.compose(shop.workshop, claimed)) == 1
    page = await shop.page(claimed[0].id)
    assert (page.send.result, event_types(page)) == (result, ["DROPPED"])
    assert page.send.campaign_id == counter.token.campaign_id


async def test_what_was_accepted_before_the_account_was_suspended_is_dropped_with_the_reason(counter: Counter):
    shop = counter.shop
    await counter.submit(mail_text())
    await shop.db.write(accounts.suspend_account, shop.account_id, "unpaid", shop.clock.now(), "operator")
    claimed = await shop.claim()
    assert await submission.compose(shop.workshop, claimed) == []
    page = await shop.page(claimed[0].id)
    assert page.send.result is ledger.SendResult.PORTAL_SUSPENDED


async def test_a_domain_that_is_no_longer_connected_drops_what_waits(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    shop = counter.shop
    await counter.submit(mail_text())
    monkeypatch.setattr("sendwright.domains.connected", lambda *_: {})
    claimed = await shop.claim()
    assert await submission.compose(shop.workshop, claimed) == []
    page = await shop.page(claimed[0].id)
    assert page.send.result is ledger.SendResult.UNCONFIGURED_SENDING_DOMAIN


# --- notices by mail


def asking(*notify: str, orcpt: str = "", **more: Any) -> dict[str, Any]:
    return {"wishes": (smtp.Wish(notify=frozenset(notify), orcpt=orcpt),), **more}


async def notice_of(counter: Counter, ready: Ready, reply: smtp.Reply, *, passed_on: bool = False) -> str | None:
    """The notice that follows, as it leaves."""
    from sendwright.composing import notices

    await settled(counter, ready, reply, passed_on=passed_on)
    claimed = await counter.shop.claim()
    if not claimed:
        return None
    ((_, parcel),) = await notices.compose(counter.shop.workshop, claimed)
    assert parcel.mail_from == ""
    assert parcel.rcpt_to == "hello@example.com"
    return parcel.message.decode()


@pytest.mark.parametrize(
    ("asked", "reply", "passed_on", "action"),
    [
        (("FAILURE",), NOBODY, False, "failed"),
        (("FAILURE",), NOBODY, True, "failed"),
        (("SUCCESS", "FAILURE"), TAKEN, False, "relayed"),
        (("SUCCESS",), TAKEN, True, None),
        (("FAILURE",), TAKEN, False, None),
        (("SUCCESS",), NOBODY, False, None),
        (("NEVER",), NOBODY, False, None),
        (("DELAY",), NOBODY, False, None),
        ((), NOBODY, False, None),
        ((), TAKEN, False, None),
    ],
)
async def test_who_asked_is_told(
    counter: Counter, asked: tuple[str, ...], reply: smtp.Reply, passed_on: bool, action: str | None
):
    wishes = asking(*asked, orcpt="rfc822;Ann@example.org", envid="QQ314159", ret="HDRS")
    (ready,) = await counter.compose(mail_text(), **wishes)
    text = await notice_of(counter, ready, reply, passed_on=passed_on)
    if action is None:
        assert text is None
        return
    assert text is not None
    assert f"Action: {action}" in text
    assert "Original-Envelope-Id: QQ314159" in text
    assert "Original-Recipient: rfc822; Ann@example.org" in text or "Original-Recipient: rfc822;Ann@example.org" in text
    assert "Auto-Submitted: auto-replied" in text
    assert "<html>" not in text


async def test_the_whole_mail_goes_back_where_that_was_asked_for(counter: Counter):
    (ready,) = await counter.compose(mail_text(), **asking("FAILURE", ret="FULL"))
    text = await notice_of(counter, ready, NOBODY)
    assert text is not None
    assert "message/rfc822" in text
    assert "<html>" in text


@pytest.mark.parametrize("required", [True, False])
async def test_a_notice_that_quotes_a_mail_that_requires_tls_requires_it_too(shop: Shop, required: bool):
    from sendwright.composing import notices

    counter = await open_counter(shop, tls_required=required)
    (ready,) = await counter.compose(mail_text(), **asking("FAILURE"))
    await settled(counter, ready, NOBODY)
    ((delivery, parcel),) = await notices.compose(shop.workshop, await shop.claim())
    await shop.db.write(ledger.release, [delivery], shop.clock.now())
    ((_, again),) = await notices.compose_again(shop.workshop, await shop.claim_deliveries(OWNER))
    assert (parcel.tls_required, again.tls_required) == (required, required)


async def test_a_drop_is_told_too(counter: Counter):
    shop = counter.shop
    suppression = feedback.Suppression(
        account_id=shop.account_id, stream="transactional", key="ann@example.org", cause=feedback.Cause.BOUNCED,
        since=shop.clock.now(), explanation="ann@example.org bounced", evidence={},
    )  # fmt: skip
    await shop.db.write(feedback.suppress, [suppression])
    await counter.submit(mail_text(), **asking("FAILURE"))
    await submission.compose(shop.workshop, await shop.claim())
    from sendwright.composing import notices

    ((_, parcel),) = await notices.compose(shop.workshop, await shop.claim())
    assert b"Status: 5.7.1" in parcel.message


async def test_nobody_is_told_of_a_mail_without_a_sender(counter: Counter):
    (ready,) = await counter.compose(mail_text(), mail_from="", **asking("FAILURE"))
    await settled(counter, ready, NOBODY)
    assert await counter.shop.claim() == []


async def test_a_notice_that_fails_is_not_told_and_can_be_tried_again(counter: Counter):
    from sendwright.composing import notices

    shop = counter.shop
    (ready,) = await counter.compose(mail_text(), **asking("FAILURE"))
    await settled(counter, ready, NOBODY)
    (first,) = await notices.compose(shop.workshop, await shop.claim())
    await shop.db.write(ledger.release, [first[0]], shop.clock.now())
    (again,) = await notices.compose_again(shop.workshop, await shop.claim_deliveries())
    assert again[1].message == first[1].message
    await settled(counter, again, NOBODY)
    assert await shop.claim() == []
    assert await shop.balanced()
