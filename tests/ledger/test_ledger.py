"""What the ledger keeps: durable accepts, one winner for each lease and key, and books that balance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from sendwright import database, ledger
from sendwright.ledger.tables import payloads
from tests.ledger import cast
from tests.ledger.cast import LEASE

pytestmark = pytest.mark.anyio


async def accept(db: database.Database, *items: ledger.NewSend) -> Sequence[ledger.Send]:
    return await db.write(ledger.accept, items)


async def claim(
    db: database.Database, now: datetime, owner: str = "w1", lease: timedelta = LEASE
) -> list[ledger.ClaimedSend]:
    return await db.write(ledger.claim_sends, owner, lease, 100, now)


async def held_delivery(db: database.Database, now: datetime, recipients: int = 1) -> list[ledger.Delivery]:
    """Accept, claim, compose: the deliveries as their worker holds them."""
    await accept(db, cast.new_send(now))
    (send,) = await claim(db, now)
    item = cast.composed(send, now, recipients)
    await db.write(ledger.compose, [item], 120_000)
    return [cast.held(send, new) for new in item.deliveries]


async def state_of(db: database.Database, delivery: ledger.Delivery) -> ledger.DeliveryView:
    views = await db.read(ledger.find_deliveries, 1, delivery.send_id)
    return next(view for view in views if view.id == delivery.id)


async def test_an_accepted_send_can_be_looked_up(db: database.Database, now: datetime) -> None:
    (send,) = await accept(db, cast.new_send(now))
    assert await db.read(ledger.find_send, 1, send.id) == send


async def test_another_account_does_not_find_it(db: database.Database, now: datetime) -> None:
    (send,) = await accept(db, cast.new_send(now))
    assert await db.read(ledger.find_send, 2, send.id) is None


async def test_the_same_key_and_payload_is_the_same_send(db: database.Database, now: datetime) -> None:
    (first,) = await accept(db, cast.new_send(now, keys=cast.send_id_key("a")))
    (again,) = await accept(db, cast.new_send(now, keys=cast.send_id_key("a")))
    assert again == first


async def test_the_same_key_with_another_payload_is_refused(db: database.Database, now: datetime) -> None:
    (first,) = await accept(db, cast.new_send(now, keys=cast.send_id_key("a")))
    (other,) = await accept(db, cast.new_send(now, keys=cast.send_id_key("a"), payload=b"other"))
    assert (other.result, other.state) == (ledger.SendResult.IDEMPOTENT_FAIL, ledger.SendState.FINAL)
    assert first.id in (other.explanation or "")


async def test_of_requests_with_one_key_at_one_moment_one_wins(db: database.Database, now: datetime) -> None:
    answers = await accept(db, *(cast.new_send(now, keys=cast.send_id_key("a")) for _ in range(5)))
    assert [a.result for a in answers] == [None] + [ledger.SendResult.IDEMPOTENT_IGNORE] * 4


async def test_one_key_of_two_accounts_is_two_keys(db: database.Database, now: datetime) -> None:
    answers = [await accept(db, cast.new_send(now, account_id=n, keys=cast.send_id_key("a"))) for n in (1, 2)]
    assert {a.result for (a,) in answers} == {None}


async def test_fifty_concurrent_requests_with_one_key_are_one_mail(db: database.Database, now: datetime) -> None:
    for round_ in range(5):
        key = cast.send_id_key(f"k{round_}")
        await asyncio.gather(*(accept(db, cast.new_send(now, keys=key)) for _ in range(50)))
    assert len(await claim(db, now)) == 5


async def test_a_clients_own_repeat_is_the_first_send(db: database.Database, now: datetime) -> None:
    (first,) = await accept(db, cast.new_send(now, keys=cast.retry_key("f", repeated=False)))
    (again,) = await accept(db, cast.new_send(now, keys=cast.retry_key("f", repeated=True)))
    assert again.id == first.id


async def test_a_repeat_in_the_same_commit_is_the_first_send(db: database.Database, now: datetime) -> None:
    items = [cast.new_send(now, keys=cast.retry_key("f", repeated=r)) for r in (False, True)]
    first, again = await accept(db, *items)
    assert again.id == first.id


async def test_the_same_words_said_twice_on_purpose_are_two_mails(db: database.Database, now: datetime) -> None:
    sends = [await accept(db, cast.new_send(now, keys=cast.retry_key("f", repeated=False))) for _ in range(2)]
    assert sends[0][0].id != sends[1][0].id


async def test_a_repeat_after_a_long_while_is_a_new_send(db: database.Database, now: datetime) -> None:
    (first,) = await accept(db, cast.new_send(now, keys=cast.retry_key("f", repeated=False)))
    later = now + timedelta(minutes=5)
    (again,) = await accept(db, cast.new_send(later, keys=cast.retry_key("f", repeated=True)))
    assert again.id != first.id


async def test_each_send_is_claimed_once(db: database.Database, now: datetime) -> None:
    await accept(db, *(cast.new_send(now) for _ in range(40)))
    claims = await asyncio.gather(*(db.write(ledger.claim_sends, f"w{n}", LEASE, 10, now) for n in range(8)))
    ids = [send.id for claimed in claims for send in claimed]
    assert (len(ids), len(set(ids))) == (40, 40)


async def test_a_composed_send_waits_for_nobody_else(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    assert (await state_of(db, delivery)).state is ledger.DeliveryState.LEASED
    assert await db.write(ledger.claim_deliveries, "w2", LEASE, 10, [], now) == []


async def test_a_dropped_send_has_its_reason_and_no_payload(db: database.Database, now: datetime) -> None:
    (accepted,) = await accept(db, cast.new_send(now))
    (send,) = await claim(db, now)
    await db.write(ledger.drop, [cast.dropped(send, now)])
    found = await db.read(ledger.find_send, 1, accepted.id)
    assert found is not None
    assert (found.state, found.result) == (ledger.SendState.FINAL, ledger.SendResult.MISSING_CONTENT)
    assert await db.read(lambda conn: conn.execute(select(payloads)).all()) == []


async def test_a_worker_that_lost_its_lease_cannot_compose(db: database.Database, now: datetime) -> None:
    await accept(db, cast.new_send(now))
    (slow,) = await claim(db, now, lease=timedelta(seconds=-1))
    await db.write(ledger.recover_expired, now, timedelta())
    await claim(db, now, owner="w2")
    with pytest.raises(ledger.Late):
        await db.write(ledger.compose, [cast.composed(slow, now)], 120_000)


async def test_one_late_member_does_not_stop_its_batch(db: database.Database, now: datetime) -> None:
    def together(conn: database.Connection, items: Sequence[ledger.Composed]) -> Sequence[None]:
        ledger.compose(conn, items, 120_000)
        return [None] * len(items)

    await accept(db, cast.new_send(now), cast.new_send(now))
    one, two = await claim(db, now)
    stale = cast.composed(ledger_send_with_epoch(one, 99), now)
    answers = await asyncio.gather(
        db.write_together(together, stale), db.write_together(together, cast.composed(two, now)), return_exceptions=True
    )
    assert [type(a) for a in answers] == [ledger.Late, type(None)]


def ledger_send_with_epoch(send: ledger.ClaimedSend, epoch: int) -> ledger.ClaimedSend:
    return ledger.ClaimedSend(
        account_id=send.account_id, id=send.id, lease=ledger.Lease(owner=send.lease.owner, epoch=epoch),
        requested_at=send.requested_at, stream=send.stream, email_id=send.email_id, app_id=send.app_id,
        recipient=send.recipient, payload=send.payload,
    )  # fmt: skip


async def test_a_delivered_mail_makes_its_send_final_and_erases_the_payload(
    db: database.Database, now: datetime
) -> None:
    (delivery,) = await held_delivery(db, now)
    intent = cast.intent(delivery, now)
    await db.write(ledger.intend, [intent])
    await db.write(
        ledger.settle, [cast.settlement(delivery, ledger.Outcome.DELIVERED, now, attempt_id=intent.attempt_id)]
    )
    send = await db.read(ledger.find_send, 1, delivery.send_id)
    assert send is not None
    assert (send.state, send.result) == (ledger.SendState.FINAL, ledger.SendResult.SENT)
    assert await db.read(lambda conn: conn.execute(select(payloads)).all()) == []


async def test_a_send_stays_open_until_its_last_recipient_is_settled(db: database.Database, now: datetime) -> None:
    to, cc = await held_delivery(db, now, recipients=2)
    await db.write(ledger.intend, [cast.intent(to, now)])
    await db.write(ledger.settle, [cast.settlement(to, ledger.Outcome.DELIVERED, now)])
    send = await db.read(ledger.find_send, 1, to.send_id)
    assert send is not None
    assert (send.state, send.result) == (ledger.SendState.QUEUED, ledger.SendResult.SENT)
    await db.write(ledger.settle, [cast.settlement(cc, ledger.Outcome.FAILED, now)])
    send = await db.read(ledger.find_send, 1, to.send_id)
    assert send is not None
    assert (send.state, send.result) == (ledger.SendState.FINAL, ledger.SendResult.SENT)


async def test_a_deferred_mail_is_claimed_again_when_due(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    due = now + timedelta(minutes=1)
    await db.write(ledger.settle, [cast.settlement(delivery, ledger.Outcome.DEFERRED, now, due=due)])
    assert await db.write(ledger.claim_deliveries, "w2", LEASE, 10, [], now) == []
    (again,) = await db.write(ledger.claim_deliveries, "w2", LEASE, 10, [], due)
    assert (again.id, again.tries, again.lease.epoch) == (delivery.id, 1, 2)


async def test_a_busy_domain_is_left_waiting(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.settle, [cast.settlement(delivery, ledger.Outcome.DEFERRED, now, due=now)])
    assert await db.write(ledger.claim_deliveries, "w2", LEASE, 10, ["example.org"], now) == []


async def test_an_outcome_cannot_be_settled_twice(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.settle, [cast.settlement(delivery, ledger.Outcome.FAILED, now)])
    with pytest.raises(ledger.Late):
        await db.write(ledger.settle, [cast.settlement(delivery, ledger.Outcome.FAILED, now)])


async def test_a_worker_that_died_before_the_dot_leaves_a_waiting_delivery(
    db: database.Database, now: datetime
) -> None:
    (delivery,) = await held_delivery(db, now)
    assert await db.write(ledger.recover_all, now, timedelta(minutes=30)) == 1
    (again,) = await db.write(ledger.claim_deliveries, "w2", LEASE, 10, [], now)
    assert again.id == delivery.id


async def test_a_worker_that_died_around_the_dot_leaves_a_delivery_in_doubt(
    db: database.Database, now: datetime
) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.intend, [cast.intent(delivery, now)])
    await db.write(ledger.recover_all, now, timedelta(minutes=30))
    view = await state_of(db, delivery)
    assert (view.state, view.due) == (ledger.DeliveryState.IN_DOUBT, now + timedelta(minutes=30))
    (attempt,) = await db.read(ledger.find_attempts, 1, delivery.send_id)
    assert attempt.outcome is ledger.Outcome.IN_DOUBT


async def test_a_live_lease_is_not_recovered(db: database.Database, now: datetime) -> None:
    await held_delivery(db, now)
    assert await db.write(ledger.recover_expired, now, timedelta()) == 0


async def test_a_renewed_lease_lives_on(db: database.Database, now: datetime) -> None:
    await accept(db, cast.new_send(now))
    await claim(db, now, lease=timedelta(seconds=-1))
    (send,) = await db.read(lambda conn: ledger.find_sends(conn, 1, ledger.SendFilter(), before=None, limit=1))
    assert await db.write(ledger.renew, "w1", LEASE, [(1, send.id)], []) == 1
    assert await db.write(ledger.recover_expired, now, timedelta()) == 0


async def test_a_lease_that_its_owner_lost_sight_of_runs_out(db: database.Database, now: datetime) -> None:
    await accept(db, cast.new_send(now))
    await claim(db, now, lease=timedelta(seconds=-1))
    assert await db.write(ledger.renew, "w1", LEASE, [], []) == 0
    assert await db.write(ledger.recover_expired, now, timedelta()) == 1


async def test_an_intent_after_the_lease_was_lost_is_refused(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.recover_all, now, timedelta())
    with pytest.raises(ledger.Late):
        await db.write(ledger.intend, [cast.intent(delivery, now)])


async def test_a_result_that_came_late_is_kept_among_the_attempts(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    intent = cast.intent(delivery, now)
    await db.write(ledger.intend, [intent])
    await db.write(ledger.recover_all, now, timedelta(minutes=30))
    late = cast.settlement(delivery, ledger.Outcome.DELIVERED, now, attempt_id=intent.attempt_id)
    await db.write(ledger.append_late, late)
    (attempt,) = await db.read(ledger.find_attempts, 1, delivery.send_id)
    assert attempt.outcome is ledger.Outcome.DELIVERED


async def test_a_success_that_came_late_ends_the_delivery_in_doubt(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.intend, [cast.intent(delivery, now)])
    await db.write(ledger.recover_all, now, timedelta(minutes=30))
    late = cast.settlement(delivery, ledger.Outcome.DELIVERED, now)
    assert await db.write(ledger.append_late, late)
    assert (await state_of(db, delivery)).state is ledger.DeliveryState.DELIVERED
    assert [book.faults for book in await db.read(ledger.verify)] == [()]


async def test_a_success_that_came_late_stops_the_next_attempt_before_its_dot(
    db: database.Database, now: datetime
) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.intend, [cast.intent(delivery, now)])
    await db.write(ledger.recover_all, now, timedelta())
    (again,) = await db.write(ledger.claim_deliveries, "w2", LEASE, 10, [], now)
    await db.write(ledger.append_late, cast.settlement(delivery, ledger.Outcome.DELIVERED, now))
    with pytest.raises(ledger.Late):
        await db.write(ledger.intend, [cast.intent(again, now)])


async def test_a_success_that_came_late_leaves_an_attempt_past_its_dot_alone(
    db: database.Database, now: datetime
) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.intend, [cast.intent(delivery, now)])
    await db.write(ledger.recover_all, now, timedelta())
    (again,) = await db.write(ledger.claim_deliveries, "w2", LEASE, 10, [], now)
    await db.write(ledger.intend, [cast.intent(again, now)])
    late = cast.settlement(delivery, ledger.Outcome.DELIVERED, now)
    assert not await db.write(ledger.append_late, late)
    assert (await state_of(db, delivery)).state is ledger.DeliveryState.COMMITTING


async def test_a_released_delivery_is_as_if_never_taken(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    released = cast.settlement(delivery, ledger.Outcome.RELEASED, now, due=now)
    await db.write(ledger.settle, [released])
    assert await db.read(ledger.find_attempts, 1, delivery.send_id) == []


async def test_sends_are_listed_newest_first_and_page_by_page(db: database.Database, now: datetime) -> None:
    made = await accept(db, *(cast.new_send(now + timedelta(seconds=n)) for n in range(5)))
    newest = await db.read(lambda conn: ledger.find_sends(conn, 1, ledger.SendFilter(), before=None, limit=2))
    older = await db.read(lambda conn: ledger.find_sends(conn, 1, ledger.SendFilter(), before=newest[-1].id, limit=10))
    assert [s.id for s in (*newest, *older)] == [s.id for s in reversed(made)]


async def test_sends_are_found_by_recipient_and_time(db: database.Database, now: datetime) -> None:
    await accept(db, cast.new_send(now), cast.new_send(now + timedelta(hours=1)))
    wanted = ledger.SendFilter(recipient="ann@example.org", since=now, until=now + timedelta(minutes=1))
    assert len(await db.read(lambda conn: ledger.find_sends(conn, 1, wanted, before=None, limit=9))) == 1


async def test_events_are_found_by_type_and_send(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    wanted = ledger.EventFilter(
        type=ledger.EventType.PROCESSED, send_id=delivery.send_id, since=now, until=now + timedelta(seconds=1)
    )
    (event,) = await db.read(lambda conn: ledger.find_events(conn, 1, wanted, before=None, limit=9))
    assert await db.read(ledger.find_event, 1, event.id) == event
    assert await db.read(ledger.find_event, 2, event.id) is None


async def test_the_books_of_every_account_balance(db: database.Database, now: datetime) -> None:
    (delivery,) = await held_delivery(db, now)
    await db.write(ledger.settle, [cast.settlement(delivery, ledger.Outcome.FAILED, now)])
    await accept(db, cast.new_send(now), cast.new_send(now, account_id=2))
    one, two = await db.read(ledger.verify)
    assert (one.accepted, two.accepted, one.faults, two.faults) == (2, 1, (), ())


async def test_a_lost_payload_is_found_by_the_books(db: database.Database, now: datetime) -> None:
    await accept(db, cast.new_send(now))
    await db.write(lambda conn: conn.execute(payloads.delete()).rowcount)
    (balance,) = await db.read(ledger.verify)
    assert balance.faults == ("1 sends are alive but what they would be composed from is gone",)
