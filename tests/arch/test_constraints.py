"""What `.ci/run` installs is what pyproject.toml asks for, at one version each."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / ".ci" / "constraints.txt"
USED_BY_CI = ("dev", "docs")


def pinned() -> dict[str, str]:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    versions = {canonicalize_name(name): version for name, version in pairs}
    assert len(versions) == len(pairs), "a package stands there twice"
    return versions


def asked() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in USED_BY_CI:
        lines += project["optional-dependencies"][extra]
    # Setuptools builds the package, in an environment of its own that constraints do not reach.
    return [requirement for requirement in map(Requirement, lines) if requirement.name != "setuptools"]


def test_every_package_that_is_asked_for_has_a_version_that_serves() -> None:
    versions = pinned()
    missing = [r.name for r in asked() if canonicalize_name(r.name) not in versions]
    assert not missing, f"not in .ci/constraints.txt: {missing}"
    wrong = [str(r) for r in asked() if versions[canonicalize_name(r.name)] not in r.specifier]
    assert not wrong, f"the versions of .ci/constraints.txt are not what pyproject.toml asks for: {wrong}"
