"""Says in plain words what became of a delivery, for people who know mail but not SMTP."""

from datetime import datetime, timedelta

from sendwright import smtp
from sendwright.outbound.model import (
    Answered,
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

_SHOWN = 300
"""Characters of a peer's words that are repeated; the dialogue has them all."""

_ASKS = {
    Reason.GREYLISTED: "asks every new sender to come back later (greylisting)",
    Reason.SLOW_DOWN: "asks us to send more slowly",
    Reason.MAILBOX_FULL: "says that the mailbox is full",
    Reason.BUSY: "is too busy to talk to us",
    Reason.UNWELCOME: "does not want to talk to us",
}

_PROOFS = {
    "dane": ", proven by DANE",
    "mta-sts": ", its certificate valid as its MTA-STS policy demands",
    "certificate": ", its certificate valid",
}


def explain(verdict: Verdict, handover: Handover, *, accepted_at: datetime) -> str:
    """One sentence without a full stop, such as "example.org asks us to wait: …; next try at 14:07:12 UTC"."""
    match verdict:
        case Delivered(reply=reply):
            when = f"at {handover.ended:%H:%M:%S} UTC, {_after(handover.ended - accepted_at)} after your call"
            return f"{_server(handover)} took it {when}, {_how(handover)}: {_words(reply)}"
        case TryAgain(at=at, reason=reason):
            return f"{_cause(handover, reason)}; next try {_at(at, handover)}"
        case GaveUp(explanation=explanation):
            return explanation
        case InDoubt(at=at):  # pragma: no branch - mypy proves that none is left
            return f"{_cause(handover, Reason.LOST)}; not sent again before {_time(at, handover)}"


def stage_of(handover: Handover) -> str:
    """How far the attempt got: "dns", or a stage of the SMTP conversation from "connect" to "final"."""
    match handover.outcome:
        case Answered(stage=stage) | Lost(stage=stage):
            return stage.value
        case Unreachable(trouble=Trouble.DNS) | NoRoute():
            return "dns"
        case Unreachable(trouble=Trouble.TLS):
            return smtp.Stage.TLS.value
        case Unreachable():
            return smtp.Stage.CONNECT.value
        case Withheld():  # pragma: no branch - mypy proves that none is left
            return smtp.Stage.DATA.value


def explain_end(handover: Handover, reason: Reason, age: timedelta) -> str:
    """Why a delivery is given up, `age` after it was accepted."""
    if reason is Reason.TOO_OLD:
        return f"Given up after {_duration(age)}, because the next try would be too late; {_cause(handover, reason)}"
    return _cause(handover, reason)


def _cause(handover: Handover, reason: Reason) -> str:
    match handover.outcome:
        case Answered() as answered:
            return _answer(handover, answered, reason)
        case Unreachable(who=who, trouble=Trouble.CROWDED, detail=detail):
            return f"It waits for its turn at {who}: {detail[:_SHOWN]}"
        case Unreachable(who=who, trouble=trouble, detail=detail):
            return f"{who} could not be reached, {trouble.value}: {detail[:_SHOWN]}"
        case Lost(dot_written=True, detail=detail):
            return (
                f"{_server(handover)} may have taken it: the whole message was sent, then {detail[:_SHOWN]} "
                "before an answer came"
            )
        case Lost(detail=detail):
            return f"The conversation with {_server(handover)} broke off before the message was sent: {detail[:_SHOWN]}"
        case NoRoute(dns=Dns.NO_ANSWER, detail=detail):
            return f"{handover.domain} {Dns.NO_ANSWER.value} ({detail[:_SHOWN]})"
        case NoRoute(dns=dns):
            return f"{handover.domain} {dns.value}"
        case Withheld():  # pragma: no branch - mypy proves that none is left
            return "The message was held back before it was sent, because that it was to be sent could not be recorded"


def _answer(handover: Handover, answered: Answered, reason: Reason) -> str:
    server, words = _server(handover), _words(answered.reply)
    if answered.local:
        return f"{server} cannot carry this message: {words}"
    if answered.before_the_message:
        return f"{server} {_ASKS.get(reason, _ASKS[Reason.UNWELCOME])}: {words}"
    if reason is Reason.REFUSED:
        return f"{server} refused it for good: {words}"
    return f"{server} {_ASKS.get(reason, 'asks us to wait')}: {words}"


def _server(handover: Handover) -> str:
    return handover.domain if handover.peer is None else handover.peer.host


def _how(handover: Handover) -> str:
    if handover.peer is None or handover.peer.tls is None:
        return "without TLS"
    proof = _PROOFS.get(handover.peer.verified or "", "")
    return f"over {handover.peer.tls.replace('TLSv', 'TLS ')}{proof}"


def _words(reply: smtp.Reply) -> str:
    words = str(reply)
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"


def _at(at: datetime, handover: Handover) -> str:
    return f"at {_time(at, handover)}"


def _time(at: datetime, handover: Handover) -> str:
    """The date is said when it is not the day of the attempt."""
    same_day = at.date() == handover.ended.date()
    return f"{at:%H:%M:%S} UTC" if same_day else f"{at:%H:%M:%S} UTC on {at:%Y-%m-%d}"


def _after(gap: timedelta) -> str:
    seconds = max(gap.total_seconds(), 0)
    return f"{seconds:.1f} s" if seconds < 60 else _duration(gap)


def _duration(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes" if minutes != 1 else "1 minute"
    return f"{minutes // 60} hours"
