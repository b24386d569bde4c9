"""Filters as SQL: what a stored text means when it is compared as words, as a number or as a time.

Until properties have definitions nobody knows the type of a property, so the value that is looked for decides: a number
compares with what reads as a number, a time with what reads as a time, and text with text, whatever its case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Numeric, String, and_, case, cast, func, literal, or_, true

from sendwright.crm.model import in_iso

Expression = ColumnElement[Any]

_NUMBER: Final = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,15})?", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
SEPARATORS: Final = "@.,;:/\\-_+'\"()[]<>{}|&!?#%=~^`$\t\n\r"  # a token is what stands between these
_SPACED: Final = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_LIKELY_MILLISECOND: Final = 10**11  # March 1973: a smaller number is a number, not a time
_LAST_MILLISECOND: Final = 253_402_300_799_999  # the end of the year 9999
MAX_WORDS: Final = 10
MAX_WILD: Final = 5  # in one word: each costs another walk over the stored text

# What reads as a number or a date, per dialect: PostgreSQL would fail on a CAST of other text, SQLite would say 0.
_POSTGRESQL_NUMBER: Final = r"^[+-]?[0-9]{1,20}(\.[0-9]{1,15})?$"


def as_number(text: str) -> Decimal | None:
    """The number that a text reads as."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def as_time(text: str) -> datetime | None:
    """The time that a text reads as: milliseconds since 1970, or ISO 8601 (UTC where it names no zone)."""
    if re.fullmatch(r"\d{1,15}", text, re.ASCII):
        return _EPOCH + timedelta(milliseconds=int(text)) if int(text) <= _LAST_MILLISECOND else None
    if _DATE.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the 31st of February; the year 1 in a zone east of Greenwich
        return None


class Comparison:
    """Compares one stored text, whatever its case, in the words of one dialect."""

    def __init__(self, stored: Expression, dialect: str) -> None:
        self._stored, self._sqlite = stored, dialect == "sqlite"

    def is_one_of(self, values: Sequence[str]) -> Expression:
        """The same text as one of them but for its case, or the same number."""
        same = self._lower(*values).in_([value.lower() for value in values])
        numbers = [_exactly(number, self._sqlite) for number in map(as_number, values) if number is not None]
        return or_(same, self._number().in_(numbers)) if numbers else same

    def lies(self, operator: str, value: str) -> Expression:
        """``operator``: ``<``, ``<=``, ``>`` or ``>=``."""
        number, time = as_number(value), as_time(value)
        if number is not None and abs(number) < _FIRST_LIKELY_MILLISECOND:
            time = None
        if number is None and time is not None:
            number = Decimal((time - _EPOCH) // timedelta(milliseconds=1))
        ways: list[Expression] = []
        if number is not None:
            ways.append(self._number().op(operator, is_comparison=True)(_exactly(number, self._sqlite)))
        if time is not None:
            ways.append(self._time().op(operator, is_comparison=True)(in_iso(time)))
        return or_(*ways) if ways else self._lower(value).op(operator, is_comparison=True)(value.lower())

    def contains(self, value: str) -> Expression:
        """Every word of ``value`` is a token, or a run of tokens; ``*`` stands for any text within it."""
        words = value.lower().split()[:MAX_WORDS]
        return and_(*map(self._contains_word, words)) if words else true()

    def contains_text(self, word: str) -> Expression:
        """The word stands anywhere in the text."""
        return self._lower(word).like(f"%{_unwild(word.lower())}%", escape="\\")

    def order(self, descending: bool) -> tuple[Expression, Expression]:
        """Numbers by their size, then texts by their letters; who has no value comes last."""
        number = self._number()
        keys = (number, case((number.is_(None), self._lower())))  # 10 and 10.0 are alike: the next sort decides
        first, second = ((key.desc() if descending else key.asc()).nulls_last() for key in keys)
        return first, second

    def _contains_word(self, word: str) -> Expression:
        tokens = word.translate(_SPACED)
        likely = self.contains_text(max(tokens.replace("*", " ").split(), key=len, default=""))
        if "*" in word and tokens != word:  # *@example.com: here the separators count
            whole = literal(" ") + self._lower(word) + literal(" ")
            return and_(likely, whole.like(_pattern(word), escape="\\"))
        if self._sqlite:  # what cannot be is left out first: the exact look is a call into Python for each row
            return and_(likely, func.sendwright_tokens(self._stored, type_=String).like(_pattern(tokens), escape="\\"))
        spaced = func.translate(self._lower(), SEPARATORS, " " * len(SEPARATORS), type_=String)
        return and_(likely, (literal(" ") + spaced + literal(" ")).like(_pattern(tokens), escape="\\"))

    def _lower(self, *beside: str) -> Expression:
        # SQLite's own lower() knows ASCII alone; what is not ASCII costs a call into Python for each row.
        if self._sqlite and not all(map(str.isascii, beside)):
            return func.sendwright_lower(self._stored, type_=String)
        return func.lower(self._stored, type_=String)

    def _number(self) -> Expression:
        stored = self._stored
        if not self._sqlite:
            return case((stored.op("~", is_comparison=True)(_POSTGRESQL_NUMBER), cast(stored, Numeric)))
        digits_only = and_(
            func.length(stored) <= 36,
            stored.op("GLOB", is_comparison=True)("*[0-9]"),
            ~stored.op("GLOB", is_comparison=True)("*[^0-9.+-]*"),
            ~stored.op("GLOB", is_comparison=True)("?*[+-]*"),
            ~stored.op("GLOB", is_comparison=True)("*.*.*"),
        )
        return case((digits_only, cast(stored, Float)))

    def _time(self) -> Expression:
        """Dates count from midnight, as the full form that times are written in."""
        stored = self._stored
        return case(
            (stored.like("____-__-__"), stored + literal("T00:00:00.000Z")), (stored.like("____-__-__T%"), stored)
        )


def spaced(text: str) -> str:
    """A text as its tokens, in lower case, with spaces between and around them."""
    return f" {text.lower().translate(_SPACED)} "


def _exactly(number: Decimal, sqlite: bool) -> Any:
    return literal(float(number), Float) if sqlite else literal(number, Numeric)


def _unwild(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _pattern(tokens: str) -> str:
    return f"% {_unwild(tokens).replace('*', '%', MAX_WILD)} %"
