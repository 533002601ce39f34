"""What a learning rule keeps, whatever it learns on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.description import CodingSpec, LearningSpec, PhasesSpec
from neurochip.errors import CapabilityError
from neurochip.learning.readings import Presented
from neurochip.learning.rules import Rule, rule_for
from neurochip.network import Network, layered
from neurochip.papers.rules_on_substrates import SEEDS, SUBSTRATES, outcome
from neurochip.substrate import Capabilities, Observable, Substrate, WeightUpdate
from neurochip.testing.networks import Net, draw_net, fast_chip

__all__ = ["RuleContract"]

SIZES, BATCH = (6, 9, 4, 3), 4
BETA = 0.25


class _Shown:
    """A substrate that shows nothing but what is said: whatever else is read is refused, as on a chip without it."""

    def __init__(self, behind: Substrate, observables: frozenset[Observable]) -> None:
        self._behind, self._observables = behind, observables

    @property
    def capabilities(self) -> Capabilities:
        real = self._behind.capabilities
        return Capabilities(real.name, real.observables & self._observables, real.sends_bits_only)

    def observe(self, what: Observable, layer: int) -> Any:
        if what not in self._observables:
            raise CapabilityError(what.value, "was not declared among what the rule needs")
        return self._behind.observe(what, layer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


class RuleContract:
    """Contract of a learning rule.

    Attributes
    ----------
    rule
        Its name in run files; or override `make`. A rule with keys of its own is named.
    tied
        Whether it is tested with tied weights.
    learning
        Keys of [learning] that it is tested with, besides rates and epochs.
    reference
        What the nudged phase is compared with (``phases.reference``); `None` takes "before", and on each substrate of
        the table its own.
    learns_on
        Substrates of the table of rules (`neurochip.papers.rules_on_substrates`) on which it must assign credit: on
        the run ``stripes`` it has to do better than the same network with its hidden layer frozen, by more than three
        standard errors over five seeds, and no longer so when the changes of its hidden neurons are shuffled
        among samples (`neurochip.papers.controls`).
    refused_on
        Those that lack what it needs.
    """

    rule = ""
    tied = True
    learning: dict[str, Any] = {}
    reference: Literal["before", "parallel", "opposite"] | None = None
    learns_on: tuple[str, ...] = ()
    refused_on: tuple[str, ...] = ()

    def make(self, network: Network, learning: LearningSpec, phases: PhasesSpec) -> Rule:
        """Return the rule of a network."""
        return rule_for(network, learning, phases)

    def substrate(self, network: Network, x: NDArray[np.float64]) -> Substrate:
        """Return a substrate that shows all that the rule needs, nothing loaded: cores that keep traces."""
        net = draw_net(5, SIZES, batch=len(x), tied=self.tied)
        return fast_chip(net, CodingSpec(), precision="float32", traced=True)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run the tests of learning on each substrate that is named."""
        for argument, names in (("learns", self.learns_on), ("refuses", self.refused_on)):
            if argument in metafunc.fixturenames:
                unknown = set(names) - set(SUBSTRATES)
                assert not unknown, f"no substrate {unknown}; there are {', '.join(SUBSTRATES)}"
                metafunc.parametrize(argument, names)

    @pytest.fixture
    def net(self) -> Net:
        return draw_net(5, SIZES, batch=BATCH, tied=self.tied)

    def made(self, rates: tuple[float, ...] = (0.4, 0.3, 0.2)) -> Rule:
        """Return the rule for the networks of these tests."""
        name: dict[str, Any] = {"rule": self.rule} if self.rule else {}
        learning = LearningSpec(**name, rates=rates, epochs=1, **self.learning)
        return self.make(
            layered(SIZES, tied=self.tied),
            learning,
            PhasesSpec(free=20, nudged=10, reference=self.reference or "before"),
        )

    def presented(
        self, net: Net, batch: Sequence[int], rule: Rule, substrate: Substrate | None = None
    ) -> Presented:
        """Present some samples from rest."""
        if substrate is None:
            substrate = self.substrate(layered(SIZES, tied=self.tied), net.x)
        substrate.load(net.parameters)
        substrate.begin(net.x[batch], np.asarray(batch, dtype=np.uint64))
        return rule.present(substrate, net.y[batch], BETA)

    def test_what_it_needs_is_declared(self, net: Net) -> None:
        """It works on a substrate that shows nothing else, and says at once when one of them is missing."""
        rule = self.made()
        assert rule.needs and rule.needs <= set(Observable)
        real = self.substrate(layered(SIZES, tied=self.tied), net.x)
        rule.check(_Shown(real, rule.needs))
        self.presented(net, range(BATCH), rule, _Shown(real, rule.needs))
        for what in rule.needs:
            with pytest.raises(CapabilityError) as caught:
                rule.check(_Shown(real, rule.needs - {what}))
            assert what.value in str(caught.value)

    def test_updates_fit_the_network(self, net: Net) -> None:
        network = layered(SIZES, tied=self.tied)
        found = self.presented(net, range(BATCH), self.made())
        assert found.output.shape == (BATCH, SIZES[-1])
        assert found.updates, "it changes nothing"
        for update in found.updates:
            changed = network.projections[update.projection]
            assert np.isfinite(update.rate) and update.words_per_axon >= 0
            for pre, post in update.terms:
                assert pre.shape[0] == post.shape[0]
                assert update.samples == BATCH
                assert (pre.shape[-1], post.shape[-1]) == (SIZES[changed.source], SIZES[changed.target])
                assert np.all(np.isfinite(pre)) and np.all(np.isfinite(post))
        assert len(found.biases) == len(SIZES) - 1
        for bias, size in zip(found.biases, SIZES[1:], strict=True):
            assert bias.shape == (size,) and np.all(np.isfinite(bias))

    def test_it_can_be_written(self, net: Net) -> None:
        """A substrate makes of the updates what they say, and it is a change."""
        rule = self.made()
        substrate = self.substrate(layered(SIZES, tied=self.tied), net.x)
        found = self.presented(net, range(BATCH), rule, substrate)
        before = substrate.parameters()
        substrate.write_weights(found.updates, found.biases)
        after = substrate.parameters()
        assert any(np.any(a != b) for a, b in zip(before.weights, after.weights, strict=True))
        assert all(np.all(np.isfinite(a)) for a in (*after.weights, *after.feedback, *after.biases))

    def test_the_same_again_is_the_same(self, net: Net) -> None:
        one, two = (self.presented(net, range(BATCH), self.made()) for _ in range(2))
        np.testing.assert_array_equal(one.output, two.output)
        for a, b in zip(one.updates, two.updates, strict=True):
            np.testing.assert_array_equal(_matrix(a), _matrix(b))

    def test_a_minibatch_is_the_mean_of_its_samples(self, net: Net) -> None:
        """Samples never influence one another."""
        rule = self.made()
        whole = self.presented(net, range(BATCH), rule)
        alone = [self.presented(net, [sample], rule) for sample in range(BATCH)]
        for k, update in enumerate(whole.updates):
            mean = np.mean([_matrix(one.updates[k]) for one in alone], axis=0)
            np.testing.assert_allclose(_matrix(update), mean, rtol=1e-4, atol=1e-6)
        for k, bias in enumerate(whole.biases):
            mean = np.mean([one.biases[k] for one in alone], axis=0)
            np.testing.assert_allclose(bias, mean, rtol=1e-4, atol=1e-6)

    def test_without_rates_nothing_changes(self, net: Net) -> None:
        found = self.presented(net, range(BATCH), self.made(rates=(0.0, 0.0, 0.0)))
        assert not any(np.any(_matrix(update)) for update in found.updates)
        assert not any(np.any(bias) for bias in found.biases)

    def test_it_learns(self, learns: str) -> None:
        """Better than with its hidden layer frozen, on a task that no output layer can solve."""
        found = outcome(self._sets(learns), learns, make=self._maker())
        assert found.status == "learns", found

    def test_with_shuffled_credit_it_does_not_learn(self, learns: str) -> None:
        """The control: what passes when hidden neurons learn for other samples was no test of learning."""
        found = outcome(self._sets(learns), learns, make=self._maker(), control="shuffled")
        assert found.status == "runs", found

    def test_it_is_refused_where_something_is_missing(self, refuses: str) -> None:
        found = outcome(self._sets(refuses), refuses, SEEDS[:1], make=self._maker())
        assert found.status == "refused", found

    def _maker(self) -> Callable[..., Rule]:
        """Return what makes the rule; the same for all tests where no plug-in makes it, so that none trains twice."""
        return rule_for if type(self).make is RuleContract.make else self.make

    def _sets(self, substrate: str) -> tuple[str, ...]:
        """Return the words of the run; of a rule that stands behind no name yet, those of equilibrium propagation."""
        words = [f"network.tied={str(self.tied).lower()}"]
        if self.rule:
            words.append(f"learning.rule={self.rule}")
        if self.reference is not None:
            words.append(f"phases.reference={self.reference}")
        for key, value in self.learning.items():
            table = value if isinstance(value, dict) else None
            pairs = [(f"{key}.{k}", v) for k, v in table.items()] if table is not None else [(key, value)]
            words += [f"learning.{name}={json.dumps(what)}" for name, what in pairs]
        named = {word.partition("=")[0] for word in words}
        return (*words, *(w for w in SUBSTRATES[substrate] if w.partition("=")[0] not in named))


def _matrix(update: WeightUpdate) -> NDArray[np.floating]:
    """Return ΔW of an update."""
    return np.asarray(sum(update.rate * (pre.T @ post) for pre, post in update.terms))
