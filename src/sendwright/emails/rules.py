"""What becomes of a document when it is changed, and whether it may go live."""

from __future__ import annotations

import re
from typing import Final

from sendwright import hubl, mail
from sendwright.emails import content, kinds, rendering
from sendwright.emails.kinds import EmailType
from sendwright.emails.model import Document, Finding, JsonValue, Part, Sending

WRITABLE: Final = frozenset(
    {
        "activeDomain",
        "businessUnitId",
        "campaign",
        "content",
        "feedbackSurveyId",
        "folderIdV2",
        "from",
        "jitterSendTime",
        "language",
        "name",
        "publishDate",
        "rssData",
        "sendOnPublish",
        "subcategory",
        "subject",
        "subscriptionDetails",
        "testing",
        "to",
        "webversion",
    }
)
"""The fields of a document. `state` and `archived` are writable in the API too, but are facts of the e-mail's row."""

# The short form gives way when a change names only the long one: else the change would have no effect.
_SHORT_FORMS: Final = (
    ("html", content.BODY_PATH),
    ("text", content.TEXT_PATH),
    ("previewText", content.PREVIEW_PATH),
)

_UNSUBSCRIBE: Final = re.compile(r"\bunsubscribe_(?:link|link_all|link_single|anchor|section)\b")

_NO_BODY: Final = (
    "The e-mail has no body. Put its HTML into content.widgets.hs_email_body.body.html, or plainly into content.html."
)
_NO_SENDER: Final = "The e-mail has no sender address. Put one of a connected domain into from.replyTo."
_NO_UNSUBSCRIBE: Final = (
    "A marketing e-mail must let its reader unsubscribe. Link to {{ unsubscribe_link }} or {{ unsubscribe_link_all }}, "
    "or make it a transactional e-mail (subcategory single_send_api)."
)


def merged(document: Document, change: Document) -> Document:
    """The document after a change: fields replace fields, objects field by field (one level), null takes away.

    So a change of `from.fromName` keeps the address, while `content.widgets` is replaced whole.
    """
    after = dict(document)
    for key, value in change.items():
        if key in WRITABLE:
            after[key] = _replaced(after.get(key), value)
    written = after.get("content")
    if isinstance(written, dict):
        after["content"] = _without_outdated(written, change)
    return {key: value for key, value in after.items() if value is not None}


def type_of(document: Document) -> EmailType:
    """The type that the document's subcategory makes; no subcategory means the single-send API."""
    return kinds.TYPES.get(subcategory_of(document), EmailType.BATCH_EMAIL)


def subcategory_of(document: Document) -> str:
    """The subcategory as written, or the default."""
    return content.text_at(document, "subcategory") or kinds.DEFAULT_SUBCATEGORY


def faults(document: Document) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What stands against publishing, and what the author should know: (faults, warnings)."""
    fields = content.sending(document)
    errors = rendering.errors_of(rendering.compiled(fields))
    fatal = [rendering.finding(part, error) for part, error in errors if error.severity is hubl.Severity.FATAL]
    warnings = [rendering.finding(part, error) for part, error in errors if error.severity is not hubl.Severity.FATAL]
    wanted = (*_wanting(fields), *_consent(type_of(document), fields))
    return (*wanted, *fatal), tuple(warnings)


def _replaced(before: JsonValue, value: JsonValue) -> JsonValue:
    if not (isinstance(before, dict) and isinstance(value, dict)):
        return value
    return {key: item for key, item in {**before, **value}.items() if item is not None}


def _without_outdated(written: dict[str, JsonValue], change: Document) -> JsonValue:
    outdated = {
        short
        for short, path in _SHORT_FORMS
        if content.at(change, *path) is not None and content.at(change, "content", short) is None
    }
    return {key: value for key, value in written.items() if key not in outdated}


def _wanting(fields: Sending) -> list[Finding]:
    found = []
    if not fields.subject.strip():
        found.append(_whole(Part.SUBJECT, "The e-mail has no subject. Put one into subject."))
    if not fields.html.strip():
        found.append(_whole(Part.HTML, _NO_BODY))
    found += _sender(fields)
    return found


def _sender(fields: Sending) -> list[Finding]:
    if not fields.from_address:
        return [_whole(Part.FROM_ADDRESS, _NO_SENDER)]
    found = _address(Part.FROM_ADDRESS, "from.replyTo", fields.from_address)
    return found + (_address(Part.REPLY_TO, "from.customReplyTo", fields.reply_to) if fields.reply_to else [])


def _address(part: Part, field: str, text: str) -> list[Finding]:
    match mail.parse_address(text):
        case mail.Malformed(reason=reason):
            return [_whole(part, f"{field} is not an address that mail can use: {reason}")]
    return []


def _consent(kind: EmailType, fields: Sending) -> list[Finding]:
    if kinds.is_transactional(kind) or not fields.html.strip() or _UNSUBSCRIBE.search(fields.html):
        return []
    return [_whole(Part.HTML, _NO_UNSUBSCRIBE)]


def _whole(part: Part, message: str) -> Finding:
    return Finding(part=part, line=None, message=message)
