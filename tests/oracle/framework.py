"""A graph of NIR as frameworks run it: a spike passes all feed-forward layers within a step, a loop takes one step."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def run_in_steps(
    graph: Any, spikes: dict[str, Array], dt: float, *, late: bool = False
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return spikes and v of all neurons, and what Outputs receive: [step, unit] by name.

    Nodes are run in the order in which they stand in the graph: what stands later, and arrives, is of the step before;
    what closes a loop, and has "-loop" in its name, receives silence before the first step.
    ``late``: v is reset by subtraction, a step after the spike.
    """
    nodes, receives = graph.nodes, {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
    steps = len(next(iter(spikes.values())))
    out: dict[str, Array] = {}
    v: dict[str, Array] = {}
    i: dict[str, Array] = {}
    fired: dict[str, Array] = {}
    seen: dict[str, list[Array]] = {name: [] for name in nodes}
    before: dict[str, list[Array]] = {name: [] for name in nodes}
    for t in range(-1, steps):
        for name, node in nodes.items():
            kind = type(node).__name__
            if t < 0 and "-loop" not in name:
                out[name] = np.zeros(len(node.r)) if hasattr(node, "r") else np.zeros(0)
                continue
            if kind == "Input":
                out[name] = spikes[name][t].astype(float)
                seen[name].append(out[name])
                continue
            x: Array = sum(out[a] for a in receives[name])
            if kind in ("Linear", "Affine"):
                x = node.weight @ x
                out[name] = x + (node.bias if kind == "Affine" else 0)
            elif kind == "Scale":
                out[name] = x * node.scale
            elif kind == "Threshold":
                out[name] = (x > node.threshold).astype(float)
            elif kind == "Delay":
                before[name].append(x)
                lag = np.rint(node.delay / dt).astype(int)
                out[name] = np.array(
                    [before[name][-1 - k][j] if len(before[name]) > k else 0.0 for j, k in enumerate(lag)]
                )
            elif kind == "Output":
                out[name] = x
            else:
                if hasattr(node, "tau_syn"):
                    i[name] = i.get(name, 0.0) * (1 - dt / node.tau_syn) + dt / node.tau_syn * node.w_in * x
                    x = i[name]
                tau = getattr(node, "tau_mem", getattr(node, "tau", None))
                old = v.get(name, np.zeros(node.r.shape))
                new = (
                    old + dt * node.r * x
                    if tau is None
                    else old + dt / tau * (node.v_leak - old + node.r * x)
                )
                if hasattr(node, "v_threshold"):
                    if late:
                        new = new - node.v_threshold * fired.get(name, 0.0)
                    q = (new > node.v_threshold).astype(float)
                    new = new if late else np.where(q > 0, node.v_reset, new)
                    fired[name] = out[name] = q
                else:
                    out[name] = new
                v[name] = new
            if t >= 0:
                seen[name].append(out[name])
    return {name: np.array(rows) for name, rows in seen.items()}, v
