"""Annealers: the step size of every tick, from the pressure on the neuron (one object per neuron)."""

from __future__ import annotations

from tests.oracle.coders import Schedule


class Scheduled:
    """A step size that follows a constant or a power law, whatever the pressure; its clock starts at 1."""

    def __init__(self, schedule: Schedule | Halving) -> None:
        self.schedule = schedule
        self.t = 0

    def step(self, p: float) -> float:
        """Return epsilon for this tick."""
        self.t += 1
        return self.schedule.at(self.t)


class Halving:
    """A schedule: 1, a half from tick 2 on, a quarter from tick 4 on, down to a floor."""

    def __init__(self, floor: int) -> None:
        self.floor = floor

    def at(self, t: int) -> float:
        """Return the value at clock ``t`` (the first is 1)."""
        k = 0
        while k < self.floor and 2 ** (k + 1) <= t:
            k += 1
        return 0.5**k


class Kesten:
    """``a / (b + k)``: k starts at 1, grows on both first ticks, then whenever the error changes sign.

    The error is ``p_n - theta_(n-1)``; a product of two errors that is exactly 0 is no change of sign.
    """

    def __init__(self, a: float, b: float, first_count: int = 1) -> None:
        self.a = a
        self.b = b
        self.k = first_count
        self.t = 0
        self.theta = 0.0
        self.error = 0.0

    def step(self, p: float) -> float:
        """Return epsilon for this tick."""
        self.t += 1
        error = p - self.theta
        if self.t <= 2 or self.error * error < 0.0:
            self.k += 1
        self.error = error
        epsilon = self.a / (self.b + self.k)
        self.theta = (1.0 - epsilon) * self.theta + epsilon * p
        return epsilon


class OSA:
    """Optimal step-size adaptation (George and Powell 2006) with a regulariser, as in design section 3."""

    def __init__(self, nu_bar: float, regulariser: float) -> None:
        self.nu_bar = nu_bar
        self.regulariser = regulariser
        self.first = True
        self.nu = 1.0
        self.theta = 0.0
        self.bias = 0.0
        self.deviation = 0.0
        self.spread = 0.0

    def step(self, p: float) -> float:
        """Return epsilon for this tick."""
        r = self.regulariser
        e = p - self.theta
        self.nu = self.nu / (1.0 + self.nu - self.nu_bar)
        self.bias = (1.0 - self.nu) * self.bias + self.nu * e
        self.deviation = (1.0 - self.nu) * self.deviation + self.nu * e**2
        variance = (self.deviation - self.bias**2) / (1.0 + self.spread)
        epsilon = 1.0 if self.first else 1.0 - (variance + r) / (self.deviation + r)
        self.first = False
        self.spread = (1.0 - epsilon) ** 2 * self.spread + epsilon**2
        self.theta = (1.0 - epsilon) * self.theta + epsilon * p
        return epsilon


Annealer = Scheduled | Kesten | OSA
