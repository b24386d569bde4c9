"""Marketing e-mails, v3 and dated: write, check, publish, and go back (reference 9).

The live text and the draft are apart: ``/{id}`` reads and changes what is live, ``/{id}/draft`` a draft of it, and
publishing makes the draft live. While nobody has changed the draft the two are one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Final, TypedDict

from pydantic import JsonValue

from sendwright import accounts, database, emails, ledger
from sendwright.doors.http import errors
from sendwright.doors.http.marketing_email_shapes import (
    CloneRequest,
    EmailCreateRequest,
    EmailPage,
    EmailUpdateRequest,
    PublicEmail,
    RevisionPage,
    VersionPublicEmail,
    show,
    wire_state,
)
from sendwright.doors.http.operations import Call, Meter, Operations, Parameter
from sendwright.doors.http.query import cursor, read_cursor
from sendwright.doors.http.shapes import iso

operations = Operations("Marketing e-mails")

_CLASSIC, _DATED = "/marketing/v3/emails", "/marketing/emails/{date}"
_PAGE_DEFAULT, _PAGE_MOST = 100, 1000

_SORTS: Final = {
    "name": emails.listing.SortKey.NAME,
    "createdAt": emails.listing.SortKey.CREATED_AT,
    "updatedAt": emails.listing.SortKey.UPDATED_AT,
    "createdBy": emails.listing.SortKey.CREATED_BY,
    "updatedBy": emails.listing.SortKey.UPDATED_BY,
}
_WHICH: Final = (
    Parameter(name="includeStats", kind="boolean", about="Adds stats."),
    Parameter(name="workflowNames", kind="boolean", about="Adds workflowNames."),
    Parameter(name="marketingCampaignNames", kind="boolean", about="Accepted; there are no campaigns yet."),
    Parameter(name="includedProperties", repeated=True, about="Leaves out what is neither named here nor required."),
    Parameter(name="archived", kind="boolean", about="Archived e-mails instead of the others."),
)
_LISTED: Final = (
    *(Parameter(name=f"{what}{how}", kind="date-time") for what in ("created", "updated", "published")
      for how in ("At", "After", "Before")),
    Parameter(name="sort", repeated=True, about="name, createdAt, updatedAt, createdBy, updatedBy; - for descending."),
    Parameter(name="after", about="paging.next.after of the page before."),
    Parameter(name="limit", kind="integer", about="1 to 1000, default 100. A page of large e-mails may end earlier."),
    Parameter(name="type", about="Only this type, such as SINGLE_SEND_API."),
    Parameter(name="campaign"),
    Parameter(name="isPublished", kind="boolean"),
    *_WHICH,
)  # fmt: skip


class _Door(TypedDict):
    also: Sequence[str]
    scopes: Sequence[str]


def _authors(tail: str) -> _Door:
    """The dated path beside the classic one, for whoever may write."""
    return {"also": [_DATED + tail], "scopes": ["content"]}


def _publishers(tail: str) -> _Door:
    """The dated path beside the classic one, for whoever may send."""
    return {"also": [_DATED + tail], "scopes": ["marketing-email", "transactional-email"]}


@operations.on("POST", _CLASSIC, takes=EmailCreateRequest, gives=PublicEmail, success=201, **_authors(""))
async def create_marketing_email(call: Call, body: EmailCreateRequest) -> dict[str, JsonValue]:
    """Creates an e-mail, as a draft."""
    document = body.document()
    _refuse_other_state(body, emails.model.State.DRAFT, emails.EmailType.SINGLE_SEND_API)
    return show(await emails.authoring.create(call.db, call.account_id, document, _pen(call)))


@operations.on("GET", _CLASSIC, gives=EmailPage, query=_LISTED, **_authors(""))
async def list_marketing_emails(call: Call) -> dict[str, JsonValue]:
    """Lists e-mails with their live texts."""
    page = await call.db.read(emails.listing.page, _wanted(call))
    found: dict[str, JsonValue] = {"total": page.total, "results": [*await _show_all(call, page.found)]}
    if page.next is not None:
        found["paging"] = call.next_page(*page.next).model_dump(mode="json", by_alias=True)
    return found


@operations.on("GET", _CLASSIC + "/{emailId}", gives=PublicEmail, query=_WHICH, **_authors("/{emailId}"))
async def get_marketing_email(call: Call) -> dict[str, JsonValue]:
    """Reads an e-mail: its live text."""
    find = emails.authoring.find_archived if call.query.flag("archived") else emails.authoring.find
    found = _there(await call.db.read(find, call.account_id, call.number("emailId")))
    return (await _show_all(call, [found]))[0]


@operations.on(
    "PATCH", _CLASSIC + "/{emailId}", takes=EmailUpdateRequest, gives=PublicEmail, query=_WHICH[-1:],
    **_authors("/{emailId}"),
)  # fmt: skip
async def update_marketing_email(call: Call, body: EmailUpdateRequest) -> dict[str, JsonValue]:
    """Changes the live text.

    A published e-mail is checked first, and is sent with the new text from then on. `archived` puts an e-mail away, or
    takes it back out when the query says `archived=true`.
    """
    email_id, pen = call.number("emailId"), _pen(call)
    if call.query.flag("archived"):
        return await _change_archived(call, body, email_id, pen)
    current = _there(await call.db.read(emails.authoring.find, call.account_id, email_id))
    _refuse_other_state(body, current.email.state, current.email.type)
    if body.document():
        current = await _act(emails.authoring.change(call.db, call.account_id, email_id, body.document(), pen))
    if body.archived:
        current = await _act(emails.authoring.archive(call.db, call.account_id, email_id, pen))
    return show(current)


@operations.on("DELETE", _CLASSIC + "/{emailId}", success=204, query=_WHICH[-1:], **_authors("/{emailId}"))
async def archive_marketing_email(call: Call) -> None:
    """Archives an e-mail: it can no longer be sent."""
    await _act(emails.authoring.archive(call.db, call.account_id, call.number("emailId"), _pen(call)))


@operations.on("POST", _CLASSIC + "/clone", takes=CloneRequest, gives=PublicEmail, **_authors("/clone"))
async def clone_marketing_email(call: Call, body: CloneRequest) -> dict[str, JsonValue]:
    """Copies an e-mail: a new draft with the live text."""
    text = str(body.id)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise errors.not_found()
    clone = await emails.authoring.clone(call.db, call.account_id, int(text), body.clone_name, _pen(call))
    return show(_there(clone))


@operations.on("GET", _CLASSIC + "/{emailId}/draft", gives=PublicEmail, **_authors("/{emailId}/draft"))
async def get_marketing_email_draft(call: Call) -> dict[str, JsonValue]:
    """Reads the draft: the live text while there is no other."""
    return show(_there(await call.db.read(emails.authoring.find_draft, call.account_id, call.number("emailId"))))


@operations.on(
    "PATCH", _CLASSIC + "/{emailId}/draft", takes=EmailUpdateRequest, gives=PublicEmail, **_authors("/{emailId}/draft")
)
async def update_marketing_email_draft(call: Call, body: EmailUpdateRequest) -> dict[str, JsonValue]:
    """Changes the draft; what is live stays as it is."""
    email_id = call.number("emailId")
    current = _there(await call.db.read(emails.authoring.find_draft, call.account_id, email_id))
    _refuse_other_state(body, current.email.state, current.email.type)
    if not body.document():
        return show(current)
    return show(
        await _act(emails.authoring.change_draft(call.db, call.account_id, email_id, body.document(), _pen(call)))
    )


@operations.on("POST", _CLASSIC + "/{emailId}/draft/reset", success=204, **_authors("/{emailId}/draft/reset"))
async def reset_marketing_email_draft(call: Call) -> None:
    """Gives the draft up for what is live."""
    await _act(emails.authoring.reset_draft(call.db, call.account_id, call.number("emailId"), _pen(call)))


@operations.on(
    "POST",
    _CLASSIC + "/{emailId}/publish",
    success=204,
    meter=Meter.EXEMPT,
    **_publishers("/{emailId}/publish"),
)
async def publish_marketing_email(call: Call) -> None:
    """Checks the draft and makes it live."""
    await _act(emails.authoring.publish(call.db, call.account_id, call.number("emailId"), _pen(call)))


@operations.on(
    "POST", _CLASSIC + "/{emailId}/unpublish", success=204, meter=Meter.EXEMPT,
    **_publishers("/{emailId}/unpublish"),
)  # fmt: skip
async def unpublish_marketing_email(call: Call) -> None:
    """Ends the sending of an e-mail."""
    await _act(emails.authoring.unpublish(call.db, call.account_id, call.number("emailId"), _pen(call)))


@operations.on(
    "GET", _CLASSIC + "/{emailId}/revisions", gives=RevisionPage, **_authors("/{emailId}/revisions"),
    query=[Parameter(name="after"), Parameter(name="before"), Parameter(name="limit", kind="integer")],
)  # fmt: skip
async def list_marketing_email_revisions(call: Call) -> dict[str, JsonValue]:
    """Lists the revisions of an e-mail, newest first."""
    limit = call.query.limit(default=_PAGE_DEFAULT, most=_PAGE_MOST)
    found = await call.db.read(
        emails.listing.revisions,
        call.account_id,
        call.number("emailId"),
        limit,
        _number(call, "after"),
        _number(call, "before"),
    )
    if found is None:
        raise errors.not_found()
    names = await call.db.read(_token_names, call.account_id)
    page: dict[str, JsonValue] = {"total": found.total, "results": [_revision(each, names) for each in found.found]}
    if found.has_older:  # the clients' model wants `next` in every paging, so the last page has none at all
        page["paging"] = call.next_page(found.found[-1].version.number).model_dump(mode="json", by_alias=True)
        if found.has_newer:
            page["paging"]["prev"] = {"before": cursor(found.found[0].version.number)}  # type: ignore[index,call-overload]
    return page


@operations.on(
    "GET", _CLASSIC + "/{emailId}/revisions/{revisionId}", gives=VersionPublicEmail,
    **_authors("/{emailId}/revisions/{revisionId}"),
)  # fmt: skip
async def get_marketing_email_revision(call: Call) -> dict[str, JsonValue]:
    """Reads a revision."""
    numbers = call.number("emailId"), call.number("revisionId")
    found = _there(await call.db.read(emails.listing.revision, call.account_id, *numbers))
    return _revision(found, await call.db.read(_token_names, call.account_id))


@operations.on(
    "POST", _CLASSIC + "/{emailId}/revisions/{revisionId}/restore", success=204,
    **_authors("/{emailId}/revisions/{revisionId}/restore"),
)  # fmt: skip
async def restore_marketing_email_revision(call: Call) -> None:
    """Makes the text of a revision the live one again, as a new revision."""
    numbers = call.number("emailId"), call.number("revisionId")
    await _act(emails.authoring.restore(call.db, call.account_id, *numbers, _pen(call)))


@operations.on(
    "POST", _CLASSIC + "/{emailId}/revisions/{revisionId}/restore-to-draft", gives=PublicEmail,
    **_authors("/{emailId}/revisions/{revisionId}/restore-to-draft"),
)  # fmt: skip
async def restore_marketing_email_revision_to_draft(call: Call) -> dict[str, JsonValue]:
    """Makes the text of a revision the draft."""
    numbers = call.number("emailId"), call.number("revisionId")
    return show(await _act(emails.authoring.restore_to_draft(call.db, call.account_id, *numbers, _pen(call))))


def _pen(call: Call) -> emails.model.Pen:
    return emails.model.Pen(by=call.caller.token_id, at=call.now)


def _there(found: emails.model.Authored | None) -> emails.model.Authored:
    if found is None:
        raise errors.not_found()
    return found


async def _act(acting: Awaitable[emails.model.Authored | emails.model.Refused | None]) -> emails.model.Authored:
    try:
        outcome = await acting
    except emails.authoring.Contended as fault:
        raise errors.conflict("The e-mail was being changed by others at the same time. Try again.") from fault
    if isinstance(outcome, emails.model.Refused):
        raise _refusal(outcome)
    return _there(outcome)


def _refusal(refused: emails.model.Refused) -> errors.Fault:
    details = [
        errors.Detail(
            message=told(each), where=emails.field_of(refused.document, each.part), code="CANNOT_BE_PUBLISHED"
        )
        for each in refused.findings
    ]
    more = f" ({len(details) - 1} more in errors)" if len(details) > 1 else ""
    return errors.invalid(f"The e-mail cannot be published. {details[0].message}{more}", *details)


async def _change_archived(
    call: Call, body: EmailUpdateRequest, email_id: int, pen: emails.model.Pen
) -> dict[str, JsonValue]:
    """An archived e-mail is taken out first: its text does not change where nobody sees it."""
    archived = _there(await call.db.read(emails.authoring.find_archived, call.account_id, email_id))
    _refuse_other_state(body, archived.email.state, archived.email.type)
    if body.archived is not False:
        raise errors.invalid_field("archived", "must be false here: an archived e-mail can only be taken back out")
    taken_out = await _act(emails.authoring.unarchive(call.db, call.account_id, email_id, pen))
    if body.document():
        taken_out = await _act(emails.authoring.change(call.db, call.account_id, email_id, body.document(), pen))
    return show(taken_out)


def _refuse_other_state(body: EmailUpdateRequest, state: emails.model.State, kind: emails.EmailType) -> None:
    """A client may send back the state that it has read. Another state has operations of its own."""
    if body.state in (None, wire_state(state, kind), "DRAFT" if state is emails.model.State.DRAFT else "PUBLISHED"):
        return
    if body.state == "AUTOMATED_DRAFT" and state is emails.model.State.DRAFT:
        return
    way = "publish" if state is emails.model.State.DRAFT else "unpublish"
    raise errors.invalid_field("state", f"cannot be written; POST {_CLASSIC}/{{emailId}}/{way} changes it")


def _wanted(call: Call) -> emails.listing.Wanted:
    query = call.query
    sorts = tuple(_sort(text) for text in query.texts("sort")) or emails.listing.BY_CREATION
    if len(sorts) > emails.listing.SORTS_MAX:
        raise errors.invalid_field("sort", f"takes at most {emails.listing.SORTS_MAX} fields")
    published = query.flag("isPublished")
    return emails.listing.Wanted(
        account_id=call.account_id,
        limit=query.limit(default=_PAGE_DEFAULT, most=_PAGE_MOST),
        archived=query.flag("archived") or False,
        type=_type(query.text("type")),
        state=None if published is None else emails.model.State.PUBLISHED if published else emails.model.State.DRAFT,
        campaign=query.text("campaign"),
        created=_span(call, "created"),
        updated=_span(call, "updated"),
        published=_span(call, "published"),
        sorts=sorts,
        after=query.after("".join("n" if sort.key.is_time else "t" for sort in sorts) + "n"),
    )


def _sort(text: str) -> emails.listing.Sort:
    key = _SORTS.get(text.removeprefix("-"))
    if key is None:
        raise errors.invalid_field("sort", f"must be one of {', '.join(_SORTS)}, with - in front to descend")
    return emails.listing.Sort(key=key, descending=text.startswith("-"))


def _type(text: str | None) -> emails.EmailType | None:
    if text is None:
        return None
    if text not in emails.EmailType.__members__:
        raise errors.invalid_field("type", "is no type of e-mail; SINGLE_SEND_API is one")
    return emails.EmailType[text]


def _span(call: Call, what: str) -> emails.listing.Span:
    moment = call.query.moment
    return emails.listing.Span(at=moment(f"{what}At"), after=moment(f"{what}After"), before=moment(f"{what}Before"))


async def _show_all(call: Call, found: Sequence[emails.model.Authored]) -> list[dict[str, JsonValue]]:
    tallies = dict[int, ledger.Tally]()
    if call.query.flag("includeStats"):
        campaigns = [authored.email.campaign_id for authored in found]
        tallies = await call.db.read(ledger.count_events, call.account_id, campaigns)
    only, with_workflows = call.query.texts("includedProperties"), call.query.flag("workflowNames") or False
    return [
        show(each, only=only, tally=tallies.get(each.email.campaign_id), with_workflows=with_workflows)
        for each in found
    ]  # fmt: skip


def _number(call: Call, name: str) -> int | None:
    value = call.query.text(name)
    return None if value is None else int(read_cursor(value, "n", name)[0])


def _token_names(conn: database.Connection, account_id: accounts.AccountId) -> dict[str, str]:
    return {token.id: token.name for token in accounts.list_tokens(conn, account_id)}


def _revision(authored: emails.model.Authored, names: Mapping[str, str]) -> dict[str, JsonValue]:
    version = authored.version
    return {
        "id": str(version.number),
        "user": {"id": version.written_by, "fullName": names.get(version.written_by, ""), "email": ""},
        "object": show(authored),
        "updatedAt": iso(version.written_at),
    }


def told(finding: emails.model.Finding) -> str:
    """A finding as a sentence that begins with its place."""
    place = f"{finding.part}, line {finding.line}" if finding.line else f"{finding.part}"
    return f"{place[0].upper()}{place[1:]}: {finding.message}"
