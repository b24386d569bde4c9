"""One check of a domain: look everything up, then judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sendwright.domains import dmarc, judging, spf
from sendwright.domains.fitting import about_it, fits
from sendwright.domains.found import DomainCheck, Finding, Seen
from sendwright.domains.look_up import Inquiry, Kind, NameServers, together
from sendwright.domains.model import Domain, Installation, Purpose, ShownKey, WantedRecord
from sendwright.domains.wanted import to_publish, wanted_records

_KINDS: Final[dict[str, Kind]] = {"TXT": "TXT", "MX": "MX", "CNAME": "A"}
"""What is asked for a record of a type: a tracking host may be a CNAME or have the addresses themselves."""
_MOST_SPF_QUESTIONS: Final = 20
_SPF_LIMIT: Final = timedelta(seconds=5)
_NOBODY: Final = Seen(findings=(Finding(server="resolver", failure="no answer in time"),))


async def examine(
    name_servers: NameServers, domain: Domain, keys: Iterable[ShownKey], place: Installation, now: datetime
) -> DomainCheck:
    """What DNS says of a domain now. It takes as long as the slowest name server, half a minute at most."""
    wanted = wanted_records(domain, keys, place)
    try:
        async with asyncio.timeout(name_servers.patience):
            facts = await _look_everything_up(name_servers.inquiry(), domain, wanted, place)
    except TimeoutError:
        facts = judging.Facts(seen=dict.fromkeys(wanted, _NOBODY))
    records = tuple(judging.judge(each, facts) for each in wanted)
    return DomainCheck(
        at=now, standing=judging.standing(records), records=records,
        warnings=tuple(dict.fromkeys(judging.warnings(domain, records, facts))),
    )  # fmt: skip


async def _look_everything_up(
    inquiry: Inquiry, domain: Domain, wanted: Sequence[WantedRecord], place: Installation
) -> judging.Facts:
    seen = dict(zip(wanted, await together(inquiry.ask(each.name, _KINDS[each.type]) for each in wanted), strict=True))
    return judging.Facts(
        seen=seen,
        strays=await _strays(inquiry, domain.name, seen),
        policies=await _policies(inquiry, domain, seen),
        look_ups=await _look_ups(inquiry, seen),
        has_address=await _has_address(inquiry, domain.name),
        web_addresses=await _addresses(inquiry, place.web_host if domain.tracking_host else None),
    )


async def _strays(inquiry: Inquiry, domain: str, seen: dict[WantedRecord, Seen]) -> dict[WantedRecord, str]:
    """Records that are nowhere, but whose value was entered under a mistaken name."""
    missing = [record for record in to_publish(seen) if not seen[record].values and seen[record].answering]
    found = await together(_stray(inquiry, record, domain) for record in missing)
    return {record: advice for record, advice in zip(missing, found, strict=True) if advice}


async def _stray(inquiry: Inquiry, record: WantedRecord, domain: str) -> str:
    for name, mistake in mistaken_names(record.name, domain):
        finding = await inquiry.resolve(name, _KINDS[record.type])
        meant = Finding(server=name, values=about_it(record.purpose, finding.values), alias=finding.alias)
        if (meant.values or (meant.alias and record.purpose is Purpose.TRACKING)) and not fits(record, meant):
            return f"It was found at {name}: {mistake}"
    return ""


def mistaken_names(name: str, domain: str) -> Sequence[tuple[str, str]]:
    """Where the value may be instead, with what to do about it."""
    inner = name.removesuffix(f".{domain}")
    twice = (
        f"{name}.{domain}",
        f"the domain was entered twice. The DNS provider adds it by itself, so enter only {inner} as the name.",
    )
    if "_" not in name:
        return (twice,)
    return (twice, (name.replace("_", ""), "the underscore of the name was lost. Enter it with the underscore."))


async def _policies(inquiry: Inquiry, domain: Domain, seen: dict[WantedRecord, Seen]) -> dict[str, tuple[str, ...]]:
    """DMARC's tree walk, from the domain and from the return path."""
    own = next(each for record, each in seen.items() if record.purpose is Purpose.DMARC)
    names = dict.fromkeys(dmarc.names_to_ask(domain.name)[1:])
    if domain.return_path_host is not None:
        names |= dict.fromkeys(each for each in dmarc.names_to_ask(domain.return_path_host) if each != domain.name)
    found = await together(inquiry.resolve(f"_dmarc.{name}", "TXT") for name in names)
    said = own.answering[0].values if own.answering else ()
    return {domain.name: said, **{name: each.values for name, each in zip(names, found, strict=True)}}


async def _look_ups(inquiry: Inquiry, seen: dict[WantedRecord, Seen]) -> dict[str, int]:
    spf_purposes = (Purpose.SPF, Purpose.RETURN_PATH_SPF)
    texts = {record.name: spf.records(each.values) for record, each in seen.items() if record.purpose in spf_purposes}
    single = {name: found[0] for name, found in texts.items() if len(found) == 1}
    counts = await together(_cost(inquiry, record) for record in single.values())
    return dict(zip(single, counts, strict=True))


async def _cost(inquiry: Inquiry, record: str) -> int:
    """How many look-ups a record costs with all that it takes in; what nobody answers in time is left out."""
    cost, waiting, known = spf.look_ups(record), list(spf.follow(record)), set[str]()
    try:
        async with asyncio.timeout(_SPF_LIMIT.total_seconds()):
            while waiting and len(known) < _MOST_SPF_QUESTIONS and cost <= spf.MOST_LOOK_UPS:
                name = waiting.pop()
                if name in known:
                    continue
                known.add(name)
                for inner in spf.records((await inquiry.resolve(name, "TXT")).values)[:1]:
                    cost += spf.look_ups(inner)
                    waiting += spf.follow(inner)
    except TimeoutError:
        return cost
    return cost


async def _has_address(inquiry: Inquiry, name: str) -> bool:
    return any(found.values for found in await together(inquiry.resolve(name, kind) for kind in ("A", "AAAA")))


async def _addresses(inquiry: Inquiry, host: str | None) -> frozenset[str]:
    return frozenset() if host is None else frozenset((await inquiry.resolve(host, "A")).values)
