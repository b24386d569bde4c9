"""The usual mistakes in DNS records, each told by name."""

from __future__ import annotations

import pytest

from sendwright.domains.fitting import about_it, fits
from sendwright.domains.found import Finding
from sendwright.domains.model import Need, Purpose, WantedRecord

KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
VALUES = {
    Purpose.DKIM: f"v=DKIM1; k=rsa; p={KEY}",
    Purpose.RETURN_PATH: "10 mail.example.net",
    Purpose.RETURN_PATH_SPF: "v=spf1 a:mail.example.net -all",
    Purpose.TRACKING: "mail.example.net",
    Purpose.DMARC: "v=DMARC1; p=none",
}


def advice(purpose: Purpose, *values: str, alias: str = "") -> str:
    wanted = WantedRecord(
        name="_dmarc.example.com" if purpose is Purpose.DMARC else "x.example.com", type="TXT",
        value=VALUES.get(purpose, ""), purpose=purpose, need=Need.NEEDED, about="",
    )  # fmt: skip
    return fits(wanted, Finding(server="ns1.test", values=values, alias=alias))


@pytest.mark.parametrize(
    "value",
    [
        f"v=DKIM1; k=rsa; p={KEY}",
        f"v=DKIM1;k=rsa;p={KEY};",
        f"p={KEY}",
        f"k=rsa; p={KEY[:20]} {KEY[20:]}",
        f"v=DKIM1; h=sha1:sha256; s=email; t=s; n=note; p={KEY}",
    ],
)
def test_a_key_may_be_written_in_several_ways(value: str):
    assert advice(Purpose.DKIM, value) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f'"v=DKIM1; k=rsa; p={KEY}"', "Quotation marks"),
        (f"v=DKIM1\\; k=rsa\\; p={KEY}", "backslashes"),
        (f"v=DKIM1; k=rsa; p={KEY[:30]}", "30 of its 44 characters"),
        (f"v=DKIM1; k=rsa; p={KEY[20:]}", "was cut"),
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=DKIM1; k=rsa; p=QUJD", "Another key"),
        (KEY, "Only the key itself"),
        ("hello", "no DKIM key"),
        (f"v=DKIM1; k=ed25519; p={KEY}", "not the tags"),
        (f"v=DKIM2; k=rsa; p={KEY}", "not the tags"),
        (f"k=rsa; v=DKIM1; p={KEY}", "not the tags"),
        (f"v=DKIM1; k=rsa; h=sha1; p={KEY}", "not the tags"),
    ],
)
def test_a_mistaken_key_is_explained(value: str, words: str):
    assert words in advice(Purpose.DKIM, value)


def test_a_second_record_beside_the_key_is_to_go():
    assert "leave only" in advice(Purpose.DKIM, VALUES[Purpose.DKIM], "v=DKIM1; p=QUJD")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["10 mail.example.net"], ""),
        (["5 mail.example.net", "20 backup.test"], ""),
        (["10 mail.example.net.x.example.com"], "a dot at its end"),
        (["10 mx.elsewhere.test"], "Bounces would go to mx.elsewhere.test"),
        (["10 mail.example.net", "10 mx.elsewhere.test"], "alone"),
        (["0 ."], "Bounces would go to ."),
    ],
)
def test_the_return_path_leads_here_first(values: list[str], words: str):
    found = advice(Purpose.RETURN_PATH, *values)
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["v=spf1 a:mail.example.net -all"], ""),
        (["v=spf1 ip4:192.0.2.1 a:mail.example.net ~all"], ""),
        (["v=spf1 -all"], "Add a:mail.example.net"),
        (["v=spf1 a:mail.example.net -all", "v=spf1 mx -all"], "merge them"),
        (["v=spf1 a:mail.example.net +all"], "lets everybody"),
        (['"v=spf1 a:mail.example.net -all'], "Quotation marks"),
    ],
)
def test_spf_of_the_return_path_names_us(values: list[str], words: str):
    found = advice(Purpose.RETURN_PATH_SPF, *values)
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    ("values", "alias", "words"),
    [
        (["192.0.2.7"], "mail.example.net", ""),
        (["192.0.2.7"], "mail.example.net.example.com", "a dot at its end"),
        (["192.0.2.9"], "www.elsewhere.test", "leads to www.elsewhere.test"),
        (["192.0.2.9"], "", "leads to 192.0.2.9"),
    ],
)
def test_the_tracking_host_leads_here(values: list[str], alias: str, words: str):
    found = advice(Purpose.TRACKING, *values, alias=alias)
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["v=DMARC1; p=reject; rua=mailto:d@example.com"], ""),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "counts as none"),
        (["v=dmarc1; p=none"], "must begin with v=DMARC1"),
        (["v=DMARC1; p=all"], "cannot be read"),
    ],
)
def test_any_valid_dmarc_policy_will_do(values: list[str], words: str):
    found = advice(Purpose.DMARC, *values)
    assert words in found
    assert bool(words) == bool(found)


def test_a_null_mx_is_warned_of():
    assert "null MX" in advice(Purpose.MX, "0 .")


@pytest.mark.parametrize("purpose", [Purpose.MX, Purpose.BIMI, Purpose.MTA_STS, Purpose.TLS_RPT])
def test_what_is_only_looked_at_may_be_anything(purpose: Purpose):
    assert advice(purpose, "10 mx.example.com") == ""


def test_of_many_texts_at_a_name_those_that_are_meant_are_looked_at():
    texts = ("site-verification=1", "v=spf1 -all", '"V=SPF1 mx')
    assert about_it(Purpose.SPF, texts) == ("v=spf1 -all", '"V=SPF1 mx')
