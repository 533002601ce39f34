"""What import-linter cannot see: the folder ``cli/`` is ``neurochip._cli`` only once it is installed."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def meets(name: str, forbidden: str) -> bool:
    return name == forbidden or name.startswith(f"{forbidden}.")


def offenders(house: str, forbidden: tuple[str, ...], allowed: frozenset[str] = frozenset()) -> list[str]:
    return sorted(
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / house).rglob("*.py")
        if str(path.relative_to(ROOT)) not in allowed
        for name in imports(path)
        if any(meets(name, one) for one in forbidden)
    )


def test_the_library_knows_neither_the_command_line_nor_the_firmware() -> None:
    # `python -m neurochip` is the command line under another name.
    main = frozenset({"neurochip/__main__.py"})
    assert len(list((ROOT / "neurochip").rglob("*.py"))) > 10
    assert offenders("neurochip", ("cli", "neurochip._cli", "firmware_sim", "click"), main) == []


def test_the_command_line_has_one_name() -> None:
    # Imported as `cli` and as `neurochip._cli`, a module would be loaded twice.
    assert offenders("cli", ("cli",)) == []
    assert offenders("tests", ("cli",)) == []


def test_the_library_does_not_know_its_tests() -> None:
    contracts = frozenset(
        str(path.relative_to(ROOT)) for path in (ROOT / "neurochip" / "testing").glob("*.py")
    )
    assert contracts
    for house in ("neurochip", "cli", "firmware_sim"):
        assert offenders(house, ("pytest", "hypothesis", "neurochip.testing"), contracts) == []
        assert offenders(house, ("tests", "benchmarks")) == []
        # An extra of sweeps, whose statistics need it, of placements, which it assigns, and of supply lines.
        statistics = frozenset(
            {
                "neurochip/analog/supply_lines.py",
                "neurochip/compile/moving.py",
                "neurochip/sweep/population.py",
                "neurochip/sweep/statistics.py",
                "neurochip/sweep/limit.py",
            }
        )
        assert offenders(house, ("scipy",), statistics) == []


def test_an_offender_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text("from neurochip import _cli\nimport click.testing\n", encoding="utf-8")
    assert imports(module) == {"neurochip", "neurochip._cli", "click.testing"}
    assert meets("click.testing", "click")
    assert not meets("clicker", "click")
