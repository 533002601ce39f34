"""One flipped bit in each kind of file that is written and read again: ``python benchmarks/flipped_bits.py``.

Bits of small files of each kind are turned one at a time, up to ``--bits`` of them, drawn at random where there are
more. Each file must be refused in one sentence that names it; one that is read all the same must hold what it held.
The file as it was, which must be read, is the control. Prints a line for each kind.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from firmware_sim.codes import Refusal
from neurochip.errors import NeurochipError
from tests.fuzz.targets import TARGETS


class Kind(NamedTuple):
    """A kind of file: its name, the good file, and what is read of it, to compare."""

    name: str
    path: Path
    read: Callable[[Path], Any]


def _of_target(name: str, folder: Path, seed: int = 0) -> Kind:
    target = TARGETS[name]
    place = folder / name
    place.mkdir()
    path = place / target.name
    path.write_bytes(target.seeds()[seed])
    return Kind(name, path, target.read)


def _image(folder: Path) -> Kind:
    from firmware_sim.image import read_image
    from firmware_sim.through import first_image
    from neurochip.description import read_run
    from neurochip.runs.building import build

    spec = read_run("mnist-small", ["network.layers=[784, 2, 10]"])
    path = folder / "image"
    path.write_bytes(first_image(spec, build(spec)))
    return Kind("image of a chip", path, lambda place: read_image(memoryview(place.read_bytes()), None, None))


def _store(folder: Path) -> Kind:
    from neurochip.sweep.store import FILE, Store
    from tests.fuzz.stores import sweep_folder

    sweep_folder(folder / "sweep")
    seal = folder / "sweep" / f"{FILE}.checksum"
    whole = seal.read_bytes()

    def read(path: Path) -> Any:
        seal.write_bytes(whole)
        with Store.open(path.parent) as store:
            return store.definition(), store.events(), list(store.entries())

    return Kind("store of points", folder / "sweep" / FILE, read)


def _own(folder: Path, name: str) -> Kind:
    from neurochip.data import DataSpec, load

    made = _of_target(name, folder)
    source = load(DataSpec(file=str(made.path))).source
    if source is None:
        raise RuntimeError("samples of one's own know where they are from")
    spec = DataSpec(file=str(made.path), digest=source.digest)

    return Kind(f"data file, {made.path.suffix}", made.path, lambda _: load(spec).source)


def _mnist(folder: Path) -> Kind:
    import hashlib

    from neurochip.data.idx import idx_bytes, read_idx

    whole = idx_bytes(np.arange(784, dtype=np.uint8).reshape(1, 28, 28))
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(whole)
    known = hashlib.sha256(whole).hexdigest()
    return Kind("data file, IDX", path, lambda place: read_idx(place, sha256=known))


def turned(kind: Kind, most: int, rng: random.Random) -> tuple[int, int, int, list[str]]:
    """Return how many bits were turned, refused by name, and read as they were; and what else came of any."""
    whole = kind.path.read_bytes()
    kind.read(kind.path)  # the control
    bits = 8 * len(whole)
    chosen = range(bits) if bits <= most else sorted(rng.sample(range(bits), most))
    refused = same = 0
    wrong: list[str] = []
    expected = repr(kind.read(kind.path))
    for bit in chosen:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        kind.path.write_bytes(damaged)
        try:
            if repr(kind.read(kind.path)) == expected:
                same += 1
            else:
                wrong.append(f"bit {bit} is taken in")
        except Refusal as error:  # an image comes over a wire, and has no name there
            refused += bool(error.about)
        except NeurochipError as error:
            is_named = str(kind.path) in str(error)
            refused += is_named
            if not is_named:
                wrong.append(f"bit {bit}: {error}")
        except Exception as error:
            wrong.append(f"bit {bit}: {type(error).__name__}: {error}")
    kind.path.write_bytes(whole)
    kind.read(kind.path)
    return len(chosen), refused, same, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bits", type=int, default=20_000, help="at most so many of each kind")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    is_wrong = False
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as room:
        folder = Path(room)
        kinds = [
            *(lambda name=name: _of_target(name, folder) for name in ("checkpoint", "die", "state", "part")),
            lambda: _image(folder),
            lambda: _store(folder),
            *(lambda name=name: _own(folder, name) for name in ("table", "samples", "HDF5 samples")),
            lambda: _mnist(folder),
        ]
        for make in kinds:
            kind = make()
            count, refused, same, wrong = turned(kind, given.bits, random.Random(given.seed))
            of = 8 * kind.path.stat().st_size
            print(f"{kind.name:18} {count:7} bits of {of:7}: {refused:7} refused by name, {same} read as they were, "
                  f"{len(wrong)} otherwise", *wrong[:3], sep="\n  ", flush=True)  # fmt: skip
            is_wrong |= bool(wrong)
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
