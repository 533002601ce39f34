"""The weight change of design section 3 on plain lists, one synapse and one sample at a time.

``minus`` and ``plus`` are states [layer][sample][unit] at the ends of the two phases that are compared;
``span`` is beta for a free and a nudged phase, and the difference of the two betas (2 beta) for a centred
pair.
"""

from __future__ import annotations

from tests.oracle.coders import PredictiveDecoder, Schedule
from tests.oracle.neuron import rho

Matrix = list[list[float]]


def tied_change(
    minus: list[Matrix], plus: list[Matrix], k: int, *, rate: float, span: float, product: str = "linear"
) -> Matrix:
    """Return the change [pre][post] of the tied projection from layer k to k + 1.

    ``product="linear"``: rho(pre-) (post+ - post-) + (pre+ - pre-) rho(post-), only the first term from the
    clamped input; ``"full"``: rho(pre+) rho(post+) - rho(pre-) rho(post-).
    """
    batch = len(minus[0])
    change = [[0.0] * len(minus[k + 1][0]) for _ in minus[k][0]]
    for sample in range(batch):
        pre0, pre1 = minus[k][sample], plus[k][sample]
        post0, post1 = minus[k + 1][sample], plus[k + 1][sample]
        for i in range(len(pre0)):
            for j in range(len(post0)):
                if product == "full":
                    term = rho(pre1[i]) * rho(post1[j]) - rho(pre0[i]) * rho(post0[j])
                else:
                    term = rho(pre0[i]) * (post1[j] - post0[j])
                    if k > 0:
                        term += (pre1[i] - pre0[i]) * rho(post0[j])
                change[i][j] += term
    return [[rate / (span * batch) * c for c in row] for row in change]


def untied_change(pre: Matrix, post_minus: Matrix, post_plus: Matrix, *, rate: float, span: float) -> Matrix:
    """Return the change [pre][post] of one direction on its own: pre (post+ - post-).

    ``pre`` [sample][unit] is rho of the presynaptic state at the end of the minus phase, or what the
    receiving core made of the bits that it got (`trace` and `count`).
    """
    batch = len(pre)
    change = [[0.0] * len(post_minus[0]) for _ in pre[0]]
    for sample in range(batch):
        for i, value in enumerate(pre[sample]):
            for j in range(len(post_minus[sample])):
                change[i][j] += value * (post_plus[sample][j] - post_minus[sample][j])
    return [[rate / (span * batch) * c for c in row] for row in change]


def bias_change(minus: Matrix, plus: Matrix, *, rate: float, span: float) -> list[float]:
    """Return the change of one layer's biases: post+ - post-, from [sample][unit]."""
    batch = len(minus)
    total = [0.0] * len(minus[0])
    for before, after in zip(minus, plus, strict=True):
        for j in range(len(total)):
            total[j] += after[j] - before[j]
    return [rate / (span * batch) * t for t in total]


def trace(bits: list[int], lam: Schedule) -> float:
    """Return what a predictive decoder makes of the bits of one axon, up to the last one received."""
    decoder = PredictiveDecoder(lam)
    value = 0.0
    for bit in bits:
        value = decoder.value(float(bit))
    return value


def count(bits: list[int], first: int) -> float:
    """Return the mean of the bits of one axon received from tick ``first`` (from 1) on."""
    counted = bits[first - 1 :]
    return sum(counted) / len(counted)


def added(matrix: Matrix, change: Matrix) -> Matrix:
    """Return the sum of two matrices."""
    return [[a + b for a, b in zip(r, c, strict=True)] for r, c in zip(matrix, change, strict=True)]
