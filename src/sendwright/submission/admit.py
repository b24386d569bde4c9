"""Who may submit: the log-in, and the questions before the text. What was looked up is believed for a second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sendwright import accounts, database, domains, mail, smtp
from sendwright.submission import rules
from sendwright.submission.model import Refusal, Standing, read_address
from sendwright.submission.throttle import Throttle

_FRESH = timedelta(seconds=1)
_MOST = 10_000


class Standings:
    """Who stands how, by user name, as read within the last second; forgotten at once when tokens change."""

    def __init__(self, db: database.Database) -> None:
        self._db = db
        self._kept: OrderedDict[str, tuple[datetime, Standing]] = OrderedDict()
        self._asked: dict[str, asyncio.Future[Standing | None]] = {}
        db.on("smtp_tokens", self._forget)

    async def of(self, username: str, now: datetime) -> Standing | None:
        """How this user name stands; None if it is nobody's. Those who ask at the same moment share one look."""
        kept = self._kept.get(username)
        if kept is not None and abs(now - kept[0]) < _FRESH:
            return kept[1]
        asked = self._asked.get(username)
        return await (self._look(username, now) if asked is None else asyncio.shield(asked))

    async def _look(self, username: str, now: datetime) -> Standing | None:
        others = self._asked[username] = asyncio.get_running_loop().create_future()
        standing: Standing | None = None
        try:
            standing = await self._db.read(_read_standing, username)
            others.set_result(standing)
        finally:
            if not others.done():
                others.set_exception(database.Unavailable("the look was broken off"))
                others.exception()  # it may be that nobody else waits
            if self._asked.get(username) is others:
                del self._asked[username]
                self._keep(username, standing, now)
        return standing

    def _keep(self, username: str, standing: Standing | None, now: datetime) -> None:
        if standing is not None:
            self._kept[username] = (now, standing)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def _forget(self) -> None:
        """What is being looked up at this moment may be old as well: it is not kept."""
        self._kept.clear()
        self._asked.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What submissions are taken with. ``public_url`` has no slash at its end."""

    db: database.Database
    now: Callable[[], datetime]
    public_url: str
    standings: Standings
    throttle: Throttle = field(default_factory=Throttle)
    one_large: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the pieces of a large mail are written: several at once would keep small ones waiting for long."""

    @classmethod
    def opened(cls, db: database.Database, now: Callable[[], datetime], public_url: str, throttle: Throttle) -> Office:
        """An office that looks up for itself."""
        return cls(db=db, now=now, public_url=public_url, standings=Standings(db), throttle=throttle)


async def log_in(office: Office, username: str, password: str) -> Standing | Refusal:
    """The standing of whoever has the password. An unknown, an expired and a wrong one are told and take the same.

    Raises ``database.Unavailable``.
    """
    now = office.now()
    standing = await office.standings.of(username, now)
    right = accounts.is_smtp_password(None if standing is None else standing.login, password, now)
    if standing is None or not right:
        return rules.WRONG_PASSWORD
    return rules.refusal_of_account(standing, rules.AT_LOG_IN) or standing


async def current_standing(office: Office, standing: Standing) -> Standing | None:
    """How the token of a session stands by now; None if it is not the same any more. A domain may have come since."""
    now = office.now()
    current = await office.standings.of(standing.login.token.id, now)
    return current if current is not None and rules.is_the_same(standing, current.login, now) else None


async def admit_sender(office: Office, standing: Standing, asked: smtp.events.Mail) -> Refusal | None:
    """Whether mail from this envelope sender may begin now. Raises ``database.Unavailable``."""
    office.db.require_room()
    now = office.now()
    current = await current_standing(office, standing)
    if current is None:
        return rules.TOKEN_ENDED
    refusal = rules.refusal_of_account(current, rules.AT_MAIL)
    if refusal is None and asked.sender:
        refusal = _refusal_of_sender(office, current, asked.sender)
    if refusal is not None:
        return refusal
    wait = office.throttle.wait(current.key, now)
    return None if wait is None else rules.too_fast(wait)


def admit_recipient(standing: Standing, asked: smtp.events.Rcpt) -> Refusal | None:
    """Whether this is an address that mail can be sent to."""
    address = read_address(asked.recipient)
    if isinstance(address, mail.Malformed):
        return rules.bad_recipient(address)
    return rules.UNSPEAKABLE if any(char.isspace() for char in address.wire) else None


def _refusal_of_sender(office: Office, standing: Standing, sender: str) -> Refusal | None:
    address = read_address(sender)
    if isinstance(address, mail.Malformed):
        return rules.bad_sender(address)
    return rules.refusal_of_author(standing, address, "The envelope sender", office.public_url)


def _read_standing(conn: database.Connection, username: str) -> Standing | None:
    login = accounts.find_smtp_login(conn, username)
    if login is None:
        return None
    known = domains.list_domains(conn, login.token.account_id)
    connected = frozenset(domain.name for domain in known if domain.connection is not None)
    return Standing(login=login, domains=connected)
