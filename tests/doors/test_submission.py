"""The submission door, spoken to over loopback: log-in, questions put to the story, and the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from sendwright import database
from sendwright.doors.login_guard import LoginGuard, Tolerance
from sendwright.doors.submission import shown_name
from sendwright.submission import Refusal
from tests.doors.submitter import MESSAGE, PASSWORD, USER, Bench, FakeGate, submission

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop of the standard library, and the one we serve with."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with submission() as made:
        yield made


# --- the way in


async def test_a_program_upgrades_logs_in_and_submits(bench: Bench):
    caller = await bench.call()
    await caller.upgrade()
    assert await caller.log_in() == "235 2.7.0 welcome"
    assert await caller.submit() == "250 2.0.0 taken as 1"
    (arrival,) = bench.gate.taken
    assert (arrival.content, arrival.helo, arrival.ip, arrival.protocol) == (
        MESSAGE, "shop.example.com", "127.0.0.1", "ESMTPSA",
    )  # fmt: skip


async def test_a_program_may_begin_inside_tls(bench: Bench):
    caller = await bench.enter()
    assert await caller.submit() == "250 2.0.0 taken as 1"


async def test_many_mails_go_through_one_session(bench: Bench):
    caller = await bench.enter()
    assert [await caller.submit() for _ in range(5)][-1] == "250 2.0.0 taken as 5"


async def test_the_door_offers_dsn_and_auth_only_inside_tls(bench: Bench):
    stranger, inside = await bench.call(), await bench.call_inside_tls()
    in_clear, in_tls = await stranger.say("EHLO a.example.com"), await inside.say("EHLO a.example.com")
    assert "STARTTLS" in in_clear
    assert "AUTH" not in in_clear
    assert "STARTTLS" not in in_tls
    assert "AUTH PLAIN LOGIN" in in_tls
    assert "DSN" in in_tls


async def test_wishes_for_notifications_reach_the_story(bench: Bench):
    caller = await bench.enter()
    await caller.say("MAIL FROM:<shop@example.com> RET=HDRS ENVID=order-1")
    await caller.say("RCPT TO:<ada@example.org> NOTIFY=FAILURE,DELAY")
    await caller.say("DATA")
    await caller.say(MESSAGE + b".\r\n")
    envelope = bench.gate.taken[0].envelope
    assert (envelope.ret, envelope.envid) == ("HDRS", "order-1")
    assert envelope.wishes[0].notify == {"FAILURE", "DELAY"}


async def test_nobody_submits_without_a_log_in(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    assert (await caller.say("MAIL FROM:<shop@example.com>")).startswith("530 5.7.0")
    assert bench.gate.asked == []


async def test_nobody_logs_in_without_tls(bench: Bench):
    caller = await bench.call()
    await caller.say("EHLO a.example.com")
    assert (await caller.log_in()).startswith("538 5.7.11")
    assert bench.gate.asked == []


# --- what the story says is passed on


async def test_a_refused_sender_is_told_why_and_may_try_another(bench: Bench):
    bench.gate.refuse_sender = Refusal(code=550, enhanced="5.7.1", text="connect the domain first")
    caller = await bench.enter()
    assert await caller.submit() == "550 5.7.1 connect the domain first"
    bench.gate.refuse_sender = None
    assert (await caller.submit()).startswith("250")


async def test_a_refused_recipient_is_told_why(bench: Bench):
    bench.gate.refuse_recipient = Refusal(code=553, enhanced="5.1.3", text="this is no address")
    assert await (await bench.enter()).submit() == "553 5.1.3 this is no address"


async def test_a_refused_mail_is_told_why_and_the_session_goes_on(bench: Bench):
    bench.gate.refuse_mail = Refusal(code=451, enhanced="4.7.1", text="slower, please")
    caller = await bench.enter()
    assert await caller.submit() == "451 4.7.1 slower, please"
    bench.gate.refuse_mail = None
    assert (await caller.submit()).startswith("250")


@pytest.mark.parametrize("question", ["refuse_sender", "refuse_mail"])
@pytest.mark.parametrize("code", [535, 421])
async def test_a_standing_that_is_gone_ends_the_session(bench: Bench, question: str, code: int):
    caller = await bench.enter()
    setattr(bench.gate, question, Refusal(code=code, enhanced="4.7.0", text="this token was reset"))
    assert await caller.submit() == f"{code} 4.7.0 this token was reset"
    assert await caller.hear_all() == ""


# --- our own trouble


@pytest.mark.parametrize("fault", [database.Unavailable("gone"), RuntimeError("a bug")], ids=["database", "bug"])
async def test_our_own_trouble_is_a_temporary_answer_to_any_question(fault: Exception):
    with capture_logs():
        async with submission(gate=FakeGate()) as bench:
            assert await troubled(bench, fault) == ["454 4.7.0", "451 4.3.0", "451 4.3.0", "451 4.3.0"]
            bench.gate.fault = None
            assert (await bench.callers[-1].submit()).startswith("250")


async def test_no_room_is_said_to_be_that():
    with capture_logs():
        async with submission(gate=FakeGate()) as bench:
            assert await troubled(bench, database.Full("full")) == ["454 4.7.0", "452 4.3.1", "452 4.3.1", "452 4.3.1"]


async def troubled(bench: Bench, fault: Exception) -> list[str]:
    """What is said to AUTH, MAIL, RCPT and a message, when each of them alone meets the fault."""
    stranger, caller = await bench.call_inside_tls(), await bench.enter()
    await stranger.say("EHLO a.example.com")
    bench.gate.fault = fault
    said = [await stranger.log_in()]
    for command in (b"MAIL FROM:<shop@example.com>\r\n", b"RCPT TO:<ada@example.org>\r\n", MESSAGE + b".\r\n"):
        bench.gate.fault = fault
        said.append(await caller.say(command))
        bench.gate.fault = None
        await caller.say(command if b"@" in command else b"NOOP\r\n")
        if b"RCPT" in command:
            await caller.say("DATA")
    return [answer[:9] for answer in said]


async def test_a_bug_is_logged_and_not_shown_to_the_client(bench: Bench):
    caller = await bench.enter()
    bench.gate.fault = RuntimeError("secret workings")
    with capture_logs() as logs:
        said = await caller.submit()
    assert "secret" not in said
    assert "Traceback" not in said
    assert [entry["event"] for entry in logs] == ["smtp_answer_failed"]


async def test_trouble_of_ours_at_the_log_in_is_no_failure_of_the_client(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    bench.gate.fault = database.Unavailable("gone")
    await caller.log_in()
    assert bench.door.guard.may_try("127.0.0.0/24", USER, bench.clock.at)
    assert len(bench.door.guard._networks) == 0


# --- the log-in


async def test_a_wrong_password_is_refused_and_the_right_one_may_follow(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    assert (await caller.log_in(password="wrong")).startswith("535 5.7.8")
    assert (await caller.log_in()).startswith("235")


async def test_the_third_failure_ends_the_connection(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    said = [(await caller.log_in(password="wrong"))[:3] for _ in range(3)]
    assert said == ["535", "535", "421"]
    assert await caller.hear_all() == ""


async def test_a_network_with_too_many_failures_is_sent_away_before_its_password_is_looked_at():
    async with submission(guard=LoginGuard(Tolerance(network=2))) as bench:
        for _ in range(2):
            caller = await bench.call_inside_tls()
            await caller.say("EHLO a.example.com")
            await caller.log_in(password="wrong")
        looked = bench.gate.asked.count("log_in")
        caller = await bench.call_inside_tls()
        await caller.say("EHLO a.example.com")
        assert (await caller.log_in()).startswith("421 4.7.0")
        assert bench.gate.asked.count("log_in") == looked


async def test_the_network_is_heard_again_when_the_window_has_passed():
    async with submission(guard=LoginGuard(Tolerance(network=1))) as bench:
        caller = await bench.call_inside_tls()
        await caller.say("EHLO a.example.com")
        await caller.log_in(password="wrong")
        bench.clock.at += 600
        assert (await (await bench.enter()).submit()).startswith("250")


async def test_a_suspended_account_is_told_so_and_counts_as_no_guess(bench: Bench):
    async def suspended(username: str, password: str) -> Refusal:
        return Refusal(code=535, enhanced="5.7.13", text="the account is suspended")

    bench.gate.log_in = suspended  # type: ignore[method-assign]
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    assert await caller.log_in() == "535 5.7.13 the account is suspended"
    assert len(bench.door.guard._networks) == 0


async def test_failures_are_answered_late_and_successes_at_once():
    async with submission(failure_takes=0.05) as bench:
        clock = bench.door.shell._loop.time
        caller = await bench.call_inside_tls()
        await caller.say("EHLO a.example.com")
        began = clock()
        await caller.log_in(username="nobody@1.smtp.example.com", password="wrong")
        assert clock() - began >= 0.04
        bench.door.failure_takes = 60.0
        assert (await caller.log_in()).startswith("235")


# --- the log


async def test_a_refused_log_in_is_logged_with_its_name_and_network_and_without_its_password(bench: Bench):
    caller = await bench.call_inside_tls()
    await caller.say("EHLO a.example.com")
    with capture_logs() as logs:
        await caller.log_in(password="canary-password")
    (entry,) = logs
    assert (entry["log_level"], entry["user"], entry["network"]) == ("warning", USER, "127.0.0.0/24")
    assert "canary" not in str(logs)


async def test_a_session_leaves_one_line(bench: Bench):
    caller = await bench.enter()
    await caller.submit()
    with capture_logs() as logs:
        await caller.say("QUIT")
        await caller.hear_all()
    (entry,) = logs
    assert entry["event"] == "smtp_session"
    assert (entry["door"], entry["messages"], entry["user"], entry["tls"]) == ("submission", 1, USER, "TLSv1.3")
    assert PASSWORD not in str(entry)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (USER, USER),
        ("a\r\nb@c", r"a\r\nb@c"),
        ("\x1b[2J@\u202e\0", r"\x1b[2J@\u202e\x00"),
        ("x" * 100 + "@c", "x" * 80),
        ("swsmtp-a-password-in-the-wrong-field", "(not a token's name)"),
    ],
)
def test_a_name_is_shown_cut_and_escaped(name: str, shown: str):
    assert shown_name(name) == shown
