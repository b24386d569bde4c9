"""From what was seen to a verdict on each record, on the whole domain, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sendwright.domains import dmarc, spf
from sendwright.domains.fitting import about_it, fits
from sendwright.domains.found import Finding, RecordCheck, RecordState, Seen, Standing
from sendwright.domains.model import Domain, Need, Purpose, WantedRecord

NO_NAME = (
    "This installation does not know the name by which strangers reach it: set SENDWRIGHT_PUBLIC_URL or "
    "SENDWRIGHT_EHLO_NAME to a name in DNS, and check again."
)
_MISSING = {
    Need.NEEDED: "Publish it. What was published a moment ago can take until the old answer has timed out.",
    Need.ADVISED: "Publish it when you can.",
    Need.OPTIONAL: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was looked up for a check.

    ``strays``: by record, where its value was found instead, with what to do. ``policies``: TXT by name without the
    ``_dmarc.``. ``look_ups``: what SPF costs, by name. ``has_address``: the domain has an A or AAAA record.
    ``web_addresses``: those of the installation's web host.
    """

    seen: Mapping[WantedRecord, Seen]
    strays: Mapping[WantedRecord, str] = field(default_factory=dict)
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    look_ups: Mapping[str, int] = field(default_factory=dict)
    has_address: bool = False
    web_addresses: frozenset[str] = frozenset()


def judge(wanted: WantedRecord, facts: Facts) -> RecordCheck:
    """The verdict on one record."""
    seen = _meant(wanted, facts.seen[wanted])
    state, advice = _verdict(wanted, seen, facts)
    return RecordCheck(wanted=wanted, state=state, findings=seen.findings, advice=advice, note=seen.note)


def _meant(wanted: WantedRecord, seen: Seen) -> Seen:
    findings = (replace(each, values=about_it(wanted.purpose, each.values)) for each in seen.findings)
    return replace(seen, findings=tuple(findings))


def _verdict(wanted: WantedRecord, seen: Seen, facts: Facts) -> tuple[RecordState, str]:
    if wanted.need is Need.NEEDED and not wanted.value:
        return RecordState.NO_ANSWER, NO_NAME
    answering = seen.answering
    if not answering:
        why = seen.findings[0].failure if seen.findings else "nobody was there to ask"
        return RecordState.NO_ANSWER, f"No name server answered ({why}). Check again in a while."
    faults = [_fault(wanted, finding, facts) for finding in answering]
    if not any(finding.values or (finding.alias and wanted.need is Need.NEEDED) for finding in answering):
        return _nothing(wanted, facts)
    if not any(faults):
        return RecordState.FOUND, ""
    if not all(faults):
        return RecordState.UNEVEN, _lagging(answering, faults)
    return RecordState.DIFFERS, _of_alias(answering[0]) + faults[0]


def _fault(wanted: WantedRecord, finding: Finding, facts: Facts) -> str:
    if finding.values and wanted.purpose is Purpose.TRACKING and facts.web_addresses.issuperset(finding.values):
        return ""
    if not finding.values and not (finding.alias and wanted.purpose is Purpose.TRACKING):
        return _MISSING[Need.NEEDED]
    return fits(wanted, finding)


def _nothing(wanted: WantedRecord, facts: Facts) -> tuple[RecordState, str]:
    if wanted.purpose is Purpose.MX:
        if facts.has_address:
            return RecordState.FOUND, ""
        return RecordState.MISSING, (
            "The domain has no MX record and no address: replies cannot reach anybody, and some receivers refuse mail "
            "from such a domain. Publish an MX record."
        )
    if wanted.purpose is Purpose.DMARC:
        above = dmarc.applying(wanted.name.removeprefix("_dmarc."), facts.policies)
        if above is not None:
            return RecordState.FOUND, ""
    return RecordState.MISSING, facts.strays.get(wanted) or _MISSING[wanted.need]


def _lagging(answering: Sequence[Finding], faults: Sequence[str]) -> str:
    behind = ", ".join(finding.server for finding, fault in zip(answering, faults, strict=True) if fault)
    return (
        f"Not the same everywhere: {behind} does not give it yet. Wait until it has copied the zone; if that takes "
        "longer than an hour, ask the DNS provider whether it still serves the domain."
    )


def _of_alias(finding: Finding) -> str:
    """A CNAME shares its name with no other record (RFC 1034 section 3.6.2)."""
    if not finding.alias:
        return ""
    return f"The name is a CNAME for {finding.alias}, perhaps by a wildcard: put the record in its place. "


def standing(records: Iterable[RecordCheck]) -> Standing:
    """Whether the domain is right: at least one DKIM key, and everything else that is needed."""
    needed = [record for record in records if record.wanted.need is Need.NEEDED]
    keys = [record for record in records if _is_key(record)]
    others = [_STANDINGS.get(record.state, Standing.WRONG) for record in needed if not _is_key(record)]
    found = [_STANDINGS.get(record.state, Standing.WRONG) for record in keys]
    whole = [*others, _best(found)]
    return next((each for each in (Standing.WRONG, Standing.UNKNOWN) if each in whole), Standing.RIGHT)


_STANDINGS = {RecordState.FOUND: Standing.RIGHT, RecordState.NO_ANSWER: Standing.UNKNOWN}


def _best(found: Sequence[Standing]) -> Standing:
    return next((each for each in (Standing.RIGHT, Standing.UNKNOWN) if each in found), Standing.WRONG)


def _is_key(record: RecordCheck) -> bool:
    """One that signs or is about to."""
    return record.wanted.purpose is Purpose.DKIM and record.wanted.need is not Need.OPTIONAL


def warnings(domain: Domain, records: Sequence[RecordCheck], facts: Facts) -> Iterator[str]:
    """What the operator should know beside the records."""
    yield from _of_mx(records)
    yield from _of_dmarc(domain, records, facts)
    for name, count in facts.look_ups.items():
        if count > spf.MOST_LOOK_UPS:
            yield (
                f"SPF of {name} costs {count} look-ups or more; receivers stop after {spf.MOST_LOOK_UPS} and count it "
                "as broken. Remove senders that are not used any more."
            )
    yield from (record.advice for record in records if record.wanted.purpose is Purpose.SPF and record.advice)


def _of_mx(records: Sequence[RecordCheck]) -> Iterator[str]:
    yield from (record.advice for record in records if record.wanted.purpose is Purpose.MX and record.advice)


def _of_dmarc(domain: Domain, records: Sequence[RecordCheck], facts: Facts) -> Iterator[str]:
    policy = dmarc.applying(domain.name, facts.policies)
    has_key = any(_is_key(record) and record.state is RecordState.FOUND for record in records)
    asked = "none" if policy is None else policy.for_author(domain.name)
    if policy is None:
        yield "There is no DMARC policy: Gmail, Yahoo and Outlook.com want one of those who send much; p=none will do."
        return
    where = f"_dmarc.{policy.domain}"
    if not has_key and asked != "none":
        yield (
            f"DMARC ({where}) asks receivers to {asked} what is not authenticated, and no DKIM record is right yet: "
            "mail from this domain would fail."
        )
    path = domain.return_path_host
    if path is None:
        yield "Without a return path of its own only DKIM speaks for the domain under DMARC; SPF does not align."
    elif not dmarc.aligns(domain.name, path, facts.policies, strict=policy.strict_spf):
        why = "aspf=s wants the domain itself" if policy.strict_spf else "it belongs to another organization"
        yield f"SPF does not align for DMARC ({where}): the return path is {path}, and {why}. DKIM aligns by itself."
