"""The plan of a send once more, for a later try: pinned to the version and the contact of the first one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from functools import cache, partial

from sendwright import database, domains, emails, ledger, mail
from sendwright.single_send.message import Snapshot
from sendwright.single_send.request import decode
from sendwright.single_send.rules import People, Plan, read_people


class CannotRepeat(Exception):
    """What the message was made from is gone: a fault in Sendwright, since versions and payloads outlive their mail."""


Again = tuple[ledger.Delivery, Plan, Snapshot]
"""A delivery with its plan and snapshot."""


def plans_again(conn: database.Connection, held: Iterable[ledger.Delivery]) -> list[Again]:
    """What they share is read once. Raises :class:`CannotRepeat`."""
    versions, found = cache(partial(emails.sent_version, conn)), cache(partial(domains.find_domain, conn))
    return [_plan_again(delivery, versions, found) for delivery in held]


def _plan_again(
    delivery: ledger.Delivery,
    versions: Callable[[int, int, int], emails.PublishedVersion | None],
    found: Callable[[int, str], domains.Domain | None],
) -> Again:
    snapshot, wish = Snapshot.decode(delivery.snapshot), decode(delivery.payload)
    people = read_people(wish)
    version = versions(delivery.account_id, delivery.email_id, snapshot.version)
    if version is None or not isinstance(people, People):
        raise CannotRepeat(f"send {delivery.send_id} cannot be composed again")
    author = people.from_.address if people.from_ is not None else mail.parse_address(version.from_address)
    if isinstance(author, mail.Malformed):
        raise CannotRepeat(f"send {delivery.send_id} has no sender any more")
    domain = found(delivery.account_id, author.ascii_domain.lower())
    if domain is None:
        raise CannotRepeat(f"the sending domain of send {delivery.send_id} is gone")
    mailed = frozenset(snapshot.copies)
    named = replace(people, cc=_those(people.cc, mailed), bcc=_those(people.bcc, mailed))
    plan = Plan(send=_send(delivery), wish=wish, people=named, sender=author, version=version, domain=domain)
    return delivery, plan, snapshot


def _those(boxes: Iterable[mail.Mailbox], mailed: Set[str]) -> tuple[mail.Mailbox, ...]:
    """Who was left out the first time, because suppressed, is not named the next time either."""
    return tuple(box for box in boxes if box.address.key in mailed)


def _send(delivery: ledger.Delivery) -> ledger.ClaimedSend:
    return ledger.ClaimedSend(
        account_id=delivery.account_id, id=delivery.send_id, lease=delivery.lease, requested_at=delivery.accepted_at,
        stream=delivery.stream, email_id=delivery.email_id, app_id=delivery.app_id, recipient=delivery.recipient,
        payload=delivery.payload,
    )  # fmt: skip
