"""The story of an SMTP token: an e-mail that stands for its campaign, and a user name with a password.

Each token has a campaign of its own, also when two carry the same name: whoever asks by campaign finds one token.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sendwright import accounts, database, emails


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. ``host`` ends the user name; ``created_by`` None: whoever is behind ``by``.

    ``by`` is who does it, for the audit log and the e-mail: the id of an API token, or ``operator``. ``tls_required``:
    its mail is rather not delivered than in clear.
    """

    account_id: int
    campaign_name: str
    create_contact: bool
    host: str
    by: str
    created_by: str | None = None
    tls_required: bool = False


Made = tuple[accounts.SmtpToken, str]
"""A token and its password, which is shown this once."""


def create_by_api(conn: database.Connection, wanted: Wanted, now: datetime) -> Made:
    """A token that a program asked for: it ends twelve months later (TK05)."""
    return _create(conn, wanted, now, accounts.a_year_after(now))


def create_by_user(conn: database.Connection, wanted: Wanted, now: datetime) -> Made:
    """A token that a person made, in the app or on the command line: it does not end by itself (TK05)."""
    return _create(conn, wanted, now, None)


def _create(conn: database.Connection, wanted: Wanted, now: datetime, expires_at: datetime | None) -> Made:
    creator = wanted.created_by or accounts.find_creator(conn, wanted.account_id, wanted.by)
    pen = emails.model.Pen(by=wanted.by, at=now)
    email = emails.authoring.create_for_smtp(conn, wanted.account_id, wanted.campaign_name, pen)
    new = accounts.NewSmtpToken(
        account_id=wanted.account_id,
        host=wanted.host,
        campaign_name=wanted.campaign_name,
        create_contact=wanted.create_contact,
        email_id=email.id,
        campaign_id=email.campaign_id,
        created_by=creator or f"operator@{wanted.host}",
        expires_at=expires_at,
        tls_required=wanted.tls_required,
    )
    return accounts.create_smtp_token(conn, new, now, wanted.by)
