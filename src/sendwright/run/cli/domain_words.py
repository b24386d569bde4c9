"""A sending domain as text. As JSON it is in ``domain_documents``, for the command line and the API alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sendwright import connect_domain, domains
from sendwright.run.cli.common import clean

_STRING_OCTETS = 255
_TTL_SECONDS = 3600
_STATES = {
    domains.RecordState.FOUND: "ok",
    domains.RecordState.MISSING: "missing",
    domains.RecordState.DIFFERS: "wrong",
    domains.RecordState.UNEVEN: "not the same everywhere",
    domains.RecordState.NO_ANSWER: "no answer",
}
_NEXT_STEPS = {
    domains.DomainState.PENDING: "It is pending: publish the records, then run sendwright domains check {name}",
    domains.DomainState.CONNECTED: "It is connected: mail can be sent from it.",
    domains.DomainState.DEGRADED: "It is connected, but what it needs is not right any more since {since}.",
}


def records_lines(known: connect_domain.Known) -> Iterator[str]:
    """The records to publish, each on lines of its own so that a value can be copied whole."""
    yield f"Publish these records for {known.domain.name}:"
    for record in domains.to_publish(known.wanted):
        yield ""
        yield f"# {record.purpose.value}, {record.need.value}: {record.about}"
        yield f"  Name   {record.name}"
        yield f"  Type   {record.type}"
        yield f"  Value  {record.value}"


def state_line(domain: domains.Domain) -> str:
    """Where it stands, and the next step."""
    since = "" if domain.degraded_since is None else f"{domain.degraded_since:%Y-%m-%d %H:%M}"
    return _NEXT_STEPS[domain.state].format(name=domain.name, since=since)


def zone_lines(known: connect_domain.Known) -> Iterator[str]:
    """The same as lines of a zone file (RFC 1035 section 5)."""
    for record in domains.to_publish(known.wanted):
        if record.purpose is domains.Purpose.DMARC:
            yield "; only where there is no DMARC policy yet:"
        yield f"{record.name}. {_TTL_SECONDS} IN {record.type} {_zone_value(record)}"


def _zone_value(record: domains.WantedRecord) -> str:
    if record.type != "TXT":
        return f"{record.value}."
    parts = re.findall(f".{{1,{_STRING_OCTETS}}}", record.value)
    return " ".join(f'"{part}"' for part in parts)


def check_lines(domain: domains.Domain, check: domains.DomainCheck) -> Iterator[str]:
    """Record by record: wanted and found, and what to do where they are not the same."""
    yield f"{domain.name}, checked at {check.at:%Y-%m-%d %H:%M:%S} UTC"
    for record in check.records:
        if record.wanted.need is not domains.Need.OPTIONAL or record.wanted.value or record.advice:
            yield ""
            yield from _record_lines(record)
    notes = [record for record in check.records if record.wanted.need is domains.Need.OPTIONAL]
    yield ""
    yield "Looked at, not needed: " + ", ".join(f"{each.wanted.purpose} {_STATES[each.state]}" for each in notes)
    for warning in check.warnings:
        yield f"Warning: {clean(warning)}"
    yield ""
    yield state_line(domain) if check.is_usable else _not_usable(domain, check)


def _record_lines(record: domains.RecordCheck) -> Iterator[str]:
    wanted = record.wanted
    yield f"{_STATES[record.state].upper():8} {wanted.type} {wanted.name}  ({wanted.purpose}, {wanted.need})"
    if record.state is domains.RecordState.FOUND:
        return
    if wanted.value:
        yield f"  wanted  {wanted.value}"
    for finding in record.findings:
        yield clean(f"  found   {_found(finding)}  at {finding.server}")
    if record.note:
        yield clean(f"  note    {record.note}")
    if record.advice:
        yield clean(f"  do      {record.advice}")


def _found(finding: domains.Finding) -> str:
    if finding.failure:
        return f"no answer: {finding.failure}"
    values = " | ".join(finding.values) or "nothing"
    return f"{values} (by the CNAME {finding.alias})" if finding.alias else values


def _not_usable(domain: domains.Domain, check: domains.DomainCheck) -> str:
    if check.standing is domains.Standing.UNKNOWN:
        return "Not usable by DNS, as far as can be told: some of what is needed could not be looked up."
    if domain.connection is None:
        return "Not usable yet: mend what is not ok, then check again."
    return f"Not right: {state_line(domain)} Mail is still sent; mend what is not ok."
