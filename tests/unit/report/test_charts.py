"""Pictures and axes."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest

from neurochip.report.axes import log_ticks, percent_words, round_ticks
from neurochip.report.plots import Bar, Line, line_plot, log_bars
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
        text = line_plot([Line("x", points, 0, dots=True)], x_label="epoch", percent=True, about="errors")
        assert "nan" not in text and "inf" not in text


def test_a_band_below_zero_does_not_stretch_the_axis():
    line = Line("x", [(1, 0.1), (2, 0.1)], 0, band=[(1, -0.1, 0.3), (2, 1e-12, 0.3)])
    assert "0.001" not in line_plot([line], x_label="tick", about="errors")


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
