"""What tools mean that write NIR, and do not say in it: their step, when they reset, in which order they filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description.nir.nodes import IDENTITY, Graph
from neurochip.description.spiking import Reset
from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["SOURCES", "Source", "converted_parameters", "loops_as_meant", "source_of"]

Array = NDArray[np.float64]
_KEYS = ("source", "framework", "exporter", "generator", "tool", "created_by", "library")


class Source(NamedTuple):
    """A tool.

    Attributes
    ----------
    dt
        Seconds of its step, where it has one that its files do not say; `None`: they must be given.
    method
        How it makes steps of equations; `None`: as its user says.
    reset
        What its neurons do when they fire, unless its user says otherwise.
    filtered_reset
        The same of neurons with a filter, where that is something else.
    fires_when, start
        As of `NeuronGroup`.
    layer_takes
        Steps that a spike takes from layer to layer.
    numbers
        How its time constants and resistances are meant. ``given``: as they stand. ``squared``: τ is written as τ dt,
        and inputs add to currents and to neurons without leak as they are. ``steps``: τ counts steps. ``added``: inputs
        add as they are, whatever R says. ``decayed``: what comes leaks once, but for that of a neuron that fires and
        has no filter; a filtered current adds as it is.
    """

    name: str
    dt: float | None = None
    method: Literal["euler", "exact"] | None = None
    reset: Reset = "value"
    filtered_reset: Reset | None = None
    fires_when: Literal["above", "reached"] = "above"
    start: Literal["rest", "zero"] = "zero"
    layer_takes: Literal[0, 1] = 0
    numbers: Literal["given", "squared", "steps", "added", "decayed"] = "given"


SOURCES = {
    source.name: source
    for source in (
        Source("generic"),
        Source("snntorch", dt=1e-4, reset="subtract-late"),
        Source("norse", dt=1e-3, start="rest", numbers="squared"),
        Source("sinabs", dt=1e-3, method="exact", reset="subtract", fires_when="reached", numbers="steps"),
        Source(
            "rockpool", dt=1e-3, method="exact", reset="subtract", fires_when="reached", numbers="decayed"
        ),
        Source(
            "spyx", dt=1.0, reset="subtract-late", filtered_reset="subtract", layer_takes=1, numbers="added"
        ),
        Source("lava-dl", dt=1e-4),
    )
}


def source_of(name: str | None, metadata: Mapping[str, object]) -> tuple[Source, bool]:
    """Return a tool by its name, or the one that metadata name; and whether they did.

    Raises
    ------
    ConfigError
        For a tool that is not known.
    """
    if name is not None:
        if name not in SOURCES:
            raise ConfigError(
                "from",
                f"must be one of {', '.join(SOURCES)}; got {name!r}{did_you_mean(name, tuple(SOURCES))}",
            )
        return SOURCES[name], False
    for key in _KEYS:
        value = metadata.get(key)
        said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
        found = said.lower().replace("_", "-").split()
        for word in found:
            if word in SOURCES:
                return SOURCES[word], True
    return SOURCES["generic"], False


def converted_parameters(
    source: Source, kind: str, given: Mapping[str, Array], dt: float
) -> dict[str, Array]:
    """Return parameters of neurons, f64[unit] each, as equations in seconds have them."""
    held = {name: np.array(values, dtype=np.float64) for name, values in given.items()}
    times = [name for name in ("tau", "tau_syn", "tau_mem") if name in held]
    with np.errstate(divide="ignore", invalid="ignore"):
        if source.numbers in ("squared", "steps"):
            for name in times:
                held[name] = held[name] / dt if source.numbers == "squared" else held[name] * dt
        if source.numbers in ("squared", "steps", "added") and kind in ("IF", "I"):
            held["r"] = held["r"] / dt
        if source.numbers in ("squared", "added") and "w_in" in held:
            held["w_in"] = np.ones_like(held["w_in"]) * held["tau_syn"] / dt
        if source.numbers == "added" and times:
            held["r"] = held["tau_mem" if "tau_mem" in held else "tau"] / dt
        if source.numbers == "steps" and kind == "LI":  # which takes up all that comes
            held["r"] = held["r"] / -np.expm1(-dt / held["tau"])
        if source.numbers == "decayed" and "tau_syn" in held:
            held["w_in"] = 1 / np.expm1(dt / held["tau_syn"])
            held["r"] = 1 / -np.expm1(-dt / held["tau_mem"])
        elif source.numbers == "decayed" and kind == "LIF":
            held["r"] = 1 / -np.expm1(-dt / held["tau"])
        elif source.numbers == "decayed" and times:
            part = dt / held["tau"]
            held["r"] = held["r"] * part / -np.expm1(-part)
        # 1/(1 − β) of β = 1, of time constant and resistance alike: no leak, and all of the input.
        for name, by in (("tau_syn", "w_in"), ("tau_mem" if "tau_mem" in held else "tau", "r")):
            if name in held and by in held:
                both = np.isposinf(held[name]) & np.isposinf(held[by])
                held[by] = np.where(both, 1 / dt, held[by])
    return held


def loops_as_meant(source: Source, graph: Graph) -> Graph:
    """Return a graph with what comes into a loop joined to its neurons.

    Spyx joins it to the weights of the loop, and adds it to the neurons itself.
    """
    if source.name != "spyx":
        return graph
    before: dict[str, set[str]] = {name: set() for name in graph.nodes}
    for a, b in graph.edges:
        before[b].add(a)
    edges, notes = [], list(graph.notes)
    for a, b in graph.edges:
        looped = [name for name in before[b] if b in before[name] and name != a]
        if graph.nodes[a].kind == IDENTITY and graph.nodes[b].kind in ("Linear", "Affine") and looped:
            notes.append(
                f"'{b}' is the loop of '{looped[0]}', and Spyx writes what comes from outside as if it went through "
                f"it: joined to '{looped[0]}' itself, as Spyx computes it"
            )
            edges.append((a, looped[0]))
        else:
            edges.append((a, b))
    return Graph(graph.nodes, tuple(edges), graph.metadata, tuple(notes))
