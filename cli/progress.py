"""How far a run is: a bar on a terminal, a line for each epoch elsewhere; always on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .screen import error_console

if TYPE_CHECKING:
    from neurochip.simulate import Progress
    from rich.console import Console

__all__ = ["showing_progress"]

Teller = Callable[["Progress"], None]


@contextmanager
def showing_progress(*, quiet: bool) -> Iterator[Teller | None]:
    """Return what to tell about the progress of a run; `None` when nobody wants to know."""
    console = error_console()
    if quiet:
        yield None
    elif console.is_terminal:
        with _bar(console) as tell:
            yield tell
    else:
        lines = _Lines()
        yield lines
        lines.end()


def _epoch(progress: Progress) -> str:
    return f"epoch {progress.epoch}/{progress.epochs}" if progress.epochs else progress.stage


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _figures(progress: Progress) -> list[str]:
    figures = []
    if progress.error is not None:
        figures.append(f"error {_percent(progress.error)}")
    if progress.test_error is not None:
        figures.append(f"test {_percent(progress.test_error)}")
    if progress.samples_per_s > 0:
        figures.append(f"{progress.samples_per_s:.0f} samples/s")
    if progress.seconds_left is not None:
        figures.append(f"{_clock(progress.seconds_left)} left")
    return figures


@contextmanager
def _bar(console: Console) -> Iterator[Teller]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Bars(*columns, console=console, expand=True) as bars:
        task = bars.add_task("starting", total=None, figures="")

        def tell(progress: Progress) -> None:
            stage = progress.stage if not progress.epochs else f"{_epoch(progress)} {progress.stage}"
            bars.update(
                task,
                description=stage,
                completed=progress.done,
                total=progress.total or None,
                figures=", ".join(_figures(progress)),
            )

        yield tell


class _Lines:
    """A line when an epoch is over."""

    def __init__(self) -> None:
        self.last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Print the epoch before this one, with the test error that is known by now."""
        last = self.last
        if last is not None and progress.epoch > last.epoch:
            self._print(last._replace(test_error=progress.test_error))
        self.last = progress

    def end(self) -> None:
        """Print the last epoch."""
        if self.last is not None:
            self._print(self.last)

    def _print(self, progress: Progress) -> None:
        click.echo(": ".join(filter(None, (_epoch(progress), ", ".join(_figures(progress))))), err=True)
