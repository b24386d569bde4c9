"""The envelope: from whom, to whom, and what the message needs from the road."""

import re
from dataclasses import dataclass

PATH_OCTETS = 254
"""RFC 5321 section 4.5.3.1.3 gives 256 with the angle brackets."""

# Attack A15: what could end a command or start another. Angle brackets too: they end the path.
_FORBIDDEN = re.compile("[\x00-\x20\x7f-\x9f<>\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One transaction. Addresses are ready envelope strings (A-labels where needed), without angle brackets.

    `mail_from` may be empty (the null reverse-path). `size` is in octets before dot-stuffing, CRLF counted.
    `body_8bit`: the message has octets over 127 (RFC 6152). `smtputf8`: an address or a header needs RFC 6531.
    """

    mail_from: str
    rcpt_to: tuple[str, ...]
    size: int = 0
    body_8bit: bool = False
    smtputf8: bool = False


def is_speakable(address: str, *, smtputf8: bool) -> bool:
    """Whether the address can stand in a command without changing the command."""
    if not smtputf8 and not address.isascii():
        return False
    return _FORBIDDEN.search(address) is None and len(address.encode()) <= PATH_OCTETS
