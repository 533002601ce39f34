"""Run a deck in ngspice, and say in one sentence why it would not."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import CapabilityError, ConfigError
from neurochip.files import Foreign, briefly, read_bytes, read_text

__all__ = ["Models", "run_deck", "version"]

_SECONDS = 600
_MOST_FILES = 1000
_COMMANDS = re.compile(r"\s*\.(?:control|exec)\b|\*#|.*\bd_process\b", re.IGNORECASE)
_INCLUDES = re.compile(r"""\s*\.(?:inc\w*|lib)\s+(?:"([^"]+)"|'([^']+)'|(\S+))""", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:on line|line no\.) *(\d+)")
# What ngspice says of its own state and not of the card.
_IDLE = (
    "note:",
    "circuit:",
    "doing analysis",
    "no. of data rows",
    "simulation interrupted",
    "trying gmin",
    "trying so",
)


class Models:
    """The file of model cards, and how a deck takes it in.

    Parameters
    ----------
    path
        Of the user's.
    section
        Of a library, e.g. ``tt``; `None` includes the whole file.

    Raises
    ------
    ConfigError
        When there is no such file, its name cannot stand in a deck, or it or a file that it includes holds commands.
    """

    def __init__(self, path: Path, section: str | None) -> None:
        content = _harmless(path)
        self.path, self.section = path.resolve(), section
        self.digest = hashlib.sha256(content).hexdigest()[:12]
        self._lines = content.decode(errors="replace").splitlines()

    @property
    def line(self) -> str:
        """What stands in a deck."""
        if self.section is None:
            return f'.include "{self.path}"'
        return f'.lib "{self.path}" {self.section}'

    def place_of(self, said: str, quoted: str) -> str:
        """Return file and line that ngspice means: of the text that it quotes, or by the number that it gives."""
        start = _plain(quoted.removesuffix("..."))
        if start:
            for number, line in enumerate(self._lines, start=1):
                if _plain(line).startswith(start) or (
                    len(start) > 20 and start.startswith(_plain(line)) and line.strip()
                ):
                    return f"{self.path}: line {number}"
        found = _NUMBERED.search(said)
        # Numbers are those of the file that is read, and the deck itself has no model.
        return f"{self.path}: line {found.group(1)}" if found and not start else str(self.path)


def _harmless(path: Path) -> bytes:
    """Return the content of a file of cards; it and all files that it includes are refused where they hold commands.

    ngspice carries out whatever stands between ``.control`` and ``.endc`` or behind ``*#``, programs of the machine
    too, and ``d_process`` starts one.
    """
    if not all(c.isprintable() and c not in "\"'" for c in str(path.resolve())):
        raise ConfigError(
            briefly(str(path)), "has a quote or a control character in its name or folder; rename it"
        )
    wanted, seen, first = [path.resolve()], set[Path](), b""
    while wanted:
        here = wanted.pop()
        if here in seen or (seen and not here.is_file()):  # ngspice says what it does not find
            continue
        content = read_bytes(Foreign(here, "a file of model cards", "", error=ConfigError))
        first = first if seen else content
        seen.add(here)
        if len(seen) > _MOST_FILES:
            raise ConfigError(
                str(path), f"includes more than {_MOST_FILES} files; give those of one section alone"
            )
        for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1):
            if _COMMANDS.match(line):
                raise ConfigError(
                    f"{here}: line {number}",
                    "begins commands, which cards do not need; leave them out",
                )
            if included := _INCLUDES.match(line):
                if "$" in line:
                    raise ConfigError(
                        f"{here}: line {number}", "includes a file by a variable; name the file"
                    )
                wanted.append(
                    (here.parent / Path(included.group(included.lastindex or 0)).expanduser()).resolve()
                )
    return first


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def version() -> str:
    """Return e.g. ``ngspice-39``.

    Raises
    ------
    CapabilityError
        When it is not installed.
    """
    if shutil.which("ngspice") is None:
        raise CapabilityError("ngspice", "is not installed, and cells are extracted with it; install ngspice")
    told = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"ngspice-[\d.]+", told)
    return found.group() if found else "ngspice"


def run_deck(
    lines: list[str], analysis: list[str], columns: list[str], models: Models
) -> NDArray[np.float64]:
    """Return f64[point, column] of an analysis.

    Parameters
    ----------
    lines
        The circuit, without its title and models.
    analysis
        Commands, e.g. ``dc V1 0 1 0.1``.
    columns
        What is written, e.g. ``i(V1)``.

    Raises
    ------
    ConfigError
        When ngspice takes no part of it, with its own reason, and file and line where it names them.
    """
    version()
    deck = [
        "* neurochip cells extract",
        models.line,
        *lines,
        ".options reltol=1e-5 abstol=1e-16 vntol=1e-9 gmin=1e-16 itl1=500",
        ".control",
        "set numdgt=12",
        "set wr_singlescale",
        "set wr_vecnames",
        *analysis,
        f"wrdata out.txt {' '.join(columns)}",
        ".endc",
        ".end",
    ]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "deck.cir").write_text("\n".join(deck) + "\n", encoding="utf-8")
        try:
            ran = subprocess.run(
                ["ngspice", "-b", "deck.cir"],
                cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS, errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ConfigError(
                str(models.path), f"keeps ngspice busy for more than {_SECONDS} s; take fewer draws"
            ) from None
        out = Path(folder) / "out.txt"
        table = _numbers(out) if out.exists() else np.zeros((0, 0))
    if table.size and table.shape[1] == len(columns) + 1 and np.isfinite(table).all():
        return np.asarray(table[:, 1:])
    place, reason = _reason(ran.stderr, ran.stdout, models)
    raise ConfigError(place, f"is rejected by ngspice: {reason}")


def _numbers(path: Path) -> NDArray[np.float64]:
    """Return what ngspice wrote under one line of names, f64[point, column]."""
    rows = [line.split() for line in read_text(Foreign(path, "a table of ngspice", "")).splitlines()[1:]]
    try:
        return np.array([[float(number) for number in row] for row in rows if row], ndmin=2)
    except ValueError:  # cut off where ngspice stopped
        return np.zeros((0, 0))


def _reason(stderr: str, stdout: str, models: Models) -> tuple[str, str]:
    """Return where the first fault lies, and what ngspice says of it."""
    lines = [line.rstrip() for line in f"{stderr}\n{stdout}".splitlines() if line.strip()]
    for k, line in enumerate(lines):
        if _NUMBERED.search(line) is None:
            continue
        following = lines[k + 1 : k + 3]
        quoted = following.pop(0).strip() if following and following[0].startswith("  ") else ""
        reason = following[0].strip() if following else line.strip()
        return models.place_of(line, quoted), reason
    for line in lines:
        if re.search(r"error|can't|cannot|could not|undefined|unknown|singular", line, re.IGNORECASE):
            return str(models.path), line.strip()
    rest = [line.strip() for line in lines if not _plain(line).startswith(_IDLE)]
    return str(models.path), rest[-1] if rest else "it gives no result, and no reason"
