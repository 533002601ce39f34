"""What is written is what was there: each format read back by somebody else's reader."""

from __future__ import annotations

import io
import json
import signal
from typing import Any

import numpy as np
import pytest

from neurochip.errors import ConfigError
from neurochip.spikes import Spikes, spikes_of
from neurochip.trace.arrays import ArrayTrace
from neurochip.trace.perfetto import PerfettoTrace
from neurochip.trace.signals import Chunk, SignalGroup, families, select
from neurochip.trace.vcd import VcdTrace
from tests.oracle.waveforms import VCDVCD

TICKS, LENGTH = 40, 2500
GROUPS = [
    SignalGroup("population.hid", ("population.hid.spikes",), "bits", "one bit a neuron", width=12),
    SignalGroup("neuron.hid.spike", tuple(f"neuron.hid.{i}.spike" for i in range(12)), "bit", "0 or 1"),
    SignalGroup("neuron.hid.value", tuple(f"neuron.hid.{i}.value" for i in range(12)), "real", "s"),
    SignalGroup("core.sops", ("core.3.sops", "core.7.sops"), "count", "SOPs"),
    SignalGroup("core.busy", ("core.3.busy", "core.7.busy"), "real", "cycles"),
    SignalGroup("core.idle", ("core.3.idle", "core.7.idle"), "real", "cycles"),
]


def recorded() -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(4)
    bits = (rng.random((TICKS, 12)) < 0.3).astype(np.uint8)
    value = np.cumsum(bits * rng.normal(0, 1, (TICKS, 12)), axis=0).astype(np.float32)
    busy = rng.integers(0, 6, (TICKS, 2)) / 2
    return [bits, bits, value, rng.integers(0, 3, (TICKS, 2)), busy, 10.0 - busy]


def chunks(
    values: list[np.ndarray[Any, Any]], groups: list[SignalGroup], sizes: tuple[int, ...]
) -> list[Chunk]:
    found, at = [], 0
    for size in sizes:
        start = np.arange(at, at + size, dtype=np.int64) * LENGTH
        parts = tuple(group.of(v[at : at + size]) for group, v in zip(groups, values, strict=True))
        found.append(Chunk(100 + at, start, np.full(size, LENGTH), parts))
        at += size
    assert at == TICKS
    return found


def written(kind: Any, sizes: tuple[int, ...] = (1, 16, 23)) -> bytes:
    file = io.BytesIO()
    trace = kind(file, GROUPS, "a test")
    for chunk in chunks(recorded(), GROUPS, sizes):
        trace.write(chunk)
    trace.close()
    return file.getvalue()


def test_vcd(tmp_path: Any) -> None:
    path = tmp_path / "x.vcd"
    path.write_bytes(written(VcdTrace))
    read = VCDVCD(str(path))
    assert read.timescale["magnitude"] == 1 and read.timescale["unit"] == "ps"
    assert read.endtime == TICKS * LENGTH
    bits, _, value, sops, busy, _ = recorded()
    (hid,) = [name for name in read.signals if name.startswith("population.hid.spikes")]
    for t in range(TICKS):
        now = t * LENGTH
        assert int(read["chip.tick"][now], 2) == 100 + t
        assert int(read[hid][now], 2) == sum(int(bit) << i for i, bit in enumerate(bits[t]))
        for i in range(12):
            assert int(read[f"neuron.hid.{i}.spike"][now]) == bits[t, i]
            assert np.float32(read[f"neuron.hid.{i}.value"][now]) == value[t, i]
        assert int(read["core.7.sops"][now], 2) == sops[t, 1]
        assert float(read["core.3.busy"][now]) == busy[t, 0]


def test_vcd_holds_changes_only() -> None:
    text = written(VcdTrace).decode()
    values = recorded()[1]
    changes = int(np.count_nonzero(np.diff(values.astype(int), axis=0)))
    body = text[text.index("$end\n#") if "$end\n#" in text else 0 :]
    single = [line for line in body.splitlines() if line[:1] in "01" and len(line) < 5]
    assert 0 < len(single) == changes + values.shape[1]


@pytest.mark.parametrize("sizes", [(40,), (3,) * 13 + (1,), (1,) * 40])
def test_bits_are_packed_over_the_borders_of_pieces(sizes: tuple[int, ...]) -> None:
    """Three ticks of twelve units end within a byte."""
    with np.load(io.BytesIO(written(ArrayTrace, sizes)), allow_pickle=False) as read:
        assert spikes_of(read, GROUPS[0].name) == Spikes.from_array(recorded()[0])


@pytest.mark.parametrize("kind", [VcdTrace, PerfettoTrace])
def test_pieces_do_not_show(kind: Any) -> None:
    assert written(kind) == written(kind, (40,)) == written(kind, (3,) * 13 + (1,))


def test_npz() -> None:
    with np.load(io.BytesIO(written(ArrayTrace)), allow_pickle=False) as read:
        for group, values in zip(GROUPS, recorded(), strict=True):
            if group.kind == "bits":
                assert read[group.name].size == TICKS * 12 // 8
                assert spikes_of(read, group.name) == Spikes.from_array(values)
            else:
                assert read[group.name].dtype == values.dtype
                assert np.array_equal(read[group.name], values)
            assert tuple(read[f"{group.name}.signals"]) == group.signals
            assert str(read[f"{group.name}.unit"]) == group.unit
        assert read["tick"].tolist() == list(range(100, 140))
        assert read["start_ps"][3] == 3 * LENGTH
        assert str(read["about"]) == "a test"


def test_perfetto_is_the_trace_event_format() -> None:
    events = json.loads(written(PerfettoTrace))
    assert {event["ph"] for event in events} == {"M", "X", "C"}
    assert all({"ph", "pid", "name"} <= set(event) for event in events)
    timed = [event for event in events if event["ph"] in "XC"]
    assert all(isinstance(event["ts"], float) for event in timed)
    assert all(event["dur"] >= 0 and "tid" in event for event in events if event["ph"] == "X")
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert names == {0: "ticks", 4: "core 3", 8: "core 7"}
    # Slices of a core fill each tick and never overlap.
    for track in (4, 8):
        slices = [event for event in events if event["ph"] == "X" and event["tid"] == track]
        for one, other in zip(slices, slices[1:], strict=False):
            assert one["ts"] + one["dur"] <= other["ts"] + 1e-9
        assert sum(event["dur"] for event in slices) == pytest.approx(TICKS * LENGTH / 1e6)
        spent = sum(event["args"]["cycles"] for event in slices if event["name"] == "busy")
        assert spent == recorded()[4][:, (track - 1) // 4 if track == 4 else 1].sum() or track == 4
    # A counter follows its signal.
    bits = recorded()[0].sum(axis=1)
    count = {
        event["ts"]: event["args"]["value"] for event in events if event["name"] == "population.hid.spikes"
    }
    held = 0
    for t in range(TICKS):
        held = count.get(t * LENGTH / 1e6, held)
        assert held == bits[t]


def test_select() -> None:
    chosen = select(GROUPS, ["core.7.*", "neuron.hid.1?.value", "neuron.hid.3.value"])
    assert [group.signals for group in chosen] == [
        ("neuron.hid.3.value", "neuron.hid.10.value", "neuron.hid.11.value"),
        ("core.7.sops",), ("core.7.busy",), ("core.7.idle",),
    ]  # fmt: skip
    assert np.array_equal(chosen[0].of(recorded()[2]), recorded()[2][:, [3, 10, 11]])
    assert select(GROUPS, []) == GROUPS
    assert families(GROUPS) == [
        "population.hid.spikes", "neuron.hid.*.spike", "neuron.hid.*.value", "core.*.sops", "core.*.busy",
        "core.*.idle",
    ]  # fmt: skip


def test_a_pattern_that_matches_nothing() -> None:
    with pytest.raises(ConfigError) as caught:
        select(GROUPS, ["core.*.sps"])
    assert str(caught.value) == (
        "signals: core.*.sps matches none; did you mean core.*.sops? there are population.hid.spikes, "
        "neuron.hid.*.spike, neuron.hid.*.value, core.*.sops, core.*.busy, core.*.idle"
    )


def test_the_reader_leaves_broken_pipes_to_python() -> None:
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
