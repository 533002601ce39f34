"""Annealers by name and opcode: the position in `ANNEALERS` is the opcode, the branch stands below."""

from __future__ import annotations

from typing import Any

from neurochip.elements.annealers.kesten import Kesten, kesten
from neurochip.elements.annealers.osa import OSA, osa_step, osa_variance
from neurochip.elements.schedules import Constant, PowerLaw
from neurochip.kernels._jit import separate_kernel

__all__ = ["ANNEALERS", "Annealer", "anneal"]

Annealer = Constant | PowerLaw | Kesten | OSA

ANNEALERS: dict[str, type[Annealer]] = {
    "constant": Constant,  # 0
    "power-law": PowerLaw,  # 1
    "kesten": Kesten,  # 2
    "osa": OSA,  # 3
}


@separate_kernel
def anneal(
    opcode: int,
    first: Any,
    last: Any,
    pressure: Any,
    tick: int,
    rate: Any,
    a: Any,
    b: Any,
    z0: Any,
    z1: Any,
    z2: Any,
    z3: Any,
    sizes: Any,
) -> None:
    """Run the annealer of that opcode for one tick on slots ``first`` … ``last`` − 1.

    ``rate`` is ε_t of a schedule, or ν_t of OSA; ``a``, ``b`` are the Spec's constants (Kesten: a, b;
    OSA: r, unused); ``z0 … z3`` its state, T[slot] each; ``sizes`` receives ε.
    """
    one = sizes.dtype.type(1)
    zero = sizes.dtype.type(0)
    if opcode == 0 or opcode == 1:
        for j in range(first, last):
            sizes[j] = rate
    elif opcode == 2:
        for j in range(first, last):
            sizes[j], z0[j], z1[j], z2[j] = kesten(pressure[j], tick, a, b, z0[j], z1[j], z2[j], zero, one)
    elif opcode == 3:
        forget = one - rate
        for j in range(first, last):
            z1[j], z2[j], sizes[j] = osa_variance(pressure[j], rate, forget, z0[j], z1[j], z2[j], z3[j], one)
        if tick == 1:
            for j in range(first, last):
                sizes[j], z0[j], z3[j] = osa_step(pressure[j], True, sizes[j], z2[j], a, z0[j], z3[j], one)
        else:
            for j in range(first, last):
                sizes[j], z0[j], z3[j] = osa_step(pressure[j], False, sizes[j], z2[j], a, z0[j], z3[j], one)
