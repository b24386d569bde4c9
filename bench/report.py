"""What is printed: figures as ratios with their targets, and beside them what the machine did meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.rounds import QUIET, Rounds, Sample, middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line. ``ratios`` are ordered; a target of None is for the record only."""

    name: str
    ours: str
    peer: str
    ratios: Sequence[float]
    cpu_ratio: float | None = None
    target: float | None = None
    stretch: float | None = None
    at_most: bool = False
    """Less is better."""

    @property
    def verdict(self) -> str:
        """By the median."""
        if self.target is None:
            return ""
        value = median(self.ratios)
        if self.at_most:
            return "reached" if value <= self.target else "NOT reached"
        if self.stretch is not None and value >= self.stretch:
            return "stretch reached"
        return "reached" if value >= self.target else "NOT reached"


@dataclass(slots=True, kw_only=True)
class Report:
    """One benchmark's figures; ``notes`` are sentences for the reader."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)
    fsyncs: list[float] = field(default_factory=list)
    failed: str | None = None

    def take(self, rounds: Rounds) -> None:
        """Remembers what the machine did in these rounds."""
        self.foreign += rounds.foreign
        self.fsyncs += rounds.fsyncs

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        figures = [{**asdict(f), "median": median(f.ratios), "verdict": f.verdict} for f in self.figures]
        return {**asdict(self), "figures": figures}

    def as_text(self) -> str:
        """For people."""
        lines = [f"{self.title}", *_table(self.figures)]
        if self.fsyncs:
            lines.append(f"  disk: {_span(self.fsyncs, ',.0f')} durable 4 KB appends/s; {_others(self.foreign)}")
        lines += [f"  note: {note}" for note in self.notes]
        if self.failed:
            lines.append(f"  FAILED: {self.failed}")
        return "\n".join(lines)


def compare(
    rounds: Rounds, name: str, ours: str, peer: str, target: float | None = None, stretch: float | None = None
) -> Figure:
    """One contender beside another."""
    return Figure(
        name=name, ours=_said(rounds.of(ours)), peer=f"{peer} {_said(rounds.of(peer))}",
        ratios=rounds.ratios(ours, peer), cpu_ratio=rounds.cpu_ratio(ours, peer), target=target, stretch=stretch,
    )  # fmt: skip


def _said(samples: Sequence[Sample]) -> str:
    said = f"{middle(samples, lambda s: s.rate):,.0f}/s"
    if cpu := middle(samples, lambda s: s.cpu_us):
        said += f" {cpu:,.0f}µs"
    if p99 := middle(samples, lambda s: s.p99_ms):
        said += f" p99 {p99:,.1f}ms"
    return said


def _table(figures: Sequence[Figure]) -> list[str]:
    rows = [("", "ours (rate, server CPU, p99)", "beside", "min / median / max", "by CPU", "target", "")]
    for f in figures:
        low, high = f.ratios[0], f.ratios[-1]
        sign = "≤" if f.at_most else "≥"
        target = "" if f.target is None else f"{sign} {f.target:g}" + (f" ({f.stretch:g})" if f.stretch else "")
        span = f"{low:.2f} / {median(f.ratios):.2f} / {high:.2f}"
        by_cpu = "" if f.cpu_ratio is None else f"{f.cpu_ratio:.2f}"
        rows.append((f.name, f.ours, f.peer, span, by_cpu, target, f.verdict))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _others(foreign: Sequence[float]) -> str:
    quiet = sum(cores < QUIET for cores in foreign)
    said = f"others used {_span(foreign, '.2f')} cores, {quiet} of {len(foreign)} rounds quiet (< {QUIET:g})"
    return said if quiet >= 2 or quiet == len(foreign) else f"{said}: NOT QUIET, repeat before you believe a figure"


def _span(values: Sequence[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}}–{max(values):{form}})"
