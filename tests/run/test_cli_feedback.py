"""``sendwright suppressions`` and ``sendwright reports``: what an operator sees of what came back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sendwright import database, feedback
from tests.run import test_cli
from tests.run.test_cli import Run, assert_one_sentence, on

run, sends, keyed = test_cli.run, test_cli.sends, test_cli.keyed  # its fixtures

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def report(number: int, **changes: object) -> feedback.NewReport:
    facts: dict[str, object] = {
        "account_id": 1, "id": feedback.ReportId(f"019cb000-0000-7000-8000-00000000000{number}"), "received": NOON,
        "addressed": feedback.Addressed.RETURN_PATH, "recipient": "b.x@mail.example.com", "mail_from": "",
        "helo": "mx.example.org", "ip": "192.0.2.1", "tls": None, "delivery_id": None, "size_bytes": 9,
        "raw": b"Subject: \x1b[31mred\r\n\r\nx", **changes,
    }  # fmt: skip
    return feedback.NewReport(**facts)  # type: ignore[arg-type]


def test_an_address_is_added_shown_and_removed(keyed: Run):
    assert "is not mailed any more" in keyed("suppressions", "add", "ann@example.org", "--reason", "by phone").out
    shown = keyed("suppressions", "show", "ann@example.org", "--json").document
    assert (shown["explanation"], shown["cause"], shown["until"]) == ("by phone", "bounced", None)
    assert "by phone" in keyed("suppressions", "show", "ann@example.org").out
    assert keyed("suppressions", "remove", "ann@example.org").code == 0
    assert_one_sentence(keyed("suppressions", "show", "ann@example.org"), "is not suppressed")


def test_what_cannot_be_added_is_one_sentence(keyed: Run):
    assert_one_sentence(keyed("suppressions", "add", "ann@example.org", "--cause", "odd"), "the cause must be")


def test_a_list_is_searched_and_filtered(keyed: Run):
    keyed("suppressions", "add", "ann@example.org")
    keyed("suppressions", "add", "bob@example.org", "--cause", "complained", "--until", "2099-01-01")
    assert [each["address"] for each in keyed("suppressions", "list", "ann", "--json").document] == ["ann@example.org"]
    assert "2099-01-01" in keyed("suppressions", "list", "--cause", "complained").out
    assert keyed("suppressions", "list", "nobody").out == "No suppression matches.\n"
    assert_one_sentence(keyed("suppressions", "list", "--cause", "odd"), "--cause is one of")


def test_a_file_is_tried_then_taken_and_given_back(keyed: Run, tmp_path: Path):
    file = tmp_path / "list.csv"
    file.write_text("address\nann@example.org\nnobody\n")
    tried = keyed("suppressions", "import", str(file), "--dry-run")
    assert (tried.code, "1 would be taken, 1 not" in tried.out, "3 " in tried.out) == (1, True, True)
    assert keyed("suppressions", "list").out == "No address is suppressed.\n"
    assert keyed("suppressions", "import", str(file), "--json").document["taken"] == 1
    assert keyed("suppressions", "export").out.splitlines()[1].startswith("ann@example.org,transactional,bounced,")


def test_reports_are_listed_shown_and_replayed(keyed: Run, target: database.Target):
    assert "No report came back" in keyed("reports", "list").out
    first = report(1)

    async def store(db: database.Database) -> None:
        await db.write(feedback.store_reports, [first, report(2, account_id=feedback.NOBODY)])
        await db.write(_settle, first)

    on(target, store)
    (found,) = keyed("reports", "list", "--finding", "unattributed", "--json").document
    assert (found["id"], found["why"]) == (first.id, "not proven")
    assert len(keyed("reports", "list", "--installation", "--json").document) == 1
    assert "not proven" in keyed("reports", "show", first.id).out
    assert "Subject: ?[31mred" in keyed("reports", "show", first.id, "--raw").out
    assert "this could not be read" in keyed("reports", "replay", first.id).out
    assert_one_sentence(keyed("reports", "show", "odd"), "there is no report odd")
    assert_one_sentence(keyed("reports", "replay", "odd"), "cannot be replayed")
    assert_one_sentence(keyed("reports", "list", "--finding", "odd"), "--finding is one of")


def _settle(conn: database.Connection, new: feedback.NewReport) -> None:
    (stored,) = [each for each in feedback.waiting_reports(conn, NOON, 10) if each.account_id == new.account_id]
    verdict = feedback.Understood(finding=feedback.Finding.UNATTRIBUTED, why="not proven")
    assert feedback.settle_report(conn, stored, verdict, NOON)
