"""What people send with: each function hands the same mail to the door with one client, as its users would."""

from __future__ import annotations

import os
import shutil
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.smtp_door import Door
from tests.e2e.smtp_letter import FILE, FILE_NAME, HTML, INVITATION, LOGO, SENDER, SUBJECT, TEXT, letter

NODE_FOLDER = Path(__file__).parent.parent / "clients" / "node"
_SECONDS = 120


def missing(program: str, package: str = "") -> str | None:
    """What is to be installed first."""
    if shutil.which(program) is None:
        return f"needs {program}: apt-get install {package or program}"
    if program == "node" and not (NODE_FOLDER / "node_modules" / "nodemailer").is_dir():
        return "needs nodemailer: cd tests/clients/node && npm ci --ignore-scripts"
    return None


@dataclass(frozen=True, slots=True)
class Client:
    """A way to send. ``needs``: the program it is, from the Debian ``package``."""

    name: str
    send: Callable[[Door, str, Path], None]
    needs: str = "python3"
    package: str = ""

    @property
    def missing(self) -> str | None:
        """What is to be installed first."""
        return missing(self.needs, self.package)


def run(
    words: Sequence[str], given: bytes = b"", more: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A client as a program. It must end well: what it said is in the failure."""
    done = finished(words, given, more, cwd)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-3000:]
    return done


def finished(
    words: Sequence[str], given: bytes = b"", more: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The same, whatever its end."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", **(more or {})}
    return subprocess.run(
        words, input=given, capture_output=True, timeout=_SECONDS, check=False, env=environment, cwd=cwd
    )


def trusting(door: Door) -> ssl.SSLContext:
    """Verifies the certificate, and trusts the one that the program made for this machine."""
    return ssl.create_default_context(cafile=str(door.ca))


# --- Python's smtplib


def smtplib_starttls(door: Door, to: str, folder: Path) -> None:
    """PLAIN, as it is the first that smtplib tries."""
    with smtplib.SMTP(door.host, door.starttls) as client:
        client.starttls(context=trusting(door))
        client.login(door.user, door.password)
        assert client.send_message(letter(to)) == {}


def smtplib_tls(door: Door, to: str, folder: Path) -> None:
    """LOGIN, as old programs do."""
    with smtplib.SMTP_SSL(door.host, door.tls, context=trusting(door)) as client:
        client.ehlo()
        client.user, client.password = door.user, door.password
        client.auth("LOGIN", client.auth_login)
        assert client.send_message(letter(to)) == {}


# --- programs


def swaks(door: Door, to: str, folder: Path) -> None:
    """A finished mail, over STARTTLS, after PLAIN."""
    file = _file(folder, to)
    run([*_swaks(door, to), "--tls", "--tls-verify", "--tls-ca-path", str(door.ca), "--data", f"@{file}"])


def swaks_own_mail(door: Door, to: str, folder: Path) -> None:
    """A mail that swaks puts together, over implicit TLS, after LOGIN."""
    parts = {"text": TEXT.encode(), "html": HTML.encode(), "logo": LOGO, "pdf": FILE, "ics": INVITATION.encode()}
    for name, content in parts.items():
        (folder / name).write_bytes(content)
    run([
        *_swaks(door, to, "LOGIN"), "--tls-on-connect", "--header", f"Subject: {SUBJECT}",
        "--attach-type", "text/plain; charset=utf-8", "--attach-body", f"@{folder / 'text'}",
        "--attach-type", "text/html; charset=utf-8", "--attach-body", f"@{folder / 'html'}",
        "--attach-type", "image/png", "--attach-name", "logo.png", "--attach", f"@{folder / 'logo'}",
        "--attach-type", "application/pdf", "--attach-name", FILE_NAME, "--attach", f"@{folder / 'pdf'}",
        "--attach-type", "text/calendar", "--attach-name", "invite.ics", "--attach", f"@{folder / 'ics'}",
    ])  # fmt: skip


def _swaks(door: Door, to: str, mechanism: str = "PLAIN") -> list[str]:
    return [
        "swaks", "--server", door.host, "--port", str(door.tls if mechanism == "LOGIN" else door.starttls),
        "--auth", mechanism, "--auth-user", door.user, "--auth-password", door.password,
        "--from", SENDER, "--to", to,
    ]  # fmt: skip


def curl_smtps(door: Door, to: str, folder: Path) -> None:
    _curl(door, to, folder, f"smtps://{door.host}:{door.tls}")


def curl_starttls(door: Door, to: str, folder: Path) -> None:
    _curl(door, to, folder, f"smtp://{door.host}:{door.starttls}", "--ssl-reqd")


def _curl(door: Door, to: str, folder: Path, *where: str) -> None:
    run([
        "curl", "--silent", "--show-error", *where, "--cacert", str(door.ca), "--user", f"{door.user}:{door.password}",
        "--mail-from", SENDER, "--mail-rcpt", to, "--upload-file", str(_file(folder, to)),
    ])  # fmt: skip


def msmtp(door: Door, to: str, folder: Path) -> None:
    """As a local mailer: the recipients come from the mail."""
    settings = folder / "msmtprc"
    settings.write_text(
        f"account shop\nhost {door.host}\nport {door.starttls}\ntls on\ntls_starttls on\ntls_trust_file {door.ca}\n"
        f"auth on\nuser {door.user}\npassword {door.password}\nfrom {SENDER}\naccount default: shop\n"
    )
    settings.chmod(0o600)
    run(["msmtp", "--file", str(settings), "--read-recipients"], given=_file(folder, to, "\n").read_bytes())


# --- frameworks


def django(door: Door, to: str, folder: Path) -> None:
    """EmailMultiAlternatives through the stock SMTP back end, in a project of its own."""
    parts = {"TO": to, "SUBJECT": SUBJECT, "TEXT": TEXT, "HTML": HTML, "INVITATION": INVITATION, "FILE_NAME": FILE_NAME}
    (folder / "logo.png").write_bytes(LOGO)
    (folder / "file.pdf").write_bytes(FILE)
    script = Path(__file__).with_name("smtp_django.py")
    run(
        [sys.executable, "-W", "error", str(script)],
        more={**door.environment, **parts, "FOLDER": str(folder), "SSL_CERT_FILE": str(door.ca)},
    )


def nodemailer(door: Door, to: str, folder: Path) -> None:
    nodemailer_pooled(door, [to], folder)


def nodemailer_pooled(door: Door, to: Sequence[str], folder: Path) -> None:
    """A pool of two connections for a mail to each."""
    (folder / "logo.png").write_bytes(LOGO)
    (folder / "file.pdf").write_bytes(FILE)
    parts = {
        "TO": ",".join(to), "SUBJECT": SUBJECT, "TEXT": TEXT, "HTML": HTML, "INVITATION": INVITATION,
        "FILE_NAME": FILE_NAME, "SENDER": SENDER, "FOLDER": str(folder), "NODE_EXTRA_CA_CERTS": str(door.ca),
    }  # fmt: skip
    run(["node", "mailer.mjs"], more={**door.environment, **parts}, cwd=NODE_FOLDER)


def _file(folder: Path, to: str, line_end: str = "\r\n") -> Path:
    mail = letter(to)
    file = folder / "mail.eml"
    file.write_bytes(mail.as_bytes(policy=mail.policy.clone(linesep=line_end)))
    return file


CLIENTS = (
    Client("smtplib-starttls-plain", smtplib_starttls),
    Client("smtplib-tls-login", smtplib_tls),
    Client("swaks", swaks, "swaks"),
    Client("swaks-own-mail", swaks_own_mail, "swaks"),
    Client("curl-smtps", curl_smtps, "curl"),
    Client("curl-starttls", curl_starttls, "curl"),
    Client("msmtp", msmtp, "msmtp"),
    Client("django", django),
    Client("nodemailer", nodemailer, "node", "nodejs"),
)


# --- what sendwright tokens create prints

Printed = Mapping[str, str]
"""Blocks to paste, by the first words of their titles."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """How a block is used by whoever pasted it."""

    send: Callable[[Printed, str, Path], None]
    needs: str = "python3"
    package: str = ""

    @property
    def missing(self) -> str | None:
        """What is to be installed first."""
        return missing(self.needs, self.package)


def _paste_python(printed: Printed, to: str, folder: Path) -> None:
    _shell(printed, f"{sys.executable} - <<'END'\n{printed['Python']}END\n", folder)


def _paste_django(printed: Printed, to: str, folder: Path) -> None:
    (folder / "shop_settings.py").write_text(printed["Django"])
    mailing = (
        f"import django; django.setup(); from django.core.mail import send_mail; send_mail('a', 'b', None, ['{to}'])"
    )
    _shell(printed, f'DJANGO_SETTINGS_MODULE=shop_settings {sys.executable} -c "{mailing}"', folder)


def _paste_nodemailer(printed: Printed, to: str, folder: Path) -> None:
    file = NODE_FOLDER / "node_modules" / f".{folder.name}.mjs"  # beside the package, as in a project of its user's
    mailing = f"await transport.sendMail({{ from: 'hello@example.com', to: '{to}', subject: 'a', text: 'b' }})\n"
    file.write_text(f"import nodemailer from 'nodemailer'\nconst transport = {printed['nodemailer']}{mailing}")
    try:
        _shell(printed, f"node {file}", folder)
    finally:
        file.unlink()


def _paste_curl(printed: Printed, to: str, folder: Path) -> None:
    _file(folder, to)
    _shell(printed, printed["curl"], folder)


def _paste_msmtp(printed: Printed, to: str, folder: Path) -> None:
    file = folder / ".msmtprc"
    file.write_text(printed["msmtp"])
    file.chmod(0o600)
    _shell(printed, f"printf 'From: hello@example.com\n\nhi\n' | HOME={folder} msmtp {to}", folder)


def _paste_swaks(printed: Printed, to: str, folder: Path) -> None:
    _shell(printed, printed["swaks"], folder)


PASTED: Mapping[str, Pasted] = {
    "Python": Pasted(_paste_python),
    "Django": Pasted(_paste_django),
    "nodemailer": Pasted(_paste_nodemailer, "node", "nodejs"),
    "curl": Pasted(_paste_curl, "curl"),
    "msmtp": Pasted(_paste_msmtp, "msmtp"),
    "swaks": Pasted(_paste_swaks, "swaks"),
}


def _shell(printed: Printed, words: str, folder: Path) -> None:
    """In a shell that has what is to be exported."""
    run(["sh", "-ec", f"{printed['The']}\n{words}"], cwd=folder)
