"""A chip of transistors in ngspice against the behavioural die that it was made of."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.extraction.extract import extract
from neurochip.analog.extraction.ngspice import Models
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.transistor_netlist import transistor_netlist
from neurochip.description import read_run
from neurochip.description.die.cell_library import cells_from_toml
from neurochip.errors import CapabilityError, ConfigError
from neurochip.network import layered
from neurochip.runs.dies import cards_of
from neurochip.substrate import Phase
from neurochip.training.streams import glorot
from tests.unit.analog.extracted_cells import cells, write
from tests.unit.analog.test_spice import ngspice

pytestmark = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
SIZES, FULL = (3, 2, 2), 2e-9
MISMATCH = [
    f"analog.mismatch.{kind}=0.2" for kind in ("synapse_gain", "neuron_gain", "saturation", "time_constant")
] + ["analog.mismatch.synapse_offset=0.1", "analog.mismatch.neuron_offset=0.05"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Cells extracted for a chip, their file, the words of a run on them, and the cards."""
    folder = tmp_path_factory.mktemp("cells")
    models = write(folder)
    text = cells(load="cascode", draws=4, bias="2 nA", leak_bias="3 nA", leak="4 um")
    text = text.replace('width = "4 um"\nlength = "4 um"', 'width = "20 um"\nlength = "2 um"', 1)
    text = text.replace('width = "4 um"\nlength = "4 um"', 'width = "0.5 um"\nlength = "40 um"')
    text = text.replace('rest = "0.9 V"', 'rest = "1.1 V"')
    synapse = extract(text, "mine.toml", "synapse", models, "a test")
    leak = extract(synapse.library, "mine.toml", "leak", models, "a test")
    file = folder / "mine.toml"
    file.write_text(leak.library, encoding="utf-8")
    tau = cells_from_toml(leak.library).charge / FULL
    words = [*synapse.words, *leak.words, f"analog.cells={file}", f"analog.tau_us={1e6 * tau:.6g}"]
    return words, models


def die(words: list[str], seed: int = 3, share: float = 1.0) -> AnalogSubstrate:
    """Return a die with Glorot's weights times ``share``: near the end of a tail an error is divided by the slope."""
    run = read_run("analog-mnist-small", [*words, *MISMATCH, f"analog.die={seed}"])
    assert run.analog is not None
    substrate = AnalogSubstrate(layered(SIZES, tied=False), run.analog, dtype=np.float64)
    same = glorot(substrate.network, 5)
    weights, feedback = (tuple(share * w for w in some) for some in (same.weights, same.feedback))
    substrate.load(replace(same, weights=weights, feedback=feedback))
    return substrate


INPUTS = np.array([0.9, 0.2, 0.6])


def behavioural(substrate: AnalogSubstrate) -> Any:
    substrate.begin(INPUTS[None], np.zeros(1, np.uint64))
    substrate.run(Phase.FREE, 400)
    assert float(substrate.residual().max()) < 1e-6
    return substrate.voltages()[0]


def in_full_scales(substrate: AnalogSubstrate, table: Any) -> Any:
    assert substrate.cells is not None
    return (table[-1, 1:] - substrate.cells.rest) / substrate.cells.full_scale


OFFSETS = ["analog.mismatch.pair_offset=0.15", "analog.mismatch.leak_offset=0.1"]


@pytest.mark.parametrize(
    ("leak", "share", "more"), [("amplifier", 0.5, []), ("amplifier", 0.5, OFFSETS), ("linear", 1.0, [])]
)
def test_a_chip_of_transistors_rests_where_its_die_does(
    leak: str, share: float, more: list[str], made: Any, tmp_path: Path
) -> None:
    words, models = made
    words = [*words, *more]
    if leak == "linear":
        words = [word for word in words if "leak" not in word]
    substrate = die(words, share=share)
    theirs = in_full_scales(
        substrate, ngspice(transistor_netlist(substrate, INPUTS, cards_of(substrate, models)), tmp_path)
    )
    ours = behavioural(substrate)
    assert np.abs(ours).max() > 0.3
    np.testing.assert_allclose(theirs, ours, rtol=0.02, atol=0.02)
    # The controls: another die, and the same weights in another place.
    other = die(words, 4, share)
    assert np.abs(behavioural(other) - theirs).max() > 0.04
    if more:
        centred = die([*words, *(word.partition("=")[0] + "=0" for word in more)], share=share)
        assert np.abs(behavioural(centred) - theirs).max() > 0.04
    shuffled = die(words, share=share)
    same = substrate.parameters()
    shuffled.load(replace(same, weights=(same.weights[0][::-1].copy(), same.weights[1])))
    assert np.abs(behavioural(shuffled) - theirs).max() > 0.04


def test_a_nudge_pulls_its_outputs(made: Any, tmp_path: Path) -> None:
    words, models = made
    substrate, targets = die(words, share=0.5), np.array([0.8, -0.4])
    text = transistor_netlist(substrate, INPUTS, cards_of(substrate, models), beta=0.5, targets=targets)
    theirs = in_full_scales(substrate, ngspice(text, tmp_path))
    free = behavioural(substrate)
    substrate.run(Phase.NUDGED, 400, beta=0.5, targets=targets[None])
    ours = substrate.voltages()[0]
    np.testing.assert_allclose(theirs, ours, rtol=0.02, atol=0.02)
    assert np.abs(free - theirs).max() > 0.1


def test_what_no_transistors_are_made_of(made: Any) -> None:
    words, models = made
    cards = cards_of(die(words), models)

    def refused(*more: str) -> str:
        run = read_run("analog-mnist-small", [*words, *more])
        assert run.analog is not None
        substrate = AnalogSubstrate(layered(SIZES, tied=False), run.analog, dtype=np.float64)
        substrate.load(glorot(substrate.network, 5))
        with pytest.raises(CapabilityError) as told:
            transistor_netlist(substrate, INPUTS, cards)
        return str(told.value)

    assert "has no transistors for a neuron that is dead or stuck" in refused(
        "analog.defects.stuck_neurons=0.9"
    )
    assert "has no resistance of lines of the supply" in refused("analog.supply_lines.sheet_mohm=1")
    of_pairs = ("characteristic=ekv", "analog.inversion", "analog.asymmetry", "mismatch.pair_offset")
    words[:], kept = [word for word in words if not any(part in word for part in of_pairs)], list(words)
    assert 'for synapses of characteristic = "hard-sigmoid"' in refused("analog.mirror.conductance=0.01")
    words[:] = kept
    with pytest.raises(ConfigError, match=r"analog.cells: is missing"):
        cards_of(die([word for word in words if "analog.cells" not in word]), models)
    assert isinstance(cards.models, Models)
