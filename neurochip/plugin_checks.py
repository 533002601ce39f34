"""What is wrong with a plug-in, found without a run that uses it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neurochip import data, plugins
from neurochip.description import read_chip, read_run
from neurochip.description.catalogue import built_in
from neurochip.description.die.tails import tails
from neurochip.description.rule_names import RULES, plugged_rule
from neurochip.elements.connections import connectivity_of
from neurochip.elements.neurons.spiking import check_neuron
from neurochip.elements.neurons.table import NEURONS
from neurochip.elements.stages import FAMILIES, check_compiles
from neurochip.papers.table import EXPERIMENTS
from neurochip.papers.table import find as find_experiment
from neurochip.plugins import Plugin

__all__ = ["check_plugin", "means"]

_ROLES = {family.group: role for role, family in FAMILIES.items()}


def check_plugin(plugin: Plugin) -> None:
    """Import a plug-in and look whether it is what it should be.

    Raises
    ------
    ConfigError
        In the words that a run which names it would end with.
    """
    group, name = plugin.group, plugin.name
    if group in _ROLES:
        role = _ROLES[group]
        plugins.find(group, name, FAMILIES[role].built_in, f"coding.{role}")
        cls = FAMILIES[role].plugged(plugin)
        if _has_defaults(cls):
            check_compiles(role, cls(), np.dtype(np.float32), f"coding.{role}")
    elif group == NEURONS.group:
        plugins.find(group, name, NEURONS.built_in, "neuron.kind")
        cls = NEURONS.plugged(plugin)
        if _has_defaults(cls):
            check_neuron(cls(), np.dtype(np.float32), "neuron")
    elif group == "connections":
        connectivity_of(name, "connectivity")
    elif group == "rules":
        plugins.find(group, name, RULES, "learning.rule")
        plugged_rule(name)
    elif group == "mismatch":
        tails(name)
    elif group == "papers":
        plugins.find(group, name, EXPERIMENTS, "experiment")
        find_experiment(name)
    elif group == "datasets":
        data.load(name)
    elif group == "chips":
        plugins.find(group, name, built_in("chips"), "chip")
        read_chip(name)
    else:
        plugins.find(group, name, built_in("runs"), "run")
        read_run(name)


def _has_defaults(cls: Any) -> bool:
    missing = dataclasses.MISSING
    return not any(f.default is missing and f.default_factory is missing for f in dataclasses.fields(cls))


def means(plugin: Plugin) -> str:
    """Return how a plug-in is asked for."""
    name = plugin.name
    if plugin.group in _ROLES:
        return f'coding.{_ROLES[plugin.group]} = "{name}"'
    return {
        "neurons": f'neuron.kind = "{name}"',
        "connections": f'connectivity "{name}" of a projection',
        "chips": f"--set chip={name}",
        "runs": f"neurochip simulate {name}",
        "rules": f'learning.rule = "{name}"',
        "mismatch": f'analog.mismatch.tails = "{name}"',
        "datasets": f'data.set = "{name}"',
        "papers": f"neurochip reproduce {name}",
    }[plugin.group]
