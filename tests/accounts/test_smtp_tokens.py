"""SMTP tokens, on both databases: shown once, found by their user name, dead at once, warned about in time."""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sendwright import accounts, database
from sendwright.accounts import AccountState, SmtpToken, SmtpTokenFilter

pytestmark = pytest.mark.anyio

HOST = "send.example.com"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def acme(db: database.Database, now: datetime) -> accounts.Account:
    return await db.write(accounts.create_account, "Acme", now)


@pytest.fixture
async def rival(db: database.Database, acme: accounts.Account, now: datetime) -> accounts.Account:
    return await db.write(accounts.create_account, "Rival", now)


def new(account_id: int, number: int = 1, **changes: object) -> accounts.NewSmtpToken:
    wanted = accounts.NewSmtpToken(
        account_id=account_id, host=HOST, campaign_name="Receipts", create_contact=True, email_id=100 + number,
        campaign_id=500 + number, created_by="ada@example.com", expires_at=None,
    )  # fmt: skip
    return replace(wanted, **changes)  # type: ignore[arg-type]


async def make(
    db: database.Database, account_id: int, now: datetime, number: int = 1, **changes: object
) -> tuple[SmtpToken, str]:
    return await db.write(accounts.create_smtp_token, new(account_id, number, **changes), now, "operator")


async def told(db: database.Database, account_id: int) -> list[str]:
    """What the audit log says of tokens, oldest first."""
    entries = await db.read(accounts.list_audit_entries, account_id)
    return [entry.what for entry in reversed(entries) if entry.what.startswith("smtp_token.")]


async def opens(db: database.Database, username: str, password: str, now: datetime) -> bool:
    return accounts.is_smtp_password(await db.read(accounts.find_smtp_login, username), password, now)


# --- made


async def test_a_user_name_is_eighty_random_bits_and_says_whose_it_is(
    db: database.Database, acme: accounts.Account, now: datetime
):
    token, _ = await make(db, acme.id, now)
    assert re.fullmatch(rf"[a-z2-7]{{16}}@{acme.id}\.smtp\.send\.example\.com", token.id)


async def test_no_two_tokens_are_alike(db: database.Database, acme: accounts.Account, now: datetime):
    (one, secret), (other, secret_of_other) = [await make(db, acme.id, now, number) for number in (1, 2)]
    assert (one.id != other.id, secret != secret_of_other) == (True, True)


async def test_a_password_has_at_least_160_random_bits(db: database.Database, acme: accounts.Account, now: datetime):
    _, password = await make(db, acme.id, now)
    assert re.fullmatch(r"sws-[\w-]{32}", password, re.ASCII)


async def test_the_password_is_nowhere_in_the_database(db: database.Database, acme: accounts.Account, now: datetime):
    token, password = await make(db, acme.id, now)
    rows = await db.read(lambda conn: conn.execute(text("SELECT * FROM smtp_tokens")).all())
    entries = await db.read(accounts.list_audit_entries, acme.id)
    assert token.id in str(rows)
    assert password not in str(rows) + str(entries)


async def test_a_login_shows_no_hash_in_a_log(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now)
    login = await db.read(accounts.find_smtp_login, token.id)
    assert login is not None
    assert login.secret_hash not in repr(login)


async def test_a_token_is_found_as_it_was_made(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now, expires_at=now + timedelta(days=365))
    assert await db.read(accounts.find_smtp_token, acme.id, token.id) == token


async def test_another_account_does_not_find_it(
    db: database.Database, acme: accounts.Account, rival: accounts.Account, now: datetime
):
    token, _ = await make(db, acme.id, now)
    assert await db.read(accounts.find_smtp_token, rival.id, token.id) is None


async def test_an_email_stands_for_one_token_only(db: database.Database, acme: accounts.Account, now: datetime):
    await make(db, acme.id, now)
    with pytest.raises(IntegrityError):
        await make(db, acme.id, now)


# --- log-in


async def test_the_password_opens_the_door(db: database.Database, acme: accounts.Account, now: datetime):
    token, password = await make(db, acme.id, now)
    assert await opens(db, token.id, password, now)


@pytest.mark.parametrize("wrong", ["", "sws-", "x" * 36, "pässword", "\ud800", "a\0b", "x" * 100_000])
async def test_another_password_does_not(db: database.Database, acme: accounts.Account, now: datetime, wrong: str):
    token, _ = await make(db, acme.id, now)
    assert not await opens(db, token.id, wrong, now)


async def test_the_password_of_one_token_does_not_open_another(
    db: database.Database, acme: accounts.Account, now: datetime
):
    token, _ = await make(db, acme.id, now)
    _, password = await make(db, acme.id, now, 2)
    assert not await opens(db, token.id, password, now)


async def test_nobody_logs_in_under_a_user_name_that_is_not_known(db: database.Database, now: datetime):
    assert not await opens(db, f"nobody@1.smtp.{HOST}", "sws-x", now)


async def test_an_expired_token_opens_nothing_before_it_is_deleted(
    db: database.Database, acme: accounts.Account, now: datetime
):
    token, password = await make(db, acme.id, now, expires_at=now + MINUTE)
    assert await opens(db, token.id, password, now)
    assert not await opens(db, token.id, password, now + MINUTE)


async def test_a_login_says_how_the_account_stands(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now)
    await db.write(accounts.suspend_account, acme.id, "spam", now, "operator")
    login = await db.read(accounts.find_smtp_login, token.id)
    assert login is not None
    assert (login.token, login.account.id, login.account.name) == (token, acme.id, "Acme")
    assert (login.account.state, login.account.reason) == (AccountState.SUSPENDED, "spam")


async def test_logins_come_many_at_a_time(
    db: database.Database, acme: accounts.Account, rival: accounts.Account, now: datetime
):
    (one, _), (other, _) = await make(db, acme.id, now), await make(db, rival.id, now)
    pairs = [(acme.id, one.id), (rival.id, other.id), (rival.id, one.id), (acme.id, "gone")]
    found = await db.read(accounts.smtp_logins, pairs)
    assert {key: login.token for key, login in found.items()} == {(acme.id, one.id): one, (rival.id, other.id): other}


async def test_no_logins_ask_nothing(db: database.Database):
    assert await db.read(accounts.smtp_logins, []) == {}


def test_unknown_expired_and_wrong_take_the_same_time(now: datetime):
    """A7, for the comparing alone: what surrounds it is measured through the door."""
    token = SmtpToken(
        account_id=accounts.AccountId(1), id=accounts.SmtpTokenId("u"), epoch=1, campaign_name="c",
        create_contact=True, email_id=1, campaign_id=1, created_at=now, created_by="a@example.com",
        expires_at=None, warned=0, last_used_at=None,
    )  # fmt: skip
    account = accounts.Account(
        id=accounts.AccountId(1), name="Acme", state=AccountState.ACTIVE, reason="", created_at=now
    )
    known = accounts.SmtpLogin(token=token, secret_hash="0" * 64, account=account)
    expired = replace(known, token=replace(token, expires_at=now))
    spent: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for _ in range(2000):
        for which, login in enumerate((known, expired, None)):
            begun = time.perf_counter_ns()
            accounts.is_smtp_password(login, "sws-wrong", now)
            spent[which].append(time.perf_counter_ns() - begun)
    medians = [statistics.median(times) for times in spent.values()]
    assert max(medians) - min(medians) < 1_000_000


# --- reset, delete


async def test_a_reset_kills_the_old_password_at_once(db: database.Database, acme: accounts.Account, now: datetime):
    token, old = await make(db, acme.id, now)
    reset = await db.write(accounts.reset_smtp_token, acme.id, token.id, now, "operator")
    assert reset is not None
    assert [await opens(db, token.id, password, now) for password in (old, reset[1])] == [False, True]


async def test_a_reset_raises_the_epoch_and_nothing_else(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now)
    reset = await db.write(accounts.reset_smtp_token, acme.id, token.id, now, "operator")
    assert reset is not None
    assert reset[0] == replace(token, epoch=2)


async def test_another_account_resets_and_deletes_nothing(
    db: database.Database, acme: accounts.Account, rival: accounts.Account, now: datetime
):
    token, password = await make(db, acme.id, now)
    assert await db.write(accounts.reset_smtp_token, rival.id, token.id, now, "x") is None
    assert not await db.write(accounts.delete_smtp_token, rival.id, token.id, now, "x")
    assert await opens(db, token.id, password, now)


async def test_a_deleted_token_is_gone(db: database.Database, acme: accounts.Account, now: datetime):
    token, password = await make(db, acme.id, now)
    tries = [await db.write(accounts.delete_smtp_token, acme.id, token.id, now, "operator") for _ in range(2)]
    assert tries == [True, False]
    assert not await opens(db, token.id, password, now)
    assert await db.read(accounts.smtp_logins, [(acme.id, token.id)]) == {}


async def test_every_change_is_in_the_audit_log(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now)
    await db.write(accounts.reset_smtp_token, acme.id, token.id, now, "operator")
    await db.write(accounts.delete_smtp_token, acme.id, token.id, now, "operator")
    assert await told(db, acme.id) == ["smtp_token.created", "smtp_token.password_reset", "smtp_token.deleted"]


async def test_every_change_wakes_whoever_holds_logins(db: database.Database, acme: accounts.Account, now: datetime):
    heard: list[int] = []
    db.on("smtp_tokens", lambda: heard.append(1))
    await make(db, acme.id, now, expires_at=now)
    other, _ = await make(db, acme.id, now, 2)
    await db.write(accounts.reset_smtp_token, acme.id, other.id, now, "operator")
    await db.write(accounts.delete_smtp_token, acme.id, other.id, now, "operator")
    await db.write(accounts.expire_smtp_tokens, now)
    assert len(heard) >= (5 if db.target.file is not None else 1)  # PostgreSQL tells in its own time, and may join them


# --- lists


async def test_tokens_are_listed_oldest_first_and_page_by_page(
    db: database.Database, acme: accounts.Account, rival: accounts.Account, now: datetime
):
    made = [(await make(db, acme.id, now, number))[0] for number in (1, 2, 3)]
    await make(db, rival.id, now)

    def page(conn: database.Connection, after: int | None) -> list[SmtpToken]:
        return accounts.list_smtp_tokens(conn, acme.id, after=after, limit=2)

    first = await db.read(page, None)
    assert [*first, *await db.read(page, first[-1].email_id)] == made


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (SmtpTokenFilter(), [1, 2, 3]),
        (SmtpTokenFilter(campaign_name="Receipts"), [1, 3]),
        (SmtpTokenFilter(campaign_name="receipts"), []),
        (SmtpTokenFilter(campaign_id=502), [2]),
        (SmtpTokenFilter(campaign_name="Receipts", campaign_id=502), []),
    ],
)
async def test_a_list_can_be_narrowed(
    db: database.Database, acme: accounts.Account, now: datetime, wanted: SmtpTokenFilter, numbers: list[int]
):
    for number, name in ((1, "Receipts"), (2, "Alarms"), (3, "Receipts")):
        await make(db, acme.id, now, number, campaign_name=name)
    found = await db.read(lambda conn: accounts.list_smtp_tokens(conn, acme.id, wanted, limit=10))
    assert [token.email_id - 100 for token in found] == numbers


# --- use


async def test_uses_are_noted_coarsely(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now)
    seen = []
    for minutes in (0, 9, 10):
        await db.write(accounts.note_smtp_use, [(acme.id, token.id)], now + minutes * MINUTE)
        found = await db.read(accounts.find_smtp_token, acme.id, token.id)
        assert found is not None
        seen.append(found.last_used_at)
    assert seen == [now, now, now + 10 * MINUTE]


async def test_no_use_is_no_statement(db: database.Database, now: datetime):
    await db.write(accounts.note_smtp_use, [], now)


# --- time


async def test_a_token_whose_time_is_over_is_deleted(db: database.Database, acme: accounts.Account, now: datetime):
    gone, _ = await make(db, acme.id, now, expires_at=now)
    await make(db, acme.id, now, 2, expires_at=now + MINUTE)
    await make(db, acme.id, now, 3)
    upkeep = await db.write(accounts.expire_smtp_tokens, now)
    assert [token.id for token in upkeep.expired] == [gone.id]
    left = await db.read(lambda conn: accounts.list_smtp_tokens(conn, acme.id, limit=10))
    assert [token.email_id for token in left] == [102, 103]
    assert "smtp_token.expired" in await told(db, acme.id)


async def test_a_token_is_warned_about_30_and_7_days_before_and_once_each(
    db: database.Database, acme: accounts.Account, now: datetime
):
    await make(db, acme.id, now, expires_at=now + timedelta(days=60))
    await make(db, acme.id, now, 2)
    given = []
    for day in range(61):
        for _ in range(2):
            upkeep = await db.write(accounts.expire_smtp_tokens, now + timedelta(days=day))
            given += [(day, token.warned) for token in upkeep.warned]
    assert given == [(30, 30), (53, 7)]
    assert await told(db, acme.id) == [
        "smtp_token.created", "smtp_token.created", "smtp_token.expires_soon", "smtp_token.expires_soon",
        "smtp_token.expired",
    ]  # fmt: skip


async def test_after_a_long_pause_only_the_last_warning_is_given(
    db: database.Database, acme: accounts.Account, now: datetime
):
    await make(db, acme.id, now, expires_at=now + timedelta(days=3))
    given = [await db.write(accounts.expire_smtp_tokens, now) for _ in range(2)]
    assert [[token.warned for token in upkeep.warned] for upkeep in given] == [[7], []]


async def test_a_warning_says_when(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await make(db, acme.id, now, expires_at=now + timedelta(days=7))
    await db.write(accounts.expire_smtp_tokens, now)
    newest = (await db.read(accounts.list_audit_entries, acme.id))[0]
    assert newest.details == {"token": token.id, "expires": "2026-03-09T14:02:07+00:00"}


async def test_a_warning_that_another_scheduler_gave_is_not_given_again(
    db: database.Database, acme: accounts.Account, now: datetime
):
    from sendwright.accounts import smtp_store

    token, _ = await make(db, acme.id, now, expires_at=now + timedelta(days=7))
    tries = [await db.write(smtp_store.note_warning, token, 7) for _ in range(2)]
    assert tries == [True, False]


# --- who is behind a token


async def test_the_creator_is_who_made_the_api_token(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await db.write(accounts.create_token, acme.id, "n", ["content"], now, "ada@example.com")
    assert await db.read(accounts.find_creator, acme.id, token.id) == "ada@example.com"


async def test_else_the_creator_is_the_accounts_first_user(
    db: database.Database, acme: accounts.Account, now: datetime
):
    token, _ = await db.write(accounts.create_token, acme.id, "n", ["content"], now, "operator")
    for email in ("bob@example.com", "cat@example.com"):
        await db.write(accounts.create_user, acme.id, email, "hash", now, "operator")
    assert [await db.read(accounts.find_creator, acme.id, each) for each in (token.id, "operator", None)] == [
        "bob@example.com"
    ] * 3


async def test_an_account_without_users_has_no_creator(db: database.Database, acme: accounts.Account):
    assert await db.read(accounts.find_creator, acme.id, None) is None


# --- rules


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        (datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC), datetime(2027, 3, 2, 14, 2, 7, tzinfo=UTC)),
        (datetime(2028, 2, 29, 1, tzinfo=UTC), datetime(2029, 2, 28, 1, tzinfo=UTC)),
        (datetime(2027, 3, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_twelve_months_are_a_year_of_the_calendar(made: datetime, ends: datetime):
    assert accounts.a_year_after(made) == ends
