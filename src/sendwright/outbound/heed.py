"""What an attempt tells about its site, whatever it means for the message: go on, slower, not now.

Facts in, a sign out. The waits of one message are in `rules`; these signs are for all that goes to the site by the
same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sendwright import smtp
from sendwright.outbound import classify
from sendwright.outbound.manners import Manners
from sendwright.outbound.model import Answered, Category, Lost, Outcome

BLOCKED_FOR = timedelta(minutes=15)
"""So long nothing is sent to a site that refuses our address or our domain by name."""

_BLOCKED = frozenset({Category.IP_REPUTATION, Category.DOMAIN_REPUTATION})


@dataclass(frozen=True, slots=True)
class Clean:
    """It took a message."""


@dataclass(frozen=True, slots=True)
class Neutral:
    """Nothing is learned about the site: the answer was about the recipient, or there was none of a server."""


@dataclass(frozen=True, slots=True)
class BrokeOff:
    """It ended the conversation, or said that we have too many of them."""


@dataclass(frozen=True, slots=True)
class TooFast:
    """It finds us too fast."""


@dataclass(frozen=True, slots=True)
class TooFastForOne:
    """It finds that one recipient gets too much, from anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Nothing more for a while. `alert`: it refuses us by name, and somebody has to look."""

    rest: timedelta
    alert: bool


Sign = Clean | Neutral | BrokeOff | TooFast | TooFastForOne | Stop


def sign(outcome: Outcome, manners: Manners) -> Sign:
    """What the outcome of one conversation says about the site."""
    match outcome:
        case Lost():
            return BrokeOff()
        case Answered(local=True):
            return Neutral()
        case Answered() as answered:
            return _of_answer(answered, manners)
        case _:
            return Neutral()


def through_a_relay(sign: Sign) -> Sign:
    """What is left of it when it came from our own relay, which speaks of servers behind it."""
    match sign:
        case TooFast():
            return BrokeOff()
        case TooFastForOne() | Stop():
            return Neutral()
        case _:
            return sign


def _of_answer(answered: Answered, manners: Manners) -> Sign:
    reply = answered.reply
    if reply.kind is smtp.Kind.POSITIVE:
        return Clean()
    if classify.has_words(reply, manners.stop_words):
        return Stop(rest=manners.stop_for, alert=False)
    if classify.has_words(reply, manners.slow_words):
        return TooFast()
    found = classify.category(reply)
    if found in _BLOCKED and not classify.is_patient(reply):
        return Stop(rest=BLOCKED_FOR, alert=True)
    if found is Category.THROTTLED:
        return _of_rate(reply)
    return BrokeOff() if reply.code == 421 and not answered.before_the_message else Neutral()


def _of_rate(reply: smtp.Reply) -> Sign:
    if classify.is_about_connections(reply):
        return BrokeOff()
    return TooFastForOne() if classify.is_rate_of_recipient(reply) else TooFast()
