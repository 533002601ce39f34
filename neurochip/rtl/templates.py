"""Verilog files of the package, and the defaults of their parameters."""

from __future__ import annotations

from importlib import resources

__all__ = ["template", "with_parameter"]


def template(name: str) -> str:
    """Return a Verilog file of the package."""
    return (resources.files("neurochip.rtl") / "verilog" / name).read_text(encoding="utf-8")


def with_parameter(text: str, name: str, value: int) -> str:
    """Return Verilog with another default of a parameter in its first head."""
    head, found, rest = text.partition(f" {name} = ")
    if not found:
        raise ValueError(f"no parameter {name}")
    end = min(at for at in (rest.find(","), rest.find("\n")) if at >= 0)
    return f"{head} {name} = {value}{rest[end:]}"
