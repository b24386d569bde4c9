"""The life of an authored e-mail: what each act makes of it. Every function gives a plan, or says why not.

`live` and `draft` are the versions that the e-mail's numbers name. Published text is checked before it goes live, so
that what is published can always be rendered.
"""

from __future__ import annotations

from dataclasses import replace

from sendwright.emails import rules
from sendwright.emails.model import Document, Email, Finding, Pen, Plan, Refused, State, Version, VersionNumber


def changed(email: Email, live: Version, draft: Version, change: Document, pen: Pen) -> Plan | Refused:
    """The live text changes; a draft of its own gets the same change, or publishing it would undo this one."""
    plan = _gone_live(email, rules.merged(live.document, change), pen)
    if isinstance(plan, Refused) or draft.number == live.number:
        return plan
    after, version = _next(plan.after, rules.merged(draft.document, change), pen)
    after = replace(after, draft=version.number)
    return replace(plan, after=after, written=(*plan.written, version))


def draft_changed(email: Email, draft: Version, change: Document, pen: Pen) -> Plan:
    """Only the draft changes; what is live stays as it is."""
    return _new_draft(email, rules.merged(draft.document, change), pen)


def draft_reset(email: Email, live: Version, pen: Pen) -> Plan:
    """The draft is given up for what is live."""
    return _turned(email, replace(email, draft=email.live), live, pen)


def published(email: Email, draft: Version, pen: Pen) -> Plan | Refused:
    """The draft goes live."""
    faults, warnings = rules.faults(draft.document)
    if faults:
        return Refused(findings=faults, document=draft.document)
    after = replace(
        email,
        state=State.PUBLISHED,
        type=rules.type_of(draft.document),
        live=draft.number,
        published_at=pen.at,
        published_by=pen.by,
        warnings=warnings,
    )
    return replace(_turned(email, after, draft, pen), listed=draft.document)


def unpublished(email: Email, live: Version, pen: Pen) -> Plan:
    """Sending ends; text and draft stay. Doing it to a draft changes nothing."""
    if email.state is State.DRAFT:
        return Plan(before=email, after=email, written=(), listed=None, shown=live)
    return _turned(email, replace(email, state=State.DRAFT, unpublished_at=pen.at), live, pen)


def restored(email: Email, old: Version, pen: Pen) -> Plan | Refused:
    """An old text becomes the live one again, as a version of its own; so does the draft, if nobody had changed it."""
    return _gone_live(email, old.document, pen)


def restored_to_draft(email: Email, old: Version, pen: Pen) -> Plan:
    """An old text becomes the draft; a draft of its own is given up for it."""
    return _new_draft(email, old.document, pen)


def archived(email: Email, live: Version, pen: Pen) -> Plan:
    """The e-mail is put away: it is not sent and not listed, but kept."""
    return _turned(email, replace(email, archived_at=pen.at), live, pen)


def unarchived(email: Email, live: Version, pen: Pen) -> Plan:
    """The e-mail is taken back out, in the state that it had."""
    return _turned(email, replace(email, archived_at=None), live, pen)


def _gone_live(email: Email, document: Document, pen: Pen) -> Plan | Refused:
    warnings: tuple[Finding, ...] = email.warnings
    if email.state is State.PUBLISHED:
        faults, warnings = rules.faults(document)
        if faults:
            return Refused(findings=faults, document=document)
    after, version = _next(email, document, pen)
    after = replace(
        after,
        type=rules.type_of(document),
        live=version.number,
        draft=version.number if email.draft == email.live else email.draft,
        warnings=warnings,
    )
    return Plan(before=email, after=after, written=(version,), listed=document, shown=version)


def _new_draft(email: Email, document: Document, pen: Pen) -> Plan:
    after, version = _next(email, document, pen)
    after = replace(after, draft=version.number)
    return Plan(before=email, after=after, written=(version,), listed=None, shown=version)


def _turned(email: Email, after: Email, shown: Version, pen: Pen) -> Plan:
    after = replace(after, updated_at=pen.at, updated_by=pen.by)
    return Plan(before=email, after=after, written=(), listed=None, shown=shown)


def _next(email: Email, document: Document, pen: Pen) -> tuple[Email, Version]:
    number = VersionNumber(email.last + 1)
    version = Version(number=number, document=document, written_at=pen.at, written_by=pen.by)
    return replace(email, last=number, updated_at=pen.at, updated_by=pen.by), version
