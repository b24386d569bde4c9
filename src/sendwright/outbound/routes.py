"""Reads a route as an operator writes it."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from sendwright.outbound.model import DirectMx, Route, Sandbox, SmartHost, Tls

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
_HOW = "write sandbox, mx, or smtp://[user:password@]host:port (smtps:// for TLS from the first byte)"


class BadRoute(ValueError):
    """The text is no route. The message says what to write instead, and never repeats a password."""


def parse_route(text: str) -> Route:
    """`sandbox`, `mx`, `smtp://[user:password@]host[:port]` or `smtps://…`.

    User and password may be percent-encoded, and must be where they hold `@`, `/`, `#`, `?` or `%`. Without a port: 25,
    with a password 587, for smtps 465. A password is shown only inside TLS, except to this machine. Raises BadRoute.
    """
    word = text.strip()
    if word == "sandbox":
        return Sandbox()
    if word == "mx":
        return DirectMx()
    if not word.startswith(("smtp://", "smtps://")) or not word.isascii() or not word.isprintable() or " " in word:
        raise BadRoute(f"this is not a route: {_HOW}")
    return _smart_host(word)


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own, by its text alone."""
    return host == "localhost" or host == "::1" or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None


def _smart_host(word: str) -> SmartHost:
    try:
        parts = urlsplit(word)
        host, port = parts.hostname or "", parts.port
    except ValueError as fault:
        raise BadRoute(f"the route needs a host and a port number from 1 to 65535: {_HOW}") from fault
    if _HOST.fullmatch(host) is None or port == 0:
        raise BadRoute(f"the route needs a host and a port number from 1 to 65535: {_HOW}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadRoute("nothing may follow host and port; in a password write %2F for /, %3F for ?, %23 for #")
    user, password = _credentials(parts)
    implicit = parts.scheme == "smtps"
    usual = 465 if implicit else 587 if user else 25
    return SmartHost(host=host, port=port or usual, user=user, password=password, tls=_tls(implicit, user, host))


def _tls(implicit: bool, user: str, host: str) -> Tls:
    if implicit:
        return Tls.IMPLICIT
    return Tls.REQUIRED if user and not is_loopback(host) else Tls.OPPORTUNISTIC


def _credentials(parts: SplitResult) -> tuple[str, str]:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise BadRoute("a user name and a password go together: smtp://user:password@host:port")
    if "\0" in user + password or "\ufffd" in user + password:
        raise BadRoute("user name and password are UTF-8 text without NUL")
    return user, password
