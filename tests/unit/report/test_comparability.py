"""What is said where runs that stand side by side are not alike."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from neurochip.description import read_run
from neurochip.report.comparability import cautions, differing_keys
from neurochip.report.comparison import compare
from neurochip.report.comparison_page import comparison_page
from neurochip.report.document import document

from .fake_record import fake_record


def made(*overrides: str) -> Any:
    record = fake_record("mnist-small")
    return document(replace(record, run=read_run("mnist-small", overrides)))


def test_keys_that_differ_are_named() -> None:
    first, second = made(), made("faults.spike_drop=0.5", "learning.beta=0.25", "about=another", "seed=3")
    found = dict(differing_keys([first, second, first]))
    assert found["learning.beta"] == (
        str(first["run"]["learning"]["beta"]),
        "0.25",
        found["learning.beta"][0],
    )
    assert found["faults.spike_drop.rate"] == ("–", "0.5", "–")
    assert not {"about", "name", "seed"} & set(found)  # said with the network, or of no consequence
    assert differing_keys([first, first]) == ()
    page = comparison_page(compare([("a", first), ("b", second)]))
    assert "faults.spike_drop.rate" in page and "learning.beta" in page
    kept = compare([("a", first), ("b", second)]).to_json()
    assert {"key": "learning.beta", "values": list(found["learning.beta"][:2])} in kept["differing"]


def test_errors_on_other_samples() -> None:
    first = made()
    fewer = copy.deepcopy(first)
    fewer["result"]["test_samples"] = 20
    samples = first["result"]["test_samples"]
    assert cautions([first, first]) == ()
    [said] = cautions([first, fewer])
    assert said.startswith(f"These runs are tested on different samples ({samples} and 20 of them)")


def test_errors_on_other_data() -> None:
    first = made() | {"data": {"name": "mnist-small"}}
    other = copy.deepcopy(first)
    other["data"]["name"], other["result"]["test_samples"] = "wine", 20
    assert cautions([first, other]) == (
        "These runs learn from different data: their errors must not be compared.",
    )


def test_other_versions() -> None:
    first = made()
    other = copy.deepcopy(first)
    other["versions"]["neurochip"] = "9.9"
    [said] = cautions([first, other, first])
    assert f"({first['versions']['neurochip']} and 9.9)" in said


def replayed(file: str = "a.npz", ticks: int = 6, spikes: int = 4) -> Any:
    return {
        "kind": "replay",
        "file": file,
        "layers": [["input", 5], ["hidden", 4]],
        "time": {"ticks": ticks},
        "counters": {"free": {"populations": {"input": {"spikes_sent": spikes}}}},
        "versions": {"neurochip": "1"},
    }


def test_replays_of_other_spikes() -> None:
    """The name of the file is no promise: two folders may hold other spikes under one name."""
    assert cautions([replayed(), replayed()]) == ()
    said = ("These replays are of different spikes: their counts and costs must not be compared.",)
    for other in (replayed("b.npz"), replayed(ticks=7), replayed(spikes=5)):
        assert cautions([replayed(), other]) == said
