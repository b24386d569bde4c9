"""Contacts: found or created, changed, archived. A contact is one per address and account, whoever comes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sendwright import database, mail
from sendwright.crm import rules, store
from sendwright.crm.model import (
    Change,
    Contact,
    ContactId,
    Missing,
    PastValue,
    Refused,
    Taken,
    Verdict,
    Wanted,
    Written,
)
from sendwright.crm.store import Pair, Past


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A contact while it is being written, and what changes on the way."""

    contact: Contact
    new: bool = False
    past: list[Past] = field(default_factory=list)

    def write(self, wanted: Mapping[str, str], source: str, now: datetime) -> Refused | None:
        """Writes the properties, or none of them when the record would be too large."""
        changes = rules.changed(self.contact.properties, wanted)
        if not changes:
            return None
        properties = rules.apply(self.contact.properties, changes)
        refused = rules.overflow(properties)
        if refused is None:
            self.contact = replace(self.contact, properties=properties, updated_at=now)
            self.past += (_past(self.contact, name, value, source) for name, value in changes.items())
        return refused


def find_or_create_contacts(conn: database.Connection, wanted: Sequence[Wanted], now: datetime) -> list[Contact]:
    """The live contact of each address, in order, with all its properties; created if there is none.

    The wanted properties are written to the records (names in lower case, empty values clear); what cannot be a
    property is left out. The same address may be wanted several times, of several accounts, and by other processes
    at the same moment: it is one contact. Made for batches: a few statements, however many are wanted.
    """
    pairs = [(want.account_id, want.address.key) for want in wanted]
    fitting = [rules.writable(want.properties) for want in wanted]
    known = store.find_by_address(conn, set(pairs))
    stale = {
        pair
        for pair, properties in zip(pairs, fitting, strict=True)
        if pair in known and rules.changed(known[pair].properties, properties)
    }
    fresh = {pair: contact for pair, contact in known.items() if pair not in stale}
    # Another process may have changed or archived them since: what will be written is read again, locked.
    fresh |= store.find_by_address(conn, stale, lock=True)
    drafts = _existing(fresh) | _create(conn, {p: w for p, w in zip(pairs, wanted, strict=True) if p not in fresh}, now)
    for pair, want, properties in zip(pairs, wanted, fitting, strict=True):
        drafts[pair].write(properties, want.source, now)
    _keep(conn, drafts.values(), now)
    return [drafts[pair].contact for pair in pairs]


def create_contacts(
    conn: database.Connection, account_id: int, given: Sequence[Mapping[str, str]], source: str, now: datetime
) -> list[Verdict]:
    """New contacts of these properties: ``Written``, ``Refused``, or ``Taken`` when somebody has the address."""
    clean = [rules.check(properties) for properties in given]
    ids = map(ContactId, database.next_numbers(conn, account_id, "record", len(clean)))
    drafts = [_draft(account_id, id_, item, source, now) for id_, item in zip(ids, clean, strict=True)]
    claims: dict[str, ContactId] = {}
    for draft, item in zip(drafts, clean, strict=True):
        if isinstance(item, rules.Clean) and item.address is not None:
            claims.setdefault(item.address.key, draft.contact.id)
    owners = _owners(conn, account_id, claims)
    verdicts = [_created(draft, item, owners) for draft, item in zip(drafts, clean, strict=True)]
    written = (d for d, verdict in zip(drafts, verdicts, strict=True) if isinstance(verdict, Written))
    _keep(conn, written, now)
    return verdicts


def update_contacts(
    conn: database.Connection, account_id: int, changes: Sequence[Change], source: str, now: datetime
) -> list[Verdict]:
    """Writes the changes in order; each stands or falls alone. ``Missing`` for who is not there."""
    return _rewrite(conn, changes, _wanted_drafts(conn, account_id, changes), source, now)


def upsert_contacts(
    conn: database.Connection, account_id: int, changes: Sequence[Change], source: str, now: datetime
) -> list[Verdict]:
    """Like :func:`update_contacts`, but who is named by an address and not there is made."""
    drafts = _wanted_drafts(conn, account_id, changes)
    absent = {
        (account_id, change.key.key): Wanted(account_id=account_id, address=change.key, source=source)
        for change in changes
        if isinstance(change.key, mail.Address)
        and change.key.key not in drafts
        and isinstance(rules.check(change.properties), rules.Clean)
    }
    drafts.update({key: draft for (_, key), draft in _create(conn, absent, now).items()})
    return _rewrite(conn, changes, drafts, source, now)


def archive_contacts(conn: database.Connection, account_id: int, ids: Sequence[ContactId], now: datetime) -> None:
    """Archives the contacts that are there. Their addresses are free for new contacts."""
    if ids:
        store.archive(conn, account_id, ids, now)
        store.release_addresses(conn, account_id, ids)


def find_contacts(
    conn: database.Connection, account_id: int, keys: Sequence[ContactId | mail.Address]
) -> list[Contact | None]:
    """The live contacts with these ids or addresses, in order; ``None`` for who is not there."""
    by_id = store.find_by_id(conn, account_id, [key for key in keys if not isinstance(key, mail.Address)])
    by_address = store.find_by_address(conn, {(account_id, key.key) for key in keys if isinstance(key, mail.Address)})
    return [by_address.get((account_id, key.key)) if isinstance(key, mail.Address) else by_id.get(key) for key in keys]


def find_archived_contacts(
    conn: database.Connection, account_id: int, ids: Sequence[ContactId]
) -> list[Contact | None]:
    """The archived contacts with these ids, in order; ``None`` for who is not archived."""
    found = store.find_by_id(conn, account_id, ids, archived=True)
    return [found.get(id_) for id_ in ids]


def list_contacts(conn: database.Connection, account_id: int, after: int, limit: int) -> list[Contact]:
    """A page of live contacts: those with a greater id than ``after``, in the order of ids."""
    return store.page(conn, account_id, after, limit, archived=False)


def list_archived_contacts(conn: database.Connection, account_id: int, after: int, limit: int) -> list[Contact]:
    """A page of archived contacts."""
    return store.page(conn, account_id, after, limit, archived=True)


def past_values(
    conn: database.Connection, account_id: int, ids: Sequence[ContactId], names: Sequence[str]
) -> dict[ContactId, dict[str, list[PastValue]]]:
    """What these properties were, newest first, for each contact that is asked for."""
    past: dict[ContactId, dict[str, list[PastValue]]] = {id_: {name: [] for name in names} for id_ in ids}
    if ids and names:
        for id_, name, value in store.history(conn, account_id, ids, names):
            past[id_][name].append(value)
    return past


def _existing(contacts: Mapping[Pair, Contact]) -> dict[Pair, _Draft]:
    return {pair: _Draft(contact=contact) for pair, contact in contacts.items()}


def _create(conn: database.Connection, wanted: Mapping[Pair, Wanted], now: datetime) -> dict[Pair, _Draft]:
    """Makes who is wanted; who was made by another process in this moment is taken as found."""
    drafts: dict[Pair, _Draft] = {}
    while missing := {pair: want for pair, want in wanted.items() if pair not in drafts}:
        made = _numbered(conn, missing, now)
        won = store.claim_addresses(conn, {pair: draft.contact.id for pair, draft in made.items()})
        drafts |= {pair: made[pair] for pair in won}
        drafts |= _existing(store.find_by_address(conn, missing.keys() - won, lock=True))
    return drafts


def _numbered(conn: database.Connection, wanted: Mapping[Pair, Wanted], now: datetime) -> dict[Pair, _Draft]:
    drafts = {}
    for account_id in sorted({want.account_id for want in wanted.values()}):
        here = {pair: want for pair, want in wanted.items() if want.account_id == account_id}
        ids = database.next_numbers(conn, account_id, "record", len(here))
        for id_, (pair, want) in zip(ids, here.items(), strict=True):
            drafts[pair] = _draft(account_id, ContactId(id_), _only_address(want.address), want.source, now)
    return drafts


def _only_address(address: mail.Address) -> rules.Clean:
    return rules.Clean(properties={}, address=address, clears_email=False)


def _draft(account_id: int, id_: ContactId, item: rules.Clean | Refused, source: str, now: datetime) -> _Draft:
    contact = Contact(account_id=account_id, id=id_, properties={}, created_at=now, updated_at=now)
    draft = _Draft(contact=contact, new=True)
    if isinstance(item, rules.Clean):
        draft.write({**_email(item), **item.properties}, source, now)
    return draft


def _created(draft: _Draft, item: rules.Clean | Refused, owners: Mapping[str, ContactId]) -> Verdict:
    if isinstance(item, Refused):
        return item
    if item.address is not None and owners[item.address.key] != draft.contact.id:
        return Taken(by=owners[item.address.key])
    return Written(contact=draft.contact, new=True)


_Drafts = Mapping[ContactId | str, _Draft]
"""Drafts by contact id and by address key: a contact that is named both ways is one draft."""


def _wanted_drafts(
    conn: database.Connection, account_id: int, changes: Sequence[Change]
) -> dict[ContactId | str, _Draft]:
    keys = {change.key.key for change in changes if isinstance(change.key, mail.Address)}
    owners = store.owners_of(conn, account_id, keys)
    ids = {change.key for change in changes if not isinstance(change.key, mail.Address)}
    contacts = store.lock_by_id(conn, account_id, ids | set(owners.values()))
    drafts: dict[ContactId | str, _Draft] = {id_: _Draft(contact=contact) for id_, contact in contacts.items()}
    return drafts | {key: drafts[id_] for key, id_ in owners.items() if id_ in drafts}


def _rewrite(
    conn: database.Connection, changes: Sequence[Change], drafts: _Drafts, source: str, now: datetime
) -> list[Verdict]:
    verdicts = []
    for change in changes:
        draft = drafts.get(change.key.key if isinstance(change.key, mail.Address) else change.key)
        item = rules.check(change.properties)
        verdicts.append(_apply(conn, draft, item, source, now))
    _keep(conn, {id(draft): draft for draft in drafts.values()}.values(), now)
    return verdicts


def _apply(
    conn: database.Connection, draft: _Draft | None, item: rules.Clean | Refused, source: str, now: datetime
) -> Verdict:
    if isinstance(item, Refused):
        return item
    if draft is None:
        return Missing()
    wanted = {**_email(item), **item.properties}
    refused = rules.overflow(rules.apply(draft.contact.properties, wanted))
    if refused is not None:
        return refused
    taken = _move(conn, draft.contact, item)
    if taken is not None:
        return taken
    draft.write(wanted, source, now)
    return Written(contact=draft.contact, new=draft.new)


def _move(conn: database.Connection, contact: Contact, item: rules.Clean) -> Taken | None:
    """Gives the contact its new address and frees the old one, or says who has the new one."""
    if item.address is not None:
        owner = _owners(conn, contact.account_id, {item.address.key: contact.id})[item.address.key]
        if owner != contact.id:
            return Taken(by=owner)
    if item.address is not None or item.clears_email:
        keep = item.address.key if item.address is not None else ""
        store.release_addresses(conn, contact.account_id, [contact.id], keep=keep)
    return None


def _owners(conn: database.Connection, account_id: int, claims: Mapping[str, ContactId]) -> dict[str, ContactId]:
    """Who has each address, after everybody claimed theirs. Decided for all, also when one is freed meanwhile."""
    owners: dict[str, ContactId] = {}
    while undecided := {(account_id, key): id_ for key, id_ in claims.items() if key not in owners}:
        won = store.claim_addresses(conn, undecided)
        owners |= {key: claims[key] for _, key in won}
        owners |= store.owners_of(conn, account_id, {key for _, key in undecided.keys() - won})
    return owners


def _email(item: rules.Clean) -> dict[str, str]:
    if item.address is not None:
        return {"email": item.address.spec.lower()}
    return {"email": ""} if item.clears_email else {}


def _past(contact: Contact, name: str, value: str, source: str) -> Past:
    return Past(account_id=contact.account_id, contact_id=contact.id, name=name, value=value, source=source)


def _keep(conn: database.Connection, drafts: Iterable[_Draft], now: datetime) -> None:
    touched = [draft for draft in drafts if draft.new or draft.past]
    store.insert(conn, [draft.contact for draft in touched if draft.new])
    store.save(conn, [draft.contact for draft in touched if not draft.new])
    store.remember(conn, [past for draft in touched for past in draft.past], now)
