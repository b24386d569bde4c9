"""The API document and the page that shows it to people. Nothing is loaded from elsewhere."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence

import anyio.to_thread
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sendwright.doors import web
from sendwright.doors.http.openapi import document
from sendwright.doors.http.operations import Operation

_SEND_EXAMPLE: JsonValue = {
    "emailId": 101,
    "message": {"to": "ada@example.com"},
    "contactProperties": {"firstname": "Ada"},
    "customProperties": {"order": "1001"},
}


def routes(operations: Sequence[Operation], site: web.Site) -> list[BaseRoute]:
    """``/openapi.json`` and ``/docs``."""

    @functools.cache
    def text() -> bytes:
        return json.dumps(document(operations, site.public_url), separators=(",", ":")).encode()

    async def show_document(request: Request) -> Response:
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        # made when first asked for, in a thread: the schemas of all models take tenths of a second
        return Response(await anyio.to_thread.run_sync(text), media_type="application/json", headers=headers)

    async def show_page(request: Request) -> Response:
        visitor = await site.visitor(request)
        return web.render("docs.html", {"visitor": visitor, "tags": _tags(operations), "server": site.public_url})

    return [Route("/openapi.json", show_document, methods=["GET"]), Route("/docs", show_page, methods=["GET"])]


def _tags(operations: Sequence[Operation]) -> list[Mapping[str, object]]:
    names = dict.fromkeys(operation.tag for operation in operations)
    return [
        {"name": name, "operations": [_show(operation) for operation in operations if operation.tag == name]}
        for name in names
    ]


def _show(operation: Operation) -> Mapping[str, object]:
    example = None if operation.takes is None else json.dumps(_example(operation.takes), indent=2)
    return {
        "id": operation.id,
        "method": operation.method,
        "path": operation.paths[0],
        "also": operation.paths[1:],
        "summary": operation.summary,
        "description": operation.description,
        "scopes": operation.scopes,
        "success": operation.success,
        "answers": operation.gives is not None,
        "path_parameters": operation.path_parameters,
        "query": operation.query,
        "example": example,
    }


def _example(model: type[BaseModel]) -> JsonValue:
    if model.__name__ == "SingleSendRequest":
        return _SEND_EXAMPLE
    return {field.alias or name: _value(field) for name, field in model.model_fields.items() if field.is_required()}


def _value(field: FieldInfo) -> JsonValue:
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _example(kind)
    if kind is int:
        return 0
    if kind is bool:
        return False
    origin = getattr(kind, "__origin__", None)
    return {} if origin is dict else [] if origin in (list, tuple) else ""
