"""What happened on a chip, cycle by cycle: spikes, words written, acknowledges; and where two accounts differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.silicon.controller import ACKNOWLEDGED, NEURON, SPIKE, WORD

__all__ = ["Difference", "Records", "first_difference"]

_ADDRESS_BITS, _KIND_BITS = 13, 3
_SIGNALS = {
    SPIKE: "spike of neuron",
    NEURON: "state of neuron",
    WORD: "synapse word",
    ACKNOWLEDGED: "acknowledge of event",
}


class Records(NamedTuple):
    """Records in the order of their cycles.

    Attributes
    ----------
    heads
        cycle << 16 | kind << 13 | address.
    values
        Words that were written; 0 for spikes and acknowledges.
    """

    heads: NDArray[np.int64]
    values: NDArray[np.int64]

    @property
    def cycles(self) -> NDArray[np.int64]:
        """The cycle of each."""
        return self.heads >> (_ADDRESS_BITS + _KIND_BITS)

    @property
    def kinds(self) -> NDArray[np.int64]:
        """SPIKE, NEURON, WORD or ACKNOWLEDGED."""
        return self.heads >> _ADDRESS_BITS & ((1 << _KIND_BITS) - 1)

    @property
    def addresses(self) -> NDArray[np.int64]:
        """Neuron, or word of the synapse memory."""
        return self.heads & ((1 << _ADDRESS_BITS) - 1)

    def of(self, kind: int) -> Records:
        """Return those of a kind."""
        mask = self.kinds == kind
        return Records(self.heads[mask], self.values[mask])

    def before(self, cycle: int) -> Records:
        """Return those before a cycle."""
        mask = self.cycles < cycle
        return Records(self.heads[mask], self.values[mask])


class Difference(NamedTuple):
    """The first record in which two accounts differ."""

    event: int
    cycle: int
    signal: str
    address: int
    expected: str
    found: str

    def in_words(self) -> str:
        """Return it as a sentence."""
        return (
            f"event {self.event}, cycle {self.cycle}, {self.signal} {self.address}: "
            f"expected {self.expected}, found {self.found}"
        )


def first_difference(expected: Records, found: Records) -> tuple[int, Difference | None]:
    """Return how many records differ, and the first that does; those behind the shorter account all differ."""
    n = min(expected.heads.size, found.heads.size)
    wrong = (expected.heads[:n] != found.heads[:n]) | (expected.values[:n] != found.values[:n])
    count = int(np.count_nonzero(wrong)) + abs(expected.heads.size - found.heads.size)
    if not count:
        return 0, None
    at = int(np.argmax(wrong)) if wrong.any() else n
    one = expected if at < expected.heads.size else found
    part = Records(one.heads[: at + 1], one.values[: at + 1])
    kind, address = int(part.kinds[-1]), int(part.addresses[-1])
    event = int(np.count_nonzero(part.kinds[:-1] == ACKNOWLEDGED))
    cycle = int(part.cycles[-1])
    place = event if kind == ACKNOWLEDGED else address
    told = (_in_words(expected, at, part), _in_words(found, at, part))
    return count, Difference(event, cycle, _SIGNALS[kind], place, *told)


def _in_words(records: Records, at: int, part: Records) -> str:
    """Return what an account has at a place, where ``part`` ends with what both are told by."""
    if at >= records.heads.size:
        return "nothing more"
    one = Records(records.heads[at : at + 1], records.values[at : at + 1])
    kind = int(one.kinds[0])
    value = f"{int(one.values[0]):#x}" if kind in (NEURON, WORD) else "it"
    if one.heads[0] == part.heads[-1]:
        return value
    what = _SIGNALS[kind] + ("" if kind == ACKNOWLEDGED else f" {int(one.addresses[0])}")
    if kind in (NEURON, WORD):
        what += f" = {value}"
    return f"{what} in cycle {int(one.cycles[0])}"
