"""A submission office over a shop: a token, its log-in, and the steps of a submitted mail one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sendwright import accounts, ledger, outbound, smtp, smtp_tokens, submission

from .shop import OWNER, Shop

HTML = '<html><body><p>Hi, <a href="https://shop.example.com/o?a=1">see</a></p></body></html>'


def mail_text(
    *fields: str,
    to: str = "Ann <ann@example.org>",
    author: str = "Shop <hello@example.com>",
    kind: str = "text/html; charset=utf-8",
    body: str = HTML,
) -> bytes:
    """A mail as a program would make it."""
    lines = (f"From: {author}", f"To: {to}", "Subject: Your order", *fields, f"Content-Type: {kind}", "", body, "")
    return "\r\n".join(lines).encode()


def envelope(*people: str, **changes: Any) -> smtp.Envelope:
    """From the shop to these, or to Ann."""
    return smtp.Envelope(**{"mail_from": "hello@example.com", "rcpt_to": people or ("ann@example.org",), **changes})


def mail_from(sender: str = "hello@example.com") -> smtp.events.Mail:
    return smtp.events.Mail(sender=sender, size=0, body_8bit=False, smtputf8=False)


def arrival(content: bytes, *people: str, **changes: Any) -> submission.Arrival:
    return submission.Arrival(
        envelope=envelope(*people, **changes), content=content, helo="shop.example.com", ip="192.0.2.7",
        protocol="ESMTPSA",
    )  # fmt: skip


@dataclass
class Counter:
    """One token of the shop, and its office."""

    shop: Shop
    token: accounts.SmtpToken
    password: str
    office: submission.Office
    standing: submission.Standing = field(init=False)

    async def log_in(self, password: str | None = None) -> submission.Standing | submission.Refusal:
        return await submission.log_in(self.office, self.token.id, self.password if password is None else password)

    async def submit(self, content: bytes, *people: str, **changes: Any) -> submission.Taken | submission.Refusal:
        return await submission.accept(self.office, self.standing, arrival(content, *people, **changes))

    async def compose(self, content: bytes, *people: str, **changes: Any) -> list[Ready]:
        """Submitted, claimed and composed, in the order of the recipients."""
        assert isinstance(await self.submit(content, *people, **changes), submission.Taken)
        return await submission.compose(self.shop.workshop, await self.shop.claim())

    async def one(self, content: bytes, *people: str, **changes: Any) -> outbound.Parcel:
        """The parcel of the only recipient."""
        ((_, parcel),) = await self.compose(content, *people, **changes)
        return parcel

    async def again(self, delivery: ledger.Delivery) -> list[Ready]:
        """Given back, claimed and composed once more."""
        await self.shop.db.write(ledger.release, [delivery], self.shop.clock.now())
        return await submission.compose_again(self.shop.workshop, await self.shop.claim_deliveries(OWNER))


Ready = tuple[ledger.Delivery, outbound.Parcel]


async def open_counter(
    shop: Shop,
    *,
    create_contact: bool = True,
    tls_required: bool = False,
    throttle: submission.Throttle | None = None,
) -> Counter:
    """A token made in the app, logged in."""
    wanted = smtp_tokens.Wanted(
        account_id=shop.account_id, campaign_name="Receipts", create_contact=create_contact, host="smtp.example.com",
        by="tester", created_by="boss@example.com", tls_required=tls_required,
    )  # fmt: skip
    token, password = await shop.db.write(smtp_tokens.create_by_user, wanted, shop.clock.now())
    office = submission.Office.opened(
        shop.db, shop.clock.now, "https://send.example.com", throttle or submission.Throttle()
    )
    counter = Counter(shop=shop, token=token, password=password, office=office)
    standing = await counter.log_in()
    assert isinstance(standing, submission.Standing)
    counter.standing = standing
    return counter


A_MOMENT = timedelta(seconds=2)
