"""Payloads that broke out of other template engines: here they find no attribute, module or secret (attacks.md B3)."""

import pytest

from sendwright import hubl

from .rendering import closed

SECRET = "s3cr3t-of-the-process"
DUNDERS = ["__class__", "__mro__", "__subclasses__", "__globals__", "__init__", "__builtins__", "__dict__", "__base__"]
ROOTS = ["''", "[]", "{}", "1", "custom", "loop", "range", "m", "none", "contact.name"]
PAYLOADS = [
    *[f"{{{{ {root}.{name} }}}}" for root in ROOTS[:5] for name in DUNDERS[:4]],
    *[f"{{{{ {root}['{name}'] }}}}" for root in ROOTS[5:] for name in DUNDERS[4:]],
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__.__base__.__subclasses__()[40]('/etc/passwd').read() }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('__class__')|attr('__mro__')|last }}",
    "{{ custom|attr('format')('{0.__class__}') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(custom) }}",
    "{{ '{x.__class__}'.format_map({'x': custom}) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "{{ ['{0.__class__}']|map('format', 1)|list }}",
    "{{ '%(__class__)s'|format(custom) }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ namespace().__class__ }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ config.items() }}",
    "{{ request.application.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{% macro m(a=''.__class__) %}{{ a }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{% endmacro %}{{ m.__call__ }}{{ m.call }}{{ m.name }}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% for i in [1] %}{{ loop.__class__ }}{{ loop.member }}{{ loop._count }}{% endfor %}",
    "{% for __class__, __mro__ in [custom] %}{{ __class__ }}{% endfor %}",
    "{{ [custom]|map(attribute='__class__.__mro__')|list }}",
    "{{ [custom]|sort(attribute='__class__.__mro__') }}",
    "{{ [custom]|join(',', '__class__') }}",
    "{{ [custom]|selectattr('__class__')|list }}",
    "{{ [custom]|unique('__class__') }}",
    "{{ [1]|sum(attribute='__class__') }}",
    "{{ custom|tojson(default='__import__') }}",
    "{{ ''.join.__self__ }}",
    "{{ 1 .__add__ }}",
    "{{ (1).real }}{{ (1.5).hex() }}",
    "{{ true.__class__ }}",
    "{{ custom.keys.__self__ }}",
    "{{ custom.get.__func__ }}",
    "{{ custom.get('__class__', custom).__class__ }}",
    "{{ personalization_token('__class__.__mro__', '') }}",
    "{{ personalization_token('custom.__class__') }}",
    "{{ ____int3rpr3t3r____.config }}",
    "{{ 'a'.getClass().forName('java.lang.Runtime') }}",
    "{{ __import__('os').environ }}",
    "{{ eval('1') }}{{ exec('1') }}{{ open('/etc/passwd') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{% from 'os' import environ %}{{ environ }}",
    "{% extends '/etc/passwd' %}",
    "{{ '/etc/passwd'|render }}{{ '{{ 1 }}'|render }}",
    "{{ 0|datetimeformat('%Y', '../../../etc/passwd') }}",
    "{{ 0|datetimeformat('{0.__class__}') }}",
    "{{ 1|round(2, '__class__') }}",
    "{{ '\\x5f\\x5fclass\\x5f\\x5f' }}",
    "{{ custom['__cl' ~ 'ass__'] }}",
    "{{ [].append.__self__ }}{{ {}.update.__self__ }}",
]
TELLING = [
    "<class",
    "<function",
    "<built-in",
    "<bound",
    "object at 0x",
    "root:x:",
    SECRET,
    "builtins",
    "<Loop",
    "<Macro",
]


def test_there_are_at_least_sixty_payloads():
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("source", PAYLOADS)
def test_a_payload_reaches_nothing_of_python(source, monkeypatch):
    monkeypatch.setenv("SENDWRIGHT_SECRET", SECRET)
    result = hubl.compile(source, hubl.Escape.NONE).render(closed({"custom": {"a": 1}, "contact": {"name": "Ann"}}))
    assert not any(telling in repr(result) for telling in TELLING)


@pytest.mark.parametrize("source", ["{{ secret }}", "{{ 7 * 7 }}", "{% set custom = 1 %}", "{{ custom.a|safe }}"])
def test_data_are_never_read_as_template(source):
    result = hubl.compile("{{ custom.a }}", hubl.Escape.NONE).render(closed({"custom": {"a": source}}))
    assert isinstance(result, hubl.Rendered)
    assert result.text == source


def test_a_message_never_holds_a_value():
    source = (
        "{{ custom.a * 2 }}{{ custom.a|round }}{{ custom.a|datetimeformat('%Y') }}{{ custom.a // 1 }}{{ -custom.a }}"
    )
    result = hubl.compile(source, hubl.Escape.NONE).render(closed({"custom": {"a": SECRET}}))
    assert isinstance(result, hubl.Rendered)
    assert result.errors
    assert SECRET not in repr(result)


def test_values_do_not_show_in_a_representation():
    assert SECRET not in repr(closed({"custom": {"a": SECRET}}))
