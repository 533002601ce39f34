"""What stops a command, in one place: one line on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from neurochip.errors import Interrupted, NeurochipError

__all__ = ["Interruption", "Refusal", "ending", "stops"]


class Refusal(click.ClickException):
    """Something that the user can put right: ``Error: …``."""

    exit_code = 2


class Interruption(click.ClickException):
    """The user stopped the command: how to go on, without the word error."""

    exit_code = 130  # 128 + SIGINT, as a shell reports it

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to stderr."""
        click.echo(self.format_message(), file=file, err=True)


@contextmanager
def stops() -> Iterator[None]:
    """Turn every error that a user can cause, and every interruption, into one line and an exit code.

    Anything else is a fault of the program and keeps its traceback.
    """
    try:
        yield
    except Interrupted as stop:
        raise Interruption(_how_to_resume(stop.folder, stop.command)) from None
    except KeyboardInterrupt:  # another signal, or one that nobody had answered in time
        from neurochip.durable.signals import interrupted_work

        place = interrupted_work()
        raise Interruption(_how_to_resume(place.folder, place.command)) from None
    except NeurochipError as error:
        raise Refusal(str(error)) from None
    except MemoryError as error:
        raise Refusal(f"memory: {str(error) or 'not enough'}") from None
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise  # the reader has seen enough; click ends quietly
        _drop_unwritten()
        raise Refusal(_sentence(error)) from None


@contextmanager
def ending() -> Iterator[None]:
    """Own the signals of the whole process: a command ends within seconds of one, whatever it is at."""
    from neurochip.durable.signals import commanding

    said = threading.Event()

    def at_last(place: Interrupted) -> None:
        if not said.is_set():
            # A progress bar hides the cursor of a terminal.
            shown = "\x1b[?25h" if sys.stderr.isatty() else ""
            os.write(2, f"{shown}{_how_to_resume(place.folder, place.command)}\n".encode())
        os._exit(Interruption.exit_code)

    with commanding(at_last):
        try:
            yield
        except KeyboardInterrupt:  # before a command had begun
            click.echo("Stopped.", err=True)
            said.set()
            sys.exit(Interruption.exit_code)
        except SystemExit:
            said.set()
            raise


def _drop_unwritten() -> None:
    """Where standard output cannot take what is left for it, let that go: or Python complains at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _how_to_resume(folder: str | None, command: str) -> str:
    if folder is None:
        return "Stopped."
    return f"Stopped; go on with: neurochip {command} --resume {shlex.quote(folder)}"


def _sentence(error: OSError) -> str:
    place = "" if error.filename is None else f"{os.fspath(error.filename)}: "
    problem = error.strerror or str(error) or type(error).__name__
    return f"{place}{problem[:1].lower()}{problem[1:]}"
