"""The story of a sending domain: added, looked for in DNS, connected the moment it is right; its keys take turns.

Who may be asked for DNS, and what each account did, are known in other rooms; here they meet. The operator may connect
a domain by decree (:func:`connect_by_decree`); no token may: it could then send from a domain that is not its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sendwright import accounts, database, domains, egresses, outbound

DNS: Final = "dns"
"""Who changed a domain, in the audit log, when nobody did but its records."""
_MOST_AT_ONCE: Final = 20
_MAIL_IS_OVER: Final = timedelta(days=14)
"""Mail is tried for five days; a hold may take longer."""
_STEM_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_STEM_LENGTH: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the story is done with. ``chance``: from 0 up to 1."""

    db: database.Database
    seal: database.Seal
    name_servers: domains.NameServers
    place: domains.Installation
    now: Callable[[], datetime]
    chance: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDomain:
    """A domain to add. ``by``: the id of an API token, or ``operator``. The hosts are None where it has none."""

    account_id: int
    by: str
    name: str
    tracking_host: str | None = None
    return_path_host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of a domain. ``wanted`` are its records; ``check`` is the last one, None before the first.

    ``place``: by which names and addresses mail of its account comes from here.
    """

    domain: domains.Domain
    place: domains.Installation
    keys: tuple[domains.ShownKey, ...]
    wanted: tuple[domains.WantedRecord, ...]
    check: domains.DomainCheck | None


def usual_return_path(place: domains.Installation, name: str) -> str | None:
    """The host for bounces when nobody names one; None where no bounce could find this installation."""
    return None if place.inbound_host is None else f"bounce.{domains.read_domain_name(name)}"


async def add(desk: Desk, new: NewDomain) -> Known:
    """A domain with two fresh keys, pending. Raises ``ValueError`` with a sentence."""
    _refuse_own_name(new)
    keys = await asyncio.to_thread(_new_keys, _stem(desk.chance))
    return await desk.db.write(_add, desk, new, keys, desk.now())


def _refuse_own_name(new: NewDomain) -> None:
    """Its MX or CNAME would take away what the domain has at its own name: its mail, its web site."""
    own = domains.read_domain_name(new.name)
    for what, host in (("return path", new.return_path_host), ("tracking host", new.tracking_host)):
        if host is not None and domains.read_domain_name(host) == own:
            raise ValueError(f"the {what} needs a name of its own, such as bounce.{own} or links.{own}")


def _add(
    conn: database.Connection, desk: Desk, new: NewDomain, keys: tuple[domains.NewKey, ...], now: datetime
) -> Known:
    made = domains.add_domain(
        conn, desk.seal, new.account_id, new.name, keys, now, tracking_host=new.tracking_host,
        return_path_host=new.return_path_host,
    )  # fmt: skip
    domains.schedule_check(conn, new.account_id, made.name, now)
    accounts.note(conn, new.account_id, new.by, "domain.added", now, domain=made.name)
    return _known(conn, made, _place(conn, desk, new.account_id))


def find(conn: database.Connection, desk: Desk, account_id: int, name: str) -> Known | None:
    """One domain of an account."""
    domain = domains.find_domain(conn, account_id, _read(name))
    if domain is None or domain.removed_at is not None:
        return None
    return _known(conn, domain, _place(conn, desk, account_id))


def find_all(conn: database.Connection, desk: Desk, account_id: int) -> list[Known]:
    """All domains of an account, by name."""
    place = _place(conn, desk, account_id)
    return [_known(conn, domain, place) for domain in domains.list_domains(conn, account_id)]


def _known(conn: database.Connection, domain: domains.Domain, place: domains.Installation) -> Known:
    keys = tuple(domains.list_keys(conn, domain.account_id, domain.name))
    return Known(
        domain=domain,
        place=place,
        keys=keys,
        wanted=domains.wanted_records(domain, keys, place),
        check=domains.last_check(conn, domain.account_id, domain.name),
    )


def _place(conn: database.Connection, desk: Desk, account_id: int) -> domains.Installation:
    """As this account's domains see it: SPF also names the addresses that are the account's own, or it would fail
    just the mail that leaves by them. What a relay sends from, only the operator knows: the setting ``spf``.
    """
    means = (egress.means for egress in egresses.list_egresses(conn, desk.seal, account_id))
    own = dict.fromkeys(each.ip for each in means if isinstance(each, egresses.OwnAddress))
    return replace(desk.place, spf=domains.spf_naming(desk.place.spf, own))


async def check(desk: Desk, account_id: int, name: str) -> domains.Noted | None:
    """Asks DNS and does what follows. None when the account has no such domain."""
    known = await desk.db.read(find, desk, account_id, name)
    if known is None:
        return None
    found = await domains.examine(desk.name_servers, known.domain, known.keys, known.place, desk.now())
    return await desk.db.write(_note, account_id, known.domain.name, found, desk.chance())


async def check_if_rested(desk: Desk, account_id: int, name: str) -> Known | None:
    """Like :func:`check`, but within seconds of the last check that one is shown: programs may ask in a loop."""
    known = await desk.db.read(find, desk, account_id, name)
    if known is None or not domains.may_check(known.domain, desk.now()):
        return known
    await check(desk, account_id, name)
    return await desk.db.read(find, desk, account_id, name)


async def check_due(desk: Desk) -> list[domains.Noted]:
    """Checks the domains whose time has come, a bounded number of them."""
    due = await desk.db.write(domains.claim_due_checks, desk.now(), _MOST_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(check(desk, account_id, name)) for account_id, name in due]
    return [noted for noted in (task.result() for task in tasks) if noted is not None]


def _note(
    conn: database.Connection, account_id: int, name: str, found: domains.DomainCheck, chance: float
) -> domains.Noted | None:
    noted = domains.note_check(conn, account_id, name, found, chance)
    if noted is None:
        return None
    what = change_of(noted)
    if what is not None:
        accounts.note(conn, account_id, DNS, what, found.at, domain=name)
    for selector in noted.activated:
        accounts.note(conn, account_id, DNS, "domain.key_activated", found.at, domain=name, selector=selector)
    return noted


def change_of(noted: domains.Noted) -> str | None:
    """What a check changed: ``domain.connected``, ``.degraded``, ``.recovered``, or nothing."""
    match noted.before.state, noted.after.state:
        case domains.DomainState.PENDING, domains.DomainState.CONNECTED:
            return "domain.connected"
        case domains.DomainState.CONNECTED, domains.DomainState.DEGRADED:
            return "domain.degraded"
        case domains.DomainState.DEGRADED, domains.DomainState.CONNECTED:
            return "domain.recovered"
    return None


async def rotate(desk: Desk, account_id: int, by: str, name: str) -> Known | None:
    """New keys, which take over once their records are seen. None: no such domain. ``ValueError``: others wait."""
    known = await desk.db.read(find, desk, account_id, name)
    if known is None:
        return None
    keys = await asyncio.to_thread(_new_keys, _stem(desk.chance))

    def write(conn: database.Connection, now: datetime) -> Known | None:
        domains.rotate_keys(conn, desk.seal, account_id, known.domain.name, keys, now)
        domains.schedule_check(conn, account_id, known.domain.name, now)
        accounts.note(conn, account_id, by, "domain.keys_made", now, domain=known.domain.name)
        return find(conn, desk, account_id, known.domain.name)

    return await desk.db.write(write, desk.now())


async def forget_removed(desk: Desk) -> list[tuple[int, str]]:
    """Erases domains whose last mail was delivered or given up long ago, with their keys."""
    return await desk.db.write(domains.forget_removed, desk.now() - _MAIL_IS_OVER)


async def retire_keys(desk: Desk, overlap: timedelta) -> list[tuple[int, str, str]]:
    """Erases keys that were replaced that long ago: (account, domain, selector) of each. Their records may go."""
    return await desk.db.write(_retire, desk.now() - overlap, desk.now())


def _retire(conn: database.Connection, since: datetime, now: datetime) -> list[tuple[int, str, str]]:
    retired = domains.retire_replaced(conn, since, now)
    for account_id, name, selector in retired:
        accounts.note(conn, account_id, DNS, "domain.key_retired", now, domain=name, selector=selector)
    return retired


def remove(conn: database.Connection, account_id: int, by: str, name: str, now: datetime) -> bool:
    """Takes no new mail from a domain; what waits still leaves. False when it is none of this account's."""
    done = domains.remove_domain(conn, account_id, _read(name), now)
    if done:
        accounts.note(conn, account_id, by, "domain.removed", now, domain=_read(name))
    return done


def connect_by_decree(conn: database.Connection, account_id: int, by: str, name: str, now: datetime) -> bool:
    """Connects a domain whatever DNS says: for the operator alone. False when it was, or is none of this account's."""
    done = domains.connect_domain(conn, account_id, name, domains.Proof.DECREE, now)
    if done:
        accounts.note(conn, account_id, by, "domain.connected_by_decree", now, domain=_read(name))
    return done


def _read(name: str) -> str:
    """What is no domain name names no domain."""
    try:
        return domains.read_domain_name(name)
    except ValueError:
        return ""


def _stem(chance: Callable[[], float]) -> str:
    """Selectors that nobody else has: another account or installation may sign for the same domain."""
    return "sw" + "".join(_STEM_LETTERS[int(chance() * len(_STEM_LETTERS))] for _ in range(_STEM_LENGTH))


def _new_keys(stem: str) -> tuple[domains.NewKey, ...]:
    """RSA-2048, which every receiver can check, and Ed25519 (RFC 8463); takes a moment."""
    made = (
        ("rsa", domains.KeyAlgorithm.RSA_SHA256, outbound.generate_rsa()),
        ("ed", domains.KeyAlgorithm.ED25519_SHA256, outbound.generate_ed25519()),
    )
    return tuple(
        domains.NewKey(
            selector=f"{stem}-{name}", algorithm=algorithm, private_pem=pem, public_record=outbound.public_record(pem)
        )
        for name, algorithm, pem in made
    )
