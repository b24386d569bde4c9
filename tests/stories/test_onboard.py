"""A new account: it can send at once, and its secrets are seen once."""

from __future__ import annotations

from datetime import datetime

import pytest

from sendwright import accounts, database, domains, onboard, outbound

from .shop import Shop, prepared

pytestmark = pytest.mark.anyio


async def found(
    db: database.Database, now: datetime, name: str = "Shop", domain: str = "example.com"
) -> onboard.Welcome:
    seal = await db.write(database.settle_secret, "a secret of these tests, thirty-two")
    return await db.write(onboard.found_account, seal, prepared(), name, domain, ["transactional-email"], now)


async def test_a_new_account_has_a_token_with_the_scopes_asked_for(db: database.Database, now: datetime):
    welcome = await found(db, now)
    token = await db.read(accounts.find_token, welcome.token)
    assert token is not None
    assert (token.account_id, token.scopes) == (welcome.account_id, {"transactional-email"})


async def test_a_new_account_has_a_user(db: database.Database, now: datetime):
    welcome = await found(db, now)
    user = await db.read(accounts.find_user, "admin@example.com")
    assert user is not None
    assert (user.account_id, welcome.email) == (welcome.account_id, "admin@example.com")


async def test_its_domain_counts_as_connected_and_has_keys(db: database.Database, now: datetime):
    welcome = await found(db, now)
    seal = await db.write(database.settle_secret, "a secret of these tests, thirty-two")
    assert set(await db.read(domains.connected, welcome.account_id, ["example.com"])) == {"example.com"}
    (key,) = await db.read(domains.signing_keys, seal, welcome.account_id, "example.com")
    assert outbound.load_key("example.com", key.selector, key.private_pem)


async def test_a_domain_may_be_connected_in_several_accounts(db: database.Database, now: datetime):
    first, second = await found(db, now), await found(db, now, "Other")
    assert first.account_id != second.account_id
    assert (first.email, second.email) == ("admin@example.com", "admin2@example.com")


async def test_a_domain_is_kept_as_it_is_asked_for_in_dns(db: database.Database, now: datetime):
    assert (await found(db, now, domain="BÜCHER.example")).domain == "xn--bcher-kva.example"


@pytest.mark.parametrize("domain", ["", "example", "exa mple.com", "example.com\nx", "-a.example", "1.2.3.4"])
async def test_what_is_no_domain_founds_nothing(db: database.Database, now: datetime, domain: str):
    with pytest.raises(ValueError, match=r"\w"):
        await found(db, now, domain=domain)
    assert await db.read(accounts.list_accounts) == []


async def test_an_unknown_scope_founds_nothing(db: database.Database, now: datetime):
    seal = await db.write(database.settle_secret, "a secret of these tests, thirty-two")
    with pytest.raises(ValueError, match="scope"):
        await db.write(onboard.found_account, seal, prepared(), "Shop", "example.com", ["everything"], now)
    assert await db.read(accounts.list_accounts) == []


async def test_an_account_may_be_founded_before_its_domain(db: database.Database, now: datetime):
    words = ("Shop", "Boss@Example.com", ["all"], now)
    welcome = await db.write(onboard.found_account_without_domain, prepared(), *words)
    assert (welcome.email, welcome.domain) == ("boss@example.com", None)
    assert await db.read(domains.list_domains, welcome.account_id) == []


async def test_nobody_logs_in_to_two_accounts(db: database.Database, now: datetime):
    await found(db, now)
    words = ("Other", "Admin@example.com", ["all"], now)
    with pytest.raises(ValueError, match=r"(?i)admin@example\.com already"):
        await db.write(onboard.found_account_without_domain, prepared(), *words)


async def test_what_is_no_address_logs_nobody_in(db: database.Database, now: datetime):
    with pytest.raises(ValueError, match="no e-mail address"):
        await db.write(onboard.found_account_without_domain, prepared(), "Shop", "boss", ["all"], now)


async def test_a_founded_account_can_send(shop: Shop):
    await shop.ask()
    assert len(await shop.compose()) == 1


def test_new_keys_are_one_that_everybody_checks_and_a_modern_one():
    assert {key.algorithm for key in onboard.new_keys()} == set(domains.KeyAlgorithm)


def test_new_keys_publish_what_belongs_to_them():
    for key in onboard.new_keys():
        assert key.public_record == outbound.public_record(key.private_pem)


def test_what_is_prepared_fits_together_and_shows_no_secret():
    made = onboard.prepare()
    assert accounts.password_fits(made.password_hash, made.password)
    assert made.password not in repr(made)
    assert made.password_hash not in repr(made)


async def test_a_welcome_shows_no_secret_by_chance(db: database.Database, now: datetime):
    welcome = await found(db, now)
    assert welcome.token not in repr(welcome)
    assert welcome.password not in repr(welcome)
