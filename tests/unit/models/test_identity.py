"""What a model answers is what the evaluation of its run answered: every sample, on every substrate, in any process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurochip
from firmware_sim.through import through_firmware
from neurochip import data, simulate
from neurochip.training import loop
from neurochip.training.evaluate import answered

BASE = (
    "data.train=40", "data.test=24", "evaluation.train=0", "learning.epochs=1",
    "network.layers=[16, 6, 2]", "phases.free=12", "phases.nudged=6",
)  # fmt: skip
GRAPH = tuple(key for key in BASE if not key.startswith("network."))  # has populations of its own
ANALOG = ("substrate=analog", "analog.diagnosed=0")
RUNS: dict[str, tuple[str, ...]] = {
    "ideal": ("substrate=ideal",),
    "digital": (),
    "stochastic bits": ("coding.encoder=stochastic",),
    "int8": ("network.precision=int8",),
    "int8, stochastic rounding": ("network.precision=int8", "network.rounding=stochastic"),
    "two-compartment": ("neuron.kind=two-compartment", "neuron.rate=60", "phases.free=200"),
    "synapses that differ": ("mismatch.deviation=0.2",),
    "faults": ("faults.spike_drop.rate=0.05",),
    "traces": ("network.tied=false", "learning.pre=trace"),
    "graph": (),
    "die": ANALOG,
    "die with mismatch": (*ANALOG, "analog.mismatch.sigma=0.2"),
    "noisy die": (*ANALOG, "analog.noise.read=0.01"),
    "integers": (
        "network.precision=int8", "numbers.state=Q3.12", "coding.encoder=sigma-delta", "coding.decoder.lambda=0.25",
        "coding.annealer.kind=osa", "coding.annealer.nu_bar=0.03125", "learning.rates=[0.3125, 0.078125]",
    ),
    "firing": ("neuron.kind=lif", "phases.reference=parallel"),
    "events in their ticks": (),
}  # fmt: skip
EVENTS = (
    "data.train=40", "data.test=24", "evaluation.train=0", "learning.epochs=1", "network.layers=[288, 6, 4]",
    "phases.free=20", "phases.nudged=10",
)  # fmt: skip
_OTHERS = {"graph": ("stripes-graph", GRAPH), "events in their ticks": ("moving-bars-spikes", EVENTS)}


def trained(kind: str, **how: Any) -> neurochip.Model:
    """Return a network that is trained on a substrate."""
    run, keys = _OTHERS.get(kind, ("stripes", BASE))
    return neurochip.train(run, overrides=[*keys, *RUNS[kind]], threads=1, **how)


def shown(samples: data.Dataset) -> Any:
    return samples.presented(slice(None), "test")


ANOTHER_PROCESS = """
import json, sys
import neurochip
said = {}
for name in sys.argv[1:]:
    model = neurochip.load(name)
    samples = neurochip.data.load(model.run.data)
    said[name] = model.outputs(samples.presented(slice(None), "test")).tolist()
json.dump(said, sys.stdout)
"""


class Seen:
    """Listens to the evaluation that a run makes itself, sample by sample."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from neurochip.training import evaluate

        self.layers: list[np.ndarray[Any, Any]] = []

        def listening(*words: Any, **options: Any) -> Any:
            self.layers.clear()
            for settled, last, layer in answered(*words, **options):
                self.layers.append(np.array(layer, dtype=np.float64))
                yield settled, last, layer

        monkeypatch.setattr(evaluate, "answered", listening)


@pytest.mark.parametrize("kind", RUNS)
def test_every_sample_is_answered_as_in_the_run(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        seen = Seen(patch)
        model = trained(kind)
    own = np.concatenate(seen.layers)
    samples = data.load(model.run.data)
    x, y = shown(samples), samples.labels("test")
    assert own.shape == (24, samples.n_outputs) and len(np.unique(own)) > 2
    assert np.array_equal(model.outputs(x), own)
    assert np.array_equal(model.outputs(x), own)  # asking leaves nothing behind
    loaded = neurochip.load(model.save(tmp_path / "model"), threads=2)
    assert np.array_equal(loaded.outputs(x), own)
    names = np.array(samples.classes)
    assert np.array_equal(loaded.predict(x), names[own.argmax(axis=1)])
    for evaluation in (model.evaluate(), loaded.evaluate(), loaded.evaluate(x, names[y])):
        assert evaluation.error == model.document["result"]["test_error"]
        assert evaluation.confusion is not None
        assert evaluation.confusion.tolist() == model.document["result"]["confusion"]


def test_another_process_answers_the_same(tmp_path: Path) -> None:
    """On all substrates; and a network that was trained through firmware answers as one that was trained directly."""
    own = {}
    for number, kind in enumerate(RUNS):
        folder = tmp_path / f"model-{number}"
        model = trained(kind, out=folder)
        own[str(folder)] = model.outputs(shown(data.load(model.run.data)))
    with through_firmware() as through:
        simulate("stripes", overrides=BASE, through=through, out=tmp_path / "driven", threads=1)
    own[str(tmp_path / "driven")] = own[str(tmp_path / f"model-{list(RUNS).index('digital')}")]
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_PROCESS, *own], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    for name, wanted in own.items():
        assert np.array_equal(np.array(said[name]), wanted), name


def test_other_weights_answer_otherwise(tmp_path: Path) -> None:
    """The control: the comparison above can fail."""
    model = neurochip.train("stripes", overrides=BASE, threads=1)
    other = neurochip.train("stripes", overrides=BASE, seed=2, threads=1)
    x = data.load(model.run.data).inputs(slice(None), "test")
    assert not np.array_equal(model.outputs(x), other.outputs(x))


def test_the_loop_has_no_other_way_to_measure() -> None:
    assert loop.measured.__module__ == "neurochip.training.evaluate"
