"""Looks whether an address is fit for mail: its name in DNS, both ways, and whether this machine has it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.resolver
import dns.reversename

from sendwright.egresses.model import Finding, OwnAddress

_LIMIT = 10.0  # seconds, for each question


class Names:
    """Asks DNS about names and addresses. `nameserver`: "HOST:PORT" with a numeric host; None: the system's."""

    def __init__(self, nameserver: str | None = None) -> None:
        self._nameserver = nameserver
        self._asker: dns.asyncresolver.Resolver | None = None

    async def of_address(self, ip: str) -> list[str] | None:
        """The names of an address (PTR), lower case, without the dot at their end; None: DNS did not answer."""
        found = await self._ask(dns.reversename.from_address(ip).to_text(), "PTR")
        return None if found is None else [name.lower().removesuffix(".") for name in found]

    async def of_host(self, host: str, ip: str) -> list[str] | None:
        """The addresses of a host, of the family of `ip`; None: DNS did not answer."""
        found = await self._ask(host, "AAAA" if ":" in ip else "A")
        return None if found is None else [str(ip_address(address)) for address in found]

    async def _ask(self, name: str, kind: str) -> list[str] | None:
        try:
            asker = self._asker or self._new_asker()
            answer = await asker.resolve(name, kind, search=False, raise_on_no_answer=False, lifetime=_LIMIT)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError):
            return None
        return [] if answer.rrset is None else [item.to_text() for item in answer.rrset]

    def _new_asker(self) -> dns.asyncresolver.Resolver:
        """At the first question: a machine without a resolver is told so then, and can do all else."""
        asker = self._asker = dns.asyncresolver.Resolver(configure=self._nameserver is None)
        if self._nameserver is not None:
            host, _, port = self._nameserver.rpartition(":")
            asker.nameservers, asker.port = [host.strip("[]")], int(port)
        return asker


async def check_address(names: Names, means: OwnAddress, domains: Collection[str], machine: str) -> list[Finding]:
    """What stands against sending from an address. `domains`: the account's connected ones.

    FCrDNS (RFC 5321 section 4.1.4; asked for by every large receiver): the address's name is the one said at EHLO,
    and that name's address is this one. `machine`: where we are; only there can be tried whether the address is had.
    """
    async with asyncio.TaskGroup() as asking:
        back = asking.create_task(names.of_address(means.ip))
        forth = asking.create_task(names.of_host(means.ehlo_name, means.ip))
    found = [_back(means, back.result()), _forth(means, forth.result()), _under(means, domains)]
    if means.proxy is None and means.machine == machine:
        found.append(_had(means))
    return [finding for finding in found if finding is not None]


def try_bind(ip: str) -> str | None:
    """Whether this machine has the address: None, or what the system says."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.bind((ip, 0))
    except OSError as fault:
        return fault.strerror or str(fault)
    return None


def _back(means: OwnAddress, names: list[str] | None) -> Finding | None:
    if names is None:
        return _silence(f"the name of {means.ip} (PTR)")
    if means.ehlo_name in names:
        return None
    said = f"is {', '.join(names[:3])}" if names else "is missing"
    return Finding(
        fatal=True,
        text=f"the name of {means.ip} (PTR) {said}: ask whoever gave you the address to set it to {means.ehlo_name}",
    )


def _forth(means: OwnAddress, addresses: list[str] | None) -> Finding | None:
    kind = "AAAA" if ":" in means.ip else "A"
    if addresses is None:
        return _silence(f"{means.ehlo_name} ({kind})")
    if means.ip in addresses:
        return None
    said = f"is {', '.join(addresses[:3])}" if addresses else "is missing"
    return Finding(
        fatal=True, text=f"the address of {means.ehlo_name} ({kind}) {said}: publish {kind} {means.ip}"
    )  # fmt: skip


def _silence(about: str) -> Finding:
    return Finding(fatal=True, unsure=True, text=f"DNS did not answer about {about}: check again later")


def _under(means: OwnAddress, domains: Collection[str]) -> Finding | None:
    if any(means.ehlo_name == domain or means.ehlo_name.endswith("." + domain) for domain in domains):
        return None
    return Finding(
        fatal=False,
        text=f"{means.ehlo_name} is under none of the account's connected domains: receivers see two names, yours and "
        "another",
    )


def _had(means: OwnAddress) -> Finding | None:
    fault = try_bind(means.ip)
    if fault is None:
        return None
    return Finding(
        fatal=True,
        text=f"{means.machine} does not have {means.ip} ({fault}): add it to an interface, or name the machine that "
        "has it, or a proxy there",
    )
