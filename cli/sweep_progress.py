"""How far a sweep is: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .screen import error_console

if TYPE_CHECKING:
    from neurochip.sweep.progress import Listener, SweepProgress

__all__ = ["showing_sweep"]

EVERY_S = 30.0  # between lines, where there is no bar


@contextmanager
def showing_sweep(*, quiet: bool) -> Iterator[Listener | None]:
    """Return what to tell about the progress of a sweep; `None` when nobody wants to know."""
    console = error_console()
    if quiet:
        yield None
        return
    if not console.is_terminal:
        yield _Lines()
        return
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    with Progress(*columns, console=console, expand=True) as bars:
        task = bars.add_task("sweep", total=None, figures="")

        def tell(progress: SweepProgress) -> None:
            if progress.note is not None:
                bars.console.print(progress.note)
            bars.update(task, completed=progress.done, total=progress.total, figures=_figures(progress))

        yield tell


class _Lines:
    """A line every half minute, at the end, and for everything that went wrong."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, progress: SweepProgress) -> None:
        """Print what is new."""
        if progress.note is not None:
            click.echo(progress.note, err=True)
        now = time.monotonic()
        if now - self.told >= EVERY_S or (progress.planned and progress.done == progress.total):
            self.told = now
            click.echo(_figures(progress), err=True)


def _figures(progress: SweepProgress) -> str:
    more = "" if progress.planned else "+"  # they are still being spelled out
    parts = [f"{progress.done}/{progress.total}{more} tasks"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.busy is not None:
        parts.append(
            f"{progress.workers} worker{'s' * (progress.workers != 1)} {100 * progress.busy:.0f} % busy"
        )
    if progress.seconds_left is not None and progress.done < progress.total:
        minutes, rest = divmod(round(progress.seconds_left), 60)
        hours, minutes = divmod(minutes, 60)
        parts.append(f"{f'{hours}:{minutes:02}:{rest:02}' if hours else f'{minutes}:{rest:02}'} left")
    return ", ".join(parts)
