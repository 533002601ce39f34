"""Which figures a folder of results has: a run, a replay, a sweep, a search, or a reproduction; or several runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from neurochip.errors import DataError
from neurochip.figures.kinds import Figure
from neurochip.report.reading import drawing_stored, read_document, read_rasters
from neurochip.report.replay_files import is_replay, read_replay, replay_spikes

__all__ = ["figures_of", "names_of"]

_STUDIES = ("sweep.json", "tune.json", "result.json")  # what stands in the folder of one, instead of a report


def figures_of(folders: Sequence[Path | str]) -> list[Figure]:
    """Return every figure of the results in a folder, or those that set several runs side by side.

    Raises
    ------
    DataError
        When a folder holds no results, or they are damaged.
    """
    found = [Path(folder) for folder in folders]
    if len(found) > 1:
        return _compared(found)
    [folder] = found
    if not folder.is_dir():
        raise DataError(str(folder), "does not exist; name a folder of results")
    named = next((folder / name for name in _STUDIES if (folder / name).is_file()), folder)
    with drawing_stored(named):
        return _of_one(folder)


def _of_one(folder: Path) -> list[Figure]:
    if (folder / "sweep.json").is_file():
        from neurochip.figures.of_studies import exploration_figures, sweep_figures
        from neurochip.report.explorations import (
            drawing_stored_exploration,
            is_exploration,
            read_exploration,
        )
        from neurochip.report.sweeps import read_sweep

        if is_exploration(folder):
            with drawing_stored_exploration(folder):
                return exploration_figures(read_exploration(folder))
        return sweep_figures(read_sweep(folder))
    if (folder / "tune.json").is_file():
        from neurochip.figures.of_studies import search_figures

        return search_figures(folder)
    if (folder / "result.json").is_file():
        from neurochip.figures.of_studies import reproduction_figures

        return reproduction_figures(folder)
    if is_replay(folder):
        from neurochip.figures.of_replay import replay_figures

        return replay_figures(read_replay(folder), replay_spikes(folder))
    from neurochip.figures.of_run import run_figures

    return run_figures(read_document(folder), read_rasters(folder))


def _compared(folders: Sequence[Path]) -> list[Figure]:
    from neurochip.figures.of_studies import comparison_figures
    from neurochip.report.comparison import compare
    from neurochip.report.replay_files import read_either

    runs = [(name, read_either(folder)) for name, folder in zip(names_of(folders), folders, strict=True)]
    return comparison_figures(compare(runs))


def names_of(folders: Sequence[Path]) -> list[str]:
    """Return the last part of each path, or the whole path where those are not told apart by it."""
    short = [Path(os.path.normpath(folder)).name for folder in folders]
    return short if len(set(short)) == len(short) else [str(folder) for folder in folders]
