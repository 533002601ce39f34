"""Tasks 2 and 3 of the NIR paper: every spike as the back ends have it that PyPI has (`make_nir_paper_networks.py`).

Where a back end's importer makes another network of a file, the file is made into that one.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from neurochip.description.nir.graph import import_nir
from neurochip.replays.spiking import run_spiking
from tests.golden.make_nir_paper_networks import HERE, TASKS, shown

Change = Callable[[Any], None]


def leaky(graph: Any) -> None:
    """snnTorch makes neurons with β = 0.9 of IF."""
    for name, node in graph.nodes.items():
        if isinstance(node, nir.IF):
            one = np.ones_like(node.r)
            graph.nodes[name] = nir.LIF(
                tau=1e-3 * one, r=10 * one, v_leak=0 * one, v_threshold=node.v_threshold, v_reset=0 * one
            )


def channels_last(graph: Any) -> None:
    """Spyx flattens maps channel by channel of a pixel, and reads weights as they stand."""
    weight = graph.nodes["9"].weight
    graph.nodes["9"].weight = weight.reshape(-1, 4, 4, 8).transpose(0, 3, 1, 2).reshape(weight.shape)


def no_bias_in_the_loop(graph: Any) -> None:
    """Rockpool and Spyx leave out the bias of a loop's weights; Rockpool warns of it."""
    graph.nodes["lif1.w_rec"] = nir.Linear(graph.nodes["lif1.w_rec"].weight)


# Task and tool → how its user would have it read, and what its importer makes of the file.
READ: dict[tuple[str, str], tuple[dict[str, Any], Change | None]] = {
    ("cnn", "norse"): ({"source": "norse"}, None),
    ("cnn", "sinabs"): ({"source": "sinabs"}, None),
    ("cnn", "snntorch"): ({"source": "snntorch"}, leaky),
    ("cnn", "spyx"): ({"source": "spyx"}, channels_last),
    ("braille_zero", "norse"): ({"dt": 1e-4, "reset": "value"}, None),
    ("braille_zero", "snntorch"): ({"source": "snntorch", "reset": "value"}, None),
    ("braille_zero", "rockpool"): ({"source": "rockpool", "dt": 1e-4}, no_bias_in_the_loop),
    ("braille_zero", "spyx"): ({"source": "spyx", "dt": 1e-4}, no_bias_in_the_loop),
    ("braille_subtract", "norse"): ({"dt": 1e-4, "reset": "subtract"}, None),
    ("braille_subtract", "snntorch"): ({"source": "snntorch"}, None),
    ("braille_subtract", "rockpool"): ({"source": "rockpool", "dt": 1e-4}, None),
    ("braille_subtract", "spyx"): ({"source": "spyx", "dt": 1e-4}, None),
}


def differing(place: Path, name: str, tool: str, change: Change | None, **how: Any) -> tuple[int, int]:
    """Return how many spikes of all layers differ, and how many there are."""
    task = TASKS[name]
    path = place / "net.nir"
    path.write_bytes(lzma.decompress((HERE / f"{Path(task.file).name}.xz").read_bytes()))
    graph: Any = path
    if change is not None:
        graph = nir.read(path)
        change(graph)
    made = import_nir(graph, **how)
    x = shown(task).reshape(task.steps, -1)
    run = run_spiking(made.network, x, "ideal-bits")
    wrong = there = 0
    with np.load(HERE / f"{name}-{tool}.npz") as stored:
        for k, group in enumerate(made.network.groups[1:], start=1):
            layer = group.name.partition(".")[0]
            late = made.late(group.name)
            spikes = np.unpackbits(stored[f"s.{layer}"], axis=1)[: task.steps - late, : stored[f"n.{layer}"]]
            wrong += int((run.replay.spikes[k][late:] != spikes).sum())
            there += int(spikes.sum())
    return wrong, there


@pytest.mark.parametrize(("name", "tool"), list(READ))
def test_every_spike(tmp_path: Path, name: str, tool: str) -> None:
    how, change = READ[name, tool]
    wrong, there = differing(tmp_path, name, tool, change, **how)
    assert wrong == 0
    assert there > 150


def test_all_back_ends_are_there() -> None:
    assert set(READ) == {(name, tool) for name, task in TASKS.items() for tool in task.tools}


@pytest.mark.parametrize(("name", "tool"), [key for key, (_, change) in READ.items() if change is not None])
def test_the_file_as_it_stands_is_another_network_than_theirs(tmp_path: Path, name: str, tool: str) -> None:
    wrong, _ = differing(tmp_path, name, tool, None, **READ[name, tool][0])
    assert wrong > 10


@pytest.mark.parametrize(
    ("name", "tool", "how"),
    [
        ("cnn", "norse", {"source": "sinabs"}),
        ("cnn", "sinabs", {"source": "norse"}),
        ("braille_zero", "norse", {"dt": 1e-4, "reset": "subtract"}),
        ("braille_zero", "norse", {"dt": 2e-4, "reset": "value"}),
        ("braille_subtract", "snntorch", {"source": "snntorch", "reset": "subtract"}),
        ("braille_subtract", "rockpool", {"source": "spyx", "dt": 1e-4}),
    ],
)
def test_other_conventions_are_other_networks(
    tmp_path: Path, name: str, tool: str, how: dict[str, Any]
) -> None:
    wrong, _ = differing(tmp_path, name, tool, None, **how)
    assert wrong > 10
