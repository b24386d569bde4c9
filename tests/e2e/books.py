"""The ledger seen from outside, by plain SQL on a stopped or a running database; and the great comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

from sendwright import ledger
from tests.e2e.load import Books
from tests.e2e.program import Program
from tests.e2e.sink import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The comparison of what was promised, what arrived and what the ledger says. Fields are counts or Message-IDs.

    A second copy is explained when the ledger has an attempt for each: in doubt, or (where the answer was recorded
    after the lease was lost, and another process had begun by then) delivered. What was canceled must not have
    arrived, but by an attempt that was in doubt before.
    """

    promised: int
    arrived: int
    lost: list[str]
    duplicates: list[str]
    unexplained: list[str]
    changed: list[str]
    mailed_twice: list[str]
    answered_twice: list[str]
    canceled_and_mailed: list[str]

    @property
    def shown(self) -> str:
        """One line for whoever reads the test's output."""
        return (
            f"promised {self.promised}, arrived {self.arrived}, lost {len(self.lost)}, duplicates "
            f"{len(self.duplicates)} of which unexplained {len(self.unexplained)}"
        )


@contextmanager
def ledger_of(program: Program, isolation: str = "REPEATABLE READ") -> Iterator[Connection]:
    """By default a view of one moment, where the database has several writers."""
    if program.database:
        url = program.database.replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level=isolation)  # type: ignore[arg-type]
    else:
        engine = create_engine(f"sqlite:///file:{program.data / 'sendwright.db'}?mode=rw&uri=true")
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def rows(program: Program, query: str) -> Sequence[Any]:
    """The rows of a SELECT."""
    with ledger_of(program) as conn:
        return conn.execute(text(query)).all()


def change(program: Program, statement: str) -> None:
    """One statement, committed, beside whoever serves."""
    with ledger_of(program, "READ COMMITTED") as conn:
        conn.execute(text(statement))
        conn.commit()


def faults(program: Program) -> list[str]:
    """What ``verify-ledger`` would complain of; without the price of starting it."""
    with ledger_of(program) as conn:
        return [fault for balance in ledger.verify(conn) for fault in balance.faults]


def alive(program: Program) -> int:
    """How many sends are not yet final."""
    return int(rows(program, "SELECT count(*) FROM sends WHERE state NOT IN ('final', 'canceled')")[0][0])


def together(*books: Books) -> Books:
    """The books of several loads, whose recipients differ."""
    return Books(
        promised={recipient: ids for each in books for recipient, ids in each.promised.items()},
        by_send_id=set().union(*(each.by_send_id for each in books)),
        unanswered=set().union(*(each.unanswered for each in books)),
        put_off=sum(each.put_off for each in books),
        strange=[said for each in books for said in each.strange],
        asked_back=set().union(*(each.asked_back for each in books)),
        taken_back=set().union(*(each.taken_back for each in books)),
        reported=set().union(*(each.reported for each in books)),
    )


def compare(program: Program, books: Books, received: Sequence[Receipt]) -> Found:
    """Everything promised against everything that arrived. Message-ID is the status id at the domain."""
    copies = Counter(receipt.message_id for receipt in received)
    canceled = {each for (each,) in rows(program, "SELECT id FROM sends WHERE state = 'canceled'")} & books.asked_back
    attempts = Counter(
        {
            (message_id(send_id), outcome): count
            for send_id, outcome, count in rows(
                program, "SELECT send_id, outcome, count(*) FROM attempts GROUP BY 1, 2"
            )
        }
    )
    by_recipient: dict[str, set[str]] = {}
    octets: dict[str, set[str]] = {}
    for receipt in received:
        by_recipient.setdefault(receipt.recipient, set()).add(receipt.message_id)
        octets.setdefault(receipt.message_id, set()).add(receipt.digest)
    return Found(
        promised=len(books.status_ids),
        arrived=len(received),
        lost=sorted(message_id(each) for each in books.status_ids - canceled if message_id(each) not in copies),
        duplicates=sorted(each for each, count in copies.items() if count > 1),
        unexplained=sorted(
            each for each, count in copies.items()
            if count > attempts[each, "in_doubt"] + attempts[each, "delivered"]
        ),
        changed=sorted(each for each, digests in octets.items() if len(digests) > 1),
        mailed_twice=sorted(each for each, ids in by_recipient.items() if len(ids) > 1),
        answered_twice=sorted(each for each, ids in books.promised.items() if len(set(ids)) > 1),
        canceled_and_mailed=sorted(
            each for each in map(message_id, canceled | books.taken_back) if copies[each] > attempts[each, "in_doubt"]
        ),
    )  # fmt: skip


def misread(program: Program, recipients: Iterable[str]) -> list[str]:
    """Of those about whom a report was taken: whoever has not one that counts, one event and one suppression of it."""
    with ledger_of(program) as conn:
        counted = {
            what: Counter(who for (who,) in conn.execute(text(query)))
            for what, query in {
                "reports that count": "SELECT about FROM inbound_reports WHERE finding = 'bounced'",
                "events": "SELECT recipient FROM events WHERE type = 'BOUNCE'",
                "suppressions": "SELECT key FROM suppressions",
            }.items()
        }
    wrong = [
        f"{who} has {those[who]} {what}" for what, those in counted.items() for who in recipients if those[who] != 1
    ]
    twice = [f"{who} has {n} {what}" for what, those in counted.items() for who, n in those.items() if n > 1]
    return sorted({*wrong, *twice})


def message_id(status_id: str) -> str:
    """Of the mail of a send."""
    return f"<{status_id}@example.com>"


def files_with(folder: Path, secret: bytes) -> list[str]:
    """Names of the files in which these octets stand."""
    return sorted(each.name for each in folder.rglob("*") if each.is_file() and secret in each.read_bytes())
