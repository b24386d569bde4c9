"""What a program does that knows only SMTP: a mail, and everything that curl needs to hand it in, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sendwright.run.demo.house import Server, Submitter, write_secret

CURL, MAIL = "smtp.curl", "mail.eml"
_CERTIFICATE = "submission-localhost.pem"
_FROM, _TO = "shop@example.com", "grace@example.net"

_TEXT: Final = f"""\
From: Example Shop <{_FROM}>
To: Grace Example <{_TO}>
Subject: Your order is on its way
X-Sendwright-Tags: demo, shipping
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>Dear Grace,</p>
<p>your tea left our house this morning.
<a href="https://shop.example.com/orders/10482">See where it is</a>.</p>
"""


def write_things_to_send(data: Path, server: Server, submitter: Submitter) -> None:
    """For ``curl -K``: so the password is neither on the screen nor in the list of processes."""
    place = data.resolve()
    said = {
        "url": f"smtps://{server.tls}",
        "cacert": str(place / _CERTIFICATE),
        "user": f"{submitter.user}:{submitter.password}",
        "mail-from": _FROM,
        "mail-rcpt": _TO,
        "upload-file": str(place / MAIL),
    }
    lines = [f"{name} = {_quoted(value)}\n" for name, value in said.items()]
    write_secret(data / CURL, "".join(["silent\nshow-error\n", *lines]))
    (data / MAIL).write_bytes(_TEXT.replace("\n", "\r\n").encode())


def _quoted(value: str) -> str:
    """As curl reads it in its files."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
