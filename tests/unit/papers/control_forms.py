"""Experiments so small that all of them run in seconds, and large enough that every control misses its tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from neurochip.data import Dataset, load
from neurochip.papers import (
    associative_iris,
    associative_mnist,
    associative_networks,
    bal2023_sequences,
    bengio2017_backprop,
    bengio2017_langevin,
    bengio2017_stdp,
    bengio2017_update,
    lin2024_conv,
    martin2021_eqspike,
    mesnard2016_lif,
    mesnard2016_rate,
    oconnor2019_fig1,
    oconnor2019_fig2,
    oconnor2019_fig3,
    oconnor2019_search,
    oconnor2019_updates,
    scellier2018_conv,
    scellier2018_mnist,
    scellier2018_nudge,
    scellier2018_theorem,
)
from neurochip.papers.convolutional_networks import scattered, table2

__all__ = ["CONTROLLED"]

Put = Callable[[Any, str, Any], None]

_DIGITS = ("data.train=300", "data.test=200")
_ONE = ("network.layers=[784, 40, 10]",)
_THREE = ("network.layers=[784, 60, 60, 60, 10]", "learning.minibatch=4", "learning.epochs=6")


def _fig1(put: Put) -> None:
    put(oconnor2019_fig1, "QUICK", 8)


def _fig2(put: Put) -> None:
    put(oconnor2019_fig2, "QUICK", 5)
    put(oconnor2019_fig2, "BATCH", 4)
    put(oconnor2019_fig2, "LAYERS", (60, 60, 10))


def _fig3(put: Put) -> None:
    plan = []
    for series in oconnor2019_fig3.QUICK:
        layers = _THREE if series.name.startswith("three") else _ONE
        bare = [each for each in series.overrides if not each.startswith("record")]
        plan.append(series._replace(seeds=1, overrides=(*bare, *_DIGITS, *layers, "evaluation.diagnosed=0")))
    put(oconnor2019_fig3, "QUICK", tuple(plan))


def _search(put: Put) -> None:
    module = oconnor2019_search
    put(module, "QUICK", module.Size(1, 1, 10, 60, 1, 2, 2, 2))
    put(
        module,
        "SCHEMES",
        tuple(s._replace(coding=(*s.coding, "network.layers=[60, 60, 10]")) for s in module.SCHEMES),
    )
    put(module, "_BARE", (*module._BARE, *_DIGITS, *_ONE))


def _backprop(put: Put) -> None:
    put(bengio2017_backprop, "QUICK", 2)
    put(bengio2017_backprop, "PRESENTATIONS", (10, 30, 100, 1000))
    put(bengio2017_backprop, "SATURATION_SCALES", (0.4,))
    put(bengio2017_backprop, "BATCH", 4)


def _stdp(put: Put) -> None:
    put(bengio2017_stdp, "QUICK_ROUNDS", 6)


def _lif(put: Put) -> None:
    put(mesnard2016_lif, "QUICK", 40)
    put(mesnard2016_lif, "SHORT", 20)
    lessons = mesnard2016_lif.Lessons
    put(
        mesnard2016_lif,
        "Lessons",
        lambda **given: lessons(**{**given, "checks": 1, "validation": 20, "test": 20}),
    )


def _rate(put: Put) -> None:
    put(mesnard2016_rate, "QUICK", 2500)
    put(mesnard2016_rate, "SEEDS", 1)


def _theorem(put: Put) -> None:
    put(scellier2018_theorem, "QUICK", 2)


def _mnist(put: Put) -> None:
    put(scellier2018_mnist, "QUICK_SEEDS", 1)
    put(scellier2018_mnist, "QUICK", (*_DIGITS, *_ONE, "learning.epochs=4"))
    put(scellier2018_mnist, "DIE", "analog.mismatch.sigma=0.5")


def _conv(put: Put) -> None:
    put(scellier2018_conv, "QUICK_SEEDS", 1)
    conv, dense = scellier2018_conv.plans(quick=True)

    def small(plan: Any, network: Any) -> Any:
        return replace(plan, network=network, words=(*plan.words, "learning.epochs=3", *_DIGITS))

    plans = small(conv, table2((3, 4))), small(dense, dense.network)
    put(scellier2018_conv, "plans", lambda quick: plans)


def _iris(put: Put) -> None:
    module, recipe = associative_iris, associative_networks.Recipe
    put(module, "PAIRS", module.PAIRS[:1])
    put(module, "Recipe", lambda **given: recipe(**{**given, "epochs": 100}))
    on_substrate = module.train_on_substrate
    put(module, "train_on_substrate", lambda *given, **words: on_substrate(*given[:-1], 1, **words))


def _pairs(put: Put) -> None:
    module, recipe = associative_mnist, associative_networks.Recipe
    put(module, "PAIRS", module.PAIRS[:1])
    put(module, "Recipe", lambda **given: recipe(**{**given, "epochs": 10}))


def _eqspike(put: Put) -> None:
    module = martin2021_eqspike
    small = (*_DIGITS, "network.layers=[784, 30, 10]", "learning.epochs=4", "learning.own.window=10")
    plan = []
    for series in module.QUICK:
        more = small if "learning.rule=eqspike" in series.overrides else small[:-1]
        plan.append(series._replace(seeds=1, overrides=(*series.overrides, *more)))
    put(module, "QUICK", tuple(plan))
    put(module, "PAIRED", 100)


def _spiking_kernels(put: Put) -> None:
    def apart(seed: int) -> Dataset:
        return scattered(load("mnist-small", train=300, test=200), seed)

    plan = []
    for series in lin2024_conv.QUICK:
        digits = () if series.samples else _DIGITS
        words = (*series.overrides, *digits, "learning.minibatch=5")
        plan.append(series._replace(seeds=1, overrides=words, samples=series.samples and apart))
    put(lin2024_conv, "QUICK", tuple(plan))


def _sequences(put: Put) -> None:
    module = bal2023_sequences
    plan = []
    for series in module.QUICK:
        fewer = () if series.samples else _DIGITS
        plan.append(series._replace(seeds=1, overrides=(*series.overrides, *fewer, "learning.epochs=2")))
    put(module, "QUICK", tuple(plan))
    put(module, "TRAIN", 300)
    put(module, "TEST", 300)


def _langevin(put: Put) -> None:
    put(bengio2017_langevin, "QUICK", 400)
    put(bengio2017_langevin, "STEPS", 400)


def _update(put: Put) -> None:
    put(bengio2017_update, "QUICK", 2)
    put(bengio2017_update, "WEIGHTS", 10)


def _updates(put: Put) -> None:
    put(oconnor2019_updates, "BATCHES", 3)
    put(oconnor2019_updates, "LEARNT", 5)


def _nudge(put: Put) -> None:
    put(scellier2018_nudge, "QUICK", 2)
    put(scellier2018_nudge, "INPUTS", 1)


CONTROLLED: dict[str, Callable[[Put], None]] = {
    "bengio2017-langevin": _langevin,
    "bengio2017-backprop": _backprop,
    "bengio2017-update": _update,
    "mesnard2016-lif": _lif,
    "mesnard2016-rate": _rate,
    "bengio2017-stdp": _stdp,
    "oconnor2019-fig1": _fig1,
    "oconnor2019-fig2": _fig2,
    "oconnor2019-fig3": _fig3,
    "oconnor2019-search": _search,
    "oconnor2019-updates": _updates,
    "scellier2018-conv": _conv,
    "scellier2018-mnist": _mnist,
    "scellier2018-theorem": _theorem,
    "scellier2018-nudge": _nudge,
    "martin2021-eqspike": _eqspike,
    "lin2024-conv": _spiking_kernels,
    "bal2023-sequences": _sequences,
    "associative-iris": _iris,
    "associative-mnist": _pairs,
}
