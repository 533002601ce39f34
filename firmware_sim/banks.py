"""What a device latched of its layers, moment by moment: what a learning rule is shown, and what ``read`` pushes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from neurochip.learning.readings import Reading, Readings
from neurochip.learning.rule import LearningRule
from neurochip.learning.schedule import Moment
from neurochip.substrate import Observable

__all__ = ["MOST_MOMENTS", "PRESYNAPTIC", "Bank", "shown_to"]

Array = NDArray[Any]

PRESYNAPTIC = "presynaptic"
MOST_MOMENTS = 64
_KINDS = ("value", PRESYNAPTIC, Observable.ADJOINT.value)


class Bank:
    """Moments, each with what stood on layers: the state, the activity before synapses, the adjoint.

    Attributes
    ----------
    moments
        (kind, layer) → [sample, unit]; anything that is neither presynaptic activity nor adjoint counts as state.
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

    def readings(self, layers: int, batch: int, name: str, *, pre: bool, adjoint: bool) -> list[Reading]:
        """Return all moments as a rule is shown them.

        Parameters
        ----------
        layers, samples
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
                    if array.shape[0] != batch:
                        raise Refusal(
                            Code.EMPTY_BANK, f"{name}: was observed of other presentations than these"
                        )
                    lists[kind].append(array)
            found.append(Reading(*(lists[kind] for kind in _KINDS)))
        return found


def shown_to(
    rule: LearningRule,
    banks: Mapping[int, Bank],
    numbers: tuple[int, int, int],
    beta: float,
    targets: Array | None,
    size: tuple[int, int],
) -> Readings:
    """Return what a rule is shown of the presentations of a device.

    Parameters
    ----------
    numbers
        Of the banks that hold the free phase, the reference and the nudged phases.
    beta
        Strength of the nudge, with its sign.
    targets
        Of the presentations; `None` where there are none.
    size
        How many layers and samples there are.

    Raises
    ------
    Refusal
        Where a bank does not hold what the rule reads, or there are no targets and it learns from them.
    """

    def bank(number: int, moment: Moment, moments: int, *, adjoint: bool = False) -> list[Reading]:
        kept, name = banks.get(number, Bank()), f"m{number}"
        found = kept.readings(*size, name, pre=moment in rule.reads_pre, adjoint=adjoint)
        if len(found) != moments:
            raise Refusal(
                Code.EMPTY_BANK, f"{name}: the rule reads {moments} moments there, got {len(found)}"
            )
        return found

    free_bank, reference_bank, nudged_bank = numbers
    (free,) = bank(free_bank, "free", 1, adjoint=Observable.ADJOINT in rule.needs)
    if not rule.nudges:
        if targets is None:
            raise Refusal(Code.BAD_VALUE, "the rule learns from targets, and there are none")
        return Readings(free, (), (), 1.0, targets)
    schedule = rule.schedule
    nudged = bank(nudged_bank, "nudged", schedule.parts)
    reference = [free]
    if schedule.branches:
        reference = bank(reference_bank, "reference", schedule.parts)
    elif reference_bank != free_bank:
        raise Refusal(
            Code.BAD_VALUE,
            f'm{reference_bank}: with phases.reference = "before" the reference is m{free_bank}',
        )
    none = np.zeros(0) if targets is None else targets
    return Readings(free, tuple(nudged), tuple(reference), beta, none)
