"""Joules of a netlist of two cells, worked out by hand: charges of pins, what cells use inside, leakage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neurochip.errors import DataError
from neurochip.rtl.activity import Activity, _counted, _cut, energy_of
from neurochip.rtl.liberty import read_liberty

# Five cells with round numbers: 1 fF a pin, 2 fJ inside for a change of an output, 1 V, 1 nW.
_PIN = "pin({name}) {{ direction : input; capacitance : 1.0; }}"
_OUT = (
    'pin({name}) {{ direction : output; function : "{function}"; max_capacitance : 100.0;\n'
    '  internal_power() {{ related_pin : "{of}"; rise_power(scalar) {{ values("{inside}"); }} '
    'fall_power(scalar) {{ values("{inside}"); }} }}\n{arcs} }}'
)
_ARC = (
    '  timing() {{ related_pin : "{of}"; {sense} cell_rise(times) {{ {times} }} cell_fall(times) {{ {times} }}\n'
    "    rise_transition(times) {{ {times} }} fall_transition(times) {{ {times} }} }}\n"
)
_TIMES = 'index_1("0.01, 1.0"); index_2("1.0, 100.0"); values("0.1, 0.2", "0.2, 0.3");'
_TEMPLATE = (
    "lu_table_template(times) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;\n"
    '    index_1("0.01, 1.0"); index_2("1.0, 100.0"); }'
)


def liberty(voltage: float = 1.0, inside: float = 2.0) -> str:
    """Return a small liberty file."""

    def gate(name: str, pins: str, function: str) -> str:
        inputs = " ".join(_PIN.format(name=pin) for pin in pins)
        sense = f"timing_sense : {'negative' if function[0] == '!' else 'positive'}_unate;"
        arcs = "".join(_ARC.format(of=pin, sense=sense, times=_TIMES) for pin in pins)
        output = _OUT.format(name="Y", function=function, of=pins[0], inside=inside, arcs=arcs)
        return f"cell({name}) {{ area : {len(pins)}.0; cell_leakage_power : 1.0; {inputs} {output} }}"

    clock = "pin(C) { direction : input; clock : true; capacitance : 1.0; }"
    arc = _ARC.format(of="C", sense="timing_type : rising_edge;", times=_TIMES)
    output = _OUT.format(name="Q", function="IQ", of="C", inside=inside, arcs=arc)
    flop = (
        'cell(FLOP) { area : 4.0; cell_leakage_power : 1.0; ff(IQ, IQN) { clocked_on : "C"; next_state : "D"; } '
        f"{clock} {_PIN.format(name='D')} {output} }}"
    )
    return "\n".join(
        [
            "/* a library (of nothing) { that is sold } */",
            "library(five) {",
            '  time_unit : "1ns"; voltage_unit : "1V"; leakage_power_unit : "1nW"; capacitive_load_unit(1, ff);',
            f"  nom_voltage : {voltage}; {_TEMPLATE}",
            gate("NOT", "A", "!A"),
            gate("SAME", "A", "A"),
            gate("NAND", "AB", "!(A&B)"),
            gate("NOR", "AB", "!(A|B)"),
            flop,
            "}",
            "",
        ]
    )


# A flip-flop whose output, net 4, goes into an inverter, whose output, net 5, goes nowhere; clock 2, input 3.
NETLIST = {
    "modules": {
        "core_gates": {
            "cells": {
                "flop": {"type": "FLOP", "connections": {"C": [2], "D": [3], "Q": [4]}},
                "not": {"type": "NOT", "connections": {"A": [4], "Y": [5]}},
                "memory": {"type": "$mem_v2", "connections": {"RD_DATA": [3]}},
            }
        }
    }
}


def counts(*changes: int) -> dict[int, np.ndarray]:
    """Return changes in the second window, of nets 2, 3, 4, 5."""
    return {net: np.array([0, n, 0, 0]) for net, n in zip((2, 3, 4, 5), changes, strict=True)}


@pytest.mark.parametrize(("voltage", "inside"), [(1.0, 2.0), (2.0, 2.0), (1.0, 0.0)])
def test_by_hand(tmp_path: Path, voltage: float, inside: float) -> None:
    (tmp_path / "five.lib").write_text(liberty(voltage, inside), encoding="utf-8")
    (tmp_path / "gates.json").write_text(json.dumps(NETLIST), encoding="utf-8")
    library = read_liberty(tmp_path / "five.lib")
    assert library.name == "five" and set(library.cells) == {"NOT", "SAME", "NAND", "NOR", "FLOP"}
    activity = Activity(np.array([0, 10, 0, 0]), counts(20, 3, 2, 2), 1, 0)
    joules, watts = energy_of(activity, library, tmp_path / "gates.json")
    # Pins of 1 fF: clock 20 times, D 3 times, A twice; outputs Q and Y twice each.
    assert joules[1] == pytest.approx(25 * 0.5e-15 * voltage**2 + 4 * inside * 1e-15, rel=1e-9, abs=0)
    assert joules[0] == joules[2] == joules[3] == 0
    assert watts == pytest.approx(2e-9, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("nom_voltage", "volts", "gives no nom_voltage; energies need one"),
        ("capacitive_load_unit", "load", "gives no capacitive_load_unit and time_unit; energies need both"),
        ("cell(", "sell(", "has no cells"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    (tmp_path / "five.lib").write_text(liberty().replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=sentence):
        read_liberty(tmp_path / "five.lib")


def test_changes_are_counted_in_their_windows(tmp_path: Path) -> None:
    names = {
        "clk": {"bits": [2]},
        "phase": {"bits": [6, 7, 8]},
        "bus": {"bits": [9, 10]},
        "same": {"bits": [9]},
    }
    netlist = {"modules": {"core_gates": {"cells": {}, "netnames": names}}}
    (tmp_path / "gates.json").write_text(json.dumps(netlist), encoding="utf-8")
    declared = "\n".join(
        [
            "$var wire 1 ! clk $end",
            '$var reg 3 " \\phase [2:0] $end',
            "$var wire 2 # bus [1:0] $end",
            "$var wire 1 % same $end",
            "$var wire 1 & elsewhere $end",
        ]
    )
    steps = (
        # at rest; then three cycles that add, in which the bus counts to 3; then one that updates
        '#0\n0!\nb000 "\nb00 #\n0%\n0&\n#1\n1!\nb001 "\n#2\n0!\n#3\n1!\nb01 #\n1%\n1&\n#4\n0!\n'
        '#5\n1!\nb10 #\n0%\n#6\n0!\n#7\n1!\nb11 #\n1%\nb011 "\n#8\n0!\n#9\n1!\nb00 #\n0%\n#10\n'
    )
    (tmp_path / "dump.vcd").write_text(f"{declared}\n$enddefinitions $end\n{steps}", encoding="utf-8")
    cycles, changes = _counted(tmp_path / "dump.vcd", tmp_path / "gates.json")
    assert cycles.tolist() == [1, 3, 1, 0]
    assert changes[9].tolist() == [0, 3, 1, 0] and changes[10].tolist() == [0, 1, 1, 0]
    assert changes[2].tolist() == [1, 6, 2, 0]
    assert set(changes) == {2, 6, 7, 8, 9, 10}


def test_a_recording_is_cut_to_its_first_ticks() -> None:
    text = "2 1\nG 0 4 2\nP 0\nT 1 0 0\nfirst\nfirst too\n7\nF 0\nT 2 0 0\nsecond\nsecond too\n8\nT 3 0 0\n"
    text += "third\nthird too\n9\n"
    text += "M 0\nI 0 0 0\nI 0 1 9\nI 0 2 9\nA 0 4 0 1\nA 0 9 1 1\nN 0 0 0 0\nL 0 0 0 3 5 6 7 1\nE\n"
    kept = list(_cut(text, 0, 2, 1))
    assert kept[:7] == ["2 1", "G 0 4 2", "P 0", "T 1 0 0", "first", "first too", "7"]
    assert kept[7:13] == ["F 0", "T 2 0 0", "second", "second too", "8", "M 0"]
    assert kept[13:] == ["I 0 0 0", "I 0 1 9", "I 0 2 9", "A 0 4 0 1", "N 0 0 0 0", "L 0 0 2 1 5 6 7 1"]
