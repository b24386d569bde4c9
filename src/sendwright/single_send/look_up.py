"""The look-ups of a batch: few statements, however many sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sendwright import accounts, database, domains, emails, feedback
from sendwright.composing import Refusal
from sendwright.single_send.rules import Facts, People, sender_domain, suppression_slots


def look_up(conn: database.Connection, asked: Sequence[tuple[int, int, People | Refusal]], now: datetime) -> Facts:
    """All facts about (account, e-mail, people) of a batch. Who was refused is counted with the e-mail, too."""
    by_account: dict[int, list[tuple[int, People | Refusal]]] = {}
    for account_id, email_id, people in asked:
        by_account.setdefault(account_id, []).append((email_id, people))
    versions: dict[tuple[int, int], emails.PublishedVersion] = {}
    connected: dict[tuple[int, str], domains.Domain] = {}
    for account_id, members in by_account.items():
        found = emails.published(conn, account_id, {email_id for email_id, _ in members})
        versions |= {(account_id, email_id): version for email_id, version in found.items()}
        welcome = [(email_id, people) for email_id, people in members if isinstance(people, People)]
        names = {sender_domain(people, found.get(email_id)) for email_id, people in welcome} - {None}
        known = domains.connected(conn, account_id, [name for name in names if name is not None])
        connected |= {(account_id, name): domain for name, domain in known.items()}
    welcomed = ((account_id, people) for account_id, _, people in asked if isinstance(people, People))
    slots = (slot for account_id, people in welcomed for slot in suppression_slots(account_id, people))
    return Facts(
        accounts=accounts.states(conn, by_account),
        versions=versions,
        connected=connected,
        suppressions=feedback.find_suppressions(conn, tuple(slots), now),
    )
