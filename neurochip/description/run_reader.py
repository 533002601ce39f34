"""Run files: TOML and ``--set`` overrides → `RunSpec` → the fully resolved TOML again."""

from __future__ import annotations

import copy
import dataclasses
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_origin

from neurochip.data import Dataset
from neurochip.description.catalogue import find_text, is_path
from neurochip.description.chip_changes import PREFIX, change_type, merged, taken_out, without_unused
from neurochip.description.elements import element_keys
from neurochip.description.graph_keys import entry_hint, is_of_entry, place_in_file, table_of
from neurochip.description.run import RunSpec
from neurochip.description.run_data import bound, section_of
from neurochip.description.run_sections import ELEMENTS, CodingSpec
from neurochip.description.toml_writer import write_toml
from neurochip.elements.element import Family
from neurochip.elements.neurons.table import NEURONS
from neurochip.errors import ConfigError
from neurochip.files import parse_toml
from neurochip.keys.live import without_overridden
from neurochip.keys.reading import Table, field_types, renamed_keys, unknown_key
from neurochip.keys.tree import bare_type

__all__ = ["anchor_files", "apply_overrides", "key_type", "read_run", "run_to_toml"]


def read_run(
    name_or_path: str | os.PathLike[str],
    overrides: Iterable[str] = (),
    *,
    samples: Dataset | None = None,
    timing: str | None = None,
) -> RunSpec:
    """Return a run of the catalogue or of a TOML file, with overrides applied and everything checked.

    Parameters
    ----------
    name_or_path
        E.g. ``mnist-small``, or a file named with its ``.toml``.
    overrides
        ``key.path=value`` each; later ones win. ``key.path=`` takes a key out, as if the run did not name it.
    samples
        They take the place of those that the run names; keys of ``[data]`` then cannot be overridden.
    timing
        Model of time of a replay or a trace, which stands for that of a digital run.

    Returns
    -------
    RunSpec
        With every default filled in.

    Raises
    ------
    ConfigError
        At the first key that is unknown or says what cannot be; the place names the file or the override.
    DataError
        For data of one's own that are missing, damaged, or others than the run was made with.
    """
    overrides = list(overrides)
    text, source = find_text("runs", name_or_path)
    table = parse_toml(text, source)
    if is_path(name_or_path):
        anchor_files(table, Path(name_or_path).parent)
    if timing is not None and apply_overrides(table, overrides).get("substrate", "digital") == "digital":
        overrides.append(f"timing={timing}")
    named = [_split(override)[0] for override in overrides]
    table = without_overridden(RunSpec, table, apply_overrides(table, overrides), named)
    if "timing" in named:
        table = without_unused(table, named)
    table.setdefault("name", Path(source).name.removesuffix(".toml"))
    anchor_files(table, Path.cwd())  # one that an override named
    if samples is not None:
        table["data"] = _section_of(samples, named)
    try:
        run = bound(RunSpec.from_dict(table), samples)
        chip = run.specification
        if run.substrate == "digital":
            run.check_chip(chip)
    except ConfigError as error:
        raise _blame(error, source, {path: place_in_file(table, path) for path in named}) from None
    return run


def _section_of(samples: Dataset, named: list[str]) -> Table:
    for path in named:
        if path.startswith("data."):
            raise ConfigError(
                f"--set {path}", "cannot be set where samples are given; make them so, or leave it out"
            )
    return section_of(samples).to_table()


def run_to_toml(run: RunSpec) -> str:
    """Write a run out, every default included, so that reading it gives an equal run.

    Parameters
    ----------
    run
        Fully resolved.

    Returns
    -------
    str
        TOML.

    Raises
    ------
    TypeError
        For an element made in Python with a value that TOML has no form for.
    """
    return write_toml(run.to_dict())


def anchor_files(table: Table, folder: Path) -> None:
    """Make the files that a run names absolute, by a folder: they stay found when the resolved run is moved."""
    chip = table.get("chip")
    if isinstance(chip, str) and is_path(chip) and not Path(chip).is_absolute():
        table["chip"] = str((folder / chip).resolve())
    analog = table.get("analog")
    cells = analog.get("cells") if isinstance(analog, dict) else None
    if (
        isinstance(analog, dict)
        and isinstance(cells, str)
        and is_path(cells)
        and not Path(cells).is_absolute()
    ):
        analog["cells"] = str((folder / cells).resolve())
    location = analog.get("location") if isinstance(analog, dict) else None
    for section, keys in (
        (analog, ("vector_field", "die_file")),
        (location, ("floorplan",)),
        (table.get("data"), ("file",)),
    ):
        for key in keys:
            path = section.get(key) if isinstance(section, dict) else None
            if isinstance(path, str) and path and isinstance(section, dict) and not Path(path).is_absolute():
                section[key] = str((folder / path).resolve())


def _blame(error: ConfigError, source: str, overridden: dict[str, str]) -> ConfigError:
    """Say whether the file or an override is wrong; a place inside another file stays as it is.

    ``overridden`` has the key of each override, and where it stands.
    """
    place = error.place
    if ".toml" in place:
        return error
    for path, stands in overridden.items():
        if place == stands or place.startswith((f"{stands}.", f"{stands}[")):
            return ConfigError(f"--set {path}{place.removeprefix(stands)}", error.problem)
        if stands.startswith(f"{place}."):  # of a section that nothing else may have asked for
            return ConfigError(f"--set {path}", error.problem)
    return ConfigError(f"{source}: {place}", error.problem)


def _split(override: str) -> tuple[str, str]:
    path, equals, raw = override.partition("=")
    if not equals or not path.strip():
        raise ConfigError(f"--set {override}", "must have the form key.path=value")
    return path.strip(), raw.strip()


# Naming other data → what was said of those before.
_OF_A_FILE = ("file", "task", "kinds", "inputs", "leave_out", "target", "scaling", "test_share", "split_seed")
_REPLACED = {"data.file": ("set", "given", "digest"), "data.set": (*_OF_A_FILE, "given", "digest")}


def apply_overrides(table: Table, overrides: Iterable[str]) -> Table:
    """Return a copy of a run's tables with ``key.path=value`` strings written into it.

    A value is read as TOML (``0.3``, ``true``, ``[784, 10]``, ``{ kind = "osa" }``); where that fails, or a
    string is wanted, it is the bare string (``chip=loihi``). Naming an element's kind starts it afresh. Without a
    value (``coding.encoder=``) the key is taken out, and whatever stands below it.
    """
    changes, overrides = taken_out(overrides)
    table, split = copy.deepcopy(table), [_split(override) for override in overrides]
    if any(path == "chip" for path, _ in split):
        table.pop("chip_changes", None)  # they were of another chip
    if changes:
        table["chip_changes"] = list(merged(table.get("chip_changes", ()), changes))
    section = table.get("data")
    for path, gone in _REPLACED.items():
        if isinstance(section, dict) and any(path == key and raw for key, raw in split):
            table["data"] = section = {key: value for key, value in section.items() if key not in gone}
    split.sort(key=lambda one: is_of_entry(one[0].split(".")))  # tables of a list, once the list stands
    for path, raw in split:
        keys = path.split(".")
        hint = _walk_schema(keys)
        target = table
        if is_of_entry(keys):
            target, keys = table_of(table, keys)
        if not raw:
            _take_out(target, keys)
            continue
        for key in keys[:-1]:
            below = target.get(key)
            if (key in ELEMENTS or key in ("neuron", "connectivity")) and isinstance(below, str):
                below = {"kind": below}
            elif keys[0] == "faults" and isinstance(below, int | float):
                below = {"rate": below}
            target[key] = dict(below) if isinstance(below, dict) else {}
            target = target[key]
        if keys[-1] == "kind":
            target.clear()  # the parameters of another kind mean nothing to this one
        target[keys[-1]] = _override_value(raw, hint)
    return table


def _take_out(table: Table, keys: Sequence[str]) -> None:
    """Remove a key, and what an element's kind brought with it; where there is no such key nothing changes."""
    for key in keys[:-1]:
        below = table.get(key)
        if not isinstance(below, dict):  # an element by its name alone, or nothing
            if keys[-1] == "kind" and isinstance(below, str):
                del table[key]
            return
        table = below
    if keys[-1] == "kind":
        table.clear()
    table.pop(keys[-1], None)


def key_type(path: str) -> object:
    """Return the annotation of a dotted key of a run, `Any` where it depends on an element's kind; refuse others.

    ``chip.core.neurons`` is a key of the run's chip.
    """
    if path.startswith(PREFIX):
        try:
            return change_type(path.removeprefix(PREFIX))
        except ConfigError as error:
            raise ConfigError(f"--set {error.place}", error.problem) from None
    return _walk_schema(path.split("."))


def _walk_schema(keys: list[str]) -> Any:
    """Return the annotation at the end of a path; refuse a key that the schema does not have."""
    hint: Any = RunSpec
    if is_of_entry(keys):
        hint = entry_hint(keys)
        if not isinstance(hint, tuple):
            return hint
        hint, last = hint  # a family of elements
        return _key_of(hint, last, f"--set {'.'.join(keys)}")
    for depth, key in enumerate(keys):
        place = "--set " + ".".join(keys[: depth + 1])
        if hint is RunSpec and key == "neuron":
            hint = NEURONS
        elif hint is CodingSpec and key in ELEMENTS:
            hint = ELEMENTS[key][0]
        elif isinstance(hint, Family):
            hint = _key_of(hint, key, place)
        elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
            fields = field_types(hint)
            if key not in fields:
                raise ConfigError(place, unknown_key(key, fields, renamed_keys(hint)))
            hint = bare_type(fields[key])
        elif hint is not Any:
            raise ConfigError(place, f"unknown key; {'.'.join(keys[:depth])} is a value, not a table")
    return hint


def _key_of(family: Family, key: str, place: str) -> object:
    """Return the type of a key of a family of elements: its keys depend on the kind, which may yet change."""
    known = sorted(element_keys(family))
    if key not in known:
        raise ConfigError(place, unknown_key(key, known))
    return str if key == "kind" else Any


# TOML wants digits on both sides of a point; a command line often has them on one: [.2, -.1], 1.
_BARE_POINT = re.compile(r"(?<![\w.])\.(?=\d)|(?<=\d)\.(?![\w.])")


def _as_toml(raw: str) -> Table | None:
    """Return the table ``value = …`` of what stands after the equals sign; `None` where it is no TOML."""
    texts = [raw]
    if '"' not in raw and "'" not in raw:
        texts.append(_BARE_POINT.sub(lambda m: "0." if raw[m.end() : m.end() + 1].isdigit() else ".0", raw))
    for text in texts:
        try:
            return parse_toml(f"value = {text}", "--set")
        except ConfigError:
            continue
    return None


def _override_value(raw: str, hint: object) -> object:
    wants_text = hint is str or get_origin(hint) is Literal or isinstance(hint, Family)
    table = _as_toml(raw)
    if table is None:
        return raw
    value = table["value"]
    if len(table) > 1 or (wants_text and not isinstance(value, str | dict)):
        return raw
    return value
