"""TLS on the way to mail exchangers: what nobody demanded, what MTA-STS and DANE demand, and hostile servers."""

from __future__ import annotations

import hashlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sendwright import outbound
from sendwright.outbound.model import Answered, DirectMx, Trouble, Unreachable
from sendwright.outbound.tls_policy import PolicyType, Result
from tests.fakes.authority import EXPIRED, Authority, Shown
from tests.fakes.name_server import SERVFAIL, NameServer, Zone, name_server
from tests.fakes.policy_host import page, policy_host
from tests.fakes.smtp_peer import (
    BYE,
    EHLO,
    ENVELOPE,
    ONE_MESSAGE,
    Close,
    Expect,
    Peer,
    Say,
    SayRaw,
    Script,
    Upgrade,
    scripted,
)
from tests.outbound.made import PARCEL, Clock, deliver, post_to, said

pytestmark = pytest.mark.anyio

HOST = "mx1.example.org"
AUTHORITY = Authority()
VALID = AUTHORITY.vouches(HOST)
SELF_MADE = Authority().vouches("localhost", alone=True)
POLICY_HOST = AUTHORITY.vouches("mta-sts.example.org").context
STARTTLS: Script = [
    Say("220 mx"), Expect("EHLO"), Say("250-mx\n250 STARTTLS"), Expect("STARTTLS"), Say("220 go"), Upgrade(),
    Expect("EHLO"), Say("250-mx\n250 8BITMIME"),
]  # fmt: skip
GOOD: Script = [*STARTTLS, *ONE_MESSAGE, *ONE_MESSAGE, *BYE]
IN_CLEAR: Script = [*EHLO, *ONE_MESSAGE, *BYE]
BAD_TLS: Script = [*STARTTLS[:5], Close()]


def sts(mode: str = "enforce", mx: str = HOST) -> str:
    return f"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 604800\n"


def tlsa(usage: int, octets: bytes, selector: int = 0) -> str:
    return f"{usage} {selector} 1 {hashlib.sha256(octets).hexdigest()}"


@dataclass
class Wire:
    post: outbound.Post
    peer: Peer
    dns: NameServer
    policies: outbound.TlsPolicies

    @property
    def counted(self) -> Counter[tuple[PolicyType, Result]]:
        found: Counter[tuple[PolicyType, Result]] = Counter()
        for line, count in self.policies.tally.take().items():
            found[line.type, line.result] += count
        return found


@asynccontextmanager
async def wire(
    tmp_path: Path,
    *scripts: Script,
    shown: Shown = SELF_MADE,
    policy: str | None = None,
    dane: Sequence[str] | str | None = None,
    validates: bool = True,
) -> AsyncIterator[Wire]:
    """A domain with one exchanger that follows the scripts. `dane`: its TLSA records, or how DNS fails at them."""
    clock = Clock()
    zone: dict[tuple[str, str], Sequence[str] | str] = {
        ("example.org", "MX"): [f"10 {HOST}."],
        (HOST, "A"): ["127.0.0.1"],
    }
    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(scripted(*scripts or [GOOD], context=shown.context))
        https_port = 1
        if policy is not None:
            host = await stack.enter_async_context(policy_host(POLICY_HOST))
            host.answer, https_port = page(policy), host.port
            zone["_mta-sts.example.org", "TXT"] = ['"v=STSv1; id=1;"']
            zone["mta-sts.example.org", "A"] = ["127.0.0.1"]
        if dane is not None:
            zone[f"_{peer.port}._tcp.{HOST}", "TLSA"] = dane
        known: Zone = zone  # type: ignore[assignment]
        dns = await stack.enter_async_context(name_server(known))
        dns.signed = dane is not None
        resolver = outbound.Resolver(
            nameserver=dns.address, monotonic=clock.monotonic, allow_private=True, validates=validates
        )
        policies = outbound.TlsPolicies(
            resolver, now=clock.now, ca_file=AUTHORITY.written_to(tmp_path), https_port=https_port
        )
        post = await stack.enter_async_context(
            post_to(DirectMx(), clock=clock, resolver=resolver, policies=policies, mx_port=peer.port)
        )
        yield Wire(post, peer, dns, policies)


def taken(made: outbound.Handover) -> bool:
    return isinstance(made.outcome, Answered) and made.outcome.reply.code == 250


def refused_for_tls(made: outbound.Handover) -> bool:
    return isinstance(made.outcome, Unreachable) and made.outcome.trouble is Trouble.TLS


# --- nobody demands anything


async def test_without_a_policy_a_self_made_certificate_will_do(tmp_path: Path):
    async with wire(tmp_path) as on:
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert (made.peer.tls, made.peer.verified) == ("TLSv1.3", None)
        assert on.counted == {(PolicyType.NONE, Result.SUCCESS): 1}


async def test_without_a_policy_a_server_without_tls_gets_the_mail(tmp_path: Path):
    async with wire(tmp_path, IN_CLEAR) as on:
        assert taken(await deliver(on.post))
        assert on.counted == {(PolicyType.NONE, Result.NO_STARTTLS): 1}


async def test_each_time_tls_is_given_up_it_is_noted_and_counted(tmp_path: Path):
    async with wire(tmp_path, BAD_TLS, IN_CLEAR) as on:
        made = await deliver(on.post, tries=2)
        assert taken(made)
        assert any("now in clear" in note for note in said(made, "note"))
        assert on.counted == {(PolicyType.NONE, Result.FAILED): 1}


async def test_a_token_that_requires_tls_never_goes_in_clear(tmp_path: Path):
    async with wire(tmp_path, BAD_TLS, BAD_TLS) as on:
        assert refused_for_tls(await deliver(on.post, replace(PARCEL, tls_required=True), tries=9))
    async with wire(tmp_path, IN_CLEAR) as on:
        assert refused_for_tls(await deliver(on.post, replace(PARCEL, tls_required=True), tries=9))
        assert on.peer.messages == []


# --- hostile servers (3207-C1, attack A3)


async def test_what_was_offered_before_tls_does_not_count_inside(tmp_path: Path):
    offering = [Say("220 mx"), Expect("EHLO"), Say("250-mx\n250-SIZE 10\n250-DSN\n250 STARTTLS"), *GOOD[3:]]
    async with wire(tmp_path, offering) as on:
        assert taken(await deliver(on.post))
        assert on.peer.heard[0][2].startswith("EHLO")
        assert not any("SIZE" in line or "RET=" in line for line in on.peer.heard[0])


async def test_answers_slipped_in_after_the_go_ahead_and_before_tls_end_the_session(tmp_path: Path):
    slipped = [*STARTTLS[:5], SayRaw(b"250-mx\r\n250 AUTH PLAIN\r\n"), Close()]
    async with wire(tmp_path, slipped) as on:
        assert refused_for_tls(await deliver(on.post))
        assert on.peer.heard[0][-1] == "STARTTLS"


# --- MTA-STS


async def test_an_enforced_policy_that_is_met_has_the_mail_delivered(tmp_path: Path):
    async with wire(tmp_path, shown=VALID, policy=sts()) as on:
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert made.peer.verified == "mta-sts"
        assert on.counted == {(PolicyType.STS, Result.SUCCESS): 1}


@pytest.mark.parametrize(
    ("shown", "result"),
    [
        (SELF_MADE, Result.NOT_TRUSTED),
        (AUTHORITY.vouches("other.example.org"), Result.OTHER_HOST),
        (AUTHORITY.vouches(HOST, since=EXPIRED[0], until=EXPIRED[1]), Result.EXPIRED),
    ],
    ids=["stranger", "other name", "expired"],
)
async def test_an_enforced_policy_keeps_the_mail_from_a_server_without_a_valid_certificate(
    tmp_path: Path, shown: Shown, result: Result
):
    async with wire(tmp_path, shown=shown, policy=sts()) as on:
        made = await deliver(on.post, tries=9)
        assert refused_for_tls(made)
        assert "certificate is not valid" in made.outcome.detail  # type: ignore[union-attr]
        assert on.peer.messages == []
        assert on.counted == {(PolicyType.STS, result): 1}


async def test_an_enforced_policy_keeps_the_mail_from_a_server_without_tls(tmp_path: Path):
    async with wire(tmp_path, IN_CLEAR, policy=sts()) as on:
        assert refused_for_tls(await deliver(on.post, tries=9))
        assert on.peer.messages == []
        assert on.counted == {(PolicyType.STS, Result.NO_STARTTLS): 1}


async def test_an_enforced_policy_keeps_the_mail_from_a_server_that_it_does_not_list(tmp_path: Path):
    async with wire(tmp_path, shown=VALID, policy=sts(mx="*.example.net")) as on:
        made = await deliver(on.post, tries=9)
        assert refused_for_tls(made)
        assert on.peer.connections == 0
        assert said(made, "note") == [f"{HOST}: the MTA-STS policy of example.org does not list this server"]
        assert on.counted == {(PolicyType.STS, Result.FAILED): 1}


async def test_a_policy_under_test_only_reports_a_certificate_that_is_not_valid(tmp_path: Path):
    async with wire(tmp_path, [*STARTTLS[:6], Close()], GOOD, policy=sts("testing")) as on:
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert (made.peer.tls, made.peer.verified) == ("TLSv1.3", None)
        assert on.counted == {(PolicyType.STS, Result.NOT_TRUSTED): 1}


async def test_a_policy_under_test_takes_no_other_server_its_turn(tmp_path: Path):
    busy = [Say("421 busy")]
    async with wire(tmp_path, [*STARTTLS[:6], Close()], busy, GOOD, policy=sts("testing", mx="*.example.org")) as on:
        on.dns.zone = {
            **on.dns.zone,
            ("example.org", "MX"): [f"10 {HOST}.", "20 mx2.example.org."],
            ("mx2.example.org", "A"): ["127.0.0.1"],
        }
        await deliver(on.post)
        assert on.peer.connections >= 3


async def test_a_policy_under_test_only_reports_a_server_without_tls(tmp_path: Path):
    async with wire(tmp_path, IN_CLEAR, IN_CLEAR, policy=sts("testing")) as on:
        assert taken(await deliver(on.post))
        assert on.counted == {(PolicyType.STS, Result.NO_STARTTLS): 1}


async def test_a_policy_under_test_only_reports_a_server_that_it_does_not_list(tmp_path: Path):
    async with wire(tmp_path, policy=sts("testing", mx="*.example.net")) as on:
        assert taken(await deliver(on.post))
        assert on.counted == {(PolicyType.STS, Result.FAILED): 1}


async def test_a_policy_that_is_over_demands_nothing(tmp_path: Path):
    async with wire(tmp_path, policy="version: STSv1\nmode: none\nmax_age: 60\n") as on:
        assert taken(await deliver(on.post))
        assert on.counted == {(PolicyType.NONE, Result.SUCCESS): 1}


async def test_a_sender_may_rather_have_it_delivered(tmp_path: Path):
    async with wire(tmp_path, policy=sts()) as on:
        assert taken(await deliver(on.post, replace(PARCEL, tls_relaxed=True)))


async def test_a_connection_is_used_again_only_under_the_same_policy(tmp_path: Path):
    async with wire(tmp_path, shown=VALID, policy=sts()) as on:
        assert taken(await deliver(on.post))
        assert taken(await deliver(on.post))
        assert on.peer.connections == 1
        assert taken(await deliver(on.post, replace(PARCEL, tls_relaxed=True)))
        assert on.peer.connections == 2


# --- DANE


@pytest.mark.parametrize(
    "record", [tlsa(3, SELF_MADE.spki, 1), tlsa(3, SELF_MADE.ders[0])], ids=["its key", "its certificate"]
)
async def test_a_certificate_that_dane_names_needs_no_authority(tmp_path: Path, record: str):
    async with wire(tmp_path, dane=[record]) as on:
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert made.peer.verified == "dane"
        assert on.counted == {(PolicyType.TLSA, Result.SUCCESS): 1}


async def test_an_authority_that_dane_names_vouches(tmp_path: Path):
    async with wire(tmp_path, shown=VALID, dane=[tlsa(2, AUTHORITY.der)]) as on:
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert made.peer.verified == "dane"


async def test_another_certificate_than_dane_names_gets_no_mail_and_hears_no_word(tmp_path: Path):
    async with wire(tmp_path, dane=[tlsa(3, VALID.spki, 1)]) as on:
        made = await deliver(on.post, tries=9)
        assert refused_for_tls(made)
        assert on.peer.heard[0][-1] == "STARTTLS"
        assert on.counted == {(PolicyType.TLSA, Result.FAILED): 1}


async def test_dane_goes_before_mta_sts(tmp_path: Path):
    async with wire(tmp_path, dane=[tlsa(3, SELF_MADE.spki, 1)], policy=sts(mx="*.example.net")) as on:
        assert taken(await deliver(on.post))
    async with wire(tmp_path, shown=VALID, dane=[tlsa(3, SELF_MADE.spki, 1)], policy=sts()) as on:
        assert refused_for_tls(await deliver(on.post))


async def test_records_that_are_all_unusable_demand_encryption_without_proof(tmp_path: Path):
    unusable = [tlsa(1, b"x")]
    async with wire(tmp_path, dane=unusable) as on:
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert made.peer.verified is None
        assert on.counted == {(PolicyType.TLSA, Result.TLSA_INVALID): 1}
    async with wire(tmp_path, IN_CLEAR, dane=unusable) as on:
        assert refused_for_tls(await deliver(on.post, tries=9))


async def test_where_dns_fails_at_tlsa_the_mail_waits(tmp_path: Path):
    async with wire(tmp_path, dane=SERVFAIL) as on:
        assert refused_for_tls(await deliver(on.post, tries=9))
        assert on.peer.connections == 0
        assert on.counted == {(PolicyType.TLSA, Result.DNSSEC_INVALID): 1}


@pytest.mark.parametrize("unsigned", ["example.org", HOST])
async def test_where_exchangers_or_addresses_are_not_validated_tlsa_is_not_asked(tmp_path: Path, unsigned: str):
    async with wire(tmp_path, dane=SERVFAIL) as on:
        on.dns.unsigned = {unsigned}
        assert taken(await deliver(on.post))
        assert not any(kind == "TLSA" for _, kind in on.dns.asked)


async def test_records_that_are_not_validated_prove_nothing(tmp_path: Path):
    async with wire(tmp_path, dane=[tlsa(3, VALID.spki, 1)]) as on:
        on.dns.unsigned = {f"_{on.peer.port}._tcp.{HOST}"}
        assert taken(await deliver(on.post))


async def test_a_resolver_that_nobody_vouched_for_is_not_believed(tmp_path: Path):
    async with wire(tmp_path, dane=SERVFAIL, validates=False) as on:
        assert taken(await deliver(on.post))
        assert not any(kind == "TLSA" for _, kind in on.dns.asked)


async def test_records_of_the_name_that_an_alias_leads_to_come_first(tmp_path: Path):
    async with wire(tmp_path, dane=[tlsa(3, VALID.spki, 1)]) as on:
        port = on.peer.port
        on.dns.zone = {
            **on.dns.zone,
            (HOST, "A"): [],
            (HOST, "CNAME"): ["real.example.org."],
            ("real.example.org", "A"): ["127.0.0.1"],
            (f"_{port}._tcp.real.example.org", "TLSA"): [tlsa(3, SELF_MADE.spki, 1)],
        }
        made = await deliver(on.post)
        assert taken(made)
        assert made.peer is not None
        assert made.peer.verified == "dane"


def test_a_context_that_demands_nothing_is_never_the_one_that_proves(tmp_path: Path):
    policies = outbound.TlsPolicies(
        outbound.Resolver(monotonic=Clock().monotonic), now=Clock().now, ca_file=AUTHORITY.written_to(tmp_path)
    )
    assert policies.context.verify_mode is ssl.CERT_REQUIRED
    assert policies.context.check_hostname


async def test_a_mail_that_is_interrupted_after_a_good_handshake_is_not_a_matter_of_tls(tmp_path: Path):
    async with wire(tmp_path, [*STARTTLS, *ENVELOPE, Close()], shown=VALID, policy=sts()) as on:
        made = await deliver(on.post)
        assert not refused_for_tls(made)
        assert on.counted == {(PolicyType.STS, Result.SUCCESS): 1}
