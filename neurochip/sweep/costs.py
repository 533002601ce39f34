"""What a chip with its final weights costs: energy, time and bits of a test sample, and what stands on it."""

from __future__ import annotations

from collections.abc import Iterable

from neurochip.analog.cells_table import cells_area
from neurochip.description import ChipSpec, RunSpec
from neurochip.energy.costing import energy_report
from neurochip.energy.hardware import hardware_of
from neurochip.energy.static import Clocked, host_cycles
from neurochip.errors import ConfigError
from neurochip.network import Network
from neurochip.substrate.counters import Counters, Phase, PhaseCounters
from neurochip.training.record import CoreUse

__all__ = ["costs_of"]

_WORD = 32  # bits of a real number on the wire


def costs_of(
    run: RunSpec, chip: ChipSpec, network: Network, cores: Iterable[CoreUse], counters: Counters
) -> dict[str, float]:
    """Return what is known of the costs of a chip, by the names of `neurochip.report.sweeps.costs.COSTS`.

    What nobody has a source for is left out: a circuit of unknown cells has no energy, nor has a chip without energies.

    Parameters
    ----------
    cores
        What each core of the chip holds.
    counters
        Of a run that tested the network.
    """
    tested = counters.phases.get(Phase.EVALUATION)
    costs: dict[str, float] = {}
    if run.analog is not None and run.substrate == "analog":
        costs |= _of_circuit(run, network, counters, tested)
    elif tested is not None and tested.presentations:
        costs["ticks"] = tested.ticks / tested.presentations
    if tested is None or not tested.presentations:
        return costs
    if run.substrate == "ideal":
        costs["bits"] = _WORD * tested.total("real_valued_words") / tested.presentations
    if run.substrate == "digital":
        costs["bits"] = tested.total("symbols") / tested.presentations
        costs["spikes"] = tested.total("spikes_sent") / tested.presentations
        costs["packets"] = tested.total("packets") / tested.presentations
        costs["aer_bits"] = tested.total("aer") / tested.presentations
        costs |= _of_cores(cores)
        costs |= _paid(run, chip, counters, tested)
    return costs


def _of_circuit(
    run: RunSpec, network: Network, counters: Counters, tested: PhaseCounters | None
) -> dict[str, float]:
    """Return the time to settle, the energy where the cells are known, and the area of cells, or of gates of a size."""
    costs: dict[str, float] = {}
    spec = run.analog
    if spec is None:
        return costs
    if tested is not None and tested.presentations:
        costs["time_s"] = tested.ticks / tested.presentations * spec.settle.step * spec.tau_s
    mismatch = spec.mismatch
    cells = spec.library
    if cells is not None:
        costs["area_um2"] = 1e12 * cells_area(network, spec, cells)
        if tested is not None and tested.presentations:
            paid = energy_report(counters, hardware_of(run), cells.energies())
            costs["energy_j"] = paid.by_phase.get(Phase.EVALUATION.value, 0.0) / tested.presentations
    elif mismatch.process is not None and spec.die_file is None:
        sizes = network.sizes
        synapses = sum(sizes[p.source] * sizes[p.target] for p in network.projections)
        devices = (synapses + sum(sizes[1:])) * (2 if mismatch.convention == "pair" else 1)
        costs["area_um2"] = devices * mismatch.width_um * mismatch.length_um
    return costs


def _of_cores(cores: Iterable[CoreUse]) -> dict[str, float]:
    used = list(cores)
    return {
        "cores": float(len({core.site for core in used})),
        "memory_bits": float(sum(core.synapse_bits for core in used)),
    }


def _paid(run: RunSpec, chip: ChipSpec, counters: Counters, tested: PhaseCounters) -> dict[str, float]:
    """Return energy and time of a test sample, as far as there are energies and cycles were counted."""
    costs: dict[str, float] = {}
    clocked = None
    if chip.timing is not None and tested.time is not None and tested.time.presentations:
        clocked = Clocked.of(chip.timing, chip.mesh, counters.sites)
        cycles = tested.time.cycles / tested.time.presentations
        cycles += host_cycles(tested, clocked) / tested.presentations
        costs["time_s"] = cycles / clocked.hz
        costs["cycles"] = cycles
        load = tested.time.link_load
        costs["busiest_link"] = float(load.max(initial=0)) / tested.time.presentations
    try:
        paid = energy_report(counters, hardware_of(run), chip.energies, clocked)
    except ConfigError:  # an event without an energy: the energy is not known, which is not the same as 0
        return costs
    if paid.total_j is not None:
        costs["energy_j"] = paid.by_phase.get(Phase.EVALUATION.value, 0.0) / tested.presentations
        if "time_s" in costs:
            costs["energy_delay_js"] = costs["energy_j"] * costs["time_s"]
    return costs
