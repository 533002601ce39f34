"""Every experiment by name: one row each, and those of other packages; its module is imported when asked for."""

from __future__ import annotations

import difflib
import importlib

from neurochip import plugins
from neurochip.errors import ConfigError
from neurochip.papers.experiment import Experiment

__all__ = ["EXPERIMENTS", "experiments", "find"]

# Name → module in this folder.
EXPERIMENTS: dict[str, str] = {
    "bengio2017-langevin": "bengio2017_langevin",
    "bengio2017-backprop": "bengio2017_backprop",
    "bengio2017-update": "bengio2017_update",
    "mesnard2016-lif": "mesnard2016_lif",
    "mesnard2016-rate": "mesnard2016_rate",
    "bengio2017-stdp": "bengio2017_stdp",
    "oconnor2019-fig1": "oconnor2019_fig1",
    "oconnor2019-fig2": "oconnor2019_fig2",
    "oconnor2019-fig3": "oconnor2019_fig3",
    "oconnor2019-search": "oconnor2019_search",
    "oconnor2019-updates": "oconnor2019_updates",
    "scellier2018-conv": "scellier2018_conv",
    "scellier2018-mnist": "scellier2018_mnist",
    "scellier2018-theorem": "scellier2018_theorem",
    "scellier2018-nudge": "scellier2018_nudge",
    "martin2021-eqspike": "martin2021_eqspike",
    "lin2024-conv": "lin2024_conv",
    "bal2023-sequences": "bal2023_sequences",
    "associative-iris": "associative_iris",
    "associative-mnist": "associative_mnist",
}


def experiments() -> list[str]:
    """Return all names: built in, then of other packages."""
    return plugins.names("papers", EXPERIMENTS)


def find(name: str) -> Experiment:
    """Return an experiment.

    Raises
    ------
    ConfigError
        When there is none of that name; says what there is. Or when it comes from another package and is none.
    """
    known = experiments()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ConfigError("experiment", f"no experiment '{name}' (there are {', '.join(known)}){hint}")
    plugin = plugins.find("papers", name, EXPERIMENTS, "experiment")
    if plugin is None:
        module = importlib.import_module(f"neurochip.papers.{EXPERIMENTS[name]}")
        experiment: Experiment = module.EXPERIMENT
        return experiment
    found = plugins.load(plugin, "experiment")
    found = getattr(found, "EXPERIMENT", found)  # a module will do
    if not isinstance(found, Experiment) or found.name != name:
        raise plugins.unusable(
            plugin, "experiment", f"must be an Experiment named '{name}', or a module with one as EXPERIMENT"
        )
    return found
