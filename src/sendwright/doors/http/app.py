"""The whole HTTP door as one ASGI application: finds the operation, the caller and the body; answers; bars faults.

Plain ASGI, because a single send should cost the door a tenth of a millisecond: the answer is written straight to the
wire. Web pages are Starlette routes behind it.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel
from starlette.routing import Router as PageRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from sendwright import database
from sendwright.doors import web
from sendwright.doors.http import docs, health, json_body
from sendwright.doors.http.auth import Callers
from sendwright.doors.http.catalogue import all_operations
from sendwright.doors.http.errors import Fault, missing_scopes, no_room, rate_limited, unavailable
from sendwright.doors.http.operations import Answer, Call, File, Meter, Operation, Result
from sendwright.doors.http.query import Query
from sendwright.doors.http.router import Router
from sendwright.doors.http.services import Caller, Services
from sendwright.doors.limits import Allowance, RollingLimit

Headers = Sequence[tuple[str, str]]

log = structlog.get_logger("sendwright.http")

_TEN_SECONDS = timedelta(seconds=10)
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_JSON = (b"content-type", b"application/json;charset=utf-8")
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Api:
    """The operations over HTTP. What is no path of the API goes to ``pages``."""

    def __init__(self, services: Services, router: Router, pages: ASGIApp) -> None:
        self.services = services
        self.callers = Callers(services.db)
        self._pages = pages
        self._router = router
        self._direct = [(beginning.encode(), app) for beginning, app in services.direct.items()]
        self._requests = RollingLimit(services.settings.requests_per_ten_seconds, _TEN_SECONDS)
        self._searches = RollingLimit(services.settings.searches_per_second, timedelta(seconds=1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # nobody waits for our lifespan, and we speak no WebSocket
        raw_path = scope.get("raw_path") or scope["path"].encode()
        for beginning, app in self._direct:
            if raw_path.startswith(beginning):
                await self._barred(app, scope, receive, send)
                return
        try:
            method = "GET" if scope["method"] == "HEAD" else scope["method"]  # the server leaves the body away
            operation, path = self._router.find(method, raw_path)
        except Fault as fault:
            if fault.status == 404:
                await self._barred(self._pages, scope, receive, send)
            else:
                await _send_fault(send, fault, _new_correlation_id(), ())
            return
        await self._serve(scope, receive, send, operation, path)

    async def _barred(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except database.Unavailable as fault:
            await _send_fault(send, _put_off(fault), _new_correlation_id(), ())
        except Exception as fault:  # noqa: BLE001 - the fault barrier of a page
            correlation_id = _new_correlation_id()
            log.error("http.fault", page=scope["path"][:200], correlation_id=correlation_id, **told(fault))
            await _send_fault(send, Fault(500, "INTERNAL_ERROR", _BUG), correlation_id, ())

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, operation: Operation, path: Mapping[str, str]
    ) -> None:
        correlation_id = _new_correlation_id()
        extra: list[tuple[str, str]] = []
        try:
            result = await self._answer(scope, receive, operation, path, extra)
            await _send_result(send, operation, result, correlation_id, extra)
        except json_body.Disconnected:
            return
        except Fault as fault:
            await _send_fault(send, fault, correlation_id, extra)
        except database.Unavailable as fault:
            log.warning("http.database_unavailable", operation=operation.id, correlation_id=correlation_id)
            await _send_fault(send, _put_off(fault), correlation_id, extra)
        except Exception as fault:  # noqa: BLE001 - the fault barrier of one request: a bug answers 500, never a traceback
            log.error("http.fault", operation=operation.id, correlation_id=correlation_id, **told(fault))
            await _send_fault(send, Fault(500, "INTERNAL_ERROR", _BUG), correlation_id, extra)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        operation: Operation,
        path: Mapping[str, str],
        extra: list[tuple[str, str]],
    ) -> Result:
        now = self.services.clock.now()
        headers = dict(scope["headers"])
        caller = await self.callers.find(headers.get(b"authorization"), scope["query_string"], now)
        self._meter(operation, caller, now, extra)
        if operation.scopes and caller.scopes.isdisjoint(operation.scopes):
            raise missing_scopes(operation.scopes)
        body = b""
        if scope["method"] not in ("GET", "HEAD"):
            if operation.meter is not Meter.SEARCHES:
                self.services.db.require_room()
            body = await json_body.read_bytes(
                receive,
                headers.get(b"content-length"),
                headers.get(b"content-encoding"),
                self.services.settings.body_bytes,
            )
        call = Call(
            caller=caller, services=self.services, path=path, query=Query(scope["query_string"]), headers=headers,
            url_path=scope["path"], now=now, body=body,
        )  # fmt: skip
        return await operation.run(call, json_body.parse(body) if operation.has_body else None)

    def _meter(self, operation: Operation, caller: Caller, now: datetime, extra: list[tuple[str, str]]) -> None:
        """Counts the call. The rate limit headers go with every metered answer but a search's."""
        if operation.meter is Meter.SEARCHES:
            _refuse_over(self._searches.take(str(caller.account_id), now), "SECONDLY", ())
        elif operation.meter is Meter.REQUESTS and self._requests.most:
            allowance = self._requests.take(caller.token_id, now)
            extra += [
                ("X-HubSpot-RateLimit-Max", str(self._requests.most)),
                ("X-HubSpot-RateLimit-Remaining", str(allowance.remaining)),
                ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
            ]
            _refuse_over(allowance, "TEN_SECONDLY_ROLLING", ())


_DATABASE = "The database cannot answer now; nothing was accepted. Try again in a moment."
_FULL = "The server has no room left to write this down; nothing was accepted. Its operator has to make room."
_BUG = "Something went wrong on our side. The operator finds it in the log under this correlationId."


def _put_off(fault: database.Unavailable) -> Fault:
    return no_room(_FULL) if isinstance(fault, database.Full) else unavailable(_DATABASE)


def _new_correlation_id() -> str:
    """A UUID of version 4 (RFC 9562 5.4), by hand: the library's takes as long as all the headers."""
    chance = os.urandom(16).hex()
    return f"{chance[:8]}-{chance[8:12]}-4{chance[13:16]}-a{chance[17:20]}-{chance[20:]}"


def _refuse_over(allowance: Allowance, policy: str, headers: Headers) -> None:
    if allowance.wait is not None:
        raise rate_limited(policy, max(1, -(-int(allowance.wait.total_seconds() * 1000) // 1000)), headers)


def told(fault: BaseException) -> dict[str, Any]:
    """What the log may say of a bug: its kind and where, never its text, which may quote a body or a secret."""
    frames = traceback.extract_tb(fault.__traceback__)[-12:]
    return {
        "fault": type(fault).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


async def _send_result(send: Send, operation: Operation, result: Result, correlation_id: str, extra: Headers) -> None:
    status = operation.success
    if isinstance(result, Answer):
        status, extra, result = result.status, [*extra, *result.headers], result.body  # type: ignore[assignment]
    if result is None:
        await _send(send, status, b"", correlation_id, extra)
    elif isinstance(result, File):
        named = ("Content-Disposition", f'attachment; filename="{result.name}"')
        kind = (b"content-type", result.kind.encode())
        await _send(send, status, result.content, correlation_id, [*extra, named], kind)
    elif isinstance(result, BaseModel):
        await _send(send, status, result.model_dump_json(by_alias=True).encode(), correlation_id, extra)
    else:
        await _send(send, status, _encode(result).encode(), correlation_id, extra)


async def _send_fault(send: Send, fault: Fault, correlation_id: str, extra: Headers) -> None:
    body = _encode(fault.to_json(correlation_id)).encode("utf-8", "replace")
    await _send(send, fault.status, body, correlation_id, [*extra, *fault.headers])


async def _send(
    send: Send, status: int, body: bytes, correlation_id: str, extra: Headers, kind: tuple[bytes, bytes] = _JSON
) -> None:
    headers = [*_ALWAYS, (b"x-hubspot-correlation-id", correlation_id.encode())]
    if body:
        headers.append(kind)
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    headers += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _no_page(scope: Scope, receive: Receive, send: Send) -> None:
    fault = Fault(404, "OBJECT_NOT_FOUND", "There is no such path. GET /openapi.json lists those that there are.")
    await _send_fault(send, fault, _new_correlation_id(), ())


def build_app(services: Services) -> Api:
    """The HTTP door, ready to be served: the API, the pages given with the services, and our own pages."""
    operations = all_operations()
    site = web.Site(db=services.db, clock=services.clock, public_url=services.public_url)
    pages = [
        *services.pages,
        *health.routes(services),
        *docs.routes(operations, site),
        *web.routes(site),
        web.static_route(),
    ]
    return Api(services, Router(operations), PageRouter(pages, redirect_slashes=False, default=_no_page))
