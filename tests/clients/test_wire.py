"""What customers' own HTTP code writes: legacy paths, odd queries, empty bodies, slashes."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from tests.clients.conftest import EVENTS, V3_SEND, Customer, wait_until
from tests.clients.wire import Answer, ask

V1_SEND = "/email/public/v1/singleEmail/send"
V4_SEND = "/marketing/v4/email/single-send"
DATED = ("2025-09", "2026-03", "2026-09", "2027-03-beta")
CONTACTS = "/crm/v3/objects/contacts"
EMAILS = "/marketing/v3/emails"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def call(customer: Customer, method: str, target: str, body: object = None, **headers: str) -> Answer:
    """With the customer's token. Underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(customer.host, method, target, token=customer.token, body=body, headers=named)


def body_of(customer: Customer, to: str = "wire@example.org", **more: Any) -> dict[str, Any]:
    return {"emailId": customer.email_id, "message": {"to": to}, "customProperties": {"order_no": "1"}, **more}


# --- single send


@pytest.mark.parametrize(
    "path",
    [
        V3_SEND,
        V4_SEND,
        *(f"/marketing/transactional/{date}/single-email/send" for date in DATED),
        *(f"/marketing/email-campaigns/{date}/single-send" for date in DATED),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_name_of_the_single_send_takes_it(acme: Customer, path: str, slash: str):
    answer = call(acme, "POST", path + slash, body_of(acme))
    assert (answer.status, answer.json["status"], len(answer.json["statusId"])) == (200, "PENDING", 36)
    assert ISO.fullmatch(answer.json["requestedAt"])


def test_a_legacy_send_is_answered_with_its_outcome(acme: Customer):
    request = {
        "emailId": acme.email_id,
        "message": {
            "to": "v1@example.org",
            "from": "Shop <orders@example.com>",
            "replyTo": "help@example.com",
            "replyToList": ["desk@example.com"],
            "sendId": "v1-1",
        },
        "contactProperties": [{"name": "firstname", "value": "Vi"}],
        "customProperties": [{"name": "order_no", "value": 4711}],
    }
    answer = call(acme, "POST", V1_SEND, request)
    assert (answer.status, answer.json["sendResult"]) == (200, "SENT")
    assert answer.json["message"].endswith("message taken")
    created, id_ = answer.json["eventId"]["created"], answer.json["eventId"]["id"]
    event = call(acme, "GET", f"{EVENTS}/{created}/{id_}").json
    assert (event["type"], event["recipient"], event["created"]) == ("SENT", "v1@example.org", created)


def test_a_legacy_send_that_cannot_be_sent_says_why_at_once(acme: Customer):
    answer = call(acme, "POST", V1_SEND, {"emailId": 999, "message": {"to": "v1@example.org"}})
    assert (answer.status, answer.json["sendResult"], "eventId" in answer.json) == (200, "MISSING_CONTENT", False)
    assert "no published single-send e-mail with the id 999" in answer.json["message"]


@pytest.mark.parametrize(
    "odd",
    [
        {"contactProperties": None, "customProperties": {"order_no": None}},
        {"contactProperties": {}, "customProperties": {"order_no": {"deep": [1, {"er": None}]}}},
        {"contactProperties": {"age": 41, "vip": True}},
        {"unknown": "ignored", "publicId": 1},
    ],
)
def test_optional_fields_may_be_null_empty_or_odd(acme: Customer, odd: dict[str, Any]):
    request = body_of(acme, **odd)
    request["emailId"] = str(acme.email_id)
    request["message"] |= {"from": None, "sendId": None, "replyTo": [], "cc": None, "bcc": "", "unknown": 1}
    answer = call(acme, "POST", V3_SEND, request)
    assert answer.status == 200
    assert acme.settled(answer.json["statusId"])["sendResult"] == "SENT"


@pytest.mark.parametrize(
    ("change", "field", "hint"),
    [
        ({"emailId": None}, "emailId", "is missing"),
        ({"emailId": "ten"}, "emailId", "must be an integer"),
        ({"message": "ann@example.org"}, "message", "must be an object"),
        ({"message": {"to": ["ann@example.org"]}}, "message.to", "Send once for each recipient"),
        ({"message": {"to": "a@example.org", "replyToList": ["b@example.org"]}}, "message.replyToList", "'replyTo'"),
        ({"message": {"to": "a@example.org", "_from": "b@example.com"}}, "message._from", "called 'from'"),
        ({"customProperties": [{"name": "a", "value": 1}]}, "customProperties", "only the legacy v1 path"),
    ],
)
def test_a_wrong_shape_is_a_400_that_names_the_field(
    acme: Customer, change: dict[str, object], field: str, hint: str
):  # fmt: skip
    answer = call(acme, "POST", V3_SEND, {**body_of(acme), **change})
    assert (answer.status, answer.json["category"]) == (400, "VALIDATION_ERROR")
    assert [hint in each["message"] for each in answer.json["errors"] if each["in"] == field] == [True]


def test_json_that_cannot_be_read_is_told_with_its_place(acme: Customer):
    answer = call(acme, "POST", V3_SEND, b'{"emailId": 1,\n "message": oops}', content_type="application/json")
    assert (answer.status, answer.json["category"]) == (400, "VALIDATION_ERROR")
    assert answer.json["message"].startswith("Invalid input JSON on line 2, column 13")


def test_an_idempotency_key_is_mailed_once(acme: Customer):
    first, second = (
        call(acme, "POST", V3_SEND, body_of(acme, "key@example.org"), idempotency_key="wire-key") for _ in range(2)
    )
    assert first.json["statusId"] == second.json["statusId"]
    acme.settled(first.json["statusId"])
    assert len(acme.events(recipient="key@example.org", eventType="SENT")) == 1


def test_an_unknown_status_is_a_404(acme: Customer):
    for status_id in ("00000000-0000-0000-0000-000000000000", "1", "x" * 500):
        answer = call(acme, "GET", f"/marketing/v3/email/send-statuses/{status_id}")
        assert (answer.status, answer.json["category"]) == (404, "OBJECT_NOT_FOUND")


# --- credentials


@pytest.mark.parametrize(
    ("authorization", "query", "hint"),
    [
        (None, "", "Authentication credentials not found"),
        (None, "?hapikey=0000", "API keys (hapikey) are not accepted"),
        ("Bearer sws-abc", "", "password of an SMTP token"),
        ("Bearer pat-sw1-unknown", "", "The token is not known here"),
        ("Basic YTpi", "", "Authentication credentials not found"),
    ],
)
def test_missing_or_wrong_credentials_are_explained(
    acme: Customer, authorization: str | None, query: str, hint: str
):  # fmt: skip
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = ask(acme.host, "GET", CONTACTS + query, headers=headers)
    assert (answer.status, answer.json["category"]) == (401, "INVALID_AUTHENTICATION")
    assert hint in answer.json["message"]
    assert answer.json["correlationId"] == answer.headers["x-hubspot-correlation-id"]


def test_the_word_bearer_may_be_in_any_case(acme: Customer):
    assert ask(acme.host, "GET", CONTACTS, headers={"Authorization": f"bEaReR {acme.token}"}).status == 200


# --- paths, queries, bodies


@pytest.mark.parametrize(
    "path", [CONTACTS, EMAILS, EVENTS, "/crm/objects/2026-03/contacts", "/marketing/emails/2026-03"]
)
def test_a_slash_at_the_end_changes_nothing(acme: Customer, path: str):
    plain, slashed = (call(acme, "GET", f"{path}{slash}?limit=1") for slash in ("", "/"))
    assert plain.status == slashed.status == 200
    assert plain.json.keys() == slashed.json.keys()


@pytest.mark.parametrize("path", [CONTACTS, EMAILS])
def test_booleans_are_read_in_any_case(acme: Customer, path: str):
    for value in ("True", "true", "FALSE"):
        assert call(acme, "GET", f"{path}?archived={value}").status == 200
    answer = call(acme, "GET", f"{path}?archived=maybe")
    assert (answer.status, answer.json["errors"][0]["in"]) == (400, "archived")


def test_spaces_come_as_plus_signs(acme: Customer):
    made = call(acme, "POST", EMAILS, {"name": "Sale", "campaign": "spring sale"}).json
    found = call(acme, "GET", f"{EMAILS}?campaign=spring+sale").json
    assert [each["id"] for each in found["results"]] == [made["id"]]


def test_an_address_with_a_plus_sign_names_a_contact(acme: Customer):
    made = call(acme, "POST", CONTACTS, {"properties": {"email": "jane+x@example.net"}}).json
    found = call(acme, "GET", f"{CONTACTS}/jane%2Bx%40example.net?idProperty=email").json
    assert found["id"] == made["id"]


@pytest.mark.parametrize(
    "query",
    ["properties=city,jobtitle", "properties=city%2Cjobtitle", "properties=city&properties=jobtitle"],
)
def test_lists_are_comma_joined_or_repeated(acme: Customer, query: str):
    made = call(acme, "POST", CONTACTS, {"properties": {"city": "Oslo"}}).json
    found = call(acme, "GET", f"{CONTACTS}/{made['id']}?{query}").json
    assert (found["properties"]["city"], found["properties"]["jobtitle"]) == ("Oslo", None)


def test_a_get_and_a_delete_may_announce_json_and_bring_none(acme: Customer):
    made = call(acme, "POST", CONTACTS, {"properties": {"city": "Oslo"}}).json
    headers = {"content_type": "application/json", "content_length": "0"}
    assert call(acme, "GET", f"{CONTACTS}/{made['id']}", **headers).status == 200
    gone = call(acme, "DELETE", f"{CONTACTS}/{made['id']}", **headers)
    assert (gone.status, gone.text) == (204, "")


def test_a_post_without_a_body_may_announce_json(acme: Customer):
    email_id = acme.publish()
    answer = call(acme, "POST", f"{EMAILS}/{email_id}/unpublish", b"", content_type="application/json")
    assert (answer.status, answer.text) == (204, "")


def test_there_is_no_redirect_and_no_page_at_unknown_paths(acme: Customer):
    answer = call(acme, "GET", "/crm/v3/objects/unicorns")
    assert (answer.status, answer.json["category"]) == (404, "OBJECT_NOT_FOUND")
    answer = call(acme, "PUT", EMAILS, {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_ids_are_strings_and_times_have_milliseconds(acme: Customer):
    made = call(acme, "POST", CONTACTS, {"properties": {"city": "Oslo"}}).json
    email = call(acme, "GET", f"{EMAILS}/{acme.email_id}").json
    assert isinstance(made["id"], str)
    assert isinstance(email["id"], str)
    times = [made["createdAt"], made["updatedAt"], made["properties"]["createdate"], email["publishedAt"]]
    assert all(ISO.fullmatch(time) for time in times)


def test_the_link_of_the_next_page_leads_there(acme: Customer):
    for _ in range(2):
        call(acme, "POST", CONTACTS, {"properties": {"city": "Oslo"}})
    for path in (f"{CONTACTS}?limit=1&properties=city", f"{EMAILS}?limit=1"):
        following = call(acme, "GET", path).json["paging"]["next"]
        linked = call(acme, "GET", following["link"].removeprefix(acme.host)).json
        by_after = call(acme, "GET", f"{path}&after={following['after']}").json
        assert linked["results"] == by_after["results"]


# --- e-mail events, v1


@pytest.fixture(scope="module")
def told(acme: Customer) -> list[dict[str, Any]]:
    """All events of one recipient, after two mails and a refusal."""
    to = f"{uuid.uuid4().hex}@example.org"
    for email_id in (acme.email_id, acme.email_id, 999):
        acme.outcome({**body_of(acme, to), "emailId": email_id})
    return list(wait_until(lambda: acme.events(recipient=to), lambda found: len(found) >= 7))


def test_events_tell_the_whole_way_of_each_mail(told: list[dict[str, Any]]):
    types = sorted(event["type"] for event in told)
    assert types == ["DELIVERED", "DELIVERED", "DROPPED", "PROCESSED", "PROCESSED", "SENT", "SENT"]
    assert [event["created"] for event in told] == sorted((event["created"] for event in told), reverse=True)
    assert all(isinstance(event["created"], int) and isinstance(event["portalId"], int) for event in told)
    dropped = next(event for event in told if event["type"] == "DROPPED")
    assert dropped["dropReason"] == "MISSING_CONTENT"


def test_events_are_paged_to_the_end(acme: Customer, told: list[dict[str, Any]]):
    seen, offset = list[dict[str, Any]](), ""
    while True:
        page = call(acme, "GET", f"{EVENTS}?recipient={told[0]['recipient']}&limit=2&offset={offset}").json
        seen += page["events"]
        offset = page["offset"]
        if not page["hasMore"]:
            break
    assert seen == told


def test_events_are_filtered(acme: Customer, told: list[dict[str, Any]]):
    first, last = told[-1]["created"], told[0]["created"]
    who = f"recipient={told[0]['recipient'].replace('@', '%40')}"
    for query, wanted in (
        (f"{who}&eventType=SENT", [event for event in told if event["type"] == "SENT"]),
        (f"{who}&eventType=CLICK", []),
        (f"{who}&startTimestamp={first}&endTimestamp={last}", told),
        (f"{who}&startTimestamp={last + 1}", []),
        (f"{who}&campaignId={acme.email_id}", [event for event in told if event["type"] != "DROPPED"]),
    ):
        found = call(acme, "GET", f"{EVENTS}?{query}").json["events"]
        assert found == wanted, query


def test_the_sent_event_is_the_one_that_the_status_names(acme: Customer, told: list[dict[str, Any]]):
    sent = next(event for event in told if event["type"] == "SENT")
    status = acme.status(sent["sendId"])
    assert status["eventId"]["id"] == sent["id"]
    delivered = next(e for e in told if e["type"] == "DELIVERED" and e["sendId"] == sent["sendId"])
    assert delivered["sentBy"] == {"id": sent["id"], "created": sent["created"]}
