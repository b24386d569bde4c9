"""Whatever the source and the data hold, nothing is raised and nothing runs on."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from sendwright import hubl

MARKS = """
{{ }} {% %} {# #} - | . , ( ) [ ] { } : ? ! = == != < > + * / // % ** ~ && || ' " \\ a b custom loop item 0 1 2.5 9e9 if
elif else endif unless endunless for in endfor set endset macro endmacro call endcall m caller do cycle break continue
raw endraw autoescape endautoescape print not and or is defined none true range type namespace personalization_token
default round join sort map format replace truncate batch slice sum tojson unique split datetimeformat center indent
wordwrap urlencode format_currency int float md5 dictsort select attr 'a' '%s' '%5.2f'
"""
WORDS = st.sampled_from(MARKS.split())
SOURCES = st.one_of(
    st.text(),
    st.lists(WORDS, max_size=40).map(" ".join),
    st.lists(WORDS, max_size=25).map(lambda words: "{{ " + " ".join(words) + " }}"),
    st.tuples(st.sampled_from(["a", "b", "a.b", "custom", "[a, b]", "a ~ b"]), st.lists(WORDS, max_size=6)).map(
        lambda parts: "{{ " + parts[0] + "|" + "|".join(parts[1]) + " }}"
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
LIMITS = hubl.Limits(fuel=20_000)


@settings(max_examples=300, deadline=None)
@given(source=SOURCES, a=JSON, b=JSON, escape=st.sampled_from(hubl.Escape))
def test_any_source_and_any_data_give_a_result(source, a, b, escape):
    values = hubl.close({"a": a, "b": b, "custom": {"a": a}})
    assert isinstance(values, hubl.Values)
    result = hubl.compile(source, escape).render(values, LIMITS)
    assert isinstance(result, hubl.Rendered | hubl.LimitExceeded | hubl.Failed)


@settings(max_examples=100, deadline=None)
@given(text=st.text())
def test_text_without_marks_is_printed_as_it_is(text):
    source = text.replace("{", "")
    assert hubl.compile(source).render(hubl.Values(names={})) == hubl.Rendered(text=source)


@settings(max_examples=100, deadline=None)
@given(a=st.text())
def test_no_value_adds_markup_to_html(a):
    values = hubl.close({"a": a})
    assert isinstance(values, hubl.Values)
    result = hubl.compile("{{ a }}").render(values)
    assert isinstance(result, hubl.Rendered)
    assert not set("<>\"'") & set(result.text)


@settings(max_examples=100, deadline=None)
@given(a=JSON)
def test_json_of_a_value_is_that_value_again(a):
    values = hubl.close({"a": a})
    assert isinstance(values, hubl.Values)
    result = hubl.compile("{{ a|tojson }}", hubl.Escape.NONE).render(values)
    assert isinstance(result, hubl.Rendered)
    assert json.dumps(json.loads(result.text)) == json.dumps(values.names["a"])
