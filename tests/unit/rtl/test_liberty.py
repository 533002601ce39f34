"""Liberty files that somebody damaged, or wrote to do harm: one sentence each, at once; and one good cell by hand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from neurochip.errors import DataError
from neurochip.rtl.liberty import LibertyCell, read_liberty

CELL = """
  cell (NAND2_X1) {  /* { not a group } */
    area : 0.8; cell_leakage_power : "17.4";
    leakage_power () { when : "!A & !B"; value : 3.5; }
    pin (A1, A2) { direction : "input"; capacitance : 1.5 }
    pin ("ZN") {
      direction : output; function : "!(A1 & A2)"; \\
      internal_power () { related_pin : "A1";
        rise_power (Power_2_3) { index_1 ("0.001,0.02"); index_2 ("1, 2, 3"); values ("9, 9, 9", \\
                    "1.0, 2.0, 3.0"); }
        fall_power (Power_2_3) { index_1 ("0.001,0.02"); index_2 ("1, 2, 3"); values ("9, 9, 9", "3, 4, 5"); }
      }
      timing () { cell_rise (x) { values ("nothing that is read"); } }
    }
  }
"""
TEXT = f"""library (corner) {{
  time_unit : "1ns"; leakage_power_unit : "1nW"; capacitive_load_unit (1, ff);
  nom_voltage : 1.10; technology (cmos);
  power_lut_template (Power_2_3) {{ variable_1 : input_transition_time; variable_2 : total_output_net_capacitance; }}
{CELL}}}
"""


def near(value: Any) -> Any:
    """Return a comparison that is not loose where values are small."""
    return pytest.approx(value, rel=1e-9, abs=0)


def read(folder: Path, text: str | bytes, name: str = "x.lib") -> dict[str, LibertyCell]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_liberty(path).cells


def test_a_cell_by_hand(tmp_path: Path) -> None:
    (cell,) = read(tmp_path, TEXT).values()
    assert cell.area_um2 == 0.8 and cell.leakage_w == near(17.4e-9)
    assert cell.capacitance_f == near({"A1": 1.5e-15, "A2": 1.5e-15})
    assert cell.outputs == {"ZN"}
    # At 20 ps, the second row: the mean of 1, 2, 3 and 3, 4, 5, in fF · V².
    assert cell.inside_j == near({"ZN": 3e-15})
    # The control: the same table the other way round is averaged over other numbers.
    turned = TEXT.replace("variable_1 : input_transition_time", "variable_1 : total_output_net_capacitance")
    (cell,) = read(tmp_path, turned).values()
    assert cell.inside_j["ZN"] != near(3e-15)
    # A leakage by conditions stands for that of the cell where it gives none.
    (cell,) = read(tmp_path, TEXT.replace("cell_leakage_power", "x")).values()
    assert cell.leakage_w == near(3.5e-9)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("nom_voltage : 1.10", "nom_voltage : 1e999", "nom_voltage: must be a number of at most 1e[+]30, got 1e999"),
        ("nom_voltage : 1.10", "nom_voltage : nan", "nom_voltage: must be a number of at most 1e[+]30, got nan"),
        ("nom_voltage : 1.10", "nom_voltage : -1", "nom_voltage: must be above 0 and at most 1000, got -1"),
        ("nom_voltage : 1.10", "nom_voltage : 1e200", "nom_voltage: must be a number .*|must be above 0"),
        ("1, ff", "1, xf", "such as 1pf with one of the prefixes m, u, n, p, f, got 1xf"),
        ("1, ff", "0, ff", "capacitive_load_unit: must be above 0, got 0"),
        ("1, ff", "", "capacitive_load_unit: must be an amount"),
        ('"1ns"', '"1s"', "time_unit: must be an amount such as 1ns with one of .*, got 1s"),
        ('"1ns"', '"1..e.ns"', "time_unit: must be a number"),
        ('"1nW"', '"1kW"', "leakage_power_unit: must be an amount such as 1nw"),
        ("area : 0.8", "area : 1_0", "cell NAND2_X1: area: must be a number of at most 1e[+]30, got 1_0"),
        ("capacitance : 1.5", "capacitance : --", "cell NAND2_X1, pin A1: capacitance: must be a number"),
        ("1.0, 2.0, 3.0", "1.0, two, 3.0", "pin ZN: rise_power: must be a number of at most 1e[+]30, got two"),
        ("1.0, 2.0, 3.0", "1.0, 2.0", "pin ZN: rise_power: is a table without values, or with rows"),
        ('values ("9, 9, 9", "3, 4, 5")', "values ()", "pin ZN: fall_power: is a table without values"),
        ('values ("9, 9, 9", "3, 4, 5")', "", "pin ZN: fall_power: is a table without values"),
        ("library (corner)", "liberty (corner)", "is no liberty file: it does not begin with a library"),
        ("library (corner) {", "", r"line 2: is damaged or not .* \(has time_unit without : or \( behind it"),
        ("cell (", "sell (", "has no cells"),
        (" /* { not a group } */", " /* { no end", r"line 6: is damaged .*\(has a comment without an end\)"),
        ("(corner)", "(corner", r"\(has a \( without a \)\)"),
        ('"ZN"', '"ZN', r"\(has a \" without another\)|without a \)|behind it"),
    ],
)  # fmt: skip
def test_what_is_damaged(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(DataError, match=sentence) as caught:
        read(tmp_path, TEXT.replace(old, new))
    assert "x.lib" in caught.value.place and "\n" not in str(caught.value)


HOSTILE = {
    "many letters": b"a" * (2 << 20),
    "many letters behind a library": TEXT.encode() + b"a" * (2 << 20),
    "many letters in a value": TEXT.encode().replace(b"0.8;", b"a" * (2 << 20) + b";"),
    "many digits": TEXT.encode().replace(b"0.8;", b"1" * (2 << 20) + b";"),
    "digits of a unit": TEXT.encode().replace(b'"1ns"', b'"' + b"1" * (2 << 20) + b'"'),
    "blanks": TEXT.encode().replace(b"(1, ff)", b"(1," + b" " * (2 << 20) + b"ff)"),
    "deep groups": b"library (x) { " + b"a () { " * 100_000,
    "deep groups in what is skipped": b"library (x) { timing () { " + b"a () { " * 100_000,
    "deep parentheses": b"library (x) { a " + b"(" * (1 << 20),
    "comments without an end": b"library (x) { " + b"/* " * (1 << 20),
    "quotes": b"library (x) { " + b'"' * ((1 << 20) + 1),
    "braces": b"}" * (1 << 20),
    "colons": b":" * (1 << 20),
    "backslashes": b"library (x) { a : " + b"\\" * (1 << 20),
    "nothing": b"",
    "no text": bytes(range(256)) * 4096,
    "cut": TEXT.encode()[:-40],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_would_hang(tmp_path: Path, kind: str) -> None:
    began = time.process_time()
    try:
        read(tmp_path, HOSTILE[kind])
    except DataError as error:
        assert "x.lib" in error.place and len(str(error)) < 600
    else:
        assert kind in ("many letters behind a library", "blanks")
    assert time.process_time() - began < 10


def test_sixteen_groups_deep(tmp_path: Path) -> None:
    def nested(depth: int) -> str:
        return TEXT.replace("technology (cmos);", "a () {" * (depth - 1) + "}" * (depth - 1))

    assert read(tmp_path, nested(16))
    with pytest.raises(DataError, match="has groups that are nested more than 16 deep"):
        read(tmp_path, nested(17))


def test_names_that_are_commands(tmp_path: Path) -> None:
    harmful = "quit; !touch made\n\x1b[31m"
    text = TEXT.replace("NAND2_X1", f'"{harmful}"').replace("corner", f'"{harmful}"')
    path = tmp_path / "a b; !touch made.lib"
    path.write_text(text, encoding="utf-8")
    library = read_liberty(path)
    for name in (library.name, *library.cells):
        assert "\n" not in name and "\x1b" not in name
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
