"""A bar for each file that is being fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from .screen import error_console

__all__ = ["download_bars"]


@contextmanager
def download_bars() -> Iterator[Callable[[str, int, int], None] | None]:
    """Return what to tell about each piece: file, bytes received, bytes expected; `None` off a terminal."""
    console = error_console()
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as bars:

        def tell(file: str, received: int, expected: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=expected)
            bars.update(tasks[file], completed=received)

        yield tell
