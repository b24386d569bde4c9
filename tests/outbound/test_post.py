"""The post with servers that behave: connections kept, slots, the route's demands."""

import asyncio
import ssl
from dataclasses import replace

import pytest

from sendwright import outbound, smtp
from sendwright.outbound.connect import Connector
from sendwright.outbound.model import Answered, DirectMx, Lost, Sandbox, SmartHost, Tls, Trouble, Unreachable, Withheld
from sendwright.outbound.settings import Limits, Manners, PostSettings
from tests.fakes.smtp_peer import (
    BYE,
    EHLO,
    ENVELOPE,
    ONE_MESSAGE,
    Close,
    Deaf,
    Expect,
    ExpectMessage,
    Hang,
    Say,
    scripted,
)
from tests.fakes.waiting import wait_for
from tests.outbound.made import PARCEL, SHORT, Clock, deliver, let_go, post_to, said

pytestmark = pytest.mark.anyio

AUTH = (
    Say("220 mx"),
    Expect("EHLO"),
    Say("250-mx\n250-PIPELINING\n250 AUTH PLAIN"),
    Expect("AUTH PLAIN"),
    Say("235 ok"),
)


async def test_a_message_arrives_as_it_was_given():
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            made = await deliver(post)
        assert made.outcome == Answered(
            stage=smtp.Stage.FINAL, reply=smtp.Reply(code=250, enhanced="2.0.0", lines=("taken",))
        )
        assert peer.messages == [PARCEL.message]
        assert peer.wrong == []


async def test_the_dialogue_shows_both_sides_and_the_message_as_its_size():
    async with (
        scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post)
    assert said(made, "out") == [
        "EHLO mta.example.com",
        "MAIL FROM:<bounces@example.com>",
        "RCPT TO:<ada@example.org>",
        "DATA",
        "<28 bytes>",
    ]
    assert said(made, "in")[-1] == "250 2.0.0 taken"


async def test_a_second_message_uses_the_same_connection():
    async with scripted([*EHLO, *ONE_MESSAGE, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            await deliver(post)
            second = await deliver(post)
        assert peer.connections == 1
        assert said(second, "note") == ["message 2 on the connection to 127.0.0.1 [127.0.0.1]"]
        assert peer.wrong == []


async def test_after_a_refusal_the_connection_is_reset_and_used_again():
    refused = (Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("550 5.1.1 no"), Expect("DATA"), Say("554 no"),
               Expect("RSET"), Say("250 ok"))  # fmt: skip
    async with scripted([*EHLO, *refused, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            await deliver(post)
            second = await deliver(post)
        assert isinstance(second.outcome, Answered)
        assert second.outcome.reply.code == 250
        assert peer.connections == 1


async def test_a_connection_takes_no_more_messages_than_it_may():
    one_each = Manners(messages=1)
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port), own_relay=one_each) as post:
            await deliver(post)
            await deliver(post)
        assert peer.connections == 2
        assert [heard[-1] for heard in peer.heard] == ["QUIT", "QUIT"]


async def test_a_kept_connection_that_the_server_closed_costs_no_try():
    async with scripted([*EHLO, *ONE_MESSAGE, Expect("MAIL"), Close()], [*EHLO, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            await deliver(post)
            second = await deliver(post)
        assert isinstance(second.outcome, Answered)
        assert second.outcome.reply.code == 250
        assert peer.connections == 2


async def test_a_connection_that_was_closed_while_idle_is_not_used():
    async with scripted([*EHLO, *ONE_MESSAGE, Say("421 4.4.2 idle"), Close()], [*EHLO, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            await deliver(post)
            await asyncio.sleep(0.05)  # the server's word has to travel
            second = await deliver(post)
        assert isinstance(second.outcome, Answered)
        assert second.outcome.reply.code == 250


async def test_an_idle_connection_says_goodbye_after_its_time():
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer:
        limits = replace(SHORT, idle=0.05)
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=limits) as post:
            await deliver(post)
            await wait_for(lambda: peer.heard[0][-1] == "QUIT")


async def test_closing_the_post_waits_only_a_moment_for_the_goodbye():
    async with scripted([*EHLO, *ONE_MESSAGE, Expect("QUIT"), Hang()]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=SHORT) as post:
            await deliver(post)
        assert peer.heard[0][-1] == "QUIT"


async def test_without_pipelining_each_command_waits_for_its_answer():
    plain = (Say("220 mx"), Expect("EHLO"), Say("250 mx"))
    async with scripted([*plain, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 250


async def test_a_relay_that_is_not_there_is_unreachable():
    async with scripted([Hang()]) as peer:
        port = peer.port
    async with post_to(SmartHost(host="127.0.0.1", port=port)) as post:
        made = await deliver(post)
    assert isinstance(made.outcome, Unreachable)
    assert made.outcome.trouble is Trouble.CONNECT
    assert made.outcome.detail == "Connection refused"


async def test_a_relay_whose_name_is_unknown_is_unreachable():
    async with post_to(SmartHost(host="relay.invalid", port=25)) as post:
        made = await deliver(post)
    assert isinstance(made.outcome, Unreachable)
    assert made.outcome.trouble is Trouble.DNS


async def test_a_password_is_shown_to_our_own_machine_without_tls_and_not_written_down():
    async with scripted([*AUTH, *ONE_MESSAGE, *BYE]) as peer:
        route = SmartHost(host="127.0.0.1", port=peer.port, user="ada", password="opensesame")
        async with post_to(route) as post:
            made = await deliver(post)
    assert isinstance(made.outcome, Answered)
    assert "AUTH PLAIN ***" in said(made, "out")
    assert "opensesame" not in repr(made)


async def test_a_wrong_password_is_about_us_and_not_about_the_recipient():
    wrong = (*AUTH[:-1], Say("535 5.7.8 wrong"), *BYE)
    async with scripted(wrong) as peer:
        route = SmartHost(host="127.0.0.1", port=peer.port, user="ada", password="opensesame")
        async with post_to(route) as post:
            made = await deliver(post)
    assert isinstance(made.outcome, Answered)
    assert made.outcome.stage is smtp.Stage.AUTH
    assert made.outcome.before_the_message


async def test_a_relay_asked_for_tls_from_the_first_byte_gets_it_or_nothing():
    async with (
        scripted([*EHLO, *ONE_MESSAGE]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port, tls=Tls.IMPLICIT), limits=SHORT) as post,
    ):
        made = await deliver(post)
    assert isinstance(made.outcome, Unreachable)
    assert peer.messages == []


async def test_a_relay_asked_for_tls_from_the_first_byte_gets_it():
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE], implicit_tls=True) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port, tls=Tls.IMPLICIT)) as post:
            made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.peer is not None
        assert made.peer.tls == "TLSv1.3"
        assert peer.messages == [PARCEL.message]


@pytest.mark.parametrize(
    ("host", "tls", "proof"),
    [
        ("relay.example.com", Tls.IMPLICIT, ssl.CERT_REQUIRED),
        ("relay.example.com", Tls.REQUIRED, ssl.CERT_REQUIRED),
        ("relay.example.com", Tls.OPPORTUNISTIC, ssl.CERT_NONE),
        ("127.0.0.1", Tls.IMPLICIT, ssl.CERT_NONE),
    ],
)
async def test_a_relay_that_is_trusted_with_a_password_proves_who_it_is(host: str, tls: Tls, proof: ssl.VerifyMode):
    route = SmartHost(host=host, port=465, tls=tls)
    connector = Connector(route, PostSettings(ehlo_name="mta.example.com"), on_open=lambda talk: None)
    assert connector._context.verify_mode is proof


async def test_a_large_message_arrives_whole():
    big = (b"x" * 78 + b"\r\n") * 100_000
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            made = await deliver(post, replace(PARCEL, message=big))
        assert isinstance(made.outcome, Answered)
        assert peer.messages == [big]


async def test_a_parcel_that_requires_tls_never_goes_in_clear():
    async with scripted([*EHLO, *BYE]) as peer, post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
        made = await deliver(post, replace(PARCEL, tls_required=True), tries=9)
    assert isinstance(made.outcome, Unreachable)
    assert made.outcome.trouble is Trouble.TLS


async def test_a_parcel_that_requires_tls_does_not_use_a_kept_connection_in_clear():
    async with scripted([*EHLO, *ONE_MESSAGE, *BYE], [*EHLO, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            await deliver(post)
            second = await deliver(post, replace(PARCEL, tls_required=True))
        assert isinstance(second.outcome, Unreachable)


async def test_an_internationalised_address_is_not_given_to_a_server_that_takes_none():
    async with scripted([*EHLO, *BYE]) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
            made = await deliver(post, replace(PARCEL, rcpt_to="zoë@example.org", smtputf8=True))
        assert isinstance(made.outcome, Answered)
        assert made.outcome.local
        assert made.outcome.reply.enhanced == "5.6.7"


async def test_who_finds_no_slot_in_time_has_not_been_tried():
    waiting = asyncio.Event()
    release = asyncio.Event()

    async def hold(peer: outbound.Peer) -> bool:
        waiting.set()
        await release.wait()
        return True

    async with scripted([*EHLO, *ENVELOPE, ExpectMessage(), Say("250 ok"), *BYE]) as peer:
        limits = Limits(slot=0.05)
        manners = Manners(start=1, most=1)
        async with (
            post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=limits, own_relay=manners) as post,
            asyncio.TaskGroup() as group,
        ):
            first = group.create_task(deliver(post, before_dot=hold))
            await waiting.wait()
            assert post.free_slots("example.org") == 0
            second = await deliver(post)
            release.set()
        assert isinstance(second.outcome, Unreachable)
        assert second.outcome.trouble is Trouble.CROWDED
        assert isinstance(first.result().outcome, Answered)


async def test_clean_deliveries_earn_more_connections():
    async with (
        scripted([*EHLO, *ONE_MESSAGE * 5, *BYE]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        assert post.free_slots("example.org") == 2
        for _ in range(5):
            await deliver(post)
        assert post.free_slots("example.org") == 4


async def test_a_site_that_breaks_off_gets_half_as_many_connections():
    async with (
        scripted([*EHLO, Expect("MAIL"), Say("421 4.7.0 too many"), Close()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.outcome.reply.code == 421
        assert post.free_slots("example.org") == 1


async def test_the_sandbox_needs_its_port_before_a_post_is_made():
    with pytest.raises(ValueError, match="open its door first"):
        async with post_to(Sandbox()):
            pass


async def test_the_route_mx_needs_a_resolver():
    with pytest.raises(ValueError, match="resolver"):
        async with post_to(DirectMx()):
            pass


async def test_times_are_those_of_the_clock():
    clock = Clock()

    async def later(peer: outbound.Peer) -> bool:
        clock.moved += 1.5
        return await let_go(peer)

    async with (
        scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port), clock=clock) as post,
    ):
        made = await deliver(post, before_dot=later)
    assert (made.ended - made.started).total_seconds() == 1.5
    assert made.dialogue[-1].at_ms == 1500


# --- the end of a large message


BIG = (b"x" * 78 + b"\r\n") * 100_000


async def test_a_large_message_is_asked_about_again_before_its_end():
    asked: list[outbound.Peer] = []

    async def ask(peer: outbound.Peer) -> bool:
        asked.append(peer)
        return True

    async with (
        scripted([*EHLO, *ONE_MESSAGE, *BYE]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        await deliver(post, replace(PARCEL, message=BIG), before_dot=ask)
    assert len(asked) == 2


async def test_a_large_message_whose_lease_ran_out_meanwhile_gets_no_dot():
    answers = iter([True, False])

    async def ask(peer: outbound.Peer) -> bool:
        return next(answers)

    async with (
        scripted([*EHLO, *ENVELOPE, ExpectMessage()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, replace(PARCEL, message=BIG), before_dot=ask)
    assert made.outcome == Withheld()
    assert peer.messages == []


async def test_a_server_that_goes_within_a_large_message_has_not_got_it():
    async with (
        scripted([*EHLO, *ENVELOPE, Close()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, replace(PARCEL, message=BIG * 4))
    assert isinstance(made.outcome, Lost)
    assert not made.outcome.dot_written


async def test_a_server_that_refuses_within_a_large_message_is_believed_and_left():
    async with (
        scripted([*EHLO, *ENVELOPE, Expect("XXX"), Say("552 5.3.4 too large"), Deaf()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, replace(PARCEL, message=BIG * 4))
    assert isinstance(made.outcome, Answered)
    assert made.outcome.reply.code == 552
