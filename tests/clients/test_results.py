"""Every result that a single send can have, by its natural cause, each with a sentence for people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.clients.conftest import V3_SEND, Customer, Served, wait_until

LIMITS_HTML = "{% for i in range(1000) %}{% for j in range(1000) %}{{ custom.order_no }}{% endfor %}{% endfor %}"
THROWS_HTML = "{% for name, price in custom.lines %}{{ name }}: {{ price }}{% endfor %}"


def request(email_id: int, to: str, **message: Any) -> dict[str, Any]:
    custom = {"order_no": "1", "lines": [["Tea", "3.50"], ["Cup"]]}
    return {"emailId": email_id, "message": {"to": to, **message}, "customProperties": custom}


def told(status: dict[str, Any]) -> tuple[str, str]:
    """Status and result; without a sentence it is no answer."""
    assert len(status["message"].split()) >= 5, status
    assert "startedAt" in status or status["sendResult"].startswith("IDEMPOTENT"), status
    return status["status"], status["sendResult"]


@pytest.mark.parametrize(
    ("result", "to", "message"),
    [
        ("SENT", "ann@example.org", {}),
        ("SENT", "Ann Lee <ann@bücher.example>", {}),
        ("QUEUED", "defer@sandbox.test", {}),
        ("QUEUED", "full@sandbox.test", {}),
        ("UNDELIVERABLE", "bounce+first@sandbox.test", {}),
        ("UNDELIVERABLE", "block@sandbox.test", {}),
        ("INVALID_TO_ADDRESS", "not an address", {}),
        ("INVALID_TO_ADDRESS", "", {}),
        ("INVALID_TO_ADDRESS", "postmaster@example.org", {}),
        ("INVALID_TO_ADDRESS", "ann@example.org", {"cc": ["nobody@"]}),
        ("INVALID_FROM_ADDRESS", "ann@example.org", {"from": "Nobody"}),
        ("INVALID_FROM_ADDRESS", "ann@example.org", {"replyTo": ["<>"]}),
        ("UNCONFIGURED_SENDING_DOMAIN", "ann@example.org", {"from": "Shop <shop@elsewhere.example>"}),
        ("TOO_MANY_RECIPIENTS", "ann@example.org", {"cc": [f"c{n}@example.org" for n in range(100)]}),
    ],
)
def test_what_the_request_says_leads_to_its_result(acme: Customer, result: str, to: str, message: dict[str, Any]):
    assert told(acme.outcome(request(acme.email_id, to, **message))) == ("COMPLETE", result)


def test_the_email_of_an_smtp_token_is_no_content(acme: Customer):
    wanted = {"campaignName": "Receipts", "createContact": True}
    assert acme.http.post("/marketing/v3/transactional/smtp-tokens", json=wanted).status_code == 201
    found = acme.http.get("/marketing/v3/emails", params={"type": "SMTP_TOKEN"}).json()["results"]
    assert told(acme.outcome(request(int(found[-1]["id"]), "ann@example.org"))) == ("COMPLETE", "MISSING_CONTENT")


def test_an_email_counts_what_became_of_its_sends(acme: Customer):
    email_id = acme.publish()
    for to in ("ann@example.org", "bounce+counted@sandbox.test", "postmaster@example.org"):
        acme.outcome(request(email_id, to))
    counted = acme.http.get(f"/marketing/v3/emails/{email_id}", params={"includeStats": "true"}).json()["stats"]
    names = ("selected", "sent", "delivered", "bounce", "hardbounced", "dropped", "pending")
    assert {name: counted["counters"][name] for name in names} == {
        "selected": 3, "sent": 2, "delivered": 1, "bounce": 1, "hardbounced": 1, "dropped": 1, "pending": 0,
    }  # fmt: skip
    assert counted["ratios"]["deliveredratio"] == 50.0


def test_a_send_is_pending_until_somebody_takes_it(acme: Customer):
    answer = acme.send(request(acme.email_id, "ann@example.org"))
    assert (answer["status"], answer.get("sendResult"), answer.get("message")) == ("PENDING", None, None)


@pytest.mark.parametrize(
    ("html", "result"), [(LIMITS_HTML, "HUBL_LIMIT_EXCEEDED"), (THROWS_HTML, "TEMPLATE_RENDER_EXCEPTION")]
)
def test_a_template_that_cannot_be_rendered_leads_to_its_result(acme: Customer, html: str, result: str):
    assert told(acme.outcome(request(acme.publish(html=html), "ann@example.org"))) == ("COMPLETE", result)


def test_a_property_that_was_not_given_is_named(acme: Customer):
    asked = request(acme.publish(html="<p>{{ custom.colour }}</p>"), "ann@example.org")
    status = acme.outcome(asked)
    assert told(status) == ("COMPLETE", "MISSING_TEMPLATE_PROPERTIES")
    assert status["message"].endswith("did not give: colour.")


def test_an_email_that_is_unknown_or_a_draft_or_withdrawn_is_missing_content(acme: Customer):
    draft = acme.http.post("/marketing/v3/emails/", json={"name": "Draft"}).json()["id"]
    withdrawn = acme.publish()
    acme.http.post(f"/marketing/v3/emails/{withdrawn}/unpublish")
    archived = acme.publish()
    acme.http.delete(f"/marketing/v3/emails/{archived}")
    for email_id in (987_654, -1, int(draft), withdrawn, archived):
        assert told(acme.outcome(request(email_id, "ann@example.org"))) == ("COMPLETE", "MISSING_CONTENT")


def test_an_address_that_bounced_is_not_mailed_again(acme: Customer):
    asked = request(acme.email_id, "bounce@sandbox.test")
    assert told(acme.outcome(asked)) == ("COMPLETE", "UNDELIVERABLE")
    again = acme.outcome(asked)
    assert told(again) == ("COMPLETE", "PREVIOUSLY_BOUNCED")
    assert "no such user here" in again["message"]


def test_a_person_who_complained_is_not_mailed_again(acme: Customer):
    asked = request(acme.email_id, "complain@sandbox.test")
    assert told(acme.outcome(asked)) == ("COMPLETE", "SENT")
    wait_until(lambda: acme.events(recipient="complain@sandbox.test", eventType="SPAMREPORT"), bool)
    assert told(acme.outcome(asked)) == ("COMPLETE", "PREVIOUS_SPAM")


def test_a_domain_that_the_operator_blocked_is_not_mailed(acme: Customer):
    whose = ("--account", str(acme.boot.portal_id))
    acme.operate("suppressions", "block", "blocked.example", "--reason", "they asked us to", *whose)
    blocked = acme.outcome(request(acme.email_id, "ann@blocked.example"))
    assert told(blocked) == ("COMPLETE", "BLOCKED_DOMAIN")
    assert "they asked us to" in blocked["message"]


def test_a_suspended_account_accepts_and_sends_nothing(served: Served):
    idle = served.customer("Idle", "idle.example.com")
    idle.operate("accounts", "suspend", str(idle.boot.portal_id), "--reason", "invoices are open")
    suspended = idle.outcome(request(idle.publish_from("idle.example.com"), "ann@example.org"))
    assert told(suspended) == ("COMPLETE", "PORTAL_SUSPENDED")
    assert "invoices are open" in suspended["message"]


def test_a_send_id_with_another_payload_fails(acme: Customer):
    first = acme.outcome(request(acme.email_id, "fail@example.org", sendId="results-fail"))
    second = acme.outcome(request(acme.email_id, "other@example.org", sendId="results-fail"))
    assert (told(first), told(second)) == (("COMPLETE", "SENT"), ("COMPLETE", "IDEMPOTENT_FAIL"))
    assert first["statusId"] in second["message"]
    assert acme.events(recipient="other@example.org") == []


def test_of_the_same_requests_at_one_moment_one_is_sent_and_the_others_are_ignored(acme: Customer):
    """Who comes within the same commit is ignored by name; who comes later gets the first one's status."""
    seen = dict[str, str]()
    for round_ in range(20):
        asked = request(acme.email_id, f"burst{round_}@example.org", sendId=f"results-burst-{round_}")
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _, asked=asked: acme.http.post(V3_SEND, json=asked).json(), range(16)))
        statuses = [acme.settled(status_id) for status_id in {answer["statusId"] for answer in answers}]
        results = sorted(status["sendResult"] for status in statuses)
        assert results[-1] == "SENT"
        assert set(results[:-1]) <= {"IDEMPOTENT_IGNORE"}
        seen |= {status["sendResult"]: told(status)[0] for status in statuses}
        if "IDEMPOTENT_IGNORE" in seen:
            break
    assert seen == {"SENT": "COMPLETE", "IDEMPOTENT_IGNORE": "COMPLETE"}
