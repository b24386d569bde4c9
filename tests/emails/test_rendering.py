"""What a version and one reader's values make."""

import pytest

from sendwright import emails, hubl
from sendwright.emails import content, rendering
from sendwright.emails.model import FaultKind, MissingProperties, Part, RenderFault

from .documents import NOON, compiled, document, mailed


def values(version, **names):
    found = emails.context(version, now=NOON, **{"custom": {}, "contact": {}, **names})
    assert isinstance(found, hubl.Values)
    return found


def test_every_part_is_rendered():
    version = compiled(
        subject="Receipt {{ custom.n }}",
        content={"html": "<b>{{ custom.n }}</b>", "text": "No. {{ custom.n }}", "previewText": "About {{ custom.n }}"},
        **{"from": {"fromName": "Shop {{ custom.n }}", "replyTo": "shop@example.com"}},
    )
    made = mailed(version, custom={"n": 7})
    assert (made.subject, made.from_name, made.text, made.preview) == ("Receipt 7", "Shop 7", "No. 7", "About 7")
    assert "<b>7</b>" in made.html


def test_values_are_escaped_in_html():
    assert "<b>&lt;i&gt;</b>" in mailed(compiled(content={"html": "<b>{{ custom.x }}</b>"}), custom={"x": "<i>"}).html


def test_values_are_not_escaped_in_subject_and_text():
    version = compiled(subject="{{ custom.x }}", content={"html": "x", "text": "{{ custom.x }}"})
    made = mailed(version, custom={"x": "a & <b>"})
    assert (made.subject, made.text) == ("a & <b>", "a & <b>")


def test_a_value_is_never_read_as_a_template():
    assert (
        mailed(compiled(subject="{{ custom.x }}"), custom={"x": "{{ contact.email }}"}).subject == "{{ contact.email }}"
    )


@pytest.mark.parametrize("evil", ["\r\nBcc: x@example.com", "\n", "\r", "\0", "\u2028", "\u0085", "\x1b", "\x7f"])
def test_control_characters_become_a_space_in_headers(evil):
    version = compiled(subject="{{ custom.x }}", **{"from": {"fromName": "{{ custom.x }}", "replyTo": "a@example.com"}})
    made = mailed(version, custom={"x": f"a{evil}b"})
    expected = "a Bcc: x@example.comb" if "Bcc" in evil else "a b"
    assert (made.subject, made.from_name) == (expected, expected)


def test_control_characters_written_by_the_author_become_a_space_too():
    assert mailed(compiled(subject="a\r\nb")).subject == "a b"


@pytest.mark.parametrize("size", [998, 999, 100_000])
def test_a_subject_is_cut_at_998_characters(size):
    assert len(mailed(compiled(subject="{{ custom.x }}"), custom={"x": "s" * size}).subject) == 998


def test_a_missing_custom_property_is_named():
    version = compiled(subject="{{ custom.b }}", content={"html": "{{ custom.a }} {{ custom.c|default('') }}"})
    assert emails.render(version, values(version)) == MissingProperties(names=("a", "b"))


def test_a_custom_property_given_as_null_is_not_missing():
    assert mailed(compiled(subject="Hi {{ custom.a }}"), custom={"a": None}).subject == "Hi"


def test_without_any_custom_values_all_required_ones_are_missing():
    version = compiled(subject="{{ custom.a }}")
    assert emails.render(version, hubl.Values(names={})) == MissingProperties(names=("a",))


def test_an_email_without_a_plain_text_has_one_derived_from_its_html():
    content = {"html": "<h1>Hi {{ contact.name }}</h1><p>Bye</p>"}
    assert mailed(compiled(content=content)).text == "Hi \n\nBye"


def test_a_plain_text_that_only_the_rendered_mail_can_tell_is_none():
    assert mailed(compiled(content={"html": "<p>{{ contact.list|safe }}</p>"})).text is None


def test_a_plain_text_that_renders_to_nothing_is_none():
    assert mailed(compiled(content={"html": "x", "text": "{{ contact.x }}"})).text is None


def test_a_fragment_becomes_a_document_with_its_subject_as_title():
    assert "<title>Your receipt</title>" in mailed(compiled()).html


def test_a_whole_document_stays_as_it_is():
    whole = "<!doctype html><html><body><p>Hi</p></body></html>"
    assert mailed(compiled(content={"html": whole})).html == whole


def test_the_preview_text_begins_the_body_of_a_whole_document():
    made = mailed(compiled(content={"html": "<html><body><p>Hi</p></body></html>", "previewText": "A & B"}))
    assert made.html.startswith("<html><body><div style=")
    assert "A &amp; B</div><p>" in made.html


def test_a_part_without_hubl_needs_no_render():
    assert compiled(subject="50 % off {}").parts.subject == "50 % off {}"


def test_a_render_that_does_too_much_is_a_limit():
    version = compiled(
        content={"html": "{% for a in custom.l %}{% for b in custom.l %}{{ b }}{% endfor %}{% endfor %}"}
    )
    made = emails.render(version, values(version, custom={"l": list(range(2_000))}))
    assert isinstance(made, RenderFault)
    assert made.kind is FaultKind.LIMIT
    assert made.message.startswith("The HTML body: ")


def test_a_template_that_cannot_be_read_is_an_exception_that_names_part_and_line():
    version = compiled(subject="\n{% if %}x")
    made = emails.render(version, values(version))
    assert isinstance(made, RenderFault)
    assert made.kind is FaultKind.EXCEPTION
    assert made.message.startswith("The subject, line ")


def test_what_prints_nothing_is_a_warning():
    made = mailed(compiled(subject="a{{ contact.x|sparkle }}b"))
    assert made.subject == "ab"


def test_a_faulty_value_is_a_warning_of_its_part():
    made = mailed(compiled(subject="a{{ custom.x - 1 }}b"), custom={"x": "text"})
    assert made.subject == "ab"
    assert [warning.part for warning in made.warnings] == [Part.SUBJECT]


def test_parts_that_fail_without_a_fatal_error_say_how_to_find_out():
    assert "Preview" in rendering._why(Part.HTML, ())


def test_what_can_be_shown_is_shown_beside_its_faults():
    parts = rendering.compiled(content.sending(document(subject="A {% if %}", content={"html": "<p>B</p>"})))
    shown, faults = rendering.shown_parts(parts, hubl.Values(names={}))
    assert "<p>B</p>" in shown.html
    assert {fault.part for fault in faults} == {Part.SUBJECT}


def test_a_part_beyond_the_limits_is_shown_empty():
    endless = "{% for a in l %}{% for b in l %}{{ b }}{% endfor %}{% endfor %}"
    parts = rendering.compiled(content.sending(document(subject=endless)))
    closed = hubl.close({"l": list(range(2_000))})
    assert isinstance(closed, hubl.Values)
    shown, faults = rendering.shown_parts(parts, closed)
    assert shown.subject == ""
    assert [fault.part for fault in faults] == [Part.SUBJECT]


def test_warnings_of_the_compiler_are_shown_with_a_faulty_part():
    parts = rendering.compiled(content.sending(document(subject="{{ x|sparkle }}{% if %}")))
    shown, faults = rendering.shown_parts(parts, hubl.Values(names={}))
    assert {warning.part for warning in shown.warnings} == {Part.SUBJECT}
    assert faults


def test_a_page_for_the_browser_is_made_without_what_was_given_for_the_mail():
    version = compiled(content={"html": "<p>Order {{ custom.n }}!</p>"})
    assert "<p>Order !</p>" in (emails.render_page(version, values(version)) or "")


def test_a_page_that_cannot_be_made_is_none():
    version = compiled(subject="{% if %}")
    assert emails.render_page(version, values(version)) is None
