"""Sends under our own prefix: what was asked for, and all that became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue

from sendwright import database, ledger, send_documents, submission, views
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, File, Operations, Parameter
from sendwright.doors.http.shapes import Paging, Shown

operations = Operations("Sends")

SCOPES: Final = ("content", "transactional-email")
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BIGGEST: Final = 10**18 - 1

# A status is told from two columns, and tags are in no index: both are filtered here. At most so much is read for one
# page, however rare what is looked for.
_ROWS_READ: Final = 500
_MOST_READS: Final = 10
_STATES: Final = {
    ledger.Status.PENDING: ledger.SendState.ACCEPTED,
    ledger.Status.CANCELED: ledger.SendState.CANCELED,
}


class SendSummary(Shown):
    """A send. ``message`` says in plain words what became of it; ``tags`` and ``metadata`` are the sender's own."""

    id: str
    status: str
    send_result: str | None
    message: str
    to: str
    from_: Annotated[str | None, Field(alias="from")]
    subject: str | None
    email_id: str
    campaign_id: str | None
    contact_id: str | None
    requested_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    tags: list[str]
    metadata: dict[str, str]


class SendDelivery(Shown):
    """One recipient of a send: ``part`` is to, cc or bcc; ``due`` is when it is tried (again).

    ``egress`` is by which of the account's egresses it leaves, null for the installation's own way.
    """

    id: str
    to: str
    part: str
    state: str
    tries: int
    due: datetime | None
    egress: str | None
    message: str | None


class DialogueLine(Shown):
    """One line of the SMTP conversation, ``ms`` after the attempt began: out (we), in (they) or note."""

    ms: int
    direction: str
    text: str


class SendAttempt(Shown):
    """One try to hand a message over."""

    id: str
    number: int
    to: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    host: str | None
    ip: str | None
    tls: str | None
    stage: str | None
    code: int | None
    enhanced_code: str | None
    reply: str | None
    message: str
    dialogue: list[DialogueLine]


class SendEvent(Shown):
    """A fact about a send; ``facts`` depend on the type."""

    id: str
    type: str
    created: datetime
    recipient: str
    facts: dict[str, JsonValue]


class SendDetails(SendSummary):
    """All about a send. ``sandboxUrl`` opens its page in a browser, without a login: give it to nobody else."""

    deliveries: list[SendDelivery]
    attempts: list[SendAttempt]
    events: list[SendEvent]
    sandbox_url: str | None = None


class SendPage(Shown):
    """A page of sends, newest first."""

    results: list[SendSummary]
    paging: Paging | None = None


@operations.on(
    "GET",
    "/api/v1/sends",
    scopes=SCOPES,
    gives=SendPage,
    query=[
        Parameter(name="recipient", about="The recipient, as the request named it; also as `to`."),
        Parameter(name="status", about=", ".join(ledger.Status)),
        Parameter(name="result", about="Such as SENT or MISSING_CONTENT."),
        Parameter(name="emailId", kind="integer"),
        Parameter(name="tag", about="A tag that the mail was submitted with, as written there."),
        Parameter(name="since", kind="date-time", about="The first moment of the request that counts."),
        Parameter(name="until", kind="date-time", about="The first moment that counts no more."),
        Parameter(name="limit", kind="integer", about="1 to 100; 20 if not given."),
        Parameter(name="after", about="paging.next.after of the page before."),
    ],
)
async def list_sends(call: Call) -> dict[str, Any]:
    """Lists sends, newest first.

    A page can be shorter than its limit, or empty, and still have a next one.
    """
    limit = call.query.limit(default=20, most=100)
    after = call.query.after("t")
    before = None if after is None else str(after[0])
    status = _status(call.query.text("status"))
    sieve = _Sieve(status=status, tag=call.query.text("tag"))
    found, place = await call.db.read(_find, call.account_id, _filter(call, status), sieve, before, limit)
    page: dict[str, Any] = {"results": [send_documents.send_document(send) for send in found]}
    if place is not None:
        page["paging"] = call.next_page(place).model_dump(by_alias=True)
    return page


@operations.on("GET", "/api/v1/sends/{sendId}", scopes=SCOPES, gives=SendDetails)
async def read_send(call: Call) -> dict[str, Any]:
    """Reads one send, with its deliveries, attempts and events.

    Its id is the `statusId` of the single-send API. Each attempt has the SMTP conversation with times.
    """
    id_ = call.path["sendId"].lower()
    page = await call.db.read(views.send_page, call.account_id, id_) if UUID.fullmatch(id_) else None
    if page is None:
        raise errors.not_found("There is no send with this id in your account.")
    address = call.services.sandbox_page
    url = None if address is None else address(call.account_id, page.send.id)
    return {**send_documents.page_document(page), "sandboxUrl": url}


@operations.on("GET", "/api/v1/sends/{sendId}/content", scopes=SCOPES)
async def download_submitted_mail(call: Call) -> File:
    """Gives the octets of a mail that was submitted by SMTP, as they came (message/rfc822).

    They are kept until the mail is done, and then for as long as its `X-Sendwright-Retention` field asked.
    """
    id_ = call.path["sendId"].lower()
    found = None
    if UUID.fullmatch(id_):
        found = await call.db.read(submission.find_kept, call.account_id, id_, call.now)
    if found is None:
        raise errors.not_found("There is no such mail in your account, or it is not kept: see X-Sendwright-Retention.")
    return File(content=found, kind="message/rfc822", name=f"{id_}.eml")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sieve:
    """What the ledger's columns cannot be asked for. None lets all through."""

    status: ledger.Status | None
    tag: str | None

    @property
    def is_open(self) -> bool:
        """Whether whatever the ledger finds is let through."""
        return self.tag is None and (self.status is None or self.status in _STATES)

    def lets_through(self, send: ledger.Send) -> bool:
        if self.status not in (None, ledger.status_of(send.state, send.result)):
            return False
        return self.tag is None or (send.labels is not None and self.tag in send.labels.tags)


def _filter(call: Call, status: ledger.Status | None) -> ledger.SendFilter:
    query = call.query
    return ledger.SendFilter(
        recipient=query.text("recipient") or query.text("to"),
        state=None if status is None else _STATES.get(status),
        result=_result(query.text("result")),
        email_id=query.number("emailId", least=0, most=_BIGGEST),
        since=query.moment("since"),
        until=query.moment("until"),
    )


def _status(text: str | None) -> ledger.Status | None:
    if text is None:
        return None
    try:
        return ledger.Status(text.upper())
    except ValueError as fault:
        raise errors.invalid_field("status", f"must be one of {', '.join(ledger.Status)}") from fault


def _result(text: str | None) -> ledger.SendResult | None:
    if text is None:
        return None
    try:
        return ledger.SendResult(text.upper())
    except ValueError as fault:
        raise errors.invalid_field("result", f"must be one of {', '.join(ledger.SendResult)}") from fault


def _find(
    conn: database.Connection,
    account_id: int,
    wanted: ledger.SendFilter,
    sieve: _Sieve,
    before: str | None,
    limit: int,
) -> tuple[list[ledger.Send], str | None]:
    """A page, and the id after which the next one begins, None if there is none."""
    found: list[ledger.Send] = []
    rows = limit + 1 if sieve.is_open else _ROWS_READ
    for _ in range(_MOST_READS):
        read = ledger.find_sends(conn, account_id, wanted, before=before, limit=rows)
        found += [send for send in read if sieve.lets_through(send)]
        if len(found) > limit:
            return found[:limit], found[limit - 1].id
        if len(read) < rows:
            return found, None
        before = read[-1].id
    return found, before
