"""`settle`: one network, a few inputs, every spike and state: the smallest way into the emulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.compile import compile_network
from neurochip.compile.quantise import state_dtype
from neurochip.description import ChipSpec, CodingSpec, read_chip
from neurochip.description.neuron import state_words
from neurochip.description.number_format import refuse_beyond_format, refuse_beyond_update
from neurochip.description.precision import PRECISIONS, Precision
from neurochip.elements import Annealer, Constant, Decoder, Encoder, PowerLaw
from neurochip.errors import ConfigError, DataError
from neurochip.machine import check_room_to_compile
from neurochip.network import layered
from neurochip.spikes import Spikes
from neurochip.substrate import Counters, Parameters, Phase, Substrate
from neurochip.substrate.fitting import fitting_inputs

__all__ = ["Settlement", "settle"]


@dataclass(frozen=True)
class Settlement:
    """What `settle` saw.

    Attributes
    ----------
    spikes
        List over layers of u8[tick, sample, unit], input included; empty if not recorded or real-valued.
    states
        List over layers of s, [tick, sample, unit], in the precision of the run; empty if not recorded.
    step_sizes
        List over layers of ε, [tick, sample, unit], if recorded.
    counters
        Everything that was counted, by phase.
    """

    spikes: list[NDArray[np.uint8]]
    states: list[NDArray[np.floating]]
    step_sizes: list[NDArray[np.floating]]
    counters: Counters

    def raster(self, layer: int) -> Spikes:
        """Return the recorded spikes of one layer packed to bits, [tick, sample, unit]."""
        if not self.spikes:
            raise DataError("spikes", 'were not recorded; ask for them with record=("spikes",)')
        return Spikes.from_array(self.spikes[layer])


def settle(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike],
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    encoder: Encoder | str | None = "sigma-delta",
    decoder: Decoder | str | None = "predictive",
    annealer: Annealer | str = "osa",
    n_free: int,
    n_nudged: int = 0,
    beta: float = 0.0,
    precision: Precision = "float32",
    chip: ChipSpec | str | None = None,
    seed: int = 0,
    record: Sequence[str] = ("spikes", "states"),
    feedback: Sequence[ArrayLike] | None = None,
    substrate: Literal["digital", "ideal"] | None = None,
    threads: int = 1,
) -> Settlement:
    """Let a layered network settle, then nudge its output, and record what happens (design §3).

    Parameters
    ----------
    weights
        Of projection k from layer k to layer k+1, [pre, post] each.
    biases
        Of layers 1 …, [unit] each.
    x
        Input in [0, 1], [sample, unit].
    y
        Target, [sample, unit]; needed when ``n_nudged`` > 0.
    encoder, decoder, annealer
        By name or as spec objects. No encoder and no decoder means that real numbers cross (``ideal``).
    n_free, n_nudged
        Ticks of the free and of the nudged phase.
    beta
        Strength of the nudge: output neurons are pulled by 2β(y − s).
    precision
        ``"float64"``, ``"float32"`` or ``"int2"`` … ``"int16"`` (integers with a scale per projection).
    chip
        Name, file or spec of the chip; `None` takes ``ideal-bits``, which has no limits.
    seed
        Of the stochastic encoder.
    record
        Any of ``"spikes"``, ``"states"``, ``"step_sizes"``.
    feedback
        Weights from layer k+1 back to layer k, for k ≥ 1, [pre, post]; `None` ties them to ``weights``.
    substrate
        ``"digital"`` or ``"ideal"``; `None` decides by the encoder.
    threads
        Samples are shared among so many; the result does not depend on it.

    Returns
    -------
    Settlement
        Spikes u8, states and step sizes, lists over layers of [tick, sample, unit], and the counters.

    Raises
    ------
    NeurochipError
        One of its family: shapes that do not match, NaN, a network that does not fit the chip.
    """
    check_room_to_compile()
    if precision not in PRECISIONS:
        raise ConfigError("precision", f"must be float64, float32 or int2 … int16, got {precision!r}")
    parameters = Parameters(
        tuple(np.asarray(w) for w in weights),
        () if feedback is None else tuple(np.asarray(w) for w in feedback),
        tuple(np.asarray(b) for b in biases),
    )
    for k, matrix in enumerate(parameters.weights):
        if matrix.ndim != 2:
            raise ConfigError(f"weights[{k}]", f"must have shape (pre, post), got {matrix.shape}")
    if not parameters.weights:
        raise ConfigError("weights", "must have at least one matrix, got none")
    sizes = tuple(int(w.shape[0]) for w in parameters.weights) + (int(parameters.weights[-1].shape[1]),)
    network = layered(sizes, tied=feedback is None)
    inputs = fitting_inputs(network, np.asarray(x))
    targets = None if y is None else np.asarray(y)
    if n_nudged and targets is None:
        raise ConfigError("y", "is missing; a nudged phase needs a target")
    if targets is not None and targets.shape != (inputs.shape[0], sizes[-1]):
        raise DataError("y", f"must have shape ({inputs.shape[0]}, {sizes[-1]}), got {targets.shape}")
    if targets is not None and not np.all(np.isfinite(targets)):
        raise DataError("y", "must be finite, got NaN or infinity")
    refuse_beyond_format(beta, "beta", precision)
    refuse_beyond_update(beta, (), precision)
    is_ideal = substrate == "ideal" or (substrate is None and encoder is None and decoder is None)
    made: Substrate
    if is_ideal:
        made = _ideal(network, annealer, precision)
    else:
        coding = CodingSpec(encoder=encoder, decoder=decoder, annealer=annealer)  # type: ignore[arg-type]
        refuse_beyond_format(coding, "", precision)
        made = _digital(network, coding, precision, chip, seed, threads)
    kept = tuple(name for name in record if not (is_ideal and name == "spikes"))
    made.load(parameters)
    made.begin(inputs, np.arange(inputs.shape[0], dtype=np.uint64))
    phases = [made.run(Phase.FREE, n_free, record=kept)]
    if n_nudged:
        phases.append(made.run(Phase.NUDGED, n_nudged, beta=beta, targets=targets, record=kept))

    def joined(name: str) -> list[NDArray[Any]]:
        series = [getattr(phase, name) for phase in phases]
        return [np.concatenate(parts) for parts in zip(*series, strict=True)]

    return Settlement(joined("spikes"), joined("states"), joined("step_sizes"), made.counters())


def _ideal(network: Any, annealer: Annealer | str, precision: Precision) -> Substrate:
    from neurochip.ideal.substrate import IdealSubstrate

    coding = CodingSpec.ideal(annealer)  # type: ignore[arg-type]
    refuse_beyond_format(coding.annealer, "annealer", precision)
    if not isinstance(coding.annealer, Constant | PowerLaw):
        raise ConfigError(
            "annealer", f'must be "constant" or "power-law" on ideal, got "{coding.annealer.kind}"'
        )
    if precision not in ("float64", "float32"):
        raise ConfigError("precision", f'must be "float64" or "float32" on ideal, got "{precision}"')
    return IdealSubstrate(network, coding.annealer, dtype=state_dtype(precision))


def _digital(
    network: Any,
    coding: CodingSpec,
    precision: Precision,
    chip: ChipSpec | str | None,
    seed: int,
    threads: int,
) -> Substrate:
    from neurochip.cores.substrate import DigitalSubstrate

    specification = chip if isinstance(chip, ChipSpec) else read_chip(chip or "ideal-bits")
    image = compile_network(network, specification, precision=precision, state_words=state_words(coding))
    return DigitalSubstrate(image, coding, seed=seed, threads=threads)
