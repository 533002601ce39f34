"""An architecture of SANA-FE: tiles on a mesh, cores, and the units of a core's pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurochip.description.sanafe.attributes import Attributes, attributes_of, mapping, named_range, whole
from neurochip.errors import CapabilityError, DataError
from neurochip.files import Foreign, briefly
from neurochip.files.yaml_text import read_yaml

__all__ = ["Architecture", "Unit", "read_architecture"]

ROLES = ("axon_in", "synapse", "dendrite", "soma", "axon_out")


@dataclass(frozen=True)
class Unit:
    """One of a core's hardware units, or several alike: its role, name, how many, and attributes."""

    role: str
    name: str
    count: int
    attributes: Attributes

    @property
    def model(self) -> str:
        """What it computes."""
        return str(self.attributes.get("model", ""))


@dataclass(frozen=True)
class Architecture:
    """What an architecture says; tile t is at x = t // height, y = t % height, as here."""

    name: str
    width: int
    height: int
    tiles: int
    cores_per_tile: int
    chip: Attributes
    tile: Attributes
    core: Attributes
    units: Sequence[Unit]
    notes: tuple[str, ...]

    def of(self, role: str) -> list[Unit]:
        """Return the units of a role, in the order of the file."""
        return [unit for unit in self.units if unit.role == role]

    def unit(self, role: str, name: str, place: str) -> Unit:
        """Return a unit by its name, with its number or without; the first where no name is given."""
        known = self.of(role)
        base, _ = named_range(name, place)
        found = [unit for unit in known if unit.name == base] if name else known
        if not found:
            raise DataError(
                place,
                f"names {role} '{briefly(name, 40)}', and there is none; "
                f"there are {briefly(', '.join(unit.name for unit in known)) or 'no such units'}",
            )
        return found[0]


def read_architecture(path: Path | str) -> Architecture:
    """Return the architecture of a YAML file.

    Raises
    ------
    DataError
        When it is missing or says what cannot be.
    CapabilityError
        When tiles or cores are of different kinds.
    """
    file = Foreign(Path(path), "a SANA-FE architecture", "write it as SANA-FE's arch/README.md has it")
    tree = read_yaml(file)
    with file.guarded():
        top = mapping(tree, "architecture") if isinstance(tree, dict) else {}
        if "architecture" not in top:
            raise file.fault("has no 'architecture'")
        return _architecture(mapping(top["architecture"], "architecture"))


def _architecture(top: Mapping[str, object]) -> Architecture:
    notes: list[str] = []
    chip = attributes_of(top.get("attributes", ""), "architecture.attributes", ())
    topology = chip.get("topology", "mesh")
    if topology != "mesh":
        raise CapabilityError(
            "architecture.topology", f"is {briefly(repr(topology), 40)}; tiles stand on a mesh here"
        )
    tile, name, tiles = _one(top, "tile", "architecture")
    core, within, cores = _one(tile, "core", name)
    units: list[Unit] = []
    for role in ROLES:
        for k, unit in enumerate(_listed(core, role, within)):
            place = f"{within}.{role}[{k}]"
            held = mapping(unit, place)
            called, count = named_range(str(held.get("name", role)), place)
            units.append(Unit(role, called, count, attributes_of(held.get("attributes", ""), place, ())))
    for key in ("width", "height"):
        if key not in chip:
            raise DataError(f"architecture.{key}", "is missing; say how many tiles stand so")
    width, height = (whole(chip, key, 1, "architecture", least=1) for key in ("width", "height"))
    if tiles > width * height:
        raise DataError("architecture.tile", f"are {tiles}, and {width} × {height} have room")
    return Architecture(
        name=str(top.get("name", "chip")),
        width=width,
        height=height,
        tiles=tiles,
        cores_per_tile=cores,
        chip=chip,
        tile=attributes_of(tile.get("attributes", ""), name, ()),
        core=attributes_of(core.get("attributes", ""), within, ()),
        units=tuple(units),
        notes=tuple(notes),
    )


def _one(within: Mapping[str, object], key: str, place: str) -> tuple[Mapping[str, object], str, int]:
    """Return the one kind of tile or core, its place, and how many there are."""
    found = _listed(within, key, place)
    if len(found) != 1:
        raise CapabilityError(
            f"{place}.{key}",
            f"has {len(found)} kinds; all {key}s of a chip are alike here, so keep one",
        )
    held = mapping(found[0], f"{place}.{key}")
    name, count = named_range(str(held.get("name", key)), f"{place}.{key}")
    return held, f"{place}.{briefly(name, 40)}", count


def _listed(within: Mapping[str, object], key: str, place: str) -> list[object]:
    found = within.get(key, [])
    if not isinstance(found, list):
        raise DataError(f"{place}.{key}", "must be a list")
    return found
