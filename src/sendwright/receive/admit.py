"""Whether a recipient is an address of ours: what is not, is refused while the sender still stands at the door."""

from __future__ import annotations

from dataclasses import dataclass

from sendwright import domains, feedback
from sendwright.receive.office import Office

MOST_REPORTS = 20
"""For one delivery: whoever knows its return path shall not fill the disk."""

_POSTMASTERS = frozenset({"postmaster", "abuse"})
_ROUTED = frozenset("%!@:")
"""A local part with these asks for relaying in some old way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What is said instead of yes."""

    code: int
    enhanced: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A recipient that mail is taken for. ``account_id``: `feedback.NOBODY` where it is the whole installation's."""

    recipient: str
    addressed: feedback.Addressed
    account_id: int
    delivery_id: str | None = None


_NO_RELAY = Refusal(code=550, enhanced="5.7.1", text="no mail is relayed here, and this is no address of ours")
_NO_SUCH = Refusal(code=550, enhanced="5.1.1", text="there is no such address here")
_TOO_MANY = Refusal(code=452, enhanced="4.3.1", text="too many such mails came here, please try again later")
_ENOUGH = Refusal(code=550, enhanced="5.7.1", text="this address has had its reports")


async def admit(office: Office, recipient: str) -> Admitted | Refusal:
    """Says whether mail for a recipient is taken. Raises `database.Unavailable` when it cannot know.

    The database is asked only about names that we signed, so that guessing costs us no more than a hash.
    """
    local, at, host = recipient.rpartition("@")
    if not at:
        local, host = recipient, ""
    host = host.lower().rstrip(".")
    if not _ROUTED.isdisjoint(local):
        return _NO_RELAY
    path = feedback.read_return_path(office.key, local)
    if path is not None:
        return await _admit_return_path(office, recipient, host, path)
    account_id = feedback.read_loop(office.key, local)
    if account_id is not None and await _is_ours(office, host, account_id):
        found: Admitted | Refusal = Admitted(
            recipient=recipient, addressed=feedback.Addressed.FEEDBACK, account_id=account_id
        )  # fmt: skip
    else:
        found = _admit_common(office, recipient, local, host)
    return _TOO_MANY if isinstance(found, Admitted) and await _is_flooded(office, found.account_id) else found


async def _is_flooded(office: Office, account_id: int) -> bool:
    """Everybody may write to these addresses, and what comes is kept."""
    most = office.most_from_strangers
    return await office.db.read(feedback.count_from_strangers, account_id, most) >= most


def _admit_common(office: Office, recipient: str, local: str, host: str) -> Admitted | Refusal:
    """Names that everybody may know. RFC 5321 section 4.5.1: postmaster may come without a domain."""
    name = local.lower()
    if host not in office.hosts and not (host == "" and name == "postmaster"):
        return _NO_RELAY
    if name == "fbl":
        return Admitted(recipient=recipient, addressed=feedback.Addressed.FEEDBACK, account_id=feedback.NOBODY)
    if name in _POSTMASTERS:
        return Admitted(recipient=recipient, addressed=feedback.Addressed.POSTMASTER, account_id=feedback.NOBODY)
    return _NO_SUCH


async def _admit_return_path(
    office: Office, recipient: str, host: str, path: feedback.ReturnPath
) -> Admitted | Refusal:
    if not await _is_ours(office, host, path.account_id):
        return _NO_RELAY
    if await office.db.read(feedback.count_reports, path.account_id, path.delivery_id) >= MOST_REPORTS:
        return _ENOUGH
    return Admitted(
        recipient=recipient, addressed=feedback.Addressed.RETURN_PATH, account_id=path.account_id,
        delivery_id=path.delivery_id,
    )  # fmt: skip


async def _is_ours(office: Office, host: str, account_id: int) -> bool:
    return host in office.hosts or host in await office.db.read(domains.hosts_of, account_id)
