"""A6, A7: guessing passwords leads nowhere, keeps nobody else out, and tells nothing by the time it takes."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import random
import ssl
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from sendwright import accounts
from sendwright.doors.login_guard import LoginGuard, Tolerance
from sendwright.doors.smtp_shell import Share
from sendwright.doors.submission import SubmissionSmtp
from sendwright.submission import Refusal
from tests.attacks.scene import ATTACKS, Scene, opened
from tests.attacks.stranger import HOME, Stranger, proof
from tests.doors.submitter import CONTEXT, FakeGate, Submitter, trusting
from tests.e2e.submitters import SmtpToken

pytestmark = ATTACKS

NETWORKS = 450
GUESSES_EACH = 3
CLEAN = ("127.250.0.1", "127.251.0.1", "127.252.0.1")
LOGIN_SECONDS = 2.0


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A program of its own: afterwards it trusts nobody for a minute."""
    with opened(tmp_path_factory.mktemp("besieged")) as scene:
        yield scene


class Guesser:
    """Guesses from many networks at once, each in its turn on one connection; what was answered."""

    def __init__(self, scene: Scene, user: str) -> None:
        self._port, self._user = scene.port("TLS"), user
        self._context = trusting()
        self._some = asyncio.Semaphore(120)
        self.answers: list[str] = []

    async def guess(self, networks: Sequence[int]) -> None:
        async with asyncio.TaskGroup() as group:
            for number in networks:
                group.create_task(self._from(f"127.{number // 250 + 1}.{number % 250}.9"))

    async def _from(self, source: str) -> None:
        async with self._some:
            reader, writer = await asyncio.open_connection(
                HOME, self._port, ssl=self._context, local_addr=(source, 0)
            )  # fmt: skip
            caller = Submitter(reader, writer)
            try:
                async with asyncio.timeout(60):
                    await caller.hear()
                    await caller.say("EHLO guess.example.org")
                    for guess in range(GUESSES_EACH):
                        answer = await caller.say(proof(self._user, f"sws-guess-{source}-{guess}"))
                        self.answers.append(answer)
                        if not answer.startswith("535"):
                            break
            finally:
                writer.transport.abort()


def seconds_to_log_in(scene: Scene, token: SmtpToken, source: str) -> float:
    began = time.monotonic()
    with Stranger(scene.port("TLS"), source=source, inside_tls=True) as line:
        said = line.log_in(token)
    assert said.startswith("235"), said
    return time.monotonic() - began


async def siege(scene: Scene) -> tuple[list[str], list[str], list[float]]:
    """Answers of the first and the second wave, and how long right log-ins took meanwhile."""
    first, second = Guesser(scene, scene.shop.token.user), Guesser(scene, scene.shop.token.user)
    rightful = []
    async with asyncio.TaskGroup() as group:
        wave = group.create_task(first.guess(range(NETWORKS)))
        for source in CLEAN:
            await asyncio.sleep(0.5)
            rightful.append(await asyncio.to_thread(seconds_to_log_in, scene, scene.shop.token, source))
        await wave
    await second.guess(range(120))
    return first.answers, second.answers, rightful


def test_a_thousand_guesses_from_everywhere_keep_nobody_else_out(besieged: Scene):
    first, second, rightful = asyncio.run(siege(besieged))
    assert len(first) >= NETWORKS * 2
    assert {answer[:9] for answer in first + second} == {"535 5.7.8", "421 4.7.0"}
    assert max(rightful) < LOGIN_SECONDS
    refused_unheard = [answer for answer in second if answer.startswith("421")]
    assert len(refused_unheard) == len(second) == 120, "a network that failed before is not heard in a flood"
    assert seconds_to_log_in(besieged, besieged.shop.token, "127.253.0.1") < LOGIN_SECONDS
    assert seconds_to_log_in(besieged, besieged.rival.token, "127.254.0.1") < LOGIN_SECONDS
    assert seconds_to_log_in(besieged, besieged.shop.token, CLEAN[0]) < LOGIN_SECONDS


def three_guesses(scene: Scene, source: str) -> list[str]:
    """The codes that answer three wrong passwords, said at once: each answer takes a second."""
    with scene.stranger(source=source) as line:
        line.say("EHLO guess.example.org")
        line.send(*(proof(scene.rival.token.user, f"sws-{number}") for number in range(3)))
        return [answer[:3] for answer in line.hear_all().splitlines()]


def test_the_third_failure_ends_the_connection_and_the_twentieth_silences_the_network(scene: Scene):
    """A network is 256 addresses wide: its other addresses are not heard either, another network is."""
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(partial(three_guesses, scene), [f"127.99.0.{number}" for number in range(1, 9)]))
    assert ["535", "535", "421"] in answers
    assert sum(codes.count("535") for codes in answers) <= 20
    with scene.stranger(source="127.99.0.250") as line:
        assert line.log_in(scene.rival.token).startswith("421 4.7.0")
    assert seconds_to_log_in(scene, scene.rival.token, "127.99.1.7") < LOGIN_SECONDS


# --- A7


SAMPLES = 300
AT_THE_DOOR = 44
KINDS = ("unknown", "wrong", "expired")
NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
PASSWORD = "sws-right"


def a_login(expires_at: datetime | None) -> accounts.SmtpLogin:
    """Whose password is right."""
    token = accounts.SmtpToken(
        account_id=accounts.AccountId(1), id=accounts.SmtpTokenId("abc@1.smtp.example.com"), epoch=1,
        campaign_name="Receipts", create_contact=False, email_id=1, campaign_id=1, created_at=NOW, created_by="1",
        expires_at=expires_at, warned=0, last_used_at=None,
    )  # fmt: skip
    account = accounts.Account(
        id=token.account_id, name="Shop", state=accounts.AccountState.ACTIVE, reason="", created_at=NOW
    )
    return accounts.SmtpLogin(token=token, secret_hash=hashlib.sha256(PASSWORD.encode()).hexdigest(), account=account)


def shuffled(count: int) -> list[str]:
    kinds = [kind for kind in KINDS for _ in range(count)]
    random.Random(7).shuffle(kinds)
    return kinds


def seconds_of_a_comparison(kind: str, known: dict[str, accounts.SmtpLogin | None]) -> float:
    password = PASSWORD if kind == "expired" else "sws-wrong"
    began = time.perf_counter()
    assert not accounts.is_smtp_password(known[kind], password, NOW)
    return time.perf_counter() - began


def test_unknown_wrong_and_expired_are_compared_within_a_millisecond_of_each_other():
    """Medians of 300 samples of each kind, mixed: what else the machine does falls on all kinds alike."""
    known = {"unknown": None, "wrong": a_login(None), "expired": a_login(NOW - timedelta(days=1))}
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for kind in shuffled(SAMPLES):
        took[kind].append(seconds_of_a_comparison(kind, known))
    medians = [statistics.median(samples) for samples in took.values()]
    assert max(medians) - min(medians) < 0.001


class UnlikeCosts(FakeGate):
    """A story that refuses the three kinds after very different times, all of them less than the answer takes."""

    async def log_in(self, username: str, password: str) -> str | Refusal:
        await asyncio.sleep({"unknown": 0.0, "wrong": 0.05, "expired": 0.1}[username.partition("@")[0]])
        return await super().log_in(username, "not it")


async def timed(port: int, kind: str, context: ssl.SSLContext) -> tuple[str, float, str]:
    caller = Submitter(*await asyncio.open_connection(HOME, port, ssl=context))
    try:
        await caller.hear()
        await caller.say("EHLO a.example.org")
        began = time.monotonic()
        answer = await caller.log_in(f"{kind}@1.smtp.example.com", "sws-guess")
        return kind, time.monotonic() - began, answer
    finally:
        caller.writer.transport.abort()


async def measured() -> list[tuple[str, float, str]]:
    """At a real door, its clock the machine's, twelve at a time."""
    found: list[tuple[str, float, str]] = []
    door: SubmissionSmtp[str] = SubmissionSmtp(
        UnlikeCosts(), hostname="smtp.example.com", context=lambda: CONTEXT, failure_takes=0.3,
        guard=LoginGuard(Tolerance(network=10_000, name=10_000, in_all=10_000)),
        share=Share(drain=0.3, goodbye=0.2),
    )  # fmt: skip
    async with door:
        port, context, kinds = await door.open_tls(HOME, 0), trusting(), shuffled(AT_THE_DOOR)
        for start in range(0, len(kinds), 12):
            found += await asyncio.gather(*(timed(port, kind, context) for kind in kinds[start : start + 12]))
    return found


def cliffs_delta(some: Sequence[float], others: Sequence[float]) -> float:
    """How much more often one of the first is above one of the others than below; -1 to 1, 0 when they are alike."""
    signs = [(one > other) - (one < other) for one in some for other in others]
    return sum(signs) / len(signs)


def test_the_answer_to_a_failed_log_in_tells_nothing_by_its_words_or_its_time():
    """The kinds cost 0, 50 and 100 ms; by their answers they cannot be told apart. A delta of 1 would tell them all."""
    found = asyncio.run(measured())
    assert {answer for _, _, answer in found} == {"535 5.7.8 user name or password is not right"}
    took = {kind: [seconds for one, seconds, _ in found if one == kind] for kind in KINDS}
    assert min(map(min, took.values())) > 0.25
    deltas = [cliffs_delta(took[one], took[other]) for one, other in itertools.combinations(KINDS, 2)]
    assert max(map(abs, deltas)) < 0.5
