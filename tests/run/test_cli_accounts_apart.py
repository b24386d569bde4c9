"""With `--account` a command sees and changes that account alone, whatever id of another it is given (attack D7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from sendwright import accounts, attempt, database, egresses, feedback, ledger, smtp
from sendwright.outbound.model import Answered
from sendwright.run.settings import PREFIX
from tests.egresses.made import address, plan, pool
from tests.run.test_cli import NOON, Run, lived, run
from tests.run.test_cli_feedback import report
from tests.stories.shop import FakePost, Shop, desk

__all__ = ["run"]

NOT_NOW = Answered(stage=smtp.Stage.FINAL, reply=smtp.Reply(code=451, enhanced="4.3.0", lines=("4.3.0 not now",)))
REPORT = "019cb000-0000-7000-8000-000000000007"
OPERATORS = frozenset({"audit_log", "workers", "accounts"})


@pytest.fixture
def target(tmp_path: Path) -> database.Target:
    """The statements are the same on both engines; which rows they mean is told by one."""
    found = database.Target.parse(None, tmp_path)
    database.migrate(found)
    return found


async def _settle_in(shop: Shop) -> dict[str, str]:
    """The shop has something of each kind; a rival has nothing. What names them."""
    delivery, parcel = await shop.send(to="ann@example.org")
    await attempt.attempt(desk(shop, FakePost(NOT_NOW, shop.clock)), delivery, parcel)
    mine = {"account_id": shop.account_id}
    await shop.db.write(egresses.add_egress, shop.seal, address("ip-7", **mine))
    await shop.db.write(egresses.set_pool, shop.seal, pool(ip_7=1, **mine))
    await shop.db.write(egresses.start_warmup, shop.seal, plan("ip-7", 5, **mine))
    await shop.db.write(feedback.suppress, [_suppression(shop)])
    await shop.db.write(feedback.store_reports, [report(7, **mine)])
    held = ledger.Selection(account_id=shop.account_id)
    await shop.db.write(ledger.steer, ledger.Action.HOLD, held, None, 10, shop.clock.now(), "held")
    rival = await shop.db.write(accounts.create_account, "Rival", NOON)
    return {"send": delivery.send_id, "delivery": delivery.id, "rival": str(rival.id)}


def _suppression(shop: Shop) -> feedback.Suppression:
    return feedback.Suppression(
        account_id=shop.account_id, stream="transactional", key="bob@example.org", cause=feedback.Cause.BOUNCED,
        since=NOON, explanation="bounced",
    )  # fmt: skip


LISTS = [
    "queue", "queue list", "domains list", "egress list", "pool list", "warmup show", "suppressions list",
    "suppressions export", "reports list", "sends list", "tokens list",
]  # fmt: skip
STEPS = [
    *(f"queue {step} {what}" for step in ("retry", "release") for what in ("SEND", "DELIVERY")),
    *(f"queue {step} {what} --reason x" for step in ("hold", "cancel") for what in ("SEND", "DELIVERY")),
    "queue release --all", "queue cancel --all --reason x", "queue resume --all", "queue show SEND",
    "queue show DELIVERY",
    "domains show example.com", "domains check example.com", "domains rotate example.com",
    "domains remove example.com", "domains connect example.com",
    "egress show ip-7", "egress check ip-7", "egress pause ip-7 --reason x", "egress resume ip-7", "egress remove ip-7",
    "pool set transactional ip-7=1", "pool remove transactional", "warmup start ip-7", "warmup show ip-7",
    "warmup stop ip-7", "suppressions show bob@example.org", "suppressions lift bob@example.org",
    "suppressions remove bob@example.org", f"reports show {REPORT}", f"reports replay {REPORT}", "sends show SEND",
    "sends content SEND",
]  # fmt: skip


def test_a_command_for_one_account_touches_nothing_of_another(
    run: Run, target: database.Target, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(PREFIX + "SECRET_KEY", "a secret of these tests, thirty-two")
    names = lived(target, _settle_in)
    before = _rows(target)
    for line in (*LISTS, *STEPS):
        words = [{"SEND": names["send"], "DELIVERY": names["delivery"]}.get(word, word) for word in line.split()]
        answer = run(*words, "--account", names["rival"])
        shown = answer.out.replace(" ".join(words[2:]), "")
        for secret in (*names.values(), "example.org", "192.0.2.7", REPORT):
            assert secret not in shown or secret == names["rival"], (line, answer.out)
        assert answer.code in (0, 1), (line, answer.err)
        assert "Traceback" not in answer.err, (line, answer.err)
        after = _rows(target)
        assert {table for table in before if before[table] != after[table]} <= OPERATORS, line


def _rows(target: database.Target) -> dict[str, list[Any]]:
    """All rows of all tables."""
    engine = create_engine(f"sqlite:///{target.file}")
    with engine.connect() as conn:
        names = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        found = {name: sorted(map(repr, conn.execute(text(f"SELECT * FROM {name}")))) for name in names}
    engine.dispose()
    return found
