"""The words of a client, read: what stands after the verb. A wrong word is answered with a reply, as a value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sendwright.smtp.envelope import PATH_OCTETS
from sendwright.smtp.replies import Reply, reply

# RFC 5321 section 4.1.2. Outside quotes a local part is atoms and dots; dots in odd places are let through, as phones
# in Japan were sold with such addresses. Source routes are refused: they were only ever used to get around rules (A4).
_LOCAL = r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\x00-\x20\x7f()<>\[\]:;@\\,"]+)'
_DOMAIN = r"(?:\[[0-9A-Za-z:.\-]{1,100}\]|[^\x00-\x2c\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]{1,255})"
_MAIL_PATH = re.compile(rf"<((?:({_LOCAL})@{_DOMAIN})?)>(?: (.*))?")
_RCPT_PATH = re.compile(rf"<(({_LOCAL})@{_DOMAIN}|postmaster)>(?: (.*))?", re.IGNORECASE)
_LOCAL_OCTETS = 64
_DIGITS = re.compile("[0-9]{1,20}")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?")
_CHUNK = re.compile(rb"([0-9]{1,18})( LAST)?", re.IGNORECASE)
_NAME = re.compile(rb"[^\x00-\x20\x7f-\xff]{1,255}")

_NO_PATH = reply(501, "5.5.4", "an address in angle brackets is needed, like <someone@example.com>")
_BAD_PARAMETER = reply(501, "5.5.4", "a parameter is written wrong or twice")
_BAD_TEXT = reply(501, "5.5.2", "the command is not valid UTF-8")
_NEEDS_UTF8 = reply(553, "5.6.7", "this address needs SMTPUTF8 in MAIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCommand:
    sender: str = ""
    size: int = 0
    body_8bit: bool = False
    smtputf8: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """BDAT (RFC 3030): so many octets follow."""

    octets: int
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    address: str
    parameters: Mapping[str, str]


def read_name(argument: bytes) -> str | Reply:
    """The name after HELO or EHLO. It is only shown, so anything printable passes; attack A12 does not."""
    if _NAME.fullmatch(argument) is None:
        return reply(501, "5.5.4", "a host name is needed")
    return argument.decode("ascii")


def read_chunk(argument: bytes) -> Chunk | Reply:
    found = _CHUNK.fullmatch(argument)
    if found is None:
        return reply(501, "5.5.4", "BDAT needs a number of octets, and LAST for the last chunk")
    return Chunk(octets=int(found.group(1)), last=found.group(2) is not None)


def read_mail(argument: bytes) -> MailCommand | Reply:
    path = _read_path(argument, b"FROM:", _MAIL_PATH)
    if isinstance(path, Reply):
        return path
    size, body_8bit, smtputf8 = 0, False, False
    for name, value in path.parameters.items():
        match name:
            case "SIZE" if _DIGITS.fullmatch(value):
                size = int(value)
            case "BODY" if value.upper() in ("7BIT", "8BITMIME"):
                body_8bit = value.upper() == "8BITMIME"
            case "SMTPUTF8" if not value:
                smtputf8 = True
            case "AUTH" if value:
                # RFC 4954 section 5: who is not trusted to vouch for others is not believed; taking it is enough.
                pass
            case "SIZE" | "BODY" | "SMTPUTF8" | "AUTH":
                return _BAD_PARAMETER
            case _:
                return reply(555, "5.5.4", f"the parameter {name[:40]} is not known here")
    if not (smtputf8 or path.address.isascii()):
        return _NEEDS_UTF8
    return MailCommand(sender=path.address, size=size, body_8bit=body_8bit, smtputf8=smtputf8)


def read_rcpt(argument: bytes, *, smtputf8: bool) -> str | Reply:
    """The recipient; "postmaster" alone is one (RFC 5321 section 4.5.1)."""
    path = _read_path(argument, b"TO:", _RCPT_PATH)
    if isinstance(path, Reply):
        return path
    if path.parameters:
        return reply(555, "5.5.4", "RCPT takes no parameters here")
    if not (smtputf8 or path.address.isascii()):
        return _NEEDS_UTF8
    return path.address


def _read_path(argument: bytes, keyword: bytes, form: re.Pattern[str]) -> _Path | Reply:
    if argument[: len(keyword)].upper() != keyword:
        return _NO_PATH
    try:
        text = argument[len(keyword) :].decode().strip(" ")
    except UnicodeDecodeError:
        return _BAD_TEXT
    found = form.fullmatch(text)
    if found is None:
        return _NO_PATH
    address, local, words = found.groups("")
    if len(address.encode()) > PATH_OCTETS or len(local.encode()) > _LOCAL_OCTETS:
        return reply(501, "5.1.3", "the address is too long")
    parameters = _read_parameters(words) if words else {}
    return _BAD_PARAMETER if parameters is None else _Path(address=address, parameters=parameters)


def _read_parameters(text: str) -> Mapping[str, str] | None:
    """Names in capitals with their values, empty for none; None when one is written wrong or twice."""
    parameters: dict[str, str] = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        if found is None or found.group(1).upper() in parameters:
            return None
        parameters[found.group(1).upper()] = found.group(2) or ""
    return parameters
