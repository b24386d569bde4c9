"""Logging in and out, and the start page.

A login is throttled by client and by address, costs the same for an unknown address, and always opens a session with a
fresh id. Forms carry a token and are refused from foreign origins.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sendwright import accounts, database
from sendwright.doors.limits import RollingLimit
from sendwright.doors.web.site import Refused, Site, check_form, check_origin, read_form, render, same

_WINDOW = timedelta(minutes=15)
_LONGEST_PASSWORD = 1000
_LONGEST_EMAIL = 320
_FORM_COOKIE = "sendwright_form"
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")  # printable ASCII without backslash, one slash first
_SAME_TEXT = "The address or the password is wrong."


def routes(site: Site) -> list[BaseRoute]:
    """The start page, login and logout."""
    login = _Login(site)
    return [
        Route("/", login.home, methods=["GET"]),
        Route("/login", login.show, methods=["GET"]),
        Route("/login", login.enter, methods=["POST"]),
        Route("/logout", login.leave, methods=["POST"]),
    ]


class _Login:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._by_client = RollingLimit(50, _WINDOW)
        self._by_email = RollingLimit(100, _WINDOW)
        self._by_both = RollingLimit(10, _WINDOW)
        # each check takes tens of milliseconds and 19 MiB: more at once would let strangers stop the mail
        self._checks = CapacityLimiter(2)

    async def home(self, request: Request) -> Response:
        visitor = await self._site.visitor(request)
        return render("home.html", {"visitor": visitor})

    async def show(self, request: Request) -> Response:
        if await self._site.visitor(request) is not None:
            return RedirectResponse(_local(request.query_params.get("next")), 303)
        return self._page(_local(request.query_params.get("next")))

    async def enter(self, request: Request) -> Response:
        try:
            fields = await self._read(request)
        except Refused as refusal:
            return self._page("/", str(refusal), status=403)
        wanted, email = _local(fields.get("next")), fields.get("email", "").strip().lower()
        wait = self._wait(request, email)
        if wait is not None:
            minutes = 1 + int(wait.total_seconds()) // 60
            text = f"Too many tries. Wait {minutes} minutes, then try again."
            return self._page(wanted, text, status=429, retry_after=int(wait.total_seconds()) + 1)
        user = await self._check(email, fields.get("password", ""))
        if user is None:
            return self._page(wanted, _SAME_TEXT, status=401)
        return await self._open(request, user, wanted)

    async def leave(self, request: Request) -> Response:
        visitor = await self._site.visitor(request)
        if visitor is None:
            return RedirectResponse("/login", 303)
        try:
            await check_form(request, self._site, visitor)
        except Refused as refusal:
            return self._page("/", str(refusal), status=403)
        await self._site.db.write(accounts.close_session, visitor.secret)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(self._site.cookie, secure=self._site.is_secure, httponly=True, samesite="lax")
        return response

    async def _read(self, request: Request) -> dict[str, str]:
        check_origin(request, self._site)
        fields = await read_form(request)
        cookie = request.cookies.get(_FORM_COOKIE, "")
        if not cookie or not same(fields.get("form_token", ""), cookie):
            raise Refused("The form is too old, or your browser refuses cookies. Please try again.")
        if len(fields.get("email", "")) > _LONGEST_EMAIL or len(fields.get("password", "")) > _LONGEST_PASSWORD:
            raise Refused(_SAME_TEXT)
        return fields

    def _wait(self, request: Request, email: str) -> timedelta | None:
        now, client = self._site.clock.now(), request.client.host if request.client else ""
        taken = (
            self._by_both.take(f"{client} {email}", now),
            self._by_client.take(client, now),
            self._by_email.take(email, now),
        )
        return max((each.wait for each in taken if each.wait is not None), default=None)

    async def _check(self, email: str, password: str) -> accounts.User | None:
        user = None if "\0" in email else await self._site.db.read(accounts.find_user, email)
        known = None if user is None else user.password_hash
        fits = await anyio.to_thread.run_sync(accounts.password_fits, known, password, limiter=self._checks)
        return user if fits else None

    async def _open(self, request: Request, user: accounts.User, wanted: str) -> Response:
        before = request.cookies.get(self._site.cookie)
        secret = await self._site.db.write(_replace_session, before, user, self._site)
        response = RedirectResponse(wanted, 303)
        response.set_cookie(self._site.cookie, secret, secure=self._site.is_secure, httponly=True, samesite="lax")
        response.delete_cookie(_FORM_COOKIE)
        return response

    def _page(self, wanted: str, fault: str = "", *, status: int = 200, retry_after: int | None = None) -> Response:
        token = secrets.token_urlsafe(24)
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        values = {"visitor": None, "wanted": wanted, "fault": fault, "form_token": token}
        response = render("login.html", values, status=status, headers=headers)
        response.set_cookie(_FORM_COOKIE, token, secure=self._site.is_secure, httponly=True, samesite="lax")
        return response


def _replace_session(conn: database.Connection, before: str | None, user: accounts.User, site: Site) -> str:
    if before:
        accounts.close_session(conn, before)
    _, secret = accounts.open_session(conn, user, site.clock.now())
    return secret


def _local(wanted: str | None) -> str:
    """Where to go after the login: a page of ours, never another site (an open redirect)."""
    return wanted if wanted and _LOCAL.fullmatch(wanted) else "/"
