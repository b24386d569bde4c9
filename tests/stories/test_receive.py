"""What comes back: believed when it is proven, kept with its reason when it is not, counted once."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from sendwright import attempt, crm, domains, feedback, ledger, mail, receive, single_send, smtp
from sendwright.outbound.model import Answered, Lost

from .mailroom import Mailroom, arf, dsn, signed
from .shop import RETURN_PATH_KEY, FakePost, Shop, desk

pytestmark = pytest.mark.anyio

ANN = "ann@example.org"
FBL = "fbl@mail.example.com"


@pytest.fixture
def room(shop: Shop) -> Mailroom:
    return Mailroom(shop)


async def test_a_bounce_at_its_return_path_is_an_event_a_status_and_a_suppression_with_evidence(room: Mailroom):
    delivery, parcel = await room.mailed()
    report = await room.comes(parcel.mail_from, dsn())
    assert isinstance(report, feedback.InboundReport)
    (found,) = await room.suppressed()
    last = (await room.events(delivery))[-1]
    assert (report.finding, report.send_id, report.about) == (feedback.Finding.BOUNCED, delivery.send_id, ANN)
    assert (found.key, found.cause, found.until) == (ANN, feedback.Cause.BOUNCED, None)
    assert (found.evidence["sendId"], found.evidence["reportId"]) == (delivery.send_id, report.id)
    assert last.type is ledger.EventType.BOUNCE
    assert (last.facts["category"], last.facts["status"], last.facts["response"]) == (
        "UNKNOWN_USER", "5.1.1", "550 5.1.1 no such user",
    )  # fmt: skip
    contact = (await room.shop.page(delivery.send_id)).send.contact_id
    (entry,) = await room.shop.timeline(contact or 0)
    assert entry.status is crm.ActivityStatus.BOUNCED
    assert await room.shop.balanced()


async def test_a_bounce_still_counts_after_its_domain_was_removed(room: Mailroom):
    _, parcel = await room.mailed()
    account = room.shop.account_id
    for domain in await room.shop.db.read(domains.list_domains, account):
        assert await room.shop.db.write(domains.remove_domain, account, domain.name, room.shop.clock.now())
    assert await room.finding(parcel.mail_from, dsn()) == "bounced"


async def test_the_next_mail_to_it_is_dropped_with_what_happened(room: Mailroom):
    _, parcel = await room.mailed()
    await room.comes(parcel.mail_from, dsn())
    view = await room.shop.ask()
    assert await room.shop.compose() == []
    page = await room.shop.page(view.status_id)
    assert page.send.result is ledger.SendResult.PREVIOUSLY_BOUNCED
    assert "no such user" in (page.send.explanation or "")


async def test_a_server_that_folds_case_still_reaches_us(room: Mailroom):
    _, parcel = await room.mailed()
    assert await room.finding(parcel.mail_from.upper(), dsn("ANN@EXAMPLE.ORG")) == "bounced"


async def test_a_second_report_changes_nothing(room: Mailroom):
    delivery, parcel = await room.mailed()
    await room.comes(parcel.mail_from, dsn(status="5.7.1"))
    events = await room.events(delivery)
    assert await room.finding(parcel.mail_from, dsn()) == "repeated"
    assert await room.events(delivery) == events
    assert await room.suppressed() == []


async def test_a_report_that_names_nobody_is_about_whom_we_mailed(room: Mailroom):
    _, parcel = await room.mailed()
    assert await room.finding(parcel.mail_from, dsn("")) == "bounced"


async def test_a_report_that_names_another_changes_nothing(room: Mailroom):
    _, parcel = await room.mailed()
    assert await room.finding(parcel.mail_from, dsn("victim@example.net")) == "unattributed"
    assert await room.suppressed() == []


async def test_the_original_recipient_counts_where_mail_was_passed_on(room: Mailroom):
    _, parcel = await room.mailed()
    assert await room.finding(parcel.mail_from, dsn("moved@example.net", original=ANN)) == "bounced"


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "expanded"])
async def test_what_is_no_failure_is_kept_and_nothing_follows(room: Mailroom, action: str):
    delivery, parcel = await room.mailed()
    before = await room.events(delivery)
    assert await room.finding(parcel.mail_from, dsn(action=action)) == "ignored"
    assert await room.finding(parcel.mail_from, dsn()) == "bounced", "it does not stand in the way of the failure"
    assert len(await room.events(delivery)) == len(before) + 1


async def test_an_automatic_answer_is_no_bounce(room: Mailroom):
    _, parcel = await room.mailed()
    away = b"From: ann@example.org\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\n550 5.1.1 until Monday\r\n"
    assert await room.finding(parcel.mail_from, away) == "ignored"
    assert await room.suppressed() == []


async def test_a_letter_from_a_person_is_no_bounce(room: Mailroom):
    _, parcel = await room.mailed()
    assert await room.finding(parcel.mail_from, b"Subject: Hi\r\n\r\nuser unknown\r\n") == "unattributed"


@pytest.mark.parametrize(("days", "found"), [(4, "bounced"), (6, "unattributed"), (20, "unattributed")])
async def test_old_mail_comes_back_no_more(room: Mailroom, days: int, found: str):
    _, parcel = await room.mailed()
    room.shop.clock.advance(days=days)
    assert await room.finding(parcel.mail_from, dsn()) == found


async def test_what_no_server_took_cannot_come_back(room: Mailroom):
    _, parcel = await room.shop.send()
    assert await room.finding(parcel.mail_from, dsn()) == "unattributed"


async def test_what_failed_in_the_session_is_not_told_twice(room: Mailroom):
    delivery, parcel = await room.shop.send()
    lost = Lost(stage=smtp.Stage.FINAL, detail="gone", dot_written=True)
    await attempt.attempt(desk(room.shop, FakePost(lost, room.shop.clock)), delivery, parcel)
    room.shop.clock.advance(hours=1)
    (again,) = await room.shop.claim_deliveries()
    no = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=554, enhanced="5.6.0", lines=("5.6.0 no",)))
    await attempt.attempt(desk(room.shop, FakePost(no, room.shop.clock)), again, parcel)
    assert await room.finding(parcel.mail_from, dsn()) == "repeated"
    assert await room.suppressed() == []


@pytest.mark.parametrize("status", ["5.7.1", "5.6.0", "5.3.0"])
async def test_a_refusal_of_us_or_of_the_mail_costs_nobody_an_address(room: Mailroom, status: str):
    _, parcel = await room.mailed()
    assert await room.finding(parcel.mail_from, dsn(status=status)) == "bounced"
    assert await room.suppressed() == []


async def test_five_full_mailboxes_over_ten_days_suppress(room: Mailroom):
    for number in range(5):
        assert await room.suppressed() == []
        _, parcel = await room.mailed(custom_properties={"order_no": str(number)})
        await room.comes(parcel.mail_from, dsn(status="5.2.2", said="552 5.2.2 full"))
        room.shop.clock.advance(days=3)
    (found,) = await room.suppressed()
    assert (found.cause, "5 times" in found.explanation) == (feedback.Cause.BOUNCED, True)


async def test_refusals_in_the_session_are_counted_alike(room: Mailroom):
    full = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=552, enhanced="5.2.2", lines=("5.2.2 full",)))
    for number in range(5):
        assert await room.suppressed() == []
        delivery, parcel = await room.shop.send(custom_properties={"order_no": str(number)})
        await attempt.attempt(desk(room.shop, FakePost(full, room.shop.clock)), delivery, parcel)
        room.shop.clock.advance(days=3)
    (found,) = await room.suppressed()
    assert (found.evidence["reason"], "5 times" in found.explanation) == ("mailboxfull", True)


async def test_a_delivery_between_begins_the_count_anew(room: Mailroom):
    for number in range(6):
        _, parcel = await room.mailed(custom_properties={"order_no": str(number)})
        if number != 3:
            await room.comes(parcel.mail_from, dsn(status="5.2.2"))
        room.shop.clock.advance(days=3)
    assert await room.suppressed() == []


async def test_a_suppression_ends_when_the_settings_say(room: Mailroom):
    _, parcel = await room.mailed()
    room.office = replace(room.office, lifetimes=feedback.Lifetimes(bounced=timedelta(days=30)))
    await room.comes(parcel.mail_from, dsn())
    await room.shop.ask()
    assert await room.shop.compose() == []
    room.shop.clock.advance(days=31)
    await room.shop.ask()
    assert len(await room.shop.compose()) == 1
    assert await room.shop.db.write(feedback.sweep_suppressions, room.shop.clock.now()) == 1
    assert await room.suppressed() == []


async def test_old_reports_and_failures_are_erased(room: Mailroom):
    _, parcel = await room.mailed()
    await room.comes(parcel.mail_from, dsn(status="5.2.2"))
    room.shop.clock.advance(days=200)
    now = room.shop.clock.now()
    assert await room.shop.db.write(feedback.sweep_failures, now) == 1
    assert await room.shop.db.write(feedback.sweep_reports, now) == 1
    assert await room.shop.db.write(feedback.sweep_reports, now) == 0


async def test_of_what_strangers_send_only_the_newest_stay(room: Mailroom):
    for _ in range(3):
        assert await room.finding("postmaster", b"Subject: x\r\n\r\nx\r\n") == "unattributed"
        room.shop.clock.advance(seconds=1)
    newest = await room.last(feedback.NOBODY)
    assert await room.shop.db.write(feedback.trim_strangers, 1) == 2
    assert await room.shop.db.write(feedback.trim_strangers, 1) == 0
    assert (await room.last(feedback.NOBODY)).id == newest.id


async def test_what_strangers_send_to_an_accounts_own_address_is_trimmed_and_what_proved_something_stays(
    room: Mailroom,
):
    own = feedback.make_loop(RETURN_PATH_KEY, room.shop.account_id) + "@mail.example.com"
    _, parcel = await room.mailed()
    complaint = signed(arf(parcel.message), room.shop.clock.now())
    assert await room.finding(own, complaint) == "complained"
    for _ in range(3):
        room.shop.clock.advance(seconds=1)
        assert await room.finding(own, b"Subject: x\r\n\r\nx\r\n") == "unattributed"
    assert await room.shop.db.write(feedback.trim_strangers, 1) == 2
    assert await room.shop.db.write(feedback.trim_strangers, 0) == 1
    assert (await room.last(room.shop.account_id)).finding is feedback.Finding.COMPLAINED


@pytest.mark.parametrize("open_address", ["postmaster", "fbl", "own"])
async def test_who_floods_an_open_address_is_told_to_come_later(room: Mailroom, open_address: str):
    room.office = replace(room.office, most_from_strangers=2)
    own = feedback.make_loop(RETURN_PATH_KEY, room.shop.account_id)
    to, other = (own, "postmaster") if open_address == "own" else (open_address, own)
    for _ in range(2):
        assert await room.finding(f"{to}@mail.example.com", b"Subject: x\r\n\r\nx\r\n") == "unattributed"
    assert await room.finding(f"{to}@mail.example.com", b"Subject: x\r\n\r\nx\r\n") == "refused 452"
    assert await room.finding(f"{other}@mail.example.com", b"Subject: x\r\n\r\nx\r\n") == "unattributed"


# --- complaints


async def test_a_complaint_that_is_signed_and_names_our_mail_suppresses_and_unsubscribes(room: Mailroom):
    delivery, parcel = await room.mailed()
    raw = signed(arf(parcel.message), room.shop.clock.now())
    assert await room.finding(FBL, raw) == "complained"
    (found,) = await room.suppressed()
    types = [event.type for event in await room.events(delivery)]
    assert (found.cause, found.evidence["signedBy"]) == (feedback.Cause.COMPLAINED, "fbl.provider.example")
    assert types[-2:] == [ledger.EventType.SPAMREPORT, ledger.EventType.STATUSCHANGE]
    await room.shop.ask()
    assert await room.shop.compose() == []


async def test_a_complaint_about_the_same_mail_counts_once(room: Mailroom):
    delivery, parcel = await room.mailed()
    raw = signed(arf(parcel.message), room.shop.clock.now())
    await room.finding(FBL, raw)
    before = await room.events(delivery)
    assert await room.finding(FBL, raw) == "repeated"
    assert await room.events(delivery) == before


async def test_a_complaint_is_known_by_a_mail_that_is_returned_encoded(room: Mailroom):
    _, parcel = await room.mailed()
    inner = arf(b"").replace(b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: text/rfc822-headers\r\n"
                             b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(parcel.message)
                             .replace(b"\n", b"\r\n"))  # fmt: skip
    assert await room.finding(FBL, signed(inner, room.shop.clock.now())) == "complained"


@pytest.mark.parametrize("way", ["unsigned", "another", "altered", "no key", "no name", "not spam", "names another"])
async def test_a_complaint_that_is_not_proven_changes_nothing(room: Mailroom, way: str):
    delivery, parcel = await room.mailed()
    now, bare = room.shop.clock.now(), arf(parcel.message)
    raw = {
        "unsigned": bare,
        "another": signed(bare, now, "evil.example"),
        "altered": signed(bare, now).replace(b"A complaint.", b"A complaint!"),
        "no key": signed(bare, now, "other.provider.example"),
        "no name": signed(arf(b"Subject: x\r\nX-Sendwright-MID: 1.2\r\n\r\nx\r\n"), now),
        "not spam": signed(arf(parcel.message, feedback_type="not-spam"), now),
        "names another": signed(arf(parcel.message, recipient="victim@example.net"), now),
    }[way]
    room.keys["s1._domainkey.evil.example"] = next(iter(room.keys.values()))
    before = await room.events(delivery)
    assert await room.finding(FBL, raw) in ("unattributed", "ignored")
    assert (await room.suppressed(), await room.events(delivery)) == ([], before)


async def test_a_key_that_cannot_be_had_now_is_asked_for_later(room: Mailroom):
    async def away(name: str) -> str | None:
        raise feedback.KeyUnavailable("DNS does not answer")

    _, parcel = await room.mailed()
    asking, room.office = room.office, replace(room.office, find_key=away)
    assert await room.finding(FBL, signed(arf(parcel.message), room.shop.clock.now())) == "waiting"
    room.office = asking
    await receive.understand(room.office)
    assert (await room.last(feedback.NOBODY)).finding is feedback.Finding.WAITING
    room.shop.clock.advance(minutes=6)
    await receive.understand(room.office)
    assert (await room.last(feedback.NOBODY)).finding is feedback.Finding.COMPLAINED


async def test_an_accounts_own_address_takes_complaints_about_its_own_mail_only(room: Mailroom):
    _, parcel = await room.mailed()
    raw = signed(arf(parcel.message), room.shop.clock.now())
    other = f"{feedback.make_loop(room.office.key, room.shop.account_id + 1)}@mail.example.com"
    own = f"{feedback.make_loop(room.office.key, room.shop.account_id)}@mail.example.com"
    assert await room.finding(other, raw) == "unattributed"
    assert await room.finding(own, raw) == "complained"


# --- stored before it is understood


async def test_what_is_cut_off_is_understood_at_the_next_look(room: Mailroom):
    _, parcel = await room.mailed()
    admitted = await receive.admit(room.office, parcel.mail_from)
    assert isinstance(admitted, receive.Admitted)
    arrival = receive.Arrival(mail_from="", helo="mx", ip="192.0.2.1", tls=None, content=dsn())
    await receive.take(room.office, [admitted], arrival)
    assert (await room.suppressed(), room.woken) == ([], 1)
    assert await receive.understand(room.office) == 1
    assert await receive.understand(room.office) == 0
    assert len(await room.suppressed()) == 1


async def test_a_report_that_makes_us_stumble_holds_up_no_other_and_is_given_up_in_the_end(room: Mailroom):
    def stumble(raw: bytes) -> mail.IncomingReport:
        raise ValueError("a bug")

    _, parcel = await room.mailed()
    reading, room.office = room.office, replace(room.office, read=stumble)
    assert await room.finding(parcel.mail_from, dsn()) == "waiting"
    for _ in range(13):
        room.shop.clock.advance(minutes=6)
        await receive.understand(room.office)
    given_up = await room.last(room.shop.account_id)
    assert (given_up.finding, given_up.why) == (feedback.Finding.UNATTRIBUTED, "a fault in Sendwright: see the log")
    assert await receive.replay(reading, room.shop.account_id, given_up.id)
    assert (await room.last(room.shop.account_id)).finding is feedback.Finding.BOUNCED
    assert not await receive.replay(reading, room.shop.account_id, given_up.id)


async def test_the_return_path_of_a_delivery_is_the_same_at_each_try(room: Mailroom):
    delivery, parcel = await room.shop.send()
    not_now = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.3.0", lines=("4.3.0 no",)))
    await attempt.attempt(desk(room.shop, FakePost(not_now, room.shop.clock)), delivery, parcel)
    room.shop.clock.advance(hours=1)
    ((_, again),) = await single_send.compose_again(room.shop.workshop, await room.shop.claim_deliveries())
    assert again.mail_from == parcel.mail_from
