"""Addresses that a stranger's DNS may not send us to (attacks A14, D3)."""

import pytest

from sendwright.outbound.inward import is_inward

NOWHERE = "0.0.0.0"  # noqa: S104 - nothing binds to it
INWARD = [
    NOWHERE, "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_an_address_inward_is_refused(address: str):
    assert is_inward(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1", "2a00::1"])
def test_an_address_of_the_world_is_allowed(address: str):
    assert not is_inward(address)


def test_our_own_address_is_refused_even_in_a_closed_network():
    assert is_inward("10.0.0.1", own={"10.0.0.1"}, allow_private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1"])
def test_a_closed_network_may_use_its_addresses(address: str):
    assert not is_inward(address, allow_private=True)


@pytest.mark.parametrize("address", [NOWHERE, "::", "224.0.0.1", "ff02::1"])
def test_what_is_no_place_is_refused_even_in_a_closed_network(address: str):
    assert is_inward(address, allow_private=True)
