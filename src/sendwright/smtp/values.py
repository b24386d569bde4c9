"""How this package makes the small values that pass through it by the thousand."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """A frozen dataclass to the type checker, an open one at run time.

    A truly frozen dataclass sets its fields by way of `object.__setattr__`, which makes it cost two and a half times
    as much; several are made for each command.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
