"""The commands of the cases are carried out as those of the command line are."""

from tests.cli.conftest import place, run

__all__ = ["place", "run"]
