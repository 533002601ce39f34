"""What stops a command, in one place: one line on stderr and an exit code."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shlex
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import click

from neurochip.errors import Interrupted, MappingError, NeurochipError, OutputError

__all__ = ["RESUMABLE", "Interruption", "Refusal", "ending", "stops"]

# Options that had another name, and what each is now.
_RENAMED = {"--prices": "--energies"}

RESUMABLE = ("simulate", "sweep", "tune", "reproduce", "bench")  # the commands that know --resume


class Refusal(click.ClickException):
    """Something that the user can put right: ``Error: …``, or with ``--json`` a JSON object on one line of stderr.

    Parameters
    ----------
    message
        The whole sentence.
    code
        Exit code; see `neurochip.errors.EXIT_CODES`.
    error
        What was wrong, if it is of the family of our errors.
    as_json
        Whether the command was asked for JSON.
    """

    exit_code: int  # type: ignore[misc]  # click has one for the whole class

    def __init__(
        self, message: str, code: int, error: NeurochipError | None = None, *, as_json: bool = False
    ) -> None:
        super().__init__(message)
        self.exit_code = code
        self._error, self._as_json = error, as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to stderr."""
        if not self._as_json:
            super().show(file)
            return
        told: dict[str, Any] = {"error": self.message, "exit_code": self.exit_code}
        if self._error is not None:
            kind = type(self._error).__name__
            told |= {"kind": kind, "place": self._error.place, "problem": self._error.problem}
        _say_json(told, file)


class Interruption(click.ClickException):
    """The user stopped the command: how to go on, without the word error.

    Parameters
    ----------
    stop
        Where the work stands.
    message
        What to say in place of how to go on.
    as_json
        Whether the command was asked for JSON.
    """

    exit_code: int  # type: ignore[misc]  # click has one for the whole class

    def __init__(self, stop: Interrupted, message: str | None = None, *, as_json: bool = False) -> None:
        from neurochip.durable.signals import received

        super().__init__(_how_to_resume(stop) if message is None else message)
        self.exit_code = 128 + received()  # as a shell reports it
        self._stop, self._as_json = stop, as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to stderr."""
        if self._as_json:
            resumed = {"folder": self._stop.folder, "command": self._stop.command}
            _say_json({"stopped": self.message, "exit_code": self.exit_code, **resumed}, file)
        else:
            click.echo(self.format_message(), file=file, err=True)


def _say_json(told: dict[str, Any], file: IO[Any] | None) -> None:
    click.echo(json.dumps(told, ensure_ascii=False), file=file, err=True)


@contextmanager
def stops(*, as_json: bool = False) -> Iterator[None]:
    """Turn every error that a user can cause, and every interruption, into one line and an exit code.

    Anything else is a fault of the program and keeps its traceback.
    """
    try:
        with _interrupted_rather():
            yield
    except KeyboardInterrupt as stop:
        # Without a folder: another signal, or one that came where nobody knew what is gone on with.
        if isinstance(stop, Interrupted) and stop.folder is not None:
            raise Interruption(stop, as_json=as_json) from None
        from neurochip.durable.signals import interrupted_work

        raise Interruption(interrupted_work(), as_json=as_json) from None
    except NeurochipError as error:
        raise Refusal(str(error), error.exit_code, error, as_json=as_json) from None
    except MemoryError as error:
        code = MappingError.exit_code
        raise Refusal(f"memory: {str(error) or 'not enough'}", code, as_json=as_json) from None
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise  # the reader has seen enough; click ends quietly
        _drop_unwritten()
        raise Refusal(_sentence(error), OutputError.exit_code, as_json=as_json) from None
    except click.ClickException as error:
        refused = _with_new_name(error)
        if not as_json:
            raise refused from None
        raise Refusal(refused.format_message(), refused.exit_code, as_json=True) from None


def _with_new_name(error: click.ClickException) -> click.ClickException:
    """Return the same refusal; of an option that had another name, with what it is now."""
    if isinstance(error, click.NoSuchOption) and error.option_name in _RENAMED:
        return click.UsageError(f"{error.option_name} is now {_RENAMED[error.option_name]}", error.ctx)
    return error


@contextmanager
def _interrupted_rather() -> Iterator[None]:
    """Take what comes up after an interruption for it: extensions in C answer one with errors of their import."""
    try:
        yield
    except (KeyboardInterrupt, click.exceptions.Exit):
        raise
    except Exception:
        from neurochip.durable.signals import is_interrupted

        if not is_interrupted():
            raise
        raise KeyboardInterrupt from None


@contextmanager
def ending(words: Sequence[str] = ()) -> Iterator[None]:
    """Own the signals of the whole process: a command ends within seconds of one, whatever it is at.

    Parameters
    ----------
    words
        Of the command line: what they go on with is known before the command is loaded.
    """
    from neurochip.durable.signals import commanding, interrupted_work, received

    said = threading.Event()

    def at_last(place: Interrupted) -> None:
        if not said.is_set():
            # A progress bar hides the cursor of a terminal.
            shown = "\x1b[?25h" if sys.stderr.isatty() else ""
            os.write(2, f"{shown}{_how_to_resume(place)}\n".encode())
        os._exit(128 + received())

    with commanding(at_last, _resumed(words)), _silent_callbacks():
        try:
            yield
        except KeyboardInterrupt:  # before a command had begun
            click.echo(_how_to_resume(interrupted_work()), err=True)
            said.set()
            sys.exit(128 + received())
        except SystemExit:
            said.set()
            raise


@contextmanager
def _silent_callbacks() -> Iterator[None]:
    """Say nothing of an interruption that a callback of a library cannot raise: the next loop, or the watch, ends."""
    before = sys.unraisablehook

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            before(lost)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _resumed(words: Sequence[str]) -> Interrupted | None:
    """Return how to go on with what a command line goes on with: by the same words, wherever it is interrupted."""
    folder = None
    for word, following in itertools.zip_longest(words, words[1:]):
        if word == "--resume":
            folder = following
        elif word.startswith("--resume="):
            folder = word.removeprefix("--resume=")
    command = next((word for word in words if word in RESUMABLE), None)
    return None if folder is None or command is None else Interrupted(folder, command)


def _drop_unwritten() -> None:
    """Where standard output cannot take what is left for it, let that go: or Python complains at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _how_to_resume(stop: Interrupted) -> str:
    if stop.folder is None:
        return "Stopped."
    return f"Stopped; go on with: neurochip {stop.command} --resume {shlex.quote(stop.folder)}"


def _sentence(error: OSError) -> str:
    if error.filename is None and error.errno == errno.ENOENT and not _is_somewhere():
        return "the current folder: is there no more; change to one that is (cd), and run it again"
    place = "" if error.filename is None else f"{os.fspath(error.filename)}: "
    problem = error.strerror or str(error) or type(error).__name__
    return f"{place}{problem[:1].lower()}{problem[1:]}"


def _is_somewhere() -> bool:
    """Whether the folder that this process was begun in is still there."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True
