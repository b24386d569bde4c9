"""A script for HubSpot's new Python client runs unchanged but for the host, and its retries mail nobody twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients import python_sdk as script
from tests.clients.conftest import Customer
from tests.clients.lossy import LossyProxy
from tests.clients.watch import Watched


@pytest.fixture(scope="module", params=["tolerant", "strict"])
def client(request: pytest.FixtureRequest, acme: Customer) -> Iterator[script.HubSpot]:
    with script.connect(acme.token, acme.host, strict=request.param == "strict") as client:
        yield client


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    """Tells the rows of the two modes apart."""
    mode = request.node.callspec.params["client"]
    return f"sdk.{mode}"


def all_was_called(api: Watched) -> bool:
    return api.called == api.methods - script.SHORTCUTS - script.COMING


def test_every_method_for_emails_does_what_it_says(client: script.HubSpot):
    api = script.author_emails(client)
    assert api.called == api.methods - script.SHORTCUTS - script.COMING - {"get"}  # which reads statistics


def test_every_method_for_one_contact_does_what_it_says(client: script.HubSpot, mark: str):
    assert all_was_called(script.keep_contacts(client, mark))


def test_every_method_for_many_contacts_does_what_it_says(client: script.HubSpot, mark: str):
    assert all_was_called(script.keep_many_contacts(client, mark))


def test_every_method_for_smtp_tokens_does_what_it_says(client: script.HubSpot, mark: str):
    assert all_was_called(script.keep_smtp_tokens(client, mark))


def test_both_operations_send(client: script.HubSpot, acme: Customer, mark: str):
    statuses = script.send_both_ways(client, acme.email_id, f"to.{mark}@example.org")
    assert [(status.status, status.send_result) for status in statuses] == [("COMPLETE", "SENT")] * 2
    assert all(status.event_id is not None and status.message for status in statuses)


def test_a_fault_has_the_class_of_its_status(acme: Customer, poor: Customer):
    properties = {"email": "sdk.taken@example.net"}
    with script.connect(acme.token, acme.host) as client, script.connect(poor.token, poor.host) as forbidden:
        contacts = client.crm.objects.contacts
        contacts.create(properties=properties, associations=[])
        told = [
            script.fault(contacts.create, properties={"email": "not an address"}, associations=[]),
            script.fault(forbidden.crm.objects.contacts.create, properties=properties, associations=[]),
            script.fault(contacts.get, contact_id="999999"),
            script.fault(contacts.create, properties=properties, associations=[]),
        ]
    with script.connect("pat-sw1-nobody", acme.host) as unknown:
        told.append(script.fault(unknown.crm.objects.contacts.get, contact_id="1"))
    assert [(type(fault).__name__, fault.status_code) for fault in told] == [
        ("BadRequestError", 400), ("PermissionDeniedError", 403), ("NotFoundError", 404), ("ConflictError", 409),
        ("AuthenticationError", 401),
    ]  # fmt: skip


def test_a_conflict_is_not_tried_again(acme: Customer):
    with LossyProxy(acme.host, lose=0) as proxy, script.connect(acme.token, proxy.url) as client:
        create = client.crm.objects.contacts.create
        create(properties={"email": "sdk.once@example.net"}, associations=[])
        script.fault(create, properties={"email": "sdk.once@example.net"}, associations=[])
        assert len(proxy.seen) == 2


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_mails_nobody_twice(acme: Customer, lost: int):
    to = f"sdk.lost{lost}@example.org"
    with LossyProxy(acme.host, lose=lost) as proxy, script.connect(acme.token, proxy.url) as client:
        answer = client.marketing.transactional.single_email.send(
            email_id=acme.email_id,
            message={"to": to, "cc": [], "bcc": [], "reply_to": []},
            contact_properties={},
            custom_properties={"order_no": "4711"},
        )
        assert [seen["x-stainless-retry-count"] for seen in proxy.seen] == [str(n) for n in range(lost + 1)]
    assert acme.settled(answer.status_id)["sendResult"] == "SENT"
    assert {event["sendId"] for event in acme.events(recipient=to)} == {answer.status_id}


def test_the_same_request_made_twice_on_purpose_is_two_mails(acme: Customer):
    to = "sdk.twice@example.org"
    with script.connect(acme.token, acme.host) as client:
        statuses = [
            *script.send_both_ways(client, acme.email_id, to),
            *script.send_both_ways(client, acme.email_id, to),
        ]
    assert [status.send_result for status in statuses] == ["SENT"] * 4
    assert len(acme.events(recipient=to, eventType="SENT")) == 4
