"""How full a core is: what it uses of what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["RESOURCES", "fullest", "utilisation"]

# Words → key of a core in use, key of the chip's limits.
RESOURCES: dict[str, tuple[str, str]] = {
    "neurons": ("neurons", "neurons"),
    "synapse memory": ("synapse_bits", "synapse_memory"),
    "state memory": ("state_bits", "neuron_state_memory"),
    "axons in": ("input_axons", "input_axons"),
    "axons out": ("output_axons", "output_axons"),
}


def utilisation(core: Mapping[str, Any], limits: Mapping[str, int | None]) -> dict[str, float]:
    """Return the share in use, 0 to 1, of every resource that has a limit."""
    shares = {}
    for words, (used, limit) in RESOURCES.items():
        most = limits.get(limit)
        if most is not None:
            shares[words] = core[used] / most
    return shares


def fullest(
    layout: Sequence[Mapping[str, object]], limits: Mapping[str, int | None]
) -> tuple[Mapping[str, object], str, float] | None:
    """Return the core, resource and share nearest to a limit; `None` where there are no limits."""
    found = ((core, words, share) for core in layout for words, share in utilisation(core, limits).items())
    return max(found, key=lambda entry: entry[2], default=None)
