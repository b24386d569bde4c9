"""How much of other people's bounces is understood. The floors only rise."""

import pytest

from sendwright import mail

from . import bounces

pytestmark = pytest.mark.skipif(
    not bounces.folder().is_dir(), reason="the corpora are not here: set SENDWRIGHT_CORPORA to their folder"
)


@pytest.fixture(scope="module")
def score() -> bounces.Score:
    return bounces.score()


def test_the_recipients_are_found_and_no_more_than_these(score):
    assert score.found >= 0.99


def test_hard_is_told_from_soft(score):
    assert score.hard >= 0.985


def test_the_reason_is_understood(score):
    assert score.reason >= 0.96


def test_no_other_mail_is_taken_for_a_bounce():
    kinds = {path.name: mail.read_report(path.read_bytes()).kind for path in bounces.not_bounces()}
    assert kinds
    assert mail.ReportKind.BOUNCE not in kinds.values()


def test_a_torn_mail_gives_a_report_all_the_same():
    for _, raw, _ in list(bounces.mails())[::5]:
        for torn in (
            raw[: len(raw) // 2],
            raw[len(raw) // 3 :],
            raw.replace(b":", b"", 9),
            raw.replace(b"\n\n", b"\n"),
        ):
            mail.read_report(torn)
