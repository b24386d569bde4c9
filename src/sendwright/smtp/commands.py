"""The words of a client, read: what stands after the verb. A wrong word is answered with a reply, as a value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sendwright.smtp.dsn import RETURNS, is_orcpt, read_envid, read_notify
from sendwright.smtp.envelope import PATH_OCTETS
from sendwright.smtp.events import Mail, Rcpt
from sendwright.smtp.replies import Reply, reply

# RFC 5321 section 4.1.2. Outside quotes a local part is atoms and dots; dots in odd places are let through, as phones
# in Japan were sold with such addresses. Source routes are refused: they were only ever used to get around rules (A4).
_LOCAL = r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\x00-\x20\x7f()<>\[\]:;@\\,"]+)'
_DOMAIN = r"(?:\[[0-9A-Za-z:.\-]{1,100}\]|[^\x00-\x2c\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]{1,255})"
_MAIL_PATH = re.compile(rf" *<((?:({_LOCAL})@{_DOMAIN})?)>(?: (.*))?")
_RCPT_PATH = re.compile(rf" *<(({_LOCAL})@{_DOMAIN}|postmaster)>(?: (.*))?", re.IGNORECASE)
_LOCAL_OCTETS = 64
# What nearly every client writes, read in one match; a test holds it to what the whole grammar says of the same words.
_COMMON_PATH = rb"<([A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}@[A-Za-z0-9.\-]{1,189})>"
_COMMON_MAIL = re.compile(rb"FROM:" + _COMMON_PATH + rb"(?: (?:SIZE|size)=([0-9]{1,20}))?( BODY=8BITMIME)?")
_COMMON_RCPT = re.compile(rb"TO:" + _COMMON_PATH)
_DIGITS = re.compile("[0-9]{1,20}")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?")
_CHUNK = re.compile(rb"([0-9]{1,18})( LAST)?", re.IGNORECASE)
_NAME = re.compile(rb"[^\x00-\x20\x7f-\xff]{1,255}")

_BODIES = frozenset({"7BIT", "8BITMIME"})
_OF_MAIL = frozenset({"SIZE", "BODY", "SMTPUTF8", "AUTH"})
_OF_MAIL_WITH_DSN = _OF_MAIL | {"RET", "ENVID"}
_OF_RCPT = frozenset({"NOTIFY", "ORCPT"})
_NOTHING_SAID: frozenset[str] = frozenset()
_NO_PARAMETERS: Mapping[str, str] = {}

_NO_PATH = reply(501, "5.5.4", "an address in angle brackets is needed, like <someone@example.com>")
_BAD_PARAMETER = reply(501, "5.5.4", "a parameter is written wrong or twice")
_TOO_LONG = reply(501, "5.1.3", "the address is too long")
_BAD_TEXT = reply(501, "5.5.2", "the command is not valid UTF-8")
_NEEDS_UTF8 = reply(553, "5.6.7", "this address needs SMTPUTF8 in MAIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """BDAT (RFC 3030): so many octets follow."""

    octets: int
    last: bool


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


def read_mail(argument: bytes, *, dsn: bool) -> Mail | Reply:
    common = _COMMON_MAIL.fullmatch(argument)
    if common is None:
        return read_any_mail(argument, dsn=dsn)
    sender, size, body = common.groups()
    return Mail(sender=sender.decode(), size=int(size or 0), body_8bit=body is not None)


def read_any_mail(argument: bytes, *, dsn: bool) -> Mail | Reply:
    path = _read_path(argument, b"FROM:", _MAIL_PATH)
    if isinstance(path, Reply):
        return path
    sender, parameters = path
    size, body_8bit, smtputf8, ret, envid = 0, False, False, "", ""
    for name, value in parameters.items():
        match name:
            case "SIZE" if _DIGITS.fullmatch(value):
                size = int(value)
            case "BODY" if value.upper() in _BODIES:
                body_8bit = value.upper() == "8BITMIME"
            case "SMTPUTF8" if not value:
                smtputf8 = True
            case "RET" if dsn and value.upper() in RETURNS:
                ret = value.upper()
            case "ENVID" if dsn and (read := read_envid(value)):
                envid = read
            case "AUTH" if value:
                # RFC 4954 section 5: who is not trusted to vouch for others is not believed; taking it is enough.
                pass
            case _:
                return _bad_parameter(name, _OF_MAIL_WITH_DSN if dsn else _OF_MAIL)
    if not (smtputf8 or sender.isascii()):
        return _NEEDS_UTF8
    return Mail(sender=sender, size=size, body_8bit=body_8bit, smtputf8=smtputf8, ret=ret, envid=envid)


def read_rcpt(argument: bytes, *, smtputf8: bool, dsn: bool) -> Rcpt | Reply:
    """The recipient; "postmaster" alone is one (RFC 5321 section 4.5.1)."""
    common = _COMMON_RCPT.fullmatch(argument)
    if common is None:
        return read_any_rcpt(argument, smtputf8=smtputf8, dsn=dsn)
    return Rcpt(recipient=common[1].decode())


def read_any_rcpt(argument: bytes, *, smtputf8: bool, dsn: bool) -> Rcpt | Reply:
    path = _read_path(argument, b"TO:", _RCPT_PATH)
    if isinstance(path, Reply):
        return path
    recipient, parameters = path
    if not (smtputf8 or recipient.isascii()):
        return _NEEDS_UTF8
    return _read_wish(recipient, parameters, smtputf8=smtputf8, dsn=dsn) if parameters else Rcpt(recipient=recipient)


def _read_wish(recipient: str, parameters: Mapping[str, str], *, smtputf8: bool, dsn: bool) -> Rcpt | Reply:
    if not dsn:
        return reply(555, "5.5.4", "RCPT takes no parameters here")
    notify, orcpt = _NOTHING_SAID, ""
    for name, value in parameters.items():
        match name:
            case "NOTIFY" if wanted := read_notify(value):
                notify = wanted
            case "ORCPT" if is_orcpt(value, smtputf8=smtputf8):
                orcpt = value
            case _:
                return _bad_parameter(name, _OF_RCPT)
    return Rcpt(recipient=recipient, notify=notify, orcpt=orcpt)


def _bad_parameter(name: str, known: frozenset[str]) -> Reply:
    return _BAD_PARAMETER if name in known else reply(555, "5.5.4", f"the parameter {name[:40]} is not known here")


def _read_path(argument: bytes, keyword: bytes, form: re.Pattern[str]) -> tuple[str, Mapping[str, str]] | Reply:
    if not argument.startswith(keyword) and argument[: len(keyword)].upper() != keyword:
        return _NO_PATH
    try:
        text = argument.decode()
    except UnicodeDecodeError:
        return _BAD_TEXT
    found = form.fullmatch(text, len(keyword))
    if found is None:
        return _NO_PATH
    address, local, words = found.groups("")
    if len(address) > PATH_OCTETS or len(local) > _LOCAL_OCTETS or (not text.isascii() and _is_long(address, local)):
        return _TOO_LONG
    parameters = _read_parameters(words) if words else _NO_PARAMETERS
    return _BAD_PARAMETER if parameters is None else (address, parameters)


def _is_long(address: str, local: str) -> bool:
    return len(address.encode()) > PATH_OCTETS or len(local.encode()) > _LOCAL_OCTETS


def _read_parameters(text: str) -> Mapping[str, str] | None:
    """Names in capitals with their values, empty for none; None when one is written wrong or twice."""
    parameters: dict[str, str] = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            return None
        name = found[1].upper()
        if name in parameters:
            return None
        parameters[name] = found[2] or ""
    return parameters
