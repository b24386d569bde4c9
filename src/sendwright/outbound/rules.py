"""What an attempt means for its delivery: delivered, try again and when, given up and why, or in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sendwright import smtp
from sendwright.outbound import classify
from sendwright.outbound.explain import explain_end
from sendwright.outbound.model import (
    Answered,
    Category,
    Delivered,
    Dns,
    GaveUp,
    Handover,
    InDoubt,
    Lost,
    NoRoute,
    Reason,
    Trouble,
    TryAgain,
    Unreachable,
    Verdict,
    Withheld,
)

SCHEDULE = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10, 20, 40, 80, 120, 240))
"""The waits after the first, second … charged try; the last one repeats."""
JITTER = 0.2
MAX_AGE = timedelta(hours=120)
BUSY_WAIT = timedelta(minutes=5)
GREYLIST_WAIT = timedelta(minutes=5)
SLOW_DOWN_WAIT = timedelta(minutes=30)
FULL_WAIT = timedelta(hours=4)
DOUBT_WAIT = timedelta(minutes=30)
CROWDED_WAIT = timedelta(seconds=5)
NAME_PATIENCE = timedelta(hours=24)
"""So long a domain may be missing from DNS before that is believed: registrars and operators make mistakes too."""

CLEAR_AFTER_TRIES = 2
"""After so many charged tries TLS may be given up for a server whose TLS fails: from the third attempt."""

_GREYLIST_CODES = frozenset({"7.1", "2.0", "3.0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    handover: Handover
    tries: int
    accepted_at: datetime
    now: datetime
    max_age: timedelta
    doubt_wait: timedelta
    chance: float


def judge(
    handover: Handover,
    *,
    tries: int,
    accepted_at: datetime,
    now: datetime,
    chance: float,
    max_age: timedelta = MAX_AGE,
    doubt_wait: timedelta = DOUBT_WAIT,
) -> Verdict:
    """The verdict on one attempt.

    `tries`: charged tries before this one, 0 at the first. `chance`: evenly from 0 to 1, spreads the waits by a fifth
    either way. A delivery is given up by its age: when its next try would come later than `max_age` after
    `accepted_at`, not after a number of tries. `doubt_wait`: how long an attempt whose answer was lost rests at least.
    """
    facts = _Facts(
        handover=handover,
        tries=tries,
        accepted_at=accepted_at,
        now=now,
        max_age=max_age,
        doubt_wait=doubt_wait,
        chance=min(max(chance, 0), 1),
    )
    match handover.outcome:
        case Answered() as answered:
            return _on_answer(facts, answered)
        case Lost(dot_written=True, detail=detail):
            return _in_doubt(facts, detail)
        case Lost():
            return _again(facts, _scheduled(facts), Reason.LOST)
        case Unreachable(trouble=Trouble.CROWDED, wait=wait):
            return _again(facts, wait or CROWDED_WAIT, Reason.CROWDED, charged=False)
        case Unreachable(trouble=trouble):
            return _on_trouble(facts, trouble)
        case NoRoute(dns=dns):
            return _on_dns(facts, dns)
        case Withheld():  # pragma: no branch - mypy proves that none is left
            return _again(facts, CROWDED_WAIT, Reason.WITHHELD, charged=False)


def may_go_in_clear(tries: int) -> bool:
    """Whether a server whose TLS handshake fails may be given the message without TLS: from the third attempt."""
    return tries >= CLEAR_AFTER_TRIES


def _on_answer(facts: _Facts, answered: Answered) -> Verdict:
    if answered.reply.kind in (smtp.Kind.POSITIVE, smtp.Kind.INTERMEDIATE):
        return Delivered(reply=answered.reply)
    if answered.before_the_message:
        return _on_refused_session(facts, answered.reply)
    if answered.local:
        return _give_up(facts, Reason.CANNOT_CARRY, answered.reply, category=Category.CONTENT)
    if _is_temporary(answered):
        return _put_off(facts, answered.reply)
    return _give_up(
        facts,
        Reason.REFUSED,
        answered.reply,
        category=classify.category(answered.reply),
        bad_address=classify.proves_bad_address(answered.reply, answered.stage),
    )


def _on_refused_session(facts: _Facts, reply: smtp.Reply) -> Verdict:
    """Said before the message was named, so it is about us, not about the recipient: never final."""
    if reply.code == 421:
        # Later than the wait, never earlier: the host itself is left alone for as long.
        return _again(facts, BUSY_WAIT * (1 + JITTER * facts.chance), Reason.BUSY, reply, charged=False)
    return _again(facts, _scheduled(facts), Reason.UNWELCOME, reply)


def _is_temporary(answered: Answered) -> bool:
    too_many = answered.stage is smtp.Stage.RCPT and answered.reply.code == 552  # RFC 5321 section 4.5.3.1.10
    return too_many or classify.is_patient(answered.reply)


def _put_off(facts: _Facts, reply: smtp.Reply) -> Verdict:
    if classify.is_too_many_recipients(reply):
        return _again(facts, _scheduled(facts), Reason.PUT_OFF, reply)
    match classify.category(reply):
        case Category.THROTTLED:
            return _again(facts, max(_spread(facts, SLOW_DOWN_WAIT), _scheduled(facts)), Reason.SLOW_DOWN, reply)
        case Category.MAILBOX_FULL:
            return _again(facts, _spread(facts, FULL_WAIT), Reason.MAILBOX_FULL, reply)
        case found if facts.tries == 0 and _looks_greylisted(reply, found):
            return _again(facts, _spread(facts, GREYLIST_WAIT), Reason.GREYLISTED, reply)
        case _:
            return _again(facts, _scheduled(facts), Reason.PUT_OFF, reply)


def _looks_greylisted(reply: smtp.Reply, found: Category) -> bool:
    by_code = reply.code in (450, 451) and classify.subject_and_detail(reply) in _GREYLIST_CODES
    return found is Category.GREYLISTING or by_code


def _on_trouble(facts: _Facts, trouble: Trouble) -> Verdict:
    match trouble:
        case Trouble.TLS:
            return _again(facts, _scheduled(facts), Reason.TLS_FAILED)
        case Trouble.DNS:
            return _again(facts, _scheduled(facts), Reason.DNS_TROUBLE)
        case _:
            return _again(facts, _scheduled(facts), Reason.UNREACHABLE)


def _on_dns(facts: _Facts, dns: Dns) -> Verdict:
    match dns:
        case Dns.NO_ANSWER:
            return _again(facts, _scheduled(facts), Reason.DNS_TROUBLE)
        case Dns.NO_SUCH_DOMAIN:
            return _when_believed(facts, Reason.NO_SUCH_DOMAIN, _ours(550, "5.1.2", facts, dns))
        case Dns.NO_SERVER:
            return _when_believed(facts, Reason.NO_SERVER, _ours(550, "5.1.2", facts, dns))
        case Dns.NULL_MX:  # RFC 7505 section 3
            return _give_up_on_name(facts, Reason.NULL_MX, _ours(556, "5.1.10", facts, dns), bad_address=True)
        case Dns.INWARD:
            return _give_up_on_name(facts, Reason.INWARD, _ours(550, "5.4.4", facts, dns), bad_address=False)
        case Dns.LOOP:  # pragma: no branch - mypy proves that none is left
            return _give_up_on_name(facts, Reason.LOOP, _ours(550, "5.4.6", facts, dns), bad_address=False)


def _when_believed(facts: _Facts, reason: Reason, reply: smtp.Reply) -> Verdict:
    if facts.now - facts.accepted_at >= NAME_PATIENCE:
        return _give_up_on_name(facts, reason, reply, bad_address=True)
    return _again(facts, _scheduled(facts), reason, reply)


def _ours(code: int, enhanced: str, facts: _Facts, dns: Dns) -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(f"{facts.handover.domain} {dns.value}",))


def _scheduled(facts: _Facts) -> timedelta:
    return _spread(facts, SCHEDULE[min(facts.tries, len(SCHEDULE) - 1)])


def _spread(facts: _Facts, wait: timedelta) -> timedelta:
    return wait * (1 + JITTER * (2 * facts.chance - 1))


def _again(
    facts: _Facts, wait: timedelta, reason: Reason, reply: smtp.Reply | None = None, *, charged: bool = True
) -> Verdict:
    at = facts.now + wait
    if at <= facts.accepted_at + facts.max_age:
        return TryAgain(at=at, reason=reason, reply=reply, charged=charged)
    return _too_old(facts, reason, reply)


def _in_doubt(facts: _Facts, detail: str) -> Verdict:
    at = facts.now + facts.doubt_wait * (1 + JITTER * facts.chance)
    if at <= facts.accepted_at + facts.max_age:
        return InDoubt(at=at, detail=detail)
    return _too_old(facts, Reason.LOST, None)


def _too_old(facts: _Facts, reason: Reason, reply: smtp.Reply | None) -> GaveUp:
    return GaveUp(
        reason=Reason.TOO_OLD,
        reply=reply,
        hard=False,
        bad_address=False,
        category=_late_category(reason, reply),
        explanation=explain_end(facts.handover, Reason.TOO_OLD, facts.now - facts.accepted_at),
    )


def _give_up_on_name(facts: _Facts, reason: Reason, reply: smtp.Reply, *, bad_address: bool) -> GaveUp:
    return _give_up(facts, reason, reply, category=Category.DNS_FAILURE, bad_address=bad_address)


def _give_up(
    facts: _Facts, reason: Reason, reply: smtp.Reply, *, category: Category, bad_address: bool = False
) -> GaveUp:
    return GaveUp(
        reason=reason,
        reply=reply,
        hard=True,
        bad_address=bad_address,
        category=category,
        explanation=explain_end(facts.handover, reason, facts.now - facts.accepted_at),
    )


def _late_category(reason: Reason, reply: smtp.Reply | None) -> Category:
    if reason in (Reason.DNS_TROUBLE, Reason.NO_SUCH_DOMAIN, Reason.NO_SERVER):
        return Category.DNS_FAILURE
    return Category.TIMEOUT if reply is None else classify.category(reply)
