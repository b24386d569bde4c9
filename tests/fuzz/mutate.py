"""Variations on a seed: octets flipped, pieces cut, doubled and swapped, words of the trade thrown in."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_SPICE = (
    b"\r\n", b"\n", b"\r", b"\0", b"\r\n.\r\n", b"250-", b"250 ", b"--", b"=", b'"', b"\\", b"(", b"<", b">", b";",
    b":", b"\xff\xfe", b"=?utf-7?Q?", b"=0D=0A", b"%0d%0a", b"\xe2\x80\xa8", b"boundary=", b"a" * 5_000, b"[" * 200,
    b"Content-Type: multipart/report", b"Final-Recipient: rfc822;", b"Status: 5.1.1", b"mode: enforce\nmx: *.",
)  # fmt: skip
_MOST = 100_000


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One to eight changes to one of the seeds, at most 100 kB."""
    made = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        chance.choice(_CHANGES)(chance, made, seeds)
    return bytes(made[:_MOST])


def _place(chance: random.Random, made: bytearray) -> int:
    return chance.randint(0, len(made))


def _flip(chance: random.Random, made: bytearray, _: Sequence[bytes]) -> None:
    if made:
        made[chance.randrange(len(made))] = chance.randrange(256)


def _cut(chance: random.Random, made: bytearray, _: Sequence[bytes]) -> None:
    start = _place(chance, made)
    del made[start : start + chance.randint(1, 200)]


def _double(chance: random.Random, made: bytearray, _: Sequence[bytes]) -> None:
    start = _place(chance, made)
    piece = made[start : start + chance.randint(1, 500)]
    place = _place(chance, made)
    made[place:place] = piece * chance.choice((1, 2, 50))


def _spice(chance: random.Random, made: bytearray, _: Sequence[bytes]) -> None:
    place = _place(chance, made)
    made[place:place] = chance.choice(_SPICE)


def _cross(chance: random.Random, made: bytearray, seeds: Sequence[bytes]) -> None:
    other = chance.choice(seeds)
    made[_place(chance, made) :] = other[chance.randint(0, len(other)) :]


_CHANGES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...] = (
    _flip, _flip, _cut, _double, _spice, _spice, _cross,
)  # fmt: skip
