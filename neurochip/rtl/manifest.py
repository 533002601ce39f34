"""rtl.json, the manifest of an exported chip: which cores it has, and what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypedDict

from msgspec import Meta

from neurochip.errors import DataError
from neurochip.files import Foreign, converted, read_json

__all__ = ["FORMAT", "MANIFEST", "RUN", "CoreEntry", "Exported", "exported_file", "read_manifest"]

MANIFEST, RUN = "rtl.json", "run.toml"
FORMAT = 4

_MOST = 1 << 24
_Count = Annotated[int, Meta(ge=1, le=_MOST)]
_Text = Annotated[str, Meta(max_length=200)]


class CoreEntry(TypedDict):
    """A core of chip.v: the population that it is part of, from which neuron on, and its sizes."""

    population: _Text
    first: Annotated[int, Meta(ge=0, le=_MOST)]
    neurons: _Count
    axons: _Count


class Exported(TypedDict):
    """What stands in rtl.json.

    ``ticks`` are those of all ``samples``, ``recorded`` the lines of vectors.txt, ``meshed``: whether a mesh joins the
    cores.
    """

    format: int
    run: _Text
    lanes: Annotated[int, Meta(ge=1, le=32)]
    samples: _Count
    ticks: _Count
    recorded: Annotated[int, Meta(ge=1)]
    meshed: bool
    cores: Annotated[list[CoreEntry], Meta(min_length=1, max_length=65536)]


def exported_file(path: Path) -> Foreign:
    """Return a file of an exported chip as the door knows it."""
    return Foreign(path, "part of an exported chip", "export it again")


def read_manifest(folder: Path) -> Exported:
    """Return the manifest of an exported chip.

    Raises
    ------
    DataError
        When the folder has none, or one of another format or with fields of other kinds.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(str(folder), f"has no {MANIFEST}; name a folder of neurochip export --rtl")
    file = exported_file(path)
    raw: object = read_json(file)
    if isinstance(raw, dict) and raw.get("format") != FORMAT:
        raise file.fault(
            f"must be {FORMAT} in a chip of this version, got {str(raw.get('format'))[:20]}", "format"
        )
    manifest: Exported = converted(raw, file, Exported)
    return manifest
