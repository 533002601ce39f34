"""No key of a run does nothing silently: changed alone, it changes the outcome, or is refused with a reason.

The first kinds of run are tried always, all of them with ``-m slow`` (many minutes).
"""

from __future__ import annotations

import pytest

from neurochip.keys.tree import KnownKey
from tests.property.changed_keys import silent_keys

SMALL = "convergence={ nets = 2, samples = 3, free = 8, nudged = 5, reference_steps = 30 }"
ANALOG = ("substrate=analog", "analog.settle.residual=0.2", "phases.free=20")
KINDS: dict[str, tuple[str, ...]] = {
    "digital": (),
    "ideal, moved images": ("substrate=ideal", "learning.shift=1"),
    "analog": ANALOG,
    "convergence": ("experiment=convergence", SMALL),
    "associative": ("substrate=ideal", "learning.rule=associative"),
}
SLOW: dict[str, tuple[str, ...]] = {
    "a die": (*ANALOG, "analog.mismatch.sigma=0.3", "network.tied=false"),
    "a placed die": (
        *ANALOG, "analog.mismatch.sigma=0.3", "analog.die=4", "analog.location.gradient=0.3", "analog.location.lot=0.1",
        "analog.location.correlated=0.3", "analog.location.dies_per_wafer=2", "analog.location.wafer=0.1",
    ),
    "a warm die of known cells": (
        *ANALOG, "analog.mismatch.process=sky130", "analog.conditions.bias=voltage", "analog.conditions.celsius=60",
        "analog.cells=sky130-subthreshold", "analog.noise.thermal=100", "analog.conditions.corner=ss",
    ),
    "a die on lines of a supply": (
        *ANALOG, "analog.cells=sky130-subthreshold", "analog.supply_lines.sheet_mohm=1e7",
        "analog.supply_lines.pitch_um=30",
    ),
    "a die of cells of their own gates": (
        *ANALOG, "analog.characteristic=tanh", "analog.cells=sky130-subthreshold", "analog.mismatch.process=180nm",
        "analog.mismatch.gates=cells",
    ),
    "a die of pairs": (*ANALOG, "analog.characteristic=ekv", "analog.mismatch.sigma=0.3"),
    "a leak that saturates": (*ANALOG, "analog.leak.characteristic=amplifier", "analog.leak.range=0.5"),
    "mirrors of finite output": (*ANALOG, "analog.mirror.conductance=0.03"),
    "a die of a process": (
        *ANALOG, "analog.mismatch.process=180nm", "analog.mismatch.region=strong", "analog.settle.method=heun",
    ),
    "converters": (*ANALOG, "analog.converters={ adc_bits = 5, weight_bits = 7, dac_bits = 3 }"),
    "integers, timed, faulty": (
        "network.precision=int8", "timing=analytic", "timing_every=2", "faults.spike_drop=0.05",
        "faults.stuck_neuron=0.1", "faults.spike_delay=0.1",
    ),
    "integers alone": (
        "network.precision=int8", "numbers.state=Q3.8", "coding.decoder.lambda=0.25", "coding.annealer.nu_bar=0.0625",
        "learning.rates=[0.3125,0.3125]", "network.tied=false", "learning.pre=trace",
    ),
    "bits only": ("network.tied=false", "learning.pre=trace", "learning.trace=count"),
    "convergence, ideal": ("experiment=convergence", "substrate=ideal", SMALL),
    "convergence, a die": ("experiment=convergence", "substrate=analog", "analog.mismatch.sigma=0.3", SMALL),
    "rate of change": ("substrate=ideal", "learning.rule=rate-of-change", "learning.own.steps=4"),
    "eqspike": ("learning.rule=eqspike", "learning.own.window=2", "learning.own.filter=3.0"),
    "delta": ("learning.rule=delta",),
    "random feedback": ("learning.rule=random-feedback", "network.tied=false"),
    "recurrent backpropagation": (*ANALOG, "learning.rule=recurrent-backprop"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_is_silent(kind: str) -> None:
    assert silent_keys(KINDS[kind]) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", SLOW)
def test_no_key_of_these_is_silent(kind: str) -> None:
    assert silent_keys(SLOW[kind]) == []


def test_a_silent_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were no condition looked at, the keys of the first version that did nothing would be found."""
    monkeypatch.setattr(KnownKey, "is_live", lambda *_: True)
    found = silent_keys(("substrate=analog",), "analog.mismatch")
    silent = {key.partition("=")[0].removeprefix("analog.mismatch.") for key in found}
    assert silent >= {"width_um", "length_um", "overdrive_mv", "convention", "tails", "freedom"}
    assert "sigma" not in silent and "process" not in silent
