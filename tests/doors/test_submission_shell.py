"""The manners of the shell, over loopback, its clock moved by hand: crowds, slow clients, floods, room, goodbye."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from sendwright import smtp
from sendwright.doors.smtp_shell import Answer, Asked, Patience, Share, SmtpDoor
from tests.doors.submitter import CONTEXT, MESSAGE, Bench, FakeGate, Submitter, submission, trusting
from tests.fakes.waiting import wait_for

pytestmark = pytest.mark.anyio

SHARE = Share(drain=0.3, goodbye=0.2)


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop of the standard library, and the one we serve with."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with submission() as made:
        yield made


async def begin(caller: Submitter, *, size: int = 0) -> str:
    """Up to DATA; the last answer."""
    for command in (f"MAIL FROM:<shop@example.com> SIZE={size}", "RCPT TO:<ada@example.org>", "DATA"):
        said = await caller.say(command)
        if said[0] not in "23":
            break
    return said


# --- crowds (A9)


async def test_one_address_gets_its_share_of_connections_and_is_told_so():
    async with submission(share=replace(SHARE, connections_each=2)) as bench:
        first, _ = await bench.call(), await bench.call()
        third = await bench.call()
        assert third.greeting == "421 4.3.2 too many connections, come again later"
        assert await third.hear_all() == ""
        await first.say("QUIT")
        await first.hear_all()
        await wait_for(lambda: bench.door.shell.connections == 1)
        assert (await bench.call()).greeting.startswith("220")


async def test_all_addresses_together_get_no_more_than_the_door_has():
    async with submission(share=replace(SHARE, connections=1)) as bench:
        await bench.call()
        assert (await bench.call()).greeting.startswith("421 4.3.2")


async def test_who_is_too_many_inside_tls_costs_no_handshake():
    async with submission(share=replace(SHARE, connections_each=1)) as bench:
        await bench.call()
        with pytest.raises((OSError, EOFError)):
            await bench.call_inside_tls()


async def test_a_burst_of_connections_that_are_dropped_at_once_leaves_the_door_open():
    async with submission(share=replace(SHARE, connections_each=500)) as bench:
        for _ in range(200):
            stranger = socket.create_connection(("127.0.0.1", bench.port))
            stranger.close()
        assert (await (await bench.enter()).submit()).startswith("250")
        await wait_for(lambda: bench.door.shell.connections == 1)


# --- slow clients (A8)


async def test_a_silent_client_is_ended_after_five_minutes_with_a_word(bench: Bench):
    caller = await bench.call()
    await caller.say("EHLO a.example.com")
    bench.pass_time(299)
    assert (await caller.say("NOOP")).startswith("250")
    bench.pass_time(301)
    assert (await caller.hear()).startswith("421 4.4.2")
    assert await caller.hear_all() == ""


@pytest.mark.parametrize("kind", ["implicit", "starttls"])
async def test_a_handshake_that_does_not_come_is_ended_after_thirty_seconds(bench: Bench, kind: str):
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port if kind == "starttls" else bench.tls_port)
    if kind == "starttls":
        writer.write(b"EHLO a.example.com\r\nSTARTTLS\r\n")
        await reader.readuntil(b"220 2.0.0")
        await reader.readline()
    else:
        await wait_for(lambda: bench.door.shell.connections == 1)
    writer.write(b"\x16")
    bench.pass_time(31)
    async with asyncio.timeout(2):
        assert await ended(reader)
    writer.close()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether nothing more comes."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def trickle(bench: Bench, caller: Submitter, octets: bytes) -> str:
    """One octet each ten seconds, until an answer comes; what it was."""
    for octet in octets:
        caller.writer.write(bytes([octet]))
        await asyncio.sleep(0.005)
        bench.pass_time(10)
        await asyncio.sleep(0.005)
        if caller.reader.at_eof() or caller.reader._buffer:  # type: ignore[attr-defined]
            break
    return await caller.hear()


async def test_a_command_that_trickles_is_cut(bench: Bench):
    caller = await bench.call()
    await caller.say("EHLO a.example.com")
    assert await trickle(bench, caller, b"NOOP and some more") == "421 4.4.2 this came too slowly, closing"


async def test_an_auth_that_trickles_is_cut(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    await caller.say("AUTH LOGIN")
    assert (
        await trickle(bench, caller, b"YWJjQDEuc210cC5leGFtcGxlLmNvbQ==") == "421 4.4.2 this came too slowly, closing"
    )


async def test_the_time_of_an_auth_runs_over_all_its_lines(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    await caller.say("AUTH LOGIN")
    bench.pass_time(20)
    await caller.say("YWJj")
    bench.pass_time(11)
    assert (await caller.hear()).startswith("421 4.4.2")


async def test_a_message_that_trickles_is_cut(bench: Bench):
    caller = await bench.enter()
    await begin(caller)
    assert await trickle(bench, caller, b"Subject: slow mail") == "421 4.4.2 this came too slowly, closing"


async def test_chunks_of_one_octet_do_not_hold_a_connection(bench: Bench):
    caller = await bench.enter()
    await caller.say("MAIL FROM:<shop@example.com>")
    await caller.say("RCPT TO:<ada@example.org>")
    await caller.say(b"BDAT 1\r\nx")
    bench.pass_time(20)
    assert (await caller.say(b"BDAT 1\r\nx")).startswith("250")
    bench.pass_time(20)
    assert (await caller.hear()).startswith("421 4.4.2")


async def test_a_message_at_the_least_rate_is_taken(bench: Bench):
    caller = await bench.enter()
    await begin(caller)
    for _ in range(10):
        caller.writer.write((b"x" * 98 + b"\r\n") * 51)
        await asyncio.sleep(0.005)
        bench.pass_time(10)
    assert (await caller.say(b".\r\n")).startswith("250")


async def fill_the_pipe(bench: Bench, caller: Submitter) -> None:
    """Asks and asks and reads no answer, until the door stops listening."""
    (conversation,) = bench.door.shell._conversations
    conversation._wire._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    caller.writer.transport.pause_reading()
    caller.writer.write(b"MAIL FROM:<shop@example.com>\r\n" + b"RCPT TO:<ada@example.org>\r\n" * 10_000)
    await wait_for(lambda: bool(conversation._wire._stopped))


async def test_a_client_that_reads_no_answers_is_not_read_from_and_then_cut(bench: Bench):
    caller = await bench.enter()
    await fill_the_pipe(bench, caller)
    bench.pass_time(301)
    await wait_for(lambda: bench.door.shell.connections == 0)


async def test_a_bug_in_ending_one_conversation_does_not_save_the_others(bench: Bench):
    class Broken(smtp.Server):
        def hang_up(self, answer: smtp.Reply) -> list[smtp.events.ServerEvent]:
            raise RuntimeError("a bug")

    await bench.call()
    await bench.call()
    next(iter(bench.door.shell._conversations))._core = Broken(hostname="smtp.example.com")
    with capture_logs() as logs:
        bench.pass_time(301)
        await wait_for(lambda: bench.door.shell.connections == 0)
    assert sorted(entry["event"] for entry in logs) == ["smtp_end_failed", "smtp_session", "smtp_session"]


# --- floods (A10)


async def test_answers_to_errors_are_held_back_after_the_tenth_and_the_twentieth_is_the_last():
    async with submission(patience=Patience(error_delay=0.01, slowest=0.02)) as bench:
        caller = await bench.call()
        await caller.say("EHLO a.example.com")
        clock = asyncio.get_running_loop().time
        began = clock()
        assert [(await caller.say("FOO"))[:3] for _ in range(10)] == ["500"] * 10
        swift, began = clock() - began, clock()
        assert [(await caller.say("FOO"))[:3] for _ in range(10)] == ["500"] * 9 + ["421"]
        assert clock() - began > 0.16 > swift / 10
        assert await caller.hear_all() == ""


async def test_whoever_is_held_back_is_not_read_from_and_then_goes_on():
    async with submission(patience=Patience(errors=0, error_delay=0.05)) as bench:
        caller = await bench.call()
        await caller.say("EHLO a.example.com")
        caller.writer.write(b"FOO\r\n")
        await asyncio.sleep(0.01)
        caller.writer.write(b"NOOP\r\n")
        assert (await caller.hear()).startswith("500")
        assert (await caller.hear()).startswith("250")


async def test_a_closing_door_holds_nobody_back():
    async with submission(patience=Patience(errors=0, error_delay=60.0, slowest=60.0)) as bench:
        caller = await bench.call()
        await caller.say("EHLO a.example.com")
        caller.writer.write(b"FOO\r\n")
        await wait_for(lambda: any(one._slow for one in bench.door.shell._conversations))
    assert [line[:3] for line in (await caller.hear_all()).splitlines()] == ["500", "421"]


async def test_a_client_that_goes_while_it_is_held_back_is_forgotten():
    async with submission(patience=Patience(errors=0, error_delay=60.0, slowest=60.0)) as bench:
        caller = await bench.call()
        await caller.say("EHLO a.example.com")
        caller.writer.write(b"FOO\r\n")
        await wait_for(lambda: any(one._slow for one in bench.door.shell._conversations))
        next(iter(bench.door.shell._conversations)).cut()
        await wait_for(lambda: bench.door.shell.connections == 0)


# --- room


async def test_a_message_there_is_no_room_for_is_put_off():
    async with submission(share=replace(SHARE, octets=1_000_000)) as bench:
        large, small = await bench.enter(), await bench.enter()
        assert (await begin(large, size=990_000)).startswith("354")
        assert (await begin(small, size=20_000)).startswith("452 4.3.1")
        await large.say(MESSAGE + b".\r\n")
        assert (await begin(small, size=20_000)).startswith("354")


async def test_room_is_free_again_after_a_reset_a_refusal_and_a_lost_client():
    async with submission(share=replace(SHARE, octets=1_000_000)) as bench:
        caller, other = await bench.enter(), await bench.enter()
        await begin(other, size=100_000)
        await caller.say("MAIL FROM:<shop@example.com> SIZE=500000")
        await caller.say("RSET")
        assert bench.door.shell.room.taken == 100_000
        other.writer.transport.abort()
        await wait_for(lambda: bench.door.shell.room.taken == 0)


async def test_a_message_that_outgrows_its_size_waits_while_others_go_on():
    async with submission(share=replace(SHARE, octets=400_000)) as bench:
        liar, honest = await bench.enter(), await bench.enter()
        await begin(honest, size=340_000)
        await begin(liar, size=10)
        liar.writer.write((b"x" * 98 + b"\r\n") * 3_000)
        await wait_for(lambda: bool(bench.door.shell._waiting_for_room))
        assert (await honest.say((b"y" * 98 + b"\r\n") * 3_000 + b".\r\n")).startswith("250")
        assert (await liar.say(b".\r\n")).startswith("250")
        assert bench.door.shell.room.taken == 0


async def test_a_small_message_never_waits_for_room():
    async with submission(share=replace(SHARE, octets=400_000)) as bench:
        large, small = await bench.enter(), await bench.enter()
        await begin(large, size=390_000)
        assert (await small.submit(b"x" * 60 + b"\r\n")).startswith("250")


async def test_who_waited_a_minute_for_room_is_put_off_and_the_others_go_on():
    async with submission(share=replace(SHARE, octets=400_000)) as bench:
        first, second = await bench.enter(), await bench.enter()
        for caller in (first, second):
            await begin(caller)
            caller.writer.write((b"x" * 98 + b"\r\n") * 2_000)
        await wait_for(lambda: bool(bench.door.shell._waiting_for_room))
        bench.pass_time(61)
        assert (await second.hear_all()).startswith("421 4.3.1")
        assert (await first.say(b".\r\n")).startswith("250")


# --- TLS


async def test_what_is_slipped_in_behind_starttls_is_not_obeyed(bench: Bench):
    caller = await bench.call()
    await caller.say("EHLO a.example.com")
    caller.writer.write(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
    assert (await caller.hear_all()).startswith("421 4.7.0")
    assert bench.gate.asked == []


async def test_what_is_slipped_in_between_starttls_and_the_handshake_ends_the_connection(bench: Bench):
    caller = await bench.call()
    await caller.say("EHLO a.example.com")
    await caller.say("STARTTLS")
    caller.writer.write(b"EHLO a.example.com\r\n" * 20)
    assert "250" not in await caller.hear_all()


async def test_words_that_come_with_the_end_of_the_handshake_are_heard(bench: Bench):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing)
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.tls_port)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    writer.write(outgoing.read())
    incoming.write(await reader.read(65_536))
    tls.do_handshake()
    tls.write(b"EHLO a.example.com\r\n")
    writer.write(outgoing.read())  # the last words of the handshake and the first of the mail in one packet
    heard = b""
    async with asyncio.timeout(2):
        while b"DSN" not in heard:
            incoming.write(await reader.read(65_536))
            while incoming.pending:
                heard += tls.read(65_536)
    assert heard.startswith(b"220 smtp.example.com")
    writer.close()


async def test_a_client_may_resume_its_tls_session(bench: Bench):
    def resumed() -> list[bool]:
        context, session, found = trusting(), None, []
        for _ in range(2):
            with (
                socket.create_connection(("127.0.0.1", bench.tls_port)) as plain,
                context.wrap_socket(plain, session=session) as tls,
            ):
                tls.recv(100)
                session = tls.session
                found.append(bool(tls.session_reused))
        return found

    assert await asyncio.to_thread(resumed) == [False, True]


# --- how a conversation ends


async def test_a_program_that_closes_its_half_after_the_last_word_gets_its_answer(bench: Bench):
    caller = await bench.call()
    caller.writer.write(b"EHLO a.example.com\r\nNOOP\r\n")
    caller.writer.write_eof()
    assert "250 2.0.0 ok" in await caller.hear_all()


async def test_words_that_come_while_an_answer_is_owed_wait_their_turn():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event())) as bench:
        caller = await bench.enter()
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        await bench.gate.at_work.wait()
        caller.writer.write(b"NOOP\r\nQUIT\r\n")
        await wait_for(lambda: any(one._wire._stopped for one in bench.door.shell._conversations))
        bench.gate.may_go_on.set()
        assert [line[:3] for line in (await caller.hear_all()).splitlines()] == ["250", "250", "221"]


async def test_a_program_that_closes_its_half_after_its_mail_still_gets_the_answer():
    may_go_on = asyncio.Event()

    class Waiting:
        """Takes all mail, late."""

        def auth(self, auth: smtp.events.Auth) -> Asked:
            return None

        def mail(self, mail: smtp.events.Mail) -> Asked:
            return None

        def rcpt(self, rcpt: smtp.events.Rcpt) -> Asked:
            return None

        async def message(self, message: smtp.events.Message) -> Answer:
            await may_go_on.wait()
            return None

    door = SmtpDoor(
        "test", meet=lambda conversation: Waiting(), make_core=lambda secure: smtp.Server(hostname="mx.example.com"),
        context=lambda: CONTEXT, share=SHARE,
    )  # fmt: skip
    async with door:
        caller = await Submitter.call(await door.open_plain("127.0.0.1", 0))
        await caller.say("EHLO a.example.com")
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        caller.writer.write_eof()
        await wait_for(lambda: door.in_hand == 1)
        may_go_on.set()
        assert (await caller.hear_all()).startswith("250 2.0.0")
        caller.close()


async def test_mails_that_come_in_one_packet_are_dealt_with_one_after_the_other():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event())) as bench:
        caller = await bench.enter()
        one = b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<ada@example.org>\r\nBDAT %d LAST\r\n%b" % (
            len(MESSAGE),
            MESSAGE,
        )
        caller.writer.write(one * 3 + b"QUIT\r\n")
        await bench.gate.at_work.wait()
        assert bench.gate.asked.count("accept") == 1
        bench.gate.may_go_on.set()
        assert [line[:3] for line in (await caller.hear_all()).splitlines()] == ["250"] * 9 + ["221"]
        assert len(bench.gate.taken) == 3


async def test_a_client_that_ends_tls_in_order_is_gone(bench: Bench):
    def visit() -> None:
        with (
            socket.create_connection(("127.0.0.1", bench.tls_port)) as plain,
            trusting().wrap_socket(plain) as tls,
        ):
            tls.recv(100)
            tls.unwrap()

    await asyncio.to_thread(visit)
    await wait_for(lambda: bench.door.shell.connections == 0)


async def test_the_time_that_we_take_is_not_counted_against_the_client():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event())) as bench:
        caller = await bench.enter()
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        await bench.gate.at_work.wait()
        bench.pass_time(3_600)
        bench.gate.may_go_on.set()
        assert (await caller.hear()).startswith("250")
        bench.pass_time(299)
        assert (await caller.say("NOOP")).startswith("250")


async def test_a_client_that_is_gone_counts_until_its_mail_is_dealt_with():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event())) as bench:
        caller = await bench.enter()
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        await bench.gate.at_work.wait()
        caller.writer.transport.abort()
        await asyncio.sleep(0.02)
        assert bench.door.shell.connections == 1
        bench.gate.may_go_on.set()
        await wait_for(lambda: bench.door.shell.connections == 0)
        assert len(bench.gate.taken) == 1


async def test_a_fault_after_a_wait_is_a_temporary_answer():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event(), fault=RuntimeError("a bug"))) as bench:
        caller = await bench.enter()
        await begin(caller)
        with capture_logs():
            caller.writer.write(MESSAGE + b".\r\n")
            bench.gate.may_go_on.set()
            assert (await caller.hear()).startswith("451 4.3.0")


async def test_a_fault_of_the_shell_itself_ends_only_its_own_conversation():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event())) as bench:
        caller, other = await bench.enter(), await bench.enter()
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        await bench.gate.at_work.wait()
        (busy,) = [one for one in bench.door.shell._conversations if one.is_busy]
        busy._core.accept()
        with capture_logs() as logs:
            bench.gate.may_go_on.set()
            await caller.hear_all()
        assert "smtp_conversation_failed" in [entry["event"] for entry in logs]
        assert (await other.submit()).startswith("250")


async def test_a_large_message_arrives_whole_in_whatever_pieces(bench: Bench):
    message = b"Subject: large\r\n\r\n" + b"".join(b"%076d\r\n" % number for number in range(40_000))
    caller = await bench.enter()
    assert (await caller.submit(message)).startswith("250")
    assert bench.gate.taken[0].content == message


# --- how the door closes


async def test_idle_clients_are_told_that_the_door_closes():
    async with submission() as bench:
        plain, inside = await bench.call(), await bench.enter()
    assert (await plain.hear_all()).startswith("421 4.3.2")
    assert (await inside.hear_all()).startswith("421 4.3.2")


async def test_a_mail_in_hand_is_answered_before_the_goodbye():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event())) as bench:
        caller = await bench.enter()
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        await bench.gate.at_work.wait()
        asyncio.get_running_loop().call_later(0.05, bench.gate.may_go_on.set)
    assert [line[:9] for line in (await caller.hear_all()).splitlines()] == ["250 2.0.0", "421 4.3.2"]


async def test_a_mail_that_is_never_dealt_with_does_not_keep_the_door_open():
    async with submission(gate=FakeGate(may_go_on=asyncio.Event()), share=replace(SHARE, drain=0.05)) as bench:
        caller = await bench.enter()
        await begin(caller)
        caller.writer.write(MESSAGE + b".\r\n")
        await bench.gate.at_work.wait()
    assert await caller.hear_all() == ""
    assert bench.gate.taken == []


async def test_a_client_amid_its_handshake_does_not_keep_the_door_open():
    async with submission() as bench:
        stranger = socket.create_connection(("127.0.0.1", bench.tls_port))
        await wait_for(lambda: bench.door.shell.connections == 1)
    stranger.close()


async def test_a_client_that_reads_nothing_does_not_keep_the_door_open():
    async with submission() as bench:
        caller = await bench.enter()
        await fill_the_pipe(bench, caller)
    assert bench.door.shell.connections == 0
