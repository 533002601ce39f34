"""Everything in the tree that belongs to the product is installed, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSES = {"neurochip": "neurochip", "firmware_sim": "firmware_sim", "cli": "neurochip._cli"}
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]

# Prints what setuptools would install, one "package folder" per line.
LIST_PACKAGES = """
import setuptools
setuptools.setup = lambda **settings: print("\\n".join(settings["packages"]))
exec(compile(open("setup.py", encoding="utf-8").read(), "setup.py", "exec"))
"""


def source_files() -> list[Path]:
    files = [
        path.relative_to(ROOT)
        for house in HOUSES
        for path in sorted((ROOT / house).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]
    assert len(files) > 10, "the walk over the tree finds nothing"
    return files


def package_of(folder: Path) -> str:
    house, *inner = folder.parts
    return ".".join([HOUSES[house], *inner])


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in source_files() if path.suffix == ".py"}
    lacking = sorted(str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file())
    assert lacking == [], "without __init__.py these are left out of the wheel"


def test_every_package_is_installed_and_tests_are_not() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", LIST_PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    in_tree = {package_of(path.parent) for path in source_files() if path.name == "__init__.py"}
    assert sorted(listed) == sorted(in_tree)
    assert SETTINGS["package-dir"] == {"neurochip._cli": "cli"}


def test_every_data_file_is_installed() -> None:
    patterns = SETTINGS["package-data"]
    data = [path for path in source_files() if path.suffix not in {".py", ".pyi"}]
    assert Path("neurochip/data/embedded/mnist-small.npz") in data
    covered = {
        path
        for package, globs in patterns.items()
        for pattern in globs
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    assert [str(path) for path in data if ROOT / path not in covered] == [], "not in package-data"
