"""The sandbox under our own prefix: what the built-in receiver got."""

from __future__ import annotations

from typing import Any, Final

from sendwright import database, mail, sandbox
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, File, Operations, Parameter
from sendwright.doors.http.own_sends import SCOPES, UUID
from sendwright.doors.http.shapes import Paging, Shown, When

operations = Operations("Sandbox")

_LONGEST: Final = 998


class ReceivedMail(Shown):
    """A mail that the sandbox kept. ``tls`` is the version by which it came, such as TLSv1.3; null in clear."""

    nulls = frozenset({"tls"})

    id: str
    send_id: str
    mail_from: str
    rcpt_to: str
    subject: str
    received_at: When
    tls: str | None
    size_bytes: int


class ReceivedHeader(Shown):
    """A header field, decoded."""

    name: str
    value: str


class ReceivedAttachment(Shown):
    """A part that is not the text of the mail."""

    name: str
    content_type: str
    size_bytes: int
    content_id: str
    inline: bool


class WholeReceivedMail(ReceivedMail):
    """A mail with what it says. The HTML is as it came: show it only in a frame without scripts.

    ``truncated``: the mail is so large or so deep that not all of it was looked at; the raw mail has everything.
    """

    nulls = frozenset({"tls", "text", "html"})

    text: str | None
    html: str | None
    headers: list[ReceivedHeader]
    attachments: list[ReceivedAttachment]
    truncated: bool


class ReceivedMails(Shown):
    """A page of received mails, newest first."""

    results: list[ReceivedMail]
    paging: Paging | None = None


@operations.on(
    "GET",
    "/api/v1/sandbox",
    scopes=SCOPES,
    gives=ReceivedMails,
    query=[
        Parameter(name="recipient", about="The whole address, in any case; also as `to`."),
        Parameter(name="subject", about="A part of the subject."),
        Parameter(name="sendId", about="Only the copies of this send."),
        Parameter(name="limit", kind="integer", about="1 to 100; 20 if not given."),
        Parameter(name="after", about="paging.next.after of the page before."),
    ],
)
async def list_received_mails(call: Call) -> ReceivedMails:
    """Lists the mails that the sandbox received, newest first."""
    query, after = call.query, call.query.after("t")
    wanted = sandbox.Wanted(
        recipient=query.text("recipient") or query.text("to") or "",
        subject=(query.text("subject") or "")[:_LONGEST],
        send_id=(query.text("sendId") or "").lower(),
        before="" if after is None else str(after[0]),
        limit=query.limit(default=20, most=100),
    )
    page = await call.db.read(sandbox.find, call.account_id, wanted)
    paging = None if page.next is None else call.next_page(page.next)
    return ReceivedMails(results=[ReceivedMail(**_facts(found)) for found in page.mails], paging=paging)


@operations.on("GET", "/api/v1/sandbox/{mailId}", scopes=SCOPES, gives=WholeReceivedMail)
async def read_received_mail(call: Call) -> WholeReceivedMail:
    """Reads one received mail: its text, its HTML, its headers, the list of its attachments."""
    found = await call.db.read(_read, call.account_id, _id(call))
    if found is None:
        raise errors.not_found()
    return found


@operations.on("GET", "/api/v1/sandbox/{mailId}/raw", scopes=SCOPES)
async def download_received_mail(call: Call) -> File:
    """Gives the octets of a received mail, as they came (message/rfc822)."""
    mail_id = _id(call)
    raw = await call.db.read(sandbox.raw_of, call.account_id, mail_id)
    if raw is None:
        raise errors.not_found()
    return File(content=raw, kind="message/rfc822", name=f"{mail_id}.eml")


def _id(call: Call) -> str:
    id_ = call.path["mailId"].lower()
    if not UUID.fullmatch(id_):
        raise errors.not_found()
    return id_


def _read(conn: database.Connection, account_id: int, mail_id: str) -> WholeReceivedMail | None:
    """Takes the mail apart beside the reading, so in a reader's thread: that of a large one takes a moment."""
    found, raw = sandbox.get(conn, account_id, mail_id), sandbox.raw_of(conn, account_id, mail_id)
    if found is None or raw is None:
        return None
    said = mail.read(raw)
    return WholeReceivedMail(
        **_facts(found),
        text=None if said.text is None else _writable(said.text),
        html=None if said.html is None else _writable(said.html),
        headers=[ReceivedHeader(name=each.name, value=_writable(each.value)) for each in said.headers],
        attachments=[
            ReceivedAttachment(
                name=_writable(each.name), content_type=each.content_type, size_bytes=each.size_bytes,
                content_id=_writable(each.content_id), inline=each.inline,
            )
            for each in said.attachments
        ],
        truncated=said.truncated,
    )  # fmt: skip


def _facts(found: sandbox.SandboxMail) -> dict[str, Any]:
    return {
        "id": found.id, "send_id": found.send_id, "mail_from": found.mail_from, "rcpt_to": found.rcpt_to,
        "subject": found.subject, "received_at": found.received_at, "tls": found.tls, "size_bytes": found.size_bytes,
    }  # fmt: skip


def _writable(text: str) -> str:
    """Half a surrogate pair, which a stranger's charset may yield, cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()
