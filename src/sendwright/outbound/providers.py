"""Which provider a site belongs to, and how we behave there: a table in a file, and an operator's own before it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib import resources

from sendwright.outbound.manners import FOR_STRANGERS, Manners

MOST_PROVIDERS = 1_000


class BadProviders(ValueError):
    """The provider table cannot be used. The message says where and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Whose exchangers end in one of `exchangers`: lower case, without a dot at either end."""

    exchangers: tuple[str, ...]
    manners: Manners

    def owns(self, host: str) -> bool:
        """Whether this exchanger is the provider's."""
        return any(host == suffix or host.endswith(f".{suffix}") for suffix in self.exchangers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """The table. `strangers`: the manners for who is not in it; None leaves them to the settings."""

    known: tuple[Provider, ...] = ()
    strangers: Manners | None = None

    def manners(self, exchangers: Sequence[str], strangers: Manners) -> Manners:
        """How to behave at the site of these exchangers: as with the first provider that has all of them.

        All, because a stranger who names a large provider beside his own server must not borrow its manners.
        """
        for provider in self.known:
            if exchangers and all(provider.owns(host) for host in exchangers):
                return provider.manners
        return self.strangers or strangers

    def under(self, own: Providers) -> Providers:
        """With an operator's own table first: an entry of the same name replaces ours."""
        named = {provider.manners.name for provider in own.known}
        kept = tuple(provider for provider in self.known if provider.manners.name not in named)
        return Providers(known=(*own.known, *kept), strangers=own.strangers or self.strangers)


@cache
def shipped() -> Providers:
    """The table that comes with Sendwright."""
    return read_providers((resources.files("sendwright.outbound") / "providers.toml").read_text("utf-8"))


def read_providers(text: str) -> Providers:
    """The table from TOML: `[[provider]]` entries and at most one `[default]`. Raises BadProviders."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadProviders(f"this is not TOML: {fault}") from fault
    entries, default = table.pop("provider", []), table.pop("default", None)
    if table:
        raise BadProviders(f"{next(iter(table))} is not known here; write [[provider]] entries and, once, [default]")
    if not isinstance(entries, list) or len(entries) > MOST_PROVIDERS:
        raise BadProviders(f"write at most {MOST_PROVIDERS} [[provider]] entries, with two brackets on each side")
    strangers = None if default is None else _manners(_Entry(default, "[default]"))
    known = tuple(_provider(entry, place) for place, entry in enumerate(entries, 1))
    return Providers(known=known, strangers=strangers)


class _Entry:
    """One table of the file. What is taken is checked; what is left over is refused."""

    def __init__(self, values: object, called: str) -> None:
        if not isinstance(values, Mapping):
            raise BadProviders(f"{called} has to be a table")
        self._left = dict(values)
        self.called = called

    def text(self, key: str) -> str:
        value = self._left.pop(key, None)
        if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
            raise BadProviders(f"{self.called}: {key} has to be a text of at most 100 characters")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or len(value) > 100 or not all(isinstance(word, str) and word for word in value):
            raise BadProviders(f"{self.called}: {key} has to be a list of texts, such as {key} = ['too fast']")
        return tuple(word.lower() for word in value)

    def number(self, key: str, usual: float, *, least: float, most: float) -> float:
        value = self._left.pop(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise BadProviders(f"{self.called}: {key} has to be a number from {least:g} to {most:g}")
        return value

    def yes(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise BadProviders(f"{self.called}: {key} has to be true or false")
        return value

    def has(self, key: str) -> bool:
        return key in self._left

    def end(self) -> None:
        if self._left:
            raise BadProviders(f"{self.called}: {next(iter(self._left))} is not known here")


def _provider(values: object, place: int) -> Provider:
    entry = _Entry(values, f"provider {place}")
    entry.called = name = entry.text("name")
    suffixes = tuple(suffix.strip(".") for suffix in entry.words("exchangers"))
    if not suffixes or not all(suffixes):
        raise BadProviders(f"{name}: exchangers has to name at least one domain, such as exchangers = ['example.com']")
    return Provider(exchangers=suffixes, manners=replace(_manners(entry), name=name))


def _manners(entry: _Entry) -> Manners:
    usual = FOR_STRANGERS
    most = int(entry.number("connections", usual.most, least=1, most=1_000))
    made = Manners(
        start=min(usual.start, most), most=most, in_hand=most,
        messages=int(entry.number("messages_per_connection", usual.messages, least=1, most=100_000)),
        per_minute=entry.number("per_minute", 1, least=0.01, most=1_000_000) if entry.has("per_minute") else None,
        idle=entry.number("idle_seconds", 30, least=0, most=300) if entry.has("idle_seconds") else None,
        tls=entry.yes("tls"),
        slow_words=entry.words("slow_words"), stop_words=entry.words("stop_words"),
        slow_per_minute=entry.number("slow_per_minute", usual.slow_per_minute, least=0.01, most=1_000_000),
        slow_for=_minutes(entry, "slow_minutes", usual.slow_for),
        slow_most=_minutes(entry, "slow_most_minutes", usual.slow_most),
        stop_for=_minutes(entry, "stop_minutes", usual.stop_for),
    )  # fmt: skip
    entry.end()
    return made


def _minutes(entry: _Entry, key: str, usual: timedelta) -> timedelta:
    minutes = entry.number(key, usual.total_seconds() / 60, least=1, most=1_440)
    return timedelta(minutes=minutes)
