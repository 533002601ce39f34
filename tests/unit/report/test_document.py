"""The document: what stands in report.json, and that it can be read, costed and rendered again."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from neurochip.description import read_energies
from neurochip.errors import ConfigError, DataError, OutputError
from neurochip.report import read_document, read_rasters, render_again, write_report
from neurochip.report.document import document, recosted
from neurochip.report.write import write_rasters
from neurochip.substrate.counters import Counters, Phase
from tests.unit.report.fake_record import fake_record

RECORD = fake_record()
DOCUMENT = document(RECORD)


AGAIN = "carry out the run.toml beside it again"


def test_keys_that_others_rely_on():
    n = RECORD.counters.phases[Phase.FREE].presentations
    assert DOCUMENT["format"] == 3
    assert DOCUMENT["seed"] == 1
    assert DOCUMENT["run"]["name"] == "mnist-small"
    assert DOCUMENT["result"]["test_error"] == RECORD.epochs[-1].test_error
    assert len(DOCUMENT["result"]["epochs"]) == len(RECORD.epochs)
    assert DOCUMENT["counters"]["free"]["sops"] == RECORD.counters.total("sops", Phase.FREE)
    assert DOCUMENT["time"]["ticks_per_sample"] == 150
    assert DOCUMENT["result"]["trained_samples"] == n
    assert DOCUMENT["versions"]["neurochip"] == "0.1.0"


def test_headline_bits_are_those_of_training():
    bits = DOCUMENT["bits"]
    n = DOCUMENT["result"]["trained_samples"]
    assert bits["symbols"] == n * 150 * (784 + 500 + 10)
    assert bits["per_sample"]["symbols"] == 150 * 1294
    phases = ("free", "nudged", "update")
    assert bits["aer"] == sum(bits["by_phase"][phase]["aer"] for phase in phases)
    assert bits["evaluation"]["aer"] == bits["by_phase"]["evaluation"]["aer"] > 0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ((), (784 + 510 * 24, 784 + 510 * 150)),
        (("phases.reference=opposite",), (784 + 510 * 28, 784 + 510 * 200)),
        (("phases.reference=parallel",), (784 + 510 * 28, 784 + 510 * 200)),
        (("baseline.free=3", "baseline.nudged=1"), (784 + 510 * 4, 784 + 510 * 150)),
    ],
)
def test_what_real_values_would_have_sent(overrides, words):
    """A clamped input is sent once a presentation, every other neuron's value at every step."""
    table = document(fake_record("mnist-small", *overrides))
    bits, n = table["bits"], table["result"]["trained_samples"]
    assert (bits["real_valued_32bit"], bits["real_valued_32bit_same_ticks"]) == tuple(
        32 * n * w for w in words
    )


def test_what_real_values_did_send_is_what_they_would_have():
    bits = document(fake_record("mnist-continuous"))["bits"]
    assert bits["real_valued_sent"] == bits["real_valued_32bit"] == bits["real_valued_32bit_same_ticks"]
    assert bits["symbols"] == 0


def test_a_second_free_phase_is_not_a_second_sample():
    counted = RECORD.counters.phases[Phase.FREE]
    twice = Counters(
        RECORD.counters.populations,
        RECORD.counters.sites,
        {**RECORD.counters.phases, Phase.FREE: replace(counted, presentations=2 * counted.presentations)},
    )
    assert document(replace(RECORD, counters=twice))["result"]["trained_samples"] == counted.presentations


def test_energy_of_training_and_of_all():
    energy = DOCUMENT["energy_j"]
    assert math.fsum(energy["by_phase"].values()) == pytest.approx(energy["total"], rel=1e-12)
    training = sum(energy["by_phase"][phase] for phase in ("free", "nudged", "update"))
    assert energy["training"] == pytest.approx(training, rel=1e-12)
    assert energy["per_sample"] == energy["training"] / DOCUMENT["result"]["trained_samples"]
    assert energy["energy_table"] == "cmos45"


@pytest.mark.parametrize("name", ["mnist-small", "mnist-continuous", "convergence"])
def test_recosting_changes_nothing_but_the_energy(name):
    table = document(fake_record(name))
    again = recosted(table, read_energies("ideal-bits"))
    assert again["energy_j"]["total"] is None
    assert {**again, "energy_j": None} == {**table, "energy_j": None}
    assert recosted(again, read_energies("cmos45")) == table


def test_recosting_with_a_table_that_lacks_an_energy():
    lacking = read_energies("loihi")
    lacking = replace(lacking, energies={k: v for k, v in lacking.energies.items() if k != "hop_ew"})
    with pytest.raises(ConfigError, match="loihi: energies.hop_ew: is missing, and the run has this event"):
        recosted(DOCUMENT, lacking)


@pytest.mark.parametrize(
    "record",
    [
        fake_record("mnist-small", "network.precision=int8", chip="loihi"),
        fake_record("mnist-continuous"),
        fake_record("convergence"),
        fake_record("mnist-deep", chip="ideal-bits"),
    ],
    ids=lambda record: record.run.name,
)
def test_written_read_and_rendered_again(record, tmp_path):
    written = write_report(record, tmp_path)
    assert read_document(tmp_path) == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raster.npz", "report.html", "report.json"]
    page = (tmp_path / "report.html").read_text()
    again, where = render_again(tmp_path)
    assert (again, where, where.read_text()) == (written, tmp_path / "report.html", page)


def test_costing_anew_leaves_the_original(tmp_path):
    write_report(RECORD, tmp_path)
    before = (tmp_path / "report.json").read_bytes()
    table, page = render_again(tmp_path, read_energies("loihi"))
    assert (page.name, table["energy_j"]["energy_table"]) == ("report-loihi.html", "loihi")
    assert (tmp_path / "report.json").read_bytes() == before
    assert json.loads((tmp_path / "report-loihi.json").read_text())["energy_j"]["energy_table"] == "loihi"


def test_an_energy_table_cannot_name_another_folder(tmp_path):
    write_report(RECORD, tmp_path)
    _, page = render_again(tmp_path, replace(read_energies("loihi"), name="../../else/where"))
    assert page.parent == tmp_path
    assert page.name == "report-else-where.html"


def test_no_nan_in_json(tmp_path):
    record = fake_record("convergence")
    assert record.convergence is not None
    record.convergence.mean_error[3] = np.nan
    record.convergence.std_error[4] = np.inf
    write_report(record, tmp_path)
    curve = read_document(tmp_path)["convergence"]
    assert curve["mean_error"][3] is None and curve["std_error"][4] is None


def test_rasters_come_back_as_they_were(tmp_path):
    write_report(RECORD, tmp_path)
    stored = read_rasters(tmp_path)
    assert len(stored) == len(RECORD.rasters) == 4
    for one, other in zip(stored, RECORD.rasters, strict=True):
        assert (one.label, one.predicted, one.presentation) == (
            other.label,
            other.predicted,
            other.presentation,
        )
        assert (one.populations, one.n_free, one.n_nudged) == (
            other.populations,
            other.n_free,
            other.n_nudged,
        )
        assert one.spikes == other.spikes


def test_a_folder_without_rasters_has_none(tmp_path):
    assert read_rasters(tmp_path) == ()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        write_report(RECORD, tmp_path / "nowhere")


def refusal(path):
    with pytest.raises(DataError) as caught:
        read_document(path)
    return str(caught.value).replace(str(path), "report.json")


def changed(path, change):
    table = json.loads(json.dumps(DOCUMENT))
    change(table)
    path.write_text(json.dumps(table))
    return refusal(path)


def test_documents_that_are_refused(tmp_path):
    path = tmp_path / "report.json"
    assert refusal(path) == "report.json: no such file; name the folder of a finished run"
    path.write_text("{")
    assert refusal(path).startswith("report.json: is not valid JSON: ")
    path.write_text('{"format": 3, "seed": NaN}')
    assert refusal(path).startswith("report.json: is not valid JSON: ")
    path.write_text("[1]")
    assert refusal(path) == "report.json: is not a report of neurochip: it has no format number"


def test_documents_that_do_not_fit(tmp_path):
    path = tmp_path / "report.json"

    def refused(change):
        return changed(path, change)

    assert refused(lambda t: t.update(format=2)) == (
        "report.json: format: is 2, and this version reads 3; use the version that wrote it"
    )
    assert refused(lambda t: t.pop("bits")) == (f"report.json: object missing required field 'bits'; {AGAIN}")
    assert refused(lambda t: t["result"]["epochs"][1].update(seconds="long")) == (
        f"report.json: result.epochs[1].seconds: expected 'float', got 'str'; {AGAIN}"
    )
    assert refused(lambda t: t["run"]["learning"].update(beta=0.0)) == (
        "report.json: run.learning.beta: must be non-zero, got 0"
    )
    assert refused(lambda t: t["hardware"].pop("elements")) == (
        "report.json: hardware: is damaged: KeyError at 'elements'; carry out the run again"
    )
    assert refused(lambda t: t["counters"]["free"].pop("cores")) == (
        "report.json: counters: is damaged or not a report (ValidationError: Object missing required field `cores` - "
        f"at `$[...]`); {AGAIN}"
    )
    assert refused(lambda t: t["counters"].update(siesta=t["counters"]["free"])) == (
        "report.json: counters: is damaged or not a report (ValidationError: Invalid enum value 'siesta' - at "
        f"`key` in `$`); {AGAIN}"
    )
    curve = {"scheme": "s", "n_free": 9, "mean_error": [0.1], "std_error": [0.1]}
    assert refused(lambda t: t.update(convergence=curve)) == (
        f"report.json: convergence: is damaged: its curves and n_free do not fit together; {AGAIN}"
    )


def test_rasters_that_are_refused(tmp_path):
    path = tmp_path / "raster.npz"
    for content in (b"", b"PK\x03\x04 not really", b"nothing"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="is damaged or not a file of rasters"):
            read_rasters(path)
    np.savez(path, presentations=np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="has elements of type"):
        read_rasters(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("presentations", np.array(np.inf)),
        ("presentations", np.array(10**9)),
        ("presentations", np.array([1])),
        ("0.spikes.0.shape", np.array([10**12, 3])),
        ("0.spikes.0.shape", np.array([3.0, 3.0])),
        ("0.spikes.0", np.array([[1, 2]])),
        ("0.numbers", np.array([1, 2, 3])),
        ("0.numbers", np.array([1, 2, 0, 9])),
        ("0.populations", np.array(list("abcdefgh"))),
    ],
)
def test_rasters_that_contradict_themselves(tmp_path, name, value):
    path = tmp_path / "raster.npz"
    write_rasters(RECORD.rasters, path)
    with np.load(path) as stored:
        arrays = {**stored, name: value}
    np.savez(path, **arrays)
    with pytest.raises(DataError) as caught:
        read_rasters(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: 0.spikes.") or text.startswith(
        f"{path}: is damaged or not a file of rasters"
    )
