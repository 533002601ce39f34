"""How long a circuit takes to come to rest, by steps so short that they do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.diagnostics import exact_copy
from neurochip.analog.integrate import Nudge, fixed_steps
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.substrate import Phase

__all__ = ["WITHIN", "settle_times"]

WITHIN = 0.01  # full scales
_STEP = 0.02  # τ; Euler is then half a step, some 1 %, too early or too late
_LONGEST = 60.0  # τ
_MOST_STEPS = 4000


def settle_times(
    substrate: AnalogSubstrate, inputs: NDArray[Any], *, within: float = WITHIN, step: float = _STEP
) -> NDArray[np.float64]:
    """Return how long the voltages of each sample take from rest until they stay near where they end.

    The die and the weights of ``substrate`` are used in a copy without noise; ``inputs`` [sample, unit]. The result
    is f64[sample] in nominal time constants, NaN for a sample that is not there after 60 of them; near is ``within``
    full scales.
    """
    exact = exact_copy(substrate)
    numbers = np.arange(len(inputs), dtype=np.uint64)
    exact.begin(inputs, numbers)
    exact.run(Phase.EVALUATION, _MOST_STEPS)
    goal = exact.voltages()
    exact.begin(inputs, numbers)
    batch, circuit = exact.batch, exact.circuit
    circuit.neurons.fraction[:] = step * circuit.rate
    none = Nudge(0.0, np.zeros((len(batch), exact.network.sizes[-1])))
    far = np.abs(batch.voltage - goal).max(axis=1)
    last = np.where(far > within, step / 2, 0.0)  # between the last step that was too far and the next
    for tick in range(1, round(_LONGEST / step) + 1):
        fixed_steps(batch, 1, none, flow=exact.flow)
        far = np.abs(batch.voltage - goal).max(axis=1)
        last[far > within] = (tick + 0.5) * step
        if (far <= within / 10).all():
            break
    return np.where(far > within, np.nan, last)
