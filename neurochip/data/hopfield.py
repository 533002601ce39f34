"""What a modern Hopfield network retrieves from a sequence, as inputs of a fixed number.

One step of its dynamics is ξ' = softmax(β ξ Kᵀ) V (Ramsauer et al. 2021, eqs. 3 and 10): a query ξ is held against the
keys K of all places, and what stands there, V, is added up by the likeness. With V = K a pattern is completed; with V a
code of the place the network says where something stands. β = 0 weighs all places alike, and order is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import DataError

__all__ = ["hopfield_readout"]

Array = NDArray[np.number]


def hopfield_readout(keys: Array, queries: Array, values: Array | None = None, *, beta: float) -> Array:
    """Return what each query retrieves from each sequence, f32[sample, query × code].

    Parameters
    ----------
    keys
        What stands at each place, [sample, place, feature].
    queries
        [query, feature], the same for all sequences.
    values
        [place, code] or [sample, place, code]; `None`: the keys.
    beta
        How sharply the likeliest place is preferred; 0: not at all.

    Raises
    ------
    DataError
        Where shapes do not fit, something is no finite number, or β is negative.
    """
    keys, queries = _finite(keys, "keys"), _finite(queries, "queries")
    values = keys if values is None else _finite(values, "values")
    if not 0 <= beta < np.inf:
        raise DataError("beta", f"must be ≥ 0 and finite, got {beta}")
    if keys.ndim != 3 or queries.ndim != 2 or queries.shape[1] != keys.shape[2]:
        raise DataError(
            "queries",
            f"must be [query, feature] for keys [sample, place, feature], got {queries.shape} and {keys.shape}",
        )
    if not keys.shape[1]:
        raise DataError("keys", "must have at least one place")
    is_own = values.ndim == 3 and values.shape[:2] == keys.shape[:2]
    if not is_own and (values.ndim != 2 or len(values) != keys.shape[1]):
        raise DataError("values", f"must have one row for each of {keys.shape[1]} places, got {values.shape}")
    likeness = beta * np.einsum("qf,spf->sqp", queries, keys)
    weights = np.exp(likeness - likeness.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    found: Array = (weights @ values).astype(np.float32)
    return found.reshape(len(keys), found.shape[1] * found.shape[2])


def _finite(given: Array, name: str) -> NDArray[np.float64]:
    found = np.asarray(given)
    if found.dtype.kind not in "buif" or not np.all(np.isfinite(found)):
        raise DataError(name, "must hold finite numbers")
    return found.astype(np.float64)
