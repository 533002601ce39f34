"""Makes `nir_paper/`: task 1 of the NIR paper, one neuron on many back ends, from a checkout of neuromorphs/NIR.

    python tests/golden/make_nir_paper.py NIR/paper/01_lif

``x`` bits[step] shown; of each back end ``NAME.v`` f32[step] and ``NAME.s`` bits[step], as its file has them.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "nir_paper"
BACK_ENDS = (
    "norse",
    "lava_cpu_float",
    "snntorch",
    "nengo",
    "spinnaker2",
    "spyx",
    "exact",
    "rockpool",
    "sinabs",
)


def main(source: Path) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in ("lif_norse.nir", "lif_rockpool.nir"):
        (FOLDER / f"{name}.xz").write_bytes(lzma.compress((source / name).read_bytes(), preset=9))
    held: dict[str, Any] = {}
    for name in BACK_ENDS:
        table = np.genfromtxt(source / f"lif_{name}.csv", delimiter=",")
        held |= {f"{name}.v": table[:, 1].astype("f4"), f"{name}.s": np.packbits(table[:, 2] > 0)}
        if name == "norse":
            held["x"] = np.packbits(table[:, 0] > 0)
    np.savez_compressed(FOLDER / "lif.npz", **held)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
