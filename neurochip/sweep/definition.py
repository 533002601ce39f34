"""The sweep itself: one run, what is varied in it, how the network comes onto the chip, and how often."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurochip.description import RunSpec, bound
from neurochip.description.chip_changes import PREFIX, why_unused_of, without_unused
from neurochip.description.run_reader import anchor_files, apply_overrides
from neurochip.description.varied import check_keys
from neurochip.errors import CapabilityError, ConfigError
from neurochip.keys.live import refuse_dead_varied, without_dead
from neurochip.keys.reading import Table, describe, did_you_mean
from neurochip.keys.tree import known_key
from neurochip.machine import check_repeated
from neurochip.sweep.dies import DIE_FILE, is_about_dies, why_no_dies, without_dies
from neurochip.sweep.nominal import nominal_values
from neurochip.sweep.space import Axis, grid_size

__all__ = ["Definition", "Mode", "define", "parse_modes"]


class Mode(enum.StrEnum):
    """How a network comes onto the chip that a setting describes."""

    IDEAL = "ideal"  # trained and tested on the nominal chip: the reference
    DEPLOY = "deploy"  # trained on the nominal chip, tested on this one
    IN_LOOP = "in-loop"  # trained and tested on this one, from the same initial weights
    FINE_TUNE = "fine-tune"  # trained on the nominal chip, then for a few epochs on this one


DIES = "dies"  # the value of a key that says: each of the population in turn
_FIRST = 32  # dies that are measured at every value of the first key, where limits are sought between these


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A sweep, fully resolved.

    Attributes
    ----------
    run
        The run that is varied, every default written out.
    axes
        Varied keys; the first is the one that curves are drawn over.
    nominal
        Values of the varied keys on the chip that is trained on for ``deploy`` and ``fine-tune``, in their order.
    dies
        Dies 1 … n; 0 where the substrate has none.
    seeds
        Seeds of the run, of initial weights and order of samples: its own and the next.
    references
        Trainings of the ideal chip, of the same seeds and the next ones; their mean is what dies are compared with.
    adaptive
        Whether each die is measured where its limit is sought, rather than at the values of the first key alone.
    precision
        Half the width that the interval of the limit shall have, in values of the first key; `None` for what the dies
        give.
    fine_tune_epochs
        Epochs on the chip after the ideal ones.
    within
        A die is good when its error is at most this share above that of the ideal chip.
    wanted
        Share of dies that shall be good.
    folder
        Where files are that a value names by a relative path.
    measured
        Dies that were measured, by absolute path; their numbers follow on those that are drawn.
    """

    run: Table
    axes: tuple[Axis, ...]
    modes: tuple[Mode, ...]
    nominal: tuple[str, ...]
    dies: int = 0
    seeds: int = 1
    references: int = 1
    adaptive: bool = False
    precision: float | None = None
    fine_tune_epochs: int = 1
    within: float = 0.01
    wanted: float = 0.95
    folder: str = ""
    measured: tuple[str, ...] = ()

    @property
    def population(self) -> list[tuple[int, str | None]]:
        """Number of each die, and its file where it was measured; one without a number where there are no dies."""
        drawn: list[tuple[int, str | None]] = [(die, None) for die in range(1, self.dies + 1)]
        found = [*drawn, *enumerate(self.measured, start=self.dies + 1)]
        return found or [(0, None)]

    @property
    def points(self) -> int:
        """Settings × modes × dies × seeds; the ideal chip has one setting and no dies.

        What is measured beyond the values of the first key, where each die has its limit, is not in it, but for one
        measurement of each die that is measured nowhere else.
        """
        later = len(self.population) - len(self.first_dies)
        chips = grid_size(self.axes) * len(self.first_dies) * self.seeds
        chips += later * grid_size(self.axes[1:])
        ideal = Mode.IDEAL in self.modes
        return chips * (len(self.modes) - ideal) + ideal * self.references

    @property
    def first_dies(self) -> list[int]:
        """Numbers of the dies that are measured at every value.

        All, or where limits are sought some: the others are measured where these show that the limit of all may be.
        """
        numbers = [number for number, _ in self.population]
        return numbers[:_FIRST] if self.adaptive else numbers

    @property
    def most_tasks(self) -> int:
        """Return how many tasks can be at work at once, at the most: points, and the trainings that they begin from.

        Where limits are sought, values that nobody listed may be tried of each die.
        """
        return self.points + self.references + (len(self.population) * self.seeds if self.adaptive else 0)

    @property
    def reference_seeds(self) -> range:
        """Seeds of the trainings of the ideal chip."""
        first = int(self.run["seed"])
        return range(first, first + self.references)

    def table(self, values: Sequence[str], *, nominal: bool = False, die: str | None = None) -> Table:
        """Return the run with the varied keys set to these values, as tables.

        A key that has no effect there is left out. A value of "" leaves its key as the run has it. ``nominal`` leaves
        out whatever is drawn for a die and is not varied itself; ``die`` is one that was measured.
        """
        overrides = [
            f"{axis.key}={value}"
            for axis, value in zip(self.axes, values, strict=True)
            if value and value != DIES and not (nominal and is_about_dies(axis.key))
        ]
        table = apply_overrides(without_dies(self.run) if nominal else self.run, overrides)
        anchor_files(table, Path(self.folder))
        if die is not None:
            analog: Any = table.setdefault("analog", {})
            analog["die_file"] = die
        return without_unused(without_dead(RunSpec, table))

    def resolve(self, values: Sequence[str], *, nominal: bool = False, die: str | None = None) -> RunSpec:
        """Return the run with the varied keys set to these values; refuse what the run's own checks refuse."""
        try:
            run = bound(RunSpec.from_dict(self.table(values, nominal=nominal, die=die)))
            if run.substrate == "digital":
                run.check_chip(run.specification)
            else:
                run.specification  # noqa: B018 - what it says is checked by reading it
        except ConfigError as error:
            setting = ", ".join(
                f"{axis.key}={value}" for axis, value in zip(self.axes, values, strict=True) if value
            )
            raise ConfigError(
                f"--vary {setting}: {error.place.removeprefix('--set ')}", error.problem
            ) from None
        return run

    def to_json(self) -> dict[str, object]:
        """Return the definition as JSON values."""
        return {
            "run": self.run,
            "vary": [
                {
                    "key": axis.key,
                    "values": list(axis.values),
                    "logarithmic": axis.logarithmic,
                    "nominal": value,
                }
                for axis, value in zip(self.axes, self.nominal, strict=True)
            ],
            "modes": [mode.value for mode in self.modes],
            "dies": self.dies,
            "seeds": self.seeds,
            "references": self.references,
            "adaptive": self.adaptive,
            "precision": self.precision,
            "fine_tune_epochs": self.fine_tune_epochs,
            "within": self.within,
            "wanted": self.wanted,
            "folder": self.folder,
            "measured": list(self.measured),
        }

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Definition:
        """Return the definition that `to_json` wrote."""
        axes = [Axis(entry["key"], tuple(entry["values"]), entry["logarithmic"]) for entry in table["vary"]]
        return cls(
            run=table["run"],
            axes=tuple(axes),
            nominal=tuple(entry["nominal"] for entry in table["vary"]),
            modes=tuple(Mode(mode) for mode in table["modes"]),
            dies=table["dies"],
            seeds=table["seeds"],
            references=table["references"],
            adaptive=table["adaptive"],
            precision=table["precision"],
            fine_tune_epochs=table["fine_tune_epochs"],
            within=table["within"],
            wanted=table["wanted"],
            folder=table["folder"],
            measured=tuple(table["measured"]),
        )


def parse_modes(text: str) -> tuple[Mode, ...]:
    """Return the modes of a comma list, in the order of `Mode`."""
    known = [mode.value for mode in Mode]
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"; the modes are {', '.join(known)}"
            raise ConfigError("--modes", f"there is no mode {describe(name)}{hint}")
    return tuple(mode for mode in Mode if mode.value in names)


def define(
    run: RunSpec,
    axes: tuple[Axis, ...],
    *,
    modes: tuple[Mode, ...] | None,
    nominal: Sequence[str] = (),
    dies: int | None = None,
    measured: tuple[str, ...] = (),
    seeds: int | None = None,
    references: int | None = None,
    grid: bool = False,
    precision: float | None = None,
    fine_tune_epochs: int = 1,
    within: float = 0.01,
    wanted: float = 0.95,
) -> Definition:
    """Return the sweep over a run, with what was not said filled in and everything checked but the settings.

    Without ``modes``, all that have a meaning for the varied keys; without ``dies``, 30 where there are dies and none
    was ``measured``; without ``seeds``, 1 where there are dies and 5 where there are none; without ``references``, 8
    where there are dies and as many as seeds where there are none. With measured dies there need not be any axes: then
    the dies themselves are the only setting. The limit of each die is sought, unless a ``grid`` is asked for, dies were
    measured or there are none, or the values of the first key are no range.
    """
    if run.experiment != "train":
        raise ConfigError("experiment", f'must be "train" to be swept, got "{run.experiment}"')
    table = run.to_dict()
    why = why_no_dies(table)
    check_keys([axis.key for axis in axes] or ([DIE_FILE] if measured else []))
    if any(axis.key == DIE_FILE and axis.values != (DIES,) for axis in axes):
        why = f"each value of {DIE_FILE} is one die"
    if not axes and measured:
        axes = (Axis(DIE_FILE, (DIES,)),)
    if why is not None and (dies is not None or measured):
        raise CapabilityError("--dies", f"{why}; repeat with --seeds")
    for axis in axes:
        if axis.key == "analog.die":
            raise ConfigError("--vary analog.die", "is what --dies counts; leave it out")
        if axis.key == "seed":
            raise ConfigError("--vary seed", "is what --seeds counts; leave it out")
    counts = (
        ("--dies", dies),
        ("--seeds", seeds),
        ("--references", references),
        ("--fine-tune-epochs", fine_tune_epochs),
    )
    for what, count in counts:
        if count is not None:
            check_repeated(count, what)
    if not 0 <= within < 1:
        raise ConfigError("--within", f"must be 0 to 100 points, got {100 * within:g}")
    if not 0 < wanted < 1:
        raise ConfigError("--yield", f"must lie between 0 and 100 %, got {100 * wanted:g}")
    for axis in axes:
        why_not = why_unused_of(axis.key, run.substrate, run.timing)
        if why_not is not None:
            raise ConfigError(f"--vary {axis.key}", why_not)
    refuse_dead_varied(
        RunSpec,
        {axis.key: axis.values for axis in axes},
        lambda chosen: apply_overrides(table, [f"{key}={value}" for key, value in chosen.items()]),
    )
    values = nominal_values(run, axes, nominal)
    has_dies = why is None
    may_seek = has_dies and not measured and bool(axes) and axes[0].is_continuous
    adaptive = may_seek and not grid and (seeds is None or seeds == 1)
    _check_precision(precision, axes, adaptive, grid)
    seeds = seeds if seeds is not None else 1 if has_dies else 5
    references = references if references is not None else max(seeds, 8 if has_dies else 1)
    if references < seeds:
        raise ConfigError("--references", f"must be at least as many as --seeds ({seeds}), got {references}")
    return Definition(
        run=table,
        axes=axes,
        modes=_fitting_modes(axes, modes, fixed=not run.faults.given()),
        nominal=values,
        dies=0 if not has_dies else dies if dies is not None else 0 if measured else 30,
        seeds=seeds,
        references=references,
        adaptive=adaptive,
        precision=precision,
        fine_tune_epochs=fine_tune_epochs,
        within=within,
        wanted=wanted,
        folder=str(Path.cwd()),
        measured=measured,
    )


def _check_precision(precision: float | None, axes: tuple[Axis, ...], adaptive: bool, grid: bool) -> None:
    if precision is None:
        return
    if not adaptive:
        why = (
            "a grid is as precise as its steps; leave --grid out"
            if grid
            else (
                "is for drawn dies and a first key that takes any number of a range; leave --seeds and words out"
            )
        )
        raise ConfigError("--precision", why)
    axis = axes[0]
    numbers = axis.numbers or ()
    width = max(numbers) - min(numbers)
    if not 0 < precision < width / 2:
        raise ConfigError(
            "--precision",
            f"must be more than 0 and less than half the range of {axis.key}, {width / 2:g}, got {precision:g}",
        )


def _fitting_modes(
    axes: tuple[Axis, ...], wanted: tuple[Mode, ...] | None, *, fixed: bool
) -> tuple[Mode, ...]:
    """Refuse modes that cannot be had, or leave them out where none was asked for by name.

    ``fixed``: nothing is broken, so that no spike depends on where neurons stand.
    """
    carried = (Mode.DEPLOY, Mode.FINE_TUNE)
    impossible: dict[Mode, str] = {}
    known = [known_key(RunSpec, axis.key) for axis in axes]
    for axis, found in zip(axes, known, strict=True):
        if found is not None and found.key.shapes:
            why = f"carries weights over, and those trained with one {axis.key} do not fit another"
            impossible |= {mode: why for mode in carried}
    if all(found is not None and found.key.training_only for found in known):
        names = " and ".join(axis.key for axis in axes)
        impossible.setdefault(Mode.DEPLOY, f"only tests, and {names} only matters in training")
    if axes and fixed and all(axis.key.startswith(PREFIX) for axis in axes):
        names = " and ".join(axis.key for axis in axes)
        why = f"gives the weights that deploy has: {names} changes no spike"
        impossible |= {mode: why for mode in (Mode.IN_LOOP, Mode.FINE_TUNE)}
    if wanted is None:
        return tuple(mode for mode in Mode if mode not in impossible)
    for mode in wanted:
        if mode in impossible:
            raise CapabilityError("--modes", f"{mode.value} {impossible[mode]}; leave it out")
    if all(mode is Mode.IDEAL for mode in wanted):
        others = ", ".join(mode.value for mode in Mode if mode not in (Mode.IDEAL, *impossible))
        raise CapabilityError(
            "--modes",
            f"ideal alone leaves every key at its nominal value; add one of {others}, or leave --modes out",
        )
    return wanted
