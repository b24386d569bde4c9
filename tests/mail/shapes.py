"""Reads `shapes.txt`: reports in the shapes of many mailers, and what they say."""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("shapes.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    name: str
    head: str
    body: str
    told: tuple[tuple[str, str], ...]


def shapes() -> list[Shape]:
    _, *blocks = FILE.read_text("utf-8").split("=== ")
    returned = blocks.pop().partition("\n")[2]
    return [_shape(block.replace("<RETURNED>\n", returned)) for block in blocks]


def _shape(block: str) -> Shape:
    title, _, mail = block.partition("\n")
    name, _, told = title.partition(": ")
    words = [word.replace("%20", " ") for word in told.split()]
    head, _, body = mail.partition("\n\n")
    return Shape(name=name, head=head, body=body, told=tuple(zip(words[::2], words[1::2], strict=True)))
