"""A trained network in Python: what it holds, what it refuses, and what a notebook shows of it."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurochip
from neurochip import DataError, Model, data
from neurochip.errors import CapabilityError, CheckpointError, OutputError, Stopped
from neurochip.models.notebook import watching

from .test_identity import BASE


@pytest.fixture(scope="module")
def model() -> Model:
    overrides = [*BASE, "substrate=ideal", "evaluation.train=10", "learning.epochs=2"]
    return neurochip.train("stripes", overrides=overrides, threads=1)


@pytest.fixture(scope="module")
def digital() -> Model:
    return neurochip.train("stripes", overrides=[*BASE, "record.presentations=2"], threads=1)


def test_what_it_holds(model: Model) -> None:
    assert {name: w.shape for name, w in model.weights.items()} == {
        "input->hidden": (16, 6),
        "hidden->output": (6, 2),
    }
    assert {name: b.shape for name, b in model.biases.items()} == {"hidden": (6,), "output": (2,)}
    assert [row["epoch"] for row in model.history] == [1, 2]
    assert model.history[-1]["test_error"] == model.document["result"]["test_error"]
    assert (set(model.classes), model.n_inputs, model.folder) == ({"same", "different"}, 16, None)
    before = model.outputs(np.full((1, 16), 0.5))
    model.weights["input->hidden"][:] = 0  # a copy: nothing happens
    assert np.array_equal(model.outputs(np.full((1, 16), 0.5)), before)


def test_shapes_of_samples(model: Model) -> None:
    x = np.random.default_rng(1).random((3, 4, 4))
    assert model.outputs(x).shape == (3, 2)
    assert np.array_equal(model.outputs(x[0].ravel()), model.outputs(x[:1]))
    pixels = (255 * x).astype(np.uint8)
    assert np.array_equal(model.outputs(pixels), model.outputs((pixels / np.float32(255)).astype(np.float32)))


BAD: dict[str, tuple[Any, str]] = {
    "width": (np.zeros((2, 5)), "x: has 5 inputs a sample, and the network was trained with 16"),
    "scalar": (1.0, "x: must be [sample, 16], got shape ()"),
    "nan": (np.full((1, 16), np.nan), "x: row 1, column 1: nan is not finite"),
    "outside": (np.full((1, 16), 1.5), "x: row 1, column 1: 1.5 is outside [0, 1], the range of a neuron's value"),
    "negative": (np.array([[0.5] * 15 + [-0.1]]), "x: row 1, column 16: -0.1 is outside [0, 1]"),
    "none": (np.zeros((0, 16)), "x: holds no sample"),
    "text": ([["a"] * 16], "x: must hold numbers, got <U1"),
    "ragged": ([[1.0], [1.0, 2.0]], "x: must be an array, got rows of different lengths"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_samples_that_cannot_be(model: Model, kind: str) -> None:
    x, sentence = BAD[kind]
    for ask in (model.predict, model.outputs):
        with pytest.raises(DataError) as refused:
            ask(x)
        assert str(refused.value).startswith(sentence)


def test_targets_that_cannot_be(model: Model) -> None:
    x = np.zeros((3, 16))
    for y, sentence in (
        (["same"] * 2, "y: has 2 targets, and there are 3 samples"),
        (["same", "other", "same"], "y: row 2: other is none of the classes"),
        ([0, 1, 2], "y: row 3: 2 is none of the classes"),
        (None, "y: is missing"),
    ):
        with pytest.raises(DataError) as refused:
            model.evaluate(x, y)
        assert str(refused.value).startswith(sentence)
    assert model.evaluate(x, [0, 1, 1]).samples == 3  # of named classes, which of them


def test_spikes_and_energy(digital: Model) -> None:
    x = data.load(digital.run.data).inputs(slice(0, 3), "test")
    spikes = digital.spikes(x)
    assert {name: s.shape for name, s in spikes.items()} == {
        "input": (12, 3, 16),
        "hidden": (12, 3, 6),
        "output": (12, 3, 2),
    }
    raster = digital.rasters[0]
    for k, name in enumerate(spikes):  # the first test sample, as its run recorded it
        assert spikes[name][:, 0] == raster.spikes[k][: raster.n_free]
    one, three = digital.energy(x[:1]), digital.energy(x)
    assert three.samples == 3 and 0 < one.joules < three.joules
    assert sum(three.by_category.values()) == pytest.approx(three.joules)
    trained = digital.energy()
    assert trained.joules == digital.document["energy_j"]["training"] and trained.samples == 40


def test_what_a_substrate_has_not(model: Model) -> None:
    with pytest.raises(CapabilityError, match="are sent by digital cores, and this model is ideal"):
        model.spikes(np.zeros((1, 16)))


def test_numbers_as_targets(tmp_path: Path) -> None:
    """Samples and numbers in their own units, in and out."""
    draws = np.random.default_rng(1)
    x = draws.uniform(-5, 5, (60, 3))
    y = 100 + 7 * x[:, :2]
    samples = data.from_arrays(x, y, name="lines")
    overrides = ["substrate=ideal", "network.layers=[3, 5, 2]", "learning.epochs=3", "phases.free=12"]
    overrides += ["phases.nudged=6", "evaluation.train=0"]
    model = neurochip.train("stripes", overrides=overrides, samples=samples, threads=1)
    said = model.predict(x)
    assert said.shape == (60, 2) and 60 < said.min() and said.max() < 140
    found = model.evaluate(x, y)
    assert found.confusion is None and found.rms is not None and found.rms.shape == (2,)
    assert found.rms == pytest.approx(np.sqrt(np.mean((said - y) ** 2, axis=0)))
    assert ", R² " in repr(model)
    loaded = neurochip.load(model.save(tmp_path / "m"))
    assert np.array_equal(loaded.predict(x), said)
    assert loaded.evaluate(x, y).error == found.error
    with pytest.raises(DataError, match="was given lines from Python"):
        loaded.evaluate()
    test = samples.part("test")
    own = model.coding.dataset(samples.inputs(slice(None), "test"), test.targets, "own")
    assert own.n_inputs == 3


def test_folders(model: Model, digital: Model, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "checkpoint.h5", "raster.npz", "report.html", "report.json", "request.json", "run.toml",
    ]  # fmt: skip
    with pytest.raises(OutputError, match="exists already"):
        model.save(folder)
    again = neurochip.load(folder).save(tmp_path / "again")
    assert (again / "checkpoint.h5").read_bytes() == (folder / "checkpoint.h5").read_bytes()
    (again / "run.toml").write_text((again / "run.toml").read_text().replace("seed = 1", "seed = 2"))
    with pytest.raises(CheckpointError, match="is damaged or was edited"):
        neurochip.load(again)
    (folder / "report.json").unlink()
    with pytest.raises(
        DataError, match="is of a run that is not finished; go on with: neurochip simulate --resume"
    ):
        neurochip.load(folder)
    (folder / "checkpoint.h5").unlink()
    with pytest.raises(DataError, match="has no checkpoint.h5: the run learnt nothing yet"):
        neurochip.load(folder)
    with pytest.raises(DataError, match="does not exist; name the folder of a finished run"):
        neurochip.load(tmp_path / "nowhere")
    with pytest.raises(DataError, match="has no run.toml"):
        neurochip.load(tmp_path)


def test_a_stop_is_an_exception(tmp_path: Path) -> None:
    overrides = [*BASE, "substrate=ideal", "learning.epochs=3"]
    with pytest.raises(Stopped) as stopped:
        neurochip.train("stripes", overrides=overrides, out=tmp_path / "run", stop=lambda: True, threads=1)
    assert isinstance(stopped.value, Exception) and stopped.value.folder == str(tmp_path / "run")
    model = neurochip.train(resume=tmp_path / "run")
    assert len(model.history) == 3 and model.folder == tmp_path / "run"


def test_what_a_notebook_shows(model: Model, digital: Model) -> None:
    assert len(repr(model)) < 200 and repr(model).startswith("<Model stripes: [16-6-2] on ideal, test error ")
    assert "\n" not in repr(digital)
    page = model._repr_html_()
    assert page.startswith('<div class="neurochip">') and "Test error" in page and "stripes" in page
    outcome = neurochip.simulate("stripes", overrides=[*BASE, "substrate=ideal"], write=False, threads=1)
    assert len(repr(outcome)) < 250 and "test error" in repr(outcome)
    assert "Test error" in outcome._repr_html_()


def test_progress_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """One output that is written over, and gone at the end; nobody is told outside of notebooks."""
    shown: list[str] = []
    handle = types.SimpleNamespace(update=lambda page: shown.append(page))
    fake = types.ModuleType("IPython")
    fake.__dict__["get_ipython"] = lambda: types.SimpleNamespace(kernel=object())
    inner = types.ModuleType("IPython.display")
    inner.__dict__.update(HTML=str, display=lambda page, display_id: shown.append(page) or handle)
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setitem(sys.modules, "IPython.display", inner)
    neurochip.train("stripes", overrides=[*BASE, "substrate=ideal"], threads=1)
    assert "<progress" in shown[0] and any("epoch 1/1" in page for page in shown) and shown[-1] == ""
    monkeypatch.delitem(sys.modules, "IPython")
    with watching(None) as told:
        assert told is None


def test_plots(digital: Model) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    for name in ("learning", "confusion", "bits", "energy", "chip"):
        axes = Figure().subplots()
        assert getattr(digital.plot, name)(axes) is axes and axes.has_data()
    axes = Figure().subplots()
    assert digital.plot.raster(1, axes) is axes
    with pytest.raises(DataError, match="2 was not recorded: there are 2"):
        digital.plot.raster(2)
    with pytest.raises(DataError, match="has no numbers in this run"):
        digital.plot.alignment()
