"""The domain's own name servers are asked, each; what cannot be asked is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sendwright.domains.found import Finding, Seen
from sendwright.domains.look_up import NameServers
from tests.fakes.dns_of import Answers, dns_says
from tests.fakes.name_server import SERVFAIL, SILENCE

pytestmark = pytest.mark.anyio

NAME = ("x.example.com", "TXT")


async def seen(*authoritative: Answers, resolver: Answers | None = None, allow: bool = True, kind: str = "TXT") -> Seen:
    async with dns_says(*authoritative, resolver=resolver, allow=allow) as (house, _):
        house.limit = 0.3
        return await house.inquiry().ask("x.example.com", kind)  # type: ignore[arg-type]


async def test_every_authoritative_name_server_is_asked():
    found = await seen({NAME: ['"one"']}, {NAME: ['"two"']})
    assert found.findings == (
        Finding(server="ns1.dns.test", values=("one",)),
        Finding(server="ns2.dns.test", values=("two",)),
    )


async def test_the_strings_of_a_text_record_are_one_text():
    assert (await seen({NAME: ['"a b" "c" "; d"']})).values == ("a bc; d",)


async def test_what_no_database_keeps_is_not_passed_on():
    assert (await seen({NAME: [r'"a\000b\255"']})).values == ("a\ufffdb\ufffd",)


async def test_names_are_given_in_lower_case_without_the_last_dot():
    assert (await seen({("x.example.com", "MX"): ["10 MAIL.example.NET."]}, kind="MX")).values == (
        "10 mail.example.net",
    )


async def test_a_null_mx_keeps_its_dot():
    assert (await seen({("x.example.com", "MX"): ["0 ."]}, kind="MX")).values == ("0 .",)


async def test_values_are_bounded():
    many = [f'"{number:03}"' for number in range(50)]
    assert len((await seen({NAME: many})).values) == 20


async def test_what_is_not_there_is_an_answer_too():
    assert (await seen({("other.example.com", "A"): ["192.0.2.1"]})).findings == (Finding(server="ns1.dns.test"),)


async def test_an_alias_within_the_zone_is_followed():
    found = await seen({("x.example.com", "CNAME"): ["y.example.com."], ("y.example.com", "TXT"): ['"there"']})
    assert found.findings == (Finding(server="ns1.dns.test", values=("there",), alias="y.example.com"),)


async def test_an_alias_that_leads_out_of_the_zone_is_followed_by_the_resolver():
    found = await seen(
        {("x.example.com", "CNAME"): ["keys.other.test."]}, resolver={("keys.other.test", "TXT"): ['"there"']}
    )
    assert found.findings == (Finding(server="ns1.dns.test", values=("there",), alias="keys.other.test"),)


@pytest.mark.parametrize(("trouble", "words"), [(SERVFAIL, "it answers SERVFAIL"), (SILENCE, "no answer in time")])
async def test_a_name_server_that_fails_does_not_hide_the_others(trouble: str, words: str):
    found = await seen({NAME: trouble}, {NAME: ['"two"']})  # type: ignore[dict-item]
    assert [finding.failure for finding in found.findings] == [words, ""]
    assert found.values == ("two",)


async def test_where_no_name_server_answers_the_resolver_is_asked_and_that_is_said():
    found = await seen({NAME: SERVFAIL}, resolver={NAME: ['"kept"']})  # type: ignore[dict-item]
    assert (found.values, "own name servers could not be asked" in found.note) == (("kept",), True)


async def test_name_servers_at_private_addresses_are_not_asked():
    async with dns_says({NAME: ['"inside"']}, resolver={NAME: ['"kept"']}, allow=False) as (house, servers):
        found = await house.inquiry().ask(*NAME)
    assert (found.values, servers[1].asked.total()) == (("kept",), 0)
    assert "127.0.0.2 is private" in found.note


async def test_a_name_server_without_an_address_is_said():
    found = await seen({NAME: ['"one"']}, {NAME: ['"two"']}, resolver={("ns2.dns.test", "A"): []})
    assert found.findings[1] == Finding(server="ns2.dns.test", failure="its name has no address")


async def test_a_domain_without_name_servers_is_asked_of_the_resolver():
    found = await seen({}, resolver={("example.com", "NS"): [], NAME: ['"kept"']})
    assert (found.values, found.findings[0].server) == (("kept",), "resolver")


async def test_at_most_eight_name_servers_are_asked():
    names = [f"ns{number}.dns.test." for number in range(12)]
    found = await seen({}, resolver={("example.com", "NS"): names, ("ns0.dns.test", "A"): ["127.0.0.2"]})
    assert len(found.findings) == 8


async def test_no_top_level_domain_is_taken_for_the_zone():
    async with dns_says({}, resolver={("example.com", "NS"): [], ("com", "NS"): ["a.nic.test."]}) as (house, servers):
        await house.inquiry().ask(*NAME)
        assert servers[0].asked["com", "NS"] == 0


async def test_a_referral_is_no_answer():
    async with dns_says({NAME: ['"one"']}) as (house, servers):
        servers[1].refers_to = "ns9.dns.test."
        found = await house.inquiry().ask(*NAME)
    assert "not in charge" in found.note


async def test_the_name_servers_of_a_zone_are_looked_up_once():
    async with dns_says({NAME: ['"one"']}) as (house, servers):
        inquiry = house.inquiry()
        for name in ("x", "y", "z"):
            await inquiry.ask(f"{name}.example.com", "TXT")
        assert servers[0].asked["ns1.dns.test", "A"] == 1


async def test_a_name_that_dns_cannot_carry_is_not_there():
    async with dns_says({}) as (house, _):
        assert await house.inquiry().resolve("x" * 64 + ".example.com", "TXT") == Finding(server="resolver")


@pytest.mark.parametrize("text", ["localhost:53", "127.0.0.1", "127.0.0.1:x"])
def test_a_resolver_is_an_address_and_a_port(text: str):
    with pytest.raises(ValueError, match="HOST:PORT"):
        NameServers(may_ask=bool, resolver=text, limit=timedelta(seconds=1))


def test_without_a_resolver_the_systems_is_used():
    assert NameServers(may_ask=bool).inquiry() is not None


async def test_a_resolver_that_never_answers_is_not_asked_for_ever():
    async with dns_says({}) as (house, servers):
        house.limit = 0.05
        servers[0].zone = {(f"{name}.example.com", "TXT"): SILENCE for name in "abcdef"}
        inquiry = house.inquiry()
        said = [(await inquiry.resolve(f"{name}.example.com", "TXT")).failure for name in "abcd"]
    assert said == ["no answer in time"] * 3 + ["the resolver does not answer"]


async def test_a_resolver_that_answered_once_is_asked_on():
    async with dns_says({NAME: ['"one"']}) as (house, servers):
        house.limit = 0.05
        inquiry = house.inquiry()
        await inquiry.resolve(*NAME)
        servers[0].zone = {(f"{name}.example.com", "TXT"): SILENCE for name in "abcdef"}
        said = [(await inquiry.resolve(f"{name}.example.com", "TXT")).failure for name in "abcd"]
    assert said == ["no answer in time"] * 4


async def test_where_the_resolver_fails_the_zone_is_not_looked_for_further_up():
    async with dns_says({}) as (house, servers):
        servers[0].down = True
        found = await house.inquiry().ask(*NAME)
        assert found.findings[0].failure
        assert servers[0].asked["example.com", "NS"] == 0
