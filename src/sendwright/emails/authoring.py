"""The acts of an author. Each reads, plans (and compiles) on a reader thread, and then writes if nothing has changed.

Compiling a large template takes a while, and the writer of an embedded database is one for all:
so it is never done there.
An e-mail that is not there (or archived, or another account's) is None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sendwright import database
from sendwright.emails import kinds, plans, rules, store
from sendwright.emails.model import (
    Authored,
    Document,
    Email,
    EmailId,
    Pen,
    Plan,
    Refused,
    State,
    Version,
    VersionNumber,
)

_TRIES = 5

Planner = Callable[[database.Connection, Email], Plan | Refused | None]


class Contended(Exception):
    """The e-mail was changed by others each time we looked. Nothing was done; try again."""


async def create(db: database.Database, account_id: int, document: Document, pen: Pen) -> Authored:
    """A new draft. The document needs a `name`; fields that are not writable are left out."""
    return await db.write(_create, account_id, rules.merged({}, document), pen, None)


def create_for_smtp(conn: database.Connection, account_id: int, name: str, pen: Pen) -> Email:
    """The e-mail that stands for the mail of one SMTP token: it has a campaign and no text, and is live at once.

    It is of type SMTP_TOKEN, so the single-send API never sends it.
    """
    drafted = _drafted(conn, account_id, {"name": name, "subcategory": kinds.SMTP_SUBCATEGORY}, pen, None)
    live = replace(drafted.email, state=State.PUBLISHED, published_at=pen.at, published_by=pen.by)
    store.add_email(conn, live, drafted.version)
    return live


async def clone(db: database.Database, account_id: int, email_id: int, name: str | None, pen: Pen) -> Authored | None:
    """A new draft with the live text of another e-mail, under a name of its own."""
    original = await db.read(find, account_id, email_id)
    if original is None:
        return None
    document = {**original.version.document, "name": name or f"{original.version.document['name']} (copy)"}
    return await db.write(_create, account_id, document, pen, original.email.id)


async def change(
    db: database.Database, account_id: int, email_id: int, fields: Document, pen: Pen
) -> Authored | Refused | None:
    """Changes the live text (`rules.merged` says how); a published e-mail is checked and goes on with it at once."""

    def plan(conn: database.Connection, email: Email) -> Plan | Refused:
        return plans.changed(email, *store.both_versions(conn, email), fields, pen)

    return await _carry(db, account_id, email_id, plan)


async def change_draft(
    db: database.Database, account_id: int, email_id: int, fields: Document, pen: Pen
) -> Authored | Refused | None:
    """Changes the draft only. Never refused: a draft may be wrong."""

    def plan(conn: database.Connection, email: Email) -> Plan:
        return plans.draft_changed(email, store.both_versions(conn, email)[1], fields, pen)

    return await _carry(db, account_id, email_id, plan)


async def reset_draft(db: database.Database, account_id: int, email_id: int, pen: Pen) -> Authored | Refused | None:
    """Gives the draft up for what is live."""
    return await _turn(db, account_id, email_id, plans.draft_reset, pen)


async def publish(db: database.Database, account_id: int, email_id: int, pen: Pen) -> Authored | Refused | None:
    """Checks the draft and makes it live: from the next send on, it is what leaves."""

    def plan(conn: database.Connection, email: Email) -> Plan | Refused:
        return plans.published(email, store.both_versions(conn, email)[1], pen)

    return await _carry(db, account_id, email_id, plan)


async def unpublish(db: database.Database, account_id: int, email_id: int, pen: Pen) -> Authored | Refused | None:
    """Ends the sending of the e-mail."""
    return await _turn(db, account_id, email_id, plans.unpublished, pen)


async def archive(db: database.Database, account_id: int, email_id: int, pen: Pen) -> Authored | Refused | None:
    """Puts the e-mail away."""
    return await _turn(db, account_id, email_id, plans.archived, pen)


async def unarchive(db: database.Database, account_id: int, email_id: int, pen: Pen) -> Authored | Refused | None:
    """Takes an archived e-mail back out."""
    return await _turn(db, account_id, email_id, plans.unarchived, pen, archived=True)


async def restore(
    db: database.Database, account_id: int, email_id: int, number: int, pen: Pen
) -> Authored | Refused | None:
    """Makes the text of an old version live again; None also when there is no such version."""

    def plan(conn: database.Connection, email: Email) -> Plan | Refused | None:
        old = store.version_of(conn, email, number)
        return None if old is None else plans.restored(email, old, pen)

    return await _carry(db, account_id, email_id, plan)


async def restore_to_draft(
    db: database.Database, account_id: int, email_id: int, number: int, pen: Pen
) -> Authored | Refused | None:
    """Makes the text of an old version the draft; None also when there is no such version."""

    def plan(conn: database.Connection, email: Email) -> Plan | None:
        old = store.version_of(conn, email, number)
        return None if old is None else plans.restored_to_draft(email, old, pen)

    return await _carry(db, account_id, email_id, plan)


def find(conn: database.Connection, account_id: int, email_id: int) -> Authored | None:
    """The e-mail with its live text."""
    email = store.find(conn, account_id, EmailId(email_id))
    return None if email is None else Authored(email=email, version=store.both_versions(conn, email)[0])


def find_archived(conn: database.Connection, account_id: int, email_id: int) -> Authored | None:
    """An archived e-mail with its live text."""
    email = store.find(conn, account_id, EmailId(email_id), archived=True)
    return None if email is None else Authored(email=email, version=store.both_versions(conn, email)[0])


def find_draft(conn: database.Connection, account_id: int, email_id: int) -> Authored | None:
    """The e-mail with its draft: the live text while there is no other."""
    email = store.find(conn, account_id, EmailId(email_id))
    return None if email is None else Authored(email=email, version=store.both_versions(conn, email)[1])


def find_published(conn: database.Connection, account_id: int, email_id: int) -> Authored | None:
    """The e-mail with its live text, if it is published."""
    found = find(conn, account_id, email_id)
    return None if found is None or found.email.state is State.DRAFT else found


def _create(
    conn: database.Connection, account_id: int, document: Document, pen: Pen, cloned_from: EmailId | None
) -> Authored:
    drafted = _drafted(conn, account_id, document, pen, cloned_from)
    store.add_email(conn, drafted.email, drafted.version)
    return drafted


def _drafted(
    conn: database.Connection, account_id: int, document: Document, pen: Pen, cloned_from: EmailId | None
) -> Authored:
    """A new draft with numbers of its own, not stored yet."""
    first = VersionNumber(1)
    email = Email(
        account_id=account_id,
        id=EmailId(database.next_number(conn, account_id, "email")),
        campaign_id=database.next_number(conn, account_id, "campaign"),
        type=rules.type_of(document),
        state=State.DRAFT,
        live=first,
        draft=first,
        last=first,
        created_at=pen.at,
        created_by=pen.by,
        updated_at=pen.at,
        updated_by=pen.by,
        published_at=None,
        published_by=None,
        unpublished_at=None,
        archived_at=None,
        cloned_from=cloned_from,
        warnings=(),
    )
    version = Version(number=first, document=document, written_at=pen.at, written_by=pen.by)
    return Authored(email=email, version=version)


async def _turn(
    db: database.Database,
    account_id: int,
    email_id: int,
    act: Callable[[Email, Version, Pen], Plan],
    pen: Pen,
    *,
    archived: bool = False,
) -> Authored | Refused | None:
    def plan(conn: database.Connection, email: Email) -> Plan:
        return act(email, store.both_versions(conn, email)[0], pen)

    return await _carry(db, account_id, email_id, plan, archived=archived)


async def _carry(
    db: database.Database, account_id: int, email_id: int, planner: Planner, *, archived: bool = False
) -> Authored | Refused | None:
    def read_and_plan(conn: database.Connection) -> Plan | Refused | None:
        email = store.find(conn, account_id, EmailId(email_id), archived=archived)
        return None if email is None else planner(conn, email)

    for _ in range(_TRIES):
        plan = await db.read(read_and_plan)
        if not isinstance(plan, Plan):
            return plan
        if await db.write(store.carry_out, plan):
            return Authored(email=plan.after, version=plan.shown)
    raise Contended(f"e-mail {email_id} was changed {_TRIES} times while it was being changed")
