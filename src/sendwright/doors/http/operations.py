"""The operations of the API: declared once, reachable under all their paths.

A door module has one :class:`Operations` table and hangs its functions on it; ``catalogue.py`` lists the tables.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, TypedDict, TypeVar, Unpack, cast, overload
from urllib.parse import urlencode

from pydantic import BaseModel, JsonValue, ValidationError

from sendwright import accounts, database
from sendwright.doors.http import errors
from sendwright.doors.http.query import Query, cursor
from sendwright.doors.http.services import Caller, Services
from sendwright.doors.http.shapes import NextPage, Paging

B = TypeVar("B", bound=BaseModel)

OWN_PREFIX = "/api/v1/"
_BIGGEST_ID = 1 << 63
_NUMBER = re.compile(r"[0-9]{1,19}")


class Meter(Enum):
    """Which rate limit a call counts against."""

    REQUESTS = "requests"
    SEARCHES = "searches"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter, as the API document shows it. ``kind``: string, integer, boolean or date-time."""

    name: str
    kind: str = "string"
    repeated: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated call of an operation."""

    caller: Caller
    services: Services
    path: Mapping[str, str]
    query: Query
    headers: Mapping[bytes, bytes]
    url_path: str
    now: datetime
    body: bytes

    @property
    def account_id(self) -> accounts.AccountId:
        """Whose rows this call may touch."""
        return self.caller.account_id

    @property
    def db(self) -> database.Database:
        """The database."""
        return self.services.db

    def header(self, name: str) -> str | None:
        """A header of the request; None when absent or blank."""
        return self.headers.get(name.lower().encode(), b"").decode("latin-1").strip() or None

    def number(self, name: str) -> int:
        """A path parameter that is a numeric id. Anything else names nothing: 404."""
        value = self.path[name]
        if not _NUMBER.fullmatch(value) or int(value) >= _BIGGEST_ID:
            raise errors.not_found()
        return int(value)

    def next_page(self, *after: int | str) -> Paging:
        """The ``paging`` of an answer that has a next page, which begins after these values."""
        place = cursor(*after)
        kept = [pair for pair in self.query.pairs() if pair[0] != "after"]
        link = f"{self.services.public_url}{self.url_path}?{urlencode([*kept, ('after', place)])}"
        return Paging(next=NextPage(after=place, link=link))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that is not the operation's usual success: another status (207), or headers of its own."""

    body: BaseModel | JsonValue = None
    status: int
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An answer to be saved, never shown. ``kind`` is the media type, ``name`` is letters, digits, ``-`` and ``.``."""

    content: bytes = field(repr=False)
    kind: str
    name: str


Result = BaseModel | Mapping[str, Any] | Answer | File | None
Run = Callable[[Call, JsonValue], Awaitable[Result]]


class Facts(TypedDict, total=False):
    """What an operation may say of itself besides its method, path and models."""

    also: Sequence[str]
    scopes: Sequence[str]
    success: int
    query: Sequence[Parameter]
    meter: Meter
    gives: type[BaseModel]
    partly: bool
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that the API can do. ``paths[0]`` is the classic one, which the API document lists."""

    id: str
    tag: str
    method: str
    paths: Sequence[str]
    summary: str
    description: str
    takes: type[BaseModel] | None
    run: Run
    scopes: Sequence[str] = ()
    success: int = 200
    query: Sequence[Parameter] = ()
    meter: Meter = Meter.REQUESTS
    gives: type[BaseModel] | None = None
    partly: bool = False
    """Whether it answers with 207, and the same model, when some of its many inputs fell."""
    has_body: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it lives under our own prefix, where unknown body fields are refused."""
        return self.paths[0].startswith(OWN_PREFIX)

    @property
    def path_parameters(self) -> list[str]:
        """The names in braces of the classic path."""
        return re.findall(r"{(\w+)}", self.paths[0])


Bare = Callable[[Call], Awaitable[Result]]
WithBody = Callable[[Call, B], Awaitable[Result]]
WithJson = Callable[[Call, JsonValue], Awaitable[Result]]


class Operations:
    """A table of operations that share a tag (a heading of the docs page)."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.found: list[Operation] = []

    @overload
    def on(self, method: str, path: str, *, takes: type[B], **facts: Unpack[Facts]) -> Callable[[WithBody[B]], WithBody[B]]: ...  # fmt: skip  # noqa: E501
    @overload
    def on(self, method: str, path: str, **facts: Unpack[Facts]) -> Callable[[Bare], Bare]: ...
    def on(
        self, method: str, path: str, *, takes: type[BaseModel] | None = None, **facts: Unpack[Facts]
    ) -> Callable[[Any], Any]:
        """Registers ``async def name(call)``, or ``async def name(call, body)`` when it ``takes`` a model.

        The function's name becomes the operation id, the first line of its docstring the summary.
        """

        def register(run: Callable[..., Awaitable[Result]]) -> Callable[..., Awaitable[Result]]:
            self._add(_bare(run) if takes is None else _with_model(takes, run), run, method, path, takes, facts)
            return run

        return register

    def on_json(
        self, method: str, path: str, *, documented: type[BaseModel], **facts: Unpack[Facts]
    ) -> Callable[[WithJson], WithJson]:
        """Like :meth:`on`, for the hot path: the function checks the JSON itself; the model is only documentation."""

        def register(run: WithJson) -> WithJson:
            self._add(run, run, method, path, documented, facts)
            return run

        return register

    def _add(
        self,
        run: Run,
        named: Callable[..., object],
        method: str,
        path: str,
        takes: type[BaseModel] | None,
        facts: Facts,
    ) -> None:
        if takes is not None and path.startswith(OWN_PREFIX) and takes.model_config.get("extra") != "forbid":
            raise TypeError(f"{takes.__name__} must be an OwnTaken: our own paths refuse unknown fields")
        lines = (named.__doc__ or "").strip().splitlines()
        rest = dict(facts)
        also = cast(Sequence[str], rest.pop("also", ()))
        summary = cast(str, rest.pop("summary", lines[0].rstrip(".") if lines else ""))
        operation = Operation(
            id=named.__name__,
            tag=self.tag,
            method=method,
            paths=(path, *also),
            summary=summary,
            description="\n".join(line.strip() for line in lines[1:]).strip(),
            takes=takes,
            run=run,
            has_body=takes is not None,
        )
        self.found.append(replace(operation, **rest))  # type: ignore[arg-type]


def _bare(run: Callable[..., Awaitable[Result]]) -> Run:
    def with_call(call: Call, value: JsonValue) -> Awaitable[Result]:
        return run(call)

    return with_call


def _with_model(takes: type[BaseModel], run: Callable[..., Awaitable[Result]]) -> Run:
    def with_body(call: Call, value: JsonValue) -> Awaitable[Result]:
        try:
            body = takes.model_validate(value)
        except ValidationError as fault:
            raise errors.of_validation(fault) from fault
        return run(call, body)

    return with_body
