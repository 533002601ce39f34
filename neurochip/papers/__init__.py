"""Published systems reproduced: one module per experiment, with its claims, its run and its tolerances."""

from __future__ import annotations

from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings
from neurochip.papers.reproducing import Reproduction, reproduce
from neurochip.papers.table import EXPERIMENTS, find

__all__ = [
    "EXPERIMENTS",
    "Bound",
    "Claim",
    "Experiment",
    "Finding",
    "Outcome",
    "Reproduction",
    "Settings",
    "find",
    "reproduce",
]
