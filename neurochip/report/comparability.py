"""What runs that stand side by side do not have in common: the keys in which they differ, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from neurochip.keys.reading import describe
from neurochip.report.replay_comparison import is_replayed

__all__ = ["Differing", "cautions", "differing_keys"]

OTHER_DATA = "These runs learn from different data: their errors must not be compared."
OTHER_SPIKES = "These replays are of different spikes: their counts and costs must not be compared."
OTHER_TESTS = (
    "These runs are tested on different samples ({samples} of them): part of what their errors differ by may be the "
    "samples; give them the same data.test to compare errors."
)
OTHER_VERSIONS = (
    "These runs are of different versions of neurochip ({versions}): part of what differs may be neurochip; run them "
    "anew with one."
)
# What a run is called, and what the line about the network says of every run.
_ELSEWHERE = frozenset({"name", "about", "seed"})
MOST_KEYS = 20


class Differing(NamedTuple):
    """A key of runs that do not all have the same value of it; in words, "–" for those without it."""

    key: str
    words: tuple[str, ...]


def differing_keys(documents: Sequence[Any]) -> tuple[Differing, ...]:
    """Return the keys of runs whose values are not the same in all; replays have no keys."""
    runs = [dict(_leaves(document.get("run") or {})) for document in documents]
    found = []
    for key in dict.fromkeys(key for run in runs for key in run):
        words = tuple(describe(run[key]) if key in run else "–" for run in runs)
        if key not in _ELSEWHERE and len(set(words)) > 1:
            found.append(Differing(key, words))
    return tuple(found)


def _leaves(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def cautions(documents: Sequence[Any]) -> tuple[str, ...]:
    """Return what keeps figures other than joules from being compared, a sentence each."""
    found = []
    if is_replayed(documents[0]):
        if len({_spikes(document) for document in documents}) > 1:
            found.append(OTHER_SPIKES)
    elif len({_data(document) for document in documents if document.get("data") is not None}) > 1:
        found.append(OTHER_DATA)
    else:
        tested = dict.fromkeys(document["result"]["test_samples"] for document in documents)
        if len([samples for samples in tested if samples]) > 1:
            found.append(OTHER_TESTS.format(samples=_listed(samples for samples in tested if samples)))
    versions = dict.fromkeys(document["versions"]["neurochip"] for document in documents)
    if len(versions) > 1:
        found.append(OTHER_VERSIONS.format(versions=_listed(versions)))
    return tuple(found)


def _data(document: Any) -> tuple[object, ...]:
    """Return by what a set is known: its name, or the content of the file."""
    return document["data"]["name"], document["run"]["data"].get("digest")


def _spikes(document: Any) -> tuple[object, ...]:
    """Return by what recorded spikes are known: the file, and how many the input has over how long."""
    name, neurons = document["layers"][0]
    played = [
        phase["populations"].get(name, {}).get("spikes_sent") for phase in document["counters"].values()
    ]
    return document["file"], neurons, document["time"]["ticks"], tuple(played)


def _listed(values: Iterable[object]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} and {last}"
