"""Whether a send can be sent: every refusal, from facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sendwright import accounts, domains, emails, feedback, ledger, mail
from sendwright.accounts import AccountId, AccountState
from sendwright.composing import refusals
from sendwright.domains.model import Connection
from sendwright.single_send import STREAM, rules
from sendwright.single_send.request import decode, encode
from sendwright.single_send.rules import Facts, People, Plan, Refusal
from tests.emails.documents import compiled

from .shop import request

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
R = ledger.SendResult


def people(**changes: Any) -> People | Refusal:
    return rules.read_people(decode(encode(request(**changes))))


def account(state: AccountState = AccountState.ACTIVE, reason: str = "") -> accounts.Account:
    return accounts.Account(id=AccountId(1), name="Shop", state=state, reason=reason, created_at=NOON)


def domain(name: str = "example.com") -> domains.Domain:
    return domains.Domain(
        account_id=1, name=name, connection=Connection(at=NOON, how=domains.Proof.DECREE), tracking_host=None,
        return_path_host=None, created_at=NOON,
    )  # fmt: skip


def suppression(key: str, cause: feedback.Cause) -> feedback.Suppression:
    return feedback.Suppression(
        account_id=1, stream=STREAM, key=key, cause=cause, since=NOON, explanation=f"It is {cause}."
    )


def facts(
    *, of: accounts.Account | None = None, version: emails.PublishedVersion | None = None, **changes: Any
) -> Facts:
    usual = Facts(
        accounts={1: of or account()},
        versions={(1, 101): version or compiled()},
        connected={(1, "example.com"): domain()},
        suppressions={},
    )
    return replace(usual, **changes)


def suppressed(*items: feedback.Suppression) -> Facts:
    return facts(suppressions={(1, STREAM, item.key): item for item in items})


def decide(known: Facts, **changes: Any) -> Plan | Refusal:
    wish = decode(encode(request(**changes)))
    named = rules.read_people(wish)
    assert isinstance(named, People)
    claimed = ledger.ClaimedSend(
        account_id=1, id=ledger.SendId("s"), lease=ledger.Lease(owner="w", epoch=1), requested_at=NOON, stream=STREAM,
        email_id=101, app_id=1, recipient=wish.to, payload=b"",
    )  # fmt: skip
    return rules.decide(claimed, wish, named, known)


def refusal(known: Facts, **changes: Any) -> Refusal:
    found = decide(known, **changes)
    assert isinstance(found, Refusal)
    return found


# --- who is named


def test_everybody_is_read_with_names():
    read = people(to="Ann <ann@example.org>", from_="Shop <shop@example.com>", cc=("bob@example.org",))
    assert isinstance(read, People)
    assert (read.to.name, read.from_ and read.from_.name, read.cc[0].address.spec) == ("Ann", "Shop", "bob@example.org")


def test_without_a_sender_the_templates_sender_is_used():
    assert isinstance(read := people(), People)
    assert read.from_ is None


def test_an_empty_sender_is_none():
    assert isinstance(read := people(from_=""), People)
    assert read.from_ is None


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_a_recipient_that_is_no_address_is_an_invalid_to_address(field: str):
    text = "not an address"
    found = people(**{field: text if field == "to" else (text,)})
    assert isinstance(found, Refusal)
    assert found.result is R.INVALID_TO_ADDRESS
    assert found.explanation.startswith(f"message.{field}: 'not an address' cannot be used: ")


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_a_role_address_is_an_invalid_to_address(field: str):
    text = "postmaster@example.org"
    found = people(**{field: text if field == "to" else (text,)})
    assert isinstance(found, Refusal)
    assert found.result is R.INVALID_TO_ADDRESS
    assert "role address" in found.explanation


@pytest.mark.parametrize(("field", "shown"), [("from_", "from"), ("reply_to", "replyTo")])
def test_a_sender_that_is_no_address_is_an_invalid_from_address(field: str, shown: str):
    found = people(**{field: "shop" if field == "from_" else ("shop",)})
    assert isinstance(found, Refusal)
    assert found.result is R.INVALID_FROM_ADDRESS
    assert found.explanation.startswith(f"message.{shown}: 'shop' cannot be used: ")


def test_a_role_address_may_send():
    assert isinstance(people(from_="noreply@example.com", reply_to=("postmaster@example.com",)), People)


def test_a_hundred_recipients_are_taken():
    assert isinstance(people(cc=tuple(f"c{n}@example.org" for n in range(99))), People)


def test_a_hundred_and_one_recipients_are_too_many():
    copies = tuple(f"c{n}@example.org" for n in range(50))
    found = people(cc=copies, bcc=copies)
    assert isinstance(found, Refusal)
    assert found.result is R.TOO_MANY_RECIPIENTS


def test_an_explanation_shows_no_control_characters_of_an_address():
    found = people(to="ann\r\n\x1b[31m@example.org")
    assert isinstance(found, Refusal)
    assert found.explanation.isprintable()


def test_an_explanation_shows_a_long_address_in_part():
    found = people(to="x" * 5_000)
    assert isinstance(found, Refusal)
    assert len(found.explanation) < 400


def test_an_explanation_ends_with_one_full_stop():
    found = people(to="nobody")
    assert isinstance(found, Refusal)
    assert found.explanation.endswith(".")
    assert not found.explanation.endswith("..")


# --- what is known


def test_what_nothing_stands_against_is_planned():
    plan = decide(facts())
    assert isinstance(plan, Plan)
    assert (plan.sender.spec, plan.domain.name, plan.version.email_id) == ("shop@example.com", "example.com", 101)


def test_a_suspended_account_does_not_send_and_is_told_why():
    found = refusal(facts(of=account(AccountState.SUSPENDED, "too many complaints")))
    assert found.result is R.PORTAL_SUSPENDED
    assert "too many complaints" in found.explanation


def test_an_account_that_is_gone_does_not_send():
    assert refusal(facts(accounts={})).result is R.PORTAL_SUSPENDED


def test_an_email_that_is_not_published_is_missing_content():
    found = refusal(facts(versions={}))
    assert found.result is R.MISSING_CONTENT
    assert "101" in found.explanation


def test_a_sender_of_another_domain_is_not_connected():
    found = refusal(facts(), from_="shop@example.net")
    assert found.result is R.UNCONFIGURED_SENDING_DOMAIN
    assert "example.net" in found.explanation


def test_a_subdomain_of_a_connected_domain_is_not_connected():
    assert refusal(facts(), from_="shop@mail.example.com").result is R.UNCONFIGURED_SENDING_DOMAIN


def test_capitals_in_the_senders_domain_do_not_matter():
    assert isinstance(decide(facts(), from_="shop@EXAMPLE.com"), Plan)


def test_a_template_whose_sender_is_no_address_is_an_invalid_from_address():
    broken = replace(compiled(), from_address="")
    found = refusal(facts(version=broken))
    assert found.result is R.INVALID_FROM_ADDRESS
    assert "publish it again" in found.explanation


def test_a_given_sender_stands_in_for_a_template_without_one():
    assert isinstance(decide(facts(version=replace(compiled(), from_address="")), from_="shop@example.com"), Plan)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (feedback.Cause.BOUNCED, R.PREVIOUSLY_BOUNCED),
        (feedback.Cause.COMPLAINED, R.PREVIOUS_SPAM),
        (feedback.Cause.BLOCKED, R.BLOCKED_DOMAIN),
    ],
)
def test_a_suppressed_recipient_is_refused_by_the_cause(cause: feedback.Cause, result: ledger.SendResult):
    assert refusal(suppressed(suppression("ann@example.org", cause))).result is result


def test_every_cause_of_a_suppression_has_a_result():
    assert set(refusals._SUPPRESSED) == set(feedback.Cause)


def test_a_blocked_domain_refuses_all_its_addresses():
    assert refusal(suppressed(suppression("@example.org", feedback.Cause.BLOCKED))).result is R.BLOCKED_DOMAIN


def test_an_address_is_suppressed_in_any_spelling():
    known = suppressed(suppression("ann@example.org", feedback.Cause.BOUNCED))
    assert refusal(known, to="Ann <ANN@Example.ORG>").result is R.PREVIOUSLY_BOUNCED


def test_a_suppressed_copy_is_left_out_and_the_mail_goes():
    known = suppressed(suppression("bob@example.org", feedback.Cause.BOUNCED))
    plan = decide(known, cc=("bob@example.org", "cat@example.org"), bcc=("bob@example.org",))
    assert isinstance(plan, Plan)
    assert [box.address.spec for box in plan.people.cc] == ["cat@example.org"]
    assert plan.people.bcc == ()


def test_custom_properties_that_the_template_needs_and_nobody_gave_are_named():
    version = compiled(content={"html": "{{ custom.b }} {{ custom.a }}"})
    found = refusal(facts(version=version), custom_properties={})
    assert found.result is R.MISSING_TEMPLATE_PROPERTIES
    assert "customProperties did not give: a, b." in found.explanation


def test_a_custom_property_given_as_null_counts_as_given():
    version = compiled(content={"html": "{{ custom.a }}"})
    assert isinstance(decide(facts(version=version), custom_properties={"a": None}), Plan)


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        (emails.FaultKind.LIMIT, R.HUBL_LIMIT_EXCEEDED),
        (emails.FaultKind.EXCEPTION, R.TEMPLATE_RENDER_EXCEPTION),
    ],
)
def test_a_render_fault_has_its_result(kind: emails.FaultKind, result: ledger.SendResult):
    found = rules.render_fault(emails.RenderFault(kind=kind, message="The subject, line 1: no."))
    assert (found.result, found.explanation) == (result, "The subject, line 1: no.")


def test_the_first_reason_is_told_when_there_are_several():
    known = facts(of=account(AccountState.SUSPENDED), versions={}, connected={})
    assert refusal(known).result is R.PORTAL_SUSPENDED


# --- what is looked up


def test_without_a_version_there_is_no_senders_domain():
    named = people(from_="shop@example.com")
    assert isinstance(named, People)
    assert rules.sender_domain(named, None) is None


def test_the_senders_domain_is_an_a_label():
    named = people(from_="shop@BÜCHER.example")
    assert isinstance(named, People)
    assert rules.sender_domain(named, compiled()) == "xn--bcher-kva.example"


def test_an_unusable_template_sender_has_no_domain():
    named = people()
    assert isinstance(named, People)
    assert rules.sender_domain(named, replace(compiled(), from_address="nobody")) is None


def test_a_suppression_is_looked_for_by_address_and_by_domain():
    box = mail.parse_mailbox("ANN@Example.org")
    assert isinstance(box, mail.Mailbox)
    named = People(to=box, from_=None, reply_to=(), cc=(), bcc=())
    assert list(rules.suppression_slots(1, named)) == [(1, STREAM, "ann@example.org"), (1, STREAM, "@example.org")]
