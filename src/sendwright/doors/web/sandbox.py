"""The sandbox pages: what the sandbox received, and for each send what became of it.

A page of a send opens with the key of its printed link, or for somebody who is logged in to its account. To everybody
else it does not exist. What came in the mail is a stranger's: it is shown in a frame that runs and loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sendwright import database, emails, mail, sandbox, tracking
from sendwright.doors.web import sandbox_views as shown
from sendwright.doors.web.sandbox_address import SendPlace, is_id
from sendwright.doors.web.sandbox_frame import POLICY, frame_document
from sendwright.doors.web.site import Site, login_redirect, render

T = TypeVar("T")

_LONGEST_SEARCH = 998
_SAVED_POLICY = "default-src 'none'; sandbox"
# The page too: the addresses it lists are the sender's, and a name looked up ahead is a visit told.
_PRIVATE = {"X-DNS-Prefetch-Control": "off", "X-Robots-Tag": "noindex, nofollow"}
_BY_ITSELF = {
    **_PRIVATE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def sandbox_routes(
    db: database.Database,
    keys: Sequence[tracking.TrackingKey],
    now: Callable[[], datetime],
    public_url: str = "",
) -> list[BaseRoute]:
    """The routes to hang into the HTTP door. ``public_url`` has no slash at its end."""
    pages = _Pages(Site(db=db, clock=_Now(now), public_url=public_url), keys)
    return [
        Route("/sandbox", pages.list, methods=["GET"]),
        Route("/sandbox/s/{send_id}", pages.send, methods=["GET"]),
        Route("/sandbox/s/{send_id}/html", pages.frame, methods=["GET"]),
        Route("/sandbox/s/{send_id}/raw", pages.raw, methods=["GET"]),
        Route("/sandbox/s/{send_id}/attachment", pages.attachment, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class _Now:
    """The clock of a site."""

    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Pages:
    site: Site
    keys: Sequence[tracking.TrackingKey]

    async def list(self, request: Request) -> Response:
        visitor = await self.site.visitor(request)
        if visitor is None:
            return login_redirect(request)
        search = _storable(request.query_params.get("q", "")).strip()[:_LONGEST_SEARCH]
        before = request.query_params.get("before", "")
        wanted = shown.wanted(search, before if is_id(before) else "")
        page, email_id = await self.site.db.read(_list, visitor.user.account_id, wanted)
        values = {
            "visitor": visitor, "page": page, "search": search, "paged": bool(wanted.before), "email_id": email_id,
            "server": self.site.public_url, "tricks": shown.TRICKS, "days": shown.by_day(page.mails),
        }  # fmt: skip
        return render("sandbox_list.html", values, headers=_PRIVATE)

    async def send(self, request: Request) -> Response:
        send_id = request.path_params["send_id"]
        account_id = await self._account(request, send_id)
        visitor = await self.site.visitor(request)
        if account_id is None:
            asked_with_key = "key" in request.query_params
            return login_redirect(request) if visitor is None and not asked_with_key else self._missing(visitor)
        place = SendPlace(send_id=send_id, key=request.query_params.get("key", ""))
        asked = shown.Asked(tab=request.query_params.get("tab", ""), mail_id=_mail_id(request))
        page = await self.site.db.read(shown.read_page, account_id, place, asked, self.keys)
        if page is None:
            return self._missing(visitor)
        values = {"visitor": visitor, "page": page, "place": place}
        # whoever is logged in has a form on the page, which must say where it comes from
        headers = _PRIVATE if visitor else {**_PRIVATE, "Referrer-Policy": "no-referrer"}
        return render("sandbox_send.html", values, headers=headers, policy={"frame-src": _frame_source(request, place)})

    async def frame(self, request: Request) -> Response:
        html = await self._of_mail(request, _frame)
        if html is None:
            return self._missing(None)
        headers = {**_BY_ITSELF, "Content-Security-Policy": POLICY}
        return Response(html.encode("utf-8", "replace"), headers=headers, media_type="text/html; charset=utf-8")

    async def raw(self, request: Request) -> Response:
        raw = await self._of_mail(request, bytes)
        if raw is None:
            return self._missing(None)
        return _saved(raw, "message/rfc822", f"{_mail_id(request)}.eml")

    async def attachment(self, request: Request) -> Response:
        number = request.query_params.get("n", "")
        short = number.isascii() and number.isdigit() and len(number) < 5
        found = await self._of_mail(request, partial(_attachment, int(number))) if short else None
        # never by the type that the sender gave it: this is our origin
        return self._missing(None) if found is None else _saved(found[1], "application/octet-stream", found[0])

    async def _account(self, request: Request, send_id: str) -> int | None:
        """Whose send may be shown here: by the key, else by the login. None: nothing to see."""
        if not is_id(send_id):
            return None
        opened = tracking.unseal_sandbox_page(self.keys, request.query_params.get("key", ""))
        if opened is not None and opened.send_id == send_id:
            return opened.account_id
        visitor = await self.site.visitor(request)
        return None if visitor is None else visitor.user.account_id

    async def _of_mail(self, request: Request, take: Callable[[bytes], T | None]) -> T | None:
        """What ``take`` finds in the mail that is asked for; None if there is none, or it is not for this visitor."""
        send_id, mail_id = request.path_params["send_id"], _mail_id(request)
        account_id = await self._account(request, send_id)
        if account_id is None or not mail_id:
            return None
        return await self.site.db.read(_take, account_id, send_id, mail_id, take)

    def _missing(self, visitor: object) -> Response:
        return render("sandbox_missing.html", {"visitor": visitor}, status=404, headers=_PRIVATE)


def _list(conn: database.Connection, account_id: int, wanted: sandbox.Wanted) -> tuple[sandbox.Page, int | None]:
    """A page of mails; when there is none at all, also an e-mail that could be sent."""
    page = sandbox.find(conn, account_id, wanted)
    if page.mails:
        return page, None
    sendable = emails.listing.Wanted(account_id=account_id, limit=1, state=emails.model.State.PUBLISHED)
    found = emails.listing.page(conn, sendable).found
    return page, found[0].email.id if found else None


def _take(
    conn: database.Connection, account_id: int, send_id: str, mail_id: str, take: Callable[[bytes], T | None]
) -> T | None:
    """A key opens one send: a mail of another send is not there. Taken apart here, in a reader's thread."""
    found, raw = sandbox.get(conn, account_id, mail_id), sandbox.raw_of(conn, account_id, mail_id)
    return take(raw) if found is not None and found.send_id == send_id and raw is not None else None


def _frame(raw: bytes) -> str | None:
    html = mail.read(raw).html
    return None if html is None else frame_document(html)


def _attachment(number: int, raw: bytes) -> tuple[str, bytes] | None:
    said = mail.read(raw)
    return (said.attachments[number].name, said.content(number)) if number < len(said.attachments) else None


def _saved(content: bytes, kind: str, name: str) -> Response:
    # RFC 6266: the plain name for old clients, the encoded one for all others
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    disposition = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
    )
    headers = {**_BY_ITSELF, "Content-Security-Policy": _SAVED_POLICY, "Content-Disposition": disposition}
    return Response(content, headers=headers, media_type=kind)


def _mail_id(request: Request) -> str:
    given = request.query_params.get("mail", "")
    return given if is_id(given) else ""


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _frame_source(request: Request, place: SendPlace) -> str:
    """Only the mail's own address, so that a link of the mail cannot lead the frame to our tracking links, either.

    The Host header is used here and only here: a browser tells the truth about it, and who lies hurts himself.
    """
    host = request.headers.get("host", "")
    plain = 0 < len(host) < 255 and all(c.isalnum() or c in "-.:" for c in host) and host.isascii()
    return f"{host}{place.path}/html" if plain else "'self'"
