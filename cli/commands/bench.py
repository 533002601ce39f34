"""``neurochip bench``: the benchmark table of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..names import KnownName
from ..progress import showing_share

if TYPE_CHECKING:
    from neurochip.bench import BenchProgress

__all__ = ["command"]


def _names() -> list[tuple[str, str]]:
    from firmware_sim.bench import FAMILY
    from neurochip.bench.table import families

    known = (*families(), FAMILY)
    return [
        ("list", ""),
        *((family.name, family.about) for family in known),
        *((row.name, row.about) for family in known for row in family.rows),
    ]


@click.command("bench", short_help="Measure speed and memory on this machine, as ratios.")
@click.argument("names", metavar="[list | NAME…]", nargs=-1, type=KnownName("row", _names))
@click.option(
    "--quick", is_flag=True, help="About two minutes on two cores: fewer rounds, nothing that takes long."
)
@click.option(
    "--rounds", type=click.IntRange(min=1), metavar="N", help="How often variants are timed in turn."
)
@click.option(
    "--with",
    "tools",
    metavar="TOOL=PYTHON",
    multiple=True,
    help="Measure against a tool too, with the Python of the environment that it is installed in.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the JSON document in FILE, written after every row.",
)
@click.option(
    "--resume",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Go on with the table in FILE as it was begun, on the same machine, or say that it is done.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the JSON document and nothing else.")
@click.option("--list", "only_list", is_flag=True, help="Name the rows and measure nothing.")
def command(
    names: tuple[str, ...],
    quick: bool,
    rounds: int | None,
    tools: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
    page: Path | None,
    as_json: bool,
    only_list: bool,
) -> None:
    """Measure rows of the benchmark table: all of them, or those of a family, or one by name.

    Variants are timed in turn within this run; a row says the median, its spread, and the ratio to what it is
    compared with. docs/bench.md says what each row is.
    """
    if only_list or names == ("list",):
        _list()
        return
    if resume is not None:
        given = {"NAME": names, "--quick": quick, "--rounds": rounds, "--with": tools, "--out": out}
        named = ", ".join(name for name, value in given.items() if value)
        if named:
            raise click.UsageError(
                f"--resume goes on with the table of its file as it was; leave out {named}"
            )
    # One BLAS thread, as one thread of ours; NumPy reads it when it is imported.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    from firmware_sim.bench import FAMILY
    from neurochip.bench import run_bench
    from neurochip.bench.document import as_json as text_of
    from neurochip.bench.document import read_document

    from ..bench_table import print_bench

    chosen = _tools(tools)
    with showing_share(quiet=as_json) as tell:

        def told(progress: BenchProgress) -> None:
            if tell is not None:
                tell(progress.done / max(1, progress.total), progress.doing)

        was_done = resume is not None and read_document(resume)["complete"]
        document = run_bench(
            names,
            form="quick" if quick else "full",
            rounds=rounds,
            tools=chosen,
            more=(FAMILY,),
            out=out,
            resume=resume,
            on_progress=told,
        )
    if was_done:
        click.echo(f"{resume} is finished; nothing was left to do", err=True)
    if as_json:
        click.echo(text_of(document), nl=False)
    else:
        print_bench(document)
    if page is not None:
        from neurochip.bench.page import bench_page
        from neurochip.durable.atomic import replacing
        from neurochip.report.drawn import drawn

        with drawn(page, out or resume or Path("what was printed")):
            text = bench_page(document).encode()
        with replacing(page) as file:
            file.write(text)
    if not as_json:
        for path in (out or resume, page):
            if path is not None:
                click.echo(f"\n{path}")


def _tools(words: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not (name and equals and path):
            raise click.UsageError(f"--with takes TOOL=PYTHON, e.g. brian2=/path/to/python, got '{word}'")
        chosen[name.strip()] = path.strip()
    return chosen


def _list() -> None:
    from firmware_sim.bench import FAMILY
    from neurochip.bench.table import families

    from ..screen import print_table

    rows = []
    for family in (*families(), FAMILY):
        for n, row in enumerate(family.rows):
            title = family.name if n == 0 else ""
            rows.append((row.name, title, row.form, row.unit, row.against, row.about))
    print_table(("row", "family", "form", "unit", "ratio to", "about"), rows)
