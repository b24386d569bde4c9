"""Runs the reference cases that lie beside the project and counts how many print the same.

    python tests/hubl/corpus.py            # the figures
    python tests/hubl/corpus.py --misses 40

The cases are data of others: they are read where they lie (SENDWRIGHT_CORPORA, else ../shared/corpora), never copied.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sendwright import hubl

FILES = ("matrix.jsonl", "jinjava_cases.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    template: str
    context: dict[str, object]
    expected: str
    area: str
    escape: hubl.Escape


def folder() -> Path:
    beside = Path(__file__).resolve().parents[3] / "shared" / "corpora"
    return Path(os.environ.get("SENDWRIGHT_CORPORA", beside)) / "hubl"


def cases(name: str) -> Iterator[Case]:
    for line in (folder() / name).read_text("utf-8").splitlines():
        case = json.loads(line)
        yield Case(
            template=case["template"],
            context={key: plain(value) for key, value in case["context"].items()},
            expected=case["expected"],
            area=case.get("area", case["scope"]),
            escape=hubl.Escape.HTML if case.get("autoescape") else hubl.Escape.NONE,
        )


def plain(value: object) -> object:
    """The typed values of the corpus as the nearest plain data."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith("$"):
        return plain(next(iter(value.values())))
    return {key: plain(item) for key, item in value.items()}


def printed(case: Case) -> str | None:
    """What our engine prints, errors or not; None if a limit stopped it."""
    values = hubl.close(case.context)
    assert isinstance(values, hubl.Values)
    match hubl.compile(case.template, case.escape).render(values):
        case hubl.Rendered(text=text) | hubl.Failed(text=text):
            return text
        case hubl.LimitExceeded():
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    passed: Counter[str]
    total: Counter[str]
    misses: list[tuple[Case, str | None]]

    @property
    def rate(self) -> float:
        return self.passed.total() / self.total.total()


def score(name: str) -> Score:
    result = Score(passed=Counter(), total=Counter(), misses=[])
    for case in cases(name):
        result.total[case.area] += 1
        text = printed(case)
        if text == case.expected:
            result.passed[case.area] += 1
        else:
            result.misses.append((case, text))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", type=int, default=0, help="show so many differences of each file")
    parser.add_argument("--area", default="", help="only this area")
    given = parser.parse_args()
    write = sys.stdout.write
    for name in FILES:
        result = score(name)
        write(f"{name}: {result.passed.total()} of {result.total.total()} = {result.rate:.1%}\n")
        worst = sorted(result.total, key=lambda area: result.passed[area] - result.total[area])
        write(
            "  misses: "
            + ", ".join(f"{a} {result.total[a] - result.passed[a]}/{result.total[a]}" for a in worst[:25])
            + "\n"
        )
        shown = [miss for miss in result.misses if given.area in ("", miss[0].area)]
        for case, text in shown[: given.misses]:
            write(
                f"  [{case.area}] {case.template!r} {case.context!r}\n    want {case.expected!r}\n    got  {text!r}\n"
            )


if __name__ == "__main__":
    main()
