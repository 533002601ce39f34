"""What a device must have in common with its host: everything of a run that is the chip's, as one hash."""

from __future__ import annotations

import hashlib
import json

from neurochip.description import RunSpec
from neurochip.runs.building import Built, digest_of

__all__ = ["chip_digest"]

# Sections that only the host needs; of learning, the chip needs to know what its cores keep.
_HOSTS = ("name", "about", "experiment", "data", "phases", "evaluation", "record", "baseline", "convergence")
_KEPT = ("pre", "trace")


def chip_digest(spec: RunSpec, built: Built) -> str:
    """Return 16 bytes, in hexadecimal, that tell this chip, and all that decides its numbers, from any other."""
    table = {key: value for key, value in spec.to_dict().items() if key not in _HOSTS}
    learning = table.pop("learning", None) or {}
    content = [digest_of(built), table, {key: learning.get(key) for key in _KEPT}]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
