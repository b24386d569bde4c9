"""What a reader would get: for an author who tries an e-mail with sample values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sendwright import database, mail
from sendwright.emails import content, names, rendering, rules, shelf
from sendwright.emails.model import Authored, Finding, JsonValue, Preview, RenderFault
from sendwright.emails.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The values to try, as `names.context` takes them."""

    now: datetime
    custom: dict[str, JsonValue] = field(default_factory=dict, repr=False)
    contact: dict[str, JsonValue] = field(default_factory=dict, repr=False)
    company: dict[str, JsonValue] = field(default_factory=dict, repr=False)
    links: Names = field(default_factory=dict, repr=False)


Find = Callable[[database.Connection, int, int], Authored | None]


def read_and_preview(
    conn: database.Connection, find: Find, account_id: int, email_id: int, sample: Sample
) -> Preview | RenderFault | None:
    """For a reader thread, since rendering takes a while: what ``find`` (of ``authoring``) finds, previewed."""
    authored = find(conn, account_id, email_id)
    return None if authored is None else preview(authored, sample)


def preview(authored: Authored, sample: Sample) -> Preview | RenderFault:
    """The mail as far as it can be made. A fault only when the sample itself is too large."""
    fields = content.sending(authored.version.document)
    version = shelf.published_version(authored, fields)
    values = names.context(
        version,
        now=sample.now,
        custom=sample.custom,
        contact=sample.contact,
        company=sample.company,
        links=sample.links,
    )
    if isinstance(values, RenderFault):
        return values
    shown, rendering_faults = rendering.shown_parts(version.parts, values)
    faults, warnings = rules.faults(authored.version.document)
    return Preview(
        authored=authored,
        sending=fields,
        manifest=version.manifest,
        mail=shown,
        text=shown.text or mail.text_from_html(shown.html),
        missing=rendering.missing_keys(version.manifest, values),
        faults=_each_once(*faults, *rendering_faults),
        warnings=_each_once(*warnings, *shown.warnings),
    )


def _each_once(*findings: Finding) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))
