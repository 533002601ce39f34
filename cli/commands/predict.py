"""``neurochip predict``: what a trained network says of samples."""

from __future__ import annotations

from pathlib import Path

import click

from ..options import ALLOW_CODE, THREADS, json_option

__all__ = ["command"]

_SHOWN = 10  # samples whose answers a terminal shows


@click.command("predict", short_help="Ask a trained network about samples in a file.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("data", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write label and outputs of each sample into FILE, a CSV or an .npz.",
)
@THREADS
@ALLOW_CODE
@json_option("the answers as JSON")
def command(
    folder: Path, data: Path, out: Path | None, threads: int | None, allow_code: bool, as_json: bool
) -> None:
    """Ask the network that the run in DIR has trained about the samples in FILE: a CSV, .npz, .npy or HDF5 file.

    It answers on the machine of the run: the same cores, or the same die.
    """
    import json

    from neurochip.models.answers import Answers, check_name, write_answers
    from neurochip.models.samples import read_samples
    from neurochip.models.storing import load

    from ..screen import print_table

    if out is not None:
        check_name(out)
    model = load(folder, threads=threads, allow_code=allow_code)
    answers = Answers(model, read_samples(data, model, with_targets=False).x)
    if out is not None:
        write_answers(answers, out)
    if as_json:
        click.echo(json.dumps(answers.to_json(), ensure_ascii=False))
        return
    if out is not None:
        click.echo(str(out))
        return
    print_table(*answers.table(_SHOWN))
    left = len(answers.outputs) - _SHOWN
    if left > 0:
        click.echo(f"and {left} more; --out FILE writes all", err=True)
