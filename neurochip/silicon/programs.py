"""Programs in files: SPI words that load a chip and events for it; and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.durable.atomic import replacing
from neurochip.errors import ConfigError
from neurochip.files import Foreign, read_arrays
from neurochip.silicon.activity import Activity
from neurochip.silicon.odin import Odin
from neurochip.silicon.tinyodin import TinyOdin

__all__ = ["CHIPS", "Program", "read_program", "synaptic_energy", "write_activity"]

CHIPS: dict[str, type[TinyOdin] | type[Odin]] = {"tinyodin": TinyOdin, "odin": Odin}
# Joules of a synaptic operation, of the whole chip: C. Frenkel et al., IEEE TBioCAS 13(1), 2019, measured at 0.55 V.
_MEASURED_J = {"odin": 12.7e-12}
_MOST_TRANSFERS = 1 << 20


class Program(NamedTuple):
    """What an .npz holds: transfers [n, 2], addresses of events, and the cycles before each."""

    transfers: NDArray[np.int64]
    address: NDArray[np.int64]
    gap: NDArray[np.int64]


def read_program(path: Path) -> Program:
    """Return the program in an .npz: ``transfers`` [n, 2], ``address`` [event], ``gap`` [event] or one number or none.

    Raises
    ------
    DataError
        When it is no such file.
    """
    file = Foreign(path, "a program for a chip", "write transfers, address and gap into an .npz")
    arrays = read_arrays(file)
    found = {}
    for name, ndim in (("transfers", 2), ("address", 1), ("gap", None)):
        if name not in arrays:
            if ndim is None:
                found[name] = np.zeros(1, np.int64)
                continue
            raise file.fault(f"has no {name}")
        values = arrays[name]
        if values.dtype.kind not in "iu" or (ndim is not None and values.ndim != ndim):
            raise file.fault(f"must be whole numbers of {ndim or 'one'} dimensions", name)
        found[name] = values.astype(np.int64)
    if found["transfers"].shape[-1] != 2 or len(found["transfers"]) > _MOST_TRANSFERS:
        raise file.fault(
            f"must be [n, 2] with n up to {_MOST_TRANSFERS}, got {found['transfers'].shape}", "transfers"
        )
    if found["gap"].size != 1 and found["gap"].shape != found["address"].shape:
        raise file.fault(
            f"must be one number, or {found['address'].size}, one for each address, got {found['gap'].shape}",
            "gap",
        )
    return Program(
        found["transfers"],
        found["address"],
        np.broadcast_to(found["gap"].reshape(-1), found["address"].shape),
    )


def synaptic_energy(chip: str, operations: int) -> float | None:
    """Return the joules of synaptic operations as measured on the chip at full load; none was measured of tinyODIN."""
    each = _MEASURED_J.get(chip)
    return None if each is None else each * operations


def write_activity(path: Path, activity: Activity, after: TinyOdin | Odin) -> None:
    """Write spikes, acknowledges and the words that load the chip as it is then into an .npz.

    Raises
    ------
    ConfigError
        When the name does not end in .npz.
    OutputError
        When it cannot be written.
    """
    if path.suffix != ".npz":
        raise ConfigError("OUT", f"must end in .npz, got {path}")
    cycles, neurons = activity.spikes
    with replacing(path) as file:
        np.savez_compressed(
            file,
            **{
                "spike.cycle": cycles,
                "spike.neuron": neurons,
                "acknowledged": activity.acknowledged,
                "transfers": np.array(after.transfers(), np.uint32),
            },  # type: ignore[arg-type]
        )
