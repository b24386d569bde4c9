"""Short ways to render in tests."""

from collections.abc import Mapping

from sendwright import hubl


def closed(data: Mapping[str, object]) -> hubl.Values:
    values = hubl.close(data)
    assert isinstance(values, hubl.Values)
    return values


def rendered(source: str, escape: hubl.Escape = hubl.Escape.NONE, **names: object) -> hubl.Rendered:
    result = hubl.compile(source, escape).render(closed(names))
    assert isinstance(result, hubl.Rendered), result
    return result


def text(source: str, **names: object) -> str:
    """Without escaping, so that values are seen as they are."""
    return rendered(source, **names).text


def html(source: str, **names: object) -> str:
    return rendered(source, hubl.Escape.HTML, **names).text


def value(expression: str, **names: object) -> str:
    """What an expression prints, when nothing is wrong with it."""
    result = rendered(f"{{{{ {expression} }}}}", **names)
    assert not result.errors, result.errors
    return result.text


def prints_nothing(expression: str, **names: object) -> bool:
    """Whether an expression is noted as wrong and leaves the rest of the mail alone."""
    result = rendered(f"a{{{{ {expression} }}}}b", **names)
    return bool(result.errors) and result.text == "ab"


def fatal(source: str) -> list[str]:
    return [error.message for error in hubl.compile(source).errors if error.severity is hubl.Severity.FATAL]
