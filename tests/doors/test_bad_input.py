"""Every string field of a single send, with what attackers put into strings; and bodies made to hurt (attack D12)."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.doors.conftest import Stories

pytestmark = pytest.mark.anyio
DATABASES = ("sqlite",)

SEND = "/marketing/v3/transactional/single-email/send"
PLACES = (
    "message.to", "message.from", "message.sendId", "message.replyTo[0]", "message.cc[0]", "message.bcc[0]",
    "contactProperties.name", "customProperties.name", "customProperties.deep.list[0]",
)  # fmt: skip


def body_with(place: str, value: str) -> bytes:
    """A send whose field at ``place`` is ``value``, escaped as JSON wants it."""
    body: dict[str, object] = {"emailId": 101, "message": {"to": "ada@example.com"}}
    at: dict[str, object] = body
    *steps, last = place.split(".")
    for step in steps:
        at = at.setdefault(step, {})  # type: ignore[assignment]
    at[last.removesuffix("[0]")] = [value] if last.endswith("[0]") else value
    return json.dumps(body).encode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("evil", ["a\rb", "a\nb", "a\r\nBcc: eve@example.net", "a\u2028b"])
async def test_line_breaks_are_data_and_reach_the_story_unchanged(
    client: httpx2.AsyncClient, stories: Stories, place: str, evil: str
):
    answer = await client.post(SEND, content=body_with(place, evil))
    assert answer.status_code == 200
    assert repr(evil) in repr(stories.accepted[0][1])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("evil", ["a\0b", "a\ud800b", "\udfff"])
async def test_nul_and_lone_surrogates_are_refused_naming_the_field(client: httpx2.AsyncClient, place: str, evil: str):
    answer = await client.post(SEND, content=body_with(place, evil))
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, place)


@pytest.mark.parametrize("place", PLACES)
async def test_ten_megabytes_in_a_field_are_refused(client: httpx2.AsyncClient, place: str):
    answer = await client.post(SEND, content=body_with(place, "a" * 10_000_000))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"customProperties":' + b'{"a":' * 100_000,
        json.dumps({"customProperties": {str(number): 0 for number in range(110_000)}}).encode(),
        b'{"emailId": ' + b"9" * 1_000_000 + b"}",
        b"",
        b"{",
        b"\xff",
    ],
)
async def test_a_body_made_to_hurt_is_refused(client: httpx2.AsyncClient, body: bytes):
    answer = await client.post(SEND, content=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


async def test_a_million_keys_are_refused(client: httpx2.AsyncClient):
    body = b"{" + b'"a":0,' * 1_000_000 + b'"b":0}'
    assert (await client.post(SEND, content=body)).status_code == 413


async def test_the_text_of_a_refusal_quotes_little_of_the_body(client: httpx2.AsyncClient):
    body = {"emailId": 1, "message": {"to": "a"}, "contactProperties": {"x" * 100_000: {}}}
    assert len((await client.post(SEND, json=body)).content) < 3000
