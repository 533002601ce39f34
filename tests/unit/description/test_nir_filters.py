"""NIR in which leaky integrators filter what neurons receive: the same as neurons that have the filter themselves."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from neurochip.description.nir.graph import import_nir
from neurochip.errors import CapabilityError
from neurochip.replays.spiking import run_spiking

RNG = np.random.default_rng(11)
FIRST, SECOND = RNG.normal(0.4, 1, (5, 4)), RNG.normal(0.4, 1, (3, 5))
RASTER = (RNG.random((60, 4)) < 0.4).astype(np.uint8)
MEMBRANE = {
    "r": np.full(3, 8.0),
    "v_leak": np.full(3, 0.1),
    "v_threshold": np.full(3, 0.4),
    "v_reset": np.zeros(3),
}
RATES = np.array([1.0, 2.0, 0.5, 1.5, 3.0])


def integrator(n: int, r: Any = 1.0, tau: float = 5e-3) -> Any:
    return nir.LI(tau=np.full(n, tau), r=np.ones(n) * r, v_leak=np.zeros(n))


def lif() -> Any:
    return nir.LIF(tau=np.full(3, 1e-2), **MEMBRANE)


def cuba(w_in: float = 1.0) -> Any:
    return nir.CubaLIF(tau_syn=np.full(3, 5e-3), tau_mem=np.full(3, 1e-2), w_in=np.full(3, w_in), **MEMBRANE)


def seen(nodes: dict[str, Any], edges: list[tuple[str, str]], group: str) -> Any:
    """Return what a group did, from the tick in which it begins: spikes, or v of what does not fire."""
    nodes = {"in": nir.Input(np.array([4])), **nodes}
    network = import_nir(nir.NIRGraph(nodes, edges, type_check=False), dt=1e-3).network
    run = run_spiking(network, RASTER, "ideal-bits")
    begins = network.group(group).begins
    found = {
        name: run.readout[name] for name, of in network.outputs.items() if of == group and name in run.readout
    }
    found |= {} if found else {"": run.replay.spikes[[g.name for g in network.groups].index(group)]}
    return next(iter(found.values()))[begins : 50 + begins]


def test_weights_may_stand_behind_the_filter() -> None:
    out = ("n", "out")
    w, v = nir.Linear(FIRST), nir.Linear(SECOND)
    wanted = seen(
        {"w": w, "s": nir.Scale(RATES), "v": v, "n": cuba(), "out": nir.Output(np.array([3]))},
        [("in", "w"), ("w", "s"), ("s", "v"), ("v", "n"), out],
        "n",
    )
    assert wanted.any()
    nodes = {"w": w, "s": integrator(5, RATES), "v": v, "n": lif(), "out": nir.Output(np.array([3]))}
    edges = [("in", "w"), ("w", "s"), ("s", "v"), ("v", "n"), out]
    assert np.array_equal(seen(nodes, edges, "n"), wanted)
    # Read out besides, as it is.
    read = {**nodes, "i": nir.Output(np.array([5]))}
    flat = {"f": nir.Flatten({"input": np.array([5])}, 0, -1)}
    alone = seen({k: read[k] for k in ("w", "s", "i")}, [("in", "w"), ("w", "s"), ("s", "i")], "s")
    for more, ways in (({}, [("s", "i")]), (flat, [("s", "f"), ("f", "i")])):
        assert np.array_equal(seen({**read, **more}, [*edges, *ways], "n"), wanted)
        assert np.array_equal(seen({**read, **more}, [*edges, *ways], "s"), alone)


def test_filters_of_one_time_constant_may_meet() -> None:
    nodes = {
        "a": integrator(4, 2.0),
        "b": integrator(4),
        "v": nir.Linear(SECOND[:, :4]),
        "w": nir.Linear(SECOND[:, 1:]),
    }
    out = {"out": nir.Output(np.array([3]))}
    edges = [("in", "a"), ("in", "b"), ("a", "v"), ("b", "w"), ("v", "n"), ("w", "n"), ("n", "out")]
    found = seen({**nodes, "n": lif(), **out}, edges, "n")
    one = nir.Linear(2 * SECOND[:, :4] + SECOND[:, 1:])
    wanted = seen({"v": one, "n": cuba(), **out}, [("in", "v"), ("v", "n"), ("n", "out")], "n")
    assert wanted.any() and np.array_equal(found, wanted)


def test_what_is_read_out_behind_weights_is_filtered_there() -> None:
    nodes = {"s": integrator(4), "v": nir.Linear(SECOND[:, :4]), "out": nir.Output(np.array([3]))}
    found = seen(nodes, [("in", "s"), ("s", "v"), ("v", "out")], "out.filter")
    v, wanted = np.zeros(4), []
    for x in RASTER[:50]:
        v = 0.8 * v + 0.2 * x
        wanted.append(SECOND[:, :4] @ v)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize("how", ["two time constants", "spikes besides", "a bias", "no leak", "a rest"])
def test_what_no_neuron_here_can_do_is_refused(how: str) -> None:
    leak = np.full(4, 0.3 if how == "a rest" else 0.0)
    nodes: dict[str, Any] = {
        "in": nir.Input(np.array([4])),
        "s": nir.LI(tau=np.full(4, 5e-3), r=np.ones(4), v_leak=leak),
        "v": nir.Affine(SECOND[:, :4], np.full(3, 0.1 if how == "a bias" else 0.0)),
        "n": nir.IF(r=np.ones(3), v_threshold=np.ones(3)) if how == "no leak" else lif(),
    }
    edges = [("in", "s"), ("s", "v"), ("v", "n")]
    if how == "two time constants":
        nodes |= {"t": integrator(4, tau=6e-3)}
        edges += [("in", "t"), ("t", "v")]
    if how == "spikes besides":
        edges += [("in", "v")]
    with pytest.raises(CapabilityError, match=r"LI \(node '[st]'\): gives its potential to 'n'"):
        import_nir(nir.NIRGraph(nodes, edges, type_check=False), dt=1e-3)
