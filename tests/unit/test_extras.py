"""What is said where a package is missing: the extra that brings it, and the one that brings all."""

from __future__ import annotations

import io
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from neurochip import extras
from neurochip.description.nir.export import _nir
from neurochip.errors import CapabilityError, ConfigError, NeurochipError
from neurochip.figures.style import matplotlib
from neurochip.files.yaml_text import _yaml
from neurochip.search.study import check_sampler
from neurochip.sweep.engine import open_engine
from neurochip.sweep.statistics import t_quantile
from neurochip.trace.vcd import VcdTrace

ROOT = Path(__file__).parents[2]
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]["optional-dependencies"]
NO_COMMAND = {"dev", "docs", "testing"}


def packages(extra: str) -> set[str]:
    return {Requirement(line).name for line in EXTRAS[extra]}


def sources() -> dict[str, str]:
    files = [*(ROOT / "neurochip").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files}


def test_all_brings_what_every_command_needs_and_nothing_heavy() -> None:
    others = set(EXTRAS) - NO_COMMAND - {extras.ALL, *extras.APART}
    assert packages(extras.ALL) == set().union(*map(packages, others))
    assert all("torch" in packages(extra) for extra in extras.APART) and "torch" not in packages(extras.ALL)
    versions = {line for extra in others for line in EXTRAS[extra]}
    assert set(EXTRAS[extras.ALL]) == versions


@pytest.mark.parametrize(
    ("module", "place", "extra", "ask"),
    [
        ("matplotlib", "figures", "plot", matplotlib),
        ("vcd", "format: vcd", "trace", lambda: VcdTrace(io.BytesIO(), (), "")),
        ("nir", "NIR", "nir", _nir),
        ("yaml", "YAML", "sanafe", _yaml),
        ("optuna", "tune", "tune", lambda: check_sampler("tpe")),
        ("loky", "--workers", "sweep", lambda: open_engine(workers=1).__enter__()),
        ("distributed", "--scheduler", "cluster", lambda: open_engine(scheduler="tcp://x:1").__enter__()),
        ("scipy.special", "intervals", "sweep", lambda: t_quantile(0.9, 3)),
    ],
)
def test_a_missing_package_is_said_with_its_extra_and_the_one_of_all(
    module: str, place: str, extra: str, ask: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises((CapabilityError, ConfigError)) as caught:
        ask()
    package = {"vcd": "pyvcd", "yaml": "PyYAML"}.get(module, module.partition(".")[0])
    assert str(caught.value) == (
        f"{place}: {package} is not installed; python -m pip install 'neurochip[{extra}]' brings it, "
        "'neurochip[all]' all that commands need"
    )


def test_what_can_be_done_without_it_is_said_too() -> None:
    assert extras.missing("pymetis", "map", 'choose "hops"').endswith(
        'all that commands need; or choose "hops"'
    )
    with pytest.raises(NeurochipError, match="torch is not installed; .*'neurochip\\[all\\]' leaves it out"):
        raise CapabilityError("gp", extras.missing("torch", "gp"))


def test_one_place_makes_the_sentence() -> None:
    """And each extra that code names holds the package that it is named for."""
    named = []
    for name, text in sources().items():
        if name not in ("neurochip/extras.py", "neurochip/testing/__init__.py"):
            assert "install" not in text or "neurochip[" not in text, name
        named += re.findall(r'\b(?:needed|missing)\(\s*"([\w.]+)", "(\w+)"', text)
    assert len(named) >= 9
    for module, extra in named:
        package = {"vcd": "pyvcd", "yaml": "pyyaml"}.get(module, module.partition(".")[0])
        assert package in packages(extra), (module, extra)
