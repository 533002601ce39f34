"""Networks of Norse."""

from __future__ import annotations

from typing import Any

import torch

from tests.golden.making.written import spikes, stepwise, untyped


def _norse(*layers: Any, shape: tuple[int, ...] = (16,)) -> Any:
    import norse.torch as norse
    from norse.torch.utils.export_nir import to_nir

    net = norse.SequentialState(*layers)
    with torch.no_grad():
        with untyped():
            graph = to_nir(net, torch.zeros(1, *shape))
        x = spikes(*shape)
        return graph, x.numpy(), stepwise(net, x, True, ("LIBoxCell", "LICell"))


def norse_lif_box() -> Any:
    import norse.torch as norse

    p = norse.LIFBoxParameters(
        tau_mem_inv=torch.full((12,), 100.0),
        v_leak=torch.linspace(-0.1, 0.1, 12),
        v_th=torch.full((12,), 0.15),
        v_reset=torch.zeros(12),
    )
    return _norse(torch.nn.Linear(16, 12), norse.LIFBoxCell(p), torch.nn.Linear(12, 3), norse.LIBoxCell())


def norse_lif() -> Any:
    import norse.torch as norse

    p = norse.LIFParameters(
        tau_mem_inv=torch.full((12,), 100.0),
        tau_syn_inv=torch.full((12,), 200.0),
        v_leak=torch.zeros(12),
        v_th=torch.full((12,), 0.3),
        v_reset=torch.zeros(12),
    )
    q = norse.LIFParameters(v_th=torch.tensor(0.2))
    return _norse(torch.nn.Linear(16, 12), norse.LIFCell(p), torch.nn.Linear(12, 5), norse.LIFCell(q))


def norse_iaf() -> Any:
    import norse.torch as norse

    return _norse(
        torch.nn.Linear(16, 12),
        norse.IAFCell(norse.IAFParameters(v_th=torch.full((12,), 0.7))),
        torch.nn.Linear(12, 5),
        norse.IAFCell(norse.IAFParameters(v_th=torch.full((5,), 0.5))),
    )


def norse_li() -> Any:
    """A readout with a leak at rest that is not 0."""
    import norse.torch as norse

    p = norse.LIBoxParameters(tau_mem_inv=torch.full((3,), 50.0), v_leak=torch.linspace(-0.2, 0.2, 3))
    q = norse.LIFBoxParameters(v_th=torch.tensor(0.1))
    return _norse(torch.nn.Linear(16, 12), norse.LIFBoxCell(q), torch.nn.Linear(12, 3), norse.LIBoxCell(p))


def norse_recurrent() -> Any:
    """A loop: the exporter knows no recurrent cell, so the loop is added to what it wrote of the cell."""
    import nir
    import norse.torch as norse

    p = norse.LIFParameters(v_th=torch.tensor(0.3))
    cell = norse.LIFRecurrentCell(16, 12, p=p, autapses=True)
    weights = cell.input_weights.data.clone()
    graph, x, _ = _norse(torch.nn.Linear(16, 12, bias=False), norse.LIFCell(p))
    graph.nodes["0"].weight = weights.numpy()
    graph.nodes["loop"] = nir.Linear(cell.recurrent_weights.detach().numpy())
    graph.edges += [("1", "loop"), ("loop", "1")]
    state, seen, membranes = None, [], []
    with torch.no_grad():
        for step in torch.from_numpy(x):
            fired, state = cell(step[None], state)
            seen.append(fired[0].numpy())
            membranes.append(state.v[0].numpy())
    return graph, x, {"s.1": seen, "m.1": membranes}
