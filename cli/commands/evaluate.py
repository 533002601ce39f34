"""``neurochip evaluate``: the error of a trained network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..options import ALLOW_CODE, THREADS, json_option

__all__ = ["command"]


@click.command("evaluate", short_help="Measure the error of a trained network.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Samples and their targets: a CSV, .npz or HDF5 file.  [default: those that tested the run]",
)
@THREADS
@ALLOW_CODE
@json_option("the result as JSON")
def command(folder: Path, data: Path | None, threads: int | None, allow_code: bool, as_json: bool) -> None:
    """Measure the error of the network that the run in DIR has trained, on its test samples or on others."""
    import json

    from neurochip.models.samples import read_samples
    from neurochip.models.storing import load
    from neurochip.report.quantities import decimal, percent

    from ..screen import print_table

    model = load(folder, threads=threads, allow_code=allow_code)
    if data is None:
        found = model.evaluate()
    else:
        x, y = read_samples(data, model, with_targets=True)
        found = model.evaluate(x, y)
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
        return
    if found.rms is not None:
        click.echo(f"R² {decimal(found.accuracy)}, {found.samples} samples")
        for name, deviation in zip(model.coding.heads.targets, found.rms, strict=True):
            click.echo(f"  {name}: r.m.s. deviation {decimal(float(deviation))}")
        return
    if found.confusion is not None:
        click.echo(f"{percent(found.error)} wrong, {found.samples} samples\n")
        _print_confusion(found.classes, found.confusion)
        return
    right = "" if found.exact is None else f", all right in {percent(found.exact)}"
    click.echo(f"{percent(found.error)} wrong on average over heads, {found.samples} samples{right}")
    for head in found.heads:
        click.echo()
        if head.confusion is not None:
            click.echo(f"{head.name}: {percent(head.error)} wrong\n")
            _print_confusion(head.names, head.confusion)
        elif head.rms is not None:
            click.echo(f"{head.name}: R² {decimal(1 - head.error)}")
            for name, deviation in zip(head.names, head.rms, strict=True):
                click.echo(f"  {name}: r.m.s. deviation {decimal(float(deviation))}")
        else:
            click.echo(f"{head.name}: {percent(head.error)} wrong, all right in {percent(head.exact)}\n")
            rows = [
                [row.name, *map(str, row[1:4]), percent(row.error), decimal(row.f1)] for row in head.labels
            ]
            names = ["holds", "said", "both", "wrong", "F1"]
            print_table(["label", *names], rows, right=names)


def _print_confusion(names: Sequence[str], matrix: Any) -> None:
    """Print what samples were, and what the network said."""
    from ..screen import print_table

    rows = [[name, *map(str, row)] for name, row in zip(names, matrix.tolist(), strict=True)]
    print_table(["true \\ said", *names], rows, right=list(names))
