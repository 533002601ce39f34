"""A network of spiking neurons on a chip, with an input or with labelled samples: what it did, as a report has it."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from neurochip.cores.raster_file import RecordedTraffic
from neurochip.description import ChipSpec, EnergyTable
from neurochip.description.spiking import SpikingNetwork
from neurochip.inference.inferring import Inference, LabelledSamples, infer
from neurochip.inference.placing import placed_as, told
from neurochip.inference.quantising import POTENTIAL_BITS, Quantisation
from neurochip.inference.whole_numbers import AskedNumbers, accuracy_changed, on_integers
from neurochip.replays.neurobench import workload
from neurochip.replays.replaying import Replay, Timing
from neurochip.replays.spiking import MembraneUse, run_spiking

__all__ = ["NetworkRun", "run_network"]


class NetworkRun(NamedTuple):
    """What a network did.

    Attributes
    ----------
    replay
        Spikes, counters, energy and time.
    readout
        v of outputs that do not fire, where no samples were shown.
    shown
        What samples did, if there were any.
    rounded
        The network in whole steps, where it was rounded for the chip.
    tables
        Of the report: ``neurobench``, and where they are known ``mapping``, ``membranes``, ``quantisation``,
        ``inference``.
    notes
        What the user should know.
    """

    replay: Replay
    readout: dict[str, NDArray[Any]]
    shown: Inference | None
    rounded: SpikingNetwork | None
    tables: dict[str, Any]
    notes: tuple[str, ...] = ()


def run_network(
    network: SpikingNetwork,
    given: LabelledSamples | RecordedTraffic,
    chip: ChipSpec,
    energies: EnergyTable,
    timing: Timing,
    numbers: AskedNumbers,
    placement: str | None = None,
    threads: int = 1,
) -> NetworkRun:
    """Run a network on a chip, rounded if the chip has integers only or if that is asked for.

    Parameters
    ----------
    given
        Labelled samples, or the spikes of the input and, if that is given, the core of each neuron.
    placement
        A file or an objective, as `neurochip.inference.placing.placed_as` takes it; stands for that of ``given``.
    threads
        Share labelled samples.

    Raises
    ------
    NeurochipError
        As of `run_spiking`, `infer` and `quantised`.
    """
    rounded = on_integers(network, chip, numbers)
    placed = network if rounded is None else rounded.network
    readout: dict[str, NDArray[Any]] = {}
    shown = None

    def first() -> Replay:
        if isinstance(given, LabelledSamples):
            return infer(placed, given, chip, energies=energies).replay
        return run_spiking(placed, given.spikes[0], chip, given.placement, energies=energies).replay

    names = [group.name for group in placed.groups]
    cores, mapping = placed_as(placement, names, placed.sizes, first)
    if isinstance(given, LabelledSamples):
        shown = infer(placed, given, chip, energies=energies, timing=timing, placement=cores, threads=threads)
        seen, membranes, samples = shown.replay, shown.membranes, len(shown.labels)
    else:
        where = given.placement if cores is None else cores
        ran = run_spiking(placed, given.spikes[0], chip, where, energies=energies, timing=timing)
        seen, membranes, readout, samples = ran.replay, ran.membranes, ran.readout, 1
    tables: dict[str, Any] = {"neurobench": dict(workload(placed, seen, samples))}
    if mapping is not None:
        tables["mapping"] = told(mapping, seen)
    if membranes is not None:
        tables["membranes"] = membranes.table()
    if rounded is not None:
        tables["quantisation"] = rounded.table()
        if shown is not None and isinstance(given, LabelledSamples):
            tables["quantisation"]["accuracy"] = accuracy_changed(network, given, shown)
    if shown is not None:
        tables["inference"] = shown.table()
    notes = (*_of_rounding(rounded, numbers, chip), *_of_membranes(membranes))
    return NetworkRun(seen, readout, shown, None if rounded is None else rounded.network, tables, notes)


def _of_rounding(rounded: Quantisation | None, numbers: AskedNumbers, chip: ChipSpec) -> tuple[str, ...]:
    if rounded is None:
        return ()
    if numbers.bits is not None:
        return rounded.warnings
    said = (
        f"{chip.name} has {chip.weights.formats()} only: weights were rounded to {rounded.bits} bits, biases and "
        f"potentials to 1/{1 << POTENTIAL_BITS} of a step; --bits N and --calibrate FILE choose how"
    )
    return said, *rounded.warnings


def _of_membranes(membranes: MembraneUse | None) -> tuple[str, ...]:
    """Say so where potentials met the end of their words."""
    if membranes is None or not any(membranes.met.values()):
        return ()
    what = "were held at" if membranes.spec.overflow == "saturate" else "wrapped around"
    groups = ", ".join(f"{name} {n} times" for name, n in membranes.met.items() if n)
    return (f"potentials {what} the ends of {membranes.spec.bits} bits: {groups}",)
