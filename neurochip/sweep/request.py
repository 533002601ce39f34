"""What is asked of a sweep, as it was said, and the sweep that it makes: a new one, or one that was begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Any

from neurochip.data import Dataset
from neurochip.description import RunSpec, bound, read_run
from neurochip.errors import CheckpointError, ConfigError
from neurochip.sweep.definition import Definition, define, parse_modes
from neurochip.sweep.measured import measured_dies, numbered_dies
from neurochip.sweep.space import Axis, parse_axes

__all__ = ["SweepRequest"]


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What a sweep shall measure; where nothing is said, a new one takes a default, one that goes on stays as it is.

    Attributes
    ----------
    run
        Name from the catalogue, TOML file, or a `RunSpec`.
    vary
        ``KEY=VALUES`` each; values are listed with commas, ``a:b:n`` stands for n in equal steps and ``a:b:nlog`` for n
        in equal ratios.
    modes
        Of ``ideal,deploy,in-loop,fine-tune``; `None` takes all that have a meaning for these keys.
    dies
        How many are drawn, where the substrate has dies; `None` takes 30. Or files, folders and patterns of dies that
        were measured, which may stand beside such a number.
    seeds
        Of initial weights and order of samples; `None` takes 1 where there are dies and 5 where there are none.
    references
        Trainings of the ideal chip, whose mean dies are compared with; `None` takes 8 where there are dies.
    grid
        Measure at the values of ``vary`` only, instead of seeking the limit of each die between them.
    precision
        Half the width that the interval of the limit shall have, in values of the first key: dies are added until it
        has. `None` takes the interval that ``dies`` give.
    nominal
        ``KEY=VALUE``: the value of a varied key where the ideal chip is trained. By default 0 for what goes wrong on a
        chip, and else the run's own.
    fine_tune_epochs
        Epochs on the chip after the ideal ones; `None` takes 1.
    within, wanted
        A die is good when its error is at most ``within`` above that of the ideal chip (default 0.01, one point); the
        verdict says how far a share ``wanted`` of dies (default 0.95) stays good.
    overrides, seed
        As for `simulate`.
    """

    run: RunSpec | str | None = None
    _: KW_ONLY
    vary: Sequence[str] = ()
    modes: str | None = None
    dies: int | str | Path | Sequence[int | str | Path] | None = None
    seeds: int | None = None
    references: int | None = None
    grid: bool = False
    precision: float | None = None
    nominal: Sequence[str] = ()
    fine_tune_epochs: int | None = None
    within: float | None = None
    wanted: float | None = None
    overrides: Sequence[str] = ()
    seed: int | None = None

    def define(self, samples: Dataset | None = None) -> Definition:
        """Return the new sweep that is asked for; ``samples`` take the place of those that the run names.

        Raises
        ------
        NeurochipError
            One of its family, when there cannot be such a sweep.
        """
        return self._over(self._base(samples), None)

    def redefine(self, before: Definition, folder: Path) -> Definition:
        """Return the sweep of a folder with what is asked for now.

        Raises
        ------
        NeurochipError
            When it would be the sweep of another run, or there cannot be such a sweep.
        """
        base = RunSpec.from_dict(before.run)
        if self.run is not None:
            if self._base().to_dict() != before.run:
                raise CheckpointError(
                    str(folder),
                    f"holds the points of another run ({base.name}, or with other values); leave RUN, --set and --seed "
                    "out to go on with it",
                )
        elif self.overrides or self.seed is not None:
            raise ConfigError(
                "--resume", "goes on with the run of its folder as it was; leave out --set and --seed"
            )
        return replace(self._over(base, before), folder=before.folder)

    def _base(self, samples: Dataset | None = None) -> RunSpec:
        if isinstance(self.run, RunSpec):
            if self.overrides:
                raise ConfigError(
                    "overrides", "are for runs given by name or file; change the RunSpec instead"
                )
            run = self.run if samples is None else bound(self.run, samples)
            return run if self.seed is None else RunSpec.from_dict({**run.to_dict(), "seed": self.seed})
        if not self.run:
            raise ConfigError(
                "RUN", "is missing; name a run of the catalogue (`neurochip runs`) or a TOML file"
            )
        extra = [] if self.seed is None else [f"seed={self.seed}"]
        return read_run(self.run, [*self.overrides, *extra], samples=samples)

    def _over(self, base: RunSpec, before: Definition | None) -> Definition:
        """Return the sweep over a run; what is not said is taken from the sweep before, if there was one."""
        listed = self._listed_dies
        dies, names = numbered_dies(listed)
        measured = measured_dies(names)
        if before is not None and not listed:
            dies, measured = before.dies or None, before.measured
        axes: tuple[Axis, ...] = () if before is None else before.axes
        if self.vary or not (axes or measured):
            axes = parse_axes(self.vary)
        modes = None if self.modes is None else parse_modes(self.modes)
        grid, nominal, numbers = self.grid, list(self.nominal), self._numbers
        if before is not None:
            modes = modes or before.modes
            grid = grid or not before.adaptive
            nominal += _kept(before, axes, nominal)
            kept = {name: getattr(before, name) for name in numbers}
            # There are at least as many references as seeds.
            kept["references"] = max(before.references, self.seeds or 1)
            numbers = {name: kept[name] if number is None else number for name, number in numbers.items()}
        said = {name: number for name, number in numbers.items() if number is not None}
        return define(
            base, axes, modes=modes, nominal=nominal, dies=dies, measured=measured, grid=grid, **said
        )

    @property
    def _listed_dies(self) -> tuple[int | str | Path, ...]:
        if self.dies is None:
            return ()
        return (self.dies,) if isinstance(self.dies, int | str | Path) else tuple(self.dies)

    @property
    def _numbers(self) -> dict[str, Any]:
        names = ("seeds", "references", "precision", "fine_tune_epochs", "within", "wanted")
        return {name: getattr(self, name) for name in names}


def _kept(before: Definition, axes: Sequence[Axis], said: Sequence[str]) -> list[str]:
    """Return the nominal values of the sweep before, of keys that are still varied and of which nothing is said."""
    named = {text.partition("=")[0].strip() for text in said}
    kept = {axis.key: value for axis, value in zip(before.axes, before.nominal, strict=True)}
    return [f"{a.key}={kept[a.key]}" for a in axes if kept.get(a.key) and a.key not in named]
