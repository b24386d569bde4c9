"""How MTA-STS policies are found, believed and remembered (RFC 8461 sections 3.3 and 5.1)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from sendwright import database, outbound
from sendwright.outbound import mta_sts, tls_store
from sendwright.outbound.resolve import Exchangers
from sendwright.outbound.tls_policy import Policy, PolicyType, Result
from tests.fakes.authority import EXPIRED, Authority
from tests.fakes.name_server import NameServer, name_server
from tests.fakes.policy_host import PolicyHost, page, policy_host
from tests.outbound.made import Clock

pytestmark = pytest.mark.anyio

AUTHORITY = Authority()
TRUSTED = AUTHORITY.vouches("mta-sts.example.org").context
EXCHANGERS = Exchangers(hosts=((10, "mx.example.org"),), site=("mx.example.org",))
ENFORCE = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 604800\n"
TESTING = ENFORCE.replace("enforce", "testing")
DAY = 86_400.0


def zone_of(record_id: str = "1") -> dict[tuple[str, str], list[str]]:
    return {
        ("_mta-sts.example.org", "TXT"): [f'"v=STSv1; id={record_id};"'],
        ("mta-sts.example.org", "A"): ["127.0.0.1"],
    }


@dataclass
class Setting:
    dns: NameServer
    host: PolicyHost
    policies: outbound.TlsPolicies
    clock: Clock

    async def of(self) -> Policy:
        return await self.policies.of("example.org", EXCHANGERS)

    @property
    def counted(self) -> list[Result]:
        return [line.result for line in self.policies.tally.take()]

    def later(self, seconds: float) -> None:
        self.clock.moved += seconds


@asynccontextmanager
async def setting(
    tmp_path: Path,
    answer: bytes | None = page(ENFORCE),
    *,
    context: ssl.SSLContext = TRUSTED,
    db: database.Database | None = None,
    allow_private: bool = True,
    clock: Clock | None = None,
) -> AsyncIterator[Setting]:
    time = clock or Clock()
    async with name_server(zone_of()) as dns, policy_host(context) as host:
        host.answer = answer
        dns.ttl = 0
        resolver = outbound.Resolver(
            nameserver=dns.address, monotonic=time.monotonic, allow_private=allow_private, limit=timedelta(seconds=2)
        )
        policies = outbound.TlsPolicies(
            resolver, now=time.now, db=db, ca_file=AUTHORITY.written_to(tmp_path), https_port=host.port
        )
        yield Setting(dns, host, policies, time)


async def test_a_domain_without_a_record_is_not_asked_for_a_policy(tmp_path: Path):
    async with setting(tmp_path) as on:
        on.dns.zone = {("mta-sts.example.org", "A"): ["127.0.0.1"]}
        assert (await on.of()).sts is None
        assert on.host.asked == 0


async def test_a_policy_is_fetched_where_it_is_announced(tmp_path: Path):
    async with setting(tmp_path) as on:
        assert (await on.of()).sts == mta_sts.read_policy(ENFORCE.encode())
        head = on.host.heard[0]
        assert head.startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.org\r\n")


async def test_a_policy_is_fetched_once(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.later(DAY / 2)
        assert (await on.of()).enforces
        assert on.host.asked == 1


async def test_another_id_in_dns_has_the_policy_fetched_anew(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.host.answer = page(TESTING)
        on.dns.zone = zone_of("2")
        on.later(60)
        assert not (await on.of()).enforces


async def test_a_policy_of_no_length_does_not_have_us_fetch_for_each_mail(tmp_path: Path):
    async with setting(tmp_path, page(ENFORCE.replace("604800", "0"))) as on:
        for _ in range(3):
            assert (await on.of()).sts is None
        assert on.host.asked == 1


async def test_a_policy_is_fetched_anew_after_a_day(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.later(DAY)
        await on.of()
        assert on.host.asked == 2


async def test_the_old_policy_holds_while_the_new_one_cannot_be_fetched(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.host.answer = page("", "500 Trouble")
        on.later(2 * DAY)
        assert (await on.of()).enforces


async def test_the_old_policy_holds_when_the_record_is_gone(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.dns.zone = {}
        on.later(2 * DAY)
        assert (await on.of()).enforces


async def test_no_policy_holds_longer_than_it_says(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.dns.zone = {}
        on.later(7 * DAY)
        assert (await on.of()).sts is None


async def test_a_policy_that_ends_itself_is_heeded(tmp_path: Path):
    async with setting(tmp_path) as on:
        await on.of()
        on.host.answer = page("version: STSv1\nmode: none\nmax_age: 86400\n")
        on.later(2 * DAY)
        assert not (await on.of()).enforces


async def test_a_fetch_that_failed_is_repeated_after_five_minutes_and_not_before(tmp_path: Path):
    async with setting(tmp_path, page("", "404 Not Found")) as on:
        assert (await on.of()).sts is None
        on.later(299)
        await on.of()
        assert on.host.asked == 1
        on.host.answer = page(ENFORCE)
        on.later(2)
        assert (await on.of()).enforces


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (page("", "301 Moved", "text/plain", "Location: https://mta-sts.example.org/other"), Result.STS_FETCH),
        (page("", "404 Not Found"), Result.STS_FETCH),
        (page(ENFORCE, "200 OK", "text/html"), Result.STS_INVALID),
        (page("version: STSv1\n"), Result.STS_INVALID),
        (page("#" * 70_000), Result.STS_INVALID),
        (page("#" * 200_000), Result.STS_FETCH),
        (page(ENFORCE)[:-5], Result.STS_FETCH),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 90_000, Result.STS_FETCH),
        (b"not HTTP at all\r\n\r\n", Result.STS_FETCH),
        (b"", Result.STS_FETCH),
    ],
    ids=["redirect", "missing", "html", "no policy", "long", "endless", "cut", "long head", "not http", "nothing"],
)
async def test_an_answer_that_is_no_policy_is_counted_and_nothing_more(tmp_path: Path, answer: bytes, counted: Result):
    async with setting(tmp_path, answer) as on:
        assert (await on.of()).sts is None
        assert on.counted == [counted]
        assert on.host.asked == 1


@pytest.mark.parametrize(
    "context",
    [
        Authority().vouches("mta-sts.example.org").context,
        AUTHORITY.vouches("www.example.org").context,
        AUTHORITY.vouches("mta-sts.example.org", since=EXPIRED[0], until=EXPIRED[1]).context,
    ],
    ids=["stranger", "other name", "expired"],
)
async def test_a_policy_host_without_a_valid_certificate_is_not_believed(tmp_path: Path, context: ssl.SSLContext):
    async with setting(tmp_path, context=context) as on:
        assert (await on.of()).sts is None
        assert on.counted == [Result.STS_WEBPKI]
        assert on.host.asked == 0


async def test_a_policy_host_that_is_inward_is_not_connected_to(tmp_path: Path):
    async with setting(tmp_path, allow_private=False) as on:
        assert (await on.of()).sts is None
        assert on.counted == [Result.STS_FETCH]
        assert on.host.asked == 0


async def test_a_policy_host_that_is_silent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sendwright.outbound.tls_policies.FETCH_LIMIT", timedelta(seconds=0.2))
    async with setting(tmp_path, None) as on:
        assert (await on.of()).sts is None
        assert on.counted == [Result.STS_FETCH]


async def test_a_sender_that_would_rather_have_it_delivered_is_not_bound_by_policies(tmp_path: Path):
    async with setting(tmp_path) as on:
        assert await on.policies.of("example.org", EXCHANGERS, relaxed=True) == Policy(domain="example.org")


async def test_an_address_literal_has_no_policy(tmp_path: Path):
    async with setting(tmp_path) as on:
        assert (await on.policies.of("[127.0.0.1]", EXCHANGERS)).sts is None


async def test_what_is_remembered_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sendwright.outbound.tls_policies._REMEMBERED", 1)
    async with setting(tmp_path) as on:
        await on.of()
        on.dns.zone = {**zone_of(), ("_mta-sts.example.net", "TXT"): ['"v=STSv1; id=9"']}
        await on.policies.of("example.net", EXCHANGERS)
        await on.of()
        assert on.host.asked == 2


# --- in the database


async def test_a_policy_outlives_a_restart_that_finds_dns_and_host_cut_off(tmp_path: Path, db: database.Database):
    async with setting(tmp_path, db=db) as before:
        await before.of()
    async with setting(tmp_path, page("", "500 Trouble"), db=db) as after:
        after.dns.zone = {}
        assert (await after.of()).enforces


async def test_the_newest_policy_is_the_one_that_is_kept(tmp_path: Path, db: database.Database):
    async with setting(tmp_path, db=db) as on:
        await on.of()
        on.host.answer = page(TESTING)
        on.later(DAY)
        await on.of()
    kept = await db.read(tls_store.find_policy, "example.org")
    assert kept is not None
    assert kept.text == TESTING


async def test_policies_and_counts_that_are_over_are_forgotten(tmp_path: Path, db: database.Database):
    async with setting(tmp_path, db=db) as on:
        await on.of()
        on.policies.count("example.org", PolicyType.STS, Result.SUCCESS, "mx.example.org")
        await on.policies.write_down()
        day = on.clock.now().date()
        assert sum((await db.read(tls_store.counts_of, day)).values()) == 1
        on.later(36 * DAY)
        await on.policies.write_down()
    assert await db.read(tls_store.find_policy, "example.org") is None
    assert await db.read(tls_store.counts_of, day) == {}


async def test_counts_of_several_writings_are_added(tmp_path: Path, db: database.Database):
    async with setting(tmp_path, db=db) as on:
        for _ in range(2):
            for _ in range(3):
                on.policies.count("example.org", PolicyType.NONE, Result.SUCCESS, "mx.example.org")
            await on.policies.write_down()
        assert list((await db.read(tls_store.counts_of, on.clock.now().date())).values()) == [6]


async def test_without_a_database_policies_hold_and_counts_stay(tmp_path: Path):
    async with setting(tmp_path) as on:
        on.policies.count("example.org", PolicyType.NONE, Result.SUCCESS)
        await on.policies.write_down()
        assert on.counted == [Result.SUCCESS]


class _Away:
    """A database that does not answer."""

    async def read(self, *_: object) -> None:
        raise database.Unavailable("away")

    write = read


async def test_while_the_database_is_away_policies_hold_and_counts_wait(tmp_path: Path):
    async with setting(tmp_path, db=_Away()) as on:  # type: ignore[arg-type]
        assert (await on.of()).enforces
        on.policies.count("example.org", PolicyType.NONE, Result.SUCCESS)
        await on.policies.write_down()
        assert on.counted == [Result.SUCCESS]
