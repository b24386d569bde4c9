"""Whether what a name server gave is what was wanted; if not, the usual mistake that explains it.

Each function takes what was wanted and one finding, and gives a sentence that says what to do; empty: it fits.
"""

from __future__ import annotations

from collections.abc import Callable

from sendwright.domains import dmarc, spf
from sendwright.domains.found import Finding
from sendwright.domains.model import Purpose, WantedRecord

Fit = Callable[[WantedRecord, Finding], str]

_BEGINNINGS = {
    Purpose.RETURN_PATH_SPF: "v=spf1", Purpose.SPF: "v=spf1", Purpose.DMARC: "v=dmarc1", Purpose.BIMI: "v=bimi1",
    Purpose.MTA_STS: "v=stsv1", Purpose.TLS_RPT: "v=tlsrptv1",
}  # fmt: skip
_NOISE = "\"'\\ \t“”"


def about_it(purpose: Purpose, values: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the values that are meant for the purpose, well written or not: a name has many TXT records."""
    beginning = _BEGINNINGS.get(purpose, "")
    return tuple(value for value in values if value.lstrip(_NOISE).lower().startswith(beginning))


def fits(wanted: WantedRecord, finding: Finding) -> str:
    """Empty if it fits."""
    return _FITS[wanted.purpose](wanted, finding)


def _dkim(wanted: WantedRecord, finding: Finding) -> str:
    right = [value for value in finding.values if _same_key(value, wanted.value)]
    if not right:
        return _what_is_wrong_with_key(finding.values[0], wanted.value)
    if len(finding.values) > 1:  # RFC 6376 section 3.6.2.2: undefined which one counts
        return f"There are {len(finding.values)} TXT records at this name: leave only the one that is wanted."
    return ""


def key_tags(record: str) -> dict[str, str]:
    """The tags of a DKIM key record (RFC 6376 section 3.6.1), blanks within values taken out."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in pairs if equals}


def _same_key(found: str, wanted: str) -> bool:
    tags, ours = key_tags(found), key_tags(wanted)
    has_version_first = "v" not in tags or found.lstrip().startswith("v")
    takes_our_hash = "sha256" in tags.get("h", "sha256").split(":")
    return (
        tags.get("p") == ours["p"]
        and tags.get("k", "rsa") == ours["k"]
        and tags.get("v", "DKIM1") == "DKIM1"
        and has_version_first
        and takes_our_hash
    )


def _what_is_wrong_with_key(found: str, wanted: str) -> str:
    plain = found.translate({ord(mark): None for mark in "\"'\\“”"})
    if plain != found and _same_key(plain, wanted):
        return "Quotation marks or backslashes became part of the value: enter it without them."
    theirs, ours = key_tags(plain).get("p"), key_tags(wanted)["p"]
    if theirs is None:
        bare = "".join(plain.split())
        return (
            "Only the key itself was entered: the value begins with v=DKIM1; and has the key behind p=."
            if bare and bare in ours
            else "This is no DKIM key: enter the value that is wanted."
        )
    if theirs == "":
        return "The key is published as revoked (p= is empty): enter the value that is wanted."
    if len(theirs) < len(ours) and theirs in ours:
        return (
            f"The key was cut: {len(theirs)} of its {len(ours)} characters are there. A string of a TXT record holds "
            "255 characters; enter the value as two quoted strings beside each other, or ask the DNS provider how."
        )
    if theirs == ours:
        return "The key is right but not the tags before it: enter the value exactly as it is wanted."
    return "Another key is published here: replace it with the value that is wanted."


def _return_path(wanted: WantedRecord, finding: Finding) -> str:
    host = _host(wanted.value)
    best = min(_preference(value) for value in finding.values)
    first = [_host(value) for value in finding.values if _preference(value) == best]
    if first == [host]:
        return ""
    return _of_target(host, first[0], wanted) or (
        f"Bounces would go to {', '.join(first)}: let the MX record name {host} alone."
    )


def _tracking(wanted: WantedRecord, finding: Finding) -> str:
    """``finding`` has the alias; addresses are compared by who has looked them up (judging.py)."""
    if finding.alias == wanted.value:
        return ""
    return (_of_target(wanted.value, finding.alias, wanted) if finding.alias else "") or (
        f"It leads to {finding.alias or ', '.join(finding.values)}: point it to {wanted.value}."
    )


def _of_target(host: str, found: str, wanted: WantedRecord) -> str:
    if found.startswith(f"{host}."):
        return f"The target was completed to {found}: write {host}. with a dot at its end."
    return ""


def _spf_of_return_path(wanted: WantedRecord, finding: Finding) -> str:
    fault = _spf(wanted, finding)
    if fault:
        return fault
    (record,) = spf.records(finding.values)
    lacking = spf.lacking(record, wanted.value.removeprefix("v=spf1 ").removesuffix(" -all"))
    return f"Add {' '.join(lacking)} before its last term." if lacking else ""


def _spf(wanted: WantedRecord, finding: Finding) -> str:
    found = spf.records(finding.values)
    if not found:
        return "Quotation marks or blanks before v=spf1 make it no SPF record: enter it without them."
    if len(found) > 1:  # RFC 7208 section 4.5: permerror
        return f"There are {len(found)} SPF records, which makes all of them invalid: merge them into one."
    if spf.lets_everybody(found[0]):
        return "It ends in +all and so lets everybody send: end it with -all or ~all."
    return ""


def _dmarc(wanted: WantedRecord, finding: Finding) -> str:
    good = [value for value in finding.values if dmarc.is_dmarc(value)]
    if len(good) > 1:
        return f"There are {len(good)} DMARC records, which counts as none: leave one."
    if not good:
        return "It is no DMARC record: it must begin with v=DMARC1; exactly, without quotation marks."
    if dmarc.read_policy(wanted.name, good) is None:
        return "Its policy cannot be read: p, sp and np may be none, quarantine or reject."
    return ""


def _mx(wanted: WantedRecord, finding: Finding) -> str:
    if any(_host(value) == "." for value in finding.values):  # RFC 7505
        return (
            "A null MX says that this domain takes no mail: replies cannot reach anybody, and some receivers refuse "
            "mail from such a domain. Publish an MX record, or send from a domain that has one."
        )
    return ""


def _any(wanted: WantedRecord, finding: Finding) -> str:
    return ""


def _host(value: str) -> str:
    return value.rpartition(" ")[2]


def _preference(value: str) -> int:
    return int(value.partition(" ")[0])


_FITS: dict[Purpose, Fit] = {
    Purpose.DKIM: _dkim,
    Purpose.RETURN_PATH: _return_path,
    Purpose.RETURN_PATH_SPF: _spf_of_return_path,
    Purpose.TRACKING: _tracking,
    Purpose.DMARC: _dmarc,
    Purpose.MX: _mx,
    Purpose.SPF: _spf,
    Purpose.BIMI: _any,
    Purpose.MTA_STS: _any,
    Purpose.TLS_RPT: _any,
}
