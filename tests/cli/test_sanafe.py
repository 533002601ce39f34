"""Files of SANA-FE through the command line: chip, network, input, and the run of all three."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import Run, Workplace

FILES = Path(__file__).parents[1] / "golden" / "sanafe_files"


def test_chip_network_and_run(run: Run, place: Workplace) -> None:
    chip = run("chips", "import", FILES / "arch.yaml", "chip.toml", "--node", "14 nm")
    assert chip.exit_code == 0
    assert "Note: all cores have synapse dense, not spare: one energy for each event" in chip.stderr
    net = run("import", FILES / "maps.yaml", "net.npz", "--arch", FILES / "arch.yaml", "--input", "in.npz")
    assert (net.exit_code, net.stderr) == (0, "")
    result = run(
        "simulate", "net.npz", "--replay", "in.npz", "--chip", "chip.toml", "--out", "made", "--json"
    )
    assert result.exit_code == 0
    with np.load(FILES / "maps.npz") as wanted:
        assert json.loads(result.stdout)["energy_j"]["total"] == pytest.approx(
            wanted["energy.total"], rel=1e-9
        )


def test_the_other_unit_is_chosen_by_name(run: Run, place: Workplace) -> None:
    made = run("chips", "import", FILES / "arch.yaml", "chip.toml", "--node", "14 nm", "--synapse", "spare")
    assert made.exit_code == 0
    assert "not dense" in made.stderr
    assert "synapse spare: energy_process_spike" in (place.folder / "chip.toml").read_text()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("chips", "import", "no.yaml", "c.toml", "--node", "14 nm"), "no.yaml: no such file"),
        (("chips", "import", FILES / "arch.yaml", "c.toml", "--node", "14 nm", "--soma", "x"), "there are lif"),
        (("import", FILES / "maps.yaml", "n.npz", "--arch", FILES / "maps.yaml"), "has no 'architecture'"),
        (("import", "north.yaml", "n.npz", "--arch", FILES / "arch.yaml", "--dt", "1"), "takes no dt"),
        (("import", "wide.yaml", "n.npz", "--arch", FILES / "arch.yaml"), "is mapped to core 9.0"),
        (("import", "alias.yaml", "n.npz", "--arch", FILES / "arch.yaml"), "line 1: has an anchor or an alias"),
        (("import", "north.yaml", "n.npz", "--arch", FILES / "arch.yaml"), "computes 'north'"),
    ],
)  # fmt: skip
def test_refusals(run: Run, place: Workplace, args: tuple[str | Path, ...], said: str) -> None:
    text = (FILES / "maps.yaml").read_text()
    place.write("wide.yaml", text.replace("sum: [core: 2.1]", "sum: [core: 9.0]"))
    place.write("alias.yaml", "a: &a [1]\nnetwork: *a\n")
    place.write("north.yaml", text)
    if "computes" in said:
        arch = (FILES / "arch.yaml").read_text()
        place.write("arch.yaml", arch.replace("leaky_integrate_fire", "north"))
        args = (*args[:-1], "arch.yaml")
    result = run(*args)
    assert result.exit_code != 0
    assert said in result.stderr
    assert not {"n.npz", "c.toml"} & set(place.files())
