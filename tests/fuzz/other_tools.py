"""Files of other tools, fuzzed: NIR, SANA-FE, PyTorch's weights, networks that were made of them, liberty."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

from tests.fuzz.written import CASES, cases, written
from tests.unit.rtl.test_energy_of_gates import liberty as five_cells

__all__ = [
    "graphs",
    "liberty",
    "network_files",
    "read_architecture",
    "read_cells",
    "read_network",
    "read_nir",
    "read_sanafe",
    "read_state_dict",
    "sanafe",
    "state_dicts",
]

SANAFE = Path(__file__).parents[1] / "golden" / "sanafe_files"


def graphs() -> list[bytes]:
    """Return NIR graphs, whole ones first."""
    from neurochip.description.nir.export import nir_bytes

    good = nir_bytes(_network())
    return [good] * 5 + cases("nir_*.nir.xz")


def _network() -> Any:
    from neurochip.description.nir import graph

    path = CASES / "nir_007.nir.xz"
    found: list[Any] = []

    def read(copy: Path) -> None:
        copy.write_bytes(lzma.decompress(path.read_bytes()))
        found.append(graph.read_nir(copy, dt=1e-3))

    written(read)
    return found[0]


def network_files() -> list[bytes]:
    from neurochip.description.spiking_file import spiking_bytes

    return [spiking_bytes(_network())] * 5 + cases("net_*.npz")


def read_network(path: Path) -> Any:
    from neurochip.cores.raster_file import load_arrays
    from neurochip.description.spiking_file import read_spiking, spiking_bytes

    return spiking_bytes(read_spiking(path, load_arrays(path)))


def read_nir(path: Path) -> Any:
    from neurochip.description.nir import graph
    from neurochip.description.nir.export import nir_bytes
    from neurochip.description.spiking_file import spiking_bytes

    network = graph.read_nir(path, dt=1e-3)
    return spiking_bytes(network), nir_bytes(network)


def sanafe(name: str) -> list[bytes]:
    return [(SANAFE / name).read_bytes()]


def read_sanafe(path: Path) -> Any:
    from neurochip.description.sanafe.importing import import_sanafe
    from neurochip.description.spiking_file import spiking_bytes

    return spiking_bytes(import_sanafe(path, SANAFE / "arch.yaml").network)


def read_architecture(path: Path) -> Any:
    from neurochip.description.sanafe.chip import import_chip

    return import_chip(path, "14 nm")


def state_dicts() -> list[bytes]:
    folder = Path(__file__).parents[1] / "golden" / "state_dicts"
    return [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))]


def read_state_dict(path: Path) -> Any:
    from neurochip.description.spiking_file import spiking_bytes
    from neurochip.description.state_dict import import_state_dict

    return spiking_bytes(import_state_dict(path)[0])


def liberty() -> list[bytes]:
    return [five_cells().encode()]


def read_cells(path: Path) -> Any:
    from neurochip.rtl.liberty import read_liberty

    return read_liberty(path).cells
