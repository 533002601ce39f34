"""``neurochip cells``: the cells of a design on the user's own model cards."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..options import json_option

__all__ = ["command"]

_NAMES = {
    "slope_factor": ("n", 1.0, ""),
    "i_spec_a": ("I_spec of a square gate", 1e9, " nA"),
    "inversion": ("inversion coefficient", 1.0, ""),
    "gain": ("gain", 1.0, ""),
    "mirror_conductance": ("n U_T over the Early voltage", 100, " %"),
    "tail": ("tail, of the bias", 1.0, ""),
    "offset_v": ("systematic offset", 1e3, " mV"),
    "asymmetry": ("sent at balance, of the tail", 100, " %"),
    "full_scale_v": ("full scale V₀", 1e3, " mV"),
    "range_v": ("linear range of the leak", 1e3, " mV"),
    "unsaturated": ("never saturates, of its conductance", 100, " %"),
    "sigma_transistor": ("σ(ln I) of one transistor", 100, " %"),
    "sigma_gain": ("σ(ln gain) of the mirror", 100, " %"),
    "sigma_offset_v": ("σ of its offset", 1e3, " mV"),
    "a_vt_mv_um": ("A_VT that gives this σ", 1.0, " mV·µm"),
    "error_gm": ("error of gm/I", 100, " %"),
    "error_gain": ("error of the gain", 100, " %"),
    "error_constant_gain": ("error of a constant gain", 100, " %"),
    "error_each_gain": ("error to each mirror drawn", 100, " %"),
    "error_leak": ("error of the leak, of its tail", 100, " %"),
    "error_pair": ("error of the pair, of its tail", 100, " %"),
}


@click.group("cells", short_help="Extract the cells of a design from model cards, by ngspice.")
def command() -> None:
    """A specification of cells (docs/analog.md) says what a die is made of; its figures can come from model cards."""


@command.command("extract", short_help="Fit a cell to what ngspice finds on model cards.")
@click.argument("cells", metavar="CELLS.toml", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--models",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Model cards, as ngspice reads them.",
)
@click.option("--cell", default="synapse", show_default=True, metavar="NAME", help="synapse or leak.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the cells there.",
)
@json_option("figures and source as JSON")
def extract(cells: Path, models: Path, cell: str, out: Path | None, as_json: bool) -> None:
    """Sweep a cell of CELLS.toml in ngspice, draw it many times, and fit the laws that a run computes with.

    Its section [extract] names the models and the bias. A cell that does not fit is refused with the error of the fit.
    """
    from neurochip.analog.extraction.extract import extract as extracted
    from neurochip.description.catalogue import find_cells
    from neurochip.durable.atomic import replacing
    from neurochip.runs.dies import new_file

    if out is not None:
        new_file(out)
    text, place = find_cells(cells)
    said = f"neurochip cells extract {cells.name} --models {models.name} --cell {cell}"
    found = extracted(text, place, cell, models, said)
    if out is not None:
        with replacing(out) as file:
            file.write(found.library.encode())
    if as_json:
        click.echo(json.dumps({"figures": found.figures, "set": found.words, "source": found.source}))
        return
    for key, (name, unit, symbol) in _NAMES.items():
        if key in found.figures:
            click.echo(f"{name:<36} {unit * found.figures[key]:.4g}{symbol}")
    click.echo(f"\n{found.source}")
    words = [*([f"analog.cells={out}"] if out is not None else []), *found.words]
    click.echo("\nA run of such cells:\n" + " ".join(f"--set {word}" for word in words))
