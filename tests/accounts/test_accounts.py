"""The room of accounts, on both databases."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sendwright import accounts, database
from sendwright.accounts import AccountState, TokenVerdict

pytestmark = pytest.mark.anyio

LATER = timedelta(hours=1)


@pytest.fixture
async def acme(db: database.Database, now: datetime) -> accounts.Account:
    return await db.write(accounts.create_account, "Acme", now)


@pytest.fixture
async def ada(db: database.Database, acme: accounts.Account, now: datetime) -> accounts.User:
    return await db.write(accounts.create_user, acme.id, "Ada@Example.com ", "a-hash", now, "operator")


async def test_accounts_count_from_one(db: database.Database, now: datetime):
    made = [await db.write(accounts.create_account, name, now) for name in ("Acme", "Rival")]
    assert [account.id for account in made] == [1, 2]


async def test_an_account_is_found_as_it_was_made(db: database.Database, acme: accounts.Account):
    assert await db.read(accounts.get_account, acme.id) == acme


async def test_there_is_no_account_with_another_number(db: database.Database, acme: accounts.Account):
    assert await db.read(accounts.get_account, acme.id + 1) is None


async def test_all_accounts_are_listed(db: database.Database, acme: accounts.Account):
    assert await db.read(accounts.list_accounts) == [acme]


async def test_the_states_of_a_batch_come_in_one_look(db: database.Database, acme: accounts.Account):
    assert await db.read(accounts.states, [acme.id, acme.id, 99]) == {acme.id: acme}


async def test_a_suspended_account_says_why(db: database.Database, acme: accounts.Account, now: datetime):
    await db.write(accounts.suspend_account, acme.id, "spam", now, "operator")
    found = await db.read(accounts.get_account, acme.id)
    assert found is not None
    assert (found.state, found.reason) == (AccountState.SUSPENDED, "spam")


async def test_an_account_is_suspended_once(db: database.Database, acme: accounts.Account, now: datetime):
    tries = [await db.write(accounts.suspend_account, acme.id, "spam", now, "operator") for _ in range(2)]
    assert tries == [True, False]


async def test_a_resumed_account_is_as_before(db: database.Database, acme: accounts.Account, now: datetime):
    await db.write(accounts.suspend_account, acme.id, "spam", now, "operator")
    await db.write(accounts.resume_account, acme.id, now, "operator")
    assert await db.read(accounts.get_account, acme.id) == acme


async def test_an_active_account_cannot_be_resumed(db: database.Database, acme: accounts.Account, now: datetime):
    assert not await db.write(accounts.resume_account, acme.id, now, "operator")


async def test_a_token_is_found_by_its_secret(db: database.Database, acme: accounts.Account, now: datetime):
    token, secret = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    assert await db.read(accounts.find_token, secret) == token


async def test_a_token_carries_192_random_bits(db: database.Database, acme: accounts.Account, now: datetime):
    _, secret = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    assert re.fullmatch(r"pat-sw1-[A-Za-z0-9_-]{32}", secret)


async def test_the_secret_of_a_token_is_nowhere_in_its_table(
    db: database.Database, acme: accounts.Account, now: datetime
):
    _, secret = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    rows = await db.read(lambda conn: conn.execute(text("SELECT * FROM api_tokens")).all())
    assert secret[8:] not in repr(rows)


async def test_a_wrong_secret_finds_no_token(db: database.Database, acme: accounts.Account):
    assert await db.read(accounts.find_token, "pat-sw1-" + "A" * 32) is None


async def test_a_token_with_an_unknown_scope_is_not_made(db: database.Database, acme: accounts.Account, now: datetime):
    with pytest.raises(ValueError, match="no such scope"):
        await db.write(accounts.create_token, acme.id, "shop", ["everything"], now, "ada")


async def test_a_revoked_token_is_dead(db: database.Database, acme: accounts.Account, now: datetime):
    token, secret = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    await db.write(accounts.revoke_token, acme.id, token.id, now, "ada")
    assert accounts.judge_token(await db.read(accounts.find_token, secret), now) is TokenVerdict.REVOKED


async def test_a_token_is_revoked_once(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    tries = [await db.write(accounts.revoke_token, acme.id, token.id, now, "ada") for _ in range(2)]
    assert tries == [True, False]


async def test_nobody_revokes_the_token_of_another_account(
    db: database.Database, acme: accounts.Account, now: datetime
):
    token, _ = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    assert not await db.write(accounts.revoke_token, acme.id + 1, token.id, now, "mallory")


async def test_the_last_use_of_a_token_is_noted(db: database.Database, acme: accounts.Account, now: datetime):
    token, _ = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    await db.write(accounts.note_token_use, token, now + LATER)
    assert [each.last_used_at for each in await db.read(accounts.list_tokens, acme.id)] == [now + LATER]


async def test_a_user_is_found_however_the_address_is_typed(db: database.Database, ada: accounts.User):
    assert await db.read(accounts.find_user, " ADA@example.COM") == ada


async def test_two_users_cannot_share_an_address(db: database.Database, ada: accounts.User, now: datetime):
    with pytest.raises(IntegrityError):
        await db.write(accounts.create_user, ada.account_id + 1, "ada@example.com", "other", now, "operator")


async def test_an_open_session_names_its_user(db: database.Database, ada: accounts.User, now: datetime):
    session, secret = await db.write(accounts.open_session, ada, now)
    assert await db.read(accounts.find_session, secret, now + LATER) == (session, ada)


async def test_an_idle_session_is_not_found(db: database.Database, ada: accounts.User, now: datetime):
    _, secret = await db.write(accounts.open_session, ada, now)
    assert await db.read(accounts.find_session, secret, now + timedelta(hours=13)) is None


async def test_an_unknown_session_is_not_found(db: database.Database, ada: accounts.User, now: datetime):
    assert await db.read(accounts.find_session, "guessed", now) is None


async def test_use_keeps_a_session_open(db: database.Database, ada: accounts.User, now: datetime):
    session, secret = await db.write(accounts.open_session, ada, now)
    await db.write(accounts.keep_session, session, secret, now + 11 * LATER)
    assert await db.read(accounts.find_session, secret, now + 22 * LATER) is not None


async def test_a_use_right_after_the_login_writes_nothing(db: database.Database, ada: accounts.User, now: datetime):
    session, secret = await db.write(accounts.open_session, ada, now)
    await db.write(accounts.keep_session, session, secret, now + timedelta(minutes=1))
    assert await db.read(accounts.find_session, secret, now) == (session, ada)


async def test_a_closed_session_is_worth_nothing(db: database.Database, ada: accounts.User, now: datetime):
    _, secret = await db.write(accounts.open_session, ada, now)
    await db.write(accounts.close_session, secret)
    assert await db.read(accounts.find_session, secret, now) is None


async def test_a_new_password_ends_all_sessions(db: database.Database, ada: accounts.User, now: datetime):
    secrets = [(await db.write(accounts.open_session, ada, now))[1] for _ in range(2)]
    await db.write(accounts.change_password, ada, "new-hash", now, "ada")
    assert [await db.read(accounts.find_session, secret, now) for secret in secrets] == [None, None]


async def test_sessions_past_every_limit_are_swept_at_the_next_login(
    db: database.Database, ada: accounts.User, now: datetime
):
    await db.write(accounts.open_session, ada, now)
    await db.write(accounts.open_session, ada, now + timedelta(days=30))
    assert await db.read(lambda conn: conn.execute(text("SELECT count(*) FROM sessions")).scalar_one()) == 1


async def test_changes_are_told_in_the_audit_log_newest_first(
    db: database.Database, acme: accounts.Account, now: datetime
):
    token, _ = await db.write(accounts.create_token, acme.id, "shop", ["content"], now + LATER, "ada")
    await db.write(accounts.revoke_token, acme.id, token.id, now + 2 * LATER, "bob")
    entries = await db.read(accounts.list_audit_entries, acme.id)
    assert [(entry.who, entry.what) for entry in entries] == [
        ("bob", "token.revoked"), ("ada", "token.created"), ("operator", "account.created"),
    ]  # fmt: skip


async def test_the_audit_log_holds_no_secret(db: database.Database, acme: accounts.Account, now: datetime):
    _, secret = await db.write(accounts.create_token, acme.id, "shop", ["content"], now, "ada")
    assert secret[8:] not in repr(await db.read(accounts.list_audit_entries, acme.id))
