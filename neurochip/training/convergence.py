"""How fast bits find the fixed point: settle, nudge, settle again (O'Connor 2019, section 4.1 and Fig. 2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurochip.description import RunSpec
from neurochip.elements import Constant
from neurochip.errors import ConfigError, NumericError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import Network
from neurochip.substrate import Parameters, Phase, Substrate
from neurochip.training.progress import Reporter
from neurochip.training.record import ConvergenceCurve
from neurochip.training.streams import glorot, stream

__all__ = ["convergence_curve", "distance", "fixed_points"]

Array = NDArray[np.float64]


def convergence_curve(
    run: RunSpec, network: Network, substrate: Substrate, reporter: Reporter, stop: Callable[[], bool]
) -> ConvergenceCurve:
    """Measure the distance to the real-valued fixed point at every tick.

    Each network has its own weights (Glorot, biases 0), inputs uniform in [0, 1] and random one-hot targets, one for
    each output population. The fixed points are those of ε = ½ in float64 after ``reference_steps`` of each phase. The
    error of a population is its mean |s − s*| over samples and neurons; the error of a network is the mean over the
    populations that are updated (not over neurons), as in the authors' code.
    """
    spec = run.convergence
    if spec is None:
        raise ConfigError("convergence", "is missing; a convergence run needs it")
    errors = np.zeros((spec.nets, spec.free + spec.nudged))
    reporter.begin_stage()
    for net in range(spec.nets):
        if net and stop():  # a curve is that of one network at least
            errors = errors[:net]
            break
        parameters, x, y = _drawn(network, run.seed, net, spec.samples)
        fixed = _fixed(network, run.seed, net, spec.samples, spec.beta, spec.reference_steps)
        substrate.load(parameters)
        numbers = np.arange(net * spec.samples, (net + 1) * spec.samples, dtype=np.uint64)
        substrate.begin(x, numbers)
        free = substrate.run(Phase.FREE, spec.free, record=("states",))
        nudged = substrate.run(Phase.NUDGED, spec.nudged, beta=spec.beta, targets=y, record=("states",))
        errors[net, : spec.free] = distance(network, free.states, fixed[0])
        errors[net, spec.free :] = distance(network, nudged.states, fixed[1])
        if not np.all(np.isfinite(errors[net])):
            raise NumericError(
                f"states of network {net}",
                f"are not finite after tick {int(np.argmin(np.isfinite(errors[net])))}; use a smaller convergence.beta "
                "or step",
            )
        reporter.tell("convergence", 1, 1, net + 1, spec.nets, float(errors[net, -1]), 1)
    kinds = [run.coding.annealer.kind]
    if run.coding.encoder is not None and run.coding.decoder is not None:
        kinds = [run.coding.encoder.kind, run.coding.decoder.kind, run.coding.annealer.kind]
    return ConvergenceCurve(
        scheme=" + ".join(kinds),
        n_free=spec.free,
        mean_error=errors.mean(axis=0),
        std_error=errors.std(axis=0),
    )


def fixed_points(
    reference: IdealSubstrate, parameters: Parameters, x: Array, y: Array, beta: float, steps: int
) -> tuple[list[NDArray[np.floating]], list[NDArray[np.floating]]]:
    """Return the states [sample, unit] of every layer at the end of the free and the nudged phase, ``steps`` each."""
    reference.load(parameters)
    reference.begin(x, np.zeros(len(x), dtype=np.uint64))
    ends = []
    for phase, strength in ((Phase.FREE, 0.0), (Phase.NUDGED, beta)):
        reference.run(phase, steps, beta=strength, targets=y)
        ends.append(reference.values())
    return ends[0], ends[1]


def _drawn(network: Network, seed: int, net: int, samples: int) -> tuple[Parameters, Array, Array]:
    """Return weights, inputs and one-hot targets f64[sample, unit] of one network of a run."""
    parameters = glorot(network, int(stream(seed, "net", net).integers(2**31)))
    draws = stream(seed, "input", net)
    x = draws.uniform(0, 1, (samples, sum(network.sizes[k] for k in network.inputs)))
    sizes = [network.sizes[k] for k in network.outputs]
    return parameters, x, np.hstack([np.eye(n)[draws.integers(n, size=samples)] for n in sizes])


# A search asks for the same networks in every trial, and their fixed points take longer than all the rest of it. The
# weights are not kept: they are drawn at once, and are large.
@lru_cache(maxsize=32)
def _fixed(
    network: Network, seed: int, net: int, samples: int, beta: float, steps: int
) -> tuple[list[NDArray[np.floating]], list[NDArray[np.floating]]]:
    reference = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
    fixed = fixed_points(reference, *_drawn(network, seed, net, samples), beta, steps)
    for array in (*fixed[0], *fixed[1]):
        array.setflags(write=False)
    return fixed


def distance(
    network: Network, states: tuple[NDArray[np.floating], ...], fixed: list[NDArray[np.floating]]
) -> Array:
    """Return f64[tick]: mean |s − s*| over samples and neurons, then over the populations that are updated.

    ``states`` f64[tick, sample, unit] and ``fixed`` f64[sample, unit] are of every population of the network.
    """
    errors = [np.abs(states[k] - fixed[k]).mean(axis=(1, 2)) for k in network.updated]
    return np.asarray(np.mean(errors, axis=0), dtype=np.float64)
