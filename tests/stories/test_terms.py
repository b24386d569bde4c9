"""What a sender may ask for its mail: how long it is tried, and whether what is in doubt is repeated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sendwright import attempt, ledger, smtp, submission
from sendwright.outbound.model import Answered, Lost
from sendwright.submission.rules import read_requests
from tests.stories.shop import FakePost, Shop, desk

pytestmark = pytest.mark.anyio

NOT_NOW = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.2.1", lines=("4.2.1 not now",)))
LOST = Lost(stage=smtp.Stage.FINAL, dot_written=True, detail="the connection broke")
SHORT = ledger.Terms(give_up_after=timedelta(minutes=5))
HOLD = ledger.Terms(duplicate_policy=ledger.DuplicatePolicy.HOLD)


async def test_a_mail_is_given_up_at_the_age_that_its_sender_asked_for(shop: Shop):
    delivery, parcel = await shop.send(terms=SHORT)
    shop.clock.advance(minutes=4, seconds=30)
    await attempt.attempt(desk(shop, FakePost(NOT_NOW, shop.clock)), delivery, parcel)
    assert (await shop.page(delivery.send_id)).send.result == "UNDELIVERABLE"


async def test_what_is_in_doubt_is_held_if_its_sender_asked_for_that(shop: Shop):
    delivery, parcel = await shop.send(terms=HOLD)
    await attempt.attempt(desk(shop, FakePost(LOST, shop.clock)), delivery, parcel)
    shop.clock.advance(hours=2)
    assert await shop.claim_deliveries() == []
    (view,) = (await shop.page(delivery.send_id)).deliveries
    assert (view.state, "as its sender asked" in (view.explanation or "").lower()) == ("held", True)


async def test_the_deferral_after_which_an_hour_has_passed_says_so(shop: Shop):
    delivery, parcel = await shop.send()
    shop.clock.advance(minutes=59, seconds=30)
    await attempt.attempt(desk(shop, FakePost(NOT_NOW, shop.clock)), delivery, parcel)
    told = [event.facts.get("delayedHours") for event in (await shop.page(delivery.send_id)).events]
    assert told == [None, None, 1]


def test_a_submitted_mail_asks_by_its_header():
    asked = read_requests([("X-Sendwright-Duplicate-Policy", "hold"), ("X-Sendwright-Give-Up-After", " PT5M ")])
    assert isinstance(asked, submission.model.Requests)
    assert asked.terms == ledger.Terms(
        duplicate_policy=ledger.DuplicatePolicy.HOLD, give_up_after=timedelta(minutes=5)
    )  # fmt: skip


def test_terms_that_cannot_be_read_are_refused():
    refused = read_requests([("X-Sendwright-Give-Up-After", "soon")])
    assert isinstance(refused, submission.model.Refusal)
    assert "PT5M to PT120H" in refused.text
