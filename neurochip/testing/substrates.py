"""What a rule may rely on, whatever it learns on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.description import LearningSpec, PhasesSpec
from neurochip.errors import CapabilityError, ConfigError, DataError, NumericError
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import layered
from neurochip.substrate import Counters, Observable, Parameters, Phase, Substrate, WeightUpdate
from neurochip.testing.networks import Net, draw_net

__all__ = ["BATCH", "SubstrateContract"]

BATCH = 3
NUMBERS = np.arange(BATCH, dtype=np.uint64)


class SubstrateContract:
    """What a rule may rely on. A subclass makes the substrate and names what it lacks."""

    tied = True
    lacks: dict[Observable, str] = {}

    def make(self) -> Substrate:
        """Return a substrate for the network of `net`, nothing loaded."""
        raise NotImplementedError

    @pytest.fixture
    def net(self) -> Net:
        return draw_net(5, (6, 9, 4, 3), batch=BATCH, tied=self.tied)

    @pytest.fixture
    def made(self, net: Net) -> Substrate:
        substrate = self.make()
        substrate.load(net.parameters)
        return substrate

    @pytest.fixture
    def begun(self, made: Substrate, net: Net) -> Substrate:
        made.begin(net.x, NUMBERS)
        return made

    def test_load_and_read(self, made: Substrate, net: Net) -> None:
        held = made.parameters()
        for family in ("weights", "feedback", "biases"):
            given, found = getattr(net.parameters, family), getattr(held, family)
            assert [a.shape for a in given] == [a.shape for a in found]
            for a, b in zip(given, found, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-6)

    def test_what_is_read_is_a_copy(self, made: Substrate) -> None:
        for array in (*made.parameters().weights, *made.parameters().biases):
            array[...] = 7
        assert not any(np.any(a == 7) for a in (*made.parameters().weights, *made.parameters().biases))

    def test_what_is_loaded_is_a_copy(self, net: Net) -> None:
        made = self.make()
        families = {
            family: tuple(a.astype(np.float32) for a in getattr(net.parameters, family))
            for family in ("weights", "feedback", "biases")
        }
        given = Parameters(**families)
        made.load(given)
        change = (np.ones((1, 6), np.float32), np.ones((1, 9), np.float32))
        made.write_weights([WeightUpdate(0, (change,), 1.0, 0)], [np.ones(9, np.float32), None, None])
        np.testing.assert_array_equal(given.weights[0], net.parameters.weights[0].astype(np.float32))
        np.testing.assert_array_equal(given.biases[0], net.parameters.biases[0].astype(np.float32))

    def test_shapes_of_observables(self, begun: Substrate, net: Net) -> None:
        begun.run(Phase.FREE, 5, targets=net.y)
        for what in begun.capabilities.observables:
            for layer, size in enumerate(net.sizes):
                assert begun.observe(what, layer).shape == (BATCH, size)
            np.testing.assert_array_equal(begun.observe(what, -1), begun.observe(what, len(net.sizes) - 1))

    def test_the_clamped_layer_shows_the_input(self, begun: Substrate, net: Net) -> None:
        begun.run(Phase.FREE, 5)
        np.testing.assert_allclose(begun.observe(Observable.VALUE, 0), net.x, rtol=1e-6)

    def test_values_stay_in_range(self, begun: Substrate, net: Net) -> None:
        settled = begun.run(Phase.FREE, 30, record=("states",))
        assert [s.shape for s in settled.states] == [(30, BATCH, size) for size in net.sizes]
        assert all(np.all((s >= 0) & (s <= 1)) for s in settled.states)

    def test_it_begins_at_rest(self, begun: Substrate, net: Net) -> None:
        first = begun.run(Phase.FREE, 8, record=("states",)).states
        begun.begin(net.x, NUMBERS)
        for a, b in zip(first, begun.run(Phase.FREE, 8, record=("states",)).states, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_what_it_lacks(self, begun: Substrate) -> None:
        assert set(Observable) - begun.capabilities.observables == set(self.lacks)
        for what, sentence in self.lacks.items():
            with pytest.raises(CapabilityError) as caught:
                begun.observe(what, 1)
            assert str(caught.value) == sentence

    def test_a_rule_says_before_the_run_what_is_lacking(self, made: Substrate, net: Net) -> None:
        for trace, what in (("decoder", Observable.TRACE), ("count", Observable.RATE)):
            learning = LearningSpec(rates=(0.1,) * 3, epochs=1, pre="trace", trace=trace)  # type: ignore[arg-type]
            rule = EquilibriumPropagation(layered(net.sizes, tied=self.tied), learning, PhasesSpec())
            if what in made.capabilities.observables:
                rule.check(made)
                continue
            with pytest.raises(CapabilityError) as caught:
                rule.check(made)
            name = made.capabilities.name
            assert (
                str(caught.value) == f"learning: needs {what.value}, which the {name} substrate does not keep"
            )

    def test_snapshot_and_restore(self, begun: Substrate, net: Net) -> None:
        begun.run(Phase.FREE, 6)
        snapshot, table = begun.snapshot(), begun.counters().to_json()
        ends = []
        for _ in range(2):
            begun.run(Phase.NUDGED, 5, beta=0.5, targets=net.y)
            ends.append([begun.observe(Observable.VALUE, k) for k in range(4)])
            begun.restore(snapshot)
        for a, b in zip(*ends, strict=True):
            np.testing.assert_array_equal(a, b)
        # Going back does not undo what was spent.
        assert begun.counters().to_json()["free"] == table["free"]
        assert begun.counters().ticks(Phase.NUDGED) == 2 * 5 * BATCH
        assert begun.counters().phases[Phase.NUDGED].presentations == BATCH

    def test_a_snapshot_is_a_copy(self, begun: Substrate) -> None:
        begun.run(Phase.FREE, 6)
        before = [begun.observe(Observable.VALUE, k) for k in range(4)]
        for array in begun.snapshot().arrays.values():
            array[...] = 0
        for k in range(4):
            np.testing.assert_array_equal(begun.observe(Observable.VALUE, k), before[k])

    @pytest.mark.parametrize("projection", [(0, 1), (1, 2), (2, 3)])
    def test_an_update_changes_what_it_should(self, made: Substrate, projection: tuple[int, int]) -> None:
        source, target = projection
        before = made.parameters()
        rng = np.random.default_rng(1)
        sizes = (6, 9, 4, 3)
        pre = rng.uniform(-1, 1, (BATCH, sizes[source])).astype(np.float32)
        post = rng.uniform(-1, 1, (BATCH, sizes[target])).astype(np.float32)
        made.write_weights([WeightUpdate(source, ((pre, post), (-2 * pre, post)), 0.25, 1)], [None] * 3)
        after = made.parameters()
        for k in range(3):
            expected = before.weights[k] + (-0.25 * pre.T @ post if k == source else 0)
            np.testing.assert_allclose(after.weights[k], expected, rtol=0, atol=1e-6)
            np.testing.assert_array_equal(before.biases[k], after.biases[k])
        for a, b in zip(before.feedback, after.feedback, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_biases_change_where_a_change_is_given(self, made: Substrate) -> None:
        before = made.parameters()
        made.write_weights([], [None, np.array([1, -1, 0.5, 0], dtype=np.float32), None])
        after = made.parameters()
        np.testing.assert_allclose(after.biases[1] - before.biases[1], [1, -1, 0.5, 0], atol=1e-6)
        for k in (0, 2):
            np.testing.assert_array_equal(before.biases[k], after.biases[k])
        for a, b in zip(before.weights, after.weights, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_the_counters_add_up(self, made: Substrate, net: Net) -> None:
        """What two presentations count is what each of them counts; a total is the sum of its parts."""
        counters = [made.counters()]
        for _ in range(2):
            made.begin(net.x, NUMBERS)
            made.run(Phase.FREE, 6)
            made.run(Phase.NUDGED, 5, beta=0.5, targets=net.y)
            made.count_readout(3)
            counters.append(made.counters())
        assert (counters[1] + counters[1]).to_json() == counters[2].to_json()
        assert (counters[0] + counters[1]).to_json() == counters[1].to_json()
        table = counters[2].to_json()
        assert list(table) == ["free", "nudged", "readout"]
        for counted in table.values():
            for counter in ("neuron_updates", "host_words_in", "readout_words", "symbols"):
                for parts in ("populations", "cores"):
                    assert counted[counter] == sum(part[counter] for part in counted[parts].values())
        assert table["readout"]["readout_words"] == 2 * BATCH * 3
        assert table["free"]["host_words_in"] == 2 * BATCH * 6
        assert table["nudged"]["host_words_in"] == 2 * BATCH * 3
        assert table["nudged"]["populations"]["output"]["nudged_updates"] == 2 * BATCH * 3 * 5
        assert table["free"]["ticks"] == 2 * BATCH * 6
        assert table["free"]["presentations"] == table["nudged"]["presentations"] == 2 * BATCH

    def test_the_counters_survives_json(self, begun: Substrate, net: Net) -> None:
        begun.run(Phase.FREE, 6)
        begun.run(Phase.NUDGED, 5, beta=0.5, targets=net.y)
        begun.count_readout(-1)
        table = begun.counters().to_json()
        again = Counters.from_json(table)
        assert again.to_json() == table
        assert (again.populations, again.sites) == (begun.counters().populations, begun.counters().sites)
        assert (again + begun.counters()).ticks() == 2 * begun.counters().ticks()

    def test_counters_are_taken_up_again(self, begun: Substrate, net: Net) -> None:
        begun.run(Phase.FREE, 6)
        counters = begun.counters()
        other: Any = self.make()
        other.restore_counters(Counters.from_json(counters.to_json()), 4)
        assert (other.counters().to_json(), other.updates) == (counters.to_json(), 4)
        other.load(net.parameters)
        other.begin(net.x, NUMBERS)
        other.run(Phase.FREE, 6)
        assert other.counters().to_json() == (counters + counters).to_json()

    def test_inputs_are_checked(self, made: Substrate, net: Net) -> None:
        def sentence(inputs: NDArray[np.floating]) -> str:
            with pytest.raises(DataError) as caught:
                made.begin(inputs, NUMBERS)
            return str(caught.value)

        assert sentence(net.x[:, 1:]) == f"inputs: must have shape (samples, 6), got ({BATCH}, 5)"
        assert sentence(net.x[0]) == "inputs: must have shape (samples, 6), got (6,)"
        for bad in (np.nan, np.inf, -0.01, 1.01):
            x = net.x.copy()
            x[1, 2] = bad
            assert sentence(x) == "inputs: must lie in [0, 1] and be finite"

    def test_runs_are_checked(self, begun: Substrate, net: Net) -> None:
        with pytest.raises(ConfigError) as caught:
            begun.run(Phase.NUDGED, 5, beta=0.5)
        assert str(caught.value) == "targets: are missing; a nudged phase needs what to nudge to"
        with pytest.raises(ConfigError) as caught:
            begun.run(Phase.FREE, 0)
        assert str(caught.value) == "phases.free: must be ≥ 1 tick, got 0"
        with pytest.raises(ConfigError) as caught:
            begun.run(Phase.NUDGED, 5, beta=np.nan, targets=net.y)
        assert str(caught.value) == "beta: must be finite, got nan"
        for targets in (net.y[1:], net.y[:, 1:], net.y[0]):
            with pytest.raises(ConfigError) as caught:
                begun.run(Phase.NUDGED, 5, beta=0.5, targets=targets)
            assert str(caught.value) == f"targets: must have shape ({BATCH}, 3), got {targets.shape}"
        with pytest.raises(CapabilityError):
            begun.run(Phase.FREE, 5, record=("spices",))

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    @pytest.mark.parametrize("family", ["weights", "feedback", "biases"])
    def test_parameters_must_be_finite(self, made: Substrate, net: Net, family: str, bad: float) -> None:
        arrays = [a.copy() for a in getattr(net.parameters, family)]
        if not arrays:
            pytest.skip("tied")
        arrays[1].flat[2] = bad
        with pytest.raises(NumericError, match=family + r"\[1.*must be finite, got"):
            made.load(replace(net.parameters, **{family: tuple(arrays)}))

    def test_parameters_must_fit(self, made: Substrate, net: Net) -> None:
        p = net.parameters
        wrong = [
            Parameters(p.weights[:2], p.feedback, p.biases),
            Parameters((p.weights[0].T, *p.weights[1:]), p.feedback, p.biases),
            Parameters(p.weights, p.feedback, p.biases[:2]),
            Parameters(p.weights, p.feedback, (p.biases[0][1:], *p.biases[1:])),
            Parameters(p.weights, p.feedback, (p.biases[0][:1], *p.biases[1:])),
        ]
        for parameters in wrong:
            with pytest.raises(ConfigError):
                made.load(parameters)
