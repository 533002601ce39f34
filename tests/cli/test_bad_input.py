"""Bad input is refused in one sentence with its place: exit code 2, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from neurochip.description import chip_text, chips, run_text

from .conftest import Run, Workplace

CHIPS = ", ".join(name for name, _ in chips())


def refused(result: Result, sentence: str, code: int = 2) -> None:
    assert (result.stderr, result.stdout, result.exit_code) == (f"Error: {sentence}\n", "", code)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("learning.bta=0.1", "--set learning.bta: unknown key; did you mean 'beta'?"),
        ("lerning.beta=0.1", "--set lerning: unknown key; did you mean 'learning'?"),
        ("learning.beta=0", "--set learning.beta: must be non-zero, got 0"),
        ("learning.beta=strong", '--set learning.beta: expected a number, got "strong"'),
        ("learning.beta=nan", "--set learning.beta: must be finite, got nan"),
        ("learning.rates=[inf, 0.1]", "--set learning.rates[0]: must be finite, got inf"),
        (
            "learning.rates=[0.1]",
            "--set learning.rates: must have one rate for each of the 2 projections, got 1",
        ),
        ("phases.free=-5", "--set phases.free: must be 1 to 65535 ticks, got -5"),
        ("phases.free=1.5", "--set phases.free: expected an integer, got 1.5"),
        (
            "network.layers=[785, 500, 10]",
            "--set network.layers: layer sizes do not match the data: "
            "mnist-small has 784 inputs and 10 outputs, the network 785 and 10",
        ),
        ("data.train=3000", "--set data.train: must be 1 to 2000, which mnist-small has, got 3000"),
        ("coding.decoder.lambda=0", "--set coding.decoder.lambda: must lie in (0, 1], got 0.0"),
        (
            "coding.encoder=sigma-detla",
            "--set coding.encoder: expected an encoder: one of sigma-delta, second-order-sigma-delta, "
            "stochastic, threshold, got \"sigma-detla\"; did you mean 'sigma-delta'?",
        ),
        ("chip=lohi", f"--set chip: no chip 'lohi' in the catalogue ({CHIPS}); did you mean 'loihi'?"),
        (
            "chip=loihi",
            'mnist-small.toml: network.precision: loihi has integers of 1 to 9 bits, not "float32"; '
            'set it to "int8", for instance',
        ),
        ("beta", "--set beta: must have the form key.path=value"),
    ],
)
def test_an_override(run: Run, place: Workplace, override: str, sentence: str) -> None:
    refused(run("simulate", "--set", override), sentence)
    assert place.files() == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("beta = 0.5", "beta = 0", "learning.beta: must be non-zero, got 0"),
        ("beta = 0.5", "bta = 0.5", "learning.bta: unknown key; did you mean 'beta'?"),
        ("beta = 0.5", 'beta = "0.5"', 'learning.beta: expected a number, got "0.5"'),
        ("beta = 0.5", "beta = nan", "learning.beta: must be finite, got nan"),
        ("beta = 0.5", "beta =", "line 27, column 7: is not valid TOML: invalid value"),
        ("[phases]", "[phase]", "phase: unknown key; did you mean 'phases'?"),
        (
            "[784, 500, 10]",
            "[784, 500, 12]",
            "network.layers: layer sizes do not match the data: "
            "mnist-small has 784 inputs and 10 outputs, the network 784 and 12",
        ),
    ],
)
def test_a_run_file(run: Run, place: Workplace, old: str, new: str, sentence: str) -> None:
    text = run_text("mnist-small")
    # The first of its kind outside the sentence that describes the run.
    head, body = text.split("\n", 1)
    assert old in body
    file = place.write("mine.toml", f"{head}\n{body.replace(old, new, 1)}")
    refused(run("simulate", file), f"mine.toml: {sentence}")
    assert place.files() == ["mine.toml"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "[energies.link_bit]",
            "[energies.link_bits]",
            "energies.link_bits: unknown event; did you mean 'link_bit'?",
        ),
        ('value = "0.03 pJ"', 'value = "-0.03 pJ"',
         'energies.op.add.int8.value: must not be negative, got "-0.03 pJ"'),
        ('value = "0.03 pJ"', 'value = "0.03"',
         'energies.op.add.int8.value: has no unit: write an energy such as "35.5 pJ", got "0.03"'),
        ('value = "0.03 pJ"', "value = nan",
         'energies.op.add.int8.value: has no unit: write an energy such as "35.5 pJ", got nan'),
        ('value = "0.03 pJ"\n', "", "energies.op.add.int8.value: is missing"),
        ('clock = "500 MHz"', "clock = 500",
         'timing.clock: has no unit: write a frequency such as "500 MHz", got 500'),
        ('synapse_memory = "512 KiB"', 'synapse_memory = "512 kJ"',
         'core.synapse_memory: expected an amount of memory such as "128 KiB", got "512 kJ", '
         "which is an energy"),
        ("neurons = 512", "neurons = 512\nmax_synapses = 4",
         "core.max_synapses: unknown key; the keys here are neurons, synapse_memory, input_axons, "
         "output_axons, neuron_state_memory, delay, source, evidence"),
        ("cores_per_tile = 1", "cores_per_tile = 1\ntiles = 80",
         "mesh.tiles: 80 tiles do not fit a mesh of 8 × 8, which has 64 places"),
        ('routing = "unicast"', 'routing = "unicst"',
         'packet.routing: expected "unicast" or "multicast", got "unicst"; did you mean \'unicast\'?'),
        ("width = 8", "widht = 8", "mesh.widht: unknown key; did you mean 'width'?"),
    ],
)  # fmt: skip
def test_a_chip_specification(run: Run, place: Workplace, old: str, new: str, sentence: str) -> None:
    text = chip_text("cmos45")
    assert old in text
    specification = place.write("mine.toml", text.replace(old, new, 1))
    refused(run("chips", "show", specification), f"mine.toml: {sentence}")
    # A run names the specification by its whole path, since it may be run from elsewhere.
    refused(run("simulate", "--set", f"chip={specification}"), f"{place.folder / specification}: {sentence}")
    assert place.files() == ["mine.toml"]


def test_a_run_that_is_not_there(run: Run, place: Workplace) -> None:
    refused(run("simulate", "absent.toml"), "absent.toml: no such file")
    known = (
        "analog-mnist, analog-mnist-small, analog-pilot, convergence, crossed-bars, mnist, mnist-continuous, "
        "mnist-conv, mnist-deep, mnist-small, mnist-small-integer, moving-bars, moving-bars-spikes, "
        "moving-bars-time, regression, stripes, stripes-graph, tabular"
    )
    refused(
        run("simulate", "mnist_small"),
        f"run: no run 'mnist_small' in the catalogue ({known}); did you mean 'mnist-small'?",
    )
    assert place.files() == []


def test_a_seed_below_zero(run: Run, place: Workplace) -> None:
    result = run("simulate", "--seed", "-1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("seed: must be 0 to 2**63 - 1, got -1\n")
    assert place.files() == []


def test_no_threads(run: Run, place: Workplace) -> None:
    result = run("simulate", "--threads", "0")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr.splitlines()[-1] == "Error: Invalid value for '--threads': 0 is not in the range x>=1."
    )


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (("mnist",), "RUN"),
        (("--seed", "3"), "--seed"),
        (("mnist", "--set", "seed=2", "--out", "x"), "RUN, --set, --out"),
    ],
)
def test_resume_stands_alone(run: Run, place: Workplace, args: tuple[str, ...], named: str) -> None:
    result = run("simulate", "--resume", "runs/x", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == (
        f"Error: --resume goes on with the run of its folder as it was; leave out {named}"
    )
    assert place.files() == []


def test_epochs_are_for_what_was_begun(run: Run, place: Workplace) -> None:
    result = run("simulate", "mnist", "--epochs", "3")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == (
        "Error: --epochs is for --resume; of a run change --set learning.epochs"
    )


def test_data_that_was_not_fetched(run: Run, place: Workplace) -> None:
    refused(
        run("simulate", "mnist"),
        f"{place.folder.parent}/data/mnist: train-images-idx3-ubyte.gz (or train-images-idx3-ubyte) needed, "
        "not there; get it with `neurochip data fetch mnist`",
        code=3,
    )
    assert place.files() == []


def test_a_folder_that_is_there(run: Run, place: Workplace) -> None:
    Path("there").mkdir()
    result = run("simulate", "--out", "there")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr.startswith("Error: there: ")
    assert result.stderr.count("\n") == 1
    assert list(Path("there").iterdir()) == []
