"""What a customer does with PyPI's ``hubspot-sdk``: the same, on the date-versioned paths."""

from __future__ import annotations

import warnings
from datetime import datetime

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # strangers' code
    from hubspot_sdk import APIStatusError, HubSpot
    from hubspot_sdk.types.marketing import EmailSendStatusView

from tests.clients.conftest import wait_until
from tests.clients.watch import Watched

COMING = {
    "create_ab_test_variation", "get_ab_test_variation",  # A/B tests
    "get_histogram",  # statistics of e-mails; ``emails.get`` reads them too
    "merge", "gdpr_delete",  # records that become one, or are forgotten
}  # fmt: skip
"""Methods that Sendwright does not serve yet."""

SHORTCUTS = {"batch", "with_raw_response", "with_streaming_response"}
"""No methods of their own."""

EMAILS_SILENT = frozenset({"delete", "publish", "reset_draft", "restore_revision", "unpublish"})
SILENT = frozenset({"delete"})
HTML = "<p>Dear {{ contact.firstname }}, order {{ custom.number }}</p>"


def connect(token: str, host: str, *, strict: bool = False) -> HubSpot:
    """Strict: an answer that is not as HubSpot's description says raises ``APIResponseValidationError``."""
    return HubSpot(access_token=token, base_url=host, _strict_response_validation=strict)


def author_emails(client: HubSpot) -> Watched:
    """An e-mail from the first draft to the archive."""
    api = Watched(client.marketing.emails, silent=EMAILS_SILENT)
    made = api.create(
        name="Receipt",
        subject="Order {{ custom.number }}",
        from_={"from_name": "Example Shop", "reply_to": "shop@example.com"},
        content={"widgets": {"hs_email_body": {"body": {"html": HTML}}}},
        subcategory="single_send_api",
    )
    assert (made.state, made.type, made.from_.reply_to) == ("DRAFT", "SINGLE_SEND_API", "shop@example.com")
    email_id = int(made.id)
    assert api.update(email_id, name="Receipt of today").name == "Receipt of today"
    api.publish(email_id)
    assert api.update_draft(email_id, subject="Something else").subject == api.get_draft(email_id).subject
    api.reset_draft(email_id)
    revisions = list(api.list_revisions(email_id, limit=1))
    oldest = int(revisions[-1].id)
    assert api.get_revision(oldest, email_id=email_id).object.name == "Receipt"
    assert api.restore_revision_to_draft(oldest, email_id=email_id).name == "Receipt"
    api.restore_revision(str(oldest), email_id=email_id)
    cloned = api.clone(id=made.id, clone_name="Copy")
    assert next(iter(api.list(limit=1, sort=["-createdAt"], is_published=False))).id == cloned.id
    api.unpublish(email_id)
    api.delete(int(cloned.id))
    assert cloned.id in {each.id for each in api.list(archived=True)}
    return api


def keep_contacts(client: HubSpot, mark: str) -> Watched:
    """One contact at a time. ``mark`` tells the addresses of two runs apart."""
    api = Watched(client.crm.objects.contacts, silent=SILENT)
    made = api.create(properties={"email": f"{mark}@example.net", "firstname": "Jo"}, associations=[])
    # only properties that have a value: this client's strict mode refuses the nulls that HubSpot answers
    found = api.get(f"{mark}@example.net", id_property="email", properties=["firstname"])
    assert (found.id, found.properties["firstname"]) == (made.id, "Jo")
    assert api.update(made.id, properties={"city": mark}).properties["city"] == mark
    past = api.get(made.id, properties=["city"], properties_with_history=["city"])
    assert [each.value for each in past.properties_with_history["city"]] == [mark]
    assert made.id in [each.id for each in api.list(limit=1, properties=["hs_object_id"])]
    filters = [{"property_name": "city", "operator": "EQ", "value": mark}]
    searched = api.search(
        after="0", filter_groups=[{"filters": filters}], limit=10, properties=["city"], sorts=["-createdate"]
    )
    assert (searched.total, searched.results[0].id) == (1, made.id)
    api.delete(made.id)
    return api


def keep_many_contacts(client: HubSpot, mark: str) -> Watched:
    """Contacts by the batch."""
    api = Watched(client.crm.objects.contacts.batch, silent=SILENT)
    addresses = [f"{mark}{n}@example.net" for n in range(3)]
    made = api.create(inputs=[{"properties": {"email": address}, "associations": []} for address in addresses[:2]])
    ids = [each.id for each in made.results]
    changed = api.update(inputs=[{"id": id_, "properties": {"city": "Rome"}} for id_ in ids])
    assert [each.properties["city"] for each in changed.results] == ["Rome", "Rome"]
    wanted = [{"id": address, "id_property": "email", "properties": {"city": "Bern"}} for address in addresses[1:]]
    upserted = api.upsert(inputs=wanted)
    assert [each.new for each in upserted.results] == [False, True]
    read = api.get(
        inputs=[{"id": address} for address in addresses], id_property="email", properties=["city"],
        properties_with_history=[],
    )  # fmt: skip
    assert sorted(each.properties["city"] for each in read.results) == ["Bern", "Bern", "Rome"]
    api.delete(inputs=[{"id": id_} for id_ in ids])
    return api


def send_both_ways(client: HubSpot, email_id: int, to: str) -> list[EmailSendStatusView]:
    """One mail by each of the two operations; what the statuses say in the end."""
    transactional = Watched(client.marketing.transactional.single_email, silent=frozenset())
    marketing = Watched(client.marketing.single_send, silent=frozenset())
    answers = [
        send(
            email_id=email_id,
            message={"to": to, "cc": [], "bcc": [], "reply_to": []},
            contact_properties={},
            custom_properties={"order_no": "4711"},
        )
        for send in (transactional.send, marketing.create)
    ]
    assert all(isinstance(each.requested_at, datetime) for each in answers)
    return [follow(client, each.status_id) for each in answers]


def keep_smtp_tokens(client: HubSpot, mark: str) -> Watched:
    """A token from its making to its end. ``mark`` tells the tokens of two runs apart."""
    api = Watched(client.marketing.transactional.smtp_tokens, silent=SILENT)
    made = [api.create(campaign_name=mark, create_contact=create) for create in (True, False)]
    first = made[0]
    assert (first.campaign_name, first.create_contact, "@" in first.created_by) == (mark, True, True)
    assert isinstance(first.created_at, datetime)
    assert first.password.startswith("sws-")
    assert [token.id for token in api.list(campaign_name=mark, limit=1)] == [token.id for token in made]
    (found,) = api.list(email_campaign_id=first.email_campaign_id)
    assert (found.id, found.password) == (first.id, None)
    assert api.get(first.id).email_campaign_id == first.email_campaign_id
    reset = api.reset_password(first.id)
    assert (reset.id, reset.password == first.password) == (first.id, False)
    api.delete(first.id)
    assert [token.id for token in api.list(campaign_name=mark)] == [made[1].id]
    return api


def follow(client: HubSpot, status_id: str) -> EmailSendStatusView:
    """The status, by the raw request: this client has no method for it either."""
    path = f"/marketing/v3/email/send-statuses/{status_id}"
    found: EmailSendStatusView = wait_until(
        lambda: client.get(path, cast_to=EmailSendStatusView), lambda status: status.status == "COMPLETE"
    )
    return found


def fault(call: object, **kwargs: object) -> APIStatusError:
    """What a call raised."""
    try:
        answer = call(**kwargs)  # type: ignore[operator]
    except APIStatusError as raised:
        return raised
    raise AssertionError(f"nothing was raised: {answer!r}")
