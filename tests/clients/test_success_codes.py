"""Each operation answers with exactly the code that HubSpot's clients look for: any other 2xx gives them nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Customer
from tests.clients.wire import ask

ROUTES = Path(__file__).parents[3] / "shared" / "reference" / "hubspot-routes.json"
COVERED = ("/marketing/v3/emails/", "/marketing/v3/transactional/", "/crm/v3/objects/contacts")
COMING = ("/ab-test/", "/statistics/", "/contacts/merge", "/contacts/gdpr-delete")

EMAILS, CONTACTS = "/marketing/v3/emails", "/crm/v3/objects/contacts"
TOKENS = "/marketing/v3/transactional/smtp-tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What the paths and bodies of one test name: all fresh."""

    email: str
    contact: str
    address: str
    published: int
    token: str

    @classmethod
    def of(cls, customer: Customer) -> Things:
        """An e-mail with several revisions, and a contact."""
        address = f"{uuid.uuid4().hex}@example.net"
        email = customer.publish()
        customer.http.patch(f"{EMAILS}/{email}", json={"name": "Second revision"})
        contact = customer.http.post(CONTACTS, json={"properties": {"email": address}}).json()["id"]
        token = customer.http.post(TOKENS, json={"campaignName": "Receipts", "createContact": True}).json()["id"]
        return cls(email=str(email), contact=contact, address=address, published=customer.email_id, token=token)

    def fill(self, path: str) -> str:
        """A path with its names in braces replaced."""
        names = {"emailId": self.email, "contactId": self.contact, "revisionId": "1", "tokenId": self.token}
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)
        return path


Body = Callable[[Things], Any]

OPERATIONS: dict[tuple[str, str], tuple[int, Body | None]] = {
    ("GET", f"{EMAILS}/"): (200, None),
    ("POST", f"{EMAILS}/"): (201, lambda things: {"name": "New"}),
    ("POST", f"{EMAILS}/clone"): (200, lambda things: {"id": things.email, "cloneName": "Copy"}),
    ("GET", f"{EMAILS}/{{emailId}}"): (200, None),
    ("PATCH", f"{EMAILS}/{{emailId}}"): (200, lambda things: {"name": "Changed"}),
    ("DELETE", f"{EMAILS}/{{emailId}}"): (204, None),
    ("GET", f"{EMAILS}/{{emailId}}/draft"): (200, None),
    ("PATCH", f"{EMAILS}/{{emailId}}/draft"): (200, lambda things: {"name": "Changed"}),
    ("POST", f"{EMAILS}/{{emailId}}/draft/reset"): (204, None),
    ("POST", f"{EMAILS}/{{emailId}}/publish"): (204, None),
    ("POST", f"{EMAILS}/{{emailId}}/unpublish"): (204, None),
    ("GET", f"{EMAILS}/{{emailId}}/revisions"): (200, None),
    ("GET", f"{EMAILS}/{{emailId}}/revisions/{{revisionId}}"): (200, None),
    ("POST", f"{EMAILS}/{{emailId}}/revisions/{{revisionId}}/restore"): (204, None),
    ("POST", f"{EMAILS}/{{emailId}}/revisions/{{revisionId}}/restore-to-draft"): (200, None),
    ("POST", "/marketing/v3/transactional/single-email/send"): (
        200,
        lambda things: {"emailId": things.published, "message": {"to": things.address}},
    ),
    ("GET", TOKENS): (200, None),
    ("POST", TOKENS): (201, lambda things: {"campaignName": "Receipts", "createContact": False}),
    ("GET", f"{TOKENS}/{{tokenId}}"): (200, None),
    ("POST", f"{TOKENS}/{{tokenId}}/password-reset"): (200, None),
    ("DELETE", f"{TOKENS}/{{tokenId}}"): (204, None),
    ("GET", CONTACTS): (200, None),
    ("POST", CONTACTS): (201, lambda things: {"properties": {"email": f"new.{things.address}"}}),
    ("GET", f"{CONTACTS}/{{contactId}}"): (200, None),
    ("PATCH", f"{CONTACTS}/{{contactId}}"): (200, lambda things: {"properties": {"city": "Oslo"}}),
    ("DELETE", f"{CONTACTS}/{{contactId}}"): (204, None),
    ("POST", f"{CONTACTS}/search"): (200, lambda things: {"limit": 1}),
    ("POST", f"{CONTACTS}/batch/create"): (
        201,
        lambda things: {"inputs": [{"properties": {"email": f"new.{things.address}"}}]},
    ),
    ("POST", f"{CONTACTS}/batch/read"): (200, lambda things: {"inputs": [{"id": things.contact}]}),
    ("POST", f"{CONTACTS}/batch/update"): (
        200,
        lambda things: {"inputs": [{"id": things.contact, "properties": {"city": "Oslo"}}]},
    ),
    ("POST", f"{CONTACTS}/batch/upsert"): (
        200,
        lambda things: {"inputs": [{"id": things.address, "idProperty": "email", "properties": {"city": "Oslo"}}]},
    ),
    ("POST", f"{CONTACTS}/batch/archive"): (204, lambda things: {"inputs": [{"id": things.contact}]}),
}
"""Method and path to the one success code, and a body that succeeds."""


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_a_success_has_exactly_its_code(acme: Customer, method: str, path: str):
    wanted, body = OPERATIONS[method, path]
    things = Things.of(acme)
    answer = ask(
        acme.host, method, things.fill(path), token=acme.token, body=None if body is None else body(things)
    )  # fmt: skip
    assert answer.status == wanted, answer.text
    assert (answer.json is None) == (wanted == 204)


@pytest.mark.parametrize("verb", ["create", "read", "update", "upsert"])
def test_a_batch_of_which_a_part_failed_is_a_207(acme: Customer, verb: str):
    things = Things.of(acme)
    inputs = {
        "create": [{"properties": {"email": things.address}}, {"properties": {"email": f"x.{things.address}"}}],
        "read": [{"id": things.contact}, {"id": "999999"}],
        "update": [{"id": things.contact, "properties": {}}, {"id": "999999", "properties": {}}],
        "upsert": [{"id": things.contact, "properties": {}}, {"id": "999999", "properties": {}}],
    }
    answer = ask(
        acme.host, "POST", f"{CONTACTS}/batch/{verb}", token=acme.token, body={"inputs": inputs[verb]}
    )  # fmt: skip
    assert (answer.status, len(answer.json["results"]), answer.json["numErrors"]) == (207, 1, 1)
    fault = answer.json["errors"][0]
    assert fault.keys() >= {"status", "category", "message", "errors", "context", "links"}


@pytest.mark.skipif(not ROUTES.exists(), reason="the list of HubSpot's routes is not beside this checkout")
def test_the_codes_are_those_of_hubspots_own_clients():
    told = {
        (route["method"], route["path"]): {int(code) for code in route["success"]}
        for route in json.loads(ROUTES.read_text())
        if route["path"].startswith(COVERED) and not any(part in route["path"] for part in COMING)
    }
    ours = {
        key: {code} | ({207} if "/batch/" in key[1] and code != 204 else set()) for key, (code, _) in OPERATIONS.items()
    }
    assert ours == told
