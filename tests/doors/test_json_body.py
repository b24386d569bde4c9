"""Bodies that are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from sendwright.doors.http import Fault, json_body

MESSAGES = list[dict[str, Any]]


def receiver(messages: Sequence[dict[str, Any]]) -> Any:
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return receive


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_json_is_read():
    assert json_body.parse('\ufeff{"a": [1, 2.5, true, null, "\\u00e9\\ud83d\\ude00"]}'.encode()) == {
        "a": [1, 2.5, True, None, "é😀"]
    }


def test_of_a_name_given_twice_the_last_counts():
    assert json_body.parse(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "line 1, column 1"),
        (b'{"a":\n  }', "line 2, column 3"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1e999}', "a number is too large"),
        (b"9" * 5000, "too many digits"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "is not UTF-8"),
        (b'{"a": "\x00"}', "Invalid control character"),
        (b'{"a": "\xed\xa0\x80"}', "is not UTF-8"),
        (b"[" * 100_000, "nested more than 64 levels"),
        (b'{"a":' * 100_000, "nested more than 64 levels"),
        (b'[{"":' * 200_000, "more than 100,000 keys"),
        (b'[{"":' * 300_000, "too many strings"),
        (b"[" + b"1," * 900_000 + b"1]", "more than 200,000 items"),
        (b"[[" + b"[]," * 100 + b"[" * 70, "nested more than 64 levels"),
        (b"[" * 65 + b"]" * 65, "nested more than 64 levels"),
        (b"[{" * 33 + b"}]" * 33, "nested more than 64 levels"),
        (b"][" * 60, "line 1, column 1"),
        (b"[}" * 60, "line 1, column 2"),
        (json.dumps({str(number): 0 for number in range(1_000_000 // 8)}).encode(), "more than 100,000 keys"),
        (b"[" + b"[]," * 600_000 + b"[]]", "more than 100,000 keys or lists"),
    ],
)
def test_a_body_that_is_no_sound_json_is_refused_with_what_is_wrong(body: bytes, told: str):
    with pytest.raises(Fault) as refused:
        json_body.parse(body)
    assert refused.value.status == 400
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (rb'{"message": {"to": "a\u0000b"}}', "message.to"),
        (rb'{"message": {"cc": ["a", "\ud800"]}}', "message.cc[1]"),
        (rb'{"message": {"\udfff": 1}}', "message (a name in it)"),
        (rb'"\u0000"', "body"),
    ],
)
def test_nul_and_lone_surrogates_are_refused_naming_the_field(body: bytes, where: str):
    with pytest.raises(Fault) as refused:
        json_body.parse(body)
    assert refused.value.details[0].where == where


def test_brackets_and_colons_within_strings_are_no_depth_and_no_keys():
    text = '[{:,\\"' * 50_000
    assert json_body.parse(json.dumps({"a": text}).encode()) == {"a": text}


def test_a_body_may_be_64_levels_deep():
    deep = json_body.parse(b"[" * 64 + b"]" * 64)
    assert json.dumps(deep) == "[" * 64 + "]" * 64


def test_a_body_may_hold_many_shallow_lists():
    assert len(json_body.parse(b"[" + b"[],[]," * 500 + b"[]]")) == 1001  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body", [b'"' + b'\\"' * 1_000_000 + b"[" * 70, b'"' * 2_000_000 + b"[" * 70, b"\\" * 2_000_000 + b"[" * 70]
)
def test_strings_that_never_end_are_refused_at_once(body: bytes):
    with pytest.raises(Fault):
        json_body.parse(body)


@pytest.mark.anyio
async def test_a_body_in_parts_is_put_together():
    receive = receiver([part(b"ab", more=True), part(b"", more=True), part(b"cd", more=False)])
    assert await json_body.read_bytes(receive, None, None, 4) == b"abcd"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("messages", "declared"),
    [
        ([], b"5"),
        ([part(b"abcde", more=False)], None),
        ([part(b"abc", more=True), part(b"de", more=False)], None),
        ([part(b"abcde", more=True)], None),
        ([part(b"abcde", more=False)], b"4"),
        ([part(b"abcde", more=False)], b"nonsense"),
    ],
)
async def test_a_body_over_the_limit_is_refused(messages: MESSAGES, declared: bytes | None):
    with pytest.raises(Fault) as refused:
        await json_body.read_bytes(receiver(messages), declared, None, 4)
    assert refused.value.status == 413


@pytest.mark.anyio
@pytest.mark.parametrize("encoding", [b"gzip", b"identity, br", b"deflate"])
async def test_a_compressed_body_is_refused_unread(encoding: bytes):
    with pytest.raises(Fault) as refused:
        await json_body.read_bytes(receiver([]), None, encoding, 4)
    assert refused.value.status == 415


@pytest.mark.anyio
async def test_identity_is_no_compression():
    assert await json_body.read_bytes(receiver([part(b"a", more=False)]), b"1", b"Identity", 4) == b"a"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "messages", [[{"type": "http.disconnect"}], [part(b"a", more=True), {"type": "http.disconnect"}]]
)
async def test_nobody_is_answered_who_left(messages: MESSAGES):
    with pytest.raises(json_body.Disconnected):
        await json_body.read_bytes(receiver(messages), None, None, 4)
