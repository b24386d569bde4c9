"""Asking DNS for the key of a signature."""

from __future__ import annotations

import pytest

from sendwright import feedback
from tests.fakes.name_server import SERVFAIL, name_server

pytestmark = pytest.mark.anyio
NAME = "s1._domainkey.provider.example"


async def test_a_key_is_found_whole():
    async with name_server({(NAME, "TXT"): ['"v=DKIM1; p=ab" "cd"']}) as dns:
        assert await feedback.find_key(NAME, dns.address) == "v=DKIM1; p=abcd"


@pytest.mark.parametrize("zone", [{}, {(NAME, "A"): ["192.0.2.1"]}, {(NAME, "TXT"): ['"one"', '"two"']}])
async def test_no_key_or_more_than_one_is_none(zone: dict[tuple[str, str], list[str]]):
    async with name_server(zone) as dns:
        assert await feedback.find_key(NAME, dns.address) is None


async def test_dns_that_fails_is_asked_again_later():
    async with name_server({(NAME, "TXT"): SERVFAIL}) as dns:
        with pytest.raises(feedback.KeyUnavailable, match=NAME):
            await feedback.find_key(NAME, dns.address)
