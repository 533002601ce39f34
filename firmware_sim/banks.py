"""What a device latched of its layers, moment by moment: what a learning rule is shown, and what ``read`` pushes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from neurochip.learning.readings import Reading
from neurochip.substrate import Observable

__all__ = ["MOST_MOMENTS", "PRESYNAPTIC", "Bank"]

Array = NDArray[Any]

PRESYNAPTIC = "presynaptic"
MOST_MOMENTS = 64
_KINDS = ("value", PRESYNAPTIC, Observable.ADJOINT.value)


class Bank:
    """Moments, each with what stood on layers: the state, the activity before synapses, the adjoint.

    Attributes
    ----------
    moments
        (kind, layer) → [lane, unit]; anything that is neither presynaptic activity nor adjoint counts as state.
    shown
        Layer → what was observed of it last.
    """

    def __init__(self) -> None:
        self.moments: list[dict[tuple[str, int], Array]] = []
        self.shown: dict[int, Array] = {}

    def mark(self) -> None:
        """Begin a further moment."""
        if len(self.moments) == MOST_MOMENTS:
            raise Refusal(Code.BAD_VALUE, f"a bank has {MOST_MOMENTS} moments at most")
        self.moments.append({})

    def observe(self, what: str, layer: int, array: Array) -> None:
        """Latch what stands on a layer, at the moment that was begun last."""
        if not self.moments:
            self.moments.append({})
        kind = what if what in _KINDS else "value"
        self.moments[-1][kind, layer] = array
        self.shown[layer] = array

    def readings(self, layers: int, lanes: int, name: str, *, pre: bool, adjoint: bool) -> list[Reading]:
        """Return all moments as a rule is shown them.

        Parameters
        ----------
        layers, lanes
            How many there must be.
        name
            Of the bank, for the message.
        pre, adjoint
            Whether the rule needs these beside the states.

        Raises
        ------
        Refusal
            Where a layer was not observed, or other presentations were.
        """
        wanted = ["value", *([PRESYNAPTIC] if pre else []), *([_KINDS[2]] if adjoint else [])]
        if not self.moments:
            raise Refusal(Code.EMPTY_BANK, f"{name}: an update needs all layers; observe all into it")
        found = []
        for moment in self.moments:
            lists: dict[str, list[Array]] = {kind: [] for kind in _KINDS}
            for kind in wanted:
                for layer in range(layers):
                    if (kind, layer) not in moment:
                        what = "" if kind == "value" else f"{kind} of "
                        raise Refusal(
                            Code.EMPTY_BANK,
                            f"{name}: an update needs {what}all layers; observe all into it",
                        )
                    array = moment[kind, layer]
                    if array.shape[0] != lanes:
                        raise Refusal(
                            Code.EMPTY_BANK, f"{name}: was observed of other presentations than these"
                        )
                    lists[kind].append(array)
            found.append(Reading(*(lists[kind] for kind in _KINDS)))
        return found
