"""Reads of a message what the receiver must know: whose it is, what it is about, how its address behaves."""

import re

from sendwright import mail
from sendwright.sandbox.model import TRICK_DOMAIN, Trick

_HEAD_OCTETS = 65_536
"""Our own header stands near the top; further down nobody looks for it."""
_SUBJECT_CHARACTERS = 998

_OWNER = re.compile(
    rb"^X-Sendwright-MID:[ \t]*([0-9]{1,18})\."
    rb"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[ \t]*\r$",
    re.IGNORECASE | re.MULTILINE,
)
_TRICKS = {trick.value: trick for trick in Trick}


def trick_for(address: str) -> Trick | None:
    """How mail to this address behaves; None: it is accepted."""
    local, _, domain = address.rpartition("@")
    if domain.lower() != TRICK_DOMAIN:
        return None
    return _TRICKS.get(local.partition("+")[0].lower())


def owner_of(message: bytes) -> tuple[int, str] | None:
    """Account and send, as our header `X-Sendwright-MID: <account>.<send>` names them; None without one such header."""
    found = _OWNER.findall(_head(message))
    if len(found) != 1:  # none; or two, and then nobody can say which is ours
        return None
    account_id, send_id = found[0]
    return int(account_id), send_id.decode().lower()


def subject_of(message: bytes) -> str:
    """The subject for lists: decoded, on one line, shortened; empty when there is none."""
    subject = mail.read(_head(message)).subject
    return subject.encode("utf-8", "replace").decode()[:_SUBJECT_CHARACTERS]


def _head(message: bytes) -> bytes:
    """The header block with its last line end, as far as it is looked at."""
    end = message.find(b"\r\n\r\n", 0, _HEAD_OCTETS)
    return message[:_HEAD_OCTETS] if end < 0 else message[: end + 2]
