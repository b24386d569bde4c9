"""Which DNS records a domain wants, and what each is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sendwright.domains.model import Domain, Installation, KeyState, Need, Purpose, ShownKey, WantedRecord

_KEYS = {
    KeyState.ACTIVE: (Need.NEEDED, "The key that receivers check our signature with."),
    KeyState.PENDING: (Need.ADVISED, "The next key: it takes over as soon as this record is seen."),
    KeyState.RETIRING: (
        Need.OPTIONAL,
        "A key that was replaced: keep the record while mail that it signed is on its way.",
    ),
}


def wanted_records(domain: Domain, keys: Iterable[ShownKey], place: Installation) -> tuple[WantedRecord, ...]:
    """The records of a domain: those to publish first, then those that are only looked at (without a value)."""
    return (
        *_dkim(domain.name, keys),
        *_return_path(domain, place),
        *_tracking(domain, place),
        *_looked_at(domain.name),
    )


def to_publish(records: Iterable[WantedRecord]) -> tuple[WantedRecord, ...]:
    """Those that have a value."""
    return tuple(record for record in records if record.value)


def _dkim(name: str, keys: Iterable[ShownKey]) -> Iterator[WantedRecord]:
    for key in keys:
        if key.state in _KEYS:
            need, about = _KEYS[key.state]
            yield WantedRecord(
                name=f"{key.selector}._domainkey.{name}", type="TXT", value=key.public_record, purpose=Purpose.DKIM,
                need=need, about=f"{about} ({key.algorithm.value})",
            )  # fmt: skip


def _return_path(domain: Domain, place: Installation) -> Iterator[WantedRecord]:
    if domain.return_path_host is None:
        return
    yield WantedRecord(
        name=domain.return_path_host, type="MX", value="" if place.inbound_host is None else f"10 {place.inbound_host}",
        purpose=Purpose.RETURN_PATH, need=Need.NEEDED, about="Bounces come back to this installation.",
    )  # fmt: skip
    yield WantedRecord(
        name=domain.return_path_host, type="TXT", value=f"v=spf1 {place.spf} -all" if place.spf else "",
        purpose=Purpose.RETURN_PATH_SPF, need=Need.NEEDED,
        about="Says who sends with this envelope sender (SPF), under your own domain so that it aligns for DMARC.",
    )  # fmt: skip


def _tracking(domain: Domain, place: Installation) -> Iterator[WantedRecord]:
    if domain.tracking_host is not None:
        yield WantedRecord(
            name=domain.tracking_host, type="CNAME", value=place.web_host or "", purpose=Purpose.TRACKING,
            need=Need.NEEDED, about="Links and pixels in mail lead here; the web server needs a certificate for it.",
        )  # fmt: skip


def _looked_at(name: str) -> tuple[WantedRecord, ...]:
    def optional(record: str, type_: str, purpose: Purpose, about: str, need: Need = Need.OPTIONAL) -> WantedRecord:
        return WantedRecord(name=record, type=type_, value="", purpose=purpose, need=need, about=about)

    return (
        WantedRecord(
            name=f"_dmarc.{name}", type="TXT", value="v=DMARC1; p=none", purpose=Purpose.DMARC, need=Need.ADVISED,
            about="Large receivers want a policy of who sends much. Only where there is none yet: two count as none.",
        ),
        optional(name, "MX", Purpose.MX, "Where replies to mail from this domain go.", Need.ADVISED),
        optional(name, "TXT", Purpose.SPF, "Not needed for our mail, whose envelope sender is the return path."),
        optional(f"default._bimi.{name}", "TXT", Purpose.BIMI, "A logo beside the mail; wants an enforcing DMARC."),
        optional(f"_mta-sts.{name}", "TXT", Purpose.MTA_STS, "Protects mail that comes to the domain."),
        optional(f"_smtp._tls.{name}", "TXT", Purpose.TLS_RPT, "Asks others for reports about TLS to the domain."),
    )  # fmt: skip
