"""What a trace is of: one presentation of a run on its chip, or a network of spiking neurons with its input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip import data
from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import ChipSpec, RunSpec, read_run
from neurochip.description.faults import FaultsSpec
from neurochip.description.spiking import SpikingNetwork
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.errors import CapabilityError, ConfigError, NeurochipError
from neurochip.network import as_matrix
from neurochip.replays.replaying import check_clock, check_timing
from neurochip.replays.spiking import laid_out
from neurochip.runs.building import build, digest_of
from neurochip.substrate import Phase
from neurochip.substrate.fitting import projection_matrices
from neurochip.trace.signals import SignalGroup
from neurochip.trace.traffic import CoreTraffic, TimingModel
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.evaluate import presentations, read_populations
from neurochip.training.folder import CHECKPOINT, RESOLVED
from neurochip.training.streams import first_parameters

__all__ = ["Presentation", "SpikingPresentation"]

Array = NDArray[Any]


class Presentation:
    """One sample on the emulated chip of a run.

    Parameters
    ----------
    run, overrides, presentation, split, timing
        As in `trace`.
    """

    def __init__(
        self,
        run: RunSpec | str | Path,
        overrides: Sequence[str] = (),
        *,
        presentation: int = 0,
        split: Literal["train", "test"] = "test",
        timing: TimingModel = "tick",
    ) -> None:
        check_timing(timing)
        spec, folder = _resolved(run, overrides, timing)
        if spec.substrate != "digital" or spec.learning is None:
            raise CapabilityError(
                "run",
                f"{spec.name} shows no samples to a chip; trace a run that trains on the digital substrate",
            )
        built = build(spec)
        if built.image is None or not isinstance(built.substrate, DigitalSubstrate):
            raise RuntimeError("a digital run is always compiled")
        check_clock(built.chip, timing)
        self._unknown = _unknown(spec.faults, timing)
        self._settles = [isinstance(neuron, SettlingNeuron) for neuron in spec.neurons]
        if spec.mismatch.deviation:
            self._unknown += (".drive",)
        if (
            not built.network.is_simple
        ):  # a spike then meets synapses at several times, or several on one neuron
            self._unknown += (".sops",)
        samples = data.load(spec.data)
        there = len(samples.part(split))
        if not 0 <= presentation < there:
            raise ConfigError(
                "presentation", f"must be 0 to {there - 1}, as {split} has samples, got {presentation}"
            )
        weights = (
            first_parameters(spec, built.network)
            if folder is None
            else read_checkpoint(folder / CHECKPOINT, digest=digest_of(built)).parameters
        )
        self.about = f"{spec.name} {split} {presentation}, {'fresh' if folder is None else 'learnt'} weights"
        self._substrate, self._network = built.substrate, built.network
        self._substrate.load(weights)
        self._matrices = projection_matrices(self._network, self._substrate.parameters())
        self._longest = max(p.delay for p in self._network.projections)
        self._free, self._nudged = spec.phases.free, spec.phases.nudged
        self.n_ticks = self._free + self._nudged
        self._beta = abs(spec.learning.beta)
        shown = np.array([presentation])
        targets = samples.targets(shown, split).astype(np.float64)
        same = read_populations(built.network, samples.heads) == (-1,)
        self._targets = np.tile(targets, (1, len(built.network.outputs))) if same else targets
        inputs = samples.presented(shown, split)
        self._substrate.begin(inputs, presentations(presentation, 1))
        self._tick = 0
        # Of each population, the bits of the ticks before, the last one last: as many as the longest delay.
        self._before = [np.zeros((self._longest, size), np.uint8) for size in built.network.sizes]
        self._traffic = CoreTraffic(
            PlacedNetwork.of(built.image),
            None if timing == "tick" else built.chip.timing,
            timing,
            updates=True,
        )

    def groups(self) -> list[SignalGroup]:
        """Return the signals there are."""
        found = [SignalGroup("chip.phase", ("chip.phase",), "count", "0 free, 1 nudged")]
        for p in self._network.populations:
            name = f"population.{p.name}"
            found.append(SignalGroup(name, (f"{name}.spikes",), "bits", "one bit a neuron", width=p.size))

        def neurons(name: str, size: int, what: str, kind: Any, unit: str) -> SignalGroup:
            signals = tuple(f"neuron.{name}.{i}.{what}" for i in range(size))
            return SignalGroup(f"neuron.{name}.{what}", signals, kind, unit)

        for p, settles in zip(self._network.populations, self._settles, strict=True):
            name, size = p.name, p.size
            found.append(neurons(name, size, "spike", "bit", "0 or 1"))
            found.append(
                neurons(name, size, "value", "real", "s, 0 to 1" if settles else "spikes, low-passed")
            )
            if not p.clamped and settles:
                found.append(neurons(name, size, "step_size", "real", "ε, 0 to 1"))
            if not p.clamped:
                found.append(
                    neurons(name, size, "drive", "real", "u, sum of the weights of the last tick's spikes")
                )
        return [g for g in found + self._traffic.groups() if not g.name.endswith(self._unknown)]

    def skip(self, ticks: int) -> None:
        """Go on without recording."""
        late = min(ticks, self._longest)
        for phase, part in self._parts(ticks - late):
            self._run(phase, part, ())
        for phase, part in self._parts(late):
            found = self._run(phase, part, ("spikes",)).spikes
            self._remember([bits[:, 0] for bits in found])

    def values(self, ticks: int, wanted: set[str]) -> tuple[dict[str, Array], NDArray[np.int64]]:
        """Go on; return [tick, column] by name of group, and the lengths of the ticks in picoseconds."""
        record = ["spikes"]
        record += ["states"] if any(name.endswith(".value") for name in wanted) else []
        record += ["step_sizes"] if any(name.endswith(".step_size") for name in wanted) else []
        first = self._tick
        parts = [self._run(phase, part, record) for phase, part in self._parts(ticks)]

        def joined(name: str) -> list[Array]:
            series = zip(*(getattr(part, name) for part in parts), strict=True)
            return [np.concatenate([values[:, 0] for values in layer]) for layer in series]

        spikes = joined("spikes")
        found, length = self._traffic.values(spikes, wanted, [bits[-1] for bits in self._before])
        numbers = np.arange(first, first + ticks)
        found["chip.phase"] = (numbers >= self._free).astype(np.int64)[:, None]
        states = joined("states") if "states" in record else []
        sizes = joined("step_sizes") if "step_sizes" in record else []
        for k, population in enumerate(self._network.populations):
            found[f"population.{population.name}"] = found[f"neuron.{population.name}.spike"] = spikes[k]
            if states:
                found[f"neuron.{population.name}.value"] = states[k]
            if sizes:
                found[f"neuron.{population.name}.step_size"] = sizes[k]
            if f"neuron.{population.name}.drive" in wanted:
                found[f"neuron.{population.name}.drive"] = self._drive(k, spikes)
        self._remember(spikes)
        return found, length

    def _remember(self, spikes: list[Array]) -> None:
        for k, bits in enumerate(spikes):
            self._before[k] = np.concatenate([self._before[k], bits])[-self._longest :].copy()

    def _drive(self, layer: int, spikes: list[Array]) -> Array:
        """Return u, f64[tick, unit], from the bits of earlier ticks and the weights."""
        total: Array = np.zeros(spikes[layer].shape)
        for k in self._network.into(layer):
            found = self._network.projections[k]
            before = self._before[found.source]
            bits = np.concatenate([before, spikes[found.source]])
            first = len(before) - found.delay
            arrived = bits[first : first + len(total)].astype(np.float64)
            total += arrived @ as_matrix(found, self._matrices[k])
        return total

    def _parts(self, ticks: int) -> list[tuple[Phase, int]]:
        """Split the next ticks into those of the free and those of the nudged phase."""
        free = min(ticks, max(0, self._free - self._tick))
        parts = [(Phase.FREE, free), (Phase.NUDGED, ticks - free)]
        return [(phase, part) for phase, part in parts if part]

    def _run(self, phase: Phase, ticks: int, record: Sequence[str]) -> Any:
        self._tick += ticks
        if phase is Phase.FREE:
            return self._substrate.run(Phase.EVALUATION, ticks, record=record)
        return self._substrate.run(
            Phase.EVALUATION, ticks, beta=self._beta, targets=self._targets, record=record
        )


class SpikingPresentation:
    """A network of spiking neurons with its recorded input.

    Parameters
    ----------
    network, spikes, chip
        As in `neurochip.replays.spiking.run_spiking`.
    name
        What the trace is called.
    timing
        As in `trace`.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        spikes: ArrayLike,
        chip: ChipSpec,
        *,
        name: str,
        timing: TimingModel = "tick",
    ) -> None:
        check_timing(timing)
        check_clock(chip, timing)
        made = laid_out(network, spikes, chip)
        self.about = f"{name}, on {chip.name}"
        self._network, self._engine, self._raster = network, made.engine, made.raster
        self.n_ticks = len(made.raster.bits)
        self._traffic = CoreTraffic(
            made.placed, None if timing == "tick" else chip.timing, timing, updates=True
        )

    def groups(self) -> list[SignalGroup]:
        """Return the signals there are."""
        found = []
        for g in self._network.groups:
            name = f"population.{g.name}"
            found.append(SignalGroup(name, (f"{name}.spikes",), "bits", "one bit a neuron", width=g.size))
        for g in self._network.groups:
            spikes = tuple(f"neuron.{g.name}.{i}.spike" for i in range(g.size))
            found.append(SignalGroup(f"neuron.{g.name}.spike", spikes, "bit", "0 or 1"))
            if g.kind != "Input":
                names = tuple(f"neuron.{g.name}.{i}.potential" for i in range(g.size))
                found.append(
                    SignalGroup(f"neuron.{g.name}.potential", names, "real", "v at the end of the tick")
                )
        return found + self._traffic.groups()

    def skip(self, ticks: int) -> None:
        """Go on without recording."""
        self._engine.advance(ticks)

    def values(self, ticks: int, wanted: set[str]) -> tuple[dict[str, Array], NDArray[np.int64]]:
        """Go on; return [tick, column] by name of group, and the lengths of the ticks in picoseconds."""
        first = self._engine.tick
        potentials = self._engine.advance(ticks, record=any(name.endswith(".potential") for name in wanted))
        layers = [self._raster.layer(k)[first : first + ticks] for k in range(len(self._network.groups))]
        before = [self._raster.layer(k)[first - 1] for k in range(len(layers))] if first else None
        found, length = self._traffic.values(layers, wanted, before)
        for k, g in enumerate(self._network.groups):
            found[f"population.{g.name}"] = found[f"neuron.{g.name}.spike"] = layers[k]
            if potentials:
                found[f"neuron.{g.name}.potential"] = potentials[k]
        return found, length


def _unknown(faults: FaultsSpec, timing: TimingModel) -> tuple[str, ...]:
    """Return how the names of signals end that cannot be told from bits sent and weights stored."""
    broken = [name for name in faults.of_packets() if name in ("dead_core", "link_down")]
    if broken and timing != "tick":
        raise CapabilityError(
            "timing",
            f"must be tick for a run with {' and '.join(broken)}: a trace walks all packets through a sound chip",
        )
    if faults.of_packets():
        return (".drive", ".packets_in", ".sops")
    flips = faults.weight_bit_flip
    return (".drive",) if flips is not None and flips.acts else ()


def _resolved(
    run: RunSpec | str | Path, overrides: Sequence[str], timing: str
) -> tuple[RunSpec, Path | None]:
    """Return the run, and its folder if it has one."""
    if isinstance(run, RunSpec):
        return run, None
    folder = Path(run)
    if not folder.is_dir():
        return read_run(str(run), overrides, timing=timing), None
    if overrides:
        raise ConfigError("overrides", "are for runs with fresh weights; a finished run is traced as it was")
    try:
        return read_run(str(folder / RESOLVED)), folder
    except NeurochipError as error:
        if (folder / RESOLVED).exists():
            raise
        raise ConfigError(str(folder), f"has no {RESOLVED}; name the folder of a finished run") from error
