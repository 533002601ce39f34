"""Experiments so small that a test can stop and resume them; their claims mean nothing then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurochip.papers import (
    associative_iris,
    associative_networks,
    mesnard2016_rate,
    oconnor2019_fig3,
    oconnor2019_search,
    scellier2018_mnist,
)

Put = Callable[[Any, str, Any], None]

_FEW = ("data.train=60", "data.test=20", "network.layers=[784, 12, 10]", "learning.epochs=3")


def _oconnor2019_fig3(put: Put) -> None:
    module = oconnor2019_fig3
    plan = [
        series._replace(run="mnist-small", overrides=(*_bare(series.overrides), *_FEW))
        for series in module.QUICK
    ]
    # All networks are alike here.
    put(module, "QUICK", tuple(series._replace(seeds=2, share=1.0) for series in plan))


def _bare(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what belongs to three hidden layers."""
    return tuple(
        each
        for each in overrides
        if not each.startswith(("learning.rates", "data.set", "learning.epochs", "network.gains"))
    )


def _oconnor2019_search(put: Put) -> None:
    module = oconnor2019_search
    put(module, "QUICK", module.Size(2, 1, 2, 100, 2, 3, 1, 2))
    put(module, "_BARE", (*module._BARE, *_FEW[:3]))


def _scellier2018_mnist(put: Put) -> None:
    put(scellier2018_mnist, "QUICK", _FEW)


def _associative_iris(put: Put) -> None:
    module, recipe, on_substrate = (
        associative_iris,
        associative_networks.Recipe,
        associative_iris.train_on_substrate,
    )
    put(module, "PAIRS", module.PAIRS[:1])
    put(module, "Recipe", lambda **given: recipe(**{**given, "epochs": 10}))
    put(module, "train_on_substrate", lambda *given, **words: on_substrate(*given[:-1], 1, **words))


def _mesnard2016_rate(put: Put) -> None:
    train = mesnard2016_rate._train
    put(mesnard2016_rate, "_train", lambda condition, seed, samples: train(condition, seed, 200))


SMALL: dict[str, Callable[[Put], None]] = {
    "oconnor2019-fig3": _oconnor2019_fig3,
    "oconnor2019-search": _oconnor2019_search,
    "scellier2018-mnist": _scellier2018_mnist,
    "associative-iris": _associative_iris,
    "mesnard2016-rate": _mesnard2016_rate,
}
