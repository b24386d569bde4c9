"""The ledger against a model of it: whatever happens in whatever order, nothing is lost or done twice.

Short in CI. ``SENDWRIGHT_MODEL_STEPS`` (such as 200000) runs as many steps for a night.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine, event, select

from sendwright import ledger
from sendwright.ledger import Action, DuplicatePolicy, Outcome, Selection
from sendwright.ledger.tables import attempts, deliveries, events, pauses, payloads, sends
from tests.ledger import cast
from tests.ledger.cast import LEASE

STEPS = int(os.environ.get("SENDWRIGHT_MODEL_STEPS", "600"))
_STEPS_OF_ONE = 30
DOMAINS = ("one.example", "two.example", "three.example")
WORKERS = ("w1", "w2")
ENDED = {"delivered", "failed", "canceled"}
Key = tuple[int, str]

which = st.integers(0, 10**6)


class Life(RuleBasedStateMachine):
    """What workers, senders, operators and accidents do to one ledger."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.accepted: set[Key] = set()
        self.composing: list[ledger.ClaimedSend] = []
        self.held: list[ledger.Delivery] = []
        self.past: list[ledger.Delivery] = []
        self.intended: dict[Key, ledger.Intent] = {}
        self.dots: dict[Key, int] = {}
        self.ended: dict[Key, str] = {}
        self.epochs: dict[Key, int] = {}
        self.canceled: set[Key] = set()
        self.taken_by_remote: set[Key] = set()

    def write(self, fn: Callable[..., Any], *args: Any) -> Any:
        with self.engine.begin() as conn:
            conn.info["topics"] = set()
            return fn(conn, *args)

    def try_to(self, fn: Callable[..., Any], *args: Any) -> bool:
        try:
            self.write(fn, *args)
        except ledger.Late:
            return False
        return True

    @initialize()
    def empty(self) -> None:
        with self.engine.begin() as conn:
            for table in (events, attempts, deliveries, payloads, sends, pauses):
                conn.execute(table.delete())

    @rule(account=st.integers(1, 2), policy=st.sampled_from([None, *DuplicatePolicy]))
    def submit(self, account: int, policy: DuplicatePolicy | None) -> None:
        new = replace(cast.new_send(self.now, account_id=account), terms=ledger.Terms(duplicate_policy=policy))
        self.write(ledger.accept, [new])
        self.accepted.add((account, new.id))

    @rule(owner=st.sampled_from(WORKERS))
    def claim_sends(self, owner: str) -> None:
        self.composing += self.write(ledger.claim_sends, owner, LEASE, 2, self.now)

    @precondition(lambda self: self.composing)
    @rule(n=which, recipients=st.integers(1, 2), wait=st.booleans(), domain=st.sampled_from(DOMAINS))
    def compose(self, n: int, recipients: int, wait: bool, domain: str) -> None:
        send = self.composing.pop(n % len(self.composing))
        item = cast.composed(send, self.now, recipients)
        made = tuple(replace(new, domain=domain, due=self.now if wait else None) for new in item.deliveries)
        if self.try_to(ledger.compose, [replace(item, deliveries=made)], 120_000) and not wait:
            self.held += [cast.held(send, new) for new in made]

    @precondition(lambda self: self.composing)
    @rule(n=which)
    def drop(self, n: int) -> None:
        send = self.composing.pop(n % len(self.composing))
        self.try_to(ledger.drop, [cast.dropped(send, self.now)])

    @rule(owner=st.sampled_from(WORKERS), full=st.sampled_from([None, *DOMAINS]), suspended=st.sampled_from([(), (2,)]))
    def claim(self, owner: str, full: str | None, suspended: tuple[int, ...]) -> None:
        barred = ledger.Barred(room={(0, "", full): 0} if full else {}, suspended=frozenset(suspended))
        turn = self.write(ledger.claim_turn, owner, LEASE, 2, self.now, barred)
        for taken in turn.taken:
            assert (taken.account_id, taken.id) not in self.canceled
            assert taken.domain != full
            assert taken.account_id not in suspended
            assert not any(_keeps(pause, taken) for pause in turn.pauses)
        self.held += turn.taken

    @precondition(lambda self: self.held)
    @rule(n=which)
    def put_off(self, n: int) -> None:
        self.try_to(ledger.put_off, self.held.pop(n % len(self.held)), self.now + timedelta(minutes=1), "Not now.")

    @precondition(lambda self: self.held)
    @rule(n=which)
    def intend(self, n: int) -> None:
        delivery = self.held.pop(n % len(self.held))
        intent = cast.intent(delivery, self.now)
        if self.try_to(ledger.intend, [intent]):
            key = (delivery.account_id, delivery.id)
            assert key not in self.canceled, "a dot after a cancel that was acknowledged"
            assert key not in self.ended, "a dot after the end"
            self.intended[key] = intent
            self.past.append(delivery)

    @precondition(lambda self: self.past)
    @rule(n=which, outcome=st.sampled_from([Outcome.DELIVERED, Outcome.DEFERRED, Outcome.FAILED, Outcome.IN_DOUBT]))
    def settle(self, n: int, outcome: Outcome) -> None:
        delivery = self.past.pop(n % len(self.past))
        key = (delivery.account_id, delivery.id)
        due = self.now + timedelta(minutes=1) if outcome in (Outcome.DEFERRED, Outcome.IN_DOUBT) else None
        intent = self.intended[key]
        item = cast.settlement(delivery, outcome, self.now, due=due, attempt_id=intent.attempt_id)
        item.hold = delivery.terms.duplicate_policy is DuplicatePolicy.HOLD
        if outcome is Outcome.DELIVERED:
            self.taken_by_remote.add(key)
        if not self.try_to(ledger.settle, [item]):
            self.write(ledger.append_late, item)

    @rule(wait=st.sampled_from([0, 30]))
    def leases_run_out(self, wait: int) -> None:
        """A crash of all workers, or of the machine: what they held is known to nobody."""
        self.write(ledger.recover_all, self.now, timedelta(minutes=wait))
        self.held, self.composing = self.held[:1], self.composing[:1]

    @rule(owner=st.sampled_from(WORKERS))
    def one_worker_dies(self, owner: str) -> None:
        self.write(ledger.recover_owned, owner, self.now, timedelta())

    @rule(n=which)
    def renew(self, n: int) -> None:
        keys = [(each.account_id, each.id) for each in self.held]
        self.write(ledger.renew, WORKERS[n % 2], LEASE, [], keys)

    @rule(minutes=st.integers(-10, 60))
    def clock_steps(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(
        action=st.sampled_from(Action), account=st.sampled_from([None, 1, 2]), domain=st.sampled_from([None, *DOMAINS])
    )
    def steer(self, action: Action, account: int | None, domain: str | None) -> None:
        wanted = Selection(account_id=account, domain=domain)
        before = self._states()
        self.write(ledger.steer, action, wanted, None, 100, self.now, "A test.")
        if action is Action.CANCEL:
            self.canceled |= {key for key, state in self._states().items() if state == "canceled" != before.get(key)}

    @rule(kind=st.sampled_from([ledger.PauseKind.ALL, ledger.PauseKind.DOMAIN]), account=st.integers(0, 2))
    def pause(self, kind: ledger.PauseKind, account: int) -> None:
        name = DOMAINS[0] if kind is ledger.PauseKind.DOMAIN else ""
        until = self.now + timedelta(minutes=5)
        new = ledger.Pause(account_id=account, kind=kind, name=name, reason="a test", since=self.now, until=until)
        self.write(ledger.pause, new)

    @rule(account=st.integers(0, 2))
    def resume(self, account: int) -> None:
        self.write(ledger.resume, account, ledger.PauseKind.ALL, "")
        self.write(ledger.resume, account, ledger.PauseKind.DOMAIN, DOMAINS[0])

    @rule()
    def resume_accounts(self) -> None:
        self.write(ledger.let_go_resumed, [], 100)

    @invariant()
    def the_books_balance(self) -> None:
        with self.engine.connect() as conn:
            assert [book.faults for book in ledger.verify(conn) if book.faults] == []
            kept = {(row.account_id, row.id) for row in conn.execute(select(sends.c.account_id, sends.c.id))}
        assert kept == self.accepted, "a send was lost or made up"

    @invariant()
    def what_has_ended_stays_so(self) -> None:
        states = self._states()
        for key, state in self.ended.items():
            assert states[key] == state
        self.ended |= {key: state for key, state in states.items() if state in ENDED}

    @invariant()
    def epochs_only_grow(self) -> None:
        d = deliveries.c
        with self.engine.connect() as conn:
            found = {(a, i): epoch for a, i, epoch in conn.execute(select(d.account_id, d.id, d.lease_epoch))}
        assert all(found[key] >= epoch for key, epoch in self.epochs.items())
        self.epochs = found

    @invariant()
    def what_the_remote_server_took_is_recorded(self) -> None:
        a = attempts.c
        with self.engine.connect() as conn:
            told = conn.execute(select(a.account_id, a.delivery_id).where(a.outcome == Outcome.DELIVERED))
            assert self.taken_by_remote <= {(account, id_) for account, id_ in told}

    def _states(self) -> dict[Key, str]:
        d = deliveries.c
        with self.engine.connect() as conn:
            return {(a, i): state for a, i, state in conn.execute(select(d.account_id, d.id, d.state))}


def _keeps(pause: ledger.Pause, taken: ledger.Delivery) -> bool:
    mine = pause.account_id in (ledger.EVERYBODY, taken.account_id)
    return mine and (pause.kind is ledger.PauseKind.ALL or pause.name == taken.domain)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "sendwright.db")
        made = create_engine(f"sqlite:///{tmp_path / 'sendwright.db'}")
        event.listen(made, "connect", _hasty)
    else:
        url = request.getfixturevalue("postgres").new_database()
        made = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.dispose()


def _hasty(connection: Any, _: object) -> None:
    """Nobody pulls this plug."""
    connection.execute("PRAGMA synchronous=OFF")


def test_whatever_happens_no_mail_is_lost_or_moved_when_it_is_done(engine: Engine) -> None:
    machine = type("LifeOnThis", (Life,), {"engine": engine})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=max(STEPS // _STEPS_OF_ONE, 1), stateful_step_count=_STEPS_OF_ONE, deadline=None,
            suppress_health_check=list(HealthCheck), derandomize=STEPS <= 600, database=None,
        ),
    )  # fmt: skip
