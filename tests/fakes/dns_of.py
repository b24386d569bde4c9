"""What the name servers of a domain say when its owner did everything right, and a look at it from this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from sendwright import domains
from tests.fakes.name_server import NameServer, name_servers

PLACE = domains.Installation(inbound_host="mail.example.net", web_host="mail.example.net", spf="a:mail.example.net")
DELEGATION: Mapping[tuple[str, str], Sequence[str]] = {
    ("example.com", "NS"): ["ns1.dns.test.", "ns2.dns.test."],
    ("ns1.dns.test", "A"): ["127.0.0.2"],
    ("ns2.dns.test", "A"): ["127.0.0.3"],
    ("mail.example.net", "A"): ["192.0.2.7"],
}
"""What the resolver knows: who the name servers of example.com are, and where the installation is."""
AROUND: Mapping[tuple[str, str], Sequence[str]] = {
    ("example.com", "MX"): ["10 mx.example.com."],
    ("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=none"'],
}

Answers = Mapping[tuple[str, str], Sequence[str]]


def published(records: Iterable[domains.WantedRecord]) -> dict[tuple[str, str], Sequence[str]]:
    """The records as a zone has them."""
    return {(each.name, each.type): [_in_zone(each)] for each in domains.to_publish(records)}


def _in_zone(record: domains.WantedRecord) -> str:
    if record.type != "TXT":
        return f"{record.value}."
    return " ".join(f'"{record.value[at : at + 255]}"' for at in range(0, len(record.value), 255))


@asynccontextmanager
async def dns_says(
    *authoritative: Answers, resolver: Answers | None = None, allow: bool = True
) -> AsyncIterator[tuple[domains.NameServers, list[NameServer]]]:
    """Name servers for a check. The resolver knows what the first authoritative one says, and the delegation."""
    delegated = {("example.com", "NS"): DELEGATION["example.com", "NS"][: len(authoritative)]}
    recursive = {**DELEGATION, **delegated, **(authoritative[0] if authoritative else {}), **(resolver or {})}
    async with name_servers(recursive, *authoritative) as servers:
        port = int(servers[0].address.rpartition(":")[2])
        found = domains.NameServers(
            may_ask=lambda _: allow, resolver=servers[0].address, port=port, limit=timedelta(seconds=2)
        )
        yield found, servers
