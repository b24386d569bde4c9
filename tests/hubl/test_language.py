"""Tags, expressions and scope as HubL has them (hubl.md 1)."""

import pytest

from sendwright import hubl

from .rendering import fatal, html, prints_nothing, rendered, text, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 ? 'a' : 'b'", "a"),
        ("'a' if 0 else 'b'", "b"),
        ("'a' if 0", ""),
        ("1 and 'x'", "true"),
        ("0 && 1", "false"),
        ("'' or 'x'", "x"),
        ("'a' || 'x'", "a"),
        ("not 1", "false"),
        ("!0", "true"),
        ("not 1 in [2]", "true"),
        ("1 not in [2]", "true"),
        ("1 eq 1 and 2 ne 3 and 1 lt 2 and 2 gt 1 and 1 le 1 and 1 ge 1", "true"),
        ("1 + 2 * 3", "7"),
        ("2 * 1.5", "3.0"),
        ("4 is divisibleby 2", "true"),
        ("[1, 2] is containing absent", "false"),
        ("(1 + 2) * 3", "9"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "-1"),
        ("7 % -3", "1"),
        ("7.5 % 2", "1.5"),
        ("7 mod 2", "1"),
        ("7 div 2", "3.5"),
        ("2 ** 3", "8"),
        ("2.0 ** 3", "8.0"),
        ("10 ** 30", "9223372036854775807"),
        ("10.0 ** 400", "Infinity"),
        ("1 / 2", "0.5"),
        ("1 / 0", "Infinity"),
        ("-1 / 0", "-Infinity"),
        ("0 / 0", "NaN"),
        ("'2' * 3", "6"),
        ("'2.5' + 1", "2.51"),
        ("'99999999999999999999' * 1", "1.0E20"),
        ("'' * 3", "0"),
        ("nothing + 1", "1"),
        ("2.5 * 2", "5.0"),
        ("5 - 7", "-2"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
        ("-5", "-5"),
        ("- five", "-5"),
        ("+ five", "5"),
        ("-1|abs", "1"),
        ("'a' ~ 1 ~ nothing", "a1"),
        ("'a' + nothing", "anull"),
        ("nothing + 'a'", "nulla"),
        ("[1] + [2]", "[1, 2]"),
        ("[1] + 2", "[1, 2]"),
        ("{'a': 1} + {'b': 2}", "{a=1, b=2}"),
        ("{a: 1, 'b': 2,}", "{a=1, b=2}"),
        ("(1, 2)", "[1, 2]"),
        ("{'a': {'b': 1}}.a.b", "1"),
        ("[1, 2, 3][1]", "2"),
        ("[1, 2, 3][-1]", "3"),
        ("[1, 2, 3][9]", ""),
        ("[1, 2, 3]['1']", "2"),
        ("[1][nothing]", ""),
        ("'abc'[0]", ""),
        ("{'1': 'a'}[1]", "a"),
        ("{'a': 1}[nothing]", ""),
        ("[1, 2, 3][1:]", "[2, 3]"),
        ("'hello'[1:3]", "el"),
        ("'hello'[:-1]", "hell"),
        ("5[1:]", ""),
        ("1 == '1'", "true"),
        ("'' == 0", "true"),
        ("'a' == 1", "false"),
        ("1 != 2", "true"),
        ("'abc' == true", "true"),
        ("[] == false", "true"),
        ("[1] == [1]", "true"),
        ("[1] == 'a'", "false"),
        ("nothing == null", "true"),
        ("nothing == 0", "false"),
        ("nothing < 1", "false"),
        ("'a' < 'b'", "true"),
        ("'10' > 9", "true"),
        ("'a' in 'cat'", "true"),
        ("'k' in {'k': 1}", "true"),
        ("[] in {'k': 1}", "false"),
        ("1 in nothing", "false"),
        ("'1' in [1, 2]", "true"),
        (".5 + 5. + 1e3", "1005.5"),
        ("'a\\n\\'\\\\'", "a\n'\\"),
        ('"a\\"b"', 'a"b'),
        ("2 * 3|string", "6"),
        ("True and not False", "true"),
        ("None", ""),
        ("custom.empty", "reserved"),
        ("custom.items", "a key"),
        ("custom.in", "odd"),
        ("custom.items()|length", "3"),
        ("custom.keys()|first", "empty"),
        ("custom.values()|last", "odd"),
        ("custom.get('nope', 'x')", "x"),
        ("custom.get('in')", "odd"),
        ("custom.containsKey('in')", "true"),
        ("custom.size()", "3"),
        ("custom.isEmpty()", "false"),
        ("[].isEmpty()", "true"),
        ("[1].size()", "1"),
        ("'a'.toUpperCase()", "A"),
        ("'A'.toLowerCase()", "a"),
        ("' a '.trim()", "a"),
        ("'abc'.length()", "3"),
        ("''.isEmpty()", "true"),
        ("'abc'.contains('b')", "true"),
        ("'abc'.startsWith('a')", "true"),
        ("'abc'.endsWith('a')", "false"),
        ("'abc'.replace('b', 'x')", "axc"),
        ("('abc'|safe).toUpperCase()", "ABC"),
        (
            "type(1) ~ type(1.5) ~ type('a') ~ type([]) ~ type({}) ~ type(true) ~ type(nothing)",
            "intfloatstrlistdictboolnull",
        ),
        ("type(namespace())", "dict"),
        ("range(3)", "[0, 1, 2]"),
        ("range(1, 7, 3)", "[1, 4]"),
        ("range(1, 7, 0)", "[]"),
        ("range('3')", "[0, 1, 2]"),
        ("range(2.9)", "[0, 1]"),
        ("truncate('hello world', 8)", "hello ..."),
        ("personalization_token('contact.name', 'there')", "Ann"),
        ("personalization_token('contact.nope', 'there')", "there"),
        ("personalization_token('contact.blank', 'there')", "there"),
        ("personalization_token('contact.nope')", ""),
        ("a.b.c.d", ""),
        ("contact.name.first", ""),
        ("prénom", "Zoë"),
    ],
)
def test_an_expression_means_what_it_means_in_hubl(expression, expected):
    custom = {"empty": "reserved", "items": "a key", "in": "odd"}
    names = {"custom": custom, "contact": {"name": "Ann", "blank": ""}, "five": 5, "prénom": "Zoë"}
    assert value(expression, **names) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * 2", "true + 1", "[] - 1", "'a' - 1", "1 // 0", "1 % 0", "nothing // 1", "'2' ** 2", "-'a'", "1 < 'a'",
        "1 < [1]", "(-8) ** 0.5", "f()", "contact.x()", "'a'.upper()", "m()()", "1|nope", "1 is nope", "range([])",
        "range('a')", "range('12345678901234567890')", "'a'|replace([1])", "[1]['a']", "[1, 'a']|sort", "''|round",
    ],
)  # fmt: skip
def test_an_expression_that_is_wrong_prints_nothing_and_is_noted(expression):
    assert prints_nothing(expression)


@pytest.mark.parametrize(
    "source",
    [
        "{{ }}", "{{ 1 2 }}", "{{ 1 + }}", "{{ (1 }}", "{{ [1 }}", "{{ [1 2] }}", "{{ {'a' 1} }}", "{{ {'a': 1 2} }}",
        "{{ f(1 2) }}", "{{ a ? b }}", "{{ a. }}", "{{ a[ }}", "{{ a[] }}", "{{ a[1:2:3] }}", "{{ a | }}", "{{ a is }}",
        "{{ a is 1 }}", "{{ 1_000 }}", "{{ 0x10 }}", "{{ '\\q' }}", "{{ @ }}", "{{ a not b }}",
        "{{ 'a", "{{ {", "{% if a",
        "{# a",
        "{% raw %}a", "{% if a %}", "{% if %}a{% endif %}", "{% endif %}", "{% else %}", "{% for a in b %}",
        "{% for a b %}{% endfor %}", "{% for 1 in b %}{% endfor %}",
        "{% if a %}{% endfor %}{% endif %}", "{% set = 1 %}",
        "{% set a, b = 1 %}", "{% set a, b %}{% endset %}", "{% set a = %}", "{% set a = 1 2 %}",
        "{% macro %}{% endmacro %}",
        "{% macro m %}{% endmacro %}", "{% macro m(a b) %}{% endmacro %}", "{% cycle %}", "{% nope %}",
        "{% include 'a' %}",
        "{% break %}", "{% continue %}", "{% %}", "{% 1 %}",
        "{% for a in b %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
        "{% for a in b %}{% call m() %}{% continue %}{% endcall %}{% endfor %}",
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_read_is_fatal(source):
    assert fatal(source)


@pytest.mark.parametrize("row", [[], [1]])
def test_a_row_with_fewer_items_than_the_loop_has_names_fails_the_render(row):
    template = hubl.compile("{% for a, b in custom.rows %}{{ a }}{% endfor %}")
    result = template.render(hubl.Values(names={"custom": {"rows": [[1, 2], row]}}))
    assert not template.fatal
    assert isinstance(result, hubl.Failed)
    assert [(error.severity, error.line) for error in result.errors] == [(hubl.Severity.FATAL, 1)]


def test_a_row_that_is_no_list_leaves_the_names_of_the_loop_empty():
    template = hubl.compile("{% for a, b in custom.rows %}<{{ a }}>{% endfor %}")
    assert template.render(hubl.Values(names={"custom": {"rows": [1, "ab"]}})) == hubl.Rendered(text="<><>")


def test_a_fatal_template_fails_and_still_shows_what_it_could_make():
    result = hubl.compile("a{{ ( }}b{% if 1 %}c").render(hubl.Values(names={}))
    assert isinstance(result, hubl.Failed)
    assert (result.text, [error.line for error in result.errors]) == ("abc", [1, 1])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% if a %}A{% elif b %}B{% else %}C{% endif %}", "B"),
        ("{% IF nope %}A{% ELSEIF nope %}B{% Else %}C{% ENDIF %}", "C"),
        ("{% if nope %}A{% endif %}", ""),
        ("{% unless nope %}A{% else %}B{% endunless %}", "A"),
        ("{% unless b %}A{% else %}B{% endunless %}", "B"),
        ("{% if -'a' %}A{% else %}B{% endif %}", "B"),
        ("{% for i in [1, 2] %}{{ i }}{% endfor %}", "12"),
        ("{% for i in [1, 2] %}x{% else %}E{% endfor %}", "xExE"),
        ("{% for i in [] %}x{% else %}E{% endfor %}", ""),
        ("{% for i in nope %}x{% endfor %}", ""),
        ("{% for i in 'ab' %}{{ i }}{% endfor %}", "ab"),
        ("{% for i in -'a' %}{{ i }}{% endfor %}", ""),
        ("{% for v in {'a': 1, 'b': 2} %}{{ v }}{% endfor %}", "12"),
        ("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}", "a=1;b=2;"),
        ("{% for x, y in [{'x': 1, 'y': 2}] %}{{ x }}{{ y }}{% endfor %}", "12"),
        ("{% for x, y in [[1, 2], 5] %}<{{ x }}{{ y }}>{% endfor %}", "<12><>"),
        (
            "{% for i in [1, 2, 3, 4] %}{% if i == 2 %}{% continue %}{% elif i == 4 %}{% break %}{% endif %}"
            "{{ i }}{% endfor %}",
            "13",
        ),
        ("{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }},{% endfor %}{{ x }}", "2,4,1"),
        ("{% if 1 %}{% set x = 1 %}{% endif %}{{ x }}", "1"),
        ("{% set ns = namespace(t=0) %}{% for i in [1, 2] %}{% set ns.t = ns.t + i %}{% endfor %}{{ ns.t }}", "3"),
        ("{% set ns = namespace({'a': 1}, b=2) %}{{ ns }}{{ ns.size() }}", "{a=1, b=2}2"),
        ("{% set x, y = 1, 2 %}{{ x }}{{ y }}", "12"),
        ("{% set x %}a{{ b }}{% endset %}{{ x }}", "a1"),
        ("{% set x | upper %}a{% endset %}{{ x }}", "A"),
        ("{% do 1 + 1 %}a", "a"),
        ("{% do %}hidden{% enddo %}a", "a"),
        ("{% print 1 + 1 %}", "2"),
        ("{% macro m(x, y='d') %}{{ x }}{{ y }};{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(y=3, x=4) }}", "1d;12;43;"),
        ("{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, k=2) }}", "[1]{k=2}"),
        ("{% macro m() %}{{ i }}{% endmacro %}{% for i in [1, 2] %}{{ m() }}{% endfor %}", "12"),
        ("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}x{% endcall %}", "<x>"),
        ("{% for i in [1, 2, 3] %}{% cycle 'a','b' %}{% endfor %}{% cycle 'a','b' %}", "abaa"),
        ("{% for i in [1, 2, 3] %}{{ loop.cycle('a', 'b') }}{% endfor %}", "aba"),
        ("{% for i in [1] %}{{ loop.cycle() }}{% endfor %}", ""),
        ("{% block b %}a{% endblock %}", "a"),
        ("{% raw %}{{ a }}{% b %}{% endraw %}", "{{ a }}{% b %}"),
        ("a{# b #}c{#- d -#} e", "ac" + "e"),
        ("a {{- 1 -}} b", "a1b"),
        ("a {%- if 1 -%} b {%- endif -%} c", "abc"),
        ("{% raw -%} a {% endraw -%} b", "a b"),
        ("{{ -5 }}{{-5 }}", "-55"),
        ("{{ '}}' }}{{ '%}' }}{% if '%}' %}a{% endif %}", "}}%}a"),
        ("{{ {'a': 1}}}", "{a=1}"),
        ("a { b } {c}", "a { b } {c}"),
        ("{% if 1 %}\na\n{% endif %}\n", "\na\n\n"),
    ],
)
def test_a_tag_does_what_it_does_in_hubl(source, expected):
    assert text(source, b=1) == expected


def test_the_loop_knows_where_it_is():
    names = [
        "index",
        "index0",
        "revindex",
        "revindex0",
        "counter",
        "revcounter",
        "first",
        "last",
        "length",
        "depth",
        "depth0",
        "nope",
    ]
    source = "{% for i in 'ab'|list %}" + ",".join(f"{{{{ loop.{name} }}}}" for name in names) + ";{% endfor %}"
    assert text(source) == "1,0,2,1,1,2,true,false,2,1,0,;2,1,1,0,2,1,false,true,2,1,0,;"


def test_a_member_of_a_call_is_found():
    assert text("{{ range(3)|first }}{% for i in [1] %}{{ (loop).index }}{{ namespace(a=2).a }}{% endfor %}") == "012"


def test_a_loop_and_a_macro_print_nothing():
    assert text("{% macro m() %}a{% endmacro %}{{ m }}{% for i in [1] %}{{ loop }}{% endfor %}") == ""


def test_a_macro_called_before_its_definition_is_noted():
    result = rendered("{{ m() }}{% macro m() %}a{% endmacro %}{{ m() }}")
    assert (result.text, len(result.errors)) == ("a", 1)


def test_only_a_namespace_is_set_with_a_point():
    result = rendered("{% set a = {'b': 1} %}{% set a.b = 2 %}{{ a.b }}")
    assert (result.text, len(result.errors)) == ("1", 1)


def test_an_error_knows_its_line():
    result = rendered("a\n{# \n #}{{ -'a' }}\n{% raw %}\n{% endraw %}{{ 1|nope }}\n{% if\n1 %}{{ -'b' }}{% endif %}")
    assert [error.line for error in result.errors] == [3, 5, 7]


def test_a_name_in_no_table_is_a_warning_when_the_template_is_compiled():
    errors = hubl.compile("{{ 1|nope }}{{ 1 is nope }}{{ nope() }}{{ [nope()]|map('nope') }}").errors
    assert [error.severity for error in errors] == [hubl.Severity.WARNING] * 4


def test_one_filter_that_does_not_exist_leaves_the_mail_alone():
    assert rendered("Dear {{ contact.name|nope }}, hello", contact={"name": "Ann"}).text == "Dear , hello"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ v }}", "&lt;b&gt;&amp;&quot;&#39;"),
        ("{{ v|safe }}", "<b>&\"'"),
        ("{{ v|escape }}", "&lt;b&gt;&amp;&quot;&#39;"),
        ("{{ v|safe|upper }}", "&lt;B&gt;&amp;&quot;&#39;"),
        ("{{ [v] }}", "[&lt;b&gt;&amp;&quot;&#39;]"),
        ("{{ 5 }}{{ 1.5 }}{{ true }}{{ nope }}", "51.5true"),
        ("{% print v %}", "&lt;b&gt;&amp;&quot;&#39;"),
        ("{% autoescape false %}{{ v }}{% cycle v %}{% endautoescape %}", "<b>&\"'<b>&\"'"),
        ("{% autoescape %}{{ v }}{% endautoescape %}", "&lt;b&gt;&amp;&quot;&#39;"),
        ("{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}{{ m(v) }}", "<i>&lt;b&gt;&amp;&quot;&#39;</i>"),
        ("{% set x %}<i>{{ v }}</i>{% endset %}{{ x }}", "<i>&lt;b&gt;&amp;&quot;&#39;</i>"),
        ("{% cycle v %}", "&lt;b&gt;&amp;&quot;&#39;"),
        ("{{ '<'|safe ~ '>'|safe }}{{ '<'|safe ~ '>' }}", "<>&lt;&gt;"),
        ("{{ -'a' }}a", "a"),
    ],
)
def test_html_escapes_values_and_never_the_template(source, expected):
    assert html(source, v="<b>&\"'") == expected


@pytest.mark.parametrize(
    "address", ["https://a.test/?b=1", "HTTP://a.test", "mailto:a@b.test", "tel:1", "/a:b", "#a", "a", ""]
)
def test_an_address_of_a_known_scheme_is_printed(address):
    assert html('<a href="{{ a }}">', a=address) == f'<a href="{address}">'


@pytest.mark.parametrize(
    "address", ["javascript:a", " \x01JavaScript:a", "java\nscript:a", "data:a", "vbscript:a", ":a", "x:1"]
)
@pytest.mark.parametrize("opening", ['<a href="', "<img SRC = '", "<form action="])
def test_an_address_of_another_scheme_prints_nothing_and_is_noted(opening, address):
    result = rendered(opening + "{% if 1 %}{{ a }}{% endif %}", hubl.Escape.HTML, a=address)
    assert (result.text, len(result.errors)) == (opening, 1)


def test_the_author_may_trust_an_address():
    assert html('<a href="{{ a|safe }}">', a="x:1") == '<a href="x:1">'


def test_text_parts_are_not_escaped():
    assert text("{{ v }}", v="<&>") == "<&>"
