"""What a change makes of a document, and what may go live."""

import pytest

from sendwright.emails import rules
from sendwright.emails.kinds import TYPES, EmailType, is_transactional
from sendwright.emails.model import Part

from .documents import document


def parts_refused(**changes):
    faults, _ = rules.faults(document(**changes))
    return [finding.part for finding in faults]


def test_a_whole_document_may_go_live():
    assert rules.faults(document()) == ((), ())


@pytest.mark.parametrize("subject", [None, "", "  \n"])
def test_an_email_without_a_subject_is_refused(subject):
    assert parts_refused(subject=subject) == [Part.SUBJECT]


@pytest.mark.parametrize("content", [None, {}, {"html": " "}, {"widgets": {"hs_email_body": {"body": {"html": 5}}}}])
def test_an_email_without_a_body_is_refused(content):
    assert parts_refused(content=content) == [Part.HTML]


@pytest.mark.parametrize("sender", [None, {}, {"fromName": "Shop"}, {"replyTo": " "}])
def test_an_email_without_a_sender_address_is_refused(sender):
    assert parts_refused(**{"from": sender}) == [Part.FROM_ADDRESS]


@pytest.mark.parametrize(
    "address", ["shop", "shop@", "a@b@example.com", "x@example.com\nBcc: y@example.com", "{{ x }}"]
)
def test_a_sender_that_is_no_address_is_refused(address):
    assert parts_refused(**{"from": {"replyTo": address}}) == [Part.FROM_ADDRESS]


def test_a_reply_to_that_is_no_address_is_refused():
    assert parts_refused(**{"from": {"replyTo": "shop@example.com", "customReplyTo": "nobody"}}) == [Part.REPLY_TO]


def test_a_reply_to_that_is_an_address_is_fine():
    assert parts_refused(**{"from": {"replyTo": "shop@example.com", "customReplyTo": "help@example.com"}}) == []


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"subject": "{% if x %}"}, Part.SUBJECT),
        ({"from": {"fromName": "{% if x %}", "replyTo": "shop@example.com"}}, Part.FROM_NAME),
        ({"content": {"html": "{% if x %}"}}, Part.HTML),
        ({"content": {"html": "x", "text": "{% if x %}"}}, Part.TEXT),
        ({"content": {"html": "x", "previewText": "{% if x %}"}}, Part.PREVIEW_TEXT),
    ],
)
def test_a_template_that_cannot_be_read_is_refused_naming_the_part(changes, part):
    assert parts_refused(**changes) == [part]


def test_a_refused_template_names_its_line():
    faults, _ = rules.faults(document(content={"html": "<p>\n\n{% for %}x{% endfor %}</p>"}))
    assert [finding.line for finding in faults] == [3]


def test_an_unknown_filter_is_a_warning_and_may_go_live():
    faults, warnings = rules.faults(document(subject="{{ contact.x|sparkle }}"))
    assert (faults, [finding.part for finding in warnings]) == ((), [Part.SUBJECT])


def test_marketing_mail_without_an_unsubscribe_link_is_refused():
    assert parts_refused(subcategory="marketing_single_send_api") == [Part.HTML]


@pytest.mark.parametrize("name", ["unsubscribe_link", "unsubscribe_link_all", "unsubscribe_section"])
def test_marketing_mail_with_an_unsubscribe_link_may_go_live(name):
    content = {"html": f'<a href="{{{{ {name} }}}}">No more</a>'}
    assert parts_refused(subcategory="marketing_single_send_api", content=content) == []


def test_marketing_mail_without_a_body_is_refused_for_that_alone():
    assert parts_refused(subcategory="marketing_single_send_api", content={}) == [Part.HTML]


def test_a_change_replaces_a_field():
    assert rules.merged(document(), {"subject": "New"})["subject"] == "New"


def test_null_takes_a_field_away():
    assert "subject" not in rules.merged(document(), {"subject": None})


def test_a_change_of_the_sender_name_keeps_the_address():
    after = rules.merged(document(), {"from": {"fromName": "Other"}})
    assert after["from"] == {"fromName": "Other", "replyTo": "shop@example.com"}


def test_null_within_an_object_takes_that_field_away():
    after = rules.merged(document(), {"from": {"fromName": None}})
    assert after["from"] == {"replyTo": "shop@example.com"}


def test_widgets_are_replaced_whole():
    before = document(content={"widgets": {"a": {}, "b": {}}})
    assert rules.merged(before, {"content": {"widgets": {"c": {}}}})["content"] == {"widgets": {"c": {}}}


def test_a_field_that_is_not_writable_is_left_out():
    assert rules.merged({}, {"name": "A", "id": "7", "type": "SMTP_TOKEN"}) == {"name": "A"}


def test_a_body_in_hubspots_place_takes_the_place_of_the_short_form():
    long = {"widgets": {"hs_email_body": {"body": {"html": "<p>new</p>"}}}}
    assert rules.merged(document(), {"content": long})["content"] == long


def test_a_short_form_takes_the_place_of_the_body_in_hubspots_place():
    before = document(content={"widgets": {"hs_email_body": {"body": {"html": "<p>old</p>"}}}})
    after = rules.merged(before, {"content": {"html": "<p>new</p>"}})
    assert after["content"]["html"] == "<p>new</p>"


def test_a_plain_text_in_hubspots_place_takes_the_place_of_the_short_form():
    before = document(content={"html": "x", "text": "old"})
    after = rules.merged(before, {"content": {"plainTextVersion": "new"}})
    assert after["content"] == {"html": "x", "plainTextVersion": "new"}


def test_without_a_subcategory_an_email_is_for_the_single_send_api():
    assert rules.type_of({"name": "A"}) is EmailType.SINGLE_SEND_API


@pytest.mark.parametrize(
    ("subcategory", "kind"),
    [
        ("single_send_api", EmailType.SINGLE_SEND_API),
        ("marketing_single_send_api", EmailType.MARKETING_SINGLE_SEND_API),
        ("batch", EmailType.BATCH_EMAIL),
        ("automated", EmailType.AUTOMATED_EMAIL),
        ("smtp_token", EmailType.SMTP_TOKEN),
        ("landing_page", EmailType.BATCH_EMAIL),
        ("not in the list", EmailType.BATCH_EMAIL),
    ],
)
def test_a_subcategory_makes_a_type(subcategory, kind):
    assert rules.type_of({"subcategory": subcategory}) is kind


def test_all_67_subcategories_of_the_published_models_are_known():
    assert len(TYPES) == 67


@pytest.mark.parametrize("kind", list(EmailType))
def test_only_single_send_and_smtp_mail_is_transactional(kind):
    assert is_transactional(kind) is (kind in (EmailType.SINGLE_SEND_API, EmailType.SMTP_TOKEN))
