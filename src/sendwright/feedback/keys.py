"""Asks DNS for the key of a signature."""

from __future__ import annotations

from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdtypes.txtbase import TXTBase

_SECONDS = 10.0
_MOST_OCTETS = 4096


class KeyUnavailable(Exception):
    """DNS does not answer: the signature may be looked at again later."""


async def find_key(name: str, nameserver: str | None) -> str | None:
    """The text of the key record at ``name``; None if there is none. Raises :class:`KeyUnavailable`.

    ``nameserver``: "HOST:PORT" with a numeric host, or None for those of the system.
    """
    try:
        answer = await _resolver(nameserver).resolve(name, "TXT", search=False, lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except (dns.exception.DNSException, OSError) as fault:
        raise KeyUnavailable(f"the key {name} cannot be had from DNS: {type(fault).__name__}") from fault
    texts = [b"".join(item.strings) for item in answer if isinstance(item, TXTBase)]
    return texts[0][:_MOST_OCTETS].decode("latin-1") if len(texts) == 1 else None


def _resolver(nameserver: str | None) -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver(configure=nameserver is None)
    if nameserver is not None:
        host, _, port = nameserver.rpartition(":")
        resolver.nameservers = [str(ip_address(host.strip("[]")))]
        resolver.port = int(port)
    return resolver
