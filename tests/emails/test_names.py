"""The names that a template sees."""

from datetime import timedelta, timezone

import pytest

from sendwright import emails, hubl
from sendwright.emails import names
from sendwright.emails.content import sending
from sendwright.emails.model import FaultKind

from .documents import NOON, compiled, document, mailed


def printed(expression, version=None, **given):
    return mailed(version or compiled(subject=f"{{{{ {expression} }}}}"), **given).subject


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("custom.order.id", "A-1"),
        ("contact.firstname", "Ann"),
        ("company.name", "Example Ltd"),
        ("account.name", "Example Ltd"),
        ("site_settings.company_city", "Springfield"),
        ("unsubscribe_link", "https://example.com/u"),
        ("view_as_page_url", "https://example.com/v"),
        ("owner.email", "olga@example.com"),
        ("content.name", "Receipt"),
        ("content.from_name", "Example Shop"),
        ("content.reply_to", "shop@example.com"),
        ("portal_id ~ '-' ~ hub_id ~ '-' ~ content_id", "1-1-101"),
        ("year", "2026"),
        ("local_time_zone", "UTC"),
        ("content.campaign", ""),
        ("unsubscribe_link_all", ""),
    ],
)
def test_a_template_sees(expression, shown):
    given = {
        "custom": {"order": {"id": "A-1"}},
        "contact": {"firstname": "Ann"},
        "company": {"name": "Example Ltd"},
        "site_settings": {"company_city": "Springfield"},
        "links": {"unsubscribe_link": "https://example.com/u", "view_as_page_url": "https://example.com/v"},
        "more": {"owner": {"email": "olga@example.com"}},
    }
    assert printed(expression, **given) == shown


def test_a_template_sees_its_style_settings():
    styled = compiled(subject="{{ body_color }}", content={"html": "x", "styleSettings": {"bodyColor": "#abc"}})
    assert mailed(styled).subject == "#abc"


def test_a_link_of_another_name_is_not_seen():
    assert printed("portal_id", links={"portal_id": "7"}) == "1"


def test_other_names_do_not_take_the_place_of_the_readers():
    assert printed("contact.firstname", contact={"firstname": "Ann"}, more={"contact": {"firstname": "Eve"}}) == "Ann"


def test_the_year_is_that_of_the_readers_zone():
    version = compiled(subject="{{ year }}")
    new_year = NOON.replace(month=12, day=31, hour=23).astimezone(timezone(timedelta(hours=2)))
    values = emails.context(version, now=new_year, custom={}, contact={})
    assert isinstance(values, hubl.Values)
    assert values.names["year"] == 2027


def test_properties_that_are_too_large_are_a_limit():
    found = emails.context(compiled(), now=NOON, custom={"x": "x" * 1_000_001}, contact={})
    assert isinstance(found, emails.RenderFault)
    assert found.kind is FaultKind.LIMIT


def test_a_version_too_large_for_its_fixed_names_goes_without_them():
    large = document(subject="s" * 1_000_001)
    fixed = names.fixed_names(large, sending(large), name="n", portal_id=1, content_id=2, written_at=NOON)
    assert fixed.names == {}
