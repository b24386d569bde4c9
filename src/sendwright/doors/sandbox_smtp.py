"""The sandbox's built-in receiver: an SMTP server on loopback that takes our own mail, keeps it and shows it.

It answers 250 only when the mail is committed, 451 when the database is not there, and as the address wishes when the
address is one of the sandbox's tricks. Mail without our header is refused: this is no relay and no drop box.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog

from sendwright import database, sandbox, smtp
from sendwright.doors.self_signed import self_signed_context
from sendwright.doors.smtp_shell import Answer, Asked, Conversation, Share, Silence, SmtpDoor
from sendwright.sandbox import Trick

OnComplaint = Callable[[int, str, str], Awaitable[None]]
"""Told account, send and recipient of a mail that was reported as spam."""

_log = structlog.get_logger()
_MOST_CONNECTIONS = 500
"""Also from one address: all of them come from our own post."""
_MOST_REMEMBERED = 10_000
_TRIM_EVERY = 500


def _reply(code: int, enhanced: str, text: str) -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(text,))


_AT_RCPT = {
    Trick.BOUNCE: _reply(550, "5.1.1", "no such user here (sandbox)"),
    Trick.BLOCK: _reply(550, "5.7.1", "your IP address has a poor reputation and is blocked (sandbox)"),
    Trick.FULL: _reply(452, "4.2.2", "mailbox full (sandbox)"),
}
_GREYLISTED = _reply(451, "4.7.1", "greylisted, please come back later (sandbox)")
_NOT_OURS = _reply(550, "5.7.1", "only Sendwright's own mail is taken here: there is no valid X-Sendwright-MID header")
_NO_USERS = _reply(535, "5.7.8", "there are no users here")


class SandboxSmtp:
    """The door. Use as `async with`, then :meth:`open`. `slow` is how long a slow address takes, in seconds."""

    def __init__(
        self,
        db: database.Database,
        *,
        now: Callable[[], datetime],
        on_complaint: OnComplaint,
        hostname: str = "sandbox.test",
        slow: float = 5.0,
    ) -> None:
        self.hostname = hostname
        self._db = db
        self._now = now
        self._on_complaint = on_complaint
        self._slow = slow
        self._seen: dict[tuple[str, str, Trick], None] = {}
        self._kept: Counter[int] = Counter()
        context = self_signed_context(hostname)
        self._door = SmtpDoor(
            "sandbox",
            meet=lambda conversation: _Reception(self, conversation),
            make_core=lambda secure: smtp.Server(hostname=hostname, starttls=True, secure=secure),
            context=lambda: context,
            share=Share(connections=_MOST_CONNECTIONS, connections_each=_MOST_CONNECTIONS),
        )

    async def __aenter__(self) -> Self:
        await self._door.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._door.__aexit__(kind, fault, trace)

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens; port 0 picks a free one. The port it is."""
        return await self._door.open_plain(host, port)

    @property
    def in_hand(self) -> int:
        """How many messages are received and not yet answered."""
        return self._door.in_hand

    # --- for the receptions

    async def receive(self, message: smtp.events.Message, tls: str | None) -> Answer:
        """Keeps the message, unless it is not ours or an address plays a trick."""
        owner = sandbox.owner_of(message.content)
        if owner is None:
            return _NOT_OURS
        for recipient in message.envelope.rcpt_to:
            refusal = await self._play(owner[1], recipient)
            if refusal is not None:
                return refusal
        for recipient in message.envelope.rcpt_to:
            await self._db.write_together(sandbox.keep, self._arrival(owner, message, recipient, tls))
        self._door.start(self._after(owner, message.envelope.rcpt_to))
        return None

    async def _after(self, owner: tuple[int, str], recipients: tuple[str, ...]) -> None:
        """What follows once the answer is given: a task's first step comes after that."""
        try:
            await self._complain_and_trim(owner, recipients)
        except Exception:  # noqa: BLE001 - the fault barrier of one mail: it must not close the door for the others
            _log.exception("sandbox_mail_failed")

    async def _complain_and_trim(self, owner: tuple[int, str], recipients: tuple[str, ...]) -> None:
        account_id, send_id = owner
        for recipient in recipients:
            if sandbox.trick_for(recipient) is Trick.COMPLAIN:
                await self._on_complaint(account_id, send_id, recipient)
        self._kept[account_id] += 1
        if self._kept[account_id] >= _TRIM_EVERY:
            del self._kept[account_id]
            await self._db.write(sandbox.trim, account_id)

    async def _play(self, send_id: str, recipient: str) -> Answer:
        match sandbox.trick_for(recipient):
            case Trick.DEFER if self._is_first(send_id, recipient, Trick.DEFER):
                return _GREYLISTED
            case Trick.DROP if self._is_first(send_id, recipient, Trick.DROP):
                return Silence.HANG_UP
            case Trick.SLOW:
                await asyncio.sleep(self._slow)
                return None
            case _:
                return None

    def _is_first(self, send_id: str, recipient: str, trick: Trick) -> bool:
        """Remembers the newest few thousand tries; who is forgotten is put off once more."""
        key = (send_id, recipient, trick)
        if key in self._seen:
            return False
        if len(self._seen) >= _MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = None
        return True

    def _arrival(
        self, owner: tuple[int, str], message: smtp.events.Message, recipient: str, tls: str | None
    ) -> sandbox.Arrival:
        return sandbox.Arrival(
            account_id=owner[0],
            send_id=owner[1],
            mail_from=message.envelope.mail_from,
            rcpt_to=recipient,
            subject=sandbox.subject_of(message.content),
            received_at=self._now(),
            tls=tls,
            raw=message.content,
        )


class _Reception:
    """One client's questions."""

    __slots__ = ("_conversation", "_sandbox")

    def __init__(self, sandbox_smtp: SandboxSmtp, conversation: Conversation) -> None:
        self._sandbox = sandbox_smtp
        self._conversation = conversation

    def auth(self, auth: smtp.events.Auth) -> Asked:
        return _NO_USERS

    def mail(self, mail: smtp.events.Mail) -> Asked:
        return None

    def rcpt(self, rcpt: smtp.events.Rcpt) -> Asked:
        trick = sandbox.trick_for(rcpt.recipient)
        return None if trick is None else _AT_RCPT.get(trick)

    def message(self, message: smtp.events.Message) -> Asked:
        return self._sandbox.receive(message, self._conversation.tls)
