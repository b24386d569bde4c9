"""The words of outbound: routes, parcels, what a handover came to, and what that means for the delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Literal, NamedTuple

from sendwright import smtp

# --- where to


class Tls(StrEnum):
    """What a smart host must give us. Implicit: TLS from the first byte (RFC 8314), port 465 by custom."""

    OPPORTUNISTIC = "opportunistic"
    REQUIRED = "required"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The built-in receiver, which keeps and shows mail and sends nothing. Port 0: unknown until its door is open."""

    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartHost:
    """A server that takes all our mail and passes it on. User and password go together; both empty: no AUTH."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.OPPORTUNISTIC


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMx:
    """Straight to the mail exchangers of each recipient's domain (RFC 5321 section 5.1)."""


Route = Sandbox | SmartHost | DirectMx


class ProxyKind(StrEnum):
    """How a proxy is told where to connect from: SOCKS5 (RFC 1928), or HAProxy's PROXY protocol, version 2."""

    SOCKS5 = "socks5"
    HAPROXY = "haproxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A program on the machine that has the source address, for machines that have not. It is reached by IP or name."""

    kind: ProxyKind
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """By what a message leaves: an egress of an account, or the installation's own way.

    `name`: the egress; "" is the installation's own. `route`: None is the installation's. `ehlo_name`: None is the
    installation's. `source_ip`: the address connections come from; None leaves it to the system.
    """

    name: str = ""
    route: Route | None = None
    ehlo_name: str | None = None
    source_ip: str | None = None
    proxy: Proxy | None = None


OWN_WAY = Way()

# --- what is handed over


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """What the sender wants to be told by mail (RFC 3461): at which address, when, and with what.

    A capable next hop is told of it and answers for it from then on.
    """

    address: str
    domain: str
    """The author's: what a notice of ours is signed with."""
    wish: smtp.Wish
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message for one recipient. Addresses are ready envelope strings; `site_domain` is an A-label, lower case.

    `eight_bit`: the message has octets over 127. `smtputf8`: an address or a header needs RFC 6531. `tls_required`:
    rather not delivered than in clear. `tls_relaxed`: rather delivered than refused for what MTA-STS or DANE demand
    (RFC 8689, `TLS-Required: No`).
    """

    mail_from: str
    rcpt_to: str
    site_domain: str
    message: bytes = field(repr=False)
    smtputf8: bool = False
    eight_bit: bool = False
    tls_required: bool = False
    tls_relaxed: bool = False
    notify: Notify | None = None
    way: Way = OWN_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who was spoken to. `tls` is a version such as "TLSv1.3" with its `cipher`, or None in clear.

    `verified`: what proved that it is who it is: "dane", "mta-sts", "certificate"; None: nobody asked for proof.
    """

    host: str
    ip: str
    port: int
    tls: str | None = None
    cipher: str | None = None
    verified: str | None = None


Direction = Literal["out", "in", "note"]


class DialogueLine(NamedTuple):
    """One line: what we said ("out"), what the peer said ("in"), or what happened beside it ("note").

    `at_ms`: milliseconds since the attempt began. The text is printable; secrets are ***, a message is its size.
    A tuple, because there are ten of them to a message and they are made three times as fast.
    """

    at_ms: int
    direction: Direction
    text: str


# --- what came of it: outcomes

_SESSION = frozenset({smtp.Stage.CONNECT, smtp.Stage.GREETING, smtp.Stage.EHLO, smtp.Stage.TLS, smtp.Stage.AUTH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The peer answered for this recipient, well or ill. `local`: our own word, because this peer cannot carry it."""

    stage: smtp.Stage
    reply: smtp.Reply
    local: bool = False
    notify_passed_on: bool = False
    """The peer promised the notifications that were asked for (RFC 3461)."""

    @property
    def before_the_message(self) -> bool:
        """Said before the message was named: it is about us, whoever the recipient."""
        return self.stage in _SESSION


class Trouble(Enum):
    """Why no session came about. The value completes the sentence "we could not reach it: …"."""

    CONNECT = "no connection"
    TLS = "no TLS"
    SPEECH = "no proper SMTP"
    DNS = "its name could not be looked up"
    RESTING = "it did not answer a short while ago and is left alone for now"
    CROWDED = "it was not our turn there"
    PROXY = "the proxy it leaves by did not get us there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """No server got as far as hearing of the message. `who` could not be reached; `detail` is safe to show.

    `wait`: when it is worth coming again, for who was not let in (CROWDED).
    """

    who: str
    trouble: Trouble
    detail: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The conversation broke off in the midst of the message. With the dot written the peer may have taken it.

    `timed_out`: it was we who waited no longer.
    """

    stage: smtp.Stage
    dot_written: bool
    detail: str
    timed_out: bool = False


class Dns(Enum):
    """Why DNS gives no server for a domain. The value completes the sentence "example.org …"."""

    NO_SUCH_DOMAIN = "does not exist in DNS"
    NO_SERVER = "has neither a mail server nor an address in DNS"
    NULL_MX = "says in DNS that it takes no mail (null MX)"
    INWARD = "names only addresses in DNS that no mail may be sent to from here (private, loopback or our own)"
    LOOP = "names this server itself as its best mail server"
    NO_ANSWER = "could not be looked up: DNS did not answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoute:
    """DNS gives no server to connect to; no connection was made. `detail` is safe to show."""

    dns: Dns
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """The caller did not let the message go (`before_dot` said no), so the peer has not got it."""


Outcome = Answered | Unreachable | Lost | NoRoute | Withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One attempt, whole. `peer` is the last server spoken to. Times are the clock's, aware.

    `site`: the servers it was for, by a name that stays the same for the same servers; "" when none were found.
    """

    domain: str
    outcome: Outcome
    peer: Peer | None
    dialogue: tuple[DialogueLine, ...]
    started: datetime
    ended: datetime
    site: str = ""


# --- how a site stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Whether deliveries to a site may begin. `now`: so many; at 0 the first of those that wait may come after `wait`.

    `every`: after it, one more each so often; nothing when only connections are short. `why` completes the sentence
    "it waits, because …".
    """

    now: int
    wait: timedelta = timedelta(0)
    every: timedelta = timedelta(0)
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The last word of a site against us or a message; `words` are cut, printable and safe to show."""

    code: int
    words: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """How this process stands with one site by one way, as `sendwright queue` shows it.

    `way`: the egress, "" for the installation's own. `site`: as in `Handover.site`. `provider`: whose servers they are,
    if the provider table knows. `per_minute`: deliveries begun in the last minute; `per_minute_allowed`: None is no
    limit. `resting_until` and `why`: until when nothing, or less than usual, is sent there, and the reason. `alert`:
    the site blocks our address or our domain by name; somebody has to look.
    """

    way: str
    site: str
    provider: str
    connections: int
    connections_allowed: int
    in_hand: int
    per_minute: int
    per_minute_allowed: float | None
    resting_until: datetime | None
    why: str
    last_refusal: Refusal | None
    alert: bool


# --- what it means: verdicts


class Reason(StrEnum):
    """Why a delivery is put off or given up. Stored; never renamed."""

    PUT_OFF = "put_off"  # the peer said 4xx
    GREYLISTED = "greylisted"
    SLOW_DOWN = "slow_down"  # the peer finds us too fast
    MAILBOX_FULL = "mailbox_full"
    BUSY = "busy"  # 421 before the message: not charged as a try
    UNWELCOME = "unwelcome"  # the peer would not speak with us, whoever the recipient
    UNREACHABLE = "unreachable"
    CROWDED = "crowded"  # it was not its turn at the site: not charged as a try
    TLS_FAILED = "tls_failed"
    LOST = "lost"
    DNS_TROUBLE = "dns_trouble"
    WITHHELD = "withheld"
    REFUSED = "refused"  # the peer said 5xx
    CANNOT_CARRY = "cannot_carry"
    NO_SUCH_DOMAIN = "no_such_domain"
    NO_SERVER = "no_server"
    NULL_MX = "null_mx"
    INWARD = "inward"
    LOOP = "loop"
    TOO_OLD = "too_old"  # the next try would be too late


class Category(StrEnum):
    """HubSpot's bounce categories (e-mail events API v1)."""

    UNKNOWN_USER = "UNKNOWN_USER"
    MAILBOX_FULL = "MAILBOX_FULL"
    CONTENT = "CONTENT"
    SPAM = "SPAM"
    POLICY = "POLICY"
    GREYLISTING = "GREYLISTING"
    MAILBOX_MISCONFIGURATION = "MAILBOX_MISCONFIGURATION"
    ISP_MISCONFIGURATION = "ISP_MISCONFIGURATION"
    IP_REPUTATION = "IP_REPUTATION"
    DOMAIN_REPUTATION = "DOMAIN_REPUTATION"
    DMARC = "DMARC"
    DNS_FAILURE = "DNS_FAILURE"
    SENDING_DOMAIN_MISCONFIGURATION = "SENDING_DOMAIN_MISCONFIGURATION"
    TEMPORARY_PROBLEM = "TEMPORARY_PROBLEM"
    TIMEOUT = "TIMEOUT"
    THROTTLED = "THROTTLED"
    FILTERED = "FILTERED"
    UNCATEGORIZED = "UNCATEGORIZED"
    HUBSPOT_GLOBAL_BOUNCE = "HUBSPOT_GLOBAL_BOUNCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The peer took the message and answers for it from now on."""

    reply: smtp.Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """Not yet. `charged`: this attempt counts as a try in the retry schedule."""

    at: datetime
    reason: Reason
    reply: smtp.Reply | None
    charged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """Never. `hard`: somebody said no for good; else it was put off until too late.

    `bad_address`: it is proven that the address takes no mail, so it may be suppressed. `explanation` is a sentence
    for a person. `reply` is the last word of the peer, or one of ours that tells as much in SMTP's terms, or None.
    """

    reason: Reason
    reply: smtp.Reply | None
    hard: bool
    bad_address: bool
    category: Category
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The dot was written and no answer came: the peer may have the message. If it is tried again, not before `at`."""

    at: datetime
    detail: str


Verdict = Delivered | TryAgain | GaveUp | InDoubt
