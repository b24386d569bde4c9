"""What enters a render, and how it is printed."""

import math
from decimal import Decimal

import pytest

from sendwright import hubl

from .rendering import closed, text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (42, "42"),
        (3.0, "3.0"),
        (1e10, "1.0E10"),
        (12345678.9, "1.23456789E7"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (-0.00012, "-1.2E-4"),
        (0.0, "0.0"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
        ("text", "text"),
        ([1, "b", None, True, [2]], "[1, b, null, true, [2]]"),
        ({"a": 1, "b": "x", "c": None}, "{a=1, b=x, c=null}"),
        ((1, 2), "[1, 2]"),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_a_value_is_printed_as_java_prints_it(value, expected):
    assert text("{{ v }}", v=value) == expected


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", "false", "FALSE", [], {}])
def test_null_zero_empty_and_the_word_false_are_false(value):
    assert text("{{ v ? 'yes' : 'no' }}", v=value) == "no"


@pytest.mark.parametrize("value", [True, 1, -1, "0", "a", "falsy", [0], {"a": None}, math.nan])
def test_everything_else_is_true(value):
    assert text("{{ v ? 'yes' : 'no' }}", v=value) == "yes"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (2**63 - 1, "9223372036854775807"),
        (2**63, "9.223372036854775807E18"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
    ],
)
def test_a_whole_number_beyond_64_bits_becomes_a_float(given, expected):
    assert text("{{ v }}", v=given)[:10] == expected[:10]


def test_half_a_surrogate_pair_cannot_fail_the_mail_later():
    assert text("{{ v }}\ud800", v="a\udc00é").encode() == "a\ufffdé\ufffd".encode()


def test_a_pair_of_halves_stays_one_character():
    assert text("{{ v }}", v="😀") == "😀"


def test_a_change_of_the_data_after_closing_changes_nothing():
    data = {"a": [1]}
    values = closed(data)
    data["a"].append(2)
    assert values == closed({"a": [1]})


def test_a_render_leaves_the_values_as_they_are():
    values = closed({"a": 1, "b": {"c": 1}})
    hubl.compile("{% set a = 2 %}{% set b.c = 2 %}").render(values)
    assert values == closed({"a": 1, "b": {"c": 1}})


@pytest.mark.parametrize("data", [{"a": Decimal(1)}, {"a": object()}, {"a": {1: 2}}, {1: 2}, {"a": b"x"}])
def test_what_json_cannot_hold_is_a_fault_of_the_caller(data):
    with pytest.raises(TypeError):
        hubl.close(data)
