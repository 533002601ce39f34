"""What other programs write differently: numbers of IDX files, comments and blanks of a CSV, one label in two ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurochip.data import DataSpec, load
from neurochip.errors import DataError, NeurochipError
from neurochip.files import Foreign, read_cells
from tests.unit.data.test_own import X, csv_text, whole, write


@pytest.mark.parametrize("kind", ["<i2", "<f4", ">i4", "<f8", "i1"])
def test_idx_files_of_other_numbers(tmp_path: Path, kind: str) -> None:
    """The format has six types of elements; all of them big-endian in the file."""
    code = {"i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[kind.strip("<>")]
    x = np.random.default_rng(4).integers(-90, 90, (30, 2, 2))
    y = np.arange(30) % 3
    for name, values in (("images-idx3", x), ("labels-idx1", y)):
        head = bytes([0, 0, code, values.ndim]) + np.array(values.shape, ">u4").tobytes()
        body = values.astype(f">{kind.strip('<>')}").tobytes()
        (tmp_path / f"train-{name}-ubyte").write_bytes(head + body)
    found = load(DataSpec(file=str(tmp_path)))
    np.savez(tmp_path.parent / "same.npz", x=x.astype(np.float64), y=y)
    same = load(DataSpec(file=str(tmp_path.parent / "same.npz")))
    assert found.classes == same.classes == ("0", "1", "2")
    for one, other in zip(whole(found), whole(same), strict=True):
        np.testing.assert_array_equal(one, other)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(head + body[:-1])
    with pytest.raises(NeurochipError, match="truncated: "):
        load(DataSpec(file=str(tmp_path)))


@pytest.mark.parametrize(
    "head",
    ["# made by hand\n# twice, or so\none,two,three,class\n", "# made by hand\n# one, two, three, class\n"],
)
def test_comments_stand_above_the_names_or_have_them(tmp_path: Path, head: str) -> None:
    plain = load(write(tmp_path / "x.csv", csv_text()))
    found = load(write(tmp_path / "said.csv", head + csv_text(head="")))
    assert found.features == plain.features == ("one", "two", "three")
    for one, other in zip(whole(found), whole(plain), strict=True):
        np.testing.assert_array_equal(one, other)
    bare = load(write(tmp_path / "bare.csv", "# made by hand\n" + csv_text(head="")))
    assert bare.features == ("1", "2", "3")
    with pytest.raises(DataError, match="row 4, column 'one': 'x' is no number"):
        load(write(tmp_path / "bad.csv", "# made by hand\none,two,three,class\n1,2,3,a\nx,1,2,b\n"))


@pytest.mark.parametrize("gap", [" ", "   "])
def test_cells_parted_by_blanks(tmp_path: Path, gap: str) -> None:
    """As many files of the UCI repository have them: columns stand one below the other."""
    plain = load(write(tmp_path / "x.csv", csv_text()))
    text = "".join(f" {line.replace(',', gap)} \n" for line in csv_text().splitlines())
    found = load(write(tmp_path / "x.data", text))
    assert found.features == plain.features == ("one", "two", "three")
    for one, other in zip(whole(found), whole(plain), strict=True):
        np.testing.assert_array_equal(one, other)
    bare = load(write(tmp_path / "bare.txt", "# made by hand\n" + text.split("\n", 1)[1]))
    assert bare.features == ("1", "2", "3")
    with pytest.raises(DataError, match="row 3: has 3 cells, and the first row has 4"):
        load(write(tmp_path / "short.txt", "1 2 3 a\n4 5 6 b\n1 2 3\n"))


def test_blanks_within_cells_part_nothing(tmp_path: Path) -> None:
    """Where a row is parted by something else, or the row below has no such words."""
    x = csv_text(head="my one,my two,my three,class")
    assert load(write(tmp_path / "x.csv", x)).features == ("my one", "my two", "my three")
    (tmp_path / "y.csv").write_text("my value\n1\n2\n")
    rows = read_cells(Foreign(tmp_path / "y.csv", "a table", "write it again"))
    assert [cells for _, cells in rows] == [["my value"], ["1"], ["2"]]


def test_a_label_that_is_written_in_two_ways(tmp_path: Path) -> None:
    """01 and 1 became one class, unsaid."""
    text = csv_text(y=["1", "2"] * 20)
    assert load(write(tmp_path / "x.csv", text)).classes == ("1", "2")
    with pytest.raises(DataError) as refused:
        load(write(tmp_path / "y.csv", text.replace(",1\n", ",01\n", 1)))
    assert str(refused.value).endswith(
        "y.csv: row 4, column 'class': '1' is '01' of an earlier row; write a label in one way"
    )
    np.savez(tmp_path / "z.npz", x=X, y=np.array(["01", "1"] * 20))
    assert load(DataSpec(file=str(tmp_path / "z.npz"))).classes == ("01", "1")
