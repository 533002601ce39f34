"""Where a replay's neurons stand: as a file says, or as an objective wants, with what it costs before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.improve import improved
from neurochip.compile.placement_costs import OBJECTIVES, check_objective, costs
from neurochip.compile.placement_file import read_placement
from neurochip.replays.replaying import Replay
from neurochip.report.mesh_schema import MappingTable

__all__ = ["cores_of", "placed_as", "told"]

Cores = list[NDArray[np.int64]]


def placed_as(
    wanted: str | None, names: Sequence[str], sizes: Sequence[int], first: Callable[[], Replay]
) -> tuple[Cores | None, MappingTable | None]:
    """Return the core of each neuron, and what is told of it; nothing where nothing is wanted.

    Parameters
    ----------
    wanted
        ``hops``, ``balance``, ``cut``, or a file of `neurochip.compile.placement_file`.
    names, sizes
        Of the layers.
    first
        Returns the replay on the cores that it has otherwise, from whose spikes an objective is known.

    Raises
    ------
    NeurochipError
        One of its family: a file that is no placement, an objective that there is not, a network that does not fit.
    """
    if wanted is None:
        return None, None
    if wanted not in OBJECTIVES and not wanted.endswith(".csv") and not Path(wanted).exists():
        check_objective(wanted)
    if wanted not in OBJECTIVES:
        table: MappingTable = {"file": Path(wanted).name, "objective": None, "method": "as the file says"}
        return read_placement(wanted, names, sizes), table
    objective = check_objective(wanted)
    seen = first()
    kept = sum(element.cost.state_words_kept for element in seen.hardware.in_role("neuron"))
    found = improved(
        seen.placed,
        _fired(seen),
        objective,
        weight_bits=seen.hardware.weight_bits,
        state_bits=seen.hardware.state_bits * kept,
    )
    return found.cores, {
        "file": None,
        "objective": objective,
        "method": found.method,
        "before": found.before._asdict(),
        "after": found.after._asdict(),
    }


def cores_of(seen: Replay) -> Cores:
    """Return the core of each neuron, list over layers of i64[unit]."""
    return seen.placed.pieces.placement


def told(table: MappingTable, seen: Replay) -> MappingTable:
    """Return what is told of a placement, with what it costs for the spikes that there were."""
    if "after" in table:
        return table
    return {**table, "after": costs(seen.placed.sending, _fired(seen))._asdict()}


def _fired(seen: Replay) -> list[NDArray[np.int64]]:
    return [bits.sum(axis=0, dtype=np.int64) for bits in seen.spikes]
