"""State dicts as files."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

NAMES = {"f4": "F32", "f8": "F64", "f2": "F16", "i8": "I64", "u1": "U8", "b1": "BOOL"}


def safetensors_of(arrays: dict[str, Any], **changes: Any) -> bytes:
    """Write arrays as the library does, by name; ``changes`` are of the header."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, values in sorted(arrays.items()):
        data = np.ascontiguousarray(values).tobytes()
        kind = NAMES[np.asarray(values).dtype.str[1:]]
        header[name] = {
            "dtype": kind, "shape": list(np.shape(values)), "data_offsets": [len(body), len(body) + len(data)],
        }  # fmt: skip
        body += data
    header |= changes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body
