"""How we behave towards a site: the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How much one site is asked to bear, by one way: `most` connections at once, `messages` on each of them.

    Every site starts with `start` connections; each full round of deliveries without trouble adds one. `per_minute`:
    messages, evenly spread; None is as fast as the connections go. `idle`: seconds a connection is kept for the next
    message; None is as long as any. `tls`: never in clear. `in_hand`: deliveries that may be there or wait at its door,
    where it flows.

    Replies that hold a word of `slow_words` bring the site down to `slow_per_minute` for `slow_for`, the second time
    for twice as long, and so on up to `slow_most`; those with a word of `stop_words` stop it for `stop_for`. Words are
    lower case. `name`: the provider, "" when it is none we know. `relay`: it takes everything and speaks of many sites,
    so its words about one message are no reason to keep the others.
    """

    name: str = ""
    relay: bool = False
    start: int = 2
    most: int = 10
    messages: int = 100
    per_minute: float | None = None
    idle: float | None = None
    tls: bool = False
    in_hand: int = 10
    slow_words: tuple[str, ...] = ()
    slow_per_minute: float = 1
    slow_for: timedelta = timedelta(minutes=30)
    slow_most: timedelta = timedelta(minutes=120)
    stop_words: tuple[str, ...] = ()
    stop_for: timedelta = timedelta(minutes=120)


FOR_STRANGERS = Manners()
FOR_OUR_OWN_RELAY = Manners(relay=True, most=20, messages=1_000, in_hand=1_000)
