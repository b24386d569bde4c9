"""The crash matrix: the program dies at each failpoint in turn, under load, and nothing that was promised is lost.

    python -m tests.e2e.crash                                  # every point, once, on SQLite and on PostgreSQL
    python -m tests.e2e.crash --backend sqlite --kills 50
    python -m tests.e2e.crash --points S5,S6 --seed 7

Prints one line of JSON for each backend and point and one for their sum, and ends with exit code 1 if one of them
breaks a rule. On PostgreSQL three programs work together; one of them dies at the point, and every second time the
other two are killed with it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import PostgresServer
from tests.e2e.crash_lines import ANY, Line, summary
from tests.e2e.crash_yard import open_yard, points_of
from tests.e2e.nursery import Nursery

BACKENDS = ("sqlite", "postgresql")


def main(words: Sequence[str]) -> int:
    """The exit code: 1 if a rule was broken."""
    asked = _parse(words)
    broken: list[str] = []
    with ExitStack() as stack:
        nursery = stack.enter_context(Nursery())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sendwright-crash-", dir=asked.folder)))
        for backend in BACKENDS if asked.backend == "both" else [asked.backend]:
            server = PostgresServer() if backend == "postgresql" else None
            if server is not None:
                stack.callback(server.stop)
            lines = _run(backend, asked, folder, nursery, server)
            print(summary(backend, lines), flush=True)  # noqa: T201
            broken += [sentence for line in lines for sentence in (*line.broken, *line.slow)]
    for sentence in broken:
        print(sentence, file=sys.stderr)  # noqa: T201
    return int(bool(broken))


def _run(
    backend: str, asked: argparse.Namespace, folder: Path, nursery: Nursery, server: PostgresServer | None
) -> list[Line]:
    points = asked.points.split(",") if asked.points else [*points_of(backend), ANY]
    lines = []
    with open_yard(backend, folder, nursery, server, asked.seed) as yard:
        for point in points:
            lines.append(yard.run(point, asked.kills))
            print(lines[-1].shown, flush=True)  # noqa: T201 - what this program is for
    return lines


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash ARGS=…", description="Kills the program at each failpoint.")
    parser.add_argument("--backend", choices=[*BACKENDS, "both"], default="both")
    parser.add_argument("--points", default="", help=f"by commas; '{ANY}': at any moment. Without it, all of them.")
    parser.add_argument("--kills", type=int, default=1, help="for each point")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--folder", default=None, help="where the data lies: a disk, or a file system in memory")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
