"""Where DNS says the mail of a domain goes (RFC 5321 section 5.1, RFC 7505)."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from sendwright.outbound.model import Dns, NoRoute
from sendwright.outbound.resolve import Addresses, Exchangers, Resolver
from tests.fakes.name_server import SERVFAIL, SILENCE, NameServer, Zone, name_server
from tests.outbound.made import Clock

pytestmark = pytest.mark.anyio

ONE: Zone = {("example.org", "MX"): ["10 mx.example.org."], ("mx.example.org", "A"): ["8.8.8.8"]}


@asynccontextmanager
async def asking(
    zone: Zone, clock: Clock | None = None, **settings: object
) -> AsyncIterator[tuple[Resolver, NameServer]]:
    async with name_server(zone) as dns:
        yield Resolver(nameserver=dns.address, monotonic=(clock or Clock()).monotonic, **settings), dns  # type: ignore[arg-type]


async def exchangers_of(zone: Zone, domain: str = "example.org", **settings: object) -> Exchangers | NoRoute:
    async with asking(zone, **settings) as (resolver, _):
        return await resolver.exchangers(domain)


async def addresses_of(zone: Zone, host: str = "mx.example.org", **settings: object) -> Addresses:
    async with asking(zone, **settings) as (resolver, _):
        return await resolver.addresses(host)


# --- exchangers


async def test_exchangers_come_with_their_preference():
    zone: Zone = {("example.org", "MX"): ["20 b.example.org.", "10 A.example.org."]}
    assert await exchangers_of(zone) == Exchangers(
        hosts=((10, "a.example.org"), (20, "b.example.org")), site=("a.example.org", "b.example.org")
    )


async def test_equal_exchangers_are_tried_in_any_order_and_the_better_ones_first():
    chance = random.Random(7)
    found = Exchangers(hosts=((10, "a"), (10, "b"), (20, "c")), site=("a", "b", "c"))
    turns = Counter(tuple(found.in_turn(chance.random)) for _ in range(1_000))
    assert set(turns) == {("a", "b", "c"), ("b", "a", "c")}
    assert abs(turns["a", "b", "c"] - 500) < 80


async def test_no_more_than_five_exchangers_are_tried():
    found = Exchangers(hosts=tuple((n, f"mx{n}") for n in range(9)), site=())
    assert found.in_turn(lambda: 0.5) == ["mx0", "mx1", "mx2", "mx3", "mx4"]


async def test_without_an_exchanger_the_domain_is_its_own():
    assert await exchangers_of({("example.org", "A"): ["8.8.8.8"]}) == Exchangers(
        hosts=((0, "example.org"),), site=("example.org",)
    )


async def test_an_address_of_version_six_alone_will_do():
    assert isinstance(await exchangers_of({("example.org", "AAAA"): ["2606:4700::1"]}), Exchangers)


async def test_a_domain_with_exchangers_is_never_its_own():
    found = await exchangers_of({**ONE, ("example.org", "A"): ["8.8.4.4"]})
    assert isinstance(found, Exchangers)
    assert found.site == ("mx.example.org",)


async def test_a_domain_that_does_not_exist_is_told():
    assert await exchangers_of({}) == NoRoute(dns=Dns.NO_SUCH_DOMAIN)


@pytest.mark.parametrize("domain", ["a" * 64 + ".example.org", ".".join(["a" * 60] * 5), "a..example.org", r"\999.org"])
async def test_a_name_that_cannot_be_in_dns_does_not_exist(domain: str):
    assert await exchangers_of({}, domain) == NoRoute(dns=Dns.NO_SUCH_DOMAIN)


async def test_a_domain_with_neither_exchanger_nor_address_has_no_server():
    assert await exchangers_of({("example.org", "TXT"): ['"hello"']}) == NoRoute(dns=Dns.NO_SERVER)


async def test_a_null_mx_is_told():
    assert await exchangers_of({("example.org", "MX"): ["0 ."]}) == NoRoute(dns=Dns.NULL_MX)


async def test_a_null_mx_among_others_is_passed_over():
    found = await exchangers_of({("example.org", "MX"): ["0 .", "10 mx.example.org."]})
    assert isinstance(found, Exchangers)
    assert found.site == ("mx.example.org",)


@pytest.mark.parametrize("name", ["\\255" * 40, "a b", "\\000", "a/b"])
async def test_an_exchanger_that_no_host_can_be_called_is_passed_over(name: str):
    """A stranger publishes it, and TLS breaks at it."""
    odd = f"10 {name.replace(' ', chr(92) + '032')}.example.org."
    assert await exchangers_of({("example.org", "MX"): [odd]}) == NoRoute(dns=Dns.NO_SERVER)
    both = await exchangers_of({("example.org", "MX"): [odd, "20 mx.example.org."]})
    assert both == Exchangers(hosts=((20, "mx.example.org"),), site=("mx.example.org",))


async def test_a_name_server_that_fails_is_no_answer():
    found = await exchangers_of({("example.org", "MX"): SERVFAIL})
    assert isinstance(found, NoRoute)
    assert found.dns is Dns.NO_ANSWER
    assert "SERVFAIL" in found.detail


async def test_a_name_server_that_is_silent_is_no_answer():
    found = await exchangers_of({("example.org", "MX"): SILENCE}, limit=timedelta(seconds=0.2))
    assert found == NoRoute(dns=Dns.NO_ANSWER, detail="no answer about MX of example.org in 0.2 s")


async def test_an_address_that_fails_leaves_a_domain_without_exchanger_without_answer():
    zone: Zone = {("example.org", "A"): SERVFAIL, ("example.org", "AAAA"): SERVFAIL}
    found = await exchangers_of(zone)
    assert isinstance(found, NoRoute)
    assert found.dns is Dns.NO_ANSWER


async def test_a_domain_at_our_own_network_is_inward():
    assert await exchangers_of({("example.org", "A"): ["10.0.0.1"]}) == NoRoute(dns=Dns.INWARD)


async def test_an_alias_is_followed():
    zone: Zone = {
        ("example.org", "CNAME"): ["example.net."],
        ("example.net", "MX"): ["10 mx.example.net."],
    }
    found = await exchangers_of(zone)
    assert isinstance(found, Exchangers)
    assert found.site == ("mx.example.net",)


async def test_aliases_in_a_circle_are_no_answer():
    zone: Zone = {("example.org", "CNAME"): ["example.net."], ("example.net", "CNAME"): ["example.org."]}
    found = await exchangers_of(zone, limit=timedelta(seconds=0.3))
    assert isinstance(found, NoRoute)
    assert found.dns is Dns.NO_ANSWER


async def test_an_internationalised_domain_is_asked_for_by_its_a_label():
    found = await exchangers_of({("xn--bcher-kva.example", "MX"): ["1 mx.example.org."]}, "xn--bcher-kva.example")
    assert isinstance(found, Exchangers)


async def test_of_exchangers_among_which_we_are_only_better_ones_are_tried():
    zone: Zone = {("example.org", "MX"): ["10 a.example.org.", "20 ours.example.com.", "30 c.example.org."]}
    found = await exchangers_of(zone, own_names=["Ours.example.com."])
    assert isinstance(found, Exchangers)
    assert found.site == ("a.example.org",)


async def test_a_domain_whose_best_exchanger_we_are_is_a_loop():
    zone: Zone = {("example.org", "MX"): ["10 ours.example.com.", "20 b.example.org."]}
    assert await exchangers_of(zone, own_names=["ours.example.com"]) == NoRoute(dns=Dns.LOOP)


async def test_very_many_exchangers_are_not_all_kept():
    found = await exchangers_of({("example.org", "MX"): [f"{n} mx{n}.example.org." for n in range(90)]})
    assert isinstance(found, Exchangers)
    assert len(found.hosts) == 50
    assert found.hosts[0] == (0, "mx0.example.org")


# --- addresses


async def test_addresses_of_version_four_come_first():
    zone: Zone = {("mx.example.org", "AAAA"): ["2606:4700::1"], ("mx.example.org", "A"): ["8.8.8.8"]}
    assert await addresses_of(zone) == Addresses(ips=("8.8.8.8", "2606:4700::1"))


async def test_addresses_inward_are_refused():
    zone: Zone = {("mx.example.org", "A"): ["127.0.0.1", "8.8.8.8"], ("mx.example.org", "AAAA"): ["::1"]}
    found = await addresses_of(zone)
    assert found.ips == ("8.8.8.8",)
    assert set(found.refused) == {"127.0.0.1", "::1"}


async def test_our_own_addresses_are_refused():
    zone: Zone = {("mx.example.org", "A"): ["8.8.8.8"]}
    assert (await addresses_of(zone, own_addresses=["8.8.8.8"])).refused == ("8.8.8.8",)


async def test_no_more_than_ten_addresses_are_kept():
    zone: Zone = {("mx.example.org", "A"): [f"8.8.8.{n}" for n in range(1, 30)]}
    assert len((await addresses_of(zone)).ips) == 10


async def test_one_kind_of_address_that_fails_does_not_hide_the_other():
    zone: Zone = {("mx.example.org", "A"): ["8.8.8.8"], ("mx.example.org", "AAAA"): SERVFAIL}
    found = await addresses_of(zone)
    assert found.ips == ("8.8.8.8",)
    assert found.failure


@pytest.mark.parametrize(
    ("literal", "ips"),
    [("[8.8.8.8]", ("8.8.8.8",)), ("[IPv6:2606:4700::1]", ("2606:4700::1",)), ("[127.0.0.1]", ()), ("[what]", ())],
)
async def test_an_address_literal_is_read(literal: str, ips: tuple[str, ...]):
    assert (await addresses_of({}, literal)).ips == ips


# --- memory


async def test_an_answer_is_remembered_for_its_time_to_live():
    clock = Clock()
    async with asking(ONE, clock) as (resolver, dns):
        await resolver.exchangers("example.org")
        clock.moved = 299
        await resolver.exchangers("example.org")
        assert dns.asked["example.org", "MX"] == 1
        clock.moved = 301
        await resolver.exchangers("example.org")
        assert dns.asked["example.org", "MX"] == 2


@pytest.mark.parametrize(("ttl", "seconds"), [(0, 30), (1_000_000, 3_600)])
async def test_a_time_to_live_is_neither_nothing_nor_for_ever(ttl: int, seconds: int):
    clock = Clock()
    async with asking(ONE, clock) as (resolver, dns):
        dns.ttl = ttl
        await resolver.exchangers("example.org")
        clock.moved = seconds - 1
        await resolver.exchangers("example.org")
        assert dns.asked["example.org", "MX"] == 1
        clock.moved = seconds + 1
        await resolver.exchangers("example.org")
        assert dns.asked["example.org", "MX"] == 2


async def test_a_failure_is_remembered_for_a_short_while():
    clock = Clock()
    async with asking({("example.org", "MX"): SERVFAIL}, clock) as (resolver, dns):
        await resolver.exchangers("example.org")
        dns.zone = ONE
        assert isinstance(await resolver.exchangers("example.org"), NoRoute)
        clock.moved = 16
        assert isinstance(await resolver.exchangers("example.org"), Exchangers)


async def test_many_who_ask_at_once_ask_once():
    async with asking(ONE) as (resolver, dns):
        await asyncio.gather(*(resolver.exchangers("example.org") for _ in range(20)))
        assert dns.asked["example.org", "MX"] == 1


async def test_what_is_remembered_is_bounded():
    async with asking(ONE, remembered=2) as (resolver, dns):
        for domain in ("example.org", "a.example.org", "b.example.org", "example.org"):
            await resolver.exchangers(domain)
        assert dns.asked["example.org", "MX"] == 2


def test_a_name_server_is_given_with_a_numeric_host():
    with pytest.raises(ValueError, match="HOST:PORT"):
        Resolver(monotonic=Clock().monotonic, nameserver="dns.example.com:53")
