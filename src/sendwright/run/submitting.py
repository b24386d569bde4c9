"""The submission role, put together: the certificate, the doors, the story behind them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from sendwright import smtp, submission
from sendwright.doors.certificates import FileCertificate, NoCertificate, self_made
from sendwright.doors.smtp_shell import Share
from sendwright.doors.submission import SubmissionSmtp
from sendwright.run.house import House
from sendwright.run.settings import HostPort, Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Gate:
    """The story, as the door asks it."""

    office: submission.Office

    async def log_in(self, username: str, password: str) -> submission.Standing | submission.Refusal:
        return await submission.log_in(self.office, username, password)

    async def admit_sender(self, standing: submission.Standing, mail: smtp.events.Mail) -> submission.Refusal | None:
        return await submission.admit_sender(self.office, standing, mail)

    def admit_recipient(self, standing: submission.Standing, rcpt: smtp.events.Rcpt) -> submission.Refusal | None:
        return submission.admit_recipient(standing, rcpt)

    async def accept(
        self, standing: submission.Standing, arrival: submission.Arrival
    ) -> submission.Taken | submission.Refusal:
        return await submission.accept(self.office, standing, arrival)


@asynccontextmanager
async def submitting(house: House) -> AsyncIterator[None]:
    """Opens the doors that the settings name; none, and nobody submits."""
    settings = house.settings
    clear, secure = settings.submission, settings.submissions
    if not (clear or secure):
        yield
        return
    door = SubmissionSmtp(
        _Gate(_office(house)),
        hostname=house.smtp_host,
        context=tls_context(house),
        limits=smtp.Limits(message_octets=settings.message_octets),
        share=Share(connections=settings.submission_connections, connections_each=settings.submission_connections_each),
    )
    async with door:
        house.doors["submission"] = await open_all(door.open_starttls, clear, "--submission")
        house.doors["submissions"] = await open_all(door.open_tls, secure, "--submissions")
        yield


def _office(house: House) -> submission.Office:
    settings = house.settings
    throttle = submission.Throttle(
        per_token=settings.token_messages_per_minute, per_account=settings.account_messages_per_minute
    )
    return submission.Office.opened(house.db, house.clock.now, house.public_url, throttle)


def tls_context(house: House) -> Callable[[], ssl.SSLContext]:
    """The certificate of the SMTP doors: the operator's, or a self-made one."""
    settings = house.settings
    if settings.tls_certificate is None or settings.tls_key is None:
        context = self_made(house.smtp_host, _place(settings))
        return lambda: context
    try:
        certificate = FileCertificate(
            settings.tls_certificate, settings.tls_key, monotonic=house.clock.monotonic
        )  # fmt: skip
    except NoCertificate as fault:
        raise SystemExit(f"sendwright: {fault}") from fault
    return certificate.context


def _place(settings: Settings) -> Path | None:
    return settings.data if settings.database is None else None


async def open_all(listen: Callable[[str, int], Awaitable[int]], where: tuple[HostPort, ...], flag: str) -> str | None:
    """Opens a door at each address. Where it is open, by commas; None if nowhere."""
    opened = []
    for address in where:
        try:
            port = await listen(address.host, address.port)
        except OSError as fault:
            raise SystemExit(
                f"sendwright: cannot listen on {address}: {fault.strerror}. Give another {flag}."
            ) from fault
        opened.append(str(HostPort(host=address.host, port=port)))
    return ",".join(opened) or None
