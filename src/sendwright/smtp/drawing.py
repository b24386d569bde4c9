"""Both lives as Mermaid diagrams, drawn from the tables, so that the picture in the docs cannot lie."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeVar

from sendwright.smtp import client_life, server_life

StateT = TypeVar("StateT", bound=Enum)
SignalT = TypeVar("SignalT", bound=Enum)


def draw() -> Mapping[str, str]:
    """Mermaid state diagrams by side, "client" and "server". The ways into CLOSED that every state has are left out."""
    return {
        "client": _diagram(client_life.LIFE, client_life.UNEXPECTED),
        "server": _diagram(server_life.LIFE, {server_life.Signal.CUT: server_life.State.CLOSED}),
    }


def _diagram(life: Mapping[StateT, Mapping[SignalT, StateT]], everywhere: Mapping[SignalT, StateT]) -> str:
    states = [f"    {state.name}: {state.value}" for state in life]
    return "\n".join(("stateDiagram-v2", *states, *_edges(life, everywhere), ""))


def _edges(life: Mapping[StateT, Mapping[SignalT, StateT]], everywhere: Mapping[SignalT, StateT]) -> Iterator[str]:
    for state, row in life.items():
        by_next: dict[StateT, list[str]] = {}
        for signal, following in row.items():
            if everywhere.get(signal) is not following:
                by_next.setdefault(following, []).append(str(signal.value))
        for following, labels in by_next.items():
            yield f"    {state.name} --> {following.name}: {', '.join(labels)}"
