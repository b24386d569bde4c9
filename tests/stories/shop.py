"""A shop that can send: an account, a connected domain, a published e-mail, and the steps of its mail one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sendwright import (
    attempt,
    crm,
    database,
    domains,
    emails,
    feedback,
    ledger,
    onboard,
    outbound,
    single_send,
    tracking,
    views,
)
from sendwright.composing import Keyring, Tools, Ways, Workshop
from sendwright.emails.model import Authored, Pen
from sendwright.single_send import Dialect, SendRequest, StatusView

OWNER = "worker-1"
MACHINE = "here"
LEASE = timedelta(seconds=120)
TRACKING_KEYS = (tracking.TrackingKey(b"k" * 32),)
RETURN_PATH_KEY = b"r" * 32
TOOLS = Tools(public_url="https://send.example.com", tracking_keys=TRACKING_KEYS, return_path_key=RETURN_PATH_KEY)
HTML = "<p>Order {{ custom.order_no }} for {{ contact.firstname }}: <a href='https://shop.example.com/o'>see</a></p>"

Ready = tuple[ledger.Delivery, outbound.Parcel]


@dataclass
class Clock:
    """Stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


def document(**changes: Any) -> dict[str, Any]:
    """What the shop's author writes."""
    whole = {
        "name": "Receipt",
        "subject": "Your order",
        "from": {"fromName": "Example Shop", "replyTo": "shop@example.com"},
        "content": {"html": HTML},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def request(email_id: int = 101, **changes: Any) -> SendRequest:
    """What the shop's program asks for."""
    facts: dict[str, Any] = {
        "email_id": email_id, "to": "ann@example.org", "from_": None, "send_id": None, "reply_to": (), "cc": (),
        "bcc": (), "contact_properties": {}, "custom_properties": {"order_no": "4711"}, "idempotency_key": None,
        "retry_count": None, "dialect": Dialect.V4, "fingerprint": "f" * 64, **changes,
    }  # fmt: skip
    return SendRequest(**facts)


@dataclass
class Shop:
    """The parts, and one method for each step on the way of a message."""

    db: database.Database
    seal: database.Seal
    clock: Clock
    welcome: onboard.Welcome
    email_id: int
    workshop: Workshop = field(init=False)

    def __post_init__(self) -> None:
        self.workshop = Workshop(
            db=self.db,
            keyring=Keyring(self.db, self.seal),
            tools=TOOLS,
            now=self.clock.now,
            lease=LEASE,
            ways=Ways(self.db, self.seal, machine=MACHINE, sandbox=False),
        )

    @property
    def account_id(self) -> int:
        return self.welcome.account_id

    @property
    def pen(self) -> Pen:
        return Pen(by="tester", at=self.clock.now())

    async def write_email(self, **changes: Any) -> int:
        """One more published e-mail; its id."""
        made = await emails.authoring.create(self.db, self.account_id, document(**changes), self.pen)
        assert isinstance(
            await emails.authoring.publish(self.db, self.account_id, made.email.id, self.pen), Authored
        )  # fmt: skip
        return made.email.id

    async def edit_email(self, **fields: Any) -> None:
        """Changes the live text of the shop's e-mail."""
        done = await emails.authoring.change(self.db, self.account_id, self.email_id, fields, self.pen)
        assert isinstance(done, Authored)

    async def ask(self, **changes: Any) -> StatusView:
        """Accepts a request."""
        wanted = request(**{"email_id": self.email_id, **changes})
        return await single_send.accept(self.db, self.account_id, None, wanted, self.clock.now())

    async def claim(self, owner: str = OWNER) -> list[ledger.ClaimedSend]:
        return await self.db.write(ledger.claim_sends, owner, LEASE, 50, self.clock.now())

    async def compose(self) -> list[Ready]:
        """Claims and composes what waits."""
        return await single_send.compose(self.workshop, await self.claim())

    async def send(self, **changes: Any) -> Ready:
        """Accepts and composes one; the ``to`` recipient's delivery."""
        await self.ask(**changes)
        return (await self.compose())[0]

    async def claim_deliveries(self, owner: str = OWNER) -> list[ledger.Delivery]:
        return await self.db.write(ledger.claim_deliveries, owner, LEASE, 50, [], self.clock.now())

    async def page(self, send_id: str) -> views.SendPage:
        """All that is known about a send."""
        found = await self.db.read(views.send_page, self.account_id, send_id)
        assert found is not None
        return found

    async def timeline(self, contact_id: int) -> list[crm.Activity]:
        return await self.db.read(crm.timeline, self.account_id, crm.ContactId(contact_id), None, 50)

    async def balanced(self) -> bool:
        """Whether the books balance."""
        return not any(book.faults for book in await self.db.read(ledger.verify))


def event_types(page: views.SendPage) -> list[str]:
    """In order."""
    return [event.type.value for event in page.events]


def cheap_keys() -> tuple[domains.NewKey, ...]:
    """One Ed25519 key: an RSA key takes long to make."""
    pem = outbound.generate_ed25519()
    return (
        domains.NewKey(
            selector="sw2", algorithm=domains.KeyAlgorithm.ED25519_SHA256, private_pem=pem,
            public_record=outbound.public_record(pem),
        ),
    )  # fmt: skip


def prepared() -> onboard.Prepared:
    """What a new account is made from, without the slow parts."""
    return onboard.Prepared(keys=cheap_keys(), password="made-up", password_hash="$argon2id$made-up")


async def open_shop(db: database.Database, now: datetime) -> Shop:
    """Founds the account and publishes its e-mail."""
    seal = await db.write(database.settle_secret, "a secret of these tests, thirty-two")
    welcome = await db.write(onboard.found_account, seal, prepared(), "Shop", "example.com", ["all"], now)
    shop = Shop(db=db, seal=seal, clock=Clock(now), welcome=welcome, email_id=0)
    shop.email_id = await shop.write_email()
    return shop


@dataclass
class FakePost:
    """A post whose outcome the test says. ``asks``: it reaches the dot and asks whether it may be written."""

    outcome: Any
    clock: Clock
    asks: bool = True
    withheld: Any = None
    peer: outbound.Peer | None = field(
        default_factory=lambda: outbound.Peer(host="mx.example.org", ip="192.0.2.1", port=25, tls="TLSv1.3")
    )
    let_go: list[bool] = field(default_factory=list)
    sites: bool = True

    async def deliver(self, parcel: outbound.Parcel, *, tries: int, before_dot: Any) -> outbound.Handover:
        started, outcome = self.clock.now(), self.outcome
        if self.asks:
            self.let_go.append(await before_dot(self.peer))
            outcome = outcome if self.let_go[-1] else self.withheld
        return outbound.Handover(
            domain=parcel.site_domain, outcome=outcome, peer=self.peer, dialogue=(), started=started,
            ended=self.clock.now(),
        )  # fmt: skip

    def by_site(self, way: outbound.Way) -> bool:
        return self.sites

    def room(self, domain: str, way: outbound.Way) -> outbound.Room:
        return outbound.Room(now=10)

    def snapshot(self) -> tuple[outbound.SiteState, ...]:
        return ()


def desk(shop: Shop, post: FakePost, told: list[bool] | None = None) -> attempt.Desk:
    """Where the shop's attempts are made."""
    said = told if told is not None else []
    return attempt.Desk(
        db=shop.db, post=post, now=shop.clock.now, chance=lambda: 0.5, trouble=said.append  # type: ignore[arg-type]
    )  # fmt: skip


def assert_return_path(parcel: outbound.Parcel, delivery: ledger.Delivery, host: str = "example.com") -> None:
    """The envelope sender is this very delivery's, under our hand."""
    local, _, domain = parcel.mail_from.rpartition("@")
    path = feedback.read_return_path(RETURN_PATH_KEY, local)
    assert path is not None
    assert (path.account_id, path.delivery_id, domain) == (delivery.account_id, delivery.id, host)
    assert path.is_for(delivery.recipient.lower())
