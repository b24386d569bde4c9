"""The room of sending domains, on both databases."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text

from sendwright import database, domains
from sendwright.domains import DomainState, KeyAlgorithm, NewKey, Proof

pytestmark = pytest.mark.anyio

KEYS = (
    NewKey(
        selector="sw1",
        algorithm=KeyAlgorithm.RSA_SHA256,
        private_pem=b"a private RSA key",
        public_record="v=DKIM1; k=rsa; p=abc",
    ),
    NewKey(
        selector="sw2",
        algorithm=KeyAlgorithm.ED25519_SHA256,
        private_pem=b"a private Ed25519 key",
        public_record="v=DKIM1; k=ed25519; p=def",
    ),
)


@pytest.fixture
def seal() -> database.Seal:
    return database.Seal(b"s" * 32)


@pytest.fixture
async def example(db: database.Database, seal: database.Seal, now: datetime) -> domains.Domain:
    return await db.write(domains.add_domain, seal, 1, "Example.com", KEYS, now)


def test_a_private_key_does_not_show_in_a_repr():
    assert "private" not in repr(KEYS[0])


async def test_a_new_domain_is_pending(example: domains.Domain):
    assert (example.name, example.state) == ("example.com", DomainState.PENDING)


async def test_a_pending_domain_is_not_connected(db: database.Database, example: domains.Domain):
    assert await db.read(domains.connected, 1, ["example.com"]) == {}


async def test_a_connected_domain_says_since_when_and_why(
    db: database.Database, example: domains.Domain, now: datetime
):
    await db.write(domains.connect_domain, 1, "example.com", Proof.DECREE, now)
    found = await db.read(domains.find_domain, 1, "example.com")
    assert found is not None
    assert found.connection is not None
    assert (found.state, found.connection.at, found.connection.how) == (DomainState.CONNECTED, now, Proof.DECREE)


async def test_a_domain_is_connected_once(db: database.Database, example: domains.Domain, now: datetime):
    tries = [await db.write(domains.connect_domain, 1, "example.com", Proof.DNS, now) for _ in range(2)]
    assert tries == [True, False]


async def test_a_sub_domain_of_a_connected_domain_is_not_connected(
    db: database.Database, example: domains.Domain, now: datetime
):
    await db.write(domains.connect_domain, 1, "example.com", Proof.DECREE, now)
    assert list(await db.read(domains.connected, 1, ["mail.example.com", "example.com", "ample.com"])) == [
        "example.com"
    ]


async def test_the_domain_of_another_account_is_not_connected(
    db: database.Database, example: domains.Domain, now: datetime
):
    await db.write(domains.connect_domain, 1, "example.com", Proof.DECREE, now)
    assert await db.read(domains.connected, 2, ["example.com"]) == {}


async def test_nobody_connects_the_domain_of_another_account(
    db: database.Database, example: domains.Domain, now: datetime
):
    assert not await db.write(domains.connect_domain, 2, "example.com", Proof.DECREE, now)


async def test_two_accounts_may_have_the_same_domain(
    db: database.Database, example: domains.Domain, seal: database.Seal, now: datetime
):
    await db.write(domains.add_domain, seal, 2, "example.com", KEYS, now)
    assert [len(await db.read(domains.list_domains, account)) for account in (1, 2)] == [1, 1]


async def test_a_domain_is_added_once(
    db: database.Database, example: domains.Domain, seal: database.Seal, now: datetime
):
    with pytest.raises(ValueError, match=r"has the domain example\.com already"):
        await db.write(domains.add_domain, seal, 1, "EXAMPLE.com", (), now)


async def test_hosts_of_a_domain_are_kept(db: database.Database, seal: database.Seal, now: datetime):
    def add(conn: database.Connection) -> domains.Domain:
        return domains.add_domain(
            conn, seal, 1, "example.com", (), now, tracking_host="Go.example.com", return_path_host="b.example.com"
        )

    made = await db.write(add)
    assert (made.tracking_host, made.return_path_host) == ("go.example.com", "b.example.com")
    assert await db.read(domains.find_domain, 1, "example.com") == made


async def test_signing_keys_come_opened(db: database.Database, example: domains.Domain, seal: database.Seal):
    found = await db.read(domains.signing_keys, seal, 1, "example.com")
    assert [(key.selector, key.algorithm, key.private_pem) for key in found] == [
        ("sw1", KeyAlgorithm.RSA_SHA256, b"a private RSA key"),
        ("sw2", KeyAlgorithm.ED25519_SHA256, b"a private Ed25519 key"),
    ]


async def test_a_retired_key_signs_no_more(
    db: database.Database, example: domains.Domain, seal: database.Seal, now: datetime
):
    await db.write(domains.retire_key, 1, "example.com", "sw1", now)
    assert [key.selector for key in await db.read(domains.signing_keys, seal, 1, "example.com")] == ["sw2"]


async def test_a_key_is_retired_once(db: database.Database, example: domains.Domain, now: datetime):
    tries = [await db.write(domains.retire_key, 1, "example.com", "sw1", now) for _ in range(2)]
    assert tries == [True, False]


async def test_private_keys_are_sealed_on_the_disk(db: database.Database, example: domains.Domain):
    rows = await db.read(lambda conn: conn.execute(text("SELECT private_sealed FROM dkim_keys")).scalars().all())
    assert not any(b"private" in bytes(row) for row in rows)


async def test_a_key_that_was_moved_to_another_domain_does_not_open(
    db: database.Database, example: domains.Domain, seal: database.Seal, now: datetime
):
    await db.write(domains.add_domain, seal, 1, "example.net", KEYS, now)
    move = text(
        "UPDATE dkim_keys SET private_sealed = (SELECT private_sealed FROM dkim_keys "
        "WHERE domain = 'example.com' AND selector = 'sw1') WHERE domain = 'example.net' AND selector = 'sw1'"
    )
    await db.write(lambda conn: conn.execute(move) and None)
    with pytest.raises(database.WrongSecret):
        await db.read(domains.signing_keys, seal, 1, "example.net")


async def test_the_records_to_publish_are_said_by_domain(db: database.Database, example: domains.Domain):
    found = await db.read(domains.records_to_publish, 1, domains.Installation(inbound_host=None, web_host=None, spf=""))
    assert [record.name for record in found["example.com"]] == [
        "sw1._domainkey.example.com", "sw2._domainkey.example.com", "_dmarc.example.com",
    ]  # fmt: skip
