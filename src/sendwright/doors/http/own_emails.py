"""E-mails under our own prefix: what HubSpot has no path for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from sendwright import emails
from sendwright.doors.http import errors
from sendwright.doors.http.operations import Call, Operations
from sendwright.doors.http.shapes import OwnTaken, Shown

operations = Operations("E-mails")


class PreviewRequest(OwnTaken):
    """Sample values, as a send would bring them: ``custom`` as customProperties, ``contact`` as the record."""

    version: Literal["draft", "published"] = "draft"
    custom: dict[str, JsonValue] = Field(default_factory=dict)
    contact: dict[str, JsonValue] = Field(default_factory=dict)
    company: dict[str, JsonValue] = Field(default_factory=dict)


class Note(Shown):
    """One thing that is wrong: in which field of the e-mail, on which line (from 1), and what to do."""

    part: str
    in_: Annotated[str, Field(alias="in")]
    line: int | None
    message: str


class CustomProperties(Shown):
    """The keys of ``custom`` that the template reads. ``dynamic``: it may read others, too."""

    required: list[str]
    optional: list[str]
    dynamic: bool


class PreviewedEmail(Shown):
    """The mail that a reader would get. ``missing`` keys print nothing here; a real send would be refused for them."""

    id: str
    version: str
    subject: str
    from_name: str
    from_address: str
    reply_to: str | None
    preview_text: str
    html: str
    text: str
    custom_properties: CustomProperties
    missing: list[str]
    faults: list[Note]
    warnings: list[Note]


@operations.on(
    "POST", "/api/v1/emails/{emailId}/preview", takes=PreviewRequest, gives=PreviewedEmail, scopes=["content"]
)
async def preview_email(call: Call, body: PreviewRequest) -> PreviewedEmail:
    """Renders an e-mail with sample values.

    Nothing is sent or stored. `faults` stand against publishing or sending, `warnings` name what printed nothing.
    """
    find = emails.authoring.find_draft if body.version == "draft" else emails.authoring.find_published
    sample = emails.previewing.Sample(now=call.now, custom=body.custom, contact=body.contact, company=body.company)
    found = await call.db.read(
        emails.previewing.read_and_preview, find, call.account_id, call.number("emailId"), sample
    )
    if found is None:
        raise errors.not_found()
    if isinstance(found, emails.RenderFault):
        raise errors.invalid(found.message)
    return _shown(found)


def _shown(preview: emails.model.Preview) -> PreviewedEmail:
    authored, manifest = preview.authored, preview.manifest
    document = authored.version.document
    return PreviewedEmail(
        id=str(authored.email.id),
        version=str(authored.version.number),
        subject=preview.mail.subject,
        from_name=preview.mail.from_name,
        from_address=preview.sending.from_address,
        reply_to=preview.sending.reply_to or None,
        preview_text=preview.mail.preview,
        html=preview.mail.html,
        text=preview.text,
        custom_properties=CustomProperties(
            required=sorted(manifest.required), optional=sorted(manifest.optional), dynamic=manifest.dynamic
        ),
        missing=list(preview.missing),
        faults=[_note(each, document) for each in preview.faults],
        warnings=[_note(each, document) for each in preview.warnings],
    )


def _note(finding: emails.model.Finding, document: emails.model.Document) -> Note:
    return Note(
        part=finding.part,
        in_=emails.field_of(document, finding.part),
        line=finding.line,
        message=finding.message,
    )
