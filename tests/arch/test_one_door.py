"""Foreign files come through `neurochip.files` and nowhere else: nothing outside it opens or decodes one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Calls that open a file for reading, or decode what stands in one.
CALLS = {
    "np.load", "np.fromfile", "np.loadtxt", "np.genfromtxt", "np.memmap", "json.load", "json.loads", "tomllib.load",
    "tomllib.loads", "msgspec.json.decode", "csv.reader", "csv.DictReader", "pickle.load", "pickle.loads", "gzip.open",
    "zipfile.ZipFile", "h5py.File", "sqlite3.connect", "open", "os.open",
    "np.lib.format.read_array",
}  # fmt: skip
METHODS = {"read_text", "read_bytes", "open"}

# What is not foreign, or is opened for writing: file → why.
OWN = {
    "cli/screen.py": "prints the document that the command has just written",
    "cli/stops.py": "/dev/null",
    "cli/commands/reproduce.py": "prints the document that the command has just written",
    "firmware_sim/programs/__init__.py": "programs of the package",
    "firmware_sim/access.py": "a token: of a regular file so many characters; and writes",
    "firmware_sim/rule_text.py": "a text over the bus, of limited length, whose reader names the fault",
    "neurochip/papers/rules_on_substrates.py": "a table that the maintainer measured, read by its own script",
    "firmware_sim/counting.py": "a text within a block of the bus, whose reader names the fault",
    "neurochip/kernels/cache.py": "the source of the package",
    "neurochip/kernels/_jit.py": "the source of the package",
    "neurochip/source.py": "the source of the package",
    "neurochip/machine.py": "/proc and /sys",
    "neurochip/bench/machine.py": "/proc and /sys",
    "neurochip/bench/processes.py": "/proc",
    "neurochip/report/page.py": "templates of the package",
    "neurochip/rtl/templates.py": "Verilog of the package",
    "neurochip/data/uci.py": "makes the embedded file, from a folder of the maintainer",
    "neurochip/data/tabular.py": "makes the embedded file, from a folder of the maintainer",
    "neurochip/data/fetch.py": "downloads, and sums what `read_idx` has read",
    "neurochip/data/idx.py": "gzip around a stream that the door opened",
    "neurochip/testing/elements.py": "a text that the test has just written",
    "neurochip/papers/parts.py": "the source of the package",
    "neurochip/sweep/identity.py": "sums the files that runs name, and looks at nothing in them",
    "neurochip/sweep/store.py": "makes a database",
    "neurochip/durable/folder.py": "a folder, so that its names are on the disk",
}
# Programs of other tools, in processes of their own, and what these answer.
RIVALS = "neurochip/bench/rivals/"


def reading_calls(source: str) -> list[tuple[int, str]]:
    """Return line and name of each call that opens or decodes a file; writing HDF5 into memory is none."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        modes = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if modes and modes[-1] in ("w", "wb", "x", "a", "ab"):
            continue
        of_a_path = isinstance(node.func, ast.Attribute) and node.func.attr in METHODS
        if (
            of_a_path
            and node.func.attr == "open"
            and name.split(".")[0] in ("Store", "RunFolder", "self", "cls")
        ):  # type: ignore[union-attr]
            continue
        if name in CALLS or of_a_path:
            found.append((node.lineno, name))
    return found


def sources() -> list[Path]:
    folders = [ROOT / name for name in ("neurochip", "firmware_sim", "cli")]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def test_what_is_excused_still_opens_something() -> None:
    """An excuse outlives what it excuses, and would cover the next call that is written there."""
    for place in OWN:
        assert reading_calls((ROOT / place).read_text(encoding="utf-8")), place


def test_nothing_else_opens_foreign_files() -> None:
    found = []
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(("neurochip/files/", RIVALS)) or place in OWN:
            continue
        found += [f"{place}:{line}: {call}" for line, call in reading_calls(path.read_text(encoding="utf-8"))]
    # Catalogues of other packages are resources of Python, not files that a user names.
    found = [
        entry
        for entry in found
        if not (entry.startswith("neurochip/description/catalogue.py") and "read_text" in entry)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    ["np.load(p)", "h5py.File(p)", "h5py.File(p, 'r')", "open(p)", "p.read_text()", "p.open('rb')", "json.loads(t)"],
)  # fmt: skip
def test_the_rule_notices(code: str) -> None:
    assert reading_calls(code)


def test_writing_is_no_reading() -> None:
    assert reading_calls("h5py.File(memory, 'w')\nself._open()\np.open('wb')") == []
