"""Which energies per event a run needs and its chip has not: all of them, at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurochip.description import EnergyTable
from neurochip.description.energy_table import EventEnergy
from neurochip.description.events import EVENTS

__all__ = ["MissingEnergies"]


@dataclass(frozen=True, kw_only=True)
class MissingEnergies(EnergyTable):
    """A table that gives 0 for what it has not, and remembers what that was; for nothing but asking.

    Attributes
    ----------
    missing
        The events asked for, in their order.
    """

    missing: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, energies: EnergyTable) -> MissingEnergies:
        """Return the same table, ready to be asked."""
        return cls(
            name=energies.name,
            neuron_energy=energies.neuron_energy,
            note=energies.note,
            energies=energies.energies,
        )

    def entry(self, event: str) -> EventEnergy:
        """Return the entry of an event, one of 0 J where there is none."""
        if event in self.energies or event not in EVENTS:
            return EnergyTable.entry(self, event)
        if event not in self.missing:
            self.missing.append(event)
        return EventEnergy(
            event=event,
            value_j=0.0,
            source="",
            evidence="estimated",
            scope="per-event",
            node_m=1.0,
            voltage_v=None,
        )
