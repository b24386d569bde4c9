"""No operation and no page shows or changes anything of another account, whatever ids are named (attacks D7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sendwright.doors import http as door
from tests.clients.conftest import Customer, Served
from tests.clients.wire import Answer, ask

CANARY = "wombat"
"""Stands in everything that the victim owns, and in nothing that anybody else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """An account with something of each kind, and the ids by the names that paths give them."""

    customer: Customer
    ids: dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call that names something of the victim's."""

    operation: door.Operation
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.operation.method} {self.path}"


@pytest.fixture(scope="module")
def victim(served: Served) -> Victim:
    customer = served.customer("Victim", f"{CANARY}.example.com")
    email_id = customer.publish_from(f"{CANARY}.example.com")
    customer.http.patch(f"/marketing/v3/emails/{email_id}", json={"name": CANARY, "subject": CANARY})
    address = f"{CANARY}@example.org"
    status = customer.outcome(
        {
            "emailId": email_id,
            "message": {"to": address},
            "contactProperties": {"firstname": CANARY},
            "customProperties": {"order_no": CANARY},
        }
    )
    contact = customer.http.get(f"/crm/v3/objects/contacts/{address}?idProperty=email").json()
    events = customer.events(recipient=address)
    mails = customer.http.get("/api/v1/sandbox").json()["results"]
    wanted = {"campaignName": CANARY, "createContact": True}
    token = customer.http.post("/marketing/v3/transactional/smtp-tokens", json=wanted).json()["id"]
    customer.http.post("/api/v1/suppressions", json={"address": f"{CANARY}-no@example.org"})
    ids = {
        "emailId": [str(email_id)],
        "revisionId": ["1", "2"],
        "contactId": [contact["id"], address],
        "statusId": [status["statusId"]],
        "sendId": [status["statusId"]],
        "mailId": [mail["id"] for mail in mails],
        "tokenId": [token],
        "userName": [token],
        "created": [str(events[0]["created"])],
        "id": [events[0]["id"]],
        "name": [f"{CANARY}.example.com"],
        "address": [f"{CANARY}-no@example.org"],
        "stream": ["transactional"],
    }
    return Victim(customer=customer, ids=ids)


@pytest.fixture
def stranger(served: Served) -> Customer:
    """Numbers count for each account alone: this one is new, so that the victim's numbers name nothing here."""
    return served.customer("Stranger", "stranger.example.com")


def bodies(operation: door.Operation, victim: Victim) -> list[Any]:
    """Bodies that get past the door's own checks, so that the look-up is reached; some name ids of their own."""
    contact, email_id = victim.ids["contactId"][0], victim.ids["emailId"][0]
    by_id = {"id": contact, "properties": {"city": "Oslo"}}
    by_address = {"id": victim.ids["contactId"][1], "idProperty": "email", "properties": {"city": "Oslo"}}
    known: dict[str, list[Any]] = {
        "clone_marketing_email": [{"id": email_id, "cloneName": "Stolen"}],
        "update_contacts": [{"inputs": [by_id]}, {"inputs": [by_address]}],
        "upsert_contacts": [{"inputs": [by_id]}],
        "read_contacts": [{"inputs": [{"id": contact}]}, {"inputs": [{"id": by_address["id"]}], "idProperty": "email"}],
        "archive_contacts": [{"inputs": [{"id": contact}]}],
        "update_contact": [{"properties": {"city": "Oslo"}}],
        "preview_email": [{}],
        "change_egress": [{"state": "paused", "reason": "mine now"}],
        "set_pool": [{"members": [{"egress": "theirs", "share": 1}]}],
    }
    if operation.id in known:
        return known[operation.id]
    return [{"name": "Mine now"}] if operation.takes is not None else [None]


def cases(victim: Victim) -> Iterator[Case]:
    """Every operation that names a thing, under each of its paths, with the ids of the victim."""
    for operation in door.all_operations():
        for path in operation.paths:
            filled = fill(path.replace("{date}", "2026-03"), operation, victim)
            if "{" not in path.replace("{date}", "") and bodies(operation, victim) in ([None], [{"name": "Mine now"}]):
                continue  # names nothing
            for target in filled:
                for body in bodies(operation, victim):
                    yield Case(operation=operation, path=target, body=body)


def fill(path: str, operation: door.Operation, victim: Victim) -> list[str]:
    found = [path]
    for name in operation.path_parameters:
        assert victim.ids.get(name), f"give an example of {name}, which {operation.id} takes"
        found = [each.replace(f"{{{name}}}", value) for each in found for value in victim.ids[name]]
    if operation.path_parameters[:1] == ["contactId"]:
        found += [f"{each}?idProperty=email" for each in found if "@" in each]
    return found


def belongings(customer: Customer) -> dict[str, Any]:
    """All that an account can read of itself."""
    reads = [op for op in door.all_operations() if op.method == "GET" and not op.path_parameters]
    found = {op.id: _told(customer.http.get(op.paths[0])) for op in reads}
    for email in found["list_marketing_emails"]["results"]:
        found[f"draft of {email['id']}"] = customer.http.get(f"/marketing/v3/emails/{email['id']}/draft").json()
    return found


def _told(answer: httpx.Response) -> Any:
    """Most is JSON; suppressions are exported as a table."""
    return answer.json() if "json" in answer.headers["Content-Type"] else answer.text


def call(customer: Customer, case: Case) -> Answer:
    return ask(customer.host, case.operation.method, case.path, token=customer.token, body=case.body)


def test_another_accounts_ids_name_nothing_and_nothing_of_it_changes(victim: Victim, stranger: Customer):
    before = belongings(victim.customer)
    assert CANARY in json.dumps(before["list_contacts"])
    for case in cases(victim):
        answer = call(stranger, case)
        assert is_nothing(case, answer), f"{case}: {answer.status} {answer.text}"
        assert CANARY not in without_echo(answer.text, case), f"{case}: {answer.text}"
    assert belongings(victim.customer) == before


def is_nothing(case: Case, answer: Answer) -> bool:
    """404; archiving what is not there is done; a batch says for each input that it is not there."""
    if case.operation.id in ("archive_contact", "archive_contacts"):
        return answer.status in (204, 404)
    if case.operation.id == "set_pool":
        return answer.status == 400  # the stream is one's own, the egress is not
    if answer.status == 207:
        return [each["category"] for each in answer.json["errors"]] == ["OBJECT_NOT_FOUND"]
    return answer.status == 404


def without_echo(text: str, case: Case) -> str:
    """A batch repeats the ids that it was given."""
    for named in case.body.get("inputs", ()) if isinstance(case.body, dict) else ():
        text = text.replace(f'"{named["id"]}"', "")
    return text


def test_a_list_shows_only_what_is_ones_own(victim: Victim, stranger: Customer):
    assert CANARY not in json.dumps(belongings(stranger))
    address, email_id, send_id = victim.ids["contactId"][1], victim.ids["emailId"][0], victim.ids["sendId"][0]
    for path in (
        f"/email/public/v1/events?recipient={address}",
        f"/api/v1/sends?recipient={address}",
        f"/api/v1/sends?emailId={email_id}",
        f"/api/v1/sandbox?sendId={send_id}",
        f"/api/v1/sandbox?recipient={address}",
    ):
        answer = ask(stranger.host, "GET", path, token=stranger.token)
        assert answer.status == 200, answer.text
        assert answer.json.get("results", answer.json.get("events")) == [], path
    searched = ask(
        stranger.host, "POST", "/crm/v3/objects/contacts/search", token=stranger.token, body={"query": CANARY}
    )  # fmt: skip
    assert searched.json["total"] == 0


def test_another_accounts_email_cannot_be_sent(victim: Victim, stranger: Customer):
    status = stranger.outcome({"emailId": int(victim.ids["emailId"][0]), "message": {"to": "ann@example.org"}})
    assert (status["sendResult"], CANARY in json.dumps(status)) == ("MISSING_CONTENT", False)


def test_another_accounts_domain_cannot_be_sent_from(victim: Victim, stranger: Customer):
    sender = f"shop@{CANARY}.example.com"
    body = {"emailId": stranger.email_id, "message": {"to": "ann@example.org", "from": sender}}
    assert stranger.outcome(body)["sendResult"] == "UNCONFIGURED_SENDING_DOMAIN"


def test_a_send_id_of_another_account_is_free(victim: Victim, stranger: Customer):
    own = stranger.publish_from("stranger.example.com")
    for customer, email_id in ((victim.customer, int(victim.ids["emailId"][0])), (stranger, own)):
        body = {
            "emailId": email_id,
            "message": {"to": "ann@example.org", "sendId": "shared"},
            "customProperties": {"order_no": "1"},
        }
        assert customer.outcome(body)["sendResult"] == "SENT"


def test_a_token_without_the_scope_is_told_which_one_is_missing(victim: Victim, poor: Customer):
    for operation in door.all_operations():
        path = fill(operation.paths[0], operation, victim)[0]
        answer = ask(poor.host, operation.method, path, token=poor.token, body=bodies(operation, victim)[0])
        assert (answer.status, answer.json["category"]) == (403, "MISSING_SCOPES"), operation.id
        assert answer.json["errors"][0]["context"]["requiredScopes"] == list(operation.scopes)
        assert CANARY not in answer.text


def test_the_key_of_one_sandbox_page_opens_no_other(victim: Victim, acme: Customer):
    body = {"emailId": acme.email_id, "message": {"to": "eve@example.org"}, "customProperties": {"order_no": "1"}}
    send_id = acme.outcome(body)["statusId"]
    target = acme.http.get(f"/api/v1/sends/{send_id}").json()["sandboxUrl"].removeprefix(acme.host)
    own_mail = acme.http.get(f"/api/v1/sandbox?sendId={send_id}").json()["results"][0]["id"]
    page, _, key = target.partition("?")
    theirs = page.replace(send_id, victim.ids["sendId"][0])
    for path, mail_id, wanted in (
        (page, own_mail, 200),
        (f"{page}/raw", own_mail, 200),
        (theirs, own_mail, 404),
        (f"{theirs}/raw", victim.ids["mailId"][0], 404),
        (f"{page}/raw", victim.ids["mailId"][0], 404),
        (f"{page}/html", victim.ids["mailId"][0], 404),
        (f"{page}/attachment", victim.ids["mailId"][0], 404),
    ):
        answer = ask(acme.host, "GET", f"{path}?{key}&mail={mail_id}&n=1")
        assert (answer.status, CANARY in answer.text) == (wanted, False), path


def test_a_login_opens_no_page_of_another_account(victim: Victim, acme: Customer):
    with httpx.Client(base_url=acme.host) as browser:
        form = browser.get("/login")
        token = form.text.partition('name="form_token" value="')[2].partition('"')[0]
        login = {"email": acme.boot.email, "password": acme.boot.password, "form_token": token}
        assert browser.post("/login", data=login).status_code == 303
        page = browser.get(f"/sandbox/s/{victim.ids['sendId'][0]}")
    assert (page.status_code, CANARY in page.text) == (404, False)
