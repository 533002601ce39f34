"""Samples × phases: present minibatches, let the rule change weights, measure after each epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
from numpy.typing import NDArray

from neurochip.data import Dataset, Split
from neurochip.description import RunSpec, network_of
from neurochip.description.image import image_of
from neurochip.errors import ConfigError, NumericError
from neurochip.learning.rules import Rule
from neurochip.learning.schedule import Schedule
from neurochip.spikes import SpikeTrains
from neurochip.substrate import Counters, Machine, Phase, Snapshot, Substrate
from neurochip.substrate.optimising import Optimising
from neurochip.training.diagnosis import Diagnosis, diagnose
from neurochip.training.evaluate import Measured, measured, presentations, read_populations
from neurochip.training.progress import Reporter
from neurochip.training.record import EpochRecord
from neurochip.training.state import Best, TrainingState
from neurochip.training.streams import stream
from neurochip.training.watch import Watch, check_finite

__all__ = ["TRAINING_PHASES", "Trainer"]

TRAINING_PHASES = (Phase.FREE, Phase.NUDGED, Phase.NUDGED_NEGATIVE)
Endings = dict[str, dict[Phase, dict[str, float]]]
_RESTING_LIMIT = 2 * 2**30  # bytes of states kept between epochs


class Trainer:
    """Trains one substrate.

    Parameters
    ----------
    run
        A run with ``experiment = "train"``.
    substrate
        Loaded with the parameters of ``state``.
    rule
        What changes the weights.
    data
        Samples.
    state
        Where to begin; kept up to date at every minibatch.
    reporter
        Told of every batch.
    stop
        Asked after every minibatch whether to stop.
    """

    def __init__(
        self,
        run: RunSpec,
        substrate: Substrate,
        rule: Rule,
        data: Dataset,
        state: TrainingState,
        reporter: Reporter,
        stop: Callable[[], bool],
    ) -> None:
        if run.learning is None:
            raise ConfigError("learning", "is missing; a training run needs it")
        rule.check(substrate)
        self._run, self._learning = run, run.learning
        self._substrate, self._rule, self._data = substrate, rule, data
        self.state, self._reporter, self._stop = state, reporter, stop
        self._optimiser: Optimising | None = getattr(substrate, "optimiser", None)
        if self._learning.patience is not None and data.validation is None:
            raise ConfigError(
                "learning.patience",
                "needs samples that are held out for choices; set data.validation, e.g. to 0.1",
            )
        with self._unpaid():
            self._watch = Watch(run, substrate)
        self._n = len(data.train)
        self._n_train_checked = min(run.evaluation.train, self._n)
        n_test = len(data.test)
        self._n_test = n_test if run.evaluation.test is None else min(run.evaluation.test, n_test)
        self._n_held = 0 if data.validation is None else len(data.validation)
        network = network_of(run.network)
        self._image = image_of(self._learning.image, network, run.data) if self._learning.shift else None
        self._moves: tuple[int, NDArray[np.int64]] = (-1, np.zeros((0, 2), dtype=np.int64))
        self._read = read_populations(network, data.heads)
        # Several outputs are a head each, or have the same target, and the last one is asked for the answer.
        self._repeats = len(network.outputs) if len(self._read) == 1 else 1
        if len(self._read) > 1 and getattr(substrate, "driven", False):
            raise ConfigError(
                "network.populations",
                "gives each head an output of its own, and a controller reads one; put the heads side by side in one",
            )
        if run.learning.rule == "associative" and len(data.heads) > 1:
            raise ConfigError(
                "learning.rule", '"associative" learns one class of a sample, and the data have several'
            )
        self._variance = np.ones(1) if data.heads.is_classes else np.var(data.train.targets, axis=0)
        # A rule of another package may have phases that are not on a schedule; these are the usual ones.
        usual = Schedule(free=run.phases.free, nudged=run.phases.nudged, reference=run.phases.reference)
        self._schedule: Schedule = getattr(rule, "schedule", usual)
        self._ticks = self._schedule.ticks

    def work_per_epoch(self) -> int:
        """Ticks of one epoch, evaluation included."""
        tested = self._n_test + self._n_train_checked + self._n_held
        return self._n * self._ticks + tested * self._run.phases.free

    @contextmanager
    def _unpaid(self) -> Iterator[None]:
        """Leave out of the counts what a chip that is driven from outside pays for each number that is read.

        The watch is no part of the experiment, and looks once more where a run goes on.
        """
        if not getattr(self._substrate, "driven", False):
            yield
            return
        counters = self._substrate.counters()
        yield
        cast(Machine, self._substrate).restore_counters(counters, self.state.updates)

    def epoch(self) -> bool:
        """Train and evaluate one epoch, from where the state stands; False when asked to stop before its end.

        Raises
        ------
        NumericError
            When weights, biases or states have left their range. The state then is still that of the epoch before.
        """
        state, began = self.state, time.perf_counter()
        order = np.arange(self._n)
        if self._learning.shuffle:
            order = stream(self._run.seed, "order", state.epoch).permutation(self._n)
        size = self._learning.minibatch
        n_batches = -(-self._n // size)
        signs = np.ones(n_batches)
        if self._learning.beta_sign == "random":
            signs = stream(self._run.seed, "beta", state.epoch).choice([-1.0, 1.0], n_batches)
        self._reporter.begin_stage()
        while state.minibatch < n_batches:
            at = state.minibatch
            chosen = order[at * size : (at + 1) * size]
            try:
                self._minibatch(chosen, at * size, float(signs[at]) * self._learning.beta)
            except NumericError as error:
                moment = f"in minibatch {at + 1} of epoch {state.epoch + 1}"
                raise NumericError(error.place, f"{error.problem} ({moment})") from None
            state.minibatch += 1
            done = at * size + chosen.size
            self._reporter.tell(
                "training",
                state.epoch + 1,
                self._learning.epochs,
                done,
                self._n,
                self._online_error(),
                chosen.size * self._ticks,
            )
            if state.minibatch < n_batches and self._stop():
                self._note(state.epoch_seconds + time.perf_counter() - began, endings=self._endings())
                return False
        training_seconds = state.epoch_seconds + time.perf_counter() - began
        # A stop while it evaluates leaves the counts of this moment: the evaluation is then made anew.
        trained, endings = self._substrate.counters(), self._endings()
        if not self._finish_epoch(training_seconds):
            self._note(training_seconds, trained, endings)
            return False
        return True

    def _minibatch(self, chosen: NDArray[np.int64], first: int, beta: float) -> None:
        state, substrate = self.state, self._substrate
        numbers = np.uint64(state.epoch * self._n + first) + np.arange(chosen.size, dtype=np.uint64)
        substrate.begin(self._shown(chosen), numbers)
        if self._run.phases.persistent and state.epoch > 0:
            self._wake(chosen)
        targets = self._data.targets(chosen)
        if self._repeats > 1:
            targets = np.tile(targets, (1, self._repeats))
        share = self._learning.share_of_rates(state.epoch, shifts=self._run.fixed_point is not None)
        if self._optimiser is not None:
            self._optimiser.share = share
        presented = self._rule.present(substrate, targets, beta, share)
        for population in self._read:
            substrate.count_readout(population)
        output = presented.output[:, -self._data.n_outputs :]
        if not np.all(np.isfinite(output)):
            raise NumericError(
                "states of output",
                "are not finite; use smaller learning.rates, or a learning.beta nearer to 1",
            )
        if self._run.phases.persistent:
            self._rest(chosen)
        if not presented.applied:
            substrate.write_weights(presented.updates, presented.biases)
        wanted = self._data.train.targets[chosen]
        heads = self._data.heads
        if heads.is_classes:
            state.wrong += int(np.count_nonzero(np.argmax(output, axis=1) != wanted))
        else:
            state.squared += heads.loss(wanted, heads.answered(output), self._variance)
        state.seen += chosen.size
        state.updates += 1

    def _shown(self, chosen: NDArray[np.int64]) -> NDArray[np.float32] | SpikeTrains:
        """Return these samples as they are learnt from: images moved, where the run says so."""
        most = self._learning.shift
        if self._image is None:
            return self._data.presented(chosen)
        if self._moves[0] != self.state.epoch:  # each sample has its own draw, whatever was shown before it
            drawn = stream(self._run.seed, "shift", self.state.epoch).integers(-most, most + 1, (self._n, 2))
            self._moves = self.state.epoch, drawn
        down, right = self._moves[1][chosen].T
        return self._image.moved(self._data.inputs(chosen), down, right)

    def _online_error(self) -> float:
        """Return the error of this epoch's free phases so far."""
        state = self.state
        return (state.wrong if self._data.heads.is_classes else state.squared) / state.seen

    def _rest(self, chosen: NDArray[np.int64]) -> None:
        """Keep what these samples leave behind."""
        snapshot, resting = self._substrate.snapshot(), self.state.resting
        for name, array in snapshot.arrays.items():
            if name not in resting:
                needed = sum(a[0].nbytes for a in snapshot.arrays.values()) * self._n
                if needed > _RESTING_LIMIT:
                    raise ConfigError(
                        "phases.persistent",
                        f"would keep {needed / 2**30:.1f} GiB of states for {self._n} samples, "
                        f"the limit is {_RESTING_LIMIT / 2**30:.0f} GiB; use fewer samples (data.train)",
                    )
                resting[name] = np.zeros((self._n, *array.shape[1:]), dtype=array.dtype)
            resting[name][chosen] = array

    def _wake(self, chosen: NDArray[np.int64]) -> None:
        """Put these samples back to where they rested."""
        arrays = {name: array[chosen] for name, array in self.state.resting.items()}
        # A branch that starts from a snapshot, too, ends as many ticks after it as the nudged phase is long.
        lived = self.state.epoch * self._schedule.lived
        self._substrate.restore(Snapshot(lived, self._schedule.last_run, arrays))

    def _endings(self) -> Endings:
        """Return how the phases of this epoch have ended so far, where the substrate keeps that."""
        kept: Callable[[], Endings] | None = getattr(self._substrate, "endings", None)
        return {} if kept is None else kept()

    def _note(
        self, epoch_seconds: float, counters: Counters | None = None, endings: Endings | None = None
    ) -> None:
        state, parameters = self.state, self._substrate.parameters()
        check_finite(parameters, f"epoch {state.epoch + 1}")  # else a checkpoint would hold them
        state.parameters = parameters
        state.moments = {} if self._optimiser is None else self._optimiser.state()
        state.counters = self._substrate.counters() if counters is None else counters
        state.endings = {} if endings is None else endings
        state.epoch_seconds = epoch_seconds

    def _finish_epoch(self, training_seconds: float) -> bool:
        """Evaluate, and record the epoch; False when asked to stop before that was done."""
        state, run = self.state, self._run
        began = time.perf_counter()
        if self._stop():
            return False
        before = self._counted(state.epochs)
        train = test = held = None
        if (state.epoch + 1) % run.evaluation.every == 0 or state.epoch + 1 == self._learning.epochs:
            if self._n_train_checked:
                checked = self._measure("train", self._n_train_checked)
                if checked is None:
                    return False
                train = checked.error
            if self._n_held:
                judged = self._measure("validation", self._n_held)
                if judged is None:
                    return False
                held = judged.error
                self._reporter.validation_error = held
            tested = self._measure("test", self._n_test)
            if tested is None:
                return False
            state.confusion, state.said, test = tested.confusion, tested.said, tested.error
            self._reporter.test_error = test
        with self._unpaid():
            warnings = self._watch.look(
                state.confusion if test is not None else None,
                f"epoch {state.epoch + 1}",
                states=test is not None,
            )
            diagnosis = self._diagnosed() if test is not None else None
        if diagnosis is not None:
            warnings += tuple(diagnosis.warnings())
        counters = self._substrate.counters()
        spikes = counters.total("spikes_sent", *TRAINING_PHASES) - before["spikes"]
        state.epochs.append(
            EpochRecord(
                epoch=state.epoch + 1,
                online_error=self._online_error(),
                train_error=train,
                test_error=test,
                seconds=training_seconds + time.perf_counter() - began,
                samples_per_s=self._n / training_seconds,
                spikes_per_sample=spikes / self._n if run.substrate == "digital" else None,
                weight_saturations=counters.total("weight_saturations") - before["saturations"],
                warnings=warnings,
                diagnosis=diagnosis,
                validation_error=held,
            )
        )
        state.epoch += 1
        state.minibatch = state.wrong = state.seen = 0
        state.squared = 0.0
        self._note(0.0)
        if self._learning.patience is not None:
            self._judge(self._learning.patience)
        return True

    def _judge(self, patience: int) -> None:
        """Keep the best evaluation, and end training when so many in a row were no better."""
        state = self.state
        errors = [(e.validation_error, int(e.epoch)) for e in state.epochs if e.validation_error is not None]
        if not errors or errors[-1][1] != state.epoch:
            return  # nothing was measured after this epoch
        _, best = min(errors)
        if best == state.epoch:
            state.best = Best(best, state.parameters, state.confusion, state.said)
        if sum(epoch > best for _, epoch in errors) >= patience and state.epoch < self._learning.epochs:
            state.ended = "patience"

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be learnt: the last epoch is done, or training ended before."""
        return bool(self.state.ended) or self.state.epoch >= self._learning.epochs

    def keep_best(self) -> None:
        """Go back to the weights of the best evaluation, where such are kept: when training is over.

        Like a checkpoint, they lie outside of the machine, and moving them is not counted.
        """
        state = self.state
        if state.best is None:
            return
        state.parameters, state.confusion, state.said = (
            state.best.parameters,
            state.best.confusion,
            state.best.said,
        )
        with self._unpaid():
            self._substrate.load(state.parameters)

    def _diagnosed(self) -> Diagnosis | None:
        """Look at the first training samples; `None` where there is nothing to be seen."""
        run, n = self._run, min(self._run.evaluation.diagnosed, self._n)
        if not n or run.substrate == "analog" or not run.settles:
            return None
        inputs = self._data.inputs(np.arange(n))
        network = network_of(run.network)
        return diagnose(self._substrate, network, inputs, presentations(0, n), run.phases.free)

    def _counted(self, epochs: list[EpochRecord]) -> dict[str, int]:
        """What the epochs so far had counted."""
        spikes = sum(round((e.spikes_per_sample or 0.0) * self._n) for e in epochs)
        return {"spikes": spikes, "saturations": sum(e.weight_saturations for e in epochs)}

    def _measure(self, split: Split, n: int) -> Measured | None:
        """Return what the network says of a part; `None` when asked to stop before all are measured."""
        state, free = self.state, self._run.phases.free
        self._reporter.begin_stage()

        def told(done: int, error: float, batch: int) -> None:
            self._reporter.tell(
                "evaluating",
                state.epoch + 1,
                self._learning.epochs,
                done,
                n,
                error,
                batch * free,
            )

        return measured(self._substrate, self._data, split, n, free, told, self._stop, read=self._read)
