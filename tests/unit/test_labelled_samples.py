"""Labelled samples of spikes: labels as programs write them, and which of several outputs says what a sample is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import ConfigError
from neurochip.inference.inferring import LabelledSamples, infer, read_samples

LABELS = np.array([0, 2, 1, 2])
SPIKES = np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    "labels",
    [
        LABELS.astype(np.float32),
        LABELS.astype(">u2"),
        LABELS[:, None],
        np.eye(3)[LABELS],
        np.eye(3, dtype=bool)[LABELS],
    ],
)
def test_labels_of_any_form(tmp_path: Path, labels: Any) -> None:
    np.savez(tmp_path / "x.npz", spikes=SPIKES, labels=labels)
    found = read_samples(tmp_path / "x.npz").labels
    assert found.tolist() == LABELS.tolist() and found.dtype == np.int64


def two_outputs() -> SpikingNetwork:
    """Neurons of the first output fire with their inputs, those of the second with the next ones."""

    def group(name: str) -> NeuronGroup:
        given = {"r": 1.0, "v_threshold": 0.5, "v_reset": 0.0}
        return NeuronGroup(
            name=name,
            kind="IF",
            size=3,
            begins=1,
            parameters={key: np.full(3, v) for key, v in given.items()},
        )

    return SpikingNetwork(
        groups=(NeuronGroup(name="in", kind="Input", size=3), group("same"), group("next")),
        connections=(
            Connection(name="a", source="in", target="same", weights=np.eye(3)),
            Connection(name="b", source="in", target="next", weights=np.roll(np.eye(3), 1, axis=1)),
        ),
        outputs={"one": "same", "two": "next"},
        dt=1.0,
        method="euler",
    )


def test_the_output_that_classifies_may_be_named() -> None:
    network, spikes = two_outputs(), SPIKES.copy()
    spikes[np.arange(4), 1, LABELS] = 1
    for output, wanted in (("one", LABELS), ("two", (LABELS + 1) % 3)):
        for samples in (LabelledSamples(spikes, LABELS), LabelledSamples(spikes, LABELS, output)):
            shown = infer(network, samples, "ideal-bits", output=output if samples.output is None else None)
            assert (shown.output, shown.predictions.tolist()) == (output, wanted.tolist())
    for asked, ending in ((None, "one, two"), ("three", "one, two, got 'three'")):
        with pytest.raises(ConfigError) as caught:
            infer(network, LabelledSamples(spikes, LABELS), "ideal-bits", output=asked)
        assert str(caught.value) == f"output: must name one of them: the network has outputs {ending}"
