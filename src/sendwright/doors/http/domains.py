"""Sending domains of the account, under our own prefix."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sendwright import database, domains
from sendwright.doors.http.operations import Call, Operations
from sendwright.doors.http.shapes import Shown, When

operations = Operations("Sending domains")


class DnsRecord(Shown):
    """A DNS record to publish."""

    name: str
    type: str
    value: str
    purpose: str


class SendingDomain(Shown):
    """A domain that mail is sent from once it is connected."""

    name: str
    state: str
    connected_at: When | None
    connected_how: str | None
    tracking_host: str | None
    return_path_host: str | None
    created_at: When
    records: list[DnsRecord]


class SendingDomains(Shown):
    """All domains of the account."""

    results: list[SendingDomain]


@operations.on("GET", "/api/v1/domains", scopes=["transactional-email", "marketing-email"], gives=SendingDomains)
async def list_sending_domains(call: Call) -> SendingDomains:
    """Lists the account's sending domains, with the DNS records that each wants."""
    return await call.db.read(_list, call.account_id)


def _list(conn: database.Connection, account_id: int) -> SendingDomains:
    records = domains.records_to_publish(conn, account_id)
    return SendingDomains(
        results=[
            _show(domain, [DnsRecord.model_validate(asdict(record)) for record in records.get(domain.name, ())])
            for domain in domains.list_domains(conn, account_id)
        ]
    )


def _show(domain: domains.Domain, records: list[DnsRecord]) -> SendingDomain:
    at: datetime | None = domain.connection.at if domain.connection else None
    return SendingDomain(
        name=domain.name,
        state=domain.state.value,
        connected_at=at,
        connected_how=domain.connection.how.value if domain.connection else None,
        tracking_host=domain.tracking_host,
        return_path_host=domain.return_path_host,
        created_at=domain.created_at,
        records=records,
    )
