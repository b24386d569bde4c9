"""Which texts are domain names."""

from __future__ import annotations

import pytest

from sendwright.domains import rules


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Example.COM", "example.com"),
        (" mail.example.com. ", "mail.example.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("a-b.example", "a-b.example"),
    ],
)
def test_a_name_is_read_into_lower_case_a_labels(given: str, wanted: str):
    assert rules.read_domain_name(given) == wanted


@pytest.mark.parametrize(
    "given",
    ["", "localhost", "192.0.2.1", "[192.0.2.1]", "-a.example", "a-.example", "a..example", ".example", "a b.example",
     "a_b.example", "a@b.example", "x" * 64 + ".example", "é" * 300, "é\u0640-.example", "a.example\r\nX: y",
     ".".join(["abcdefgh"] * 40) + ".example"],
)  # fmt: skip
def test_other_texts_are_no_domain_names(given: str):
    with pytest.raises(ValueError, match="domain name"):
        rules.read_domain_name(given)


def test_a_selector_is_one_label():
    assert rules.read_selector("sw1") == "sw1"


@pytest.mark.parametrize("given", ["", "a.b", "-a", "a-", "A", "a b", "a" * 64])
def test_other_texts_are_no_selectors(given: str):
    with pytest.raises(ValueError, match="no selector"):
        rules.read_selector(given)
