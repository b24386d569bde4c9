"""Filters over numbers, and money as people write it."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from math import isfinite

from .filter import Filter
from .operators import add as plus
from .operators import multiply as times
from .operators import number, numeric, wrapped
from .run import Fault, Given, Run
from .values import Value, number_within

PRECISION = 400  # digits: more than the longest double has
PLACES_MAX = 30
_WIDE = Context(prec=PRECISION, Emax=10_000, Emin=-10_000)
_UNITS = {places: Decimal(1).scaleb(-places) for places in range(-PLACES_MAX, PLACES_MAX + 1)}
_METHODS = {"common": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}
_SYMBOLS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "CNY": "CN¥",
    "BRL": "R$",
    "PLN": "zł",
}
_WHOLE = frozenset({"JPY", "KRW", "CLP", "VND", "ISK"})
# thousands, decimal point: by language
_MARKS = {
    "en": (",", "."), "ja": (",", "."), "zh": (",", "."), "ko": (",", "."), "de": (".", ","), "es": (".", ","),
    "it": (".", ","), "nl": (".", ","), "da": (".", ","), "pt": (".", ","), "tr": (".", ","),
    "fr": ("\u202f", ","), "sv": ("\u00a0", ","), "nb": ("\u00a0", ","), "pl": ("\u00a0", ","), "fi": ("\u00a0", ","),
    "cs": ("\u00a0", ","), "ru": ("\u00a0", ","),
}  # fmt: skip
_NO_BREAK = "\u00a0"
_SYMBOL_FIRST = frozenset({"en", "ja", "zh", "ko"})


def exact(value: Value) -> Decimal:
    """The number as it is written, for arithmetic that people check by hand."""
    if type(value) is float and isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, Decimal):
        return value
    if value is None or value == "":
        raise Fault("this is calculated with a value that is missing; use |default first")
    result = Decimal(repr(number(value)))
    if not result.is_finite():
        raise Fault("this is calculated with a number that is not finite")
    return result


def rounded(value: Decimal, places: int, method: str = ROUND_HALF_UP) -> Decimal:
    return value.quantize(_UNITS[places], method, _WIDE)


def round_to(run: Run, value: Value, given: Given) -> Value:
    """Half up, and the places are kept: `42|round(2)` is 42.00."""
    places = given.whole(0, "precision", 0)
    if abs(places) > PLACES_MAX:
        raise Fault(f"|round keeps at most {PLACES_MAX} places")
    return rounded(exact(value), places, _METHODS.get(given.text(1, "method"), ROUND_HALF_UP))


def _lenient(value: Value) -> int | float | Decimal | None:
    if isinstance(value, str):
        return numeric(value.replace(",", "")[:100])
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def whole(run: Run, value: Value, given: Given) -> Value:
    found = _lenient(value)
    return given.value(0, "default", 0) if found is None else number_within(int(found))


def floating(run: Run, value: Value, given: Given) -> Value:
    found = _lenient(value)
    return given.value(0, "default", 0.0) if found is None else float(found)


def absolute(run: Run, value: Value, given: Given) -> Value:
    return wrapped(abs(number(value)))


def add(run: Run, value: Value, given: Given) -> Value:
    return plus(run, number(value), number(given.value(0, "addend")))


def multiply(run: Run, value: Value, given: Given) -> Value:
    return times(run, value, given.value(0, "multiplier"))


def divide(run: Run, value: Value, given: Given) -> Value:
    """Rounded half up to the places of the dividend, as the reference does."""
    above, below = exact(value), exact(given.value(0, "divisor"))
    places = min(PLACES_MAX, -int(above.as_tuple().exponent))
    result = rounded(_WIDE.divide(above, below), max(0, places))
    return float(result) if isinstance(value, float) else int(result)


def divisible(run: Run, value: Value, given: Given) -> Value:
    return number(value) % number(given.value(0, "divisor")) == 0


def marked(value: Decimal, locale: str, least: int, most: int) -> str:
    """The number with the marks of a language; trailing zeros beyond `least` places go."""
    thousands, point = _MARKS.get(_language(locale), _MARKS["en"])
    before, _, after = f"{rounded(value, most):,f}".partition(".")
    kept = after[:least] + after[least:].rstrip("0")
    return before.replace(",", thousands) + (point + kept if kept else "")


def _language(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0].lower()


def _places(given: Given, place: int, name: str, default: int) -> int:
    return max(0, min(PLACES_MAX, given.whole(place, name, default)))


def format_number(run: Run, value: Value, given: Given) -> Value:
    most = _places(given, 1, "max_decimal_precision", 3)
    return marked(exact(value), given.text(0, "locale", "en-US"), 0, most)


def format_currency(run: Run, value: Value, given: Given) -> Value:
    """Arguments as documented: locale, currency, whether the currency's own number of places is shown."""
    currency = given.text(1, "currency", "USD").upper()
    least = _own_places(currency)
    return _money(value, given.text(0, "locale", "en-US"), currency, least, least)


def format_currency_value(run: Run, value: Value, given: Given) -> Value:
    currency = given.text(1, "currency", "USD").upper()
    least = _places(given, 2, "minDecimalDigits", _own_places(currency))
    most = _places(given, 3, "maxDecimalDigits", max(least, _own_places(currency)))
    return _money(value, given.text(0, "locale", "en-US"), currency, least, max(least, most))


def _own_places(currency: str) -> int:
    return 0 if currency in _WHOLE else 2


def _money(value: Value, locale: str, currency: str, least: int, most: int) -> str:
    amount = exact(value)
    symbol = _SYMBOLS.get(currency, currency[:3])
    digits = marked(abs(amount), locale, least, most)
    sign = "-" if amount < 0 else ""
    if _language(locale) in _SYMBOL_FIRST:
        return sign + symbol + (_NO_BREAK if symbol.isalpha() else "") + digits
    return sign + digits + _NO_BREAK + symbol


def boolean(run: Run, value: Value, given: Given) -> Value:
    if isinstance(value, str):
        return value.lower() in ("1", "true", "yes", "on")
    return value in (1, True)


NUMBER_FILTERS: dict[str, Filter] = {
    "round": round_to,
    "int": whole,
    "float": floating,
    "abs": absolute,
    "add": add,
    "multiply": multiply,
    "divide": divide,
    "divisible": divisible,
    "format_number": format_number,
    "format_currency": format_currency,
    "format_currency_value": format_currency_value,
    "bool": boolean,
}
