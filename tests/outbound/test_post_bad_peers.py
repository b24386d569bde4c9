"""Servers that misbehave: each has an outcome, none costs more than its limit (attack A13, issue 2)."""

import asyncio
from dataclasses import replace

import pytest

from sendwright import smtp
from sendwright.outbound.model import Answered, Lost, SmartHost, Tls, Trouble, Unreachable, Withheld
from sendwright.outbound.settings import Limits
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
    SayRaw,
    Script,
    Trickle,
    Upgrade,
    scripted,
)
from tests.fakes.waiting import wait_for
from tests.outbound.made import PARCEL, SHORT, deliver, post_to, said

pytestmark = pytest.mark.anyio

WITH_TLS = (Say("220 mx"), Expect("EHLO"), Say("250-mx\n250 STARTTLS"), Expect("STARTTLS"))


async def outcome_of(*scripts: Script, limits: Limits | None = None, tries: int = 0) -> object:
    async with scripted(*scripts) as peer, post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=limits) as post:
        made = await deliver(post, tries=tries)
        assert peer.wrong == []
        return made.outcome


async def test_421_instead_of_a_greeting_is_an_answer_to_the_session():
    outcome = await outcome_of([Say("421 4.3.2 too busy")])
    assert isinstance(outcome, Answered)
    assert outcome.before_the_message
    assert outcome.reply.code == 421


async def test_554_instead_of_a_greeting_is_an_answer_to_the_session():
    outcome = await outcome_of([Say("554 5.7.1 go away"), *BYE])
    assert isinstance(outcome, Answered)
    assert outcome.before_the_message


async def test_451_to_the_recipient_is_an_answer():
    outcome = await outcome_of(
        [*EHLO, Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("451 4.7.1 later"), Expect("DATA"), Say("503 no")]
    )
    assert isinstance(outcome, Answered)
    assert (outcome.stage, outcome.reply.code) == (smtp.Stage.RCPT, 451)


async def test_550_to_the_recipient_is_an_answer_with_the_remote_words():
    outcome = await outcome_of(
        [*EHLO, Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("550 5.1.1 no such user"), Expect("DATA"),
         Say("554 no valid recipients")]
    )  # fmt: skip
    assert isinstance(outcome, Answered)
    assert str(outcome.reply) == "550 5.1.1 no such user"


async def test_550_to_the_message_is_an_answer():
    outcome = await outcome_of([*EHLO, *ENVELOPE, ExpectMessage(), Say("550 5.7.1 spam")])
    assert isinstance(outcome, Answered)
    assert outcome.stage is smtp.Stage.FINAL


async def test_a_server_that_never_greets_is_given_up_at_the_limit():
    outcome = await outcome_of([Hang()], limits=SHORT)
    assert isinstance(outcome, Unreachable)
    assert "did not answer within" in outcome.detail


async def test_a_server_that_hangs_after_mail_loses_the_message_before_the_dot():
    outcome = await outcome_of([*EHLO, Expect("MAIL"), Hang()], limits=SHORT)
    assert isinstance(outcome, Lost)
    assert not outcome.dot_written


async def test_a_server_that_hangs_after_the_dot_leaves_us_in_doubt():
    outcome = await outcome_of([*EHLO, *ENVELOPE, ExpectMessage(), Hang()], limits=SHORT)
    detail = "the server did not answer within 0.3 s"
    assert outcome == Lost(stage=smtp.Stage.FINAL, dot_written=True, detail=detail, timed_out=True)


async def test_a_server_that_closes_after_the_dot_leaves_us_in_doubt_and_is_not_asked_again():
    async with (
        scripted([*EHLO, *ENVELOPE, ExpectMessage(), Close()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post)
        assert made.outcome == Lost(stage=smtp.Stage.FINAL, dot_written=True, detail="the server closed the connection")
        assert peer.connections == 1


async def test_a_server_that_closes_before_354_has_not_got_the_message():
    outcome = await outcome_of([*EHLO, Expect("MAIL"), Say("250 ok"), Close()])
    assert isinstance(outcome, Lost)
    assert not outcome.dot_written


async def test_a_large_message_that_the_server_never_reads_is_not_in_doubt():
    big = (b"x" * 78 + b"\r\n") * 200_000
    async with (
        scripted([*EHLO, *ENVELOPE, Expect("x"), Close()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, replace(PARCEL, message=big))
    assert isinstance(made.outcome, Lost)
    assert not made.outcome.dot_written


async def test_a_server_that_stops_reading_a_large_message_is_given_up_and_has_not_got_it():
    big = (b"x" * 78 + b"\r\n") * 250_000
    async with (
        scripted([*EHLO, *ENVELOPE, Deaf()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=SHORT) as post,
    ):
        made = await deliver(post, replace(PARCEL, message=big))
    assert isinstance(made.outcome, Lost)
    assert not made.outcome.dot_written
    assert said(made, "note")[-1] == "no answer within 0.3 s"


async def test_garbage_instead_of_smtp_is_no_server():
    outcome = await outcome_of([SayRaw(b"\x16\x03\x01 what is this\r\n")])
    assert isinstance(outcome, Unreachable)
    assert outcome.trouble is Trouble.SPEECH


async def test_an_endless_reply_is_cut():
    outcome = await outcome_of([SayRaw(b"220-endless\r\n" * 5_000), Hang()], limits=SHORT)
    assert isinstance(outcome, Unreachable)
    assert "100 lines" in outcome.detail


async def test_a_reply_line_of_a_megabyte_is_cut():
    outcome = await outcome_of([SayRaw(b"220 " + b"x" * 1_000_000), Hang()], limits=SHORT)
    assert isinstance(outcome, Unreachable)
    assert "65536" in outcome.detail


async def test_a_reply_that_trickles_gets_no_more_time_than_another():
    outcome = await outcome_of([Trickle(b"2")], limits=SHORT)
    assert isinstance(outcome, Unreachable)


async def test_many_short_lines_of_dialogue_are_not_all_kept():
    chatty = [SayRaw(b"220-hello\r\n" * 90 + b"220 hi\r\n"), Expect("EHLO"), SayRaw(b"250-a\r\n" * 90 + b"250 b\r\n")]
    script = [*chatty, Expect("MAIL"), SayRaw(b"250-a\r\n" * 90 + b"250 b\r\n"), Expect("RCPT"),
              SayRaw(b"250-a\r\n" * 90 + b"250 b\r\n"), Expect("DATA"), SayRaw(b"354-a\r\n" * 90 + b"354 b\r\n"),
              ExpectMessage(), Say("250 ok")]  # fmt: skip
    async with scripted(script) as peer, post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
        made = await deliver(post)
    assert isinstance(made.outcome, Answered)
    assert len(made.dialogue) <= 401
    assert made.dialogue[-1].text == "the rest of this conversation was not kept"


async def test_a_server_that_takes_the_recipient_and_then_refuses_data_has_answered():
    outcome = await outcome_of(
        [*EHLO, Expect("MAIL"), Say("250 ok"), Expect("RCPT"), Say("250 ok"), Expect("DATA"), Say("451 4.3.0 not now")]
    )
    assert isinstance(outcome, Answered)
    assert (outcome.stage, outcome.reply.code) == (smtp.Stage.DATA, 451)


# --- TLS


async def test_tls_garbage_from_our_own_machine_is_answered_by_going_in_clear():
    async with scripted(
        [*WITH_TLS, Say("220 go"), SayRaw(b"this is not TLS" * 20), Hang()], [*EHLO, *ONE_MESSAGE, *BYE]
    ) as peer:
        async with post_to(SmartHost(host="127.0.0.1", port=peer.port), limits=SHORT) as post:
            made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.peer is not None
        assert made.peer.tls is None


async def test_tls_that_is_required_and_not_offered_is_not_done_without():
    async with scripted([*EHLO, *BYE]) as peer:
        route = SmartHost(host="127.0.0.1", port=peer.port, tls=Tls.REQUIRED)
        async with post_to(route) as post:
            made = await deliver(post)
    assert isinstance(made.outcome, Unreachable)
    assert made.outcome.trouble is Trouble.TLS
    assert [line for line in peer.heard[0] if line.startswith("MAIL")] == []


async def test_an_upgraded_connection_is_shown_with_version_and_cipher():
    script = [*WITH_TLS, Say("220 go"), Upgrade(), Expect("EHLO"), Say("250-mx\n250 PIPELINING"), *ONE_MESSAGE, *BYE]
    async with scripted(script) as peer, post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post:
        made = await deliver(post)
        assert isinstance(made.outcome, Answered)
        assert made.peer is not None
        assert made.peer.tls == "TLSv1.3"
        assert made.peer.cipher
        assert any(line.startswith("TLSv1.3 with") for line in said(made, "note"))


# --- the caller


async def test_a_message_that_is_not_let_go_is_not_written_and_the_connection_is_closed():
    async def hold(peer: object) -> bool:
        return False

    async with (
        scripted([*EHLO, *ENVELOPE, ExpectMessage()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, before_dot=hold)
        assert made.outcome == Withheld()
        assert peer.messages == []


async def test_what_before_dot_raises_is_raised_and_the_message_is_not_written():
    async def fail(peer: object) -> bool:
        raise RuntimeError("the ledger is gone")

    async with (
        scripted([*EHLO, *ENVELOPE, ExpectMessage()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        with pytest.raises(RuntimeError, match="the ledger is gone"):
            await deliver(post, before_dot=fail)
        assert peer.messages == []
        assert post.free_slots("example.org") == 2


async def test_a_cancelled_delivery_closes_its_connection_and_frees_its_slot():
    waiting = asyncio.Event()

    async def never(peer: object) -> bool:
        waiting.set()
        await asyncio.Event().wait()
        return True

    async with (
        scripted([*EHLO, *ENVELOPE, ExpectMessage()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliver(post, before_dot=never))
            await waiting.wait()
            task.cancel()
        assert task.cancelled()
        assert post.free_slots("example.org") == 2
        assert peer.messages == []


async def test_a_delivery_cancelled_while_the_server_is_silent_frees_its_slot():
    async with (
        scripted([Hang()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliver(post))
            await wait_for(lambda: peer.connections == 1)
            task.cancel()
        assert task.cancelled()
        assert post.free_slots("example.org") == 2


async def test_before_dot_is_called_once_even_if_the_server_goes_meanwhile():
    calls = []

    async def count(peer: object) -> bool:
        calls.append(peer)
        await asyncio.sleep(0.05)
        return True

    async with (
        scripted([*EHLO, *ENVELOPE, Close()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, before_dot=count)
    assert isinstance(made.outcome, Lost)
    assert not made.outcome.dot_written
    assert len(calls) == 1


async def test_a_message_that_must_not_leave_is_refused_here():
    async with (
        scripted([*EHLO, *ENVELOPE, ExpectMessage()]) as peer,
        post_to(SmartHost(host="127.0.0.1", port=peer.port)) as post,
    ):
        made = await deliver(post, replace(PARCEL, message=b"a\nb"))
    assert isinstance(made.outcome, Answered)
    assert made.outcome.local
    assert made.outcome.reply.enhanced == "5.6.0"
