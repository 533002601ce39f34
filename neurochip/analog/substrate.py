"""The analog chip as a substrate: one die that settles, is measured, and learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Activity, Batch, at_rest
from neurochip.analog.circuit import Circuit
from neurochip.analog.counters import CircuitCounters
from neurochip.analog.die import Die
from neurochip.analog.draw import Draw, check_counted
from neurochip.analog.drawing import draw_die, twin_of
from neurochip.analog.evaluation import evaluate_steps
from neurochip.analog.integrate import Flow, Nudge, fixed_steps, heun, residual, until_rest
from neurochip.analog.jacobian import adjoint
from neurochip.analog.leak import Amplifier
from neurochip.analog.mirror import mirrored, synapse_curve
from neurochip.analog.programmed import Programmed
from neurochip.analog.rails import RailRecord, headroom, local_headroom
from neurochip.analog.readout import Readout
from neurochip.analog.step import EKV, HARD_SIGMOID, TANH
from neurochip.analog.step_noise import StepNoise
from neurochip.analog.stochastic import stochastic_steps
from neurochip.analog.supply_lines import LocalSupply
from neurochip.analog.warnings import SettlingRecord
from neurochip.description.die.circuit import AnalogSpec
from neurochip.errors import CapabilityError, NumericError
from neurochip.network import Network, refuse_delays, refuse_graph, refuse_shared_weights
from neurochip.spikes import SpikeTrains
from neurochip.substrate import (
    Capabilities,
    Counters,
    Observable,
    Parameters,
    Phase,
    Settled,
    Snapshot,
    WeightUpdate,
)
from neurochip.substrate.fitting import (
    check_observable,
    check_phase,
    fitting_inputs,
    fitting_presentations,
)
from neurochip.substrate.optimising import Optimising

__all__ = ["AnalogSubstrate"]

Array = NDArray[np.floating]
_NUDGED = (Phase.NUDGED, Phase.NUDGED_NEGATIVE)
_CAPABILITIES = Capabilities(
    "analog",
    frozenset({Observable.VALUE, Observable.ACTIVITY, Observable.ADJOINT}),
    sends_bits_only=False,
)


class AnalogSubstrate:
    """Continuous-time neurons on one die; what crosses between them is current.

    Parameters
    ----------
    network
        Layers and projections. Tied feedback is programmed alike, and differs as its own devices do.
    spec
        The section [analog] of a run.
    dtype
        float32 or float64.
    seed
        Of noise and of the rounding of writes; the die has its own.
    die
        A die made before; `None` draws that of ``spec.die``.
    held
        Phases whose readings are held until the update.
    flow, activity
        A vector field of the user's own, compiled.
    optimiser
        Stands between changes and writes, in digital memory beside the die; `None`: a change is written as it is.
    """

    def __init__(
        self,
        network: Network,
        spec: AnalogSpec,
        *,
        dtype: type[np.floating] | np.dtype[np.floating] = np.float32,
        seed: int = 1,
        die: Die | None = None,
        held: frozenset[Phase] = frozenset({Phase.FREE}),
        flow: Flow | None = None,
        activity: Activity | None = None,
        optimiser: Optimising | None = None,
    ) -> None:
        refuse_shared_weights(network, "a die", CapabilityError)
        refuse_delays(network, "a die", CapabilityError)
        refuse_graph(network, "a die", CapabilityError)
        self.network, self.spec, self.optimiser = network, spec, optimiser
        self._dtype: np.dtype[np.floating] = np.dtype(dtype)
        self.die = draw_die(network, spec) if die is None else die
        self.die.check(network)
        if flow is None and spec.leak.characteristic == "amplifier":
            flow = Amplifier(spec)
        self._rest = (0.0,) if flow is None else flow.rest
        check_counted(spec.cells, self._rest)
        self.flow, self.activity = flow, activity
        self._noise = StepNoise(spec, seed, is_leak_known=self._leaks_at_most_linearly)
        kind = {"hard-sigmoid": HARD_SIGMOID, "ekv": EKV}.get(spec.characteristic, TANH)
        curve = synapse_curve(spec)
        supply = LocalSupply(network, spec) if spec.supply_lines.sheet_mohm else None
        self.circuit = Circuit(network, self.die, spec.settle, kind, self._dtype, curve, supply)
        self._twin: Circuit | None = None
        if spec.learning_path.circuits == "twin":
            twin = twin_of(network, spec)
            self._twin = Circuit(network, twin, spec.settle, kind, self._dtype, curve, supply)
        circuits = [self.circuit] if self._twin is None else [self.circuit, self._twin]
        self._programmed = Programmed(network, spec, circuits, self._dtype, seed, optimiser)
        self._readout = Readout(spec, self.die, is_bipolar=kind != HARD_SIGMOID, seed=seed, held=held)
        self._inputs = np.zeros((0, network.sizes[0]), self._dtype)
        self._presentations = np.zeros(0, np.uint64)
        self._batch: Batch | None = None
        self._phase = Phase.FREE
        self._tick = 0
        self._aim: Array | None = None  # targets of the last run
        self._adjoint: tuple[tuple[int, int], list[Array]] | None = None
        self.settling, self.rails = SettlingRecord(), RailRecord(headroom(spec))
        self.cells = spec.library
        self._counters = CircuitCounters(network)
        self.updates = 0

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: voltages can be measured, and what neurons send; the Jacobian is known to the emulation."""
        return _CAPABILITIES

    def load(self, parameters: Parameters) -> None:
        """Program all weights and biases; what the devices make of them is another matter."""
        self._programmed.load(parameters)
        self.rails.limit = local_headroom(self.spec, self.circuit.drops)
        if self._batch is not None:
            self._batch.stale = True

    def parameters(self) -> Parameters:
        """Return the programmed weights and biases, as copies."""
        return self._programmed.parameters()

    def begin(self, inputs: Array | SpikeTrains, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [sample, unit] in [0, 1], from rest."""
        values = fitting_inputs(self.network, inputs)
        converted = self._readout.convert_input(np.ascontiguousarray(values, dtype=self._dtype))
        self._inputs = mirrored(self.circuit, converted)
        self._presentations = fitting_presentations(presentations, len(values))
        state = at_rest(self._rest, len(self._inputs), int(self.circuit.starts[-1]), self._dtype)
        self._batch = self._batch_of(self.circuit, state)
        self._tick = 0
        self._aim = self._adjoint = None
        self._counters.begin()

    def _batch_of(self, circuit: Circuit, state: Array) -> Batch:
        batch = Batch(
            circuit,
            state,
            self._inputs @ circuit.weights[0],
            activity=self.activity,
            change=self.spec.settle.change,
        )
        batch.update_activity()
        return batch

    def _begun(self) -> Batch:
        if self._batch is None:
            raise CapabilityError("run", "needs a presentation; call begin first")
        return self._batch

    def run(
        self,
        phase: Phase,
        ticks: int,
        *,
        beta: float = 0.0,
        targets: Array | None = None,
        record: Sequence[str] = (),
    ) -> Settled:
        """Let the circuit settle for ``ticks`` steps, or until it rests; ``record``: "states"."""
        batch = self._begun()
        outputs = (len(batch), self.network.sizes[-1])
        check_phase(phase, ticks, beta, targets, outputs)
        for name in record:
            if name != "states":
                raise CapabilityError("record", f"must be states on the analog substrate, got {name}")
        wanted = self._twin if self._twin is not None and phase in _NUDGED else self.circuit
        if batch.circuit is not wanted:
            batch = self._batch = self._batch_of(wanted, batch.state)
        pull = (
            np.zeros(outputs, self._dtype) if targets is None else np.ascontiguousarray(targets, self._dtype)
        )
        nudge = Nudge(self._dtype.type(2 * beta), pull)
        self._phase, self._aim, self._adjoint = phase, targets, None
        plain = batch.circuit.neurons
        if beta > 0 and self._leaks_at_most_linearly:
            batch.circuit.neurons = plain._replace(fraction=batch.circuit.nudged_fractions(2 * beta))
        draw = None if self.cells is None else Draw(self.cells, batch, self._inputs, self.spec.leak.tail)
        is_quick = not record and (draw is None or not draw.needs_steps)
        if is_quick and self._is_plain(nudge) and self.spec.settle.until == "steps":
            left = evaluate_steps(batch, ticks)
            took, kept = ticks * len(batch), list[Array]()
        else:
            took, kept = self._settle(batch, ticks, nudge, "states" in record, draw)
            left = residual(batch, nudge, self.flow)
        batch.circuit.neurons = plain
        # A residual of built-in neurons is not finite where a voltage is not.
        if self.flow is not None or not np.isfinite(left).all():
            self._check_finite(batch)
        self.settling.note(phase, left, self.spec.settle.residual)
        self.rails.note(phase, batch.voltage)
        drawn = None if draw is None else draw.charge(took, self.spec.settle.step)
        self._counters.ran(phase, len(batch), took, nudged=beta != 0, drawn=drawn)
        self._tick += ticks
        return Settled(-(-took // len(batch)) if len(batch) else ticks, states=self._by_layer(kept))

    def _settle(
        self, batch: Batch, ticks: int, nudge: Nudge, is_recorded: bool, draw: Draw | None
    ) -> tuple[int, list[Array]]:
        """Settle, and return the ticks of all samples and the voltages after each tick if they are wanted."""
        settle = self.spec.settle
        kept: list[Array] = []

        def watch(tick: int) -> None:
            kept.append(batch.voltage.copy())

        after: Callable[[int], None] | None = watch if is_recorded else None
        if settle.method == "heun" and self._noise.is_there:
            noise = self._noise.paths(batch, self._presentations, self._tick)
            stochastic_steps(batch, ticks, nudge, settle, noise, flow=self.flow, watch=after)
            return ticks * len(batch), kept
        if settle.method == "heun" and not is_recorded:
            _, longest = heun(batch, ticks * settle.step, nudge, settle, flow=self.flow)
            return int(np.ceil(longest / settle.step)) * len(batch), kept
        if settle.until == "residual" and not is_recorded:
            plain = self._is_plain(nudge)
            took = until_rest(batch, ticks, nudge, settle.residual, flow=self.flow, plain=plain)
            return int(took.sum()), kept
        if settle.method == "heun":
            for tick in range(ticks):
                heun(batch, settle.step, nudge, settle, flow=self.flow)
                watch(tick)
            return ticks * len(batch), kept
        drawing = self._noise.of_phase(batch, self._presentations, self._tick, float(nudge.strength))
        if draw is not None:
            after = draw.watch(after)
        fixed_steps(batch, ticks, nudge, flow=self.flow, noise=drawing, watch=after)
        return ticks * len(batch), kept

    def _is_plain(self, nudge: Nudge) -> bool:
        """Whether this is an evaluation of built-in neurons that send every signal on, in steps of equal length.

        Phases that learn go step by step: what they learn would differ in its last bits, and soon in others.
        """
        settle = self.spec.settle
        steps = settle.method != "heun" and not settle.change and not self._noise.is_there
        built_in = self.flow is None and self.circuit.curve is None and self.circuit.pair_offset is None
        return steps and built_in and not nudge.strength and self._phase is Phase.EVALUATION

    @property
    def _leaks_at_most_linearly(self) -> bool:
        return self.flow is None or self.flow.leaks_at_most_linearly

    def _check_finite(self, batch: Batch) -> None:
        if not np.all(np.isfinite(batch.state)):
            place = "analog.settle" if self._leaks_at_most_linearly else "analog.vector_field"
            raise NumericError(
                place,
                "left the range of numbers (NaN or infinity); take a smaller analog.settle.step or weights",
            )

    def _by_layer(self, kept: list[Array]) -> tuple[Array, ...]:
        if not kept:
            return ()
        stacked, starts = np.stack(kept), self.circuit.starts
        clamped = np.broadcast_to(self._inputs, (len(kept), *self._inputs.shape)).copy()
        return (clamped, *(stacked[:, :, a:b] for a, b in zip(starts, starts[1:], strict=False)))

    def observe(self, what: Observable, layer: int) -> Array:
        """Return what is measured [sample, neuron] of a layer: its voltage, or what it sends."""
        check_observable(
            what, self.capabilities, "does not exist on the analog substrate, which sends currents"
        )
        layer %= len(self.network.populations)
        if what is Observable.ADJOINT:
            return self._gradient(layer)
        if layer == 0:
            return self._inputs.copy()
        batch = self._begun()
        signals = batch.voltage if what is Observable.VALUE else batch.activity
        first, last = (int(at) for at in self.circuit.starts[layer - 1 : layer + 1])
        if self.cells is not None:
            converted = self.spec.converters.adc_bits is not None
            self._counters.measured(self._phase, signals[:, first:last].size, converted=converted)
        return self._readout.read(
            signals[:, first:last], layer, first, self._phase, self._presentations, self._tick
        )

    def _gradient(self, layer: int) -> Array:
        if self._aim is None:
            raise CapabilityError("adjoint", "needs targets; give them to the run before")
        key = (self._tick, self.updates)
        if self._adjoint is None or self._adjoint[0] != key:
            self._adjoint = key, adjoint(self._begun(), self._aim, self.flow)
        return np.zeros_like(self._inputs) if layer == 0 else self._adjoint[1][layer - 1]

    @property
    def batch(self) -> Batch:
        """What the samples hold: for diagnostics, which see more than a measurement would."""
        return self._begun()

    @property
    def inputs(self) -> Array:
        """What is presented, after the converter; T[sample, unit]."""
        return self._inputs

    def residual(self) -> NDArray[np.float64]:
        """Return the largest |τ dV/dt| of each sample without a nudge, f64[sample], in full scales."""
        batch = self._begun()
        none = Nudge(self._dtype.type(0), np.zeros((len(batch), self.network.sizes[-1]), self._dtype))
        return residual(batch, none, self.flow)

    def voltages(self) -> Array:
        """Return the true voltages T[sample, neuron] of layers 1 …, which no measurement would give."""
        return self._begun().voltage.copy()

    def snapshot(self) -> Snapshot:
        """Return a copy of what the samples remember: their voltages, and what neurons hold beside them."""
        batch = self._begun()
        # Currents are summed anew both here and after `restore`, so that both go on alike to the last bit.
        batch.stale = True
        return Snapshot(self._tick, 0, {"voltage": batch.state.copy()})

    def restore(self, snapshot: Snapshot) -> None:
        """Put the samples back where a snapshot was taken."""
        self._batch = self._batch_of(self._begun().circuit, np.array(snapshot.arrays["voltage"], self._dtype))
        self._tick = snapshot.tick
        self._adjoint = None

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[Array | None]) -> None:
        """Change stored weights and biases; a tied copy is programmed like its original."""
        for update in updates:
            k = update.projection
            saturated = self._programmed.change(k, update, self.updates)
            batch = update.samples * len(update.terms)
            for changed in (k, *self.network.tied_to(k)):
                target = self.network.projections[changed].target
                synapses = self.network.synapses(changed)
                steps = synapses if self.optimiser is not None else 0
                self._counters.wrote(target, synapses, batch, saturated, steps)
        self._programmed.end_update(biases, self.updates)
        self.rails.limit = local_headroom(self.spec, self.circuit.drops)
        if self._batch is not None:
            self._batch.stale = True
        self.updates += 1

    def count_readout(self, layer: int) -> None:
        """Count that the host read the voltages of a layer."""
        layer %= len(self.network.populations)
        self._counters.read_out(layer, len(self._begun()) * self.network.sizes[layer])

    def counters(self) -> Counters:
        """Return all counts since the substrate was made."""
        return self._counters.counters()

    def restore_counters(self, counters: Counters, updates: int) -> None:
        """Go on counting from a checkpoint."""
        self._counters.restore(counters)
        self.updates = updates

    def endings(self) -> dict[str, dict[Phase, dict[str, float]]]:
        """Return how the phases have ended since this was last forgotten, for a checkpoint."""
        return {"settling": self.settling.state(), "rails": self.rails.state()}

    def restore_endings(self, endings: Mapping[str, Mapping[Phase, Mapping[str, float]]]) -> None:
        """Go on from a checkpoint with how the phases of its epoch had ended."""
        self.settling.restore(endings.get("settling", {}))
        self.rails.restore(endings.get("rails", {}))
