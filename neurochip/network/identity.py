"""What tells one network from another, as plain values."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from neurochip.network.network import Network
from neurochip.network.population import Population

__all__ = ["described"]


def described(network: Network) -> dict[str, Any]:
    """Return a network as JSON values; of an array its hash stands there."""
    plain: dict[str, Any] = _plain(network)
    return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, Population) and not value.bias:
            del fields["bias"]  # networks were told apart before there was one
        kind = getattr(value, "kind", None)
        return fields if kind is None else {"kind": kind, **fields}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        content = hashlib.blake2b(np.ascontiguousarray(value).tobytes(), digest_size=16).hexdigest()
        return [str(value.dtype), list(value.shape), content]
    return value.item() if isinstance(value, np.generic) else value
