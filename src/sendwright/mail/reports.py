"""Delivery status notifications (RFC 3464, RFC 6533): what became of a mail, for its sender and for programs.

A report is sent with an empty envelope sender, and never about a report (RFC 3464 2); who writes it sees to that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

from . import headers
from .addresses import Address, Mailbox
from .transfer import has_long_line, quoted

Action: TypeAlias = Literal["failed", "delayed", "delivered", "relayed"]

_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_ORIGINAL: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,40});([!-~]{1,500})")
_XTEXT: Final = re.compile(r"\+([0-9A-F]{2})")
_WORD: Final = re.compile(r" *[^ ]{1,400}")
_MAX_WORDS: Final = 2_000  # characters of another server's text
_MAX_HEADER: Final = 256 * 1024

_SUBJECTS: Final = {
    "failed": "Your mail could not be delivered",
    "delayed": "Your mail is delayed",
    "delivered": "Your mail was delivered",
    "relayed": "Your mail was passed on",
}
_SENTENCES: Final = {
    "failed": "It could not be delivered to the following addresses and will not be tried again:",
    "delayed": "It could not be delivered to the following addresses yet; this goes on without your doing anything:",
    "delivered": "It was delivered to the following addresses:",
    "relayed": "It was passed on for the following addresses to a server that sends no further notices:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRecipient:
    """What became of the mail for one recipient. `ValueError` for a status that is not like 5.1.1 (RFC 3463).

    `original` is the ORCPT parameter as it was written, still xtext (RFC 3461 4.2), or empty. `remote_mta` is the name
    of the server that said `diagnostic`, an SMTP reply; both may be empty, and neither is trusted.
    """

    address: Address
    action: Action
    status: str
    original: str = ""
    remote_mta: str = ""
    diagnostic: str = ""
    last_attempt: datetime | None = None
    will_retry_until: datetime | None = None

    def __post_init__(self) -> None:
        if _STATUS.fullmatch(self.status) is None:
            raise ValueError("a status is three numbers with dots between, the first 2, 4 or 5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What to write. `ValueError` if nobody is reported on.

    `to` is the envelope sender of the mail that `original` is the octets of; with `whole` (RET=FULL) all of it is sent
    back, else its header only. `envelope_id` is ENVID decoded, or empty. `message_id` is `left@right`, `boundary` a
    seed, as in `Letter`. Dates are aware.
    """

    from_: Mailbox
    to: Address
    date: datetime
    message_id: str
    boundary: str
    reporting_mta: str
    arrival: datetime
    recipients: tuple[ReportedRecipient, ...]
    original: bytes = field(repr=False)
    whole: bool = False
    envelope_id: str = ""

    def __post_init__(self) -> None:
        if not self.recipients:
            raise ValueError("a report needs a recipient that it is about")


def write_report(report: Report) -> bytes:
    """The report as octets, lines of at most 998; eight bits only if the original or an address has them.

    `HeaderInjection` for a Message-ID that is none. An original with longer lines is not sent back whole. Sources:
    RFC 3464 2, RFC 6522 3, RFC 6533 3-5 (the `global` types where an address is not ASCII), RFC 3834 5.
    """
    parts = [_words(report), _status(report), *_returned(report)]
    seed = blake2b(report.boundary.encode("utf-8", "replace"), digest_size=12)
    seed.update(report.original)  # no mail can hold the boundary that it is itself the seed of
    boundary = f"=_{seed.hexdigest()}".encode()
    block = _block(report, boundary.decode())
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return b"".join((block, b"\r\n", body, b"--" + boundary + b"--\r\n"))


def _block(report: Report, boundary: str) -> bytes:
    actions = {recipient.action for recipient in report.recipients}
    subject = _SUBJECTS[actions.pop()] if len(actions) == 1 else "What became of your mail"
    fields = (
        headers.date(report.date),
        headers.mailboxes("From", (report.from_,)),
        headers.mailboxes("To", (Mailbox(name="", address=report.to),)),
        headers.unstructured("Subject", subject),
        headers.message_id(report.message_id),
        "Auto-Submitted: auto-replied\r\n",
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"\r\n',
    )
    block = "".join(fields).encode()
    headers.check_block(block, [text.partition(":")[0] for text in fields])
    return block


def _words(report: Report) -> bytes:
    """The part for people, with CRLF line ends."""
    lines = [f"This is an automatic notice from {headers.clean(report.reporting_mta)} about a mail that you sent.", ""]
    for action, sentence in _SENTENCES.items():
        concerned = [recipient for recipient in report.recipients if recipient.action == action]
        if concerned:
            lines += [sentence, "", *(line for recipient in concerned for line in _told(recipient)), ""]
    text = "\r\n".join(lines).encode("utf-8", "replace")
    label = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return label + quoted(text)


def _told(recipient: ReportedRecipient) -> Iterator[str]:
    yield f"  {recipient.address.spec}"
    said = _foreign(recipient.diagnostic)
    by = _foreign(recipient.remote_mta)
    if said:
        yield f"    The server {by} said: {said}" if by else f"    {said}"
    if recipient.will_retry_until:
        yield f"    It is tried until {_date(recipient.will_retry_until)}."


def _status(report: Report) -> bytes:
    """The part for programs: fields of the mail, then a group of fields for each recipient."""
    is_global = any(recipient.address.needs_smtputf8 for recipient in report.recipients)
    groups = [_about_mail(report), *(_about(recipient) for recipient in report.recipients)]
    texts = ("".join(_field(name, value) for name, value in group if value) for group in groups)
    text = "\r\n".join(texts)
    if is_global:
        return _labelled(b"message/global-delivery-status", text.encode("utf-8", "replace"))
    return _labelled(b"message/delivery-status", text.encode("ascii", "replace"))


def _about_mail(report: Report) -> list[tuple[str, str]]:
    return [
        ("Original-Envelope-Id", headers.clean(report.envelope_id)),
        ("Reporting-MTA", f"dns; {_foreign(report.reporting_mta)}"),
        ("Arrival-Date", _date(report.arrival)),
    ]


def _about(recipient: ReportedRecipient) -> list[tuple[str, str]]:
    address = recipient.address
    remote, said = _foreign(recipient.remote_mta), _foreign(recipient.diagnostic)
    return [
        ("Original-Recipient", _original(recipient.original)),
        ("Final-Recipient", f"utf-8; {address.spec}" if address.needs_smtputf8 else f"rfc822; {address.wire}"),
        ("Action", recipient.action),
        ("Status", recipient.status),
        ("Remote-MTA", f"dns; {remote}" if remote else ""),
        ("Diagnostic-Code", f"smtp; {said}" if said else ""),
        ("Last-Attempt-Date", _date(recipient.last_attempt) if recipient.last_attempt else ""),
        ("Will-Retry-Until", _date(recipient.will_retry_until) if recipient.will_retry_until else ""),
    ]


def _original(parameter: str) -> str:
    """ORCPT as a field: the type, and the address without xtext (RFC 3461 6.3); empty if it is none."""
    found = _ORIGINAL.fullmatch(parameter)
    if found is None:
        return ""
    octets = _XTEXT.sub(lambda code: chr(int(code[1], 16)), found[2])
    return f"{found[1]}; {octets}" if octets.isascii() and octets.isprintable() else ""


def _foreign(text: str) -> str:
    """What another server said, on one line and not for ever."""
    return headers.clean(" ".join(text[:_MAX_WORDS].split()))


def _field(name: str, value: str) -> str:
    words = _WORD.findall(value)
    return headers.fold(name, [words[0].lstrip(" "), *(f" {word.lstrip(' ')}" for word in words[1:])])


def _date(moment: datetime) -> str:
    return headers.date(moment).removeprefix("Date: ").removesuffix("\r\n")


def _returned(report: Report) -> Iterator[bytes]:
    """The mail that is reported on, or its header; nothing if its header could not be sent at all."""
    original = report.original
    end = original.find(b"\r\n\r\n", 0, _MAX_HEADER)
    header = original[: end + 2] if end >= 0 else b""
    if report.whole and header and not has_long_line(original, 0, len(original)):
        kind = b"message/rfc822" if header.isascii() else b"message/global"
        yield _labelled(kind, original)
    elif header and not has_long_line(header, 0, len(header)):
        yield _labelled(b"text/rfc822-headers" if header.isascii() else b"message/global-headers", header)


def _labelled(kind: bytes, content: bytes) -> bytes:
    eight_bit = b"" if content.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: " + kind + b"\r\n" + eight_bit + b"\r\n" + content
