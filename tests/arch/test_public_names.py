"""Every public name says what it takes and gives, in numpy's sections, and where it is from."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import neurochip

NAMES = [name for name in neurochip.__all__ if name != "__version__"]
PACKAGE = Path(neurochip.__file__).parent

# What is published elsewhere: the docstring names the source with its year.
FROM_PAPERS = {
    "OSA", "Kesten", "PowerLaw", "Predictive", "Identity", "SigmaDelta", "SecondOrderSigmaDelta", "Stochastic",
    "Threshold", "LIF", "EquilibriumPropagation", "LearningSpec",
}  # fmt: skip


def sections(text: str) -> set[str]:
    return set(re.findall(r"^(\w[\w ]*)\n-{3,}$", text, re.MULTILINE))


def described(text: str) -> set[str]:
    """Names that stand at the head of an entry of a section, several in a line with commas."""
    found: set[str] = set()
    for line in re.findall(r"^([a-z_0-9]+(?:, [a-z_0-9]+)*)$", text, re.MULTILINE):
        found.update(line.split(", "))
    return found


def parameters(value: Any) -> list[str]:
    if inspect.isfunction(value):
        return [name for name in inspect.signature(value).parameters]
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value) if field.init]
    if hasattr(value, "_fields"):
        return list(value._fields)
    if issubclass(value, enum.Enum) or "__init__" not in vars(value) or getattr(value, "_is_protocol", False):
        return []  # or those of its base class, which says so
    return [name for name in inspect.signature(value).parameters]


def test_there_are_names() -> None:
    assert len(NAMES) > 30
    assert set(NAMES) >= FROM_PAPERS
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_docstring(name: str) -> None:
    value = getattr(neurochip, name)
    text = inspect.getdoc(value) or ""
    assert text and value.__module__.startswith("neurochip."), name
    has, takes = sections(text), parameters(value)
    if takes:
        assert has & {"Parameters", "Attributes"}, f"{name} does not say what it takes"
        assert set(takes) <= described(text), f"{name}: {sorted(set(takes) - described(text))}"
    if inspect.isfunction(value):
        returns = inspect.signature(value).return_annotation not in (None, "None")
        assert {"Raises"} | ({"Returns"} if returns else set()) <= has, name
    if dataclasses.is_dataclass(value) and "__post_init__" in vars(value):
        assert "Raises" in has, f"{name} checks itself and does not say so"


@pytest.mark.parametrize("name", sorted(FROM_PAPERS))
def test_source(name: str) -> None:
    text = inspect.getdoc(getattr(neurochip, name)) or ""
    assert re.search(r"\b(19|20)\d\d\b", text), f"{name} does not name its paper"


def test_type_checkers_see_the_same_names() -> None:
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^    from [\w.]+ import (\w+) as \1$", text, re.MULTILINE)) == sorted(NAMES)


def test_importing_the_package_costs_nothing() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import neurochip, sys; print('numpy' in sys.modules, 'numba' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "False False\n"
