"""The construct table of reference/hubl.md 3.5, row by row."""

import pytest

from sendwright import hubl


def required(source: str) -> set[str]:
    return set(hubl.compile(source).manifest.required)


def optional(source: str) -> set[str]:
    return set(hubl.compile(source).manifest.optional)


@pytest.mark.parametrize(
    "source",
    [
        "{{ custom.x }}",
        "{{ custom['x'] }}",
        '<a href="{{ custom.x }}">',
        "{% print custom.x %}",
        "{{ 'a'|replace('a', custom.x) }}",
        "{{ 'a'|default(default_value=custom.x) }}",
        "{{ 1 + custom.x }}",
        "{{ -custom.x }}",
        "{{ range(custom.x) }}",
        "{{ [custom.x] }}",
        "{{ {'a': custom.x} }}",
        "{{ contact[custom.x] }}",
        "{{ 'abc'[custom.x:2] }}",
        "{{ custom.x[1:] }}",
        "{{ custom.x.y.z }}",
        "{{ custom.x[0].y }}",
        "{{ custom.x['y'] }}",
        "{{ custom.x|upper }}",
        "{{ custom.x is string }}",
        "{{ custom.x.toUpperCase() }}",
        "{{ personalization_token('custom.x') }}",
        "{% for i in custom.x %}{{ i.y }}{% endfor %}",
        "{% for i in [1] %}{{ custom.x }}{% endfor %}",
        "{% cycle custom.x,'b' %}",
        "{% do custom.x %}",
        "{% set a = custom.x ~ 'b' %}",
        "{% set a = custom.x %}{{ a }}",
        "{% set a = custom.x.y %}{{ a.z }}",
        "{% set ns = namespace() %}{% set ns.a = custom.x %}{{ ns.a }}",
        "{% set a %}{{ custom.x }}{% endset %}",
        "{% macro m(p) %}{{ custom.x }}{{ p }}{% endmacro %}",
        "{% macro m(p=custom.x) %}{{ p }}{% endmacro %}",
        "{% macro m() %}{% endmacro %}{% call m() %}{{ custom.x }}{% endcall %}",
        "{% macro m(a) %}{% endmacro %}{% call m(custom.x) %}{% endcall %}",
        "{% autoescape false %}{{ custom.x }}{% endautoescape %}",
        "{% block b %}{{ custom.x }}{% endblock %}",
        "{% if true %}{{ custom.x }}{% endif %}",
        "{{ custom.y or custom.x }}",
    ],
)
def test_a_key_that_is_printed_or_calculated_with_is_required(source):
    assert required(source) == {"x"}


@pytest.mark.parametrize(
    "source",
    [
        "{{ custom.x|default('a') }}",
        "{{ custom.x|d('a')|upper }}",
        "{{ custom.x|upper|d('a') }}",
        "{{ custom.x or 'a' }}",
        "{{ custom.x and 'a' }}",
        "{{ custom.x is defined }}",
        "{{ personalization_token('custom.x', 'a') }}",
        "{{ data_token('custom.x.y', 'a') }}",
        "{% if custom.x %}a{% endif %}",
        "{% if not custom.x %}a{% endif %}",
        "{% if custom.x is none %}a{% endif %}",
        "{% if custom.x > 3 and contact.y %}a{% endif %}",
        "{% if custom.x|length %}a{% endif %}",
        "{% unless custom.x %}a{% endunless %}",
        "{% if contact.a %}b{% elif custom.x %}c{% endif %}",
        "{{ custom.x ? 'a' : 'b' }}",
        "{{ 'a' if custom.x else 'b' }}",
        "{% if custom.x %}{{ custom.x }}{% endif %}",
        "{% if contact.a %}{{ custom.x }}{% endif %}",
        "{% if contact.a %}{% else %}{{ custom.x }}{% endif %}",
        "{% if contact.a %}{% set b = custom.x %}{% endif %}{{ b }}",
        "{{ contact.a ? custom.x : 'b' }}",
        "{% set a = custom.x %}{% if a %}{{ a }}{% endif %}",
        "{% set a = custom.x %}",
    ],
)
def test_a_key_with_a_stand_in_or_that_may_never_print_is_optional(source):
    assert (required(source), optional(source)) == (set(), {"x"})


@pytest.mark.parametrize(
    "source",
    [
        "{{ custom }}",
        "{{ custom[contact.a] }}",
        "{{ custom|tojson }}",
        "{{ custom.items() }}",
        "{% for a in custom %}{% endfor %}",
        "{% set a = custom %}",
        "{{ personalization_token(contact.path) }}",
    ],
)
def test_custom_as_a_whole_is_dynamic_and_requires_nothing(source):
    manifest = hubl.compile(source).manifest
    assert (manifest.required, manifest.dynamic) == (frozenset(), True)


@pytest.mark.parametrize(
    "source",
    [
        "{# {{ custom.x }} #}",
        "{% raw %}{{ custom.x }}{% endraw %}",
        "{{ contact.x }}",
        "{{ personalization_token('contact.x') }}",
        "{{ personalization_token('custom') }}",
        "{{ personalization_token() }}",
        "{% set custom = contact %}{{ custom.x }}",
        "{% for custom in contact.list %}{{ custom.x }}{% endfor %}",
        "{% macro m(custom) %}{{ custom.x }}{% endmacro %}",
        "{% if contact.a %}{% break %}{% endif %}",
        "{{ [][1:2] }}{{ [][:2] }}",
    ],
)
def test_what_is_not_a_key_of_custom_is_not_in_the_manifest(source):
    assert hubl.compile(source).manifest == hubl.Manifest()


def test_a_name_set_anew_no_longer_stands_for_a_key():
    assert required("{% set a = custom.x %}{% set a = 1 %}{{ a }}") == set()


def test_a_block_set_hides_what_the_name_stood_for():
    assert required("{% set a = custom.x %}{% set a %}b{% endset %}{{ a }}") == set()


def test_a_key_that_is_required_once_is_not_optional():
    assert optional("{{ custom.x|d('a') }}{{ custom.x }}") == set()


def test_the_union_requires_what_any_part_requires():
    subject, body = hubl.compile("{{ custom.x|d('') }}{{ custom.y|d('') }}"), hubl.compile("{{ custom.x }}{{ custom }}")
    expected = hubl.Manifest(required=frozenset({"x"}), optional=frozenset({"y"}), dynamic=True)
    assert subject.manifest.union(body.manifest) == expected


def test_a_key_that_is_present_but_empty_is_not_missing():
    manifest = hubl.compile("{{ custom.x }}{{ custom.y }}").manifest
    assert manifest.missing(frozenset({"x": None})) == {"y"}


def test_a_bad_condition_does_not_hide_the_branch():
    assert optional("{% if %}{{ custom.x }}{% endif %}") == {"x"}
