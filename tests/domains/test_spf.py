"""SPF records as text (RFC 7208)."""

from __future__ import annotations

import pytest

from sendwright.domains import spf


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("v=spf1", True), ("V=SPF1 -all", True), ("v=spf10 -all", False), ("v=spf1-all", False), (" v=spf1", False)],
)
def test_what_is_an_spf_record(text: str, is_one: bool):
    assert spf.is_spf(text) is is_one


@pytest.mark.parametrize(
    ("record", "cost"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", 0),
        ("v=spf1 a mx ptr exists:%{i}.example.com include:a.test redirect=b.test", 6),
        ("v=spf1 a/24 ~mx:example.com ?include:a.test exp=why.test", 3),
    ],
)
def test_what_a_record_costs_by_itself(record: str, cost: int):
    assert spf.look_ups(record) == cost


def test_other_records_are_followed_by_name():
    record = "v=spf1 include:A.test. ~include:b.test redirect=c.test include:%{d}.test include: a:d.test -all"
    assert spf.follow(record) == ("a.test", "b.test", "c.test")


@pytest.mark.parametrize(
    ("record", "lacking"),
    [
        ("v=spf1 a:mail.test -all", ("ip4:192.0.2.1",)),
        ("v=spf1 +A:Mail.test ip4:192.0.2.1 ~all", ()),
        ("v=spf1 -all", ("a:mail.test", "ip4:192.0.2.1")),
    ],
)
def test_which_of_our_senders_are_lacking(record: str, lacking: tuple[str, ...]):
    assert spf.lacking(record, "a:mail.test ip4:192.0.2.1") == lacking


@pytest.mark.parametrize(
    ("record", "has"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", True),
        ("v=spf1 ip4:192.0.2.10/32 -all", True),
        ("v=spf1 ip4:198.51.100.0/24 -all", False),
        ("v=spf1 ip6:::/0 -all", False),
        ("v=spf1 ip4:nonsense mx -all", False),
    ],
)
def test_an_address_is_named_by_a_network_around_it(record: str, has: bool):
    assert (spf.lacking(record, "ip4:192.0.2.10") == ()) is has


def test_addresses_are_named_by_their_kind():
    assert spf.naming("a:mail.test", ["192.0.2.1", "2001:db8::1"]) == "a:mail.test ip4:192.0.2.1 ip6:2001:db8::1"


def test_an_installation_without_a_name_is_known_by_its_addresses():
    assert spf.naming("", ["192.0.2.1"]) == "ip4:192.0.2.1"


@pytest.mark.parametrize(("record", "does"), [("v=spf1 +all", True), ("v=spf1 all", True), ("v=spf1 ~all", False)])
def test_who_lets_everybody_send(record: str, does: bool):
    assert spf.lets_everybody(record) is does
