"""Why a send ends before any attempt, where the reason is the same whatever kind of send it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sendwright import accounts, feedback, ledger, mail

Slot = tuple[int, str, str]
"""Where a suppression stands: account, stream, address or "@" and domain."""

_SUPPRESSED = {
    feedback.Cause.BOUNCED: ledger.SendResult.PREVIOUSLY_BOUNCED,
    feedback.Cause.COMPLAINED: ledger.SendResult.PREVIOUS_SPAM,
    feedback.Cause.BLOCKED: ledger.SendResult.BLOCKED_DOMAIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The result a send ends with, and why, in a sentence that says what to do."""

    result: ledger.SendResult
    explanation: str


def suspended(account: accounts.Account | None) -> Refusal | None:
    """The account may not send."""
    if account is not None and account.state is not accounts.AccountState.SUSPENDED:
        return None
    reason = account.reason if account is not None else None
    return Refusal(
        result=ledger.SendResult.PORTAL_SUSPENDED,
        explanation=f"This account may not send: {reason or 'it is suspended'}. Ask the operator to resume it.",
    )


def not_connected(domain: str) -> Refusal:
    """The sender's domain is none of the account's."""
    return Refusal(
        result=ledger.SendResult.UNCONFIGURED_SENDING_DOMAIN,
        explanation=f"{domain} is not a connected sending domain of this account: connect it first.",
    )


def suppressed(suppression: feedback.Suppression) -> Refusal:
    """The recipient is not mailed any more."""
    return Refusal(result=_SUPPRESSED[suppression.cause], explanation=suppression.explanation)


def suppression_slots(account_id: int, stream: str, address: mail.Address) -> tuple[Slot, Slot]:
    """Where a suppression of this recipient would stand: its address and its domain."""
    return ((account_id, stream, address.key), (account_id, stream, "@" + address.ascii_domain.lower()))


def suppression_of(
    account_id: int, stream: str, address: mail.Address, known: Mapping[Slot, feedback.Suppression]
) -> feedback.Suppression | None:
    """Of the address first, then of its domain."""
    own, domain = suppression_slots(account_id, stream, address)
    return known.get(own) or known.get(domain)
