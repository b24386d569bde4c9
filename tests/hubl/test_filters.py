"""Filters and tests, each with what the reference prints (hubl.md 1.4 and 1.6)."""

import pytest

from sendwright import hubl

from .rendering import html, prints_nothing, rendered, value

PEOPLE = [{"n": "b", "q": 2, "a": {"c": 1}}, {"n": "a", "q": 1.5, "a": {"c": 1}}, {"n": "C", "q": "x"}, 5]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("nothing|default('a')", "a"),
        ("''|default('a')", ""),
        ("''|d('a', true)", "a"),
        ("0|default('a')", "0"),
        ("nothing|default", ""),
        ("nothing|default(default_value='a')", "a"),
        ("'<&>'|escape", "&lt;&amp;&gt;"),
        ("'<'|e|e", "&amp;lt;"),
        ("['<']|escape", "[&lt;]"),
        ("5|safe", "5"),
        ("'a b/ü'|urlencode", "a+b%2F%C3%BC"),
        ("{'a': 1, 'b c': '&'}|urlencode", "a=1&b+c=%26"),
        ("'a+b%2F'|urldecode", "a b/"),
        ("'a\"<'|escapejs", "a\\u0022\\u003C"),
        ("{'a': [1, 'x', none, true, 1.5|round(1)]}|tojson", '{"a":[1,"x",null,true,"1.5"]}'),
        ("'aB'|upper ~ 'aB'|lower ~ 'ab'|capitalize", "ABabAb"),
        ("5|upper", "5"),
        ("nothing|upper", ""),
        ("'hello (world) it\\'s'|title", "Hello (World) It's"),
        ("' a '|trim", "a"),
        ("'aaa'|replace('a', 'b')", "bbb"),
        ("'aaa'|replace('a', 'b', 2)", "bba"),
        ("5|replace('5', '6')", "5"),
        ("'banana'|cut('an')", "ba"),
        ("'banana'|cut('')", "banana"),
        ("5|cut('5')", "5"),
        ("'<p>a  <b>b</b></p>'|striptags", "a b"),
        ("'&lt;&eacute;'|unescape_html", "<é"),
        ("'hello world'|truncate(8)", "hello ..."),
        ("'hello world'|truncate(8, true)", "hello wo..."),
        ("'hello world'|truncate(99)", "hello world"),
        ("'helloworld'|truncate(5, end='!')", "hello!"),
        ("5|truncate(1)", "5"),
        ("'a'|center(5)", "  a  "),
        ("'a\\nb'|indent(2)", "a\n  b"),
        ("'a\\nb'|indent(2, true)", "  a\n  b"),
        ("5|indent", "5"),
        ("'aa bb cc'|wordwrap(5)", "aa bb\ncc"),
        ("'aaaaaa\\nb'|wordwrap(4)", "aaaa\naa\nb"),
        ("5|wordwrap", "5"),
        ("'a b-c'|wordcount", "3"),
        ("'%s is %d%% of %.2f'|format('a', 5, 2)", "a is 5% of 2.00"),
        (
            "'[%5s|%-5s|%05d|%,d|%+d|%x|%-4d]'|format('a', 'b', 7, 1234567, 5, 255, 3)",
            "[    a|b    |00007|1,234,567|+5|ff|3   ]",
        ),
        ("'a, b ,,c'|split(',')", "[a, b, c]"),
        ("'a b c'|split", "[a, b, c]"),
        ("'a,b,c'|split(',', 2)", "[a, b,c]"),
        ("'a'|md5", "0cc175b9c0f1b6a831c399e269772661"),
        ("nothing|string ~ 5|string", "null5"),
        ("'abc'|length ~ [1]|count ~ {'a': 1}|length ~ 5|length", "3110"),
        ("[1, 2]|first ~ [1, 2]|last", "12"),
        ("'ab'|first ~ 'ab'|last", "abab"),
        ("[]|first", ""),
        ("[]|last", ""),
        ("{'a': 1}|first", "1"),
        ("[1, none, 'a']|join(', ')", "1, , a"),
        ("people|join('-', 'n')", "b-a-C-"),
        ("['a', 'b']|map('upper')", "[A, B]"),
        ("people|map('a.c')", "[1, 1, null, null]"),
        ("people|map(attribute='n')", "[b, a, C, null]"),
        ("['a']|map('replace', 'a', 'b')", "[b]"),
        ("[0, 1, 2]|select", "[1, 2]"),
        ("[1, 2, 3]|select('odd')", "[1, 3]"),
        ("[1, 2, 3]|reject('>', 1)", "[1]"),
        ("people|selectattr('n', '==', 'a')|map('q')", "[1.5]"),
        ("people|selectattr('a')|length", "2"),
        ("people|rejectattr('n')", "[5]"),
        ("[1, 2.5, 'x', true]|sum", "3.5"),
        ("people|sum(attribute='q')", "3.5"),
        ("[1.25|round(1)]|sum", "1.3"),
        ("[1]|sum(5)", "6"),
        ("[3, 1, 2]|sort", "[1, 2, 3]"),
        ("[3, 1, 2]|sort(true)", "[3, 2, 1]"),
        ("['b', 'A']|sort", "[A, b]"),
        ("['b', 'A', 'a']|sort(false, true)", "[A, a, b]"),
        ("people[0:3]|sort(false, false, 'n')|map('n')", "[a, b, C]"),
        ("5|sort", "[5]"),
        ("[1, 2, 3]|batch(2)", "[[1, 2], [3, null]]"),
        ("[1, 2, 3]|batch(2, 'x')", "[[1, 2], [3, x]]"),
        ("[1, 2, 3]|slice(2)", "[[1, 2], [3]]"),
        ("[1, 1, '1', 2]|unique", "[1, 1, 2]"),
        ("people|unique('a.c')|length", "2"),
        ("[1, 2]|reverse", "[2, 1]"),
        ("'ab'|reverse", "ba"),
        ("5|reverse", "5"),
        ("'ab'|list", "[a, b]"),
        ("5|list", "[5]"),
        ("{'b': 1, 'A': 2}|dictsort", "[[A, 2], [b, 1]]"),
        ("{'b': 1, 'A': 2}|dictsort(false, 'value')", "[[b, 1], [A, 2]]"),
        ("5|dictsort", "5"),
        ("people[0]|attr('n')", "b"),
        ("[1, 2]|union([2, 3])", "[1, 2, 3]"),
        ("[1, 2]|intersect([2, 3])", "[2]"),
        ("[1, 2]|difference([2, 3])", "[1]"),
        ("[1, 2]|symmetric_difference([2, 3])", "[1, 3]"),
        ("42|round(2)", "42.00"),
        ("2.5|round", "3"),
        ("1.005|round(2)", "1.01"),
        ("1234.5|round(-2)", "1.2E+3"),
        ("2.1|round(0, 'ceil')", "3"),
        ("2.9|round(0, 'floor')", "2"),
        ("'3.14159'|round(2)", "3.14"),
        ("2.345|round(2)|round(1)", "2.4"),
        ("2.345|round(2) * 2", "4.7"),
        ("2|round('1')", "2.0"),
        ("2|round(1.9|round(1))", "2.0"),
        ("'1,234'|int ~ 5.9|int ~ 'x'|int ~ 'x'|int(7) ~ true|int", "12345070"),
        ("'2.5'|float ~ 1|float ~ 'x'|float", "2.51.00.0"),
        ("1e300|int", "1.0E300"),
        ("-5|abs ~ '-2.5'|abs", "52.5"),
        ("5|add(6) ~ '5'|add('1.5')", "116.5"),
        ("5|multiply(2) ~ 2.5|multiply(2)", "105.0"),
        ("10|divide(4) ~ ',' ~ 2.5|divide(2) ~ ',' ~ 1|divide(3)", "3,1.3,0"),
        ("10|divisible(5)", "true"),
        ("1234567.891|format_number", "1,234,567.891"),
        ("1234567.891|format_number('de-DE', 1)", "1.234.567,9"),
        ("1000|format_number('fr', 2)", "1\u202f000"),
        ("'12.50'|format_number('xx')", "12.5"),
        ("100|format_currency('en-US', 'USD')", "$100.00"),
        ("1234.5|format_currency('de-DE', 'EUR')", "1.234,50\u00a0€"),
        ("-5|format_currency", "-$5.00"),
        ("500|format_currency('ja-JP', 'JPY')", "¥500"),
        ("5|format_currency('en', 'CHF')", "CHF\u00a05.00"),
        ("100|format_currency_value('en-US', 'USD', 0)", "$100"),
        ("1.2345|format_currency_value(currency='USD', maxDecimalDigits=3)", "$1.235"),
        ("'yes'|bool ~ 'no'|bool ~ 1|bool ~ 2|bool ~ [1]|bool", "truefalsetruefalsefalse"),
    ],
)
def test_a_filter_does_what_it_does_in_hubl(expression, expected):
    assert value(expression, people=PEOPLE) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "'%d'|format('a')", "'%d'|format(true)", "'%2000d'|format(1)", "'a'|round", "nothing|round", "1|round(31)",
        "infinite|round", "1|divide(0)", "'a'|abs", "[1, 'a']|sort", "[true]|sort", "[1]|select('nope')",
        "'a'|center([])", "nothing|format_currency", "'a'|add(1)",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_use_its_value_prints_nothing_and_is_noted(expression):
    assert prints_nothing(expression, infinite=float("inf"))


@pytest.mark.parametrize(
    "question",
    [
        "1 is defined", "nothing is undefined", "nothing is none", "nothing is not defined", "1 is truthy",
        "true is boolean", "true is true", "false is false", "1 is not true", "1 is integer", "1.5 is float",
        "1 is number", "true is not number", "'a' is string", "{} is mapping", "[] is iterable", "[] is sequence",
        "{} is not sequence", "'a' is lower", "'A' is upper", "2 is even", "1 is odd", "10 is divisibleby 5",
        "10 is divisibleby(5)", "1 is in [1, 2]", "1 is within [1]", "[1] is containing 1",
        "[1, 2] is containingall [1, 2]",
        "[1] is not containingall 1", "'abc' is string_containing 'b'", "'abc' is string_startingwith 'a'",
        "5 is not string_startingwith 'a'", "1 is sameas 1", "1 is not sameas 1.0", "1 is eq 1",
        "1 is == 1", "1 is equalto 1",
        "1 is ne 2", "2 is gt 1", "1 is lt 2", "1 is ge 1", "1 is le 1",
        "1 is even ? false : true",
    ],
)  # fmt: skip
def test_a_question_is_answered(question):
    assert value(question) == "true"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'2024-03-05T14:07:09'|datetimeformat('%Y-%m-%d %H:%M:%S %Z')", "2024-03-05 14:07:09 UTC"),
        ("1709647629000|datetimeformat('%B %e, %Y %h:%M %p')", "March 5, 2024 02:07 PM"),
        ("'1709647629000'|datetimeformat('%-d.%-m.%k.%l')", "5.3.14.2"),
        ("0|datetimeformat", "00:00 / 01-01-1970"),
        ("0|datetimeformat('100%% %a')", "100% Thu"),
        ("0|datetimeformat('%H:%M', 'Asia/Kolkata')", "05:30"),
        ("'2024-03-05T14:07:09+02:00'|datetimeformat('%H:%M', 'UTC')", "12:07"),
        ("'2024-03-05'|format_date", "Mar 5, 2024"),
        ("'2024-03-05'|format_date('short')", "3/5/24"),
        ("'2024-03-05'|format_date('long')", "March 5, 2024"),
        ("'2024-03-05'|format_date('full')", "Tuesday, March 5, 2024"),
        ("'2024-03-05'|format_date('%Y')", "2024"),
        ("'2024-03-05T14:07:09Z'|format_time('short')", "2:07 PM"),
        ("'2024-03-05T14:07:09Z'|format_datetime('medium', 'Europe/Berlin')", "Mar 5, 2024, 3:07:09 PM"),
        ("'1970-01-02'|unixtimestamp", "86400000"),
        ("datetimeformat(0, '%Y')", "1970"),
        ("format_date(0, 'long')", "January 1, 1970"),
        ("-86400000|datetimeformat('%Y')", "1969"),
        ("0|datetimeformat('%-H')", "0"),
    ],
)
def test_a_date_is_written_as_asked(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "'x'|datetimeformat('%Y')", "true|datetimeformat('%Y')", "[]|datetimeformat('%Y')",
        "1e300|datetimeformat('%Y')",
        "0|datetimeformat('%G')", "0|datetimeformat('yyyy')", "0|datetimeformat('%Y', 'Bad/Zone')",
        "0|datetimeformat('%Y', '../x')", "0|datetimeformat('%Y', 'Europe')", "nothing|format_date",
        "'x'|center(100)|datetimeformat('%Y')", "nan|datetimeformat('%Y')",
    ],
)  # fmt: skip
def test_what_is_no_date_prints_nothing_and_is_noted(expression):
    assert prints_nothing(expression, nan=float("nan"))


def test_an_escaped_value_is_not_escaped_twice_in_html():
    assert html("{{ '<'|escape }}{{ '<'|escape_attr }}{{ '&'|forceescape }}") == "&lt;&lt;&amp;"


def test_a_value_for_a_script_is_also_escaped_for_html():
    assert html("{{ a|escapejs }}", a="</script>'") == "\\u003C/script\\u003E\\u0027"


def test_a_filter_over_a_list_is_paid_for_each_item():
    result = hubl.compile("{{ l|map('md5') }}").render(
        hubl.Values(names={"l": ["x" * 1000] * 1000}), hubl.Limits(fuel=30_000)
    )
    assert isinstance(result, hubl.LimitExceeded)


def test_an_unknown_style_of_a_test_in_select_is_noted_without_the_value():
    assert "secret" not in repr(rendered("{{ [1]|select(a) }}", a="secret").errors)
