"""What to paste into the programs that people send with, filled in. Each block was run as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sendwright import accounts

Block = tuple[str, tuple[str, ...]]
"""What it is for, and its lines."""

_TO: Final = "you@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paste:
    """What a mail program has to be told. ``implicit_tls``: TLS from the first byte, instead of STARTTLS.

    ``self_made``: the certificate that nobody vouches for, where the doors show that one.
    """

    host: str
    port: int
    implicit_tls: bool
    token: accounts.SmtpToken
    password: str = field(repr=False)
    sender: str
    self_made: Path | None = None


def blocks(paste: Paste) -> Iterator[Block]:
    """One for each program."""
    if paste.self_made is not None:
        yield (
            "The certificate is self-made: to try, have Python, Node and curl on this machine trust it",
            _trust(paste.self_made),
        )
    yield "Environment variables", _environment(paste)
    yield "Python", _python(paste)
    yield "Django: settings.py", _django(paste)
    yield "nodemailer", _nodemailer(paste)
    yield "curl: mail.eml is a whole mail, header and all", _curl(paste)
    yield "msmtp: ~/.msmtprc", _msmtp(paste)
    yield "swaks: a first mail; put in a recipient of yours", _swaks(paste)


def _trust(file: Path) -> tuple[str, ...]:
    place = shlex.quote(str(file))
    return tuple(f"export {name}={place}" for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"))


def _environment(paste: Paste) -> tuple[str, ...]:
    return (
        f"SMTP_HOST={paste.host}",
        f"SMTP_PORT={paste.port}",
        f"SMTP_USERNAME={paste.token.id}",
        f"SMTP_PASSWORD={paste.password}",
    )


def _python(paste: Paste) -> tuple[str, ...]:
    return (
        "import smtplib, ssl",
        "from email.message import EmailMessage",
        "",
        "mail = EmailMessage()",
        f'mail["From"], mail["To"], mail["Subject"] = "{paste.sender}", "{_TO}", "A first mail"',
        'mail.set_content("It works.")',
        *_python_connects(paste),
        f'    smtp.login("{paste.token.id}", "{paste.password}")',
        "    smtp.send_message(mail)",
    )


def _python_connects(paste: Paste) -> tuple[str, ...]:
    address, context = f'"{paste.host}", {paste.port}', "context=ssl.create_default_context()"
    if paste.implicit_tls:
        return (f"with smtplib.SMTP_SSL({address}, {context}) as smtp:",)
    return (f"with smtplib.SMTP({address}) as smtp:", f"    smtp.starttls({context})")


def _django(paste: Paste) -> tuple[str, ...]:
    return (
        f'EMAIL_HOST = "{paste.host}"',
        f"EMAIL_PORT = {paste.port}",
        "EMAIL_USE_SSL = True" if paste.implicit_tls else "EMAIL_USE_TLS = True",
        f'EMAIL_HOST_USER = "{paste.token.id}"',
        f'EMAIL_HOST_PASSWORD = "{paste.password}"',
        f'DEFAULT_FROM_EMAIL = "{paste.sender}"',
    )


def _nodemailer(paste: Paste) -> tuple[str, ...]:
    security = "secure: true" if paste.implicit_tls else "requireTLS: true"
    return (
        "nodemailer.createTransport({",
        f"  host: '{paste.host}', port: {paste.port}, {security},",
        f"  auth: {{ user: '{paste.token.id}', pass: '{paste.password}' }},",
        "})",
    )


def _curl(paste: Paste) -> tuple[str, ...]:
    where = f"smtps://{paste.host}:{paste.port}" if paste.implicit_tls else f"smtp://{paste.host}:{paste.port}"
    tls = "" if paste.implicit_tls else " --ssl-reqd"
    return (
        f"curl --url {where}{tls} --user {paste.token.id}:{paste.password} \\",
        f"  --mail-from {paste.sender} --mail-rcpt {_TO} --upload-file mail.eml",
    )


def _msmtp(paste: Paste) -> tuple[str, ...]:
    return (
        "account sendwright",
        f"host {paste.host}",
        f"port {paste.port}",
        "tls on",
        f"tls_starttls {'off' if paste.implicit_tls else 'on'}",
        f"tls_trust_file {paste.self_made or 'system'}",
        "auth on",
        f"user {paste.token.id}",
        f"password {paste.password}",
        f"from {paste.sender}",
        "account default: sendwright",
    )


def _swaks(paste: Paste) -> tuple[str, ...]:
    tls = "--tls-on-connect" if paste.implicit_tls else "--tls"
    return (
        f"swaks --server {paste.host} --port {paste.port} {tls} --auth PLAIN \\",
        f"  --auth-user {paste.token.id} --auth-password {paste.password} \\",
        f"  --from {paste.sender} --to {_TO}",
    )
