"""Templates made to exhaust the machine end soon, in little memory, and say which limit they met (hubl.md 5.2)."""

import time
import tracemalloc
from datetime import timedelta

import pytest

from sendwright import hubl
from sendwright.hubl.model import Limit
from sendwright.hubl.template import compiled

from .rendering import closed, fatal

DATA = {"custom": {"list": list(range(9_000)), "big": "a b\n" * 100_000, "solid": "x" * 490_000}}
NESTED = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x" + "{% endfor %}" * 3
LAUGH = "{% set a = [1, 2] %}{% set b = [1, 2] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
SELVES = "{% set n = namespace() %}{% set n.n = n %}{% set m = namespace() %}{% set m.n = m %}"


def macros(count: int, calls: int) -> str:
    """Each macro calls the one before."""
    bodies = ["x", *[f"{{{{ m{at}() }}}}" * calls for at in range(count - 1)]]
    return (
        "".join(f"{{% macro m{at}() %}}{body}{{% endmacro %}}" for at, body in enumerate(bodies))
        + f"{{{{ m{count - 1}() }}}}"
    )


def doubling(step: str) -> str:
    return "{% set s = 'aaaaaaaa' %}{% for i in range(100) %}{% set s = " + step + " %}{% endfor %}{{ s }}"


STOPPED = {
    "nested ranges": NESTED,
    "macros that double": macros(19, 2),
    "a chain of macros": macros(60, 1),
    "~ doubling": doubling("s ~ s"),
    "+ doubling": doubling("s + s"),
    "replace doubling": doubling("s|replace('a', 'aaaaaaaa')"),
    "replace of nothing": "{{ custom.solid|replace('', custom.solid) }}",
    "list doubling": "{% set l = [1] %}{% for i in range(100) %}{% set l = l + l %}{% endfor %}{{ l }}",
    "center": "{{ 'a'|center(1000000000) }}",
    "join": "{{ custom.list|join(custom.big) }}",
    "indent": "{{ custom.big|indent(100000) }}",
    "wordwrap": "{{ custom.solid|wordwrap(1) }}",
    "batch": "{{ [1]|batch(1000000000) }}",
    "map of growth": "{{ custom.list|map('center', 100000) }}",
    "escape of escape": doubling("(s ~ '&&&&&&&&')|e|e|e"),
    "tojson of tojson": doubling("s|tojson|tojson"),
    "urlencode": "{{ custom.solid|urlencode }}",
    "escapejs": doubling("(s ~ '&')|escapejs|escapejs"),
    "lists that hold lists, printed": LAUGH + "{{ a }}",
    "lists that hold lists, compared": LAUGH + "{{ a == b }}",
    "lists that hold lists, searched": LAUGH + "{{ a in [b] }}",
    "lists that hold lists, as json": LAUGH + "{{ a|tojson }}",
    "lists that hold lists, unique": LAUGH + "{{ a|unique }}",
    "a map that holds itself, printed": SELVES + "{{ n }}",
    "a map that holds itself, compared": SELVES + "{{ n == m }}",
    "a map that holds itself, as json": SELVES + "{{ n|tojson }}",
    "much output": "{% for i in range(1000) %}{{ custom.big }}{% endfor %}",
    "much text": "{% for i in range(1000) %}" + "x" * 5000 + "{% endfor %}",
    "much escaped output": "{% for i in range(9) %}{{ custom.solid }}{% endfor %}",
    "many large variables": "{% set n = namespace() %}"
    + "".join(f"{{% set n.v{i} = custom.big ~ 1 %}}" for i in range(200)),
    "long conditions": NESTED.replace("x{", "{% if " + " and ".join(["true"] * 90) + " %}{% endif %}{"),
    "long texts sorted": "{{ [custom.big, custom.big, custom.big]|sort }}",
    "tokens": NESTED.replace("x{", "{{ personalization_token('a.b.c.d.e.f') }}{"),
    "many parameters": "{% macro m("
    + "a," * 4000
    + "b) %}{% endmacro %}{% for i in range(1000) %}{{ m() }}{% endfor %}",
    "many names of a row": "{% for " + "a," * 4000 + "b in range(1000) %}{% endfor %}",
    "sets of lists": "{{ custom.list|intersect(custom.list) }}",
    "captured text": "{% for i in range(1000) %}{% set s %}{{ custom.big }}{% endset %}{% endfor %}",
}
HARMLESS = {
    "a macro that calls itself": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "a caller that calls itself": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ m() }}{% endcall %}",
    "text times a number": "{{ 'a' * 10**9 }}",
    "power": "{{ 10**10**7 }}{{ 10**10000000 }}{{ 10.0**400 }}",
    "format width": "{{ '%1000000000d'|format(1) }}",
    "format width within the pattern": "{{ '%999999999d'|format(1) }}",
    "format precision": "{{ '%.999999999f'|format(1) }}",
    "format text width": "{{ '%999999999s'|format('a') }}",
    "str.format width": "{{ '{:1000000000}'.format(1) }}",
    "slice": "{{ [1]|slice(10**9) }}",
    "range": "{{ range(10**18)|length }}",
    "round": "{{ 1|round(1000000000) }}{{ 1|round(-1000000000) }}",
    "a date of the far future": "{{ (10**18)|datetimeformat('%Y') }}",
    "a long date pattern": "{{ 0|datetimeformat('" + "%c" * 5000 + "') }}",
    "digits": "{{ ('9'|center(900)|replace(' ', '9'))|int }}{{ ('9'|center(900)|replace(' ', '9')) * 2 }}",
    "open tags as data": "{{ custom.big|replace('a', '<')|striptags }}",
    "title": "{{ custom.solid|title|length }}",
    "unescape": "{{ custom.big|replace('a', '&')|unescape_html|length }}",
}
REFUSED = {
    "many prints": "{{ a }}" * 140_000,
    "brackets": "{{ " + "(" * 3_000 + " }}",
    "too many words": "{{ " + "(" * 100_000 + " }}",
    "nots": "{{ " + "not " * 5_000 + "a }}",
    "minuses": "{{ " + "-" * 5_000 + "1 }}",
    "ifs": "{% if a %}" * 41,
    "points": "{{ a" + ".b" * 3_000 + " }}",
    "filters": "{{ a" + "|e" * 3_000 + " }}",
    "sums": "{{ a" + "+a" * 3_000 + " }}",
    "choices": "{{ " + "a ? b : " * 1_000 + "c }}",
    "calls": "{{ a" + "()" * 1_000 + " }}",
    "digits": "{{ " + "9" * 900_000 + " }}",
    "a number beyond 64 bits": "{{ 9223372036854775808 }}",
    "open prints": "{{ " * 300_000,
    "open quotes": "{{ '" * 200_000,
    "escaped quotes": '{{ "' + '\\"' * 400_000,
    "blanks": "{% " + " " * 900_000,
    "comments": "{#" * 400_000,
    "raw": "{% raw %}" * 100_000,
    "empty tags": "{%%}" * 200_000,
    "ends": "{% endif %}" * 60_000,
    "nodes in few pieces": ("{{ a" + ".b" * 99 + " }}") * 1_000,
    "a long source": "x" * 1_000_001,
    "brackets in chains": "{{ " + "(" * 40 + "a" + ("+a" * 90 + ")") * 40 + " }}",
    "calls in chains": "{{ a" + "()" * 100 + " }}",
    "chains in brackets": "{{ " + ("(" + "a+" * 90) * 55 + "a" + ")" * 55 + " }}",
}


@pytest.fixture(scope="module")
def values() -> hubl.Values:
    return closed(DATA)


def render_within(source: str, values: hubl.Values, seconds: float) -> hubl.Rendered | hubl.LimitExceeded | hubl.Failed:
    template = compiled(source, hubl.Escape.HTML)
    start = time.thread_time()
    result = template.render(values)
    assert time.thread_time() - start < seconds
    return result


@pytest.mark.parametrize("source", STOPPED.values(), ids=STOPPED.keys())
def test_a_template_that_would_exhaust_the_machine_is_stopped_in_time(source, values):
    assert isinstance(render_within(source, values, 0.8), hubl.LimitExceeded)


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_known_resource_bomb_has_no_powder_in_hubl(source, values):
    assert isinstance(render_within(source, values, 0.8), hubl.Rendered)


@pytest.mark.parametrize("name", ["~ doubling", "center", "join", "indent", "many large variables", "map of growth"])
def test_memory_stays_small_while_a_bomb_is_stopped(name, values):
    template = compiled(STOPPED[name], hubl.Escape.HTML)
    tracemalloc.start()
    try:
        template.render(values)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_a_template_that_is_too_large_or_deep_is_refused_in_time(source):
    start = time.thread_time()
    assert fatal(source)
    assert time.thread_time() - start < 6


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (hubl.Limits(fuel=5), Limit.FUEL),
        (hubl.Limits(turns=9), Limit.TURNS),
        (hubl.Limits(output_chars=9), Limit.OUTPUT),
        (hubl.Limits(string_chars=9), Limit.STRING),
        (hubl.Limits(list_items=9), Limit.LIST),
        (hubl.Limits(macro_depth=0), Limit.DEPTH),
    ],
)
def test_a_limit_that_is_met_is_named(limits, limit, values):
    source = "{% macro m() %}{% endmacro %}{% for i in range(8) + [1] %}{{ m() }}{{ 'aaaaa' ~ i ~ 'aaaa' }}{% endfor %}"
    source += "{% for i in range(10) %}{% endfor %}{{ range(10)|list }}"
    result = compiled(source, hubl.Escape.NONE).render(values, limits)
    assert isinstance(result, hubl.LimitExceeded)
    assert result.limit is limit


def test_the_clock_stops_a_render_that_is_slow_but_frugal(values):
    ticks = iter(range(1_000_000))
    result = compiled(NESTED, hubl.Escape.HTML).render(values, clock=lambda: next(ticks) / 10)
    assert isinstance(result, hubl.LimitExceeded)
    assert result.limit is Limit.TIME


def test_a_render_within_its_time_is_not_stopped(values):
    limits = hubl.Limits(time=timedelta(seconds=60))
    result = compiled("{% for i in range(900) %}{{ i }}{% endfor %}", hubl.Escape.HTML).render(
        values, limits, lambda: 0
    )
    assert isinstance(result, hubl.Rendered)


def test_macros_and_blocks_too_deep_for_the_stack_are_a_limit_and_no_traceback():
    deep = "{% if true %}" * 38 + "CALL" + "{% endif %}" * 38
    bodies = ["x", *[deep.replace("CALL", f"{{{{ m{at}() }}}}") for at in range(18)]]
    source = "".join(f"{{% macro m{at}() %}}{body}{{% endmacro %}}" for at, body in enumerate(bodies)) + "{{ m18() }}"
    result = compiled(source, hubl.Escape.HTML).render(closed({}))
    assert isinstance(result, hubl.LimitExceeded)
    assert result.limit is Limit.DEPTH


def test_a_stack_that_is_nearly_used_up_is_a_fault_and_no_traceback():
    def deep(left: int) -> bool:
        if left:
            return deep(left - 1)
        template = compiled("{{ " + "(" * 50 + "a" + ")" * 50 + " }}", hubl.Escape.HTML)
        return template.fatal

    results = set()
    for left in range(0, 960, 10):
        try:
            results.add(deep(left))
        except RecursionError:
            break
    assert results == {False, True}


def test_a_range_is_cut_at_a_thousand_without_a_word(values):
    result = compiled("{{ range(5000)|length }}{{ range(0, 5000, 2)|last }}", hubl.Escape.NONE).render(values)
    assert result == hubl.Rendered(text="10001998")


def test_at_most_a_hundred_errors_are_kept_and_no_two_alike():
    source = "".join("{{ -'a' }}{{ -'a' }}\n" for _ in range(150))
    result = compiled(source, hubl.Escape.NONE).render(closed({}))
    assert isinstance(result, hubl.Rendered)
    assert len(result.errors) == len(set(result.errors)) == 100


def test_at_most_a_hundred_faults_of_a_template_are_kept():
    assert len(compiled("{{ ( }}" * 300, hubl.Escape.NONE).errors) == 100


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"a": "x" * 1_000_001}, "characters"),
        ({"x" * 1_000_001: 1}, "characters"),
        ({"a": [1] * 20_001}, "values"),
        ({"a": [[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]}, "deep"),
    ],
)
def test_data_beyond_the_bounds_are_refused_with_the_bound(data, word):
    refused = hubl.close(data)
    assert isinstance(refused, hubl.TooLarge)
    assert word in refused.message
