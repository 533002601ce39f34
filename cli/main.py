"""The command ``neurochip``: commands by name, each imported only when it is used.

So ``neurochip --help`` answers at once, without numba, and a command pays for nothing that it does not use.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import warnings
from typing import Any

import click

from .logs import logged
from .stops import ending, stops

__all__ = ["COMMANDS", "main", "neurochip"]

# Command, which is also its module in commands/ → its line in the help. The command says the same; here it
# saves the help from importing the command.
COMMANDS = {
    "simulate": "Run an experiment and report spikes, bits and energy.",
    "sweep": "Draw error and yield against any key of a run, over dies.",
    "tune": "Search the keys of a run for the smallest error, bits or energy.",
    "compare": "Put finished runs side by side, with ratios to the first.",
    "reproduce": "Test what a paper claims, and draw its figure.",
    "predict": "Ask a trained network about samples in a file.",
    "evaluate": "Measure the error of a trained network.",
    "figures": "Write the charts of results for a paper, and their numbers.",
    "trace": "Write waveforms of one presentation of a run.",
    "import": "Take in a spiking network of another tool.",
    "check": "Compare an imported network with a run of the tool that wrote it.",
    "export": "Hand a network to others: NIR, Verilog, or SPICE of analog chips.",
    "verify": "Run an exported chip in a Verilog simulator and compare.",
    "silicon": "Chips that others built, cycle by cycle: ODIN and tinyODIN.",
    "die": "Show, save or take in the die of an analog run.",
    "cells": "Extract the cells of a design from model cards, by ngspice.",
    "report": "Render a stored run again, or cost its counts with other energies.",
    "runs": "List the runs of the catalogue, or show one.",
    "chips": "List the chips of the catalogue, or show one.",
    "data": "Fetch data sets, or list them.",
    "firmware": "Write and run programs of the chip's controller, or serve it.",
    "bench": "Measure speed and memory on this machine, as ratios.",
    "doctor": "Say what is installed, and what that enables.",
}


_JSON = "neurochip.json"  # key of what is known of a whole command line


class LazyGroup(click.Group):
    """A group that knows its commands by name, and ends every error that a user can cause in a sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f".commands.{cmd_name}", __package__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; one that is nearly right is suggested."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if not close:
                raise
            raise click.UsageError(f"No such command '{args[0]}'; did you mean '{close[0]}'?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether the command is to answer in JSON, so that even a wrong option is answered so."""
        ctx.meta[_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what stops it becomes one line on stderr and an exit code."""
        with stops(as_json=ctx.meta[_JSON]):
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="neurochip", message="%(prog)s %(version)s")
@click.option(
    "--log",
    "level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    help="How much to tell on stderr about what goes on.  [default: warning]",
)
def neurochip(level: str) -> None:
    """Emulate neuromorphic chips whose neurons send only bits, and count what learning costs on them.

    `neurochip simulate` trains a network on handwritten digits and reports spikes, bits and energy.
    """
    logged(level)


def main() -> None:
    """Run the command line."""
    # NumPy reads it once, when it is imported; its BLAS threads would fight those of numba.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Warnings of libraries are for whoever writes Python; what matters to a user is a sentence of ours. Processes that
    # are started from here read the variable.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")
    with ending(sys.argv[1:]):
        neurochip(prog_name="neurochip")
