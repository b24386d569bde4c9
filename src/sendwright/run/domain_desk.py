"""What checks sending domains, put together from the settings."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from sendwright import connect_domain, database, domains, outbound
from sendwright.run.settings import Settings


def domain_desk(
    settings: Settings, db: database.Database, seal: database.Seal, now: Callable[[], datetime]
) -> connect_domain.Desk:
    """The desk of a process or of a command."""

    def may_ask(address: str) -> bool:
        return not outbound.is_inward(address, allow_private=settings.allow_private_mx)

    return connect_domain.Desk(
        db=db,
        seal=seal,
        name_servers=domains.NameServers(may_ask=may_ask, resolver=settings.resolver, port=settings.dns_port),
        place=installation(settings),
        now=now,
        chance=random.random,
    )


def installation(settings: Settings) -> domains.Installation:
    """By which names DNS leads here."""
    web_host = _in_dns(urlsplit(settings.public_url or "").hostname)
    inbound_host = _in_dns(settings.bounce_host) or _in_dns(settings.ehlo_name) or web_host
    usual = "" if inbound_host is None else f"a:{inbound_host}"
    return domains.Installation(
        inbound_host=inbound_host, web_host=web_host, spf=usual if settings.spf is None else settings.spf
    )


def _in_dns(host: str | None) -> str | None:
    """None for what strangers cannot look up: an address, ``localhost``."""
    try:
        return domains.read_domain_name(host or "")
    except ValueError:
        return None
