"""The plain text that is derived from the template reads like the text of the rendered mail, or there is none."""

from __future__ import annotations

from typing import Any

import pytest

from sendwright import mail
from sendwright.emails.plain import text_template

from .documents import compiled, mailed

ANN = {"firstname": "Ann", "city": ""}
ORDER: dict[str, Any] = {
    "no": "4711",
    "url": "https://shop.example.com/o?a=1&b=2",
    "host": "shop.example.com",
    "note": "<b>5 < 6 & 7</b>",
    "items": [{"name": "Tea", "price": 3}, {"name": "Cup", "price": 5}],
    "gift": True,
    "nothing": [],
}


def texts(html: str) -> tuple[str | None, str]:
    """The text of the derived template, and the text of the rendered mail."""
    made = mailed(compiled(content={"html": html}), contact=ANN, custom=ORDER)
    return made.text, mail.text_from_html(made.html)


ORDINARY = (
    "<p>Hello {{ contact.firstname }}</p>",
    "<h1>Order {{ custom.no }}</h1><p>Thank you, {{ contact.firstname }}.</p><p>Your shop</p>",
    "<p>{{ contact.city|default('nowhere', true) }}</p>",
    "<p>Dear {% if contact.firstname %}{{ contact.firstname }}{% else %}customer{% endif %},</p><p>thanks</p>",
    "<p>a</p>{% if custom.gift %}<p>A gift</p>{% endif %}<p>b</p>",
    "<ul>{% for item in custom.items %}<li>{{ item.name }}: {{ item.price }}</li>{% endfor %}</ul>",
    "<p>{{ custom.note }}</p>",
    '<p><a href="https://shop.example.com/o">Your order {{ custom.no }}</a></p>',
    '<p><a href="{{ custom.url }}">Your order</a></p>',
    "<p><a href='{{ custom.url }}'>Your order</a></p>",
    '<p><a href="https://{{ custom.host }}/o/{{ custom.no }}">Your order</a></p>',
    '<p><img src="https://shop.example.com/a.png" alt="Tea for {{ contact.firstname }}"></p>',
    "<table><tr><td>{{ custom.no }}</td><td>{{ contact.firstname }}</td></tr></table>",
    "<p>a{# a remark #}b</p>",
    "<p>{{ contact.firstname|upper }} &amp; friends &lt;3</p>",
    "<p>one<br>two {{ custom.no }}</p>",
    "<p>nobody is {{ contact.nobody }} here</p>",
    "<!doctype html><html><head><title>{{ custom.no }}</title></head><body><p>{{ custom.no }}</p></body></html>",
)


@pytest.mark.parametrize("html", ORDINARY)
def test_the_derived_text_is_the_text_of_the_rendered_mail(html: str):
    derived, rendered = texts(html)
    assert derived is not None
    assert " ".join(derived.split()) == " ".join(rendered.split())


def lines(text: str) -> list[list[str]]:
    """A value that prints nothing may leave a second space; no reader minds."""
    return [line.split() for line in text.rstrip("\n").splitlines()]


@pytest.mark.parametrize("html", ORDINARY[:3] + ORDINARY[6:])
def test_the_derived_text_has_the_same_lines(html: str):
    derived, rendered = texts(html)
    assert derived is not None
    assert lines(derived) == lines(rendered)


def test_an_address_from_a_property_is_kept_whole():
    derived, _ = texts('<p><a href="{{ custom.url }}">Your order</a></p>')
    assert derived is not None
    assert "https://shop.example.com/o?a=1&b=2" in derived


@pytest.mark.parametrize(
    "html",
    [
        "<p>{{ custom.note|safe }}</p>",
        "<p>{{ custom.note|escape_html }}</p>",
        "<p>{{ custom.note|escape }}</p>",
        "<p>{{ custom.note|e }}</p>",
        "<p>{{ custom.note|striptags }}</p>",
        "<p>{{ custom.note|sanitize_html }}</p>",
        "<p>{{ custom.note|urlize }}</p>",
        "{% autoescape false %}<p>{{ custom.note }}</p>{% endautoescape %}",
        "{% raw %}<p>{{ custom.note }}</p>{% endraw %}",
    ],
)
def test_where_values_may_be_markup_only_the_rendered_mail_can_tell(html: str):
    assert text_template(html) is None


@pytest.mark.parametrize(
    "html",
    [
        "<p {% if custom.gift %}class='a'{% endif %}>a</p>",
        "<style>{% if custom.gift %}p { color: red }{% endif %}</style><p>a</p>",
        "<!-- {% set x = 1 %} --><p>{{ x }}</p>",
        "<p>a</p><script>{% for i in custom.items %}{% endfor %}</script>",
    ],
)
def test_a_block_that_would_be_lost_leaves_no_template(html: str):
    assert text_template(html) is None


def test_a_value_that_would_be_lost_does_no_harm():
    assert text_template("<style>p { color: {{ custom.colour }} }</style><p>a</p>") == "a"


def test_a_template_with_our_own_words_is_left_to_the_rendered_mail():
    assert text_template("<p>xsw0x0x {{ custom.no }}</p>") is None


def test_a_template_without_hubl_is_its_own_text():
    assert text_template("<p>Hello</p>") == "Hello"


def test_many_tags_are_told_apart():
    html = "".join(f"<p>{{{{ custom.k{n} }}}}</p>" for n in range(120))
    assert (text_template(html) or "").split() == " ".join(f"{{{{ custom.k{n} }}}}" for n in range(120)).split()


@pytest.mark.parametrize(
    "html",
    ["{{", "{% if", "{{ a", "<p>{{ '}}' }}</p>", "{%%}", "{{}}", '<a href="{{ a', "{#", "<p>{{ a }}" + "<" * 500],
)
def test_broken_templates_raise_nothing(html: str):
    text_template(html)


def test_a_broken_template_never_breaks_the_mail_by_its_text():
    made = mailed(compiled(content={"html": "<p>{{ '}}' }} {{ custom.no }}</p>"}), contact=ANN, custom=ORDER)
    assert "4711" in (made.text or mail.text_from_html(made.html))


def test_an_authors_own_text_is_used_as_it_is():
    version = compiled(content={"html": "<p>{{ custom.no }}</p>", "plainTextVersion": "Own {{ custom.no }}"})
    assert mailed(version, contact=ANN, custom=ORDER).text == "Own 4711"
