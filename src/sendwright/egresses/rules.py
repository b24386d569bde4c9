"""Decisions: by which egress a delivery leaves, which pools may be, how a warm-up grows and when it pauses."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from sendwright.egresses.model import (
    Choice,
    Chosen,
    Day,
    Egress,
    EgressState,
    Fleet,
    Grant,
    Lane,
    Member,
    Overflow,
    Own,
    OwnAddress,
    Pool,
    Progress,
    Provider,
    Stream,
    Wait,
    Warmup,
)

PARTS = 144
"""A day's cap is spread over the day in parts of ten minutes."""
_PART = timedelta(days=1) / PARTS
_SPREAD = timedelta(hours=1)
"""What waits for room comes back over this time, not all in one moment."""
_LOOK_AGAIN = timedelta(minutes=10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MOST_DEFERRED, MOST_BOUNCED, MOST_COMPLAINED = 0.25, 0.05, 0.003
"""Bad signals: the shares of a day's mail to a provider above which the warm-up pauses until the next day."""
_TOO_FEW = 20
"""Fewer answers than this say nothing."""

INSTALLATION = "installation"
"""What people call the installation's own way in a pool; no egress may be called so."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_PROXY = re.compile(r"(?:socks5|haproxy)://(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})", re.ASCII)
_MACHINE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_MOST_MEMBERS = 100
_MOST_WEIGHT = 1_000_000
_MOST_DAYS = 100
_MOST_A_DAY = 100_000_000

_DOMAINS = {
    Provider.GMAIL: ("gmail.com", "googlemail.com"),
    Provider.MICROSOFT: ("hotmail.com", "live.com", "msn.com", "outlook.com", "passport.com", "windowslive.com"),
    Provider.YAHOO: ("aim.com", "aol.com", "myyahoo.com", "rocketmail.com", "yahoo.com", "ymail.com"),
    Provider.APPLE: ("icloud.com", "mac.com", "me.com"),
}
_BY_DOMAIN = {domain: provider for provider, domains in _DOMAINS.items() for domain in domains}
_BY_BRAND = {
    "hotmail": Provider.MICROSOFT,
    "live": Provider.MICROSOFT,
    "outlook": Provider.MICROSOFT,
    "yahoo": Provider.YAHOO,
}
_NATIONAL = re.compile(r"(hotmail|live|outlook|yahoo)\.(?:com?\.)?[a-z]{2}", re.ASCII)


def provider_of(domain: str) -> Provider:
    """Who keeps the mailboxes of a recipient domain (an A-label, lower case), by its name alone.

    A company's own domain at one of them counts as other: its name does not tell.
    """
    national = _NATIONAL.fullmatch(domain)
    return _BY_BRAND[national[1]] if national else _BY_DOMAIN.get(domain, Provider.OTHER)


# --- where a delivery leaves


def choose(fleet: Fleet, stream: str, delivery_id: str, domain: str, now: datetime, previous: str = "") -> Choice:
    """By which egress a delivery leaves. The same delivery gets the same answer while its pool stays as it is.

    `previous`: by which it was tried before: kept while it may be used, so that a receiver that puts off strangers
    (greylisting) sees the same address again. Only the pool of the delivery's own stream is ever looked at.
    """
    pool = fleet.pools.get(Stream(stream)) if stream in set(Stream) else None
    if pool is None:
        return Own()
    usable = [member for member in pool.members if _may_leave(fleet, pool, member)]
    if previous and any(member.egress == previous for member in usable):
        return Chosen(egress=previous)
    full: list[Wait] = []
    for member in in_order(usable, delivery_id):
        if not member.egress:
            return Own()
        room = _room(fleet, member.egress, provider_of(domain), delivery_id, now)
        if isinstance(room, Chosen):
            return room
        full.append(room)
        if fleet.warmups[member.egress].overflow is Overflow.HOLD:
            return room
    if not pool.only_own:
        return Own()
    return min(full, key=lambda wait: wait.until) if full else _nothing_usable(stream, now)


def in_order(members: Iterable[Member], delivery_id: str) -> list[Member]:
    """The members in the order in which this delivery asks them: first by shares, the same each time.

    Weighted rendezvous hashing: a member that goes or comes changes the first choice of its own share only.
    """
    return sorted(members, key=lambda member: (member.weight == 0, _distance(member, delivery_id), member.egress))


def _distance(member: Member, delivery_id: str) -> float:
    return -math.log(_fraction(f"{member.egress}/{delivery_id}")) / (member.weight or 1)


def _fraction(text: str) -> float:
    """A number over 0 and under 1, always the same for the same text."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 1) / (2**64 + 2)


def _may_leave(fleet: Fleet, pool: Pool, member: Member) -> bool:
    if not member.egress:
        return not pool.only_own
    egress = fleet.egresses.get(member.egress)
    return egress is not None and egress.usable


def _nothing_usable(stream: str, now: datetime) -> Wait:
    return Wait(
        until=now + _LOOK_AGAIN,
        why=f"No egress of the {stream} pool may be used now, and the pool is set to use no other way. "
        "See sendwright egress list.",
    )


def is_here(egress: Egress, machine: str) -> bool:
    """Whether processes of a machine can use it: an address without a proxy is used only where it is."""
    means = egress.means
    return not isinstance(means, OwnAddress) or means.proxy is not None or means.machine == machine


# --- warm-up


def curve(first: int, growth_percent: int, days: int) -> tuple[int, ...]:
    """The caps of a plan: `first` mails on the first sending day, more by `growth_percent` on each that follows.

    Raises `ValueError` with a sentence.
    """
    if not (1 <= first <= _MOST_A_DAY and 0 <= growth_percent <= 1000 and 1 <= days <= _MOST_DAYS):
        raise ValueError(
            f"a warm-up begins with 1 to {_MOST_A_DAY} mails a day, grows by 0 to 1000 percent, and takes 1 to "
            f"{_MOST_DAYS} days"
        )
    return tuple(min(math.ceil(first * (1 + growth_percent / 100) ** day), _MOST_A_DAY) for day in range(days))


def day_of(now: datetime) -> int:
    """Days since 1970, UTC."""
    return (now - _EPOCH).days


def part_of(now: datetime) -> int:
    """The ten minutes of its day, from 0."""
    return (now - _EPOCH) % timedelta(days=1) // _PART


def bad_signal(day: Day) -> str | None:
    """Why no more is sent to a provider on this day, or None."""
    answers = day.delivered + day.deferred + day.bounced
    if answers < _TOO_FEW:
        return None
    for count, most, said in (
        (day.complained, MOST_COMPLAINED, "reported as spam"),
        (day.bounced, MOST_BOUNCED, "refused"),
        (day.deferred, MOST_DEFERRED, "put off"),
    ):
        if count > most * answers:
            return f"{count} of {answers} mails were {said}; that is more than {most:.1%}"
    return None


def cap_today(caps: Sequence[int], days: Sequence[Day], today: int) -> int | None:
    """The cap of a day; None once the warm-up is over. Only days on which mail was sent, and sent well, count."""
    done = _days_done(days, today)
    return caps[done] if done < len(caps) else None


def has_room(cap: int, day: Day, now: datetime) -> bool:
    """Whether one more may begin: what is left of the cap is spread evenly over what is left of the day."""
    part = part_of(now)
    in_part = day.begun_in_part if day.part == part else 0
    left = cap - (day.begun - in_part)
    return in_part < math.ceil(left / (PARTS - part)) and day.begun < cap


def after_one_more(day: Day, now: datetime) -> Day:
    """The count with one more begun."""
    part = part_of(now)
    in_part = day.begun_in_part if day.part == part else 0
    return replace(day, begun=day.begun + 1, part=part, begun_in_part=in_part + 1)


def counted(fleet: Fleet, grant: Grant, now: datetime) -> Fleet:
    """The same account with one more begun, for choices until the counts are read again."""
    lane = (grant.egress, grant.provider)
    days = fleet.days.get(lane, ())
    today = _today(days, day_of(now))
    before = tuple(day for day in days if day.day != today.day)
    return replace(fleet, days={**fleet.days, lane: (*before, after_one_more(today, now))})


def progress(warmup: Warmup, days: Mapping[Lane, Sequence[Day]], now: datetime) -> list[Progress]:
    """How far each provider's warm-up is."""
    return [_progress_of(warmup, provider, days.get((warmup.egress, provider), ()), now) for provider in Provider]


def _progress_of(warmup: Warmup, provider: Provider, days: Sequence[Day], now: datetime) -> Progress:
    today = _today(days, day_of(now))
    return Progress(
        provider=provider, sending_day=_days_done(days, today.day) + 1,
        cap=cap_today(warmup.caps, days, today.day), today=today,
        history=tuple(day for day in days if day.day < today.day), trouble=bad_signal(today),
    )  # fmt: skip


def _days_done(days: Sequence[Day], today: int) -> int:
    return sum(1 for day in days if day.day < today and day.begun > 0 and bad_signal(day) is None)


def _today(days: Sequence[Day], today: int) -> Day:
    return next((day for day in days if day.day == today), Day(day=today))


def _room(fleet: Fleet, egress: str, provider: Provider, delivery_id: str, now: datetime) -> Chosen | Wait:
    warmup = fleet.warmups.get(egress)
    if warmup is None:
        return Chosen(egress=egress)
    today, days = day_of(now), fleet.days.get((egress, provider), ())
    cap = cap_today(warmup.caps, days, today)
    if cap is None:
        return Chosen(egress=egress)
    counted_today = _today(days, today)
    trouble = bad_signal(counted_today)
    if trouble is None and has_room(cap, counted_today, now):
        return Chosen(
            egress=egress,
            grant=Grant(account_id=fleet.account_id, egress=egress, provider=provider, cap=cap),
        )
    over = trouble is not None or counted_today.begun >= cap
    why = trouble or (f"{cap} mails a day" if over else f"{cap} mails a day, spread over the day")
    return Wait(
        until=_back(now, delivery_id, tomorrow=over),
        why=f"{egress} is being warmed up for {provider}, which has no room now: {why}.",
    )


def _back(now: datetime, delivery_id: str, *, tomorrow: bool) -> datetime:
    """From when there is room again, each delivery at a moment of its own."""
    midnight = _EPOCH + timedelta(days=day_of(now) + 1)
    soon = _EPOCH + ((now - _EPOCH) // _PART + 1) * _PART
    return (midnight if tomorrow else soon) + _fraction(delivery_id) * _SPREAD


# --- what may be entered


def read_name(text: str) -> str:
    """The name of an egress or a pool: letters, digits and hyphens. Raises `ValueError` with a sentence."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name) or name == INSTALLATION:
        raise ValueError(f"{text[:70]!r} is no name: use up to 63 letters, digits and hyphens, such as ip-1")
    return name


def read_address(text: str) -> str:
    """An IPv4 or IPv6 address as it is kept. Raises `ValueError` with a sentence.

    Loopback may be used (with a test server); an address that no machine can have may not.
    """
    try:
        address = ip_address(text.strip())
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no IP address: give one such as 192.0.2.10 or 2001:db8::10") from None
    if address.is_unspecified or address.is_multicast or "%" in str(address):
        raise ValueError(f"{address} cannot be the source of a connection")
    return str(address)


def read_host(text: str) -> str:
    """The name said at EHLO. Raises `ValueError` with a sentence."""
    host = text.strip().removesuffix(".").lower()
    if not _HOST.fullmatch(host):
        raise ValueError(f"{text[:70]!r} is no host name: give one under your sending domain, such as mx1.example.com")
    return host


def read_machine(text: str) -> str:
    """The name of the machine that has the address. Raises `ValueError` with a sentence."""
    if not _MACHINE.fullmatch(text.strip()):
        raise ValueError(f"{text[:70]!r} is no name of a machine: give what its setting `machine` says")
    return text.strip().lower()


def read_proxy(text: str) -> str:
    """`socks5://HOST:PORT` or `haproxy://HOST:PORT`. Raises `ValueError` with a sentence."""
    found = _PROXY.fullmatch(text.strip())
    if found is None or not 1 <= int(found[1]) <= 65_535:
        raise ValueError("a proxy is written socks5://HOST:PORT or haproxy://HOST:PORT")
    return text.strip()


def read_pool(pool: Pool, egresses: Mapping[str, Egress], others: Iterable[Pool]) -> Pool:
    """The pool, if it may be. Raises `ValueError` with a sentence.

    An egress is in the pool of one stream only: nothing but transactional mail may touch the reputation of a
    transactional address.
    """
    names = [member.egress for member in pool.members]
    if not names or len(names) > _MOST_MEMBERS or len(set(names)) < len(names):
        raise ValueError(f"a pool has 1 to {_MOST_MEMBERS} members, each once")
    if any(not 0 <= member.weight <= _MOST_WEIGHT for member in pool.members):
        raise ValueError(f"a share is a number from 0 to {_MOST_WEIGHT}")
    if pool.only_own and "" in names:
        raise ValueError("the installation's own way cannot be in a pool that uses none but its own")
    for fault in _faults(pool, egresses, others):
        raise ValueError(fault)
    return pool


def _faults(pool: Pool, egresses: Mapping[str, Egress], others: Iterable[Pool]) -> Iterator[str]:
    elsewhere = {
        member.egress: other.stream for other in others if other.stream is not pool.stream for member in other.members
    }
    for name in filter(None, (member.egress for member in pool.members)):
        egress = egresses.get(name)
        if egress is None or egress.state is EgressState.RETIRED:
            yield f"there is no egress {name!r}: see sendwright egress list"
        elif name in elsewhere:
            yield (
                f"{name} is in the pool of {elsewhere[name]} mail: an address serves one stream, so that the others "
                "cannot spoil its reputation"
            )
