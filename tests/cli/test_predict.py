"""`neurochip predict` and `neurochip evaluate`: a trained network asked from the command line."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import neurochip
from neurochip import data

from .conftest import Finished, Run, Workplace


@pytest.fixture(scope="module")
def samples(finished: Finished) -> np.ndarray:
    return data.load(neurochip.load(finished.folder).run.data).inputs(slice(0, 20), "test")


def test_answers_are_those_of_the_run(
    run: Run, place: Workplace, finished: Finished, samples: np.ndarray
) -> None:
    """As CSV, as .npz and as JSON: the same, and the run's own error."""
    np.savez("x.npz", x=samples)
    result = run("predict", finished.folder, "x.npz", "--out", "y.csv")
    assert (result.exit_code, result.stdout) == (0, "y.csv\n"), result.output
    with open("y.csv", encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head == ["sample", "label", *(f"output {k}" for k in range(10))]
    said = np.array([[float(cell) for cell in row[2:]] for row in rows])
    labels = [int(row[1]) for row in rows]
    assert [int(row[0]) for row in rows] == list(range(1, 21)) and labels == said.argmax(axis=1).tolist()
    model = neurochip.load(finished.folder)
    assert np.array_equal(said, model.outputs(samples))
    wrong = np.mean(np.array(labels) != data.load(model.run.data).labels("test")[:20])
    assert wrong == finished.report["result"]["test_error"]
    np.save("x.npy", samples)
    assert run("predict", finished.folder, "x.npy", "--out", "y.npz").exit_code == 0
    stored = np.load("y.npz")
    assert np.array_equal(stored["outputs"], said) and stored["labels"].tolist() == labels
    answered = json.loads(run("predict", finished.folder, "x.npy", "--json").stdout)
    assert answered["labels"] == labels and answered["outputs"] == said.tolist()
    shown = run("predict", finished.folder, "x.npy")
    assert len(shown.stdout.splitlines()) == 11 and "and 10 more; --out FILE writes all" in shown.stderr


def test_evaluation(run: Run, place: Workplace, finished: Finished, samples: np.ndarray) -> None:
    found = json.loads(run("evaluate", finished.folder, "--json").stdout)
    assert found["error"] == finished.report["result"]["test_error"]
    assert found["confusion"] == finished.report["result"]["confusion"]
    labels = data.load(neurochip.load(finished.folder).run.data).labels("test")[:20]
    np.savez("test.npz", x=samples, y=labels)
    own = json.loads(run("evaluate", finished.folder, "--data", "test.npz", "--json").stdout)
    assert own == found
    table = run("evaluate", finished.folder).stdout
    assert "20 samples" in table and "true \\ said" in table


def test_tables_with_and_without_targets(run: Run, place: Workplace) -> None:
    """Names of flowers in, names of flowers out; columns as in the data that it learnt from."""
    rng = np.random.default_rng(1)
    rows = [
        f"{a:.2f},{b:.2f},{name}"
        for name, low in (("lily", 0), ("rose", 5))
        for a, b in rng.uniform(low, low + 3, (20, 2))
    ]
    place.write("flowers.csv", "\n".join(["length,width,kind", *rows]))
    place.write(
        "run.toml",
        'substrate = "ideal"\n[data]\nfile = "flowers.csv"\ntarget = "kind"\n[network]\nlayers = [2, 6, 2]\n'
        "[phases]\nfree = 12\nnudged = 6\n[evaluation]\ntrain = 0\n"
        "[learning]\nrates = [0.2, 0.1]\nepochs = 20\nminibatch = 4\n",
    )
    done = run("simulate", "run.toml", "--out", "done")
    assert done.exit_code == 0, done.output
    place.write("new.csv", "length,width\n0.5,1.0\n6.0,7.5\n")
    answers = json.loads(run("predict", "done", "new.csv", "--json").stdout)
    assert answers["names"] == ["lily", "rose"] and answers["labels"] == ["lily", "rose"]
    place.write("bare.csv", "0.5,1.0\n6.0,7.5\n")
    assert json.loads(run("predict", "done", "bare.csv", "--json").stdout) == answers
    place.write("known.csv", "kind,length,width\nlily,0.5,1.0\nlily,6.0,7.5\n")
    assert json.loads(run("predict", "done", "known.csv", "--json").stdout) == answers
    found = run("evaluate", "done", "--data", "known.csv", "--json")
    assert json.loads(found.stdout)["error"] == 0.5, found.output
    place.write("turned.csv", "width,colour,kind,length\n1.0,red,lily,0.5\n7.5,red,lily,6.0\n")
    assert json.loads(run("predict", "done", "turned.csv", "--json").stdout) == answers
    turned = run("evaluate", "done", "--data", "turned.csv", "--json")
    assert json.loads(turned.stdout)["error"] == 0.5, turned.output
    place.write("other.csv", "length,breadth\n0.5,1.0\n")
    refused = run("predict", "done", "other.csv")
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert refused.stderr.startswith("Error: other.csv: has no column 'width', which the network learnt from")
    place.write("gap.csv", "width,length\n1.0,nan\n")
    assert "gap.csv: row 2, column 2: nan is not finite" in run("predict", "done", "gap.csv").stderr


def test_the_order_of_columns_would_change_the_answers(run: Run, place: Workplace) -> None:
    """The control of the test above: read by position, turned columns are answered otherwise."""
    rng = np.random.default_rng(1)
    rows = [f"{a:.2f},{b:.2f},{'low' if a < 5 else 'high'}" for a, b in rng.uniform(0, 10, (40, 2))]
    place.write("named.csv", "\n".join(["one,other,label", *rows]))
    words = ("--set", "data.file=named.csv", "--set", "learning.epochs=10", "--set", "substrate=ideal")
    done = run("simulate", "tabular", *words, "--set", 'coding={annealer="constant"}', "--out", "done")
    assert done.exit_code == 0, done.output

    def labels(text: str) -> list[str]:
        place.write("asked.csv", text)
        found: list[str] = json.loads(run("predict", "done", "asked.csv", "--json").stdout)["labels"]
        return found

    assert labels("one,other\n1,9\n9,1\n") == labels("other,one\n9,1\n1,9\n")
    assert labels("1,9\n9,1\n") != labels("9,1\n1,9\n")


BAD = [
    (["predict", "done", "narrow.npy"], 3, "x: has 5 inputs a sample, and the network was trained with 784"),
    (["predict", "done", "nan.npy"], 3, "x: row 1, column 1: nan is not finite"),
    (["predict", "done", "large.npy"], 3, "x: row 1, column 1: 2 is outside [0, 1]"),
    (["predict", "done", "absent.npy"], 3, "absent.npy: no such file; name a CSV, .npz, .npy or HDF5 file"),
    (["predict", "done", "x.txt.gz"], 3, "x.txt.gz: is no kind of file that is read"),
    (["predict", "done", "two.npz"], 3, "two.npz: has the arrays a, b; call the one with the samples x"),
    (["predict", "done", "fine.npy", "--out", "y.xlsx"], 2, "--out: must end in .csv or .npz, got y.xlsx"),
    (["predict", "done", "fine.npy", "--out", "none/y.csv"], 5, "none/y.csv: cannot be written"),
    (["evaluate", "done", "--data", "fine.npy"], 3, "fine.npy: has no targets to compare answers with"),
    (["predict", "unfinished", "fine.npy"], 3, "unfinished: is of a run that is not finished; go on with: "),
    (["predict", "nowhere", "fine.npy"], 3, "nowhere: does not exist; name the folder of a finished run"),
    (["evaluate", "bare"], 3, "bare: has no run.toml; name the folder of a finished run"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "sentence"), BAD)
def test_what_cannot_be(
    run: Run, place: Workplace, finished: Finished, words: list[str], code: int, sentence: str
) -> None:
    Path("done").symlink_to(finished.folder)
    Path("bare").mkdir()
    shutil.copytree(finished.folder, "unfinished")
    Path("unfinished/report.html").unlink()
    np.save("narrow.npy", np.zeros((2, 5)))
    np.save("nan.npy", np.full((1, 784), np.nan))
    np.save("large.npy", np.full((1, 784), 2.0))
    np.save("fine.npy", np.zeros((1, 784)))
    np.savez("two.npz", a=np.zeros(3), b=np.zeros(3))
    place.write("x.txt.gz", "")
    files = place.files()
    result = run(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"Error: {sentence}") and result.stderr.count("\n") == 1
    assert place.files() == files
