"""A tiny MNIST: files of the official names with a few random digits, their sums in place of the official."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from neurochip.data.idx import idx_bytes
from neurochip.data.mnist import FILES, OfficialFile


@dataclass(frozen=True)
class TinyMnist:
    folder: Path
    plain: dict[str, bytes]
    packed: dict[str, bytes]


@pytest.fixture
def tiny_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMnist:
    rng = np.random.default_rng(1)
    folder = tmp_path / "official"
    folder.mkdir()
    plain, packed = {}, {}
    for split, per_class in (("train", 6), ("test", 4)):
        labels = rng.permutation(np.repeat(np.arange(10, dtype=np.uint8), per_class))
        images = rng.integers(0, 256, size=(len(labels), 28, 28), dtype=np.uint8)
        for part, values in (("images", images), ("labels", labels)):
            name = FILES[f"{split}_{part}"].name
            plain[name] = idx_bytes(values)
            packed[f"{name}.gz"] = gzip.compress(plain[name], mtime=0)
            (folder / f"{name}.gz").write_bytes(packed[f"{name}.gz"])
            tiny = OfficialFile(
                name,
                values.shape,
                hashlib.sha256(plain[name]).hexdigest(),
                hashlib.sha256(packed[f"{name}.gz"]).hexdigest(),
                len(packed[f"{name}.gz"]),
            )
            monkeypatch.setitem(FILES, f"{split}_{part}", tiny)
    return TinyMnist(folder, plain, packed)
