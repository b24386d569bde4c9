"""The envelope: from whom, to whom, and what the message needs from the road."""

import re

from sendwright.smtp.values import value

PATH_OCTETS = 254
"""RFC 5321 section 4.5.3.1.3 gives 256 with the angle brackets."""

# Attack A15: what could end a command or start another. Angle brackets too: they end the path.
_PLAIN = re.compile(f"[!-;=?-~]{{0,{PATH_OCTETS}}}")
_FORBIDDEN = re.compile("[\x00-\x20\x7f-\x9f<>\u2028\u2029\ud800-\udfff]")


@value
class Wish:
    """What is wished for one recipient (RFC 3461): when to be notified, and the address as first written.

    `notify` is a subset of NEVER, SUCCESS, FAILURE, DELAY, empty when nothing was said. `orcpt` is a type of address,
    ";" and the address as xtext, or "".
    """

    notify: frozenset[str] = frozenset()
    orcpt: str = ""


NO_WISH = Wish()


@value
class Envelope:
    """One transaction. Addresses are ready envelope strings (A-labels where needed), without angle brackets.

    `mail_from` may be empty (the null reverse-path). `size` is in octets before dot-stuffing, CRLF counted.
    `body_8bit`: the message has octets over 127 (RFC 6152). `smtputf8`: an address or a header needs RFC 6531.
    `ret` ("FULL", "HDRS" or ""), `envid` (printable ASCII or "") and `wishes` (one for each recipient, or none at all)
    are for notifications (RFC 3461).
    """

    mail_from: str
    rcpt_to: tuple[str, ...]
    size: int = 0
    body_8bit: bool = False
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    wishes: tuple[Wish, ...] = ()


def is_speakable(address: str, *, smtputf8: bool) -> bool:
    """Whether the address can stand in a command without changing the command."""
    if _PLAIN.fullmatch(address) is not None:
        return True
    if not smtputf8 or address.isascii():
        return False
    return _FORBIDDEN.search(address) is None and len(address.encode()) <= PATH_OCTETS
