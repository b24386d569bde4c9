"""Whether an address is fit for mail, asked of a name server and of this machine."""

from __future__ import annotations

import pytest

from sendwright import egresses
from tests.fakes.name_server import SERVFAIL, Zone, name_server

pytestmark = pytest.mark.anyio

PTR = ("1.0.0.127.in-addr.arpa", "PTR")
A = ("mx1.example.com", "A")
RIGHT: Zone = {PTR: ["mx1.example.com."], A: ["127.0.0.1"]}
OURS = egresses.OwnAddress(ip="127.0.0.1", ehlo_name="mx1.example.com", machine="here")


async def check(
    zone: Zone, means: egresses.OwnAddress = OURS, *, domains: tuple[str, ...] = ("example.com",)
) -> list[egresses.Finding]:
    async with name_server(zone) as dns:
        return await egresses.check_address(egresses.Names(dns.address), means, domains, "here")


async def test_an_address_with_its_name_both_ways_is_fit():
    assert await check(RIGHT) == []


async def test_an_address_of_version_six_is_asked_for_in_its_own_way():
    reverse = "0." * 31
    zone = {(f"1.{reverse}ip6.arpa", "PTR"): ["mx1.example.com."], ("mx1.example.com", "AAAA"): ["0:0::1"]}
    means = egresses.OwnAddress(ip="::1", ehlo_name="mx1.example.com", machine="there")
    assert await check(zone, means) == []


async def test_one_of_several_names_is_enough():
    assert await check({PTR: ["other.example.net.", "MX1.example.com."], A: ["192.0.2.9", "127.0.0.1"]}) == []


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ({A: ["127.0.0.1"]}, "PTR) is missing: ask"),
        ({**RIGHT, PTR: ["host.example.net."]}, "PTR) is host.example.net: ask"),
        ({PTR: ["mx1.example.com."]}, "publish A 127.0.0.1"),
        ({**RIGHT, A: ["192.0.2.9"]}, "is 192.0.2.9: publish A 127.0.0.1"),
        ({**RIGHT, PTR: SERVFAIL}, "DNS did not answer about the name of 127.0.0.1"),
        ({**RIGHT, A: SERVFAIL}, "DNS did not answer about mx1.example.com"),
    ],
)
async def test_what_dns_lacks_is_named_with_what_to_do(zone: Zone, said: str):
    (finding,) = await check(zone)
    assert finding.fatal
    assert said in finding.text


async def test_a_name_of_no_connected_domain_is_a_warning():
    (finding,) = await check(RIGHT, domains=("notexample.com", "le.com"))
    assert not finding.fatal


async def test_an_address_that_its_machine_does_not_have_is_named():
    zone = {("1.2.0.192.in-addr.arpa", "PTR"): ["mx1.example.com."], A: ["192.0.2.1"]}
    means = egresses.OwnAddress(ip="192.0.2.1", ehlo_name="mx1.example.com", machine="here")
    (finding,) = await check(zone, means)
    assert finding.fatal
    assert "does not have 192.0.2.1" in finding.text


@pytest.mark.parametrize(("machine", "proxy"), [("there", None), ("here", "socks5://proxy.example.com:1080")])
async def test_an_address_of_another_machine_cannot_be_tried_here(machine: str, proxy: str | None):
    zone = {("1.2.0.192.in-addr.arpa", "PTR"): ["mx1.example.com."], A: ["192.0.2.1"]}
    means = egresses.OwnAddress(ip="192.0.2.1", ehlo_name="mx1.example.com", machine=machine, proxy=proxy)
    assert await check(zone, means) == []
