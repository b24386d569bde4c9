"""What an authored e-mail is: its row, its immutable versions, what is wrong with them, and what a render gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from sendwright import hubl
from sendwright.emails.kinds import EmailType

EmailId = NewType("EmailId", int)
VersionNumber = NewType("VersionNumber", int)

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Document: TypeAlias = Mapping[str, JsonValue]
"""What an author writes, whole and under the names of the API (`subject`, `from`, `content`, …), so that it is read
back as it was written. What a send needs is taken out of it in one place, `content.py`."""


class State(StrEnum):
    """A draft cannot be sent. Archiving is apart from it: an archived e-mail keeps its state."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class Part(StrEnum):
    """A part of a mail that an author writes, and that can be wrong."""

    SUBJECT = "subject"
    FROM_NAME = "from name"
    FROM_ADDRESS = "from address"
    REPLY_TO = "reply-to address"
    PREVIEW_TEXT = "preview text"
    HTML = "HTML body"
    TEXT = "plain text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: where (`line` counts from 1, None for the whole part) and what to do about it."""

    part: Part
    line: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Who writes, and when: `by` names a user or token of the account, `at` is aware."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of an e-mail's document, never changed after it was written."""

    number: VersionNumber
    document: Document = field(repr=False)
    written_at: datetime
    written_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An e-mail without its text. `live` is what is sent once published; `draft` is what publishing makes live.

    The two are the same number while nobody has changed the draft. `warnings` are of the last publishing.
    """

    account_id: int
    id: EmailId
    campaign_id: int
    type: EmailType
    state: State
    live: VersionNumber
    draft: VersionNumber
    last: VersionNumber
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    published_at: datetime | None
    published_by: str | None
    unpublished_at: datetime | None
    archived_at: datetime | None
    cloned_from: EmailId | None
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authored:
    """An e-mail with one of its versions: the live one, the draft, or an old one."""

    email: Email
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change as decided from `before`, to be carried out if `before` still stands. `shown` is the caller's answer.

    `listed` is the document that lists show from now on, None when that does not change.
    """

    before: Email
    after: Email
    written: tuple[Version, ...]
    listed: Document | None = field(repr=False)
    shown: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The document cannot go live as it is; nothing was changed. At least one finding."""

    findings: tuple[Finding, ...]
    document: Document = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a send needs, taken out of a document. Empty text means that the author gave none."""

    subject: str
    from_name: str
    from_address: str
    reply_to: str
    preview_text: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    language: str
    subscription_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that are templates, compiled. A part without any HubL is kept as its text: it needs no render.

    `framed` is false for a fragment, which gets a document around it. `manifest` is of all parts together.
    """

    subject: str | hubl.Template
    from_name: str | hubl.Template
    preview_text: str | hubl.Template
    html: str | hubl.Template
    text: str | hubl.Template
    framed: bool
    language: str
    manifest: hubl.Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVersion:
    """A version that may be sent, compiled: immutable, and for ever the same for its (account, e-mail, version).

    `from_address` and `reply_to` (None when the author gave none) are checked addresses; `from_name` is a template and
    comes out of the render. `fixed` holds the template names that do not change from send to send.
    """

    account_id: int
    email_id: EmailId
    version: VersionNumber
    campaign_id: int
    name: str
    type: EmailType
    is_transactional: bool
    subject: str
    from_address: str
    reply_to: str | None
    subscription_id: str | None
    language: str | None
    manifest: hubl.Manifest
    parts: Parts = field(repr=False)
    fixed: hubl.Values = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMail:
    """One reader's mail. `subject` and `from_name` hold no control characters; `html` is a whole document that begins
    with the hidden preview text; `text` is None when the author gave none. `warnings`: what printed nothing."""

    subject: str
    from_name: str
    preview: str
    html: str = field(repr=False)
    text: str | None = field(repr=False)
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingProperties:
    """MISSING_TEMPLATE_PROPERTIES: the first-level `custom` keys, sorted, that the template needs and nobody gave."""

    names: tuple[str, ...]


class FaultKind(StrEnum):
    EXCEPTION = "exception"  # TEMPLATE_RENDER_EXCEPTION
    LIMIT = "limit"  # HUBL_LIMIT_EXCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFault:
    """The mail cannot be made. `message` names the part and says what to do; it holds no value of the reader."""

    kind: FaultKind
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A mail as its author sees it: rendered as far as possible, although something may be missing or wrong.

    `text` is the plain text that a reader would get, given or derived. `faults` stand against publishing or sending;
    `warnings` are of what prints nothing, here or in a branch not taken here.
    """

    authored: Authored
    sending: Sending
    manifest: hubl.Manifest
    mail: RenderedMail
    text: str = field(repr=False)
    missing: tuple[str, ...]
    faults: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
