"""Suppressions under our own prefix: who is not mailed, since when, until when, and why."""

from __future__ import annotations

import asyncio
from typing import Final

from pydantic import Field

from sendwright import database, feedback, mail
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, File, Operations, Parameter
from sendwright.doors.http.shapes import OwnTaken, Paging, Shown, When
from sendwright.feedback import lists

operations = Operations("Suppressions")

SCOPES: Final = ("transactional-email", "marketing-email")
_MOST_EXPORTED: Final = 100_000
_MOST_BAD_SHOWN: Final = 1_000
_WRITTEN_AT_ONCE: Final = 1_000
"""Rows in one commit: others' writes come between."""
_STREAM: Final = Parameter(name="stream", about=", ".join(feedback.STREAMS))


class SuppressionDetails(Shown):
    """An address that is not mailed. ``address``: or `@domain`; ``until`` is absent if it stands until it is lifted."""

    address: str
    stream: str
    cause: str
    since: When
    until: When | None
    explanation: str
    evidence: dict[str, str]


class SuppressionPage(Shown):
    """A page of suppressions, by address."""

    results: list[SuppressionDetails]
    paging: Paging | None = None


class NewSuppression(OwnTaken):
    """``cause``: bounced or complained for an address, blocked for an `@domain`; ``until``: ISO 8601."""

    address: str = Field(max_length=1000)
    stream: str = Field("", max_length=20)
    cause: str = Field("", max_length=20)
    until: str = Field("", max_length=40)
    explanation: str = Field("", max_length=1000)


class SuppressionList(OwnTaken):
    """``csv``: a table whose heading names at least ``address``."""

    csv: str
    dry_run: bool = False


class BadSuppression(Shown):
    """A row that was not taken. ``line`` counts from 1, the heading included."""

    line: int
    reason: str


class TakenSuppressions(Shown):
    """How many rows were taken (or would be) and how many not; of these the first thousand, each with its reason."""

    taken: int
    not_taken: int
    dry_run: bool
    bad: list[BadSuppression]


@operations.on(
    "GET",
    "/api/v1/suppressions",
    scopes=SCOPES,
    gives=SuppressionPage,
    query=[
        _STREAM,
        Parameter(name="cause", about=", ".join(feedback.Cause)),
        Parameter(name="search", about="A piece of the address."),
        Parameter(name="limit", kind="integer", about="1 to 1000; 100 if not given."),
        Parameter(name="after", about="paging.next.after of the page before."),
    ],
)
async def list_suppressions(call: Call) -> SuppressionPage:
    """Lists the addresses that are not mailed, each with what happened."""
    limit = call.query.limit(default=100, most=1000)
    place = call.query.after("tt")
    after = None if place is None else (str(place[0]), str(place[1]))
    wanted = feedback.SuppressionFilter(
        stream=call.query.text("stream"), cause=_cause(call.query.text("cause")), search=call.query.text("search")
    )
    found = await call.db.read(_page, call.account_id, wanted, after, limit + 1)
    shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
    return SuppressionPage(
        results=[_show(each) for each in shown],
        paging=None if last is None else call.next_page(last.key, last.stream),
    )


@operations.on(
    "POST", "/api/v1/suppressions", takes=NewSuppression, gives=SuppressionDetails, scopes=SCOPES, success=201
)
async def add_suppression(call: Call, body: NewSuppression) -> SuppressionDetails:
    """Mails an address, or a whole `@domain`, no more. One that is suppressed already stays as it is."""
    wanted = lists.Wanted(
        address=body.address, stream=body.stream, cause=body.cause, until=body.until, explanation=body.explanation
    )
    checked = lists.check(call.account_id, wanted, call.now, call.services.lifetimes)
    if isinstance(checked, mail.Malformed):
        raise errors.invalid(f"Invalid input: {checked.reason}")
    await call.db.write(feedback.suppress, [checked])
    found = await call.db.read(feedback.find_suppression, call.account_id, checked.stream, checked.key)
    return _show(found or checked)


@operations.on("GET", "/api/v1/suppressions/{address}", scopes=SCOPES, gives=SuppressionDetails, query=[_STREAM])
async def read_suppression(call: Call) -> SuppressionDetails:
    """Reads one suppression with its evidence: which mail, which reply, which report."""
    found = await call.db.read(feedback.find_suppression, call.account_id, _stream(call), _key(call))
    if found is None:
        raise errors.not_found("This address is not suppressed.")
    return _show(found)


@operations.on("DELETE", "/api/v1/suppressions/{address}", scopes=SCOPES, success=204, query=[_STREAM])
async def lift_suppression(call: Call) -> None:
    """Lets an address be mailed again."""
    if not await call.db.write(feedback.lift, call.account_id, _stream(call), _key(call)):
        raise errors.not_found("This address is not suppressed.")


@operations.on("POST", "/api/v1/suppressions/import", takes=SuppressionList, gives=TakenSuppressions, scopes=SCOPES)
async def import_suppressions(call: Call, body: SuppressionList) -> TakenSuppressions:
    """Takes suppressions from a CSV table. Rows that cannot be taken are named, the others count."""
    # Beside the loop: a hundred thousand rows take seconds, and everybody else's requests would wait.
    read = await asyncio.to_thread(lists.read_csv, call.account_id, body.csv, call.now, call.services.lifetimes)
    taken = () if body.dry_run else read.suppressions
    for start in range(0, len(taken), _WRITTEN_AT_ONCE):
        await call.db.write(feedback.suppress, taken[start : start + _WRITTEN_AT_ONCE])
    bad = [BadSuppression(line=row.line, reason=row.reason) for row in read.bad[:_MOST_BAD_SHOWN]]
    return TakenSuppressions(
        taken=len(read.suppressions), not_taken=len(read.bad), dry_run=body.dry_run, bad=bad
    )  # fmt: skip


@operations.on("GET", "/api/v1/suppressions/export", scopes=SCOPES)
async def export_suppressions(call: Call) -> File:
    """Gives all suppressions as CSV, as the import reads it."""
    found = await call.db.read(_page, call.account_id, feedback.SuppressionFilter(), None, _MOST_EXPORTED)
    table = await asyncio.to_thread(lambda: "".join(lists.write_csv(found)).encode())
    return File(content=table, kind="text/csv", name="suppressions.csv")


def _page(
    conn: database.Connection,
    account_id: int,
    wanted: feedback.SuppressionFilter,
    after: tuple[str, str] | None,
    limit: int,
) -> list[feedback.Suppression]:
    return feedback.list_suppressions(conn, account_id, wanted, after=after, limit=limit)


def _key(call: Call) -> str:
    key = lists.key_of(call.path["address"])
    if isinstance(key, mail.Malformed):
        raise errors.not_found("This address is not suppressed.")
    return key


def _stream(call: Call) -> str:
    return call.query.text("stream") or feedback.STREAMS[0]


def _cause(text: str | None) -> feedback.Cause | None:
    if text is None:
        return None
    if text not in list(feedback.Cause):
        raise errors.invalid_field("cause", f"must be one of {', '.join(feedback.Cause)}")
    return feedback.Cause(text)


def _show(each: feedback.Suppression) -> SuppressionDetails:
    return SuppressionDetails(
        address=each.key, stream=each.stream, cause=each.cause.value, since=each.since, until=each.until,
        explanation=each.explanation, evidence=dict(each.evidence),
    )  # fmt: skip
