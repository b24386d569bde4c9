"""DMARC policies, their tree walk and alignment (RFC 9989)."""

from __future__ import annotations

import pytest

from sendwright.domains import dmarc


def policy(text: str, *, author: str = "example.com") -> str | None:
    found = dmarc.read_policy("example.com", [text])
    return None if found is None else found.for_author(author)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("v=DMARC1; p=reject", "reject"),
        ("v=DMARC1;p=quarantine;", "quarantine"),
        (" v = DMARC1 ; P = Reject", "reject"),
        ("v=DMARC1", "none"),
        ("v=DMARC1; rua=mailto:d@example.com", "none"),
        ("v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400; unknown=1; junk", "reject"),
        ("v=DMARC1; p=reject; p=none", "reject"),
        ("v=DMARC1; p=reject; t=y", "quarantine"),
        ("v=DMARC1; p=none; t=y", "none"),
        ("v=DMARC1; p=everything; rua=mailto:d@example.com", "none"),
        ("v=DMARC1; p=reject; sp=all; rua=mailto:d@example.com", "none"),
    ],
)
def test_a_record_asks_for(text: str, asked: str):
    assert policy(text) == asked


@pytest.mark.parametrize(
    "text",
    ["v=DMARC2; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", "v=spf1 -all", "", '"v=DMARC1; p=none"',
     "v=DMARC1; p=everything", "v=DMARC1; p=none; np=all"],
)  # fmt: skip
def test_what_is_no_valid_record_counts_as_none_at_all(text: str):
    assert policy(text) is None


def test_several_records_count_as_none_at_all():
    assert dmarc.read_policy("example.com", ["v=DMARC1; p=none", "v=DMARC1; p=reject"]) is None


def test_other_texts_at_the_name_do_not_matter():
    assert dmarc.read_policy("example.com", ["hello", "v=DMARC1; p=none"]) is not None


def test_a_sub_domain_is_judged_by_sp():
    assert policy("v=DMARC1; p=none; sp=reject", author="mail.example.com") == "reject"


def test_without_sp_a_sub_domain_is_judged_by_p():
    assert policy("v=DMARC1; p=quarantine", author="mail.example.com") == "quarantine"


def test_the_walk_goes_up_label_by_label():
    assert dmarc.names_to_ask("a.b.example.com") == ["a.b.example.com", "b.example.com", "example.com", "com"]


def test_the_walk_of_a_long_name_leaps_to_seven_labels():
    asked = dmarc.names_to_ask("a.b.c.d.e.f.g.h.i.example.com")
    assert (len(asked), asked[1]) == (8, "e.f.g.h.i.example.com")


@pytest.mark.parametrize(
    ("name", "found", "organization"),
    [
        ("a.example.com", {}, "a.example.com"),
        ("a.example.com", {"example.com": ["v=DMARC1; p=none"]}, "example.com"),
        ("a.example.com", {"a.example.com": ["v=DMARC1; p=none"]}, "a.example.com"),
        ("a.b.example.com", {"a.b.example.com": ["v=DMARC1"], "example.com": ["v=DMARC1"]}, "example.com"),
        ("a.b.example.com", {"b.example.com": ["v=DMARC1; psd=n"], "example.com": ["v=DMARC1"]}, "b.example.com"),
        ("a.shop.co.test", {"co.test": ["v=DMARC1; psd=y"]}, "shop.co.test"),
        ("co.test", {"co.test": ["v=DMARC1; psd=y"]}, "co.test"),
    ],
)
def test_the_organization_of(name: str, found: dict[str, list[str]], organization: str):
    assert dmarc.organizational_domain(name, found) == organization


@pytest.mark.parametrize(
    ("found", "where"),
    [
        ({}, None),
        ({"a.example.com": ["v=DMARC1"], "example.com": ["v=DMARC1"]}, "a.example.com"),
        ({"example.com": ["v=DMARC1"]}, "example.com"),
        ({"com": ["v=DMARC1; psd=y; p=reject"]}, "com"),
    ],
)
def test_the_policy_that_applies_is_its_own_or_the_nearest_above(found: dict[str, list[str]], where: str | None):
    applied = dmarc.applying("a.example.com", found)
    assert (None if applied is None else applied.domain) == where


@pytest.mark.parametrize(
    ("other", "strict", "aligned"),
    [
        ("example.com", True, True),
        ("bounce.example.com", True, False),
        ("bounce.example.com", False, True),
        ("bounce.example.net", False, False),
    ],
)
def test_who_speaks_for_a_domain(other: str, strict: bool, aligned: bool):
    assert dmarc.aligns("example.com", other, {"example.com": ["v=DMARC1; p=none"]}, strict=strict) is aligned
