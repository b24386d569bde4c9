"""What all pages share: who is logged in, how a page is rendered, how a form is checked."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlsplit

import jinja2
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sendwright import accounts, database

_MOST_FORM_BYTES = 16 * 1024
_MOST_FIELDS = 50
_PAGE_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("sendwright.doors.web"), autoescape=True, undefined=jinja2.StrictUndefined
)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Refused(Exception):
    """A form that must not be acted on; ``str()`` says why, for the person who sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is logged in. ``form_token`` goes into every form as the hidden field ``form_token``."""

    session: accounts.Session
    user: accounts.User
    secret: str = field(repr=False)

    @property
    def form_token(self) -> str:
        """Derived from the session, so it needs no place of its own and dies with it."""
        return hashlib.sha256(b"form:" + self.secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What pages may reach. ``public_url`` has no slash at its end."""

    db: database.Database
    clock: Clock
    public_url: str

    @property
    def is_secure(self) -> bool:
        """Whether people reach us by HTTPS, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the session cookie; the prefix binds it to this host (RFC 6265bis 4.1.3.2)."""
        return "__Host-sendwright" if self.is_secure else "sendwright"

    async def visitor(self, request: Request) -> Visitor | None:
        """Who is logged in; None for nobody."""
        secret = request.cookies.get(self.cookie)
        if not secret or len(secret) > 200:
            return None
        now = self.clock.now()
        found = await self.db.read(accounts.find_session, secret, now)
        if found is None:
            return None
        session, user = found
        if accounts.is_use_worth_noting(session.used_at, now):
            await self.db.write(accounts.keep_session, session, secret, now)
        return Visitor(session=session, user=user, secret=secret)


def render(
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    policy: Mapping[str, str] | None = None,
) -> Response:
    """A page. ``policy`` changes directives of the Content-Security-Policy, ``{"frame-src": "'self'"}``."""
    directives = {**_PAGE_POLICY, **(policy or {})}
    sent = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in directives.items()),
        "X-Content-Type-Options": "nosniff",
        # tells other sites nothing; "no-referrer" would make browsers send our forms with "Origin: null" (Fetch 3.1)
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        **(headers or {}),
    }
    return HTMLResponse(_templates.get_template(template).render(**values), status, sent)


def login_redirect(request: Request) -> Response:
    """Sends a visitor who is not logged in to the login page, and back afterwards."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", 303)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, urlencoded; the last one of a name counts. Raises :class:`Refused` when it is too large."""
    found = bytearray()
    try:
        async for part in request.stream():
            found += part
            if len(found) > _MOST_FORM_BYTES:
                raise Refused("The form is too large.")
        return dict(parse_qsl(found.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ValueError, ClientDisconnect) as fault:
        raise Refused("The form could not be read.") from fault


def check_origin(request: Request, site: Site) -> None:
    """Raises :class:`Refused` for a form that another site made a browser send (RFC 6454; attack D9).

    A browser says where a POST comes from. That is us if it is our public address, or the very host that it asked:
    a page elsewhere cannot make those two agree.
    """
    origin = request.headers.get("origin")
    if origin is None or origin == _origin(site.public_url):
        return
    if origin.partition("://")[2].lower() != request.headers.get("host", "").lower():  # "null" has no host
        raise Refused("The form came from another site. Open this page anew and try again.")


async def check_form(request: Request, site: Site, visitor: Visitor) -> dict[str, str]:
    """The fields of a form that this visitor's own page sent. Raises :class:`Refused`."""
    check_origin(request, site)
    fields = await read_form(request)
    if not same(fields.get("form_token", ""), visitor.form_token):
        raise Refused("The form is too old. Go back, load the page anew and try again.")
    return fields


def same(given: str, wanted: str) -> bool:
    """Compares secrets without telling by the time it takes how much of them is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
