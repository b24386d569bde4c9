"""Compiled templates are kept by their content, and not without end."""

from concurrent.futures import ThreadPoolExecutor

from sendwright import hubl
from sendwright.hubl.template import Cache

from .rendering import closed


def test_a_template_compiled_twice_is_the_same_object():
    assert hubl.compile("{{ a }} same") is hubl.compile("{{ a }} same")


def test_a_template_compiled_for_text_is_another_than_for_html():
    assert hubl.compile("{{ a }} other") is not hubl.compile("{{ a }} other", hubl.Escape.NONE)


def test_the_least_recently_used_goes_first():
    cache = Cache(250)
    first, second = cache.compile("1", hubl.Escape.NONE), cache.compile("2", hubl.Escape.NONE)
    assert cache.compile("1", hubl.Escape.NONE) is first
    cache.compile("3", hubl.Escape.NONE)
    assert cache.compile("1", hubl.Escape.NONE) is first
    assert cache.compile("2", hubl.Escape.NONE) is not second


def test_a_template_larger_than_the_cache_is_compiled_but_not_kept():
    cache = Cache(50)
    assert cache.compile("a", hubl.Escape.NONE).errors == ()
    assert len(cache) == 0


def test_a_template_compiled_by_two_at_once_is_counted_once():
    cache = Cache(150)
    template = cache.compile("a", hubl.Escape.NONE)
    key = next(iter(cache._kept))
    cache._keep(key, template)
    assert len(cache) == 1


def test_threads_share_the_cache_and_the_templates():
    def render(number: int) -> str:
        template = hubl.compile(f"{{{{ a }}}}{number % 7}")
        result = template.render(closed({"a": number}))
        assert isinstance(result, hubl.Rendered)
        return result.text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render, range(200))) == [f"{number}{number % 7}" for number in range(200)]
