"""Whether a report is believed: every doubt by facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendwright import database, feedback, ledger
from sendwright.feedback import Finding, Understood, Weight
from sendwright.receive.rules import Bounced, Complained, judge_bounce, judge_complaint, trusted

NOW = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
KEY = b"k" * 32
ID = ledger.DeliveryId(database.uuid7(NOW))
SENT = ledger.SentDelivery(
    account_id=7, id=ID, send_id=ledger.SendId(ID), recipient="ann@example.org", part=ledger.Part.TO,
    stream="transactional", state=ledger.DeliveryState.DELIVERED, may_have_arrived=True, delivered_at=NOW,
)  # fmt: skip
PATH = feedback.read_return_path(KEY, feedback.make_return_path(KEY, 7, ID, "ann@example.org"))
NAME = feedback.MessageName(account_id=7, send_id=ID, made=NOW)


@dataclass(frozen=True)
class Told:
    address: str = "ann@example.org"
    status: str = "5.1.1"
    reply_code: str = "550"
    reason: str = "userunknown"
    hard: bool = True
    diagnostic: str = "550 5.1.1 nobody"
    action: str = "failed"


@dataclass(frozen=True)
class Came:
    kind: str = "bounce"
    recipients: Sequence[Told] = (Told(),)
    delivered: Sequence[str] = ()
    original_recipients: Sequence[str] = ()
    feedback_type: str = ""
    is_abuse: bool = True


def bounce(came: Came, sent: ledger.SentDelivery | None = SENT, **changes: Any) -> Bounced | Understood:
    facts: dict[str, Any] = {"path": PATH, "now": NOW, **changes}
    return judge_bounce(came, facts["path"], sent, facts["now"])


def test_a_bounce_about_whom_we_mailed_is_believed():
    found = bounce(Came())
    assert isinstance(found, Bounced)
    assert (found.reason, found.weight) == ("userunknown", Weight.AT_ONCE)


def test_among_several_recipients_it_is_ours_that_counts():
    found = bounce(Came(recipients=(Told(address="bob@example.org", reason="blocked"), Told())))
    assert isinstance(found, Bounced)
    assert found.reason == "userunknown"


@pytest.mark.parametrize("recipients", [(), (Told(address=""),)])
def test_who_names_nobody_means_whom_we_mailed(recipients: Sequence[Told]):
    found = bounce(Came(recipients=recipients))
    assert isinstance(found, Bounced)
    assert found.weight is (Weight.AT_ONCE if recipients else Weight.NEVER)


def test_no_such_user_for_now_does_not_suppress_at_once():
    found = bounce(Came(recipients=(Told(hard=False),)))
    assert isinstance(found, Bounced)
    assert found.weight is Weight.COUNTED


@pytest.mark.parametrize(
    ("came", "sent", "changes", "words"),
    [
        (Came(kind="other"), SENT, {}, "could not be read"),
        (Came(), SENT, {"path": None}, "not ours"),
        (Came(), None, {}, "no such mail"),
        (Came(), replace(SENT, recipient="bob@example.org"), {}, "for another recipient"),
        (Came(), replace(SENT, may_have_arrived=False), {}, "not taken by any server"),
        (Came(), replace(SENT, delivered_at=None), {"now": NOW + timedelta(days=15)}, "14 days old"),
        (Came(), SENT, {"now": NOW + timedelta(days=6)}, "5 days ago"),
        (Came(recipients=(Told(address="bob@example.org"),)), SENT, {}, "about another recipient"),
    ],
)  # fmt: skip
def test_each_doubt_has_its_words(came: Came, sent: ledger.SentDelivery, changes: dict[str, Any], words: str):
    found = bounce(came, sent, **changes)
    assert isinstance(found, Understood)
    assert (found.finding, words in found.why) == (Finding.UNATTRIBUTED, True)


@pytest.mark.parametrize(
    "came",
    [
        Came(kind="auto_reply"), Came(kind="other", delivered=("ann@example.org",)),
        Came(recipients=(Told(action="Delayed"),)), Came(recipients=(Told(reason="vacation"),)),
    ],
)  # fmt: skip
def test_what_tells_of_no_failure_is_ignored(came: Came):
    found = bounce(came)
    assert isinstance(found, Understood)
    assert found.finding is Finding.IGNORED


COMPLAINT = Came(kind="complaint", recipients=(), feedback_type="abuse")


def complaint(came: Came = COMPLAINT, **changes: Any) -> Complained | Understood:
    facts: dict[str, Any] = {"name": NAME, "sent": SENT, "signer": "provider.example", "now": NOW, **changes}
    return judge_complaint(came, facts["name"], facts["sent"], facts["signer"], facts["now"])


@pytest.mark.parametrize("named", [(), ("ANN@example.org",), ("x@example.org", "<ann@example.org>")])
def test_a_complaint_that_is_proven_is_believed(named: Sequence[str]):
    found = complaint(replace(COMPLAINT, original_recipients=named))
    assert isinstance(found, Complained)
    assert found.signer == "provider.example"


@pytest.mark.parametrize(
    ("came", "changes", "finding"),
    [
        (replace(COMPLAINT, is_abuse=False), {}, Finding.IGNORED),
        (COMPLAINT, {"name": None}, Finding.UNATTRIBUTED),
        (COMPLAINT, {"signer": None}, Finding.UNATTRIBUTED),
        (COMPLAINT, {"sent": None}, Finding.UNATTRIBUTED),
        (COMPLAINT, {"sent": replace(SENT, may_have_arrived=False)}, Finding.UNATTRIBUTED),
        (COMPLAINT, {"now": NOW + timedelta(days=91)}, Finding.UNATTRIBUTED),
        (replace(COMPLAINT, original_recipients=("bob@example.org",)), {}, Finding.UNATTRIBUTED),
    ],
)  # fmt: skip
def test_a_complaint_that_is_not_proven_is_kept(came: Came, changes: dict[str, Any], finding: Finding):
    found = complaint(came, **changes)
    assert isinstance(found, Understood)
    assert found.finding is finding


@pytest.mark.parametrize(
    ("domain", "is_trusted"),
    [
        ("provider.example", True), ("fbl.provider.example", True), ("xprovider.example", False),
        ("provider.example.evil.test", False), ("example", False),
    ],
)  # fmt: skip
def test_a_domain_is_trusted_with_all_below_it(domain: str, is_trusted: bool):
    assert trusted(domain, ["provider.example"]) is is_trusted
