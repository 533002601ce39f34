"""A command that has the word ``merge`` in the place of its argument: shards of it are joined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .options import QUIET, json_option

__all__ = ["Mergeable", "merge_command"]


def merge_command(about: str, document: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Return the decorator of a command ``merge``: its folders, ``--out``, ``--quiet`` and ``--json``."""
    given = (
        click.argument(
            "folders",
            nargs=-1,
            required=True,
            metavar="DIR...",
            type=click.Path(file_okay=False, path_type=Path),
        ),
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            metavar="DIR",
            required=True,
            help="Folder to make, for all of it.",
        ),
        QUIET,
        json_option(document),
    )

    def command(function: Callable[..., Any]) -> click.Command:
        for one in reversed(given):
            function = one(function)
        return click.command("merge", short_help=about)(function)

    return command


class Mergeable(click.Command):
    """The command itself, and ``merge``, which is another one."""

    def __init__(self, *args: Any, merge: click.Command, **more: Any) -> None:
        super().__init__(*args, **more)
        self._merge = merge

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Hand what follows ``merge`` to that command."""
        if args[:1] == ["merge"]:
            return self._merge.make_context(f"{info_name} merge", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)
