"""Documents and e-mails that the tests of this room share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendwright import emails
from sendwright.emails import content, shelf
from sendwright.emails.model import Authored, Email, EmailId, Pen, PublishedVersion, State, Version, VersionNumber
from sendwright.emails.rules import type_of

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
PEN = Pen(by="token-1", at=NOON)


def document(**changes: Any) -> dict[str, Any]:
    """A document that may go live; a change to None takes a field away."""
    whole: dict[str, Any] = {
        "name": "Receipt",
        "subject": "Your receipt",
        "from": {"fromName": "Example Shop", "replyTo": "shop@example.com"},
        "content": {"html": "<p>Hello</p>"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def email(document: dict[str, Any], **changes: Any) -> Email:
    facts: dict[str, Any] = {
        "account_id": 1,
        "id": EmailId(101),
        "campaign_id": 101,
        "type": type_of(document),
        "state": State.DRAFT,
        "live": VersionNumber(1),
        "draft": VersionNumber(1),
        "last": VersionNumber(1),
        "created_at": NOON,
        "created_by": "token-1",
        "updated_at": NOON,
        "updated_by": "token-1",
        "published_at": None,
        "published_by": None,
        "unpublished_at": None,
        "archived_at": None,
        "cloned_from": None,
        "warnings": (),
        **changes,
    }
    return Email(**facts)


def version(document: dict[str, Any], number: int = 1) -> Version:
    return Version(number=VersionNumber(number), document=document, written_at=NOON, written_by="token-1")


def authored(**changes: Any) -> Authored:
    """An e-mail whose document has these changes."""
    whole = document(**changes)
    return Authored(email=email(whole), version=version(whole))


def compiled(**changes: Any) -> PublishedVersion:
    """A version with these changes, compiled as if it were published."""
    found = authored(**changes)
    return shelf.published_version(found, content.sending(found.version.document))


def mailed(version: PublishedVersion, **names: Any) -> emails.RenderedMail:
    """The mail of a version for these values; fails the test when it cannot be made."""
    given: dict[str, Any] = {"custom": {}, "contact": {}, **names}
    values = emails.context(version, now=NOON, **given)
    assert not isinstance(values, emails.RenderFault)
    made = emails.render(version, values)
    assert isinstance(made, emails.RenderedMail), made
    return made
