"""Which plug-ins a run uses, by the names that it holds."""

from __future__ import annotations

from neurochip import plugins
from neurochip.data import FACTS
from neurochip.description.catalogue import is_path
from neurochip.description.die.tails import TAILS
from neurochip.description.rule_names import RULES
from neurochip.description.run import RunSpec
from neurochip.elements.neurons.table import NEURONS
from neurochip.elements.stages import FAMILIES
from neurochip.plugins import Plugin

__all__ = ["plugins_of"]


def plugins_of(run: RunSpec) -> tuple[Plugin, ...]:
    """Return the plug-ins behind the elements, the neurons, the rule and the chips of a run, each once."""
    used: list[Plugin] = []
    for role, family in FAMILIES.items():
        spec = getattr(run.coding, role)
        if spec is not None and type(spec) not in family.built_in.values():
            used += [plugin for plugin in plugins.installed(family.group) if plugin.name == spec.kind]
    foreign = {neuron.kind for neuron in run.neurons if type(neuron) not in NEURONS.built_in.values()}
    if foreign:
        used += [plugin for plugin in plugins.installed(NEURONS.group) if plugin.name in foreign]
    if run.learning is not None and run.learning.rule not in RULES:
        used += [plugin for plugin in plugins.installed("rules") if plugin.name == run.learning.rule]
    if run.analog is not None and run.analog.mismatch.tails not in TAILS:
        used += [
            plugin for plugin in plugins.installed("mismatch") if plugin.name == run.analog.mismatch.tails
        ]
    if run.data.file is None and run.data.given is None and run.data.set not in FACTS:
        used += [plugin for plugin in plugins.installed("datasets") if plugin.name == run.data.set]
    for chip in (run.chip, run.baseline.chip):
        if not is_path(chip):
            used += [plugin for plugin in plugins.installed("chips") if plugin.name == chip]
    return tuple(dict.fromkeys(used))
