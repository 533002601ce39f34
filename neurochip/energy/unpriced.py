"""Which energies per event a run needs and its chip has not: all of them, at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurochip.description import PriceList
from neurochip.description.events import EVENTS
from neurochip.description.prices import Price

__all__ = ["Unpriced"]


@dataclass(frozen=True, kw_only=True)
class Unpriced(PriceList):
    """A list that gives 0 for what it has not, and remembers what that was; for nothing but asking.

    Attributes
    ----------
    missing
        The events asked for, in their order.
    """

    missing: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, prices: PriceList) -> Unpriced:
        """Return the same list, ready to be asked."""
        return cls(
            name=prices.name,
            neuron_pricing=prices.neuron_pricing,
            note=prices.note,
            prices=prices.prices,
        )

    def entry(self, event: str) -> Price:
        """Return the price of an event, 0 where there is none."""
        if event in self.prices or event not in EVENTS:
            return PriceList.entry(self, event)
        if event not in self.missing:
            self.missing.append(event)
        return Price(
            event=event,
            value_j=0.0,
            source="",
            evidence="estimated",
            scope="per-event",
            node_m=1.0,
            voltage_v=None,
        )
