"""G11: of all the reports that a stranger can write none changes anything, however many they are (E1 to E5)."""

from __future__ import annotations

import pytest

from sendwright import feedback, receive

from .mailroom import Mailroom, arf, dsn, signed
from .shop import Shop

pytestmark = pytest.mark.anyio

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.fixture
def room(shop: Shop) -> Mailroom:
    return Mailroom(shop)


async def test_no_forged_return_path_is_even_let_in(room: Mailroom):
    """Each place of a true one changed in each way: 1,488 addresses that look right."""
    _, parcel = await room.mailed()
    local, _, host = parcel.mail_from.rpartition("@")
    changed = [local[:n] + c + local[n + 1 :] for n in range(2, len(local)) for c in ALPHABET if c != local[n]]
    answers = [await receive.admit(room.office, f"{each}@{host}") for each in changed]
    assert len(changed) > 1400
    assert all(isinstance(answer, receive.Refusal) for answer in answers)


async def test_another_accounts_return_path_says_nothing_about_this_ones_mail(room: Mailroom):
    delivery, _ = await room.mailed()
    local = feedback.make_return_path(room.office.key, room.shop.account_id + 1, delivery.id, delivery.recipient)
    assert await room.finding(f"{local}@mail.example.com", dsn()) == "unattributed"
    assert await room.suppressed() == []


async def test_the_return_path_of_one_mail_says_nothing_about_another_recipient(room: Mailroom):
    """Who got a mail knows its own return path, and can put nobody else on the list with it."""
    _, parcel = await room.mailed(to="mallory@example.net")
    await room.mailed()
    for victim in ("ann@example.org", "Ann@Example.org", "<ann@example.org>", "ann@example.org.", '"ann"@example.org'):
        assert await room.finding(parcel.mail_from, dsn(victim)) == "unattributed"
    assert await room.suppressed() == []


async def test_complaints_under_many_false_names_and_signatures_change_nothing(room: Mailroom):
    delivery, parcel = await room.mailed()
    token = feedback.make_message_token(room.office.key, room.shop.account_id, delivery.send_id)
    before, now = await room.events(delivery), room.shop.clock.now()
    places = range(2, len(token), 3)
    forged = [token[:n] + ("a" if token[n] != "a" else "b") + token[n + 1 :] for n in places]
    for name in forged:
        returned = parcel.message.replace(token.encode(), name.encode())
        assert await room.finding("fbl@mail.example.com", signed(arf(returned), now)) == "unattributed"
    for domain in ("example.org", "notprovider.example", "provider.example.evil.test", "xprovider.example"):
        room.keys[f"s1._domainkey.{domain}"] = next(iter(room.keys.values()))
        assert await room.finding("fbl@mail.example.com", signed(arf(parcel.message), now, domain)) == "unattributed"
    assert (await room.suppressed(), await room.events(delivery)) == ([], before)


async def test_for_one_mail_only_so_many_reports_are_taken(room: Mailroom):
    _, parcel = await room.mailed()
    for _ in range(20):
        await room.finding(parcel.mail_from, dsn("victim@example.net"))
    assert await room.finding(parcel.mail_from, dsn()) == "refused 550"
