"""What a rule reads against what a substrate keeps: said before the run."""

from __future__ import annotations

from collections.abc import Set

from neurochip.errors import CapabilityError
from neurochip.substrate import Observable, Substrate

__all__ = ["check_needs"]


def check_needs(needs: Set[Observable], substrate: Substrate) -> None:
    """Say before the run that a substrate lacks what a rule needs.

    Parameters
    ----------
    needs
        What the rule reads.
    substrate
        What it is to learn on.

    Raises
    ------
    CapabilityError
        With the names of what is missing.
    """
    missing = needs - substrate.capabilities.observables
    if missing:
        names = ", ".join(sorted(what.value for what in missing))
        raise CapabilityError(
            "learning", f"needs {names}, which the {substrate.capabilities.name} substrate does not keep"
        )
