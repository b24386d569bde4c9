"""How this room makes the records that pass through it by the thousand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A frozen dataclass to the type checker, an open one at run time.

    A truly frozen one sets each field by way of ``object.__setattr__``, and costs two and a half times as much; a
    dozen with a hundred fields are made for each mail.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
