"""Verilog files of the package, and the defaults of their parameters."""

from __future__ import annotations

from importlib import resources

__all__ = ["template", "with_parameter"]


def template(name: str, package: str = "neurochip.rtl", folder: str = "verilog") -> str:
    """Return a file for simulators that a package of ours brings, of its Verilog if nothing else is said."""
    return (resources.files(package) / folder / name).read_text(encoding="utf-8")


def with_parameter(text: str, name: str, value: int | str) -> str:
    """Return Verilog with another default of a parameter in its first head."""
    head, found, rest = text.partition(f" {name} = ")
    if not found:
        raise ValueError(f"no parameter {name}")
    end = min(at for at in (rest.find(","), rest.find("\n")) if at >= 0)
    return f"{head} {name} = {value}{rest[end:]}"
