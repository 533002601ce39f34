"""How well numbers were learnt: deviations, R² and points for a picture; and how well each head of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from neurochip.report.schema import HeadsTable, HeadTable, RegressionOutputTable, RegressionTable
from neurochip.training.head_results import all_right, head_results
from neurochip.training.record import Answers

__all__ = ["heads_table", "regression_table"]

_MOST_POINTS = 1000  # of each output in the picture


def regression_table(answers: Answers) -> RegressionTable:
    """Return what stands in the report under ``regression``, where targets are numbers alone."""
    whole = float(np.sqrt(np.mean((answers.said - answers.true) ** 2)))
    return {"rms": whole, "outputs": _outputs(answers.heads.targets, answers.true, answers.said)}


def heads_table(answers: Answers) -> HeadsTable:
    """Return what stands in the report under ``heads``, where labels are learnt, or several heads."""
    each = []
    results = head_results(answers.heads, answers.true, answers.said)
    for (head, at), found in zip(answers.heads.by_columns(), results, strict=True):
        table = found.to_json()
        if head.kind == "numbers":
            table["regression"] = _outputs(head.names, answers.true[:, at], answers.said[:, at])
        each.append(table)
    exact = all_right(answers.heads, answers.true, answers.said)
    return {"exact": exact, "each": cast("list[HeadTable]", each)}


def _outputs(
    names: Sequence[str], all_true: NDArray[np.float64], all_said: NDArray[np.float64]
) -> list[RegressionOutputTable]:
    outputs = []
    step = -(-len(all_true) // _MOST_POINTS)
    for k, name in enumerate(names):
        true, said = all_true[:, k], all_said[:, k]
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
    return cast("list[RegressionOutputTable]", outputs)
