"""An attempt: what each verdict changes, and that it is settled whatever stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendwright import attempt, crm, database, feedback, ledger, outbound, single_send, smtp
from sendwright.attempt import Settled, settled_by
from sendwright.outbound.model import Answered, Category, Lost, Reason, Trouble, Unreachable, Withheld

from .shop import LEASE, FakePost, Shop, desk, event_types

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)
PEER = outbound.Peer(host="mx.example.org", ip="192.0.2.1", port=25, tls="TLSv1.3")
ATTEMPT = ledger.AttemptId("01890000-0000-7000-8000-00000000000a")


def reply(code: int, enhanced: str, text: str) -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(text,))


TAKEN = reply(250, "2.0.0", "2.0.0 kept")
NOT_NOW = reply(451, "4.3.0", "4.3.0 not now")
NOBODY = reply(550, "5.1.1", "5.1.1 no such user")
SPAM = reply(550, "5.7.1", "5.7.1 looks like spam")


def delivery(**changes: Any) -> ledger.Delivery:
    usual = ledger.Delivery(
        account_id=1, id=ledger.DeliveryId("d-1"), send_id=ledger.SendId("s-1"),
        lease=ledger.Lease(owner="w", epoch=1), recipient="Ann@Example.org", part=ledger.Part.TO,
        domain="example.org", stream=single_send.STREAM, tries=0, accepted_at=NOON, email_id=101, campaign_id=7,
        app_id=1, payload=b"{}", snapshot=b"{}", sent_id=None, sent_at=None,
    )  # fmt: skip
    return replace(usual, **changes)


def handover(outcome: Any, peer: outbound.Peer | None = PEER) -> outbound.Handover:
    dialogue = (outbound.DialogueLine(0, "in", "220 hi"), outbound.DialogueLine(3, "out", "EHLO shop.example.com"))
    return outbound.Handover(
        domain="example.org", outcome=outcome, peer=peer, dialogue=dialogue, started=NOON,
        ended=NOON + timedelta(seconds=2),
    )  # fmt: skip


def said(answer: smtp.Reply, stage: smtp.Stage = smtp.Stage.FINAL) -> outbound.Handover:
    return handover(Answered(stage=stage, reply=answer))


DELIVERED = (said(TAKEN), outbound.Delivered(reply=TAKEN))
PUT_OFF = (said(NOT_NOW), outbound.TryAgain(at=LATER, reason=Reason.PUT_OFF, reply=NOT_NOW))
NOT_CHARGED = (
    handover(Unreachable(who="mx.example.org", trouble=Trouble.CROWDED, detail="busy"), None),
    outbound.TryAgain(at=LATER, reason=Reason.UNREACHABLE, reply=None, charged=False),
)
BOUNCED = (
    said(NOBODY, smtp.Stage.RCPT),
    outbound.GaveUp(
        reason=Reason.REFUSED, reply=NOBODY, hard=True, bad_address=True, category=Category.UNKNOWN_USER,
        explanation="There is no such user",
    ),
)  # fmt: skip
REFUSED = (
    said(SPAM),
    outbound.GaveUp(
        reason=Reason.REFUSED, reply=SPAM, hard=True, bad_address=False, category=Category.SPAM,
        explanation="It looks like spam",
    ),
)  # fmt: skip
IN_DOUBT = (
    handover(Lost(stage=smtp.Stage.FINAL, dot_written=True, detail="connection reset")),
    outbound.InDoubt(at=LATER, detail="connection reset"),
)
EVERY = {
    "delivered": DELIVERED, "put off": PUT_OFF, "not charged": NOT_CHARGED, "bounced": BOUNCED, "refused": REFUSED,
    "in doubt": IN_DOUBT,
}  # fmt: skip


def settled(what: tuple[outbound.Handover, outbound.Verdict], **changes: Any) -> Settled:
    return settled_by(delivery(**changes), ATTEMPT, *what)


def types(found: Settled) -> list[str]:
    return [event.type.value for event in found.settlement.events]


# --- what a verdict changes


@pytest.mark.parametrize(
    ("name", "outcome", "result", "events"),
    [
        ("delivered", "delivered", "SENT", ["SENT", "DELIVERED"]),
        ("put off", "deferred", "QUEUED", ["SENT", "DEFERRED"]),
        ("not charged", "deferred", None, []),
        ("bounced", "failed", "UNDELIVERABLE", ["SENT", "BOUNCE"]),
        ("refused", "failed", "UNDELIVERABLE", ["SENT", "BOUNCE"]),
        ("in doubt", "in_doubt", "QUEUED", ["SENT"]),
    ],
)
def test_a_verdict_has_its_outcome_result_and_events(name: str, outcome: str, result: str | None, events: list[str]):
    found = settled(EVERY[name])
    assert (found.settlement.attempt.outcome, found.settlement.result, types(found)) == (outcome, result, events)


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("delivered", None),
        ("put off", LATER),
        ("not charged", LATER),
        ("bounced", None),
        ("refused", None),
        ("in doubt", LATER),
    ],
)
def test_only_what_is_not_over_is_due_again(name: str, due: datetime | None):
    assert settled(EVERY[name]).settlement.due == due


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("delivered", crm.ActivityStatus.DELIVERED),
        ("bounced", crm.ActivityStatus.BOUNCED),
        ("refused", crm.ActivityStatus.BOUNCED),
        ("put off", None),
        ("not charged", None),
        ("in doubt", None),
    ],
)
def test_the_timeline_hears_of_the_end_only(name: str, status: crm.ActivityStatus | None):
    activity = settled(EVERY[name]).activity
    assert (None if activity is None else activity.status) == status


def test_an_address_that_is_proven_bad_is_suppressed_with_its_evidence():
    suppression = settled(BOUNCED).suppression
    assert suppression is not None
    assert (suppression.key, suppression.cause, suppression.stream) == (
        "ann@example.org", feedback.Cause.BOUNCED, single_send.STREAM
    )  # fmt: skip
    assert suppression.evidence == {"sendId": "s-1", "status": "5.1.1", "reply": NOBODY.text}
    assert suppression.explanation.startswith("Ann@Example.org bounced on 2026-03-02: ")


@pytest.mark.parametrize("name", [name for name in EVERY if name != "bounced"])
def test_nothing_else_suppresses_an_address(name: str):
    assert settled(EVERY[name]).suppression is None


def test_a_copy_that_bounces_is_suppressed_too():
    assert settled(BOUNCED, part=ledger.Part.BCC).suppression is not None


def test_a_recipient_that_is_no_address_any_more_suppresses_nothing():
    assert settled(BOUNCED, recipient="nobody").suppression is None


@pytest.mark.parametrize("part", [ledger.Part.CC, ledger.Part.BCC])
@pytest.mark.parametrize("name", EVERY)
def test_a_copy_has_no_events_and_no_timeline(part: ledger.Part, name: str):
    found = settled(EVERY[name], part=part)
    assert (types(found), found.activity) == ([], None)


@pytest.mark.parametrize("name", ["delivered", "put off", "bounced", "in doubt"])
def test_the_first_attempt_that_counts_names_the_sent_event(name: str):
    found = settled(EVERY[name])
    assert found.settlement.events[0].id == found.settlement.sent.id
    assert found.settlement.sent.at == NOON


def test_an_attempt_that_does_not_count_names_no_sent_event():
    assert settled(NOT_CHARGED).settlement.sent is None


def test_a_later_attempt_keeps_the_sent_event_of_the_first():
    found = settled(DELIVERED, sent_id="e-1", sent_at=NOON, tries=2)
    assert types(found) == ["DELIVERED"]
    assert found.settlement.sent.id == "e-1"


def test_events_after_the_first_name_the_sent_event():
    sent, delivered = settled(DELIVERED).settlement.events
    assert (sent.sent_id, delivered.sent_id, delivered.sent_at) == (None, sent.id, sent.created)


def test_the_sent_event_carries_the_name_of_the_send():
    assert settled(DELIVERED).settlement.events[0].facts == {"hmid": "1.s-1"}


def test_events_stand_where_they_happened():
    sent, delivered = settled(DELIVERED).settlement.events
    assert (sent.created, delivered.created) == (NOON, NOON + timedelta(seconds=2))


def test_a_bounce_says_why():
    bounce = settled(BOUNCED).settlement.events[1]
    assert bounce.facts == {
        "response": NOBODY.text, "attempt": 1, "category": "UNKNOWN_USER", "status": "5.1.1",
    }  # fmt: skip


def test_an_outcome_without_an_answer_is_explained_in_its_event():
    silent = handover(Unreachable(who="mx.example.org", trouble=Trouble.CONNECT, detail="no answer"), None)
    what = (silent, replace(NOT_CHARGED[1], charged=True))
    deferred = settled(what).settlement.events[1]
    assert str(deferred.facts["response"]).startswith("mx.example.org could not be reached")


def test_the_attempt_keeps_peer_answer_and_dialogue():
    made = settled(DELIVERED).settlement.attempt
    assert (made.host, made.ip, made.tls, made.code, made.status) == (
        "mx.example.org", "192.0.2.1", "TLSv1.3", 250, "2.0.0"
    )  # fmt: skip
    assert made.dialogue == ((0, "in", "220 hi"), (3, "out", "EHLO shop.example.com"))


def test_an_attempt_without_a_peer_has_none():
    made = settled(NOT_CHARGED).settlement.attempt
    assert (made.host, made.ip, made.tls, made.code, made.reply) == (None, None, None, None, None)


@pytest.mark.parametrize("tries", [0, 3])
def test_attempts_are_counted_from_one(tries: int):
    assert settled(PUT_OFF, tries=tries).settlement.attempt.number == tries + 1


# --- on disk

pytestmark = pytest.mark.anyio
ANSWERED = Answered(stage=smtp.Stage.FINAL, reply=TAKEN)


async def attempted(shop: Shop, post: FakePost, **changes: Any) -> ledger.Delivery:
    """One send, accepted, composed and attempted."""
    held, parcel = await shop.send(**changes)
    await attempt.attempt(desk(shop, post), held, parcel)
    return held


async def test_a_delivered_send_is_final_with_its_events(shop: Shop):
    held = await attempted(shop, FakePost(ANSWERED, shop.clock))
    page = await shop.page(held.send_id)
    assert (page.send.state, page.send.result) == (ledger.SendState.FINAL, ledger.SendResult.SENT)
    assert event_types(page) == ["PROCESSED", "SENT", "DELIVERED"]
    assert page.send.sent_event_id == page.events[1].id


async def test_a_delivered_send_says_so_on_the_timeline(shop: Shop):
    held = await attempted(shop, FakePost(ANSWERED, shop.clock))
    (activity,) = await shop.timeline((await shop.page(held.send_id)).send.contact_id or 0)
    assert activity.status is crm.ActivityStatus.DELIVERED


async def test_a_settled_send_balances(shop: Shop):
    await attempted(shop, FakePost(ANSWERED, shop.clock))
    assert await shop.balanced()


async def test_a_bounced_recipient_is_refused_from_the_next_send_on(shop: Shop):
    await attempted(shop, FakePost(Answered(stage=smtp.Stage.RCPT, reply=NOBODY), shop.clock, asks=False))
    view = await shop.ask()
    assert await shop.compose() == []
    assert (await shop.page(view.status_id)).send.result is ledger.SendResult.PREVIOUSLY_BOUNCED


async def test_a_deferred_send_is_tried_again_and_delivered(shop: Shop):
    held = await attempted(shop, FakePost(Answered(stage=smtp.Stage.FINAL, reply=NOT_NOW), shop.clock))
    shop.clock.advance(hours=1)
    ((again, parcel),) = await single_send.compose_again(shop.workshop, await shop.claim_deliveries())
    await attempt.attempt(desk(shop, FakePost(ANSWERED, shop.clock)), again, parcel)
    page = await shop.page(held.send_id)
    assert event_types(page) == ["PROCESSED", "SENT", "DEFERRED", "DELIVERED"]
    assert [made.number for made in page.attempts] == [1, 2]
    assert page.send.result is ledger.SendResult.SENT


async def test_a_send_in_doubt_is_recorded_and_rests(shop: Shop):
    lost = Lost(stage=smtp.Stage.FINAL, dot_written=True, detail="gone")
    held = await attempted(shop, FakePost(lost, shop.clock))
    page = await shop.page(held.send_id)
    assert (page.deliveries[0].state, page.send.result) == (ledger.DeliveryState.IN_DOUBT, ledger.SendResult.QUEUED)
    assert await shop.claim_deliveries() == []


async def test_a_copy_has_no_say_in_the_result(shop: Shop):
    await shop.ask(cc=("bob@example.org",))
    (to, to_parcel), (cc, cc_parcel) = await shop.compose()
    await attempt.attempt(desk(shop, FakePost(ANSWERED, shop.clock)), to, to_parcel)
    refuses = FakePost(Answered(stage=smtp.Stage.RCPT, reply=SPAM), shop.clock, asks=False)
    await attempt.attempt(desk(shop, refuses), cc, cc_parcel)
    page = await shop.page(to.send_id)
    assert (page.send.state, page.send.result) == (ledger.SendState.FINAL, ledger.SendResult.SENT)
    assert event_types(page) == ["PROCESSED", "SENT", "DELIVERED"]


async def test_the_dot_is_written_only_once_the_intent_is_on_disk(shop: Shop):
    states: list[str] = []

    class Watching(FakePost):
        async def deliver(self, parcel: Any, *, tries: int, before_dot: Any) -> outbound.Handover:
            made = await super().deliver(parcel, tries=tries, before_dot=before_dot)
            states.append((await shop.page(held.send_id)).deliveries[0].state)
            return made

    held, parcel = await shop.send()
    await attempt.attempt(desk(shop, Watching(ANSWERED, shop.clock)), held, parcel)
    assert states == [ledger.DeliveryState.COMMITTING]


async def test_who_lost_the_lease_does_not_write_the_dot(shop: Shop):
    held, parcel = await shop.send()
    await shop.db.write(ledger.recover_all, shop.clock.now(), LEASE)
    post = FakePost(ANSWERED, shop.clock, withheld=Withheld())
    await attempt.attempt(desk(shop, post), held, parcel)
    page = await shop.page(held.send_id)
    assert (post.let_go, page.send.result, page.deliveries[0].state) == ([False], None, ledger.DeliveryState.WAITING)


async def test_a_success_that_is_told_after_the_lease_was_lost_ends_the_delivery(shop: Shop):
    class Slow(FakePost):
        async def deliver(self, parcel: Any, *, tries: int, before_dot: Any) -> outbound.Handover:
            made = await super().deliver(parcel, tries=tries, before_dot=before_dot)
            await shop.db.write(ledger.recover_all, shop.clock.now(), timedelta(minutes=30))
            return made

    held, parcel = await shop.send()
    await attempt.attempt(desk(shop, Slow(ANSWERED, shop.clock)), held, parcel)
    page = await shop.page(held.send_id)
    assert [made.outcome for made in page.attempts] == [ledger.Outcome.DELIVERED]
    assert page.deliveries[0].state is ledger.DeliveryState.DELIVERED


async def test_what_is_put_off_after_the_lease_was_lost_is_kept_among_the_attempts(shop: Shop):
    class Slow(FakePost):
        async def deliver(self, parcel: Any, *, tries: int, before_dot: Any) -> outbound.Handover:
            made = await super().deliver(parcel, tries=tries, before_dot=before_dot)
            await shop.db.write(ledger.recover_all, shop.clock.now(), timedelta(minutes=30))
            return made

    held, parcel = await shop.send()
    await attempt.attempt(
        desk(shop, Slow(Answered(stage=smtp.Stage.FINAL, reply=NOT_NOW), shop.clock)), held, parcel
    )  # fmt: skip
    page = await shop.page(held.send_id)
    assert [made.outcome for made in page.attempts] == [ledger.Outcome.DEFERRED]
    assert page.deliveries[0].state is ledger.DeliveryState.IN_DOUBT


async def test_a_delivery_that_is_put_off_is_free_as_it_was(shop: Shop):
    held, _ = await shop.send()
    await attempt.put_off(desk(shop, FakePost(ANSWERED, shop.clock)), held, shop.clock.now(), "No room.")
    (again,) = await shop.claim_deliveries("worker-2")
    assert (again.id, again.tries) == (held.id, 0)


async def test_putting_off_what_another_holds_changes_nothing(shop: Shop):
    held, _ = await shop.send()
    await shop.db.write(ledger.recover_all, shop.clock.now(), LEASE)
    (theirs,) = await shop.claim_deliveries("worker-2")
    await attempt.put_off(desk(shop, FakePost(ANSWERED, shop.clock)), held, shop.clock.now(), "No room.")
    await shop.db.write(ledger.release, [theirs], shop.clock.now())


class Ailing:
    """A database whose writes fail the first few times."""

    def __init__(self, db: database.Database, failures: int) -> None:
        self._db, self.failures = db, failures

    async def write_in_company(self, fn: Any, item: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise database.Unavailable("the disk is full")
        return await self._db.write_in_company(fn, item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


async def test_without_a_recorded_intent_nothing_is_sent_and_the_trouble_is_told(shop: Shop):
    held, parcel = await shop.send()
    told: list[bool] = []
    post = FakePost(ANSWERED, shop.clock, withheld=Withheld())
    ailing = replace(desk(shop, post, told), db=Ailing(shop.db, 1))  # type: ignore[arg-type]
    await attempt.attempt(ailing, held, parcel)
    assert (post.let_go, told) == ([False], [True, False])


async def test_an_outcome_is_recorded_as_soon_as_it_can_be(shop: Shop):
    held, parcel = await shop.send()
    told: list[bool] = []
    post = FakePost(Answered(stage=smtp.Stage.RCPT, reply=SPAM), shop.clock, asks=False)
    ailing = replace(desk(shop, post, told), db=Ailing(shop.db, 1))  # type: ignore[arg-type]
    await attempt.attempt(ailing, held, parcel)
    assert told == [True, False]
    assert (await shop.page(held.send_id)).send.result is ledger.SendResult.UNDELIVERABLE


async def test_who_has_too_little_of_the_lease_left_does_not_write_the_dot(shop: Shop):
    held, parcel = await shop.send()
    post = FakePost(ANSWERED, shop.clock, withheld=Withheld())
    await attempt.attempt(replace(desk(shop, post), may_end=lambda delivery: False), held, parcel)
    page = await shop.page(held.send_id)
    assert (post.let_go, page.deliveries[0].state) == ([False], ledger.DeliveryState.WAITING)


async def test_who_is_asked_again_before_the_end_does_not_record_the_intent_twice(shop: Shop):
    class AsksTwice(FakePost):
        async def deliver(self, parcel: Any, *, tries: int, before_dot: Any) -> outbound.Handover:
            self.let_go.append(await before_dot(self.peer))
            return await super().deliver(parcel, tries=tries, before_dot=before_dot)

    held, parcel = await shop.send()
    post = AsksTwice(ANSWERED, shop.clock)
    await attempt.attempt(desk(shop, post), held, parcel)
    assert post.let_go == [True, True]


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
async def test_a_clock_that_jumps_takes_no_lease_away(shop: Shop, days: int):
    await shop.send()
    shop.clock.advance(days=days)
    assert await shop.db.write(ledger.recover_expired, shop.clock.now(), LEASE) == 0
    assert await shop.claim_deliveries("worker-2") == []
