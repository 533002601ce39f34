"""Labelled samples shown to a network: how often it was right, what an inference costs, and NeuroBench's figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import exact, percent, quantity
from neurochip.report.sections.frame import card, grid, row, section

__all__ = ["accuracy_card", "inference", "neurobench"]

_COSTS = {
    "spikes": ("spikes", ""),
    "sops": ("synaptic operations", ""),
    "packets": ("packets", ""),
    "energy_j": ("energy", "J"),
    "seconds": ("latency", "s"),
    "energy_delay_js": ("energy × delay", "J·s"),
}
# As Yik et al. (2025) name them, and what is counted here.
_BENCH = {
    "footprint_bytes": ("footprint", "bytes that the cores hold"),
    "connection_sparsity": ("connection sparsity", "share of weights that are 0"),
    "activation_sparsity": ("activation sparsity", "share of neurons and ticks without a spike"),
    "effective_acs": ("effective ACs", "additions of an inference that a spike asks for"),
    "effective_macs": ("effective MACs", "multiply–adds of an inference of values that are no spikes"),
    "dense": ("dense operations", "of an inference, if every input were one"),
    "membrane_updates": ("membrane updates", "of an inference"),
    "neuron_updates": ("neuron updates", "of an inference"),
}
_SHARES = ("connection_sparsity", "activation_sparsity")


def accuracy_card(table: Mapping[str, Any]) -> Markup:
    """Return the share of samples that were classified as their labels say."""
    about = f"± {percent(table['accuracy_error'])}, {exact(table['samples'])} samples"
    return card("Accuracy", percent(table["accuracy"]), about, "main")


def inference(table: Mapping[str, Any] | None) -> Markup | None:
    """Return what an inference costs, mean and standard deviation over samples; `None` without labelled samples."""
    if table is None:
        return None
    rows = [
        row(words, quantity(found["mean"], unit), f"± {quantity(found['deviation'], unit)}")
        for name, (words, unit) in _COSTS.items()
        if (found := table["per_inference"].get(name)) is not None
    ]
    about = (
        f"{exact(table['samples'])} labelled samples of {exact(table['ticks'])} ticks, each from rest; "
        f"{percent(table['accuracy'])} right, with a standard error of {percent(table['accuracy_error'])}."
    )
    return section("Inference", grid(("of an inference", "mean", "deviation"), rows), about=about)


def neurobench(figures: Mapping[str, float] | None) -> Markup | None:
    """Return the metrics of NeuroBench (Yik et al. 2025), folded away; `None` where there are none."""
    if figures is None:
        return None
    rows = [
        row(
            words,
            percent(figures[name]) if name in _SHARES else quantity(figures[name]),
            tag("td", about, class_="words"),
        )
        for name, (words, about) in _BENCH.items()
        if name in figures
    ]
    table = grid(("NeuroBench", "", "what it counts"), rows)
    return tag("details", tag("summary", "NeuroBench's metrics"), table)
