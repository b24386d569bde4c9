"""A shop whose mail comes back: an office for it, and the reports of strangers, true and forged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sendwright import attempt, database, feedback, ledger, mail, outbound, receive, smtp
from sendwright.outbound.model import Answered

from .shop import RETURN_PATH_KEY, FakePost, Shop, desk

TAKEN = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("2.0.0 kept",)))
PROVIDER = "fbl.provider.example"
PEM = outbound.generate_ed25519()


def dsn(recipient: str = "ann@example.org", status: str = "5.1.1", **changes: str) -> bytes:
    """A bounce by the book (RFC 3464)."""
    words = {"action": "failed", "said": f"550 {status} no such user", "original": "", **changes}
    fields = [f"Final-Recipient: rfc822; {recipient}"] if recipient else ["Final-Recipient: rfc822;"]
    if words["original"]:
        fields.append(f"Original-Recipient: rfc822; {words['original']}")
    fields += [f"Action: {words['action']}", f"Status: {status}", f"Diagnostic-Code: smtp; {words['said']}"]
    lines = [
        "From: MAILER-DAEMON@mx.example.org", "To: whoever@example.com", "Subject: Undelivered",
        "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
        "--b", "Content-Type: text/plain", "", "Sorry.",
        "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.org", "", *fields, "",
        "--b--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def arf(returned: bytes, *, feedback_type: str = "abuse", recipient: str = "") -> bytes:
    """A complaint by the book (RFC 5965), not signed."""
    fields = [f"Feedback-Type: {feedback_type}", "User-Agent: Provider/1.0", "Version: 1"]
    fields += [f"Original-Rcpt-To: <{recipient}>"] if recipient else []
    head = [
        f"From: fbl@{PROVIDER}", "To: fbl@mail.example.com", "Subject: Complaint", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"', "",
        "--b", "Content-Type: text/plain", "", "A complaint.",
        "--b", "Content-Type: message/feedback-report", "", *fields, "",
        "--b", "Content-Type: message/rfc822", "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode() + returned + b"\r\n--b--\r\n"


def signed(raw: bytes, now: datetime, domain: str = PROVIDER) -> bytes:
    """The same under the provider's signature."""
    return outbound.sign(raw, [outbound.load_key(domain, "s1", PEM)], now) + raw


@dataclass
class Mailroom:
    """The story's steps one by one, on the shop's database."""

    shop: Shop
    office: receive.Office = field(init=False)
    keys: dict[str, str] = field(default_factory=lambda: {f"s1._domainkey.{PROVIDER}": outbound.public_record(PEM)})
    woken: int = 0

    def __post_init__(self) -> None:
        self.office = receive.Office(
            db=self.shop.db, now=self.shop.clock.now, key=RETURN_PATH_KEY, hosts=frozenset({"mail.example.com"}),
            read=mail.read_report, find_key=self.find_key, feedback_domains=("provider.example",),
            woken=self.wake,
        )  # fmt: skip

    def wake(self) -> None:
        self.woken += 1

    async def find_key(self, name: str) -> str | None:
        return self.keys.get(name)

    async def mailed(self, **changes: Any) -> tuple[ledger.Delivery, outbound.Parcel]:
        """A mail that its server took."""
        delivery, parcel = await self.shop.send(**changes)
        await attempt.attempt(desk(self.shop, FakePost(TAKEN, self.shop.clock)), delivery, parcel)
        return delivery, parcel

    async def comes(self, recipient: str, raw: bytes) -> feedback.InboundReport | receive.Refusal:
        """A mail comes to an address, is taken if it is ours, and understood."""
        admitted = await receive.admit(self.office, recipient)
        if isinstance(admitted, receive.Refusal):
            return admitted
        arrival = receive.Arrival(mail_from="", helo="mx.example.org", ip="192.0.2.1", tls=None, content=raw)
        await receive.take(self.office, [admitted], arrival)
        await receive.understand(self.office)
        return await self.last(admitted.account_id)

    async def last(self, account_id: int) -> feedback.InboundReport:
        """What was made of the newest report."""
        (report,) = await self.shop.db.read(
            lambda conn: feedback.list_reports(conn, account_id, feedback.ReportFilter(), before=None, limit=1)
        )
        return report

    async def finding(self, recipient: str, raw: bytes) -> str:
        """One word for what a mail to an address came to."""
        report = await self.comes(recipient, raw)
        return f"refused {report.code}" if isinstance(report, receive.Refusal) else report.finding.value

    async def suppressed(self) -> list[feedback.Suppression]:
        """Who is not mailed any more."""
        return await self.shop.db.read(_suppressed, self.shop.account_id)

    async def events(self, delivery: ledger.Delivery) -> list[ledger.Event]:
        """What is known of a mail, in order."""
        return list((await self.shop.page(delivery.send_id)).events)


def _suppressed(conn: database.Connection, account_id: int) -> list[feedback.Suppression]:
    return feedback.list_suppressions(conn, account_id, after=None, limit=100)
