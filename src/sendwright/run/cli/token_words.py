"""An SMTP token as text: what to paste into a mail program, and a line of the list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sendwright import accounts
from sendwright.doors.certificates import SELF_MADE
from sendwright.run.cli.common import clean
from sendwright.run.cli.token_blocks import Paste, blocks
from sendwright.run.settings import Settings, smtp_name

HEADS: Final = ("USER NAME", "CAMPAIGN", "CONTACTS", "CREATED", "LAST USED", "NOTE")
_STARTTLS_PORT: Final = 587
_TLS_PORT: Final = 465


def paste(settings: Settings, token: accounts.SmtpToken, password: str, sender_domain: str) -> Paste:
    """For the submission door that the settings open; STARTTLS where they open both, or none yet."""
    starttls, tls = next(iter(settings.submission), None), next(iter(settings.submissions), None)
    implicit_tls = starttls is None and tls is not None
    listen, usual = (tls, _TLS_PORT) if implicit_tls else (starttls, _STARTTLS_PORT)
    return Paste(
        host=smtp_name(settings),
        port=(listen.port if listen is not None else 0) or usual,
        implicit_tls=implicit_tls,
        token=token,
        password=password,
        sender=f"hello@{sender_domain}",
        self_made=_self_made(settings),
    )


def _self_made(settings: Settings) -> Path | None:
    """Where the doors put their own certificate, when they are given none."""
    is_given = settings.tls_certificate is not None or settings.database is not None
    return None if is_given else settings.data.resolve() / SELF_MADE


def paste_document(paste: Paste) -> dict[str, object]:
    """As JSON."""
    return {
        "id": paste.token.id,
        "password": paste.password,
        "host": paste.host,
        "port": paste.port,
        "security": "tls" if paste.implicit_tls else "starttls",
        "campaignName": paste.token.campaign_name,
        "createContact": paste.token.create_contact,
        "tlsRequired": paste.token.tls_required,
        "emailCampaignId": str(paste.token.campaign_id),
        "account": paste.token.account_id,
        "expiresAt": _iso(paste.token.expires_at),
    }


def paste_lines(paste: Paste) -> Iterator[str]:
    """To read and to copy from."""
    become = "become" if paste.token.create_contact else "do not become"
    yield f"SMTP token for {clean(paste.token.campaign_name)} in account {paste.token.account_id}."
    yield f"Recipients {become} contacts."
    if paste.token.tls_required:
        yield "Its mail leaves inside TLS only."
    yield ""
    yield f"  Host       {paste.host}"
    yield f"  Port       {paste.port}, {'TLS' if paste.implicit_tls else 'STARTTLS'}"
    yield f"  User name  {paste.token.id}"
    yield f"  Password   {paste.password}"
    yield ""
    yield "The password is shown this once: keep it now."
    for title, lines in blocks(paste):
        yield ""
        yield f"# {title}"
        yield from lines


def token_document(token: accounts.SmtpToken, now: datetime) -> dict[str, object]:
    """A token of the list, as JSON. ``note`` is null while there is nothing to do about it."""
    left = accounts.days_left(token, now)
    return {
        "id": token.id,
        "campaignName": token.campaign_name,
        "createContact": token.create_contact,
        "tlsRequired": token.tls_required,
        "emailCampaignId": str(token.campaign_id),
        "createdAt": _iso(token.created_at),
        "createdBy": token.created_by,
        "lastUsedAt": _iso(token.last_used_at),
        "expiresAt": _iso(token.expires_at),
        "note": None if left is None else _soon(left),
    }


def token_row(token: accounts.SmtpToken, now: datetime) -> tuple[str, ...]:
    """A line of the list."""
    return (
        token.id, token.campaign_name, "made" if token.create_contact else "not made", f"{token.created_at:%Y-%m-%d}",
        "never" if token.last_used_at is None else f"{token.last_used_at:%Y-%m-%d}", _note(token, now),
    )  # fmt: skip


def _note(token: accounts.SmtpToken, now: datetime) -> str:
    tls = "; TLS only" if token.tls_required else ""
    if token.expires_at is None:
        return f"does not expire{tls}"
    left = accounts.days_left(token, now)
    return (f"expires on {token.expires_at:%Y-%m-%d}" if left is None else _soon(left)) + tls


def _soon(days: int) -> str:
    if days == 0:
        return "expires today: make another"
    return f"expires in {days} day{'s' if days > 1 else ''}: make another"


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="milliseconds")
