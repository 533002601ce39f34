"""What a search refuses before anything is written: keys by which no two trials would differ."""

from __future__ import annotations

import pytest

from neurochip.description import read_run
from neurochip.errors import ConfigError
from neurochip.search.settings import Settings
from neurochip.studies.search_plan import SearchPlan, checked_plan


def plan(*vary: str, overrides: tuple[str, ...] = (), objective: str = "error") -> SearchPlan:
    settings = Settings(
        vary=vary,
        objective=objective,
        sampler="tpe",
        seed=1,
        seeds=1,
        held_out=80,
        trials=2,
        confirm=0,
        threads=None,
    )
    return checked_plan(read_run("stripes", overrides), settings)


NO_EFFECT = [
    ((), "evaluation.every=1:4:int", "changes nothing that is measured; vary a key that takes part in it"),
    ((), "evaluation.train=10,20", "changes nothing that is measured; vary a key that takes part in it"),
    (
        ("substrate=ideal",),
        "chip=cmos45,loihi",
        "changes nothing that is measured; vary a key that takes part in it",
    ),
    (
        (),
        "chip.timing.clock=1e6:1e8",
        'has no effect with timing = "tick", which knows no cycles; choose "analytic" or "cycle"',
    ),
    (
        ("timing=analytic",),
        "chip.timing.fifo_depth=1,2",
        'has no effect with timing = "analytic", which knows no queues; choose "cycle"',
    ),
    (
        ("substrate=ideal",),
        "chip.core.neurons=8:20:int",
        'has no effect with substrate = "ideal", which has no cores; leave it out',
    ),
]


@pytest.mark.parametrize(("overrides", "vary", "words"), NO_EFFECT)
def test_a_key_that_changes_nothing_is_refused(overrides: tuple[str, ...], vary: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(vary, overrides=overrides)
    assert str(caught.value) == f"--vary {vary.partition('=')[0]}: {words}"


@pytest.mark.parametrize(
    ("overrides", "vary"),
    [
        (("data.validation=0.2", "learning.patience=2"), ("evaluation.every=1:4:int",)),
        (("timing=cycle",), ("chip.timing.fifo_depth=1,2",)),
        ((), ("network.precision=float32,int8", "network.rounding=nearest,stochastic")),
        ((), ("chip.energies.packet_out=1e-12:2e-12",)),
        # A value that cannot be, but for the first, is a trial that says so.
        ((), ("phases.nudged=10:100000:int",)),
    ],
)
def test_a_key_that_matters_is_not(overrides: tuple[str, ...], vary: tuple[str, ...]) -> None:
    assert len(plan(*vary, overrides=overrides).dimensions) == len(vary)
