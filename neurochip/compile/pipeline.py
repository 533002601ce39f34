"""The whole of compilation, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from neurochip.compile.image import ChipImage, CoreImage, Moments
from neurochip.compile.partition import Linked, Needs, partition
from neurochip.compile.quantise import check_sums, weight_fractions
from neurochip.compile.route import snake
from neurochip.description.chip import ChipSpec
from neurochip.description.precision import Precision, word_bits
from neurochip.elements.integers.formats import FixedPoint
from neurochip.errors import ConfigError, MappingError
from neurochip.network import Network, refuse_means

__all__ = ["compile_network"]


def compile_network(
    network: Network,
    chip: ChipSpec,
    *,
    precision: Precision,
    rounding: Literal["nearest", "stochastic"] = "nearest",
    state_words: int | Sequence[int],
    trace_words: int = 0,
    numbers: FixedPoint | None = None,
    weight_range: float | None = None,
    moments: Moments | None = None,
    sites: Sequence[int] = (),
) -> ChipImage:
    """Lay a network out on a chip.

    Parameters
    ----------
    precision, rounding
        Format of weights, and how learning writes them.
    state_words
        Words of state that a neuron keeps, as its elements declare: of all, or one number for each population.
    trace_words
        Words that a core keeps for each axon which reaches it.
    numbers
        Formats of cores that compute in integers alone; state then takes the bits that it has there.
    weight_range
        Largest magnitude of their weights; `None` takes 8 × the Glorot bound of each projection.
    moments
        What an optimiser keeps beside weights and biases; `None` for nothing.
    sites
        Index of the core of the chip for each part of each population; empty: along a boustrophedon.

    Raises
    ------
    ConfigError
        When the chip lacks the weight format, or ``sites`` are not as many as the network takes, or not there.
    MappingError
        When the network does not fit.
    NumericError
        When its weighted sums do not fit the accumulators of integer cores.
    """
    refuse_means(network, "a core", MappingError)
    _check_delays(network, chip)
    chip.check_weights(precision, rounding)
    state_word = 64 if precision == "float64" else 32
    each = [state_words] * len(network.sizes) if isinstance(state_words, int) else state_words
    state_bits, trace_bits = [words * state_word for words in each], trace_words * state_word
    if numbers is not None:
        state_bits, trace_bits = [numbers.state_bits] * len(each), trace_words * numbers.trace.bits
        numbers = replace(numbers, weight_fractions=weight_fractions(network, precision, weight_range))
        check_sums(network, numbers, word_bits(precision))
    kept = moments or Moments()
    ranges = partition(
        Needs(
            [population.name for population in network.populations],
            network.sizes,
            [
                Linked(
                    p.source,
                    p.target,
                    p.connection,
                    word_bits(precision) + kept.weight.get(p.index, 0),
                    p.delay,
                )
                for p in network.projections
            ],
            [bits + kept.bias.get(p, 0) for p, bits in enumerate(state_bits)],
            trace_bits,
        ),
        chip,
    )
    on = iter(_sites(sites, chip, sum(len(r) for r in ranges)))
    cores = tuple(
        CoreImage(p, first, last, next(on), used)
        for p, pieces in enumerate(ranges)
        for first, last, used in pieces
    )
    return ChipImage(network, chip, precision, cores, numbers)


def _sites(given: Sequence[int], chip: ChipSpec, n: int) -> Sequence[int]:
    """Return the core of the chip for each of ``n`` parts."""
    if not given:
        return snake(chip.mesh, n)
    if len(given) != n:
        raise ConfigError("placement", f"must name the {n} cores that the network takes, names {len(given)}")
    if max(given) >= chip.mesh.n_cores:
        raise ConfigError(
            "placement", f"names core {max(given)}, and {chip.name} has cores 0 to {chip.mesh.n_cores - 1}"
        )
    return given


def _check_delays(network: Network, chip: ChipSpec) -> None:
    most = chip.core.delay
    for p in network.projections:
        if most is not None and p.delay > most:
            raise MappingError(
                network.name_of(p.index),
                f"has a delay of {p.delay} ticks, and a core of {chip.name} keeps a spike for {most} at most; make it "
                "shorter, or core.delay longer",
            )
