"""Networks of Spyx."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.golden.making.written import STEPS, drawn


def _spyx(*layers: Any, wide: int = 16) -> Any:
    import jax.numpy as jnp
    from spyx import nn
    from spyx.nir import to_nir

    net = nn.Sequential(*layers)
    x = drawn(wide)
    neurons = [k for k, layer in enumerate(layers) if _is_neurons(layer)]
    seen: dict[str, list[Any]] = {f"{what}.layer_{k}": [] for k in neurons for what in "sm"}
    kept = net.initial_state(1)
    for step in x:
        flow = jnp.asarray(step[None])
        for k, (layer, state) in enumerate(zip(layers, kept, strict=True)):
            if _is_neurons(layer):
                flow, after = layer(flow, state)
                seen[f"s.layer_{k}"].append(np.asarray(flow)[0])
                # Of one with a filter, the membrane stands before the current.
                seen[f"m.layer_{k}"].append(np.asarray(after)[0][: np.asarray(flow).shape[-1]])
            else:
                flow = layer(flow)
        whole, kept = net(jnp.asarray(step[None]), kept)
        assert np.array_equal(whole, flow)  # what the tool itself gives for all layers together
    last = np.asarray(flow).shape[-1]
    graph = to_nir(net, {"input": np.array([wide])}, {"output": np.array([last])}, dt=1)
    assert len(seen[next(iter(seen))]) == STEPS
    return graph, x, seen


def _is_neurons(layer: Any) -> bool:
    return hasattr(layer, "initial_state")


def _linear(a: int, b: int, rngs: Any) -> Any:
    from flax import nnx

    return nnx.Linear(a, b, rngs=rngs)


def _layers(make: Any) -> Any:
    from flax import nnx

    rngs = nnx.Rngs(3)
    return _spyx(_linear(16, 12, rngs), make(12, rngs), _linear(12, 5, rngs), make(5, rngs))


def spyx_lif() -> Any:
    from spyx import nn

    return _layers(lambda n, rngs: nn.LIF((n,), threshold=0.6, rngs=rngs))


def spyx_if() -> Any:
    from spyx import nn

    return _layers(lambda n, rngs: nn.IF((n,), threshold=0.8))


def spyx_cubalif() -> Any:
    from spyx import nn

    return _layers(lambda n, rngs: nn.CuBaLIF((n,), rngs=rngs))


def spyx_rlif() -> Any:
    from spyx import nn

    return _layers(lambda n, rngs: nn.RLIF((n,), threshold=0.6, rngs=rngs))


def spyx_rcubalif() -> Any:
    from spyx import nn

    return _layers(lambda n, rngs: nn.RCuBaLIF((n,), rngs=rngs))


def spyx_rif() -> Any:
    from spyx import nn

    return _layers(lambda n, rngs: nn.RIF((n,), threshold=1.0, rngs=rngs))
