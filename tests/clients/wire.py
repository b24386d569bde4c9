"""Requests as they stand on the wire, for what no client library would write."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. ``json`` is None for an empty body."""

    status: int
    headers: Mapping[str, str]
    json: Any
    text: str


def ask(
    host: str,
    method: str,
    target: str,
    *,
    token: str | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request, its target exactly as given. A body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    sent = {"Accept": "*/*"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    sent |= {} if content is None else {"Content-Type": "application/json", "Content-Length": str(len(content))}
    connection = http.client.HTTPConnection(urlsplit(host).netloc, timeout=30)
    try:
        connection.request(method, target, content, {**sent, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    names = {name.lower(): value for name, value in answer.getheaders()}
    is_json = bool(text) and "json" in names.get("content-type", "")
    return Answer(status=answer.status, headers=names, json=json.loads(text) if is_json else None, text=text)
