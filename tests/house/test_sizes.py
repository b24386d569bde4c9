"""Small, with numbers (style 10): what does not fit on a screen or two is not read, and what is not read goes wrong."""

from __future__ import annotations

from .source import Module, functions, modules

MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400


def long_functions(module: Module) -> list[str]:
    return [
        f"{module.path}:{found.lineno} {found.name} has {lines} lines"
        for found in functions(module.tree)
        if (lines := (found.end_lineno or found.lineno) - found.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]


def is_long(module: Module) -> bool:
    return module.text.count("\n") > MOST_LINES_OF_A_FILE


def function_of(lines: int) -> Module:
    return Module("room/verb.py", "def f():\n" + "    a = 1\n" * (lines - 1))


def test_something_is_measured():
    assert len(modules()) > 100


def test_no_function_is_longer_than_sixty_lines():
    assert [fault for module in modules() for fault in long_functions(module)] == []


def test_no_file_is_longer_than_four_hundred_lines():
    assert [module.path for module in modules() if is_long(module)] == []


def test_the_lint_accepts_sixty_lines_and_refuses_sixty_one():
    assert long_functions(function_of(60)) == []
    assert long_functions(function_of(61)) == ["room/verb.py:1 f has 61 lines"]


def test_the_lint_finds_a_method_and_a_coroutine():
    body = "        a = 1\n" * 70
    text = f"class A:\n    def f(self):\n{body}    async def g(self):\n{body}"
    assert len(long_functions(Module("a.py", text))) == 2


def test_the_lint_accepts_a_file_of_four_hundred_lines_and_refuses_one_more():
    assert not is_long(Module("a.py", "a = 1\n" * 400))
    assert is_long(Module("a.py", "a = 1\n" * 401))
