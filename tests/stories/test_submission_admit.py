"""Who may submit: the log-in, the envelope, and the questions that the header answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from sendwright import accounts, database, domains, smtp, smtp_tokens, submission
from sendwright.submission import Refusal, Standing, Taken, Throttle

from .office import A_MOMENT, Counter, mail_from, mail_text, open_counter
from .shop import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(shop: Shop) -> Counter:
    return await open_counter(shop)


async def test_the_password_of_a_token_opens_its_account(counter: Counter):
    standing = await counter.log_in()
    assert isinstance(standing, Standing)
    assert standing.key == (counter.shop.account_id, counter.token.id)
    assert standing.domains == {"example.com"}


@pytest.mark.parametrize("password", ["", "wrong", "sws-" + "A" * 32])
async def test_no_other_password_does(counter: Counter, password: str):
    refusal = await counter.log_in(password)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.enhanced) == (535, "5.7.8")


async def test_an_unknown_user_and_an_expired_token_hear_the_same_as_a_wrong_password(shop: Shop):
    wanted = smtp_tokens.Wanted(
        account_id=shop.account_id, campaign_name="x", create_contact=True, host="smtp.example.com", by="tester"
    )
    token, password = await shop.db.write(smtp_tokens.create_by_api, wanted, shop.clock.now())
    office = submission.Office.opened(shop.db, shop.clock.now, "https://send.example.com", Throttle())
    wrong = await submission.log_in(office, token.id, "wrong")
    unknown = await submission.log_in(office, "nobody@1.smtp.example.com", password)
    shop.clock.advance(days=366)
    assert await submission.log_in(office, token.id, password) == unknown == wrong


async def test_a_suspended_account_hears_why_at_the_log_in_and_in_an_open_session(counter: Counter):
    shop = counter.shop
    await shop.db.write(accounts.suspend_account, shop.account_id, "unpaid since May", shop.clock.now(), "operator")
    shop.clock.advance(seconds=2)
    at_log_in = await counter.log_in()
    at_mail = await submission.admit_sender(counter.office, counter.standing, mail_from())
    at_text = await counter.submit(mail_text())
    heard = [refusal for refusal in (at_log_in, at_mail, at_text) if isinstance(refusal, Refusal)]
    assert [refusal.code for refusal in heard] == [535, 550, 550]
    assert all("unpaid since May" in refusal.text for refusal in heard)


async def test_a_reset_ends_open_sessions_at_once(counter: Counter):
    shop = counter.shop
    await shop.db.write(accounts.reset_smtp_token, shop.account_id, counter.token.id, shop.clock.now(), "tester")
    refusal = await counter.submit(mail_text())  # in the same second, whatever is still believed
    assert isinstance(refusal, Refusal)
    assert refusal.code == 535
    assert isinstance(await counter.log_in(), Refusal)
    at_mail = await submission.admit_sender(counter.office, counter.standing, mail_from())
    assert at_mail is not None
    assert at_mail.code == 535


async def test_a_deleted_token_ends_open_sessions_at_once(counter: Counter):
    shop = counter.shop
    await shop.db.write(accounts.delete_smtp_token, shop.account_id, counter.token.id, shop.clock.now(), "tester")
    refusal = await counter.submit(mail_text())
    assert isinstance(refusal, Refusal)
    assert refusal.code == 535


async def test_nothing_is_left_in_the_ledger_of_a_mail_that_was_refused(counter: Counter):
    shop = counter.shop
    await shop.db.write(accounts.delete_smtp_token, shop.account_id, counter.token.id, shop.clock.now(), "tester")
    await counter.submit(mail_text())
    assert await shop.claim() == []


@pytest.mark.parametrize(
    "sender", ["hello@example.net", "hello@sub.example.com", "hello@exаmple.com", "hello@example.com.evil.test"]
)
async def test_the_envelope_sender_is_at_a_connected_domain(counter: Counter, sender: str):
    refusal = await submission.admit_sender(counter.office, counter.standing, mail_from(sender))
    assert refusal is not None
    assert (refusal.code, refusal.enhanced) == (550, "5.7.1")
    assert "https://send.example.com" in refusal.text


async def test_an_envelope_sender_that_is_none_is_said_to_be_none(counter: Counter):
    refusal = await submission.admit_sender(counter.office, counter.standing, mail_from("a..b@example.com"))
    assert refusal is not None
    assert refusal.code == 553


async def test_the_empty_envelope_sender_may_begin(counter: Counter):
    assert await submission.admit_sender(counter.office, counter.standing, mail_from("")) is None


async def test_a_domain_counts_a_moment_after_it_was_connected(counter: Counter):
    shop = counter.shop
    await shop.db.write(domains.add_domain, shop.seal, shop.account_id, "new.test", (), shop.clock.now())
    await shop.db.write(
        domains.connect_domain, shop.account_id, "new.test", domains.Proof.DECREE, shop.clock.now()
    )  # fmt: skip
    shop.clock.at += A_MOMENT
    assert await submission.admit_sender(counter.office, counter.standing, mail_from("a@new.test")) is None
    assert isinstance(await counter.submit(mail_text(author="a@new.test"), mail_from="a@new.test"), Taken)


@pytest.mark.parametrize(
    "recipient", ["ann@", "ann", "a b@example.org", "ann@example..org", "ann@[192.0.2.1]", '"a b"@example.org']
)
def test_a_recipient_that_is_no_address_is_refused(recipient: str):
    asked = smtp.events.Rcpt(recipient=recipient)
    refusal = submission.admit_recipient(None, asked)  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.code == 553


@pytest.mark.parametrize(
    ("author", "more"),
    [
        ("x@example.net", ()),
        ("hello@example.com, x@example.net", ()),
        ("hello@example.com", ("Sender: x@example.net",)),
        ('"hello@example.com" <x@example.net>', ()),
        ("hello@sub.example.com", ()),
    ],
)
async def test_every_author_and_the_sender_is_at_a_connected_domain(
    counter: Counter, author: str, more: tuple[str, ...]
):
    refusal = await counter.submit(mail_text(*more, author=author))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.enhanced) == (550, "5.7.1")


@pytest.mark.parametrize(
    "content",
    [
        b"From: hello@example.com\r\nFrom: hello@example.com\r\n\r\nhi\r\n",
        b"From : hello@example.com\r\n\r\nhi\r\n",
        b"\r\nFrom: hello@example.com\r\n\r\nhi\r\n",
        b"Subject: nobody\r\n\r\nhi\r\n",
        b"From: a@good.test <b@example.com>\r\n\r\nhi\r\n",
    ],
)
async def test_a_header_that_can_be_read_in_two_ways_is_refused(counter: Counter, content: bytes):
    refusal = await counter.submit(content)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.enhanced) == (554, "5.6.0")


async def test_a_line_that_cannot_be_broken_is_refused_and_one_that_can_is_encoded_anew(counter: Counter):
    long = "x" * 1_500
    sealed = mail_text(kind='multipart/signed; boundary="b"', body=f"--b\r\n\r\n{long}\r\n--b--")
    refusal = await counter.submit(sealed)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.enhanced) == (554, "5.6.0")
    parcel = await counter.one(mail_text(kind="text/html", body=f"<p>{long}</p>"))
    assert max(map(len, parcel.message.split(b"\r\n"))) <= 998


async def test_a_mail_that_goes_round_in_circles_is_refused(counter: Counter):
    lines = ["Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000"] * 101
    refusal = await counter.submit(mail_text(*lines))
    assert isinstance(refusal, Refusal)
    assert refusal.enhanced == "5.4.6"


async def test_who_submits_too_fast_hears_when_to_retry(shop: Shop):
    counter = await open_counter(shop, throttle=Throttle(per_token=2))
    for _ in range(2):
        assert isinstance(await counter.submit(mail_text()), Taken)
    refusal = await submission.admit_sender(counter.office, counter.standing, mail_from())
    assert refusal is not None
    assert (refusal.code, refusal.enhanced, refusal.text) == (
        451, "4.7.1", "this token or account submits too fast; retry in 30 s",
    )  # fmt: skip
    shop.clock.advance(seconds=30)
    assert await submission.admit_sender(counter.office, counter.standing, mail_from()) is None


async def test_all_tokens_of_an_account_share_its_limit(shop: Shop):
    throttle = Throttle(per_account=1)
    first, second = await open_counter(shop, throttle=throttle), await open_counter(shop, throttle=throttle)
    assert isinstance(await first.submit(mail_text()), Taken)
    assert await submission.admit_sender(second.office, second.standing, mail_from()) is not None


async def test_every_recipient_counts_against_the_limit(shop: Shop):
    counter = await open_counter(shop, throttle=Throttle(per_token=3))
    people = [f"p{number}@example.org" for number in range(6)]
    assert isinstance(await counter.submit(mail_text(), *people), Taken)
    refusal = await submission.admit_sender(counter.office, counter.standing, mail_from())
    assert refusal is not None
    assert "retry in 80 s" in refusal.text


async def test_those_who_ask_at_the_same_moment_share_one_look(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    shop, looks = counter.shop, []
    find = accounts.find_smtp_login

    def counting(*asked: Any) -> accounts.SmtpLogin | None:
        looks.append(asked)
        return find(*asked)

    monkeypatch.setattr(accounts, "find_smtp_login", counting)
    shop.clock.advance(seconds=5)
    found = await asyncio.gather(*(counter.log_in() for _ in range(5)))
    assert all(isinstance(each, Standing) for each in found)
    assert len(looks) == 1


async def test_a_look_that_is_broken_off_is_no_answer_for_others(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    begun, standings = asyncio.Event(), counter.office.standings

    async def never(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(counter.shop.db, "read", never)
        counter.shop.clock.advance(seconds=5)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(standings.of(counter.token.id, counter.shop.clock.now()))
            await begun.wait()
            second = group.create_task(_fault_of(standings.of(counter.token.id, counter.shop.clock.now())))
            await asyncio.sleep(0)
            first.cancel()
    assert isinstance(second.result(), database.Unavailable)
    assert await standings.of(counter.token.id, counter.shop.clock.now()) is not None


async def _fault_of(asked: Awaitable[object]) -> object:
    try:
        return await asked
    except database.Unavailable as fault:
        return fault


async def test_what_was_being_looked_up_when_tokens_changed_is_not_kept(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    shop, standings, read = counter.shop, counter.office.standings, counter.shop.db.read
    looks = []

    async def overtaken(*asked: Any) -> Any:
        found = await read(*asked)
        looks.append(found)
        standings._forget()
        return found

    monkeypatch.setattr(shop.db, "read", overtaken)
    shop.clock.advance(seconds=5)
    for _ in range(2):
        await standings.of(counter.token.id, shop.clock.now())
    assert len(looks) == 2


async def test_what_cannot_be_looked_up_is_no_refusal(counter: Counter, monkeypatch: pytest.MonkeyPatch):
    await counter.shop.db.close()
    counter.shop.clock.advance(seconds=5)
    with pytest.raises((database.Unavailable, RuntimeError)):
        await submission.admit_sender(counter.office, counter.standing, mail_from())


async def test_a_bucket_forgets_whom_it_has_not_heard_of(monkeypatch: pytest.MonkeyPatch, shop: Shop):
    from sendwright.submission import throttle

    monkeypatch.setattr(throttle, "_MOST", 2)
    buckets = throttle.Buckets(1)
    now = shop.clock.now()
    for key in "abc":
        buckets.take(key, 1, now)
    assert buckets.wait("a", now) is None
    assert buckets.wait("c", now) == timedelta(seconds=60)
