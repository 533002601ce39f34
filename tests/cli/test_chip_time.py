"""Times and counts that would not fit a word: a report all the same, or a refusal before the first tick."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurochip.description import chip_text
from tests.cli.conftest import Run, Workplace

SMALL = (
    "--set", "network.layers=[784, 6, 10]", "--set", "data.train=4", "--set", "data.test=4", "--set", "phases.free=12",
    "--set", "phases.nudged=6", "--set", "learning.rates=[0.2, 0.1]", "--set", "learning.epochs=1",
    "--set", "learning.minibatch=2", "--set", "evaluation.train=4", "--set", "record.presentations=0",
)  # fmt: skip


def specification(place: Workplace, name: str, **values: int) -> Path:
    lines = []
    for line in chip_text("cmos45").splitlines():
        key = line.split(" =")[0]
        lines.append(f"{key} = {values.pop(key)}" if key in values else line)
    at = lines.index("[timing]") + 1
    lines[at:at] = [f"{key} = {value}" for key, value in values.items()]
    return place.write(name, "\n".join(lines) + "\n")


def timed(run: Run, chip: Path, timing: str, out: str) -> dict:
    result = run(
        "simulate", "mnist-small", *SMALL, "--set", f"chip=./{chip}", "--timing", timing, "--out", out
    )
    assert result.exit_code == 0, result.output
    return json.loads(Path(out, "report.json").read_text(encoding="utf-8"))


def test_links_of_a_billion_cycles(run: Run, place: Workplace) -> None:
    """Idle times are beyond 2⁶³ of the fractions they are kept in; nothing of them is lost."""
    counters = timed(run, specification(place, "slow.toml", link_cycles_ns=900_000_000), "cycle", "slow")[
        "counters"
    ]
    whole = 0
    for phase in counters.values():
        time = phase.get("time")
        if time is None or not time["busy"]:
            continue
        whole += time["cycles"]
        assert all(n >= 0 for n in time["busy"] + time["stalled"])
        for busy, stalled in zip(time["busy"], time["stalled"], strict=True):
            assert busy + stalled <= time["cycles"] << 20
        assert time["cycles"] >= time["longest"] > 900_000_000 or phase["ticks"] == 0
    assert whole << 20 > 2**63


def test_time_grows_with_the_links_and_with_nothing_else(run: Run, place: Workplace) -> None:
    found = [
        timed(run, specification(place, f"{n}.toml", link_cycles_ns=n), "analytic", f"out{n}")["counters"]
        for n in (10**9, 2 * 10**9, 4 * 10**9)
    ]
    for phase in ("free", "nudged", "evaluation"):
        one, two, four = (counters[phase]["time"]["cycles"] for counters in found)
        assert four - two == 2 * (two - one) > 0
        assert len({tuple(counters[phase]["time"]["busy"]) for counters in found}) == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"link_cycles_ns": 4 * 10**9}, "chip.timing: lets a tick take up to"),
        ({"link_cycles_ns": 1 << 62}, "timing.link_cycles_ns: must be 1 to 4294967296 cycles, got"),
        ({"barrier_cycles": 1 << 62}, "timing.barrier_cycles: must be at most 4294967296, got"),
        (
            {"cycles_per_neuron_update": 1 << 40},
            "timing.cycles_per_neuron_update: lets a step of a core take",
        ),
        (
            {"fill_cycles": 1 << 30},
            "timing.fill_cycles: lets a step of a core take 1.07374e+09 cycles, and 1048576",
        ),
        (
            {"weights_per_access": 4, "least_accesses": 1 << 48},
            "timing.least_accesses: lets a packet take",
        ),
        ({"header_bits": 1 << 62}, "packet.header_bits: must be 0 to 4096 bits, got"),
    ],
)
def test_what_cannot_be_counted_is_refused_at_once(
    values: dict[str, int], sentence: str, run: Run, place: Workplace
) -> None:
    chip = specification(place, "mine.toml", **values)
    result = run(
        "simulate", "mnist-small", *SMALL, "--set", f"chip=./{chip}", "--timing", "cycle", "--out", "out"
    )
    assert result.exit_code == (6 if "lets a tick" in sentence else 2)
    assert sentence in result.stderr and len(result.stderr.splitlines()) == 1
    assert place.files() == ["mine.toml"]
