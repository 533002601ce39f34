"""What others wrote does not become commands of ngspice: names of dies, runs and files; cards that hold commands."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurochip.analog.die_file import read_die
from neurochip.analog.extraction.extract import extract
from neurochip.analog.extraction.ngspice import Models
from neurochip.analog.spice import spice_netlist
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.training.streams import glorot
from tests.unit.analog.extracted_cells import CARDS, cells

NETWORK = layered((2, 2, 2), tied=False)
COMMANDS = "\n.control\nshell touch taken\n.endc\n*"


def test_names_in_a_netlist_stay_a_comment(tmp_path: Path) -> None:
    quoted = f'"one{COMMANDS}"'
    (tmp_path / "dies.csv").write_text(
        f"die,kind,layer,neuron,from,to,pre,post,value,unit\n{quoted},neuron_gain,1,0,,,,,1.1,1\n"
    )
    die = read_die(tmp_path / "dies.csv", NETWORK)
    assert "shell" in die.origin  # it got as far as here
    substrate = AnalogSubstrate(
        NETWORK, AnalogSpec(characteristic="tanh"), die=replace(die, origin=f"seed{COMMANDS}")
    )
    substrate.load(glorot(NETWORK, 1))
    text = spice_netlist(substrate, np.array([0.5, 0.2]), title=f"a run{COMMANDS}")
    assert not [line for line in text.splitlines() if line.strip().startswith("shell")]
    if shutil.which("ngspice"):
        (tmp_path / "chip.cir").write_text(text)
        subprocess.run(["ngspice", "-b", "chip.cir"], cwd=tmp_path, capture_output=True, check=False)
        assert (tmp_path / "out.txt").exists() and not (tmp_path / "taken").exists()


@pytest.mark.parametrize("where", ["itself", "included", "section", "hidden", "process"])
def test_cards_that_hold_commands_are_refused(where: str, tmp_path: Path) -> None:
    marker = tmp_path / "taken"
    bad = f"{CARDS}\n  .CONTROL\nshell touch {marker}\n.endc\n"
    if where == "hidden":
        bad = f"{CARDS}\n*#shell touch {marker}\n"
    elif where == "process":
        bad = f'{CARDS}\n.model evil d_process(process_file="{marker}")\n'
    path = tmp_path / "cards.lib"
    path.write_text(bad)
    if where in ("included", "section"):
        path = tmp_path / "outer.lib"
        path.write_text(f".include 'cards.lib'\n{CARDS}" if where == "included" else '.lib "cards.lib" tt\n')
    with pytest.raises(ConfigError, match=r"cards\.lib: line \d+.*commands"):
        extract(cells(), "mine.toml", "synapse", path, "a test")
    assert not marker.exists()


def test_files_that_include_themselves_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "cards.lib"
    path.write_text(f'{CARDS}.include "cards.lib"\n.include "none.lib"\n.lib tt\n.endl\n')
    Models(path, None)


@pytest.mark.parametrize("name", ['a".lib', "a\nb.lib", "a\x07.lib"])
def test_a_name_that_no_deck_can_hold_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(CARDS)
    with pytest.raises(ConfigError, match="rename it"):
        Models(path, None)
