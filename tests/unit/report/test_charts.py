"""Pictures and axes."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest

from neurochip.report.axes import Axis, log_ticks, percent_words, round_ticks, tick_words
from neurochip.report.bars import Bar, log_bars
from neurochip.report.figures import Chart, Curve, plot
from neurochip.report.png import data_uri
from neurochip.report.quantities import decimal, duration, exact, memory, percent, quantity, ratio


def unpacked(uri):
    """Return the u8[row, column] that a 4-bit PNG holds."""
    stream = io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,")))
    assert stream.read(8) == b"\x89PNG\r\n\x1a\n"
    chunks = {}
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        data = stream.read(length)
        assert struct.unpack(">I", stream.read(4)) == (zlib.crc32(kind + data),)
        chunks[kind] = data
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour) == (4, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    both = np.stack([rows[:, 1:] >> 4, rows[:, 1:] & 15], axis=-1).reshape(height, -1)
    return both[:, :width]


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (4, 8)])
def test_pictures_hold_what_was_drawn(shape):
    levels = np.random.default_rng(1).integers(0, 16, shape).astype(np.uint8)
    np.testing.assert_array_equal(unpacked(data_uri(levels, (1, 2, 3))), levels)


def test_log_ticks():
    assert log_ticks(0.02, 0.9) == pytest.approx([0.02, 0.05, 0.1, 0.2, 0.5])
    assert log_ticks(1e-8, 1) == pytest.approx([10.0**n for n in range(-8, 1, 2)])
    assert [percent_words(y) for y in (0.5, 0.05, 0.002)] == ["50 %", "5 %", "0.2 %"]


def test_round_ticks():
    assert round_ticks(0, 5) == [0, 1, 2, 3, 4, 5]
    assert round_ticks(0, 25) == [0, 5, 10, 15, 20, 25]
    assert round_ticks(1, 500) == [100, 200, 300, 400, 500]
    assert round_ticks(3, 3) == [3]


def test_a_curve_may_be_empty_flat_or_zero():
    for points in ([], [(0.0, 0.0)], [(0.0, 0.0), (1.0, 0.0)], [(0.0, 0.5), (1.0, 0.5)], [(0.0, 1.0)]):
        curve = Curve.through("x", points, 0, x_label="epoch", words=percent)
        text = plot(Chart("errors", "epoch", "", [curve], log_y=True, y_unit="%"))
        assert "nan" not in text and "inf" not in text


def test_a_band_below_zero_does_not_stretch_the_axis():
    curve = Curve("x", [1, 2], [0.1, 0.1], low=[-0.1, 1e-12], high=[0.3, 0.3])
    _, along = Chart("errors", "tick", "", [curve], log_y=True).axes()
    assert 0.05 < along.low < 0.1 and 0.3 < along.high < 0.4


def test_an_axis_and_its_way_back():
    for axis in (Axis(2.0, 10.0), Axis(1e-3, 1e4, log=True)):
        ends = axis.share([axis.low, axis.high, axis.low / 2, 2 * axis.high])
        assert ends.tolist() == [0, 1, 0, 1]
        for share in (0.0, 0.3, 1.0):
            assert float(axis.share(axis.value(share))) == pytest.approx(share)
    assert Axis(0.55, 0.95, log=True).ticks() == pytest.approx(
        [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    )
    assert Axis(0.5, 4.5, whole=True).ticks() == [1, 2, 3, 4]
    assert Axis.around([float("nan")]).low < 1 < Axis.around([]).high


def test_what_stands_beside_a_tick():
    assert [tick_words(v) for v in (0, 0.001, 25000, 1e5, -2e-4)] == ["0", "0.001", "25000", "10⁵", "−2·10⁻⁴"]
    assert [tick_words(v, "%") for v in (0.5, 1)] == ["50 %", "100 %"]
    assert [tick_words(v, "bit") for v in (0, 500, 25000)] == ["0 bit", "500 bit", "25 kbit"]
    assert tick_words(2.5e-9, "J") == "2.5 nJ"


def test_a_share_is_never_above_1():
    curve = Curve("x", [1, 2], [0.9, 0.8])
    _, along = Chart("errors", "epoch", "", [curve], log_y=True, y_unit="%").axes()
    assert along.high == 1.0


def test_a_plot_places_its_points():
    curve = Curve("c", [0, 5, 10], [0, 1, 4], dots=True, titles=["a<b", "b", "c"], style="steps")
    text = plot(
        Chart("t", "x", "y", [curve], x_range=(0, 10), y_range=(0, 4), marks=[(5, "here")], levels=[(1, "")])
    )
    assert 'points="0.0,1000.0 500.0,1000.0 500.0,750.0 1000.0,750.0 1000.0,0.0"' in text
    assert 'd="M500.0,750.0h0"' in text and "<title>a&lt;b</title>" in text
    assert '<span class="marked" style="--x:0.5000">here</span>' in text
    assert 'aria-label="t: y against x"' in text
    assert '"low": 0, "high": 10' in text.replace("&quot;", '"')


def test_bars_of_nothing():
    assert "width:0.00%" in log_bars([Bar("a", 0, "0 bit")], unit="bit")


def test_quantities():
    assert [quantity(v, "bit") for v in (0, 7, 999, 1000, 1234567)] == [
        "0 bit",
        "7 bit",
        "999 bit",
        "1.00 kbit",
        "1.23 Mbit",
    ]
    assert [quantity(v, "J") for v in (0.9996, 2.36e-11, 1.2e-19)] == ["1.00 J", "23.6 pJ", "0.120 aJ"]
    assert quantity(999_600) == "1.00 M"
    assert [decimal(v) for v in (0.0, 0.00123, 9.996, 123.4)] == ["0", "0.00123", "10.0", "123"]
    assert [percent(v, 1) for v in (None, 0.0, 1e-5, 0.5)] == ["–", "0.0 %", "< 0.1 %", "50.0 %"]
    assert [ratio(*v) for v in ((1, 10), (25, 10), (10, 10), (0, 3))] == [
        "10× fewer",
        "2.5× more",
        "the same",
        "–",
    ]
    assert [duration(v) for v in (0.0123, 14.2, 59.96, 185, 7865)] == [
        "0.0123 s",
        "14.2 s",
        "1 min 00 s",
        "3 min 05 s",
        "2 h 11 min",
    ]
    assert [memory(v) for v in (0, 12, 8 * 388 * 1024, 8 * 2**20)] == ["0 B", "1.50 B", "388 KiB", "1.00 MiB"]
    assert exact(1234567) == "1\u202f234\u202f567"
