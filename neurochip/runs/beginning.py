"""A run as it begins: what was asked for becomes a `RunSpec`, and the folder of its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from neurochip import data
from neurochip.description import RunSpec, bound, read_run
from neurochip.durable.dated import make_dated
from neurochip.errors import ConfigError
from neurochip.training.folder import RunFolder

__all__ = ["TimingModel", "begin", "resolved"]

TimingModel = Literal["tick", "analytic", "cycle"]


def resolved(
    run: RunSpec | str,
    overrides: Sequence[str],
    timing: TimingModel | None,
    seed: int | None,
    samples: data.Dataset | None,
) -> RunSpec:
    """Return the run that is meant: named, from a file, or given, with values over its own."""
    if isinstance(run, RunSpec):
        if overrides:
            raise ConfigError("overrides", "are for runs given by name or file; change the RunSpec instead")
        given = {name: value for name, value in (("timing", timing), ("seed", seed)) if value is not None}
        if given:
            run = RunSpec.from_dict(run.to_dict() | given)
        run = bound(run, samples)
    else:
        extra = [f"timing={timing}"] if timing is not None else []
        extra += [f"seed={seed}"] if seed is not None else []
        run = read_run(run, [*overrides, *extra], samples=samples)
    return run


def begin(spec: RunSpec, out: Path | str | None, options: dict[str, Any]) -> RunFolder:
    """Make the folder of a run."""
    if out is not None:
        return RunFolder.make(Path(out), spec, options)
    return make_dated("runs", spec.name, lambda folder: RunFolder.make(folder, spec, options))
