"""Every experiment by name: one row each; its module is imported when it is asked for."""

from __future__ import annotations

import difflib
import importlib

from neurochip.errors import ConfigError
from neurochip.papers.experiment import Experiment

__all__ = ["EXPERIMENTS", "find"]

# Name → module in this folder.
EXPERIMENTS: dict[str, str] = {
    "bengio2017-backprop": "bengio2017_backprop",
    "mesnard2016-lif": "mesnard2016_lif",
    "mesnard2016-rate": "mesnard2016_rate",
    "bengio2017-stdp": "bengio2017_stdp",
    "oconnor2019-fig1": "oconnor2019_fig1",
    "oconnor2019-fig2": "oconnor2019_fig2",
    "oconnor2019-fig3": "oconnor2019_fig3",
    "oconnor2019-search": "oconnor2019_search",
    "scellier2018-conv": "scellier2018_conv",
    "scellier2018-mnist": "scellier2018_mnist",
    "scellier2018-theorem": "scellier2018_theorem",
    "associative-iris": "associative_iris",
    "associative-mnist": "associative_mnist",
}


def find(name: str) -> Experiment:
    """Return an experiment.

    Raises
    ------
    ConfigError
        When there is none of that name; says what there is.
    """
    if name not in EXPERIMENTS:
        close = difflib.get_close_matches(name, EXPERIMENTS, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ConfigError("experiment", f"no experiment '{name}' (there are {', '.join(EXPERIMENTS)}){hint}")
    experiment: Experiment = importlib.import_module(f"neurochip.papers.{EXPERIMENTS[name]}").EXPERIMENT
    return experiment
