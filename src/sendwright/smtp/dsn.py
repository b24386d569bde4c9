"""Delivery status notifications (RFC 3461): what a client may wish for, and how it is written. xtext both ways."""

import re

RETURNS = frozenset({"FULL", "HDRS"})
NOTIFICATIONS = frozenset({"NEVER", "SUCCESS", "FAILURE", "DELAY"})
ENVID_OCTETS = 100
ORCPT_OCTETS = 500

# Section 4. Only what decodes to printable ASCII passes: these words come back in the header of a report, so a hidden
# line end would write a header of its own (attack A15).
_PLAIN = "!-*,-<>-~"
_XTEXT = re.compile(rf"(?:[{_PLAIN}]|\+(?:[2-6][0-9A-F]|7[0-9A-E]))*")
_CODED = re.compile(r"\+(..)")
_TO_CODE = re.compile(rf"[^{_PLAIN}]")
_PRINTABLE = re.compile(r"[ -~]+")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*/?^_`{|}~-]{1,60}")
# RFC 6533 section 3: with SMTPUTF8 the address may stand as it is.
_UTF8_TEXT = re.compile(rf"(?:[{_PLAIN}]|\+(?:[2-6][0-9A-F]|7[0-9A-E])|[^\x00-\x9f\u2028\u2029\ud800-\udfff])*")


def to_xtext(text: str) -> str:
    """Printable ASCII as xtext."""
    return _TO_CODE.sub(lambda found: f"+{ord(found.group()):02X}", text)


def from_xtext(text: str) -> str | None:
    """What the xtext stands for; None when it is none, or stands for more than printable ASCII."""
    if _XTEXT.fullmatch(text) is None:
        return None
    return _CODED.sub(lambda found: chr(int(found.group(1), 16)), text)


def read_envid(written: str) -> str | None:
    """The envelope id behind ENVID=, decoded (section 4.4)."""
    return from_xtext(written) if written and len(written) <= ENVID_OCTETS else None


def read_notify(written: str) -> frozenset[str] | None:
    """The list behind NOTIFY= (section 4.1). NEVER stands alone."""
    wanted = frozenset(written.upper().split(","))
    if not wanted <= NOTIFICATIONS or ("NEVER" in wanted and len(wanted) > 1):
        return None
    return wanted


def is_orcpt(written: str, *, smtputf8: bool) -> bool:
    """Whether this may stand behind ORCPT= (section 4.2): a type of address, ";", the address as xtext."""
    kind, _, address = written.partition(";")
    if not address or len(written.encode()) > ORCPT_OCTETS or _ADDRESS_TYPE.fullmatch(kind) is None:
        return False
    form = _UTF8_TEXT if smtputf8 and kind.upper() == "UTF-8" else _XTEXT
    return form.fullmatch(address) is not None


def mail_words(ret: str, envid: str) -> str:
    """The parameters of MAIL, each with a blank before it. What cannot be written is left out: it is a wish."""
    written = to_xtext(envid) if _PRINTABLE.fullmatch(envid) else ""
    envid_word = f" ENVID={written}" if written and len(written) <= ENVID_OCTETS else ""
    return (f" RET={ret}" if ret in RETURNS else "") + envid_word


def rcpt_words(notify: frozenset[str], orcpt: str, *, smtputf8: bool) -> str:
    """The parameters of RCPT, each with a blank before it. What cannot be written is left out."""
    wanted = ",".join(sorted(notify))
    notify_word = f" NOTIFY={wanted}" if wanted and read_notify(wanted) else ""
    return notify_word + (f" ORCPT={orcpt}" if is_orcpt(orcpt, smtputf8=smtputf8) else "")
