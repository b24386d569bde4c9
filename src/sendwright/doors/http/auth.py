"""From a bearer secret to a caller, or to an error that says what is wrong with it.

The secret is looked up by its hash: unknown, revoked and expired tokens go the same way and take the same time. A good
one is remembered for some seconds, so a token revoked by another process dies within that time, and one revoked in this
process dies at once (:meth:`Callers.forget`).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sendwright import accounts, database
from sendwright.doors.http.errors import Fault, expired, unauthenticated
from sendwright.doors.http.services import Caller

REMEMBERED_FOR = timedelta(seconds=5)
_MOST_REMEMBERED = 10_000
_LONGEST = 400
_SMTP_PASSWORD = accounts.SMTP_PASSWORD_PREFIX.encode()

_MISSING = (
    "Authentication credentials not found. Send the header 'Authorization: Bearer pat-...' "
    "with an API token of your account."
)
_HAPIKEY = "API keys (hapikey) are not accepted. Send the header 'Authorization: Bearer pat-...' with an API token."
_SMTP_HINT = (
    "This is the password of an SMTP token: it opens SMTP submission, not the API. "
    "Send an API token (pat-...) in the header 'Authorization: Bearer pat-...'."
)
_UNKNOWN = "The token is not known here. Check that it is whole and belongs to this server, or make a new one."


@dataclass(frozen=True, slots=True)
class _Known:
    token: accounts.ApiToken
    caller: Caller
    until: datetime


class Callers:
    """Finds callers, and remembers the last ones for a short while."""

    def __init__(self, db: database.Database) -> None:
        self._db = db
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def find(self, authorization: bytes | None, query: bytes, now: datetime) -> Caller:
        """The caller of a request. Raises 401 with a hint."""
        secret = _bearer(authorization, query)
        digest = hashlib.sha256(secret).digest()
        known = self._known.get(digest)
        if known is None or known.until <= now:
            known = await self._look_up(secret, digest, now)
        if known.token.expires_at is not None and known.token.expires_at <= now:
            raise _refusal(accounts.TokenVerdict.EXPIRED, known.token, now)
        return known.caller

    def forget(self, token_id: str) -> None:
        """Call after revoking a token in this process."""
        for digest in [digest for digest, known in self._known.items() if known.token.id == token_id]:
            del self._known[digest]

    async def _look_up(self, secret: bytes, digest: bytes, now: datetime) -> _Known:
        token = await self._db.read(accounts.find_token, secret.decode("latin-1"))
        verdict = accounts.judge_token(token, now)
        if token is None or verdict is not accounts.TokenVerdict.GOOD:
            self._known.pop(digest, None)
            raise _refusal(verdict, token, now)
        caller = Caller(account_id=token.account_id, token_id=token.id, scopes=token.scopes)
        known = self._known[digest] = _Known(token, caller, now + REMEMBERED_FOR)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        if accounts.is_use_worth_noting(token.last_used_at, now):
            await self._note_use(token, now)
        return known

    async def _note_use(self, token: accounts.ApiToken, now: datetime) -> None:
        try:
            await self._db.write(accounts.note_token_use, token, now)
        except database.Unavailable:
            return  # a request that only reads is still answered while the disk is full


def _bearer(authorization: bytes | None, query: bytes) -> bytes:
    if authorization is None:
        raise unauthenticated(_HAPIKEY if b"hapikey=" in query else _MISSING)
    scheme, _, secret = authorization.partition(b" ")
    secret = secret.strip()
    if scheme.lower() != b"bearer" or not secret or len(secret) > _LONGEST:
        raise unauthenticated(_MISSING)
    if secret.startswith(_SMTP_PASSWORD):
        raise unauthenticated(_SMTP_HINT)
    return secret


def _refusal(verdict: accounts.TokenVerdict, token: accounts.ApiToken | None, now: datetime) -> Fault:
    if verdict is accounts.TokenVerdict.EXPIRED and token is not None and token.expires_at is not None:
        ago = int((now - token.expires_at).total_seconds())
        return expired(f"The OAuth token used to make this call expired {ago} second(s) ago. Make a new token.")
    if verdict is accounts.TokenVerdict.REVOKED:
        return unauthenticated("The token was revoked. Make a new one.")
    return unauthenticated(_UNKNOWN)
