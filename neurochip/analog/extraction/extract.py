"""Extract a cell: sweep it in ngspice on the user's models, draw it many times, and fit what a run knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurochip.analog.extraction.bench import Bench
from neurochip.analog.extraction.fitting import (
    PairFit,
    TransistorFit,
    thermal_v,
)
from neurochip.analog.extraction.ngspice import Models, version
from neurochip.analog.extraction.request import Request, read_request
from neurochip.analog.spread import efficiency
from neurochip.description.die.biasing import steepness
from neurochip.description.die.cell_library import CellLibrary, cells_from_toml
from neurochip.description.die.cells import MOST_CONDUCTANCE
from neurochip.description.die.conditions import I_SPEC_RISES, thermal_ratio
from neurochip.description.toml_writer import write_toml
from neurochip.errors import ConfigError
from neurochip.files import parse_toml

__all__ = ["Extracted", "extract"]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was found of a cell.

    Attributes
    ----------
    cell library
        The specification with the figures of the cell, as TOML.
    figures
        Name → value, SI units; errors and σ of logarithms as shares.
    words
        ``KEY=VALUE`` of a run on such cells, without ``analog.cells``.
    source
        Where the figures come from, in words.
    """

    library: str
    figures: dict[str, float]
    words: tuple[str, ...]
    source: str


def extract(text: str, place: str, name: str, models: Path, command: str) -> Extracted:
    """Extract cell ``name`` of a specification of cells.

    Parameters
    ----------
    text, place
        The specification, with its section ``[extract]``; ``place`` begins every error about it.
    models
        File of the model cards.
    command
        As it is to stand in the source of the figures.

    Raises
    ------
    ConfigError
        For a specification that says what cannot be, models that ngspice rejects, and a cell that does not fit.
    """
    table = parse_toml(text, place)
    library = cells_from_toml(text, place)
    with _placed(place):
        return _extract(table, library, name, models, command)


@contextmanager
def _placed(place: str) -> Iterator[None]:
    """Say in which file a key of the specification stands that is refused."""
    try:
        yield
    except ConfigError as error:
        if not error.place.startswith(("extract", "cells.")):
            raise
        raise ConfigError(f"{place}: {error.place}", error.problem) from None


def _extract(
    table: dict[str, object], library: CellLibrary, name: str, models: Path, command: str
) -> Extracted:
    asked = read_request(table, library, name)
    cards = Models(models, asked.section)
    bench = Bench(library, library.cells[name], asked, cards)
    if name == "leak":
        figures, pair = _leak(bench), None
        words = _leak_words(figures, bench)
    else:
        figures, pair = _synapse(bench)
        words = _words(figures, bench)
    source = _source(bench, figures, models, command)
    return Extracted(_library(table, name, pair, figures["inversion"], asked, source), figures, words, source)


def _synapse(bench: Bench) -> tuple[dict[str, float], PairFit | None]:
    asked, pair = bench.asked, None
    transistor = bench.transistor()
    _check_fit("cells.synapse", "the law of gm/I", transistor.error, asked)
    if not 1 <= transistor.slope_factor <= 3:
        raise ConfigError(
            "cells.synapse",
            f"does not fit the law of gm/I: it would take n = {transistor.slope_factor:.3g}, and no transistor has "
            "less than 1 or more than 3; take a smaller bias",
        )
    inversion = asked.bias / (transistor.i_spec * bench.shape)
    figures = {
        "slope_factor": transistor.slope_factor,
        "i_spec_a": transistor.i_spec,
        "inversion": inversion,
        "error_gm": transistor.error,
    }
    if bench.cell.kind == "mirror":
        figures |= _mirror(bench, inversion)
    else:
        pair = bench.pair(transistor, inversion)
        _check_fit("cells.synapse", "the law of a pair", pair.error, asked)
        figures |= {
            "tail": pair.tail / asked.bias,
            "offset_v": pair.offset,
            "asymmetry": pair.asymmetry,
            "full_scale_v": pair.full_scale,
            "error_pair": pair.error,
        }
    drawn = bench.draws(None if pair is None else pair.full_scale / pair.tail)
    figures |= {
        "sigma_transistor": drawn.transistor,
        "sigma_gain" if pair is None else "sigma_offset_v": drawn.cell,
    }
    figures["a_vt_mv_um"] = _a_vt(drawn.transistor, bench, transistor, inversion)
    return figures, pair


def _mirror(bench: Bench, inversion: float) -> dict[str, float]:
    mirror = bench.mirror(inversion)
    _check_fit("cells.synapse", "the law of a mirror", mirror.error, bench.asked)
    if mirror.conductance > MOST_CONDUCTANCE:
        raise ConfigError(
            "cells.synapse",
            f"does not fit the law of a mirror: it would lose {100 * mirror.conductance:.2g} % of its gain when the "
            f"current rises e-fold, and a run takes {100 * MOST_CONDUCTANCE:g} %; take a longer gate",
        )
    return {
        "gain": mirror.gain,
        "mirror_conductance": mirror.conductance,
        "error_gain": mirror.error,
        "error_constant_gain": mirror.error_constant,
        "error_each_gain": mirror.error_each,
    }


def _leak(bench: Bench) -> dict[str, float]:
    leak = bench.leak()
    _check_fit("cells.leak", "the law of an amplifier", leak.error, bench.asked)
    return {
        "inversion": leak.inversion,
        "tail": leak.tail / bench.asked.bias,
        "offset_v": leak.offset,
        "asymmetry": leak.asymmetry,
        "range_v": leak.reach,
        "unsaturated": leak.unsaturated,
        "error_leak": leak.error,
        "sigma_offset_v": bench.offsets(leak.reach / leak.tail),
    }


def _check_fit(place: str, law: str, error: float, asked: Request) -> None:
    if not error <= asked.within:
        raise ConfigError(
            place,
            f"does not fit {law}: {100 * error:.2g} % off at most, {100 * asked.within:g} % are allowed "
            "(extract.within_percent); take another bias or a longer gate",
        )


def _a_vt(sigma: float, bench: Bench, transistor: TransistorFit, inversion: float) -> float:
    """Return A_VT, mV·µm, of a transistor that differs in nothing else and has this σ of ln I."""
    slope = 1e3 * transistor.slope_factor * thermal_v(bench.asked.celsius)
    return sigma * bench.root_area_um * slope / efficiency(inversion)


def _source(bench: Bench, figures: dict[str, float], models: Path, command: str) -> str:
    asked, cell = bench.asked, bench.cell
    names = ", ".join(name for name in (asked.nmos, asked.pmos) if name is not None)
    errors = [
        f"{100 * figures[key]:.2g} %"
        for key in ("error_gm", "error_gain", "error_pair", "error_leak")
        if key in figures
    ]
    return (
        f"{version()} on {models.name} (sha256 {bench.cards.digest}), {names}, "
        f"{1e6 * cell.width:g} × {1e6 * cell.length:g} µm at "
        f"{1e9 * asked.bias:g} nA and {asked.celsius:g} °C, {asked.draws} draws of seed {asked.seed}; fits within "
        f"{' and '.join(errors)}; `{command}`"
    )


def _library(
    table: dict[str, Any], name: str, pair: PairFit | None, inversion: float, asked: Request, source: str
) -> str:
    """Return the specification with what was found, as of 27 °C."""
    new = {key: dict(value) if isinstance(value, dict) else value for key, value in table.items()}
    new["cells"] = {key: dict(value) for key, value in table["cells"].items()}
    new["cells"][name] |= {"source": source, "evidence": "pre-silicon"}
    if pair is not None:
        hotter = thermal_ratio(asked.celsius)
        wider = steepness(inversion) / steepness(inversion * hotter**I_SPEC_RISES)
        full = pair.full_scale / (hotter * wider)
        new["signal"] |= {"full_scale": f"{1e3 * full:.5g} mV", "source": source, "evidence": "pre-silicon"}
    return write_toml(new)


def _leak_words(figures: dict[str, float], bench: Bench) -> tuple[str, ...]:
    """Return the words of a leak; the full scale of a pair is of its own temperature, that of a mirror has rails."""
    hotter = thermal_ratio(bench.asked.celsius)
    full = bench.library.full_scale
    if bench.library.cells["synapse"].kind == "differential-pair":
        full *= hotter
    return (
        "analog.leak.characteristic=amplifier",
        f"analog.leak.range={figures['range_v'] / full:.4g}",
        f"analog.leak.inversion={_at_27(figures, bench):.4g}",
        f"analog.leak.conductance={figures['unsaturated']:.4g}",
        f"analog.leak.asymmetry={figures['asymmetry']:.4g}",
        f"analog.mismatch.leak_offset={figures['sigma_offset_v'] / full:.4g}",
    )


def _at_27(figures: dict[str, float], bench: Bench) -> float:
    """Return the inversion coefficient that the same current has at 27 °C, as far as a run takes one."""
    hotter = thermal_ratio(bench.asked.celsius) ** I_SPEC_RISES
    return float(min(max(figures["inversion"] * hotter, 1e-3), 1e4))


def _words(figures: dict[str, float], bench: Bench) -> tuple[str, ...]:
    hotter = thermal_ratio(bench.asked.celsius) ** I_SPEC_RISES
    words = []
    if "full_scale_v" in figures:
        words += [
            "analog.characteristic=ekv",
            f"analog.inversion={_at_27(figures, bench):.4g}",
            f"analog.asymmetry={figures['asymmetry']:.4g}",
            f"analog.mismatch.pair_offset={figures['sigma_offset_v'] / figures['full_scale_v']:.4g}",
        ]
    elif figures["mirror_conductance"] > 0:
        words += [
            f"analog.mirror.conductance={figures['mirror_conductance']:.4g}",
            f"analog.mirror.inversion={_at_27(figures, bench):.4g}",
        ]
    return (
        *words,
        "analog.mismatch.sigma=0",
        "analog.mismatch.process=own",
        f"analog.mismatch.a_vt={figures['a_vt_mv_um']:.4g}",
        f"analog.mismatch.slope_factor={figures['slope_factor']:.4g}",
        f"analog.mismatch.i_spec_na={1e9 * figures['i_spec_a'] / hotter:.4g}",
        f"analog.mismatch.width_um={1e6 * bench.cell.width:g}",
        f"analog.mismatch.length_um={1e6 * bench.cell.length:g}",
        "analog.mismatch.region=bias",
        f"analog.mismatch.bias_na={1e9 * bench.asked.bias:g}",
    )
