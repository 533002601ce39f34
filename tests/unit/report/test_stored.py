"""Stored reports: their kind and format, and explorations whose parts do not fit together."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from neurochip._cli.main import neurochip

from neurochip.errors import DataError
from neurochip.exploration import explore
from neurochip.exploration.given import given
from neurochip.figures.folders import figures_of
from neurochip.files import Foreign
from neurochip.report.explorations import is_exploration, read_exploration
from neurochip.report.stored import is_of_kind, read_formatted

EVIL = "/../../../elsewhere"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("explored")
    rng = np.random.default_rng(3)
    spikes = {f"spikes.{k}": (rng.random((6, n)) < 0.4).astype(np.uint8) for k, n in enumerate((5, 4))}
    np.savez(folder / "all.npz", **spikes)  # type: ignore[arg-type]
    what = given(None, raster=folder / "all.npz")
    vary = ["chip.core.neurons=2,4", "chip.energies.packet_out=1 pJ,2 pJ"]
    found = explore(what.workload, what.chip, vary, name="x", out=folder / "out")
    assert json.loads((folder / "out/sweep.json").read_text()) == json.loads(json.dumps(found.document))
    return json.loads((folder / "out/sweep.json").read_text())  # type: ignore[no-any-return]


def stored(folder: Path, table: Any) -> Path:
    (folder / "sweep.json").write_text(json.dumps(table), encoding="utf-8")
    return folder


def test_what_is_written_is_read(tmp_path: Path, document: dict[str, Any]) -> None:
    folder = stored(tmp_path, document)
    assert is_exploration(folder) and read_exploration(folder) == document
    names = [figure.name for figure in figures_of([folder])]
    assert names and all(name == Path(name).name for name in names)


def _rename(old: str, new: str) -> Callable[[Any], Any]:
    """Return a change that renames a figure wherever it stands."""
    return lambda table: json.loads(json.dumps(table).replace(f'"{old}"', f'"{new}"'))


def _put(*path: Any, value: Any) -> Callable[[Any], Any]:
    def change(table: Any) -> Any:
        holder = table
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
        return table

    return change


DAMAGE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "figure elsewhere": (_rename("energy_j", EVIL), "metrics: names the figure"),
    "shown elsewhere": (_put("shown", 0, value=["cores", EVIL]), "shown[0]: names the figure"),
    "three shown": (_put("shown", 0, value=["cores", "hops", "sops"]), "shown[0]: must name two figures, got 3"),
    "one shown": (_put("shown", 0, value=["cores"]), "shown[0]: must name two figures, got 1"),
    "the same twice": (_put("shown", 0, value=["cores", "cores"]), "shown[0]: must name two figures, got 1"),
    "front of one": (_put("fronts", 0, "metrics", value=["cores"]), "fronts[0].metrics: must name two figures"),
    "unknown front": (_put("fronts", 0, "metrics", 1, value="x"), 'fronts[0].metrics: names the figure "x"'),
    "point beyond": (_put("fronts", 0, "points", value=[4]), "fronts[0].points: names point 4 of 4, from 0"),
    "point before": (_put("fronts", 0, "points", value=[-1]), "fronts[0].points: names point -1 of 4, from 0"),
    "point without": (_put("points", 0, "metrics", value={}), "fronts["),
    "figure of a point": (_put("points", 1, "metrics", EVIL, value=1.0), "points[1].metrics: names the figure"),
    "key elsewhere": (_rename("chip.core.neurons", EVIL), "vary[0].key: is "),
    "key twice": (_put("vary", 1, "key", value="chip.core.neurons"), "vary[1].key: is chip.core.neurons, which varies"),
    "no key": (_put("vary", value=[]), "vary: names no key"),
    "value of a point": (_put("points", 0, "values", "chip.core.neurons", value="7"), "points[0].values: has chip"),
    "values of a point": (_put("points", 0, "values", value={}), "points[0].values: must have a value of each key"),
    "no points": (_put("points", value=[]), "points: holds none"),
    "sensitivity": (_put("sensitivity", 0, "key", value="chip.mesh.width"), "sensitivity[0].key: is "),
    "sensitive figure": (_put("sensitivity", 0, "metric", value="x"), "sensitivity[0].metric: names the figure"),
    "work": (_put("work", value={"spikes": 1, "counted": 1}), "work.costed: must be a count"),
    "kind": (_put("kind", value="sweep"), "kind: is sweep, and no exploration"),
    "format": (_put("format", value=1), "format: is 1, and this version reads 2; use the version that wrote it"),
    "true is no format": (_put("format", value=True), "format: is True, and this version reads 2"),
    "type": (_put("points", 0, "metrics", "cores", value="many"), "points[0].metrics"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_parts_that_do_not_fit(tmp_path: Path, document: dict[str, Any], name: str) -> None:
    change, problem = DAMAGE[name]
    folder = stored(tmp_path, change(copy.deepcopy(document)))
    with pytest.raises(DataError) as caught:
        read_exploration(folder)
    assert str(caught.value).startswith(f"{folder / 'sweep.json'}: {problem}"), str(caught.value)


def test_nothing_is_written_elsewhere(tmp_path: Path, document: dict[str, Any]) -> None:
    (tmp_path / "in").mkdir()
    folder = stored(tmp_path / "in", _rename("energy_j", EVIL)(document))
    before = sorted(tmp_path.rglob("*"))
    found = CliRunner().invoke(
        neurochip, ["figures", str(folder), "--out", str(tmp_path / "in" / "a"), "--format", "csv"]
    )
    assert found.exit_code == 3 and str(folder / "sweep.json") in found.stderr
    assert sorted(tmp_path.rglob("*")) == before and not (tmp_path / "elsewhere.csv").exists()


def test_a_report_that_cannot_be_drawn_names_its_file(
    tmp_path: Path, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in sweep.json is not called report.json, which there is not."""
    from neurochip.report.explorations import files

    def failing(document: Any) -> str:
        raise KeyError("x")

    monkeypatch.setattr(files, "exploration_page", failing)
    folder = stored(tmp_path, document)
    found = CliRunner().invoke(neurochip, ["report", str(folder)])
    assert found.exit_code == 3
    assert str(folder / "sweep.json") in found.stderr and "report.json" not in found.stderr
    assert "an exploration" in found.stderr and "explore again" in found.stderr


def test_kind_and_format_of_any_report(tmp_path: Path) -> None:
    file = Foreign(tmp_path / "x.json", "a report", "write it again")
    assert not is_of_kind(file, "a")
    for content, kind in (("[]", False), ("{", False), ('{"kind": 3}', False), ('{"kind": "a"}', True)):
        file.path.write_text(content)
        assert is_of_kind(file, "a") == kind
    file.path.write_text('{"format": 7, "a": 1}')
    assert read_formatted(file, dict[str, int], 7) == {"format": 7, "a": 1}
    with pytest.raises(DataError, match="format: is 7, and this version reads 8; go away"):
        read_formatted(file, dict[str, int], 8, cure="go away")
    file.path.write_text('{"a": 1}')
    with pytest.raises(DataError, match="format: is None, and this version reads 7"):
        read_formatted(file, dict[str, int], 7)
    file.path.write_text("[1]")
    with pytest.raises(DataError, match="write it again"):
        read_formatted(file, dict[str, int], 7)
