"""How far a run is: a bar on a terminal, a line for each epoch elsewhere; always on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .screen import error_console

if TYPE_CHECKING:
    from rich.console import Console

    from neurochip.training.progress import Progress

__all__ = ["showing_progress", "showing_share"]

ROOM_FOR_COUNTS = 100  # columns; in fewer, the bar alone says how many samples are done

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


@contextmanager
def showing_share(*, quiet: bool) -> Iterator[Callable[[float, str], None] | None]:
    """Return what to tell the share done and what is being done; `None` when nobody wants to know."""
    console = error_console()
    if quiet:
        yield None
    elif console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TimeRemainingColumn())
        with Progress(*columns, console=console, expand=True) as bars:
            task = bars.add_task("preparing", total=1.0)
            yield lambda share, doing: bars.update(task, completed=share, description=doing)
    else:
        said = [""]

        def tell(share: float, doing: str) -> None:
            if doing != said[0]:
                said[0] = doing
                click.echo(f"{100 * share:3.0f} %  {doing}", err=True)

        yield tell


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _stage(progress: Progress) -> str:
    if progress.stage in ("training", "evaluating"):
        return f"epoch {progress.epoch}/{progress.epochs} {progress.stage}"
    return progress.stage


def _figures(progress: Progress) -> list[str]:
    """Error so far, last held-out and test error, time left, pace: what is known of them."""
    figures = []
    if progress.error is not None:
        # A convergence run measures a distance between states, not a share of mistakes.
        is_share = progress.stage != "convergence"
        figures.append(f"error {_percent(progress.error) if is_share else format(progress.error, '.4f')}")
    if progress.validation_error is not None:
        figures.append(f"held out {_percent(progress.validation_error)}")
    if progress.test_error is not None:
        figures.append(f"test {_percent(progress.test_error)}")
    if progress.seconds_left is not None:
        figures.append(f"{_clock(progress.seconds_left)} left")
    if progress.samples_per_s > 0:
        unit = "nets" if progress.stage == "convergence" else "samples"
        figures.append(f"{progress.samples_per_s:.{0 if progress.samples_per_s >= 10 else 1}f} {unit}/s")
    return figures


@contextmanager
def _bar(console: Console) -> Iterator[Teller]:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", table_column=Column(no_wrap=True)),
        BarColumn(bar_width=None),
        # In a very narrow terminal the figures give way, the pace first.
        TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    with Bars(*columns, console=console, expand=True) as bars:
        task = bars.add_task("preparing", total=None, figures="")

        def tell(progress: Progress) -> None:
            figures = ", ".join(_figures(progress))
            if console.width >= ROOM_FOR_COUNTS:
                figures = f"{progress.done}/{progress.total} {figures}"
            bars.update(
                task,
                description=_stage(progress),
                completed=progress.done,
                total=progress.total or None,
                figures=figures,
            )

        yield tell


class _Lines:
    """A line when an epoch is over, from the last that was told of its training and of its evaluation."""

    def __init__(self) -> None:
        self.last: dict[str, Progress] = {}  # stage → what was told last of it
        self.epoch = 0

    def __call__(self, progress: Progress) -> None:
        """Print the epoch before this one."""
        if progress.epoch > self.epoch:
            self.end()
            self.epoch = progress.epoch
        self.last[progress.stage] = progress

    def end(self) -> None:
        """Print what was gathered."""
        training, evaluating = self.last.get("training"), self.last.get("evaluating")
        if training is not None:
            # The test set is evaluated last, so the error of that stage is the test error.
            told = training._replace(
                test_error=evaluating.error if evaluating else None,
                validation_error=evaluating.validation_error if evaluating else None,
                seconds_left=evaluating.seconds_left if evaluating else None,
            )
            click.echo(f"epoch {told.epoch}/{told.epochs}: {', '.join(_figures(told))}", err=True)
        elif "convergence" in self.last:
            click.echo(f"convergence: {', '.join(_figures(self.last['convergence']))}", err=True)
        self.last.clear()
