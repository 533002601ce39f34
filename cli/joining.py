"""A command that has the word ``merge`` in the place of its argument: shards of it are joined."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["Mergeable"]


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
