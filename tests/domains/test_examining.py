"""A whole check: what is seen in DNS, what it means, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sendwright import domains
from sendwright.domains import RecordState, Standing
from sendwright.domains.examining import mistaken_names
from sendwright.domains.found import from_document, to_document
from tests.fakes.dns_of import AROUND, PLACE, Answers, dns_says, published
from tests.fakes.name_server import SERVFAIL

pytestmark = pytest.mark.anyio

BORN = datetime.fromisoformat("2026-03-02T14:02:07+00:00")
DOMAIN = domains.Domain(
    account_id=1, name="example.com", connection=None, tracking_host=None, return_path_host="bounce.example.com",
    created_at=BORN,
)  # fmt: skip
KEY = domains.ShownKey(
    domain="example.com", selector="k1", algorithm=domains.KeyAlgorithm.ED25519_SHA256,
    public_record="v=DKIM1; k=ed25519; p=QUJDREVG", state=domains.KeyState.ACTIVE, created_at=BORN, changed_at=BORN,
)  # fmt: skip
TRACKED = replace(DOMAIN, tracking_host="links.example.com")
KEY_NAME = "k1._domainkey.example.com"
Zone = dict[tuple[str, str], Sequence[str]]


def right(domain: domains.Domain = DOMAIN) -> Zone:
    return {**AROUND, **published(domains.wanted_records(domain, [KEY], PLACE))}


async def check(
    zone: Answers,
    *others: Answers,
    domain: domains.Domain = DOMAIN,
    place: domains.Installation = PLACE,
    resolver: Answers | None = None,
    keys: Sequence[domains.ShownKey] = (KEY,),
) -> domains.DomainCheck:
    async with dns_says(zone, *others, resolver=resolver) as (name_servers, _):
        return await domains.examine(name_servers, domain, keys, place, BORN)


def one(found: domains.DomainCheck, purpose: str) -> domains.RecordCheck:
    (record,) = (each for each in found.records if each.wanted.purpose == purpose)
    return record


def but(zone: Zone, **changes: Sequence[str] | None) -> Zone:
    """The zone with records at other places: ``but(zone, dkim_TXT=[…])``; None takes one away."""
    names = {"dkim": KEY_NAME, "bounce": "bounce.example.com", "links": "links.example.com", "own": "example.com"}
    names["dmarc"] = "_dmarc.example.com"
    changed = dict(zone)
    for key, values in changes.items():
        name, _, kind = key.partition("_")
        if values is None:
            changed.pop((names[name], kind))
        else:
            changed[names[name], kind] = values
    return changed


async def test_what_is_right_needs_nothing_done():
    found = await check(right())
    assert (found.standing, found.warnings, [r.advice for r in found.records if r.advice]) == (Standing.RIGHT, (), [])


async def test_a_check_can_be_kept_and_read_again():
    found = await check(but(right(), dkim_TXT=None))
    assert from_document(to_document(found)) == found


@pytest.mark.parametrize("kept", [None, {"form": 0}])
def test_what_was_kept_in_another_form_counts_as_no_check(kept: dict[str, int] | None):
    assert from_document(kept) is None


@pytest.mark.parametrize(
    ("zone", "purpose", "state"),
    [
        (but(right(), dkim_TXT=None), "dkim", RecordState.MISSING),
        (but(right(), dkim_TXT=['"v=DKIM1; k=ed25519; p=WFla"']), "dkim", RecordState.DIFFERS),
        (but(right(), bounce_MX=None), "return_path", RecordState.MISSING),
        (but(right(), bounce_TXT=['"v=spf1 -all"']), "return_path_spf", RecordState.DIFFERS),
        (but(right(), bounce_TXT=['"hello"']), "return_path_spf", RecordState.MISSING),
        (but(right(), dmarc_TXT=None), "dmarc", RecordState.MISSING),
        (but(right(), own_TXT=['"v=spf1 mx"', '"v=spf1 a"']), "spf", RecordState.DIFFERS),
        (but(right(), own_MX=None), "mx", RecordState.MISSING),
        (but(right(), own_MX=["0 ."]), "mx", RecordState.DIFFERS),
    ],
)
async def test_a_record_is_found_to_be(zone: Zone, purpose: str, state: RecordState):
    assert one(await check(zone), purpose).state is state


async def test_an_address_will_do_for_mail_where_there_is_no_mx():
    assert one(await check({**but(right(), own_MX=None), ("example.com", "A"): ["192.0.2.1"]}), "mx").state == "found"


async def test_a_policy_above_will_do():
    domain = replace(DOMAIN, name="mail.example.com", return_path_host=None)
    found = await check({("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=reject"']}, domain=domain)
    assert one(found, "dmarc").state == "found"


async def test_a_name_server_that_lags_behind_is_named():
    found = one(await check(right(), but(right(), dkim_TXT=None)), "dkim")
    assert (found.state, "ns2.dns.test does not give it yet" in found.advice) == (RecordState.UNEVEN, True)


async def test_a_cname_in_the_way_is_told():
    zone = {**but(right(), dkim_TXT=None), (KEY_NAME, "CNAME"): ["www.example.com."]}
    assert "is a CNAME for www.example.com" in one(await check(zone), "dkim").advice


async def test_a_key_may_stand_behind_a_cname():
    zone = {**but(right(), dkim_TXT=None), (KEY_NAME, "CNAME"): ["k.other.test."]}
    found = await check(zone, resolver={("k.other.test", "TXT"): ['"v=DKIM1; k=ed25519; p=QUJDREVG"']})
    assert one(found, "dkim").state == "found"


async def test_a_wildcard_cname_does_not_make_optional_records_wrong():
    zone = {**right(), ("_mta-sts.example.com", "CNAME"): ["www.example.com."]}
    assert one(await check(zone), "mta_sts").advice == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"{KEY_NAME}.example.com", "the domain was entered twice"),
        ("k1.domainkey.example.com", "the underscore"),
    ],
)
async def test_a_record_under_a_mistaken_name_is_found_there(name: str, words: str):
    zone = {**but(right(), dkim_TXT=None), (name, "TXT"): ['"v=DKIM1; k=ed25519; p=QUJDREVG"']}
    found = one(await check(zone), "dkim")
    assert (found.state, words in found.advice) == (RecordState.MISSING, True)


async def test_something_else_under_a_mistaken_name_is_not_ours():
    zone = {**but(right(), dkim_TXT=None), (f"{KEY_NAME}.example.com", "TXT"): ['"v=DKIM1; p=WFla"']}
    assert "entered twice" not in one(await check(zone), "dkim").advice


def test_a_name_without_underscore_can_only_be_entered_twice():
    assert [name for name, _ in mistaken_names("bounce.example.com", "example.com")] == [
        "bounce.example.com.example.com"
    ]


# --- tracking


@pytest.mark.parametrize(
    ("zone", "state"),
    [
        (right(TRACKED), RecordState.FOUND),
        (but(right(TRACKED), links_CNAME=None), RecordState.MISSING),
        (but(right(TRACKED), links_CNAME=["www.elsewhere.test."]), RecordState.DIFFERS),
        ({**but(right(TRACKED), links_CNAME=None), ("links.example.com", "A"): ["192.0.2.7"]}, RecordState.FOUND),
        ({**but(right(TRACKED), links_CNAME=None), ("links.example.com", "A"): ["192.0.2.8"]}, RecordState.DIFFERS),
    ],
)
async def test_the_tracking_host_leads_to_this_installation(zone: Zone, state: RecordState):
    found = await check(zone, domain=TRACKED)
    assert one(found, "tracking").state is state
    assert found.is_usable == (state is RecordState.FOUND)


# --- the whole


async def test_an_installation_without_a_name_says_that_it_needs_one():
    nowhere = domains.Installation(inbound_host=None, web_host=None, spf="")
    found = await check(right(), place=nowhere, domain=TRACKED)
    assert found.standing is Standing.UNKNOWN
    assert "SENDWRIGHT_PUBLIC_URL" in one(found, "return_path").advice


async def test_a_domain_without_return_path_needs_only_its_key():
    assert (await check(right(), domain=replace(DOMAIN, return_path_host=None))).is_usable


async def test_a_domain_without_any_key_is_not_right():
    assert (await check(right(), keys=())).standing is Standing.WRONG


async def test_when_no_server_answers_about_the_key_nothing_is_known():
    zone = but(right(), dkim_TXT=SERVFAIL)
    found = await check(zone)
    assert (found.standing, one(found, "dkim").state) == (Standing.UNKNOWN, RecordState.NO_ANSWER)


async def test_when_dns_takes_for_ever_the_check_ends():
    hurried = domains.NameServers(may_ask=lambda _: True, resolver="127.0.0.1:1", patience=timedelta(0))
    found = await domains.examine(hurried, DOMAIN, [KEY], PLACE, BORN)
    assert {record.state for record in found.records} == {RecordState.NO_ANSWER}


# --- warnings


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (but(right(), own_MX=["0 ."]), "null MX"),
        (but(right(), own_MX=None), "no MX record and no address"),
        (but(right(), dmarc_TXT=None), "no DMARC policy"),
        (but(right(), dmarc_TXT=['"v=DMARC1; p=reject"'], dkim_TXT=None), "mail from this domain would fail"),
        (but(right(), dmarc_TXT=['"v=DMARC1; p=none; aspf=s"']), "aspf=s wants the domain itself"),
        (but(right(), own_TXT=['"v=spf1 mx"', '"v=spf1 a"']), "2 SPF records"),
        (but(right(), own_TXT=['"v=spf1 ' + " ".join(f"a:{n}.test" for n in range(11)) + ' -all"']), "11 look-ups"),
    ],
)
async def test_it_warns_of(zone: Zone, words: str):
    found = await check(zone)
    assert len([warning for warning in found.warnings if words in warning]) == 1


async def test_it_warns_of_a_return_path_of_another_organization():
    found = await check(right(), domain=replace(DOMAIN, return_path_host="bounce.elsewhere.test"))
    assert "another organization" in found.warnings[0]


async def test_it_warns_where_spf_cannot_align():
    found = await check(right(), domain=replace(DOMAIN, return_path_host=None))
    assert "SPF does not align" in found.warnings[0]


async def test_the_cost_of_spf_is_counted_through_other_records():
    resolver = {
        ("a.test", "TXT"): ['"v=spf1 include:b.test include:a.test a mx ptr -all"'],
        ("b.test", "TXT"): ['"v=spf1 a:1.test a:2.test a:3.test a:4.test a:5.test -all"'],
    }
    found = await check(but(right(), own_TXT=['"v=spf1 include:a.test -all"']), resolver=resolver)
    assert any("11 look-ups" in warning for warning in found.warnings)


async def test_spf_records_that_take_each_other_in_come_to_an_end():
    resolver = {("a.test", "TXT"): ['"v=spf1 include:b.test"'], ("b.test", "TXT"): ['"v=spf1 include:a.test"']}
    found = await check(but(right(), own_TXT=['"v=spf1 include:a.test -all"']), resolver=resolver)
    assert found.warnings == ()
