"""What a client may cost a door: time, connections, memory. Facts and `now` in, a verdict out.

`now` is in seconds of a clock that never goes back; only differences count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from math import inf

SMALL_OCTETS = 65_536
"""A message up to this size is never made to wait for room: it costs no more than a connection's own buffers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client may take, in seconds, and how many errors it may make before it is slowed down.

    `idle`: RFC 5321 section 4.5.3.2.7 asks for five minutes at least. `grace` and `octets_per_second`: what a request
    (a command, an AUTH exchange, a message) may take, so that one octet each ten seconds does not hold a connection
    (attack A8); 500 octets a second is slower than any modem, and 30 s cover a network that hiccups. `handshake`:
    thirty seconds are three lost packets in a row, twice. `crowded`: how long a large message waits for room.
    `farewell`: how long the last words may take to be read. After `errors` errors each further answer to an error is
    held back a second longer than the one before, up to `slowest` (attack A10).
    """

    idle: float = 300.0
    grace: float = 30.0
    octets_per_second: float = 500.0
    handshake: float = 30.0
    crowded: float = 60.0
    farewell: float = 10.0
    errors: int = 10
    error_delay: float = 1.0
    slowest: float = 5.0

    def delay_after(self, errors: int) -> float:
        """How long the answer to this error is held back; 0 while the client is within its share."""
        return min(max(errors - self.errors, 0) * self.error_delay, self.slowest)


class Pace:
    """Until when a client has to do something. One number is looked at; nothing is armed and disarmed."""

    __slots__ = ("_in_request", "_patience", "deadline")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._in_request = False
        self.deadline = inf

    @property
    def in_request(self) -> bool:
        """Whether the client is amid something; else it is idle."""
        return self._in_request

    def heard(self, octets: int, now: float) -> None:
        """Each octet buys time, never more than `idle` from now: who was fast once may not be slow for hours."""
        patience = self._patience
        if not self._in_request:
            self._in_request = True
            self.deadline = now + patience.grace
        deadline, furthest = self.deadline + octets / patience.octets_per_second, now + patience.idle
        self.deadline = min(furthest, deadline)

    def answered(self, now: float) -> None:
        """The request is over; the next one may take its time to come."""
        self._in_request = False
        self.deadline = now + self._patience.idle

    def waits_for_us(self) -> None:
        """An answer is owed: the time is ours, not the client's."""
        self.deadline = inf

    def allow(self, seconds: float, now: float) -> None:
        """So long and no longer, whatever is heard meanwhile does not count."""
        self.deadline = now + seconds

    def goes_on(self, now: float) -> None:
        """After a wait of ours: a fresh grace."""
        self._in_request = True
        self.deadline = now + self._patience.grace


class Crowd:
    """How many are connected, in all and from each network."""

    __slots__ = ("_by_network", "_most", "_most_each", "present")

    def __init__(self, *, most: int, most_each: int) -> None:
        self._most, self._most_each = most, most_each
        self._by_network: Counter[str] = Counter()
        self.present = 0

    def enter(self, network: str) -> bool:
        """Counts one more, unless there is no place: then nothing is counted and nothing has to leave."""
        if self.present >= self._most or self._by_network[network] >= self._most_each:
            if not self._by_network[network]:
                del self._by_network[network]
            return False
        self._by_network[network] += 1
        self.present += 1
        return True

    def leave(self, network: str) -> None:
        self.present -= 1
        self._by_network[network] -= 1
        if not self._by_network[network]:
            del self._by_network[network]


class Room:
    """The octets of messages that are being received, over all connections of a door.

    A declared size is set aside at MAIL, so that who was let in can finish. The last eighth is kept for small mail:
    large messages without a declared size wait before it is used up.
    """

    __slots__ = ("_octets", "_tight_from", "taken")

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self._tight_from = octets - octets // 8
        self.taken = 0

    def has(self, octets: int) -> bool:
        """Whether a message of this declared size may begin."""
        return self.taken + max(octets, 1) <= self._octets

    @property
    def is_tight(self) -> bool:
        return self.taken > self._tight_from

    def take(self, octets: int) -> None:
        self.taken += octets

    def give_back(self, octets: int) -> None:
        self.taken -= octets


def network_of(ip: str, *, ipv4_bits: int) -> str:
    """The network that an address is counted under: so many bits of IPv4, /64 of IPv6, where one customer has them all.

    An IPv4 address in IPv6 clothes is the IPv4 address. What is no address is a network of its own.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return ip[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Network((int(address), 64), strict=False))
        address = address.ipv4_mapped
    return str(address) if ipv4_bits == 32 else str(IPv4Network((int(address), ipv4_bits), strict=False))
