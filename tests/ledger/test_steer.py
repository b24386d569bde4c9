"""What a person does to mail that has no outcome yet."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from sendwright import database, ledger
from sendwright.ledger import Action, DuplicatePolicy, Selection
from sendwright.ledger.tables import payloads
from tests.ledger import cast
from tests.ledger.cast import LEASE
from tests.ledger.waiting import claim, settled, shown, waiting

pytestmark = pytest.mark.anyio

LATER = timedelta(minutes=10)
ALL = Selection()


async def steer(
    db: database.Database, action: Action, wanted: Selection, now: datetime, limit: int = 100
) -> ledger.Steered:
    return await db.write(ledger.steer, action, wanted, None, limit, now, "Because.")


async def balanced(db: database.Database) -> bool:
    return not any(book.faults for book in await db.read(ledger.verify))


async def test_a_send_not_yet_composed_is_canceled(db: database.Database, now: datetime):
    (send,) = await db.write(ledger.accept, [cast.new_send(now)])
    done = await steer(db, Action.CANCEL, Selection(account_id=1, send_id=send.id), now)
    found = await db.read(ledger.find_send, 1, send.id)
    assert (done.sends, found and found.state) == (1, ledger.SendState.CANCELED)
    assert await db.read(lambda conn: conn.execute(select(payloads)).all()) == []
    assert await balanced(db)


async def test_whoever_composes_a_canceled_send_is_too_late(db: database.Database, now: datetime):
    await db.write(ledger.accept, [cast.new_send(now)])
    (send,) = await db.write(ledger.claim_sends, "w1", LEASE, 1, now)
    await steer(db, Action.CANCEL, Selection(send_id=send.id), now)
    with pytest.raises(ledger.Late):
        await db.write(ledger.compose, [cast.composed(send, now)], 120_000)


async def test_a_canceled_delivery_ends_its_send_and_erases_its_payload(db: database.Database, now: datetime):
    new = await waiting(db, now)
    done = await steer(db, Action.CANCEL, Selection(account_id=1, delivery_id=new.id), now)
    view = await shown(db, new, now)
    found = await db.read(ledger.find_send, 1, view.send_id)
    assert (done.deliveries, view.state, found and found.state) == (1, "canceled", ledger.SendState.CANCELED)
    assert found is not None
    assert (found.explanation, found.completed_at) == ("Because.", now)
    assert await db.read(lambda conn: conn.execute(select(payloads)).all()) == []
    assert await balanced(db)


async def test_whoever_holds_a_canceled_delivery_may_not_write_the_dot(db: database.Database, now: datetime):
    await waiting(db, now)
    (taken,) = (await claim(db, now)).taken
    await steer(db, Action.CANCEL, ALL, now)
    with pytest.raises(ledger.Late):
        await db.write(ledger.intend, [cast.intent(taken, now)])


async def test_an_attempt_past_its_intent_is_not_canceled(db: database.Database, now: datetime):
    await waiting(db, now)
    (taken,) = (await claim(db, now)).taken
    await db.write(ledger.intend, [cast.intent(taken, now)])
    assert (await steer(db, Action.CANCEL, ALL, now)).deliveries == 0


async def test_a_send_of_which_one_copy_was_delivered_is_not_canceled(db: database.Database, now: datetime):
    await db.write(ledger.accept, [cast.new_send(now)])
    (send,) = await db.write(ledger.claim_sends, "w1", LEASE, 1, now)
    item = cast.composed(send, now, recipients=2)
    await db.write(ledger.compose, [item], 120_000)
    held = await _intended(db, cast.held(send, item.deliveries[0]), now)
    await db.write(ledger.settle, [cast.settlement(held, ledger.Outcome.DELIVERED, now)])
    await steer(db, Action.CANCEL, ALL, now)
    found = await db.read(ledger.find_send, 1, send.id)
    assert found is not None
    assert (found.state, found.result) == (ledger.SendState.FINAL, ledger.SendResult.SENT)


async def test_what_is_held_is_not_claimed_until_it_is_released(db: database.Database, now: datetime):
    new = await waiting(db, now)
    await steer(db, Action.HOLD, Selection(domain="example.org"), now)
    assert ((await claim(db, now)).taken, (await shown(db, new, now)).hold) == ((), ledger.Hold.OPERATOR)
    assert (await steer(db, Action.RELEASE, ALL, now)).deliveries == 1
    assert len((await claim(db, now)).taken) == 1


@pytest.mark.parametrize("hold", [ledger.Hold.OPERATOR, ledger.Hold.SUSPENDED])
async def test_an_account_lets_go_what_it_holds_itself_alone(db: database.Database, now: datetime, hold: ledger.Hold):
    new = await waiting(db, now)
    own, its = Selection(account_id=1), ledger.Hold.ACCOUNT
    await db.write(ledger.steer, Action.HOLD, own, None, 10, now, "Because.", hold)
    assert (await db.write(ledger.steer, Action.RELEASE, own, None, 10, now, "Because.", its)).deliveries == 0
    assert (await steer(db, Action.RELEASE, own, now)).deliveries == 1
    await db.write(ledger.steer, Action.HOLD, own, None, 10, now, "Because.", its)
    assert (await shown(db, new, now)).hold is its
    assert (await db.write(ledger.steer, Action.RELEASE, own, None, 10, now, "Because.", its)).deliveries == 1


async def test_a_retry_is_due_now(db: database.Database, now: datetime):
    await waiting(db, now, due=now + LATER)
    await steer(db, Action.RETRY, ALL, now)
    assert len((await claim(db, now)).taken) == 1


async def test_what_is_in_doubt_is_repeated_only_if_it_is_named(db: database.Database, now: datetime):
    new = await waiting(db, now)
    (taken,) = (await claim(db, now)).taken
    await db.write(ledger.settle, [settled(await _intended(db, taken, now), ledger.Outcome.IN_DOUBT, now)])
    assert (await steer(db, Action.RETRY, ALL, now)).deliveries == 0
    assert (await steer(db, Action.RETRY, Selection(delivery_id=new.id), now)).deliveries == 1


async def test_a_selection_is_worked_off_in_batches(db: database.Database, now: datetime):
    for _ in range(5):
        await waiting(db, now)
    first = await db.write(ledger.steer, Action.HOLD, ALL, None, 3, now, "Because.")
    second = await db.write(ledger.steer, Action.HOLD, ALL, first.after, 3, now, "Because.")
    assert (first.deliveries, second.deliveries, second.after) == (3, 2, None)


async def test_another_accounts_mail_is_not_touched(db: database.Database, now: datetime):
    new = await waiting(db, now)
    wanted = Selection(account_id=2, delivery_id=new.id)
    assert (await steer(db, Action.CANCEL, wanted, now)).deliveries == 0


@pytest.mark.parametrize(
    ("action", "counted"), [(Action.CANCEL, (2, 1)), (Action.HOLD, (2, 0)), (Action.RELEASE, (0, 0))]
)
async def test_what_would_be_changed_is_counted(
    db: database.Database, now: datetime, action: Action, counted: tuple[int, int]
):
    for _ in range(2):
        await waiting(db, now)
    await db.write(ledger.accept, [cast.new_send(now)])
    assert await db.read(ledger.count_selected, action, Selection(account_id=1)) == counted


@pytest.mark.parametrize("usual", list(DuplicatePolicy))
@pytest.mark.parametrize("asked", [None, *DuplicatePolicy])
async def test_an_attempt_in_doubt_is_held_if_its_sender_or_else_the_installation_wants_it(
    db: database.Database, now: datetime, usual: DuplicatePolicy, asked: DuplicatePolicy | None
):
    new = await waiting(db, now, terms=ledger.Terms(duplicate_policy=asked))
    (taken,) = (await claim(db, now)).taken
    await _intended(db, taken, now)
    await db.write(ledger.recover_all, now, timedelta(), usual)
    wanted = "held" if (asked or usual) is DuplicatePolicy.HOLD else "in_doubt"
    assert (await shown(db, new, now)).state == wanted
    assert await balanced(db)


async def test_an_attempt_in_doubt_is_held_with_its_settlement(db: database.Database, now: datetime):
    new = await waiting(db, now)
    (taken,) = (await claim(db, now)).taken
    doubtful = settled(await _intended(db, taken, now), ledger.Outcome.IN_DOUBT, now, hold=True)
    await db.write(ledger.settle, [doubtful])
    assert (await shown(db, new, now)).hold is ledger.Hold.IN_DOUBT


async def test_a_success_told_late_ends_what_is_held_in_doubt(db: database.Database, now: datetime):
    new = await waiting(db, now, terms=ledger.Terms(duplicate_policy=DuplicatePolicy.HOLD))
    (taken,) = (await claim(db, now)).taken
    await _intended(db, taken, now)
    await db.write(ledger.recover_all, now, timedelta())
    assert await db.write(ledger.append_late, settled(taken, ledger.Outcome.DELIVERED, now))
    assert (await shown(db, new, now)).state == "delivered"


async def test_the_terms_of_a_send_come_back_with_each_claim(db: database.Database, now: datetime):
    terms = ledger.Terms(duplicate_policy=DuplicatePolicy.HOLD, give_up_after=timedelta(minutes=7))
    await waiting(db, now, terms=terms)
    (taken,) = (await claim(db, now)).taken
    assert taken.terms == terms


async def _intended(db: database.Database, taken: ledger.Delivery, now: datetime) -> ledger.Delivery:
    await db.write(ledger.intend, [cast.intent(taken, now)])
    return taken
