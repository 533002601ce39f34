"""How well numbers were learnt: deviations and R² of each output, and points for a picture."""

from __future__ import annotations

from typing import cast

import numpy as np

from neurochip.report.schema import RegressionOutputTable, RegressionTable
from neurochip.training.record import Answers

__all__ = ["regression_table"]

_MOST_POINTS = 1000  # of each output in the picture


def regression_table(answers: Answers) -> RegressionTable:
    """Return what stands in the report under ``regression``."""
    outputs = []
    step = -(-len(answers.true) // _MOST_POINTS)
    for k, name in enumerate(answers.names):
        true, said = answers.true[:, k], answers.said[:, k]
        squared, variance = float(np.mean((said - true) ** 2)), float(np.var(true))
        outputs.append(
            {
                "name": name,
                "mean_squared": squared,
                "rms": float(np.sqrt(squared)),
                "r2": 1.0 - squared / variance if variance > 0 else None,
                "true": [float(v) for v in true[::step]],
                "said": [float(v) for v in said[::step]],
            }
        )
    whole = float(np.sqrt(np.mean((answers.said - answers.true) ** 2)))
    return {"rms": whole, "outputs": cast("list[RegressionOutputTable]", outputs)}
