"""One message in one conversation: offered, held until the caller has recorded the intent, sent, answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sendwright import failpoints, smtp
from sendwright.outbound import classify
from sendwright.outbound.dial import Conversation
from sendwright.outbound.dialogue import Dialogue
from sendwright.outbound.model import Answered, Lost, Outcome, Parcel, Peer, Withheld
from sendwright.outbound.settings import Limits

_LARGE = 256 * 1024

BeforeDot = Callable[[Peer], Awaitable[bool]]
"""Called when the server waits for the message, before any of it is written; of a large one again before its end, the
final dot, is written, which may be long after. False: it is not written."""


@dataclass(slots=True, kw_only=True)
class Errand:
    """One parcel on its way, and what is known of this attempt so far."""

    parcel: Parcel
    tries: int
    before_dot: BeforeDot
    dialogue: Dialogue
    peer: Peer | None = None
    asked: bool = False  # before_dot was called: this attempt does not start over
    sessions: int = 0  # servers that answered
    addresses: int = 0  # addresses tried
    site: str = ""  # by its name
    limits: Limits = field(default_factory=Limits)
    last_server: bool = False  # there is no other to be tried after it

    def note(self, text: str) -> None:
        self.dialogue.note(text)

    @property
    def source(self) -> str:
        """Words for a source address of its own: an operator wants to see that it was used."""
        way = self.parcel.way
        if way.source_ip is None:
            return ""
        return f" from {way.source_ip}" + (f" by the proxy {way.proxy.host}:{way.proxy.port}" if way.proxy else "")

    def may_start_over(self, outcome: Outcome) -> bool:
        """Whether the message may be offered again right away, on another connection."""
        return not self.asked and breaks_off(outcome)


def drops(outcome: Outcome) -> bool:
    """Whether the server itself did so, in the midst of the message: another connection may fare better at once."""
    match outcome:
        case Lost(timed_out=timed_out):
            return not timed_out
        case Answered(reply=reply):
            return reply.code == 421 and not outcome.before_the_message
        case _:
            return False


def breaks_off(outcome: Outcome) -> bool:
    """Whether the server ended the conversation while the message was not yet sent."""
    match outcome:
        case Lost(dot_written=dot_written):
            return not dot_written
        case Answered(reply=reply):
            return reply.code == 421
        case _:
            return False


def has_enough_recipients(outcome: Outcome) -> bool:
    """Whether the server takes no more recipients for now, which another connection may mend."""
    match outcome:
        case Answered(stage=smtp.Stage.RCPT, local=False, reply=reply):
            return classify.is_too_many_recipients(reply)
        case _:
            return False


async def converse(talk: Conversation, errand: Errand) -> Outcome:
    """Hands the parcel over in this conversation. What `before_dot` raises is passed on."""
    if not await talk.ready():
        return Lost(stage=smtp.Stage.MAIL, dot_written=False, detail="the server closed the connection")
    talk.send(_envelope(errand.parcel))
    await failpoints.failpoint_once_written("S1")
    decided = await _decision(talk)
    if not isinstance(decided, smtp.events.MayTransmit):
        return _outcome(talk, decided)
    failpoints.failpoint("S2")
    try:
        if not await _send_off(talk, errand, await _prepared(errand.parcel.message)):
            errand.note("the message was held back: the connection is closed without it")
            talk.abandon()
            return Withheld()
    except smtp.BadMessage as fault:
        talk.abandon()
        words = smtp.Reply(code=554, enhanced="5.6.0", lines=(str(fault),))
        return Answered(stage=smtp.Stage.DATA, reply=words, local=True)
    return _outcome(talk, await _decision(talk))


async def _send_off(talk: Conversation, errand: Errand, message: bytes | smtp.Prepared) -> bool:
    """Whether the message was let go; the server may have gone all the same."""
    errand.asked = True
    if not await errand.before_dot(talk.peer):
        return False
    if not talk.holding:  # the server went while we wrote down that it would get the message
        return True
    if len(errand.parcel.message) <= _LARGE and not failpoints.armed("S3"):
        talk.transmit(message)
    else:
        talk.transmit_without_end(message)
        await failpoints.failpoint_once_written("S3")
        if await talk.drained():
            if not await errand.before_dot(talk.peer):
                return False
            talk.transmit_end()
    await failpoints.failpoint_once_written("S5")
    return True


async def _prepared(message: bytes) -> bytes | smtp.Prepared:
    """A large message is looked at on another thread: other conversations go on meanwhile."""
    return message if len(message) <= _LARGE else await asyncio.to_thread(smtp.prepare, message)


def _envelope(parcel: Parcel) -> smtp.Envelope:
    return smtp.Envelope(
        mail_from=parcel.mail_from,
        rcpt_to=(parcel.rcpt_to,),
        size=len(parcel.message),
        body_8bit=parcel.eight_bit,
        smtputf8=parcel.smtputf8,
        ret=parcel.notify.ret if parcel.notify else "",
        envid=parcel.notify.envid if parcel.notify else "",
        wishes=(parcel.notify.wish,) if parcel.notify else (),
    )


_Decision = smtp.events.MayTransmit | smtp.events.Outcome | smtp.events.Closed


async def _decision(talk: Conversation) -> _Decision:
    while True:
        event = await talk.next()
        if isinstance(event, _Decision):
            return event


def _outcome(talk: Conversation, decided: _Decision) -> Outcome:
    if not isinstance(decided, smtp.events.Outcome):
        return Lost(stage=smtp.Stage.MAIL, dot_written=False, detail="the conversation ended")
    answer = decided.answers[0]
    if answer.in_doubt:
        return Lost(
            stage=answer.stage, dot_written=talk.dot_left, detail=answer.reply.text, timed_out=talk.timed_out
        )  # fmt: skip
    if answer.local and answer.reply.kind is smtp.Kind.TEMPORARY:
        return Lost(stage=answer.stage, dot_written=False, detail=answer.reply.text, timed_out=talk.timed_out)
    return Answered(stage=answer.stage, reply=answer.reply, local=answer.local, notify_passed_on=decided.dsn_passed_on)
