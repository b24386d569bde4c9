"""Who calls."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from sendwright import accounts, database
from sendwright.doors import http
from sendwright.doors.http.auth import Callers
from tests.doors.conftest import MovableClock, Tenant, client_of

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

PATH = "/api/v1/domains"


async def refusal(services: http.Services, headers: dict[str, str], path: str = PATH) -> tuple[int, str, str]:
    async with client_of(services, headers) as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()["category"], answer.json()["message"]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_without_a_token_a_caller_is_told_how_to_send_one(services: http.Services):
    status, category, message = await refusal(services, {})
    assert (status, category) == (401, "INVALID_AUTHENTICATION")
    assert "Authorization: Bearer pat-" in message


async def test_an_old_api_key_is_told_from_no_key(services: http.Services):
    assert "hapikey" in (await refusal(services, {}, PATH + "?hapikey=abc"))[2]


async def test_the_password_of_an_smtp_token_is_recognised(services: http.Services):
    assert "SMTP token" in (await refusal(services, bearer("sws-abcdef")))[2]


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer ", "Bearer " + "a" * 500, "pat-sw1-abc", "\xe9"])
async def test_other_credentials_are_refused(services: http.Services, value: str):
    headers = {"Authorization": value.encode("latin-1")}
    assert (await refusal(services, headers))[0] == 401  # type: ignore[arg-type]


async def test_an_unknown_token_is_refused(services: http.Services):
    assert (await refusal(services, bearer("pat-sw1-" + "A" * 32)))[:2] == (401, "INVALID_AUTHENTICATION")


async def test_a_token_with_one_letter_changed_is_refused(services: http.Services, acme: Tenant):
    changed = acme.secret[:-1] + ("A" if acme.secret[-1] != "A" else "B")
    assert (await refusal(services, bearer(changed)))[0] == 401


async def test_an_expired_token_says_since_when(
    services: http.Services, db: database.Database, acme: Tenant, clock: MovableClock
):
    end = clock.now() + timedelta(seconds=60)
    _, secret = await db.write(accounts.create_token, acme.account.id, "short", ["all"], clock.now(), "ada", end)
    clock.advance(timedelta(seconds=90))
    status, category, message = await refusal(services, bearer(secret))
    assert (status, category) == (401, "EXPIRED_AUTHENTICATION")
    assert "expired 30 second(s) ago" in message


async def test_a_token_that_expires_while_it_is_remembered_is_refused(
    services: http.Services, db: database.Database, acme: Tenant, clock: MovableClock
):
    end = clock.now() + timedelta(seconds=1)
    _, secret = await db.write(accounts.create_token, acme.account.id, "short", ["all"], clock.now(), "ada", end)
    async with client_of(services, bearer(secret)) as client:
        before = await client.get(PATH)
        clock.advance(timedelta(seconds=1))
        after = await client.get(PATH)
    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_token_revoked_elsewhere_dies_within_seconds(
    client: httpx2.AsyncClient, db: database.Database, acme: Tenant, clock: MovableClock
):
    await client.get(PATH)
    await db.write(accounts.revoke_token, acme.account.id, acme.token.id, clock.now(), "ada")
    clock.advance(timedelta(seconds=5))
    answer = await client.get(PATH)
    assert (answer.status_code, "revoked" in answer.json()["message"]) == (401, True)


async def test_a_token_that_is_forgotten_is_looked_up_again(db: database.Database, acme: Tenant, clock: MovableClock):
    callers, header = Callers(db), acme.headers["Authorization"].encode()
    await callers.find(header, b"", clock.now())
    await db.write(accounts.revoke_token, acme.account.id, acme.token.id, clock.now(), "ada")
    callers.forget(acme.token.id)
    with pytest.raises(http.Fault, match="revoked"):
        await callers.find(header, b"", clock.now())


async def test_the_first_use_of_a_token_is_noted(client: httpx2.AsyncClient, db: database.Database, acme: Tenant):
    await client.get(PATH)
    (token,) = await db.read(accounts.list_tokens, acme.account.id)
    assert token.last_used_at is not None


async def test_unknown_revoked_and_expired_tokens_cost_the_same_look_up(
    db: database.Database, acme: Tenant, clock: MovableClock
):
    """Attack A7: what a token is must not show in how it is looked for."""
    now = clock.now()
    _, expired = await db.write(accounts.create_token, acme.account.id, "old", ["all"], now, "ada", now)
    dead, revoked = await db.write(accounts.create_token, acme.account.id, "dead", ["all"], now, "ada")
    await db.write(accounts.revoke_token, acme.account.id, dead.id, now, "ada")
    counting = _Counting(db)
    callers = Callers(counting)  # type: ignore[arg-type]
    for secret in (expired, revoked, "pat-sw1-" + "A" * 32, "anything"):
        with pytest.raises(http.Fault):
            await callers.find(b"Bearer " + secret.encode(), b"", now)
    assert counting.reads == [accounts.find_token] * 4


async def test_a_token_works_though_its_use_cannot_be_noted(db: database.Database, acme: Tenant, clock: MovableClock):
    callers = Callers(_Full(db))  # type: ignore[arg-type]
    caller = await callers.find(acme.headers["Authorization"].encode(), b"", clock.now())
    assert caller.account_id == acme.account.id


async def test_what_is_remembered_is_bounded(
    db: database.Database, acme: Tenant, rival: Tenant, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sendwright.doors.http.auth._MOST_REMEMBERED", 1)
    callers = Callers(db)
    for tenant in (acme, rival):
        await callers.find(tenant.headers["Authorization"].encode(), b"", clock.now())
    assert len(callers._known) == 1


class _Counting:
    """A database that notes which functions read from it."""

    def __init__(self, db: database.Database) -> None:
        self._db = db
        self.reads: list[object] = []

    async def read(self, fn, *args):  # type: ignore[no-untyped-def]
        self.reads.append(fn)
        return await self._db.read(fn, *args)


class _Full(_Counting):
    """A database whose disk is full."""

    async def write(self, fn, *args):  # type: ignore[no-untyped-def]
        raise database.Unavailable("disk is full")
