"""Marketing e-mails over HTTP: the shapes that clients need, and what they are told when it does not work."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from sendwright import emails
from sendwright.doors.http import errors, json_body, marketing_emails
from sendwright.doors.http import marketing_email_shapes as shapes

from .conftest import client_of

pytestmark = pytest.mark.anyio

DATABASES = ("sqlite",)  # the room's own tests ask both kinds for every row

PATH = "/marketing/v3/emails"
RECEIPT = {
    "name": "Receipt",
    "subject": "Receipt {{ custom.number }}",
    "from": {"fromName": "Example Shop", "replyTo": "shop@example.com", "customReplyTo": "help@example.com"},
    "content": {
        "widgets": {
            "hs_email_body": {
                "id": "hs_email_body",
                "type": "module",
                "body": {"html": "<p>Hi {{ contact.firstname }}"},
            },
            "preview_text": {"body": {"value": "Your order"}},
        },
        "plainTextVersion": "Hi",
    },
}
ALL_FIELDS = {
    **RECEIPT,
    "activeDomain": "mail.example.com",
    "businessUnitId": 7,
    "campaign": "c-1",
    "feedbackSurveyId": "f-1",
    "folderIdV2": 12,
    "jitterSendTime": True,
    "language": "de-ch",
    "publishDate": "2026-05-01T08:00:00.000Z",
    "rssData": {"url": "https://example.com/rss", "maxEntries": 5, "timing": {"repeats": "daily"}},
    "sendOnPublish": True,
    "subcategory": "marketing_single_send_api",
    "subscriptionDetails": {"subscriptionId": "s-1", "officeLocationId": "o-1", "preferencesGroupId": "p-1"},
    "testing": {"abStatus": "master", "hoursToWait": 4, "isAbVariation": False},
    "to": {"contactIds": {"include": ["1"], "exclude": []}, "suppressGraymail": True},
    "webversion": {"slug": "receipt", "expiresAt": "2027-01-01T00:00:00.000Z", "enabled": True},
}


async def create(client, **changes: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json={**RECEIPT, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def publish(client, email_id):
    answer = await client.post(f"{PATH}/{email_id}/publish")
    assert answer.status_code == 204, answer.text


async def refusal(answer):
    """The fields that a 400 names."""
    body = answer.json()
    assert (answer.status_code, body["category"]) == (400, "VALIDATION_ERROR"), body
    return [each.get("in") for each in body["errors"]]


async def test_a_new_email_has_every_field_that_clients_require(client):
    found = await create(client)
    assert found.keys() >= shapes.REQUIRED
    assert (found["id"], found["state"], found["type"]) == ("101", "DRAFT", "SINGLE_SEND_API")
    assert (found["isPublished"], found["isTransactional"], found["archived"]) == (False, True, False)


async def test_an_email_of_a_name_alone_has_every_field_that_clients_require(client):
    answer = await client.post(PATH, json={"name": "Bare"})
    found = answer.json()
    assert (found["subject"], found["content"], found["from"], found["to"]) == ("", {}, {}, {})
    assert (found["subcategory"], found["sendOnPublish"]) == ("single_send_api", False)


async def test_every_writable_field_is_read_back_as_written(client):
    email_id = (await client.post(PATH, json=ALL_FIELDS)).json()["id"]
    found = (await client.get(f"{PATH}/{email_id}")).json()
    assert {name: found[name] for name in ALL_FIELDS} == {**ALL_FIELDS, "businessUnitId": "7"}


async def test_unknown_and_read_only_fields_are_not_assigned(client):
    found = await create(client, id="7", isPublished=True, type="SMTP_TOKEN", accountId=2, surprise=1)
    assert (found["id"], found["isPublished"], found["type"]) == ("101", False, "SINGLE_SEND_API")
    assert "surprise" not in found


async def test_what_is_within_the_content_is_kept_whole(client):
    content = {"html": "<p>", "surprise": {"deep": [1, None, {"x": 2.5}]}, "widgets": {"w": {"css": {}}}}
    assert (await create(client, content=content))["content"] == content


async def test_times_are_iso_with_milliseconds(client):
    found = await create(client)
    assert found["createdAt"] == found["updatedAt"] == "2026-03-02T14:02:07.000Z"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"subject": 5}, "subject"),
        ({"content": "html"}, "content"),
        ({"content": {"widgets": []}}, "content.widgets"),
        ({"from": "shop@example.com"}, "from"),
        ({"from": {"replyTo": ["shop@example.com"]}}, "from.replyTo"),
        ({"language": "Deutsch!"}, "language"),
        ({"subcategory": "receipt"}, "subcategory"),
        ({"publishDate": "soon"}, "publishDate"),
        ({"webversion": {"expiresAt": "never"}}, "webversion.expiresAt"),
        ({"state": "PUBLISHED"}, "state"),
        ({"state": "SCHEDULED"}, "state"),
        ({"sendOnPublish": "maybe"}, "sendOnPublish"),
        ({"to": {"contactIds": {"include": [1]}}}, "to.contactIds.include[0]"),
        ({"subject": "a\0b"}, "subject"),
        ({"content": {"html": "\ud800"}}, "content.html"),
    ],
)
def test_a_field_of_the_wrong_shape_is_named(change, field):
    def read() -> None:  # the models and the reader of bodies are all that is asked: no database
        given = json_body.parse(json.dumps({**RECEIPT, **change}).encode())
        body = shapes.EmailCreateRequest.model_validate(given)
        marketing_emails._refuse_other_state(body, emails.model.State.DRAFT, emails.EmailType.SINGLE_SEND_API)

    with pytest.raises((errors.Fault, ValidationError)) as refused:
        read()
    fault = refused.value if isinstance(refused.value, errors.Fault) else errors.of_validation(refused.value)
    assert [detail.where for detail in fault.details] == [field]


async def test_a_body_that_is_no_object_is_refused(client):
    assert await refusal(await client.post(PATH, json=[RECEIPT])) == ["body"]


async def test_a_change_keeps_what_it_does_not_name(client):
    email_id = (await create(client))["id"]
    found = (await client.patch(f"{PATH}/{email_id}", json={"from": {"fromName": "New"}})).json()
    assert found["from"] == {**RECEIPT["from"], "fromName": "New"}
    assert found["content"] == RECEIPT["content"]


async def test_an_email_that_was_read_can_be_written_back(client):
    email_id = (await create(client))["id"]
    await publish(client, email_id)
    read = (await client.get(f"{PATH}/{email_id}")).json()
    assert (await client.patch(f"{PATH}/{email_id}", json=read)).status_code == 200


async def test_a_state_is_not_written_but_reached_by_its_operation(client):
    email_id = (await create(client))["id"]
    answer = await client.patch(f"{PATH}/{email_id}", json={"state": "PUBLISHED"})
    assert await refusal(answer) == ["state"]
    assert "/publish" in answer.json()["message"]


async def test_publishing_shows_in_the_state(client):
    email_id = (await create(client))["id"]
    await publish(client, email_id)
    found = (await client.get(f"{PATH}/{email_id}")).json()
    assert (found["state"], found["isPublished"]) == ("PUBLISHED", True)
    assert (found["publishedAt"], "publishedById" in found) == ("2026-03-02T14:02:07.000Z", True)


async def test_unpublishing_makes_it_a_draft_again(client):
    email_id = (await create(client))["id"]
    await publish(client, email_id)
    assert (await client.post(f"{PATH}/{email_id}/unpublish")).status_code == 204
    assert (await client.get(f"{PATH}/{email_id}")).json()["state"] == "DRAFT"


async def test_an_automated_email_has_states_of_its_own(client):
    content = {"html": '<a href="{{ unsubscribe_link }}">no more</a>'}
    found = await create(client, subcategory="automated", content=content, state="AUTOMATED_DRAFT")
    await publish(client, found["id"])
    assert (found["state"], (await client.get(f"{PATH}/{found['id']}")).json()["state"]) == (
        "AUTOMATED_DRAFT",
        "AUTOMATED",
    )


async def test_what_cannot_be_published_names_each_field_and_line(client):
    broken = {"widgets": {"hs_email_body": {"body": {"html": "<p>\n{% if %}"}}}}
    email_id = (await create(client, subject=None, content=broken))["id"]
    answer = await client.post(f"{PATH}/{email_id}/publish")
    fields = await refusal(answer)
    assert {"subject", "content.widgets.hs_email_body.body.html"} <= set(fields)
    assert any("line 2" in each["message"] for each in answer.json()["errors"])


async def test_a_draft_is_apart_from_what_is_live(client):
    email_id = (await create(client))["id"]
    drafted = await client.patch(f"{PATH}/{email_id}/draft", json={"subject": "New"})
    assert drafted.json()["subject"] == (await client.get(f"{PATH}/{email_id}/draft")).json()["subject"] == "New"
    assert (await client.get(f"{PATH}/{email_id}")).json()["subject"] == RECEIPT["subject"]
    assert (await client.post(f"{PATH}/{email_id}/draft/reset")).status_code == 204
    assert (await client.get(f"{PATH}/{email_id}/draft")).json()["subject"] == RECEIPT["subject"]


async def test_a_clone_is_answered_with_200(client):
    email_id = (await create(client))["id"]
    answer = await client.post(f"{PATH}/clone", json={"id": email_id, "cloneName": "Copy"})
    found = answer.json()
    assert (answer.status_code, found["name"], found["clonedFrom"]) == (200, "Copy", email_id)
    assert found["content"] == RECEIPT["content"]


async def test_a_deleted_email_is_archived(client):
    email_id = (await create(client))["id"]
    assert (await client.delete(f"{PATH}/{email_id}")).status_code == 204
    assert (await client.get(f"{PATH}/{email_id}")).status_code == 404
    found = (await client.get(f"{PATH}/{email_id}", params={"archived": "True"})).json()
    assert (found["archived"], "deletedAt" in found) == (True, True)


async def test_archived_is_writable_both_ways(client):
    email_id = (await create(client))["id"]
    assert (await client.patch(f"{PATH}/{email_id}", json={"archived": True})).json()["archived"] is True
    answer = await client.patch(f"{PATH}/{email_id}?archived=true", json={"archived": False, "subject": "Back"})
    assert (answer.json()["archived"], answer.json()["subject"]) == (False, "Back")


async def test_an_archived_email_is_changed_only_by_taking_it_out(client):
    email_id = (await create(client))["id"]
    await client.delete(f"{PATH}/{email_id}")
    assert await refusal(await client.patch(f"{PATH}/{email_id}?archived=true", json={"subject": "x"})) == ["archived"]
    assert (await client.patch(f"{PATH}/{email_id}?archived=true", json={"archived": False})).status_code == 200


async def test_revisions_are_listed_read_and_restored(client):
    email_id = (await create(client))["id"]
    await client.patch(f"{PATH}/{email_id}", json={"subject": "New"})
    first = (await client.get(f"{PATH}/{email_id}/revisions", params={"limit": 1})).json()
    assert (first["total"], [each["id"] for each in first["results"]]) == (2, ["2"])
    after = first["paging"]["next"]["after"]
    second = (await client.get(f"{PATH}/{email_id}/revisions", params={"limit": 1, "after": after})).json()
    assert "paging" not in second
    one = (await client.get(f"{PATH}/{email_id}/revisions/1")).json()
    assert one == second["results"][0]
    assert (one["object"]["subject"], one["user"]["fullName"]) == (RECEIPT["subject"], "all")
    assert (await client.post(f"{PATH}/{email_id}/revisions/1/restore")).status_code == 204
    assert (await client.get(f"{PATH}/{email_id}")).json()["subject"] == RECEIPT["subject"]
    answer = await client.post(f"{PATH}/{email_id}/revisions/2/restore-to-draft")
    assert (answer.status_code, answer.json()["subject"]) == (200, "New")


async def test_revisions_are_paged_back(client):
    email_id = (await create(client))["id"]
    for subject in "BCD":
        await client.patch(f"{PATH}/{email_id}", json={"subject": subject})
    link = f"{PATH}/{email_id}/revisions"
    first = (await client.get(link, params={"limit": 1})).json()
    assert "prev" not in first["paging"]
    second = (await client.get(link, params={"limit": 1, "after": first["paging"]["next"]["after"]})).json()
    back = (await client.get(link, params={"limit": 1, "before": second["paging"]["prev"]["before"]})).json()
    assert [page["results"][0]["id"] for page in (first, second, back)] == ["4", "3", "4"]


async def test_emails_are_listed_with_total_and_paging(client):
    for name in ("B", "A", "C"):
        await create(client, name=name)
    first = (await client.get(f"{PATH}/", params={"sort": "-name", "limit": 2})).json()
    assert (first["total"], [each["name"] for each in first["results"]]) == (3, ["C", "B"])
    link = first["paging"]["next"]["link"]
    assert link.startswith("https://send.example.com/marketing/v3/emails/?")
    second = (await client.get(link.removeprefix("https://send.example.com"))).json()
    assert ([each["name"] for each in second["results"]], "paging" in second) == (["A"], False)


async def test_emails_are_filtered(client, clock):
    email_id = (await create(client, campaign="c-1"))["id"]
    clock.advance(timedelta(hours=1))
    await create(client, subcategory="batch")
    await publish(client, email_id)
    early, late = "2026-03-02T14:02:07.000Z", "2026-03-02T15:02:07.000Z"
    queries: list[dict[str, Any]] = [
        {"isPublished": "true"},
        {"type": "SINGLE_SEND_API"},
        {"campaign": "c-1"},
        {"createdAt": early},
        {"createdBefore": late},
        {"publishedAfter": early},
        {"publishedAt": late},
        {"createdAfter": early, "isPublished": True},
    ]
    found = [[each["id"] for each in (await client.get(PATH, params=query)).json()["results"]] for query in queries]
    assert found == [[email_id]] * 7 + [[]]


async def test_a_query_that_makes_no_sense_is_refused_naming_the_parameter(client):
    queries = {"sort": "colour", "type": "LETTER", "limit": "0", "createdAt": "noon", "after": "x", "archived": "yes"}
    found = [await refusal(await client.get(PATH, params={name: value})) for name, value in queries.items()]
    assert found == [[name] for name in queries]


async def test_too_many_sort_fields_are_refused(client):
    query = {"sort": "name,-name,createdAt,-createdAt,updatedAt,-updatedAt"}
    assert await refusal(await client.get(PATH, params=query)) == ["sort"]


async def test_included_properties_leave_out_the_rest_but_what_is_required(client):
    email_id = (await create(client))["id"]
    found = (await client.get(f"{PATH}/{email_id}", params={"includedProperties": "type,createdAt"})).json()
    assert found.keys() == shapes.REQUIRED | {"type", "createdAt"}


async def test_stats_are_zero_and_whole_until_something_counts_them(client):
    email_id = (await create(client))["id"]
    query = {"includeStats": "True", "workflowNames": "true"}
    found = (await client.get(f"{PATH}/{email_id}", params=query)).json()
    assert found["stats"].keys() == {"counters", "ratios", "deviceBreakdown", "qualifierStats"}
    assert (found["stats"]["counters"]["sent"], found["workflowNames"]) == (0, [])


async def test_an_email_of_another_account_is_not_there(client, services, rival):
    email_id = (await create(client))["id"]
    one = f"{PATH}/{email_id}"
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", one, None),
        ("PATCH", one, {}),
        ("PATCH", f"{one}?archived=true", {}),
        ("DELETE", one, None),
        ("GET", f"{one}/draft", None),
        ("PATCH", f"{one}/draft", {}),
        ("POST", f"{one}/draft/reset", None),
        ("POST", f"{one}/publish", None),
        ("POST", f"{one}/unpublish", None),
        ("GET", f"{one}/revisions", None),
        ("GET", f"{one}/revisions/1", None),
        ("POST", f"{one}/revisions/1/restore", None),
        ("POST", f"{one}/revisions/1/restore-to-draft", None),
        ("POST", f"{PATH}/clone", {"id": email_id, "cloneName": "x"}),
        ("POST", f"/api/v1/emails/{email_id}/preview", {}),
    ]
    async with client_of(services, rival.headers) as stranger:
        answers = [await stranger.request(method, path, json=body) for method, path, body in calls]
    assert {answer.status_code for answer in answers} == {404}


async def test_an_id_that_is_no_number_names_nothing(client):
    assert (await client.post(f"{PATH}/clone", json={"id": "first"})).status_code == 404


async def test_the_dated_family_is_the_same(client):
    dated = "/marketing/emails/2026-03"
    found = (await client.post(dated, json=RECEIPT)).json()
    assert (await client.get(f"{dated}/{found['id']}/")).json() == found
    assert (await client.get(f"{PATH}/{found['id']}")).json() == found


async def test_a_preview_renders_the_draft_with_sample_values(client):
    email_id = (await create(client))["id"]
    body = {"custom": {"number": 7}, "contact": {"firstname": "Ann"}}
    found = (await client.post(f"/api/v1/emails/{email_id}/preview", json=body)).json()
    assert (found["subject"], found["text"], found["previewText"]) == ("Receipt 7", "Hi", "Your order")
    assert "<p>Hi Ann" in found["html"]
    assert (found["missing"], found["customProperties"]["required"]) == ([], ["number"])
    assert (found["fromAddress"], found["replyTo"]) == ("shop@example.com", "help@example.com")


async def test_a_preview_tells_what_is_missing_and_what_is_wrong(client):
    email_id = (await create(client, **{"from": None}))["id"]
    found = (await client.post(f"/api/v1/emails/{email_id}/preview", json={})).json()
    assert (found["missing"], [each["in"] for each in found["faults"]]) == (["number"], ["from.replyTo"])


async def test_a_preview_of_what_is_published_needs_it_to_be_published(client):
    email_id = (await create(client))["id"]
    path = f"/api/v1/emails/{email_id}/preview"
    assert (await client.post(path, json={"version": "published"})).status_code == 404
    await publish(client, email_id)
    assert (await client.post(path, json={"version": "published"})).status_code == 200


async def test_a_preview_refuses_unknown_fields_and_samples_that_are_too_large(client):
    path = f"/api/v1/emails/{(await create(client))['id']}/preview"
    assert await refusal(await client.post(path, json={"customProperties": {}})) == ["customProperties"]
    answer = await client.post(path, json={"custom": {"x": "x" * 1_000_001}})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


async def test_archived_false_changes_nothing_where_nothing_is_archived(client):
    email_id = (await create(client))["id"]
    answer = await client.patch(f"{PATH}/{email_id}", json={"archived": False})
    assert (answer.status_code, answer.json()["archived"]) == (200, False)


async def test_an_empty_change_changes_nothing(client):
    found = await create(client)
    assert (await client.patch(f"{PATH}/{found['id']}", json={})).json() == found
    assert (await client.patch(f"{PATH}/{found['id']}/draft", json={"state": "DRAFT"})).json() == found
    revisions = (await client.get(f"{PATH}/{found['id']}/revisions")).json()
    assert revisions["total"] == 1


async def test_an_email_that_others_keep_changing_is_a_conflict():
    async def never() -> None:
        raise emails.authoring.Contended("5 times")

    with pytest.raises(errors.Fault) as refused:
        await marketing_emails._act(never())
    assert (refused.value.status, refused.value.category) == (409, "CONFLICT")
