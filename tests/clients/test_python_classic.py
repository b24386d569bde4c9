"""A script for HubSpot's classic Python client runs unchanged but for the host."""

from __future__ import annotations

import pytest

from tests.clients import python_classic as script
from tests.clients.conftest import Customer
from tests.clients.watch import Watched


@pytest.fixture(scope="module")
def client(acme: Customer) -> script.HubSpot:
    return script.connect(acme.token, acme.host)


def all_was_called(api: Watched) -> bool:
    return api.called == api.methods - script.COMING


def test_every_method_for_emails_does_what_it_says(client: script.HubSpot):
    assert all_was_called(script.author_emails(client))


def test_every_method_for_one_contact_does_what_it_says(client: script.HubSpot):
    assert all_was_called(script.keep_contacts(client))


def test_every_method_for_many_contacts_does_what_it_says(client: script.HubSpot):
    assert all_was_called(script.keep_many_contacts(client))


def test_contacts_are_searched_page_by_page(client: script.HubSpot):
    assert all_was_called(script.search_contacts(client))


def test_a_mail_is_sent_by_the_model_and_by_a_dictionary(client: script.HubSpot, acme: Customer):
    statuses = script.send_one(client, acme.email_id)
    assert [(status["status"], status["sendResult"]) for status in statuses] == [("COMPLETE", "SENT")] * 2
    assert acme.http.get("/crm/v3/objects/contacts/ann@example.org?idProperty=email").json()["properties"][
        "firstname"
    ] == ("Ann")


def test_every_method_for_smtp_tokens_does_what_it_says(client: script.HubSpot):
    assert all_was_called(script.keep_smtp_tokens(client, "classic"))


def test_what_is_wrong_with_a_token_is_said(client: script.HubSpot, acme: Customer, poor: Customer):
    told = script.meet_token_faults(client, script.connect(poor.token, acme.host))
    assert {name: status for name, (status, _) in told.items()} == {"no token": 404, "no name": 400, "no scope": 403}
    assert '"in":"campaignName"' in told["no name"][1]


def test_each_fault_raises_its_exception_and_says_what_to_do(acme: Customer, poor: Customer, client: script.HubSpot):
    unknown = script.connect("pat-sw1-nobody", acme.host)
    forbidden = script.connect(poor.token, acme.host)
    told = script.meet_faults(client, unknown, forbidden)
    assert {name: status for name, (status, _) in told.items()} == {
        "conflict": 409, "no contact": 404, "no e-mail": 404, "bad address": 400, "bad send": 400, "bad token": 401,
        "no scope": 403,
    }  # fmt: skip
    assert "Existing ID: " in told["conflict"][1]
    assert '"in":"message.to"' in told["bad send"][1]
    assert "transactional-email" in told["no scope"][1]
    assert all('"correlationId":' in body for _, body in told.values())


def test_a_request_put_inside_its_custom_properties_is_explained(client: script.HubSpot):
    status, body = script.put_everything_inside(client)
    assert (status, "the whole request was put inside customProperties" in body) == (400, True)
