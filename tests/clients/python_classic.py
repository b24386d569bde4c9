"""What a customer does with PyPI's ``hubspot-api-client``: e-mails, contacts, single sends, and what goes wrong."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from hubspot import HubSpot
from hubspot.crm import contacts as crm
from hubspot.crm.contacts import exceptions as crm_faults
from hubspot.marketing import emails, transactional
from hubspot.marketing.emails import exceptions as email_faults
from hubspot.marketing.transactional import exceptions as send_faults

from tests.clients.watch import Watched

COMING = {
    "create_ab_test_variation", "get_ab_test_variation",  # A/B tests
    "merge", "purge",  # records that become one, or are forgotten
}  # fmt: skip
"""Methods that Sendwright does not serve yet."""

EMAILS_SILENT = frozenset({"archive", "publish_or_send", "reset_draft", "restore_revision", "unpublish_or_cancel"})
HTML = "<p>Dear {{ contact.firstname }}, order {{ custom.number }}</p>"


def connect(token: str, host: str) -> HubSpot:
    """The line that changes: HubSpot's host is left out by everybody else."""
    return HubSpot(access_token=token, host=host, base_url=host)


# --- marketing e-mails


def author_emails(client: HubSpot) -> Watched:
    """An e-mail from the first draft to the archive."""
    api = Watched(client.marketing.emails.marketing_emails_api, silent=EMAILS_SILENT)
    email_id = _write_and_publish(api)
    _work_on_the_draft(api, email_id)
    _go_back_in_time(api, email_id)
    _clone_and_put_away(api, email_id)
    return api


def _write_and_publish(api: Watched) -> str:
    made = api.create(
        emails.EmailCreateRequest(
            name="Receipt",
            subject="Order {{ custom.number }}",
            _from=emails.PublicEmailFromDetails(from_name="Example Shop", reply_to="shop@example.com"),
            content=emails.PublicEmailContent(widgets={"hs_email_body": {"body": {"html": HTML}}}),
            subcategory="single_send_api",
        )
    )
    assert (made.state, made.type, made._from.reply_to) == ("DRAFT", "SINGLE_SEND_API", "shop@example.com")
    assert isinstance(made.created_at, datetime)
    changed = api.update(made.id, emails.EmailUpdateRequest(name="Receipt of today"))
    assert (changed.name, changed.subject) == ("Receipt of today", "Order {{ custom.number }}")
    api.publish_or_send(made.id)
    found = api.get_by_id(made.id, include_stats=True)
    assert (found.is_published, found.is_transactional, found.stats.counters["sent"]) == (True, True, 0)
    return str(made.id)


def _work_on_the_draft(api: Watched, email_id: str) -> None:
    drafted = api.upsert_draft(email_id, emails.EmailUpdateRequest(subject="Something else"))
    assert drafted.subject == api.get_draft(email_id).subject == "Something else"
    assert api.get_by_id(email_id).subject == "Order {{ custom.number }}"
    api.reset_draft(email_id)
    assert api.get_draft(email_id).subject == "Order {{ custom.number }}"


def _go_back_in_time(api: Watched, email_id: str) -> None:
    revisions = api.get_revisions(email_id, limit=100)
    assert revisions.total == len(revisions.results) > 1
    first = revisions.results[-1]
    assert api.get_revision_by_id(email_id, first.id).object.name == "Receipt"
    assert api.restore_draft_revision(email_id, int(first.id)).name == "Receipt"
    api.restore_revision(email_id, first.id)
    assert api.get_by_id(email_id).name == "Receipt"


def _clone_and_put_away(api: Watched, email_id: str) -> None:
    cloned = api.clone(emails.ContentCloneRequestVNext(id=email_id, clone_name="Copy"))
    assert (cloned.name, cloned.state, cloned.id != email_id) == ("Copy", "DRAFT", True)
    pages = list(_email_pages(api))
    assert {email_id, cloned.id} <= {each.id for page in pages for each in page.results}
    assert sum(len(page.results) for page in pages) == pages[0].total
    api.unpublish_or_cancel(email_id)
    assert api.get_by_id(email_id).is_published is False
    api.archive(cloned.id)
    assert api.get_by_id(cloned.id, archived=True).archived is True


def _email_pages(api: Watched) -> Any:
    after = None
    while True:
        page = api.get_page(limit=1, sort=["-createdAt"], **({"after": after} if after else {}))
        yield page
        if page.paging is None:
            return
        after = page.paging.next.after


# --- contacts


def keep_contacts(client: HubSpot) -> Watched:
    """One contact at a time."""
    api = Watched(client.crm.contacts.basic_api, silent=frozenset({"archive"}))
    made = api.create(crm.SimplePublicObjectInputForCreate(properties={"email": "jo@example.net", "firstname": "Jo"}))
    assert (made.properties["firstname"], made.archived, made.created_at.tzinfo is not None) == ("Jo", False, True)
    by_email = api.get_by_id("JO@example.net", id_property="email", properties=["firstname", "city"])
    assert (by_email.id, by_email.properties["city"]) == (made.id, None)
    changed = api.update(made.id, crm.SimplePublicObjectInput(properties={"city": "Oslo"}))
    assert changed.properties["city"] == "Oslo"
    past = api.get_by_id(made.id, properties_with_history=["city"]).properties_with_history["city"]
    assert [each.value for each in past] == ["Oslo"]
    seen = [each.id for page in _contact_pages(api) for each in page.results]
    assert made.id in seen
    assert sorted(seen) == sorted({each.id for each in client.crm.contacts.get_all()})
    api.archive(made.id)
    assert api.get_by_id(made.id, archived=True).archived is True
    return api


def _contact_pages(api: Watched) -> Any:
    after = None
    while True:
        page = api.get_page(limit=1, archived=False, **({"after": after} if after else {}))
        yield page
        if page.paging is None:
            return
        after = page.paging.next.after


def keep_many_contacts(client: HubSpot) -> Watched:
    """Contacts by the batch."""
    api = Watched(client.crm.contacts.batch_api, silent=frozenset({"archive"}))
    inputs = [crm.SimplePublicObjectBatchInputForCreate(properties={"email": f"b{n}@example.net"}) for n in (1, 2)]
    made = api.create(crm.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert (made.status, len(made.results)) == ("COMPLETE", 2)
    ids = [each.id for each in made.results]
    edits = [crm.SimplePublicObjectBatchInput(id=id_, properties={"city": "Rome"}) for id_ in ids]
    changed = api.update(crm.BatchInputSimplePublicObjectBatchInput(inputs=edits))
    assert {each.properties["city"] for each in changed.results} == {"Rome"}
    upserts = [
        crm.SimplePublicObjectBatchInputUpsert(id=f"b{n}@example.net", id_property="email", properties={"city": "Bern"})
        for n in (2, 3)
    ]
    upserted = api.upsert(crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=upserts))
    assert [each.new for each in upserted.results] == [False, True]
    wanted = crm.BatchReadInputSimplePublicObjectId(
        inputs=[crm.SimplePublicObjectId(id=f"b{n}@example.net") for n in (1, 3, 4)],
        id_property="email", properties=["city"], properties_with_history=[],
    )  # fmt: skip
    read = api.read(wanted)
    assert sorted(each.properties["city"] for each in read.results) == ["Bern", "Rome"]
    assert (read.num_errors, read.errors[0].category) == (1, "OBJECT_NOT_FOUND")
    gone = [crm.SimplePublicObjectId(id=id_) for id_ in ids]
    api.archive(crm.BatchInputSimplePublicObjectId(inputs=gone))
    return api


def search_contacts(client: HubSpot) -> Watched:
    """Filters, sorts, words, pages."""
    for n, city in enumerate(("Turin", "Turin", "Basel")):
        properties = {"email": f"s{n}@example.net", "city": city}
        client.crm.contacts.basic_api.create(crm.SimplePublicObjectInputForCreate(properties=properties))
    api = Watched(client.crm.contacts.search_api, silent=frozenset())
    in_turin = crm.FilterGroup(filters=[crm.Filter(property_name="city", operator="EQ", value="Turin")])
    request = {"filter_groups": [in_turin], "sorts": ["-email"], "properties": ["email"], "limit": 1}
    first = api.do_search(crm.PublicObjectSearchRequest(**request))
    assert (first.total, first.results[0].properties["email"]) == (2, "s1@example.net")
    second = api.do_search(crm.PublicObjectSearchRequest(**request, after=first.paging.next.after))
    assert (second.results[0].properties["email"], second.paging) == ("s0@example.net", None)
    return api


# --- single send


def send_one(client: HubSpot, email_id: int) -> list[dict[str, Any]]:
    """The same mail by the model and by a plain dictionary; what the statuses say in the end."""
    api = Watched(client.marketing.transactional.single_send_api, silent=frozenset())
    egg = transactional.PublicSingleSendRequestEgg(
        email_id=email_id,
        message=transactional.PublicSingleSendEmail(
            to="ann@example.org", _from="Example Shop <orders@example.com>", send_id="classic-1",
            reply_to=["help@example.com"], cc=["copy@example.org"], bcc=["books@example.org"],
        ),
        contact_properties={"firstname": "Ann"},
        custom_properties={"order_no": "4711", "lines": [{"name": "Tea", "price": "3.50"}]},
    )  # fmt: skip
    plain = {
        "emailId": email_id,
        "message": {"to": "ann@example.org", "sendId": "classic-2"},
        "customProperties": {"order_no": "4712"},
    }
    answers = [api.send_email(egg), api.send_email(plain)]
    assert all(isinstance(each.requested_at, datetime) for each in answers)
    assert api.send_email(egg).status_id == answers[0].status_id  # a sendId is mailed once
    return [_follow(client, each.status_id) for each in answers]


def _follow(client: HubSpot, status_id: str) -> dict[str, Any]:
    """No client has a method for the status: people use the raw request."""
    for _ in range(1000):
        status = client.api_request({"path": f"/marketing/v3/email/send-statuses/{status_id}"}).json()
        if status["status"] == "COMPLETE":
            break
        time.sleep(0.02)
    return dict(status)


# --- SMTP tokens


def keep_smtp_tokens(client: HubSpot, mark: str) -> Watched:
    """A token from its making to its end. ``mark`` tells the tokens of two runs apart."""
    api = Watched(client.marketing.transactional.public_smtp_tokens_api, silent=frozenset({"archive_token"}))
    eggs = [transactional.SmtpApiTokenRequestEgg(create_contact=create, campaign_name=mark) for create in (True, False)]
    made = [api.create_token(egg) for egg in eggs]
    first = made[0]
    assert (first.campaign_name, first.create_contact, "@" in first.created_by) == (mark, True, True)
    assert isinstance(first.created_at, datetime)
    assert len(first.password) >= 32
    assert [token.id for page in _token_pages(api, mark) for token in page.results] == [each.id for each in made]
    (found,) = api.get_tokens_page(email_campaign_id=first.email_campaign_id).results
    assert (found.id, found.password) == (first.id, None)
    assert api.get_token_by_id(first.id).to_dict() == {**first.to_dict(), "password": None}
    reset = api.reset_password(first.id)
    assert (reset.id, reset.password == first.password) == (first.id, False)
    api.archive_token(first.id)
    left = api.get_tokens_page(campaign_name=mark)
    assert ([token.id for token in left.results], left.paging) == ([made[1].id], None)
    return api


def _token_pages(api: Watched, mark: str) -> Any:
    after = None
    while True:
        page = api.get_tokens_page(campaign_name=mark, limit=1, **({"after": after} if after else {}))
        yield page
        if page.paging is None:
            return
        after = page.paging.next.after


def meet_token_faults(client: HubSpot, forbidden: HubSpot) -> dict[str, tuple[int, str]]:
    """Each fault with its status and the answer's text."""
    tokens, barred = (
        each.marketing.transactional.public_smtp_tokens_api for each in (client, forbidden)
    )  # fmt: skip
    egg = transactional.SmtpApiTokenRequestEgg(create_contact=True, campaign_name="x")
    return {
        "no token": _fault(send_faults.NotFoundException, tokens.get_token_by_id, "nobody@1.smtp.example.com"),
        "no name": _fault(transactional.ApiException, tokens.create_token, {"createContact": True}),
        "no scope": _fault(send_faults.ForbiddenException, barred.create_token, egg),
    }


# --- what goes wrong


def meet_faults(client: HubSpot, unknown: HubSpot, forbidden: HubSpot) -> dict[str, tuple[int, str]]:
    """Each fault with its status and the answer's text. ``forbidden``: a token without the scope."""
    contacts = client.crm.contacts.basic_api
    taken = crm.SimplePublicObjectInputForCreate(properties={"email": "taken@example.net"})
    contacts.create(taken)
    request = {"emailId": 1, "message": {"to": "ann@example.org"}}
    no_recipient = {"emailId": 1, "message": {}}
    return {
        "conflict": _fault(crm.ApiException, contacts.create, taken),
        "no contact": _fault(crm_faults.NotFoundException, contacts.get_by_id, "999999"),
        "no e-mail": _fault(
            email_faults.NotFoundException, client.marketing.emails.marketing_emails_api.get_by_id, "999999"
        ),
        "bad address": _fault(
            crm.ApiException,
            contacts.create,
            crm.SimplePublicObjectInputForCreate(properties={"email": "not an address"}),
        ),
        "bad send": _fault(
            transactional.ApiException, client.marketing.transactional.single_send_api.send_email, no_recipient
        ),
        "bad token": _fault(
            send_faults.UnauthorizedException, unknown.marketing.transactional.single_send_api.send_email, request
        ),
        "no scope": _fault(
            send_faults.ForbiddenException, forbidden.marketing.transactional.single_send_api.send_email, request
        ),
    }


def put_everything_inside(client: HubSpot) -> tuple[int, str]:
    """The model given the whole request by position, as was once advised: it all lands in customProperties."""
    request = {"emailId": 1, "message": {"to": "ann@example.org"}}
    egg = transactional.PublicSingleSendRequestEgg(request)
    return _fault(transactional.ApiException, client.marketing.transactional.single_send_api.send_email, egg)


def _fault(kind: type[Exception], call: Any, *args: Any) -> tuple[int, str]:
    try:
        answer = call(*args)
    except kind as fault:
        return int(fault.status), str(fault.body)  # type: ignore[attr-defined]
    raise AssertionError(f"{kind.__name__} was not raised: {answer!r}")
