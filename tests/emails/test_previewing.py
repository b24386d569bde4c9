"""What an author sees of an e-mail before it is sent."""

import pytest

from sendwright import emails
from sendwright.emails import authoring, previewing
from sendwright.emails.model import Part, Preview
from sendwright.emails.previewing import Sample

from .documents import NOON, PEN, authored, document


def previewed(sample=None, **changes):
    found = previewing.preview(authored(**changes), sample or Sample(now=NOON))
    assert isinstance(found, Preview)
    return found


def test_a_preview_shows_the_mail_for_the_sample():
    sample = Sample(now=NOON, custom={"n": 7}, contact={"firstname": "Ann"}, company={"name": "Example"})
    shown = previewed(sample, subject="{{ contact.firstname }} {{ custom.n }} {{ company.name }}")
    assert shown.mail.subject == "Ann 7 Example"


def test_a_preview_derives_the_plain_text_that_nobody_wrote():
    assert previewed(content={"html": "<p>Hello <b>you</b></p>"}).text.strip() == "Hello you"


def test_a_preview_shows_the_plain_text_that_was_written():
    assert previewed(content={"html": "x", "text": "written"}).text == "written"


def test_a_preview_names_what_is_missing_and_shows_the_rest():
    shown = previewed(subject="Order {{ custom.n }}!")
    assert (shown.mail.subject, shown.missing) == ("Order !", ("n",))


def test_a_preview_names_what_stands_against_publishing():
    assert [fault.part for fault in previewed(subject=None).faults] == [Part.SUBJECT]


def test_a_preview_tells_each_fault_once():
    faults = previewed(subject="{% if %}").faults
    assert len(faults) == len(set(faults)) > 0


def test_a_preview_warns_of_a_branch_that_the_sample_does_not_take():
    shown = previewed(subject="{% if custom.x %}{{ 'a'|sparkle }}{% endif %}Hi")
    assert [warning.part for warning in shown.warnings] == [Part.SUBJECT]


def test_a_sample_that_is_too_large_is_a_fault():
    found = previewing.preview(authored(), Sample(now=NOON, custom={"x": "x" * 1_000_001}))
    assert isinstance(found, emails.RenderFault)


@pytest.mark.anyio
async def test_a_stored_draft_is_previewed(db):
    email_id = (await authoring.create(db, 1, document(), PEN)).email.id
    found = await db.read(previewing.read_and_preview, authoring.find_draft, 1, email_id, Sample(now=NOON))
    assert found.mail.subject == "Your receipt"


@pytest.mark.anyio
async def test_an_email_that_is_not_there_is_not_previewed(db):
    assert await db.read(previewing.read_and_preview, authoring.find_draft, 1, 101, Sample(now=NOON)) is None
