"""The shell's own replies: each tells the client to come again, and none tells it more than that."""

from __future__ import annotations

import structlog

from sendwright import database, smtp

_log = structlog.get_logger()


def _reply(code: int, enhanced: str, text: str) -> smtp.Reply:
    return smtp.Reply(code=code, enhanced=enhanced, lines=(text,))


CROWDED = _reply(421, "4.3.2", "too many connections, come again later")
IDLE_TOO_LONG = _reply(421, "4.4.2", "nothing was said for too long, closing")
TOO_SLOW = _reply(421, "4.4.2", "this came too slowly, closing")
CLOSING = _reply(421, "4.3.2", "the server is shut down, come again later")
NO_ROOM = _reply(452, "4.3.1", "there is no room for this message now, come again later")
NO_ROOM_LEFT = _reply(421, "4.3.1", "there is no room for the rest of this message now, come again later")
TROUBLE = _reply(451, "4.3.0", "this cannot be done at present, come again later")
AUTH_TROUBLE = _reply(454, "4.7.0", "authentication is not possible at present, come again later")


def excuse(fault: Exception, event: smtp.events.ServerEvent) -> smtp.Reply:
    """What the client is told of our own trouble; what happened is for the log."""
    if isinstance(fault, database.Full) and not isinstance(event, smtp.events.Auth):
        _log.warning("smtp_put_off", question=type(event).__name__, reason="the disk is full")
        return NO_ROOM
    if isinstance(fault, database.Unavailable):
        _log.warning("smtp_put_off", question=type(event).__name__, reason="the database is not available")
    else:
        _log.error("smtp_answer_failed", question=type(event).__name__, exc_info=fault)
    return AUTH_TROUBLE if isinstance(event, smtp.events.Auth) else TROUBLE
