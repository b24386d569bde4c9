"""Interleaved rounds: who is compared runs in the same seconds, in changing order, and is compared round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import machine

QUIET = 0.2
"""A round counts as quiet while others use less than so many cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a benchmark runs. ``place``: a directory on the disk that is measured, emptied afterwards."""

    place: Path
    rounds: int
    seconds: float
    roots: list[int] = field(default_factory=list)
    """Processes of ours that are not our descendants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One contender in one round: things done in a second, CPU for each, how long callers waited (if anybody did)."""

    rate: float
    cpu_us: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What all contenders did, round by round, and how many cores others used in each round."""

    samples: Mapping[str, Sequence[Sample]]
    foreign: Sequence[float]
    fsyncs: Sequence[float]

    @property
    def counted(self) -> Sequence[int]:
        """The rounds that figures are made of: the quiet ones when there are at least two, else all."""
        quiet = [n for n, cores in enumerate(self.foreign) if cores < QUIET]
        return quiet if len(quiet) >= 2 else range(len(self.foreign))

    def of(self, name: str) -> list[Sample]:
        """A contender's samples in the rounds that count."""
        return [self.samples[name][n] for n in self.counted]

    def ratios(self, ours: str, peer: str) -> list[float]:
        """Round by round, ordered: how often the peer's rate we reach."""
        return sorted(self.samples[ours][n].rate / self.samples[peer][n].rate for n in self.counted)

    def cpu_ratio(self, ours: str, peer: str) -> float:
        """The median over the rounds: the peer's CPU for one piece of work, in ours. 1 is as cheap, less is dearer."""
        return median(self.samples[peer][n].cpu_us / max(self.samples[ours][n].cpu_us, 0.1) for n in self.counted)


def interleave(plan: Plan, contenders: Mapping[str, Callable[[], Sample]]) -> Rounds:
    """Runs every contender once in each round; the order turns, so that nobody always comes after the same one."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    foreign, fsyncs = [], []
    names = list(contenders)
    for number in range(plan.rounds):
        fsyncs.append(machine.fsyncs_per_second(plan.place))
        turned = names[number % len(names) :] + names[: number % len(names)]
        before = machine.times(plan.roots)
        for name in turned:
            samples[name].append(contenders[name]())
        foreign.append(machine.foreign(before, machine.times(plan.roots)))
    return Rounds(samples=samples, foreign=foreign, fsyncs=fsyncs)


def middle(samples: Sequence[Sample], what: Callable[[Sample], float]) -> float:
    """The median of one figure."""
    return median(map(what, samples))
