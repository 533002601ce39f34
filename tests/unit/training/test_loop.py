"""The training loop: what it presents, in which order, and what it notes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import data, read_run, simulate
from neurochip.errors import CapabilityError, ConfigError
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.learning.readings import Presented
from neurochip.runs.building import build
from neurochip.substrate import Observable, Phase, WeightUpdate
from neurochip.training import loop
from neurochip.training.loop import TRAINING_PHASES, Trainer
from neurochip.training.progress import Reporter
from neurochip.training.state import TrainingState
from neurochip.training.streams import glorot, stream
from tests.unit.training.tiny import overrides, run_of

N = 60


def trainer(*extra: str, variant: str = "default", stop: Any = lambda: False) -> Trainer:
    run = read_run(run_of(variant), [*overrides(variant), f"data.train={N}", "evaluation.train=20", *extra])
    built = build(run)
    built.substrate.load(glorot(built.network, run.seed))
    state = TrainingState(built.substrate.parameters(), built.substrate.counters())
    assert run.learning is not None
    rule = EquilibriumPropagation(built.network, run.learning, run.phases)
    samples = data.load(run.data)
    return Trainer(run, built.substrate, rule, samples, state, Reporter(None, 0), stop)


class Watch:
    """Notes every presentation of a trainer's rule: targets, β, share of the rates, images."""

    def __init__(self, watched: Trainer) -> None:
        self.calls: list[Any] = []
        rule = watched._rule

        class Watched(EquilibriumPropagation):
            def present(inner, substrate: Any, targets: Any, beta: float, share: float = 1.0) -> Presented:  # noqa: N805
                images = substrate.observe(Observable.VALUE, 0)
                self.calls.append((targets, beta, share, images))
                return super().present(substrate, targets, beta, share)

        watched._rule = Watched(rule.network, rule.learning, rule.phases)


def test_every_sample_once_an_epoch_and_in_another_order() -> None:
    made = trainer("learning.minibatch=25")
    watch = Watch(made)
    made.epoch()
    made.epoch()
    samples = made._data
    assert [len(call[0]) for call in watch.calls] == [25, 25, 10] * 2
    orders = []
    for epoch in range(2):
        images = np.concatenate([call[3] for call in watch.calls[3 * epoch : 3 * epoch + 3]])
        targets = np.concatenate([call[0] for call in watch.calls[3 * epoch : 3 * epoch + 3]])
        order = stream(1, "order", epoch).permutation(N)
        np.testing.assert_array_equal(images, samples.inputs(order))
        np.testing.assert_array_equal(targets, np.eye(10)[samples.labels()[order]])
        orders.append(order)
    assert np.any(orders[0] != orders[1])


def test_without_shuffling() -> None:
    made = trainer("learning.shuffle=false", "learning.minibatch=30")
    watch = Watch(made)
    made.epoch()
    images = np.concatenate([call[3] for call in watch.calls])
    np.testing.assert_array_equal(images, made._data.inputs(np.arange(N)))


def test_sign_of_beta() -> None:
    fixed, drawn = (
        trainer("learning.minibatch=2"),
        trainer("learning.minibatch=2", "learning.beta_sign=random"),
    )
    watches = Watch(fixed), Watch(drawn)
    fixed.epoch()
    drawn.epoch()
    drawn.epoch()
    assert {call[1] for call in watches[0].calls} == {0.5}
    signs = np.array([call[1] for call in watches[1].calls])
    assert set(signs) == {-0.5, 0.5}
    assert 15 < np.count_nonzero(signs > 0) < 45
    assert np.any(signs[:30] != signs[30:])


def test_decay_of_the_rates() -> None:
    made = trainer("learning.decay=0.5", "learning.minibatch=30")
    watch = Watch(made)
    for _ in range(3):
        made.epoch()
    assert [call[2] for call in watch.calls] == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


def test_decay_by_powers_of_two_where_cores_shift() -> None:
    keys = ("network.precision=int8", "numbers.state=Q3.12", "coding.decoder.lambda=0.25", "learning.beta=0.5",
            "coding.annealer=shift", "learning.rates=[0.3125, 0.078125]", "learning.minibatch=20")  # fmt: skip
    made = trainer(*keys, "learning.decay=0.7", "learning.epochs=7")
    watch = Watch(made)
    for _ in range(7):
        made.epoch()
    # log₂ 0.7 = −0.515: 0, −0.5, −1.03, −1.5, −2.06, −2.6, −3.1
    assert [call[2] for call in watch.calls[::3]] == [1, 1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 8, 1 / 8]


def test_weights_change_by_what_the_rule_says() -> None:
    made = trainer("learning.minibatch=60")
    before = made._substrate.parameters()
    said: list[Presented] = []
    rule = made._rule

    class Received(EquilibriumPropagation):
        def present(self, *arguments: Any) -> Presented:
            said.append(super().present(*arguments))
            return said[-1]

    made._rule = Received(rule.network, rule.learning, rule.phases)
    made.epoch()
    after = made.state.parameters

    def change(update: WeightUpdate) -> Any:
        return update.rate * sum(pre.T @ post for pre, post in update.terms)

    for k, update in enumerate(said[0].updates):
        np.testing.assert_allclose(after.weights[k], before.weights[k] + change(update), rtol=0, atol=1e-6)
        np.testing.assert_allclose(after.biases[k], before.biases[k] + said[0].biases[k], rtol=0, atol=1e-7)


def test_what_an_epoch_notes() -> None:
    made = trainer()
    assert made.epoch()
    state = made.state
    (record,) = state.epochs
    assert (state.epoch, state.minibatch, state.seen, state.wrong, state.updates) == (1, 0, 0, 0, 3)
    assert state.confusion is not None and state.confusion.sum() == 50
    assert record.test_error == pytest.approx(1 - np.trace(state.confusion) / 50)
    by_phase = state.counters.phases
    assert record.spikes_per_sample == pytest.approx(
        state.counters.total("spikes_sent", *TRAINING_PHASES) / N
    )
    assert by_phase[Phase.FREE].ticks == N * 20
    assert by_phase[Phase.NUDGED].ticks == N * 10
    assert by_phase[Phase.EVALUATION].ticks == (20 + 50) * 20
    # The host reads the output after each training and each measuring presentation.
    assert by_phase[Phase.READOUT].total("readout_words") == 10 * (N + 20 + 50)
    assert made.work_per_epoch() == N * 30 + 70 * 20
    made.epoch()
    assert state.epochs[1].spikes_per_sample == pytest.approx(
        (state.counters.total("spikes_sent", *TRAINING_PHASES) / N) - record.spikes_per_sample  # type: ignore[operator]
    )


def test_evaluation_does_not_change_learning() -> None:
    with_it, without = (
        trainer("coding.encoder=stochastic"),
        trainer("coding.encoder=stochastic", "evaluation.train=0"),
    )
    for _ in range(2):
        with_it.epoch()
        without.epoch()
    assert without.state.epochs[0].train_error is None
    for a, b in zip(with_it.state.parameters.weights, without.state.parameters.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_stops_between_minibatches() -> None:
    asked = iter([False, True])
    made = trainer(stop=lambda: next(asked))
    assert made.epoch() is False
    assert (made.state.epoch, made.state.minibatch, made.state.seen) == (0, 2, 40)
    assert made.state.counters.phases[Phase.FREE].presentations == 40


@pytest.mark.parametrize("extra", [(), ("phases.reference=opposite",), ("phases.reference=parallel",)])
@pytest.mark.parametrize("variant", ["persistent, random sign", "ideal, persistent"])
def test_persistent_samples_go_on_where_they_rested(variant: str, extra: tuple[str, ...]) -> None:
    """The next epoch puts back what every sample left behind, its clock included."""
    made = trainer(*extra, variant=variant)
    ends: dict[bytes, tuple[int, dict[str, Any]]] = {}
    rule = made._rule

    class Remembered(EquilibriumPropagation):
        def present(self, at: Any, *arguments: Any) -> Presented:
            begins = at.snapshot()
            names = [image.tobytes() for image in at.observe(Observable.VALUE, 0)]
            for sample, name in enumerate(names):
                if name in ends:
                    tick, arrays = ends[name]
                    assert begins.tick == tick
                    for key, array in arrays.items():
                        np.testing.assert_array_equal(begins.arrays[key][sample], array, err_msg=key)
                else:
                    assert begins.tick == 0
            presented = super().present(at, *arguments)
            rests = at.snapshot()
            for sample, name in enumerate(names):
                ends[name] = rests.tick, {key: array[sample].copy() for key, array in rests.arrays.items()}
            return presented

    made._rule = Remembered(rule.network, rule.learning, rule.phases)
    for _ in range(3):
        made.epoch()
    assert len(ends) == N
    assert {tick for tick, _ in ends.values()} == {3 * (20 + 10)}


def test_too_many_states_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_RESTING_LIMIT", 2**20)
    made = trainer(variant="persistent, random sign")
    with pytest.raises(ConfigError) as caught:
        made.epoch()
    place, problem = caught.value.place, caught.value.problem
    assert place == "phases.persistent"
    assert problem == (
        f"would keep 0.0 GiB of states for {N} samples, the limit is 0 GiB; use fewer samples (data.train)"
    )


def test_a_substrate_that_keeps_no_traces_is_refused_before_the_run() -> None:
    made = trainer()
    learning = read_run("mnist-small", ["learning.pre=trace", "network.tied=false"]).learning
    assert learning is not None
    rule = EquilibriumPropagation(made._rule.network, learning, made._run.phases)
    with pytest.raises(CapabilityError) as caught:
        Trainer(made._run, made._substrate, rule, made._data, made.state, Reporter(None, 0), lambda: False)
    assert str(caught.value) == "learning: needs trace, which the digital substrate does not keep"


@pytest.mark.parametrize("variant", ["default", "int8", "random bits, centred"])
def test_neither_threads_nor_chips_change_a_run(variant: str) -> None:
    """The same run on one core per population and one thread, and split over the cores of another chip on three."""
    runs = [
        simulate(
            run_of(variant), overrides=[*overrides(variant), *extra], write=False, threads=threads
        ).record
        for threads, extra in (
            (1, ("chip=cmos45",)),
            (3, ("chip=cmos45",)),
            (2, ("chip=ideal-bits",)),
            *([(2, ("chip=loihi",))] if variant == "int8" else []),
        )
    ]
    first, *others = runs
    assert first.confusion is not None
    for other in others:
        np.testing.assert_array_equal(first.confusion, other.confusion)  # type: ignore[arg-type]
        for a, b in zip(first.epochs, other.epochs, strict=True):
            assert (a.online_error, a.train_error, a.spikes_per_sample) == (
                b.online_error,
                b.train_error,
                b.spikes_per_sample,
            )
            assert a.weight_saturations == b.weight_saturations
        for x, y in zip(first.rasters[0].spikes, other.rasters[0].spikes, strict=True):
            np.testing.assert_array_equal(x, y)


def test_the_same_seed_twice_and_another() -> None:
    def run(seed: int) -> Any:
        record = simulate(
            "mnist-small", overrides=overrides("int8"), seed=seed, write=False, threads=2
        ).record
        return record.counters.to_json(), [e.online_error for e in record.epochs]

    assert run(3) == run(3)
    assert run(3) != run(4)
