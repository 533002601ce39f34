"""Streams of the link codes, by hand: what stands on the link bit for bit, and what no decoder takes."""

from __future__ import annotations

from typing import Any

import pytest
from bitarray import bitarray

from neurochip.errors import DataError
from neurochip.spikes import Aer, Bitmap, Spikes, Symbols

SPIKES = Spikes(bitarray("101 000 011"), 3, 3)


def text(parts: list[bitarray]) -> list[str]:
    return [part.to01() for part in parts]


@pytest.mark.parametrize("code", [Symbols(3), Bitmap(3)])
def test_a_bit_a_neuron(code: Any) -> None:
    sent = code.encode(SPIKES)
    assert text(sent) == ["101", "000", "011"]
    assert code.decode(sent) == SPIKES


def test_a_packet_a_spike() -> None:
    code = Aer(axons=(5, 6, 9), header_bits=2, address_bits=4, header=1)
    sent = code.encode(SPIKES)
    assert text(sent) == ["01" "0101" "01" "1001", "", "01" "0110" "01" "1001"]  # fmt: skip
    assert code.decode(sent) == SPIKES
    swapped = [sent[0][6:] + sent[0][:6], *sent[1:]]
    assert code.decode(swapped) == SPIKES


def test_packets_without_a_header() -> None:
    code = Aer(range(3), header_bits=0, address_bits=2)
    assert text(code.encode(SPIKES)) == ["0010", "", "0110"]
    assert code.decode(code.encode(SPIKES)) == SPIKES


def test_another_width_of_the_header_is_another_stream() -> None:
    code, wrong = Aer(range(3), 3, 2, 1), Aer(range(3), 4, 2, 1)
    assert sum(map(len, wrong.encode(SPIKES))) - sum(map(len, code.encode(SPIKES))) == SPIKES.count()
    with pytest.raises(DataError):
        code.decode(wrong.encode(SPIKES))


CODE = Aer(range(3), header_bits=1, address_bits=2, header=1)
REFUSED: list[tuple[Any, str]] = [
    (lambda: CODE.decode([bitarray("1001")]), "stream[0]: must be packets of 3 bits, got 4 bits"),
    (lambda: CODE.decode([bitarray(), bitarray("000")]), "stream[1]: has a packet whose header is not 1"),
    (lambda: CODE.decode([bitarray("111")]), "stream[0]: has a packet to axon 3, which is none of the sender's"),
    (lambda: CODE.decode([bitarray("101101")]), "stream[0]: has two packets to axon 1"),
    (lambda: Symbols(3).decode([bitarray("101"), bitarray("10")]), "stream[1]: must be 3 bits, one a neuron, got 2"),
    (lambda: Symbols(4).encode(SPIKES), "spikes: must have shape (ticks, 4), got (3, 3)"),
    (lambda: CODE.encode(Spikes(bitarray("101"), 1, 3, 1)), "spikes: must have shape (ticks, 3), got (1, 1, 3)"),
    (lambda: Aer(range(5), 1, 2), "aer.address_bits: must name axon 4, got 2 bits"),
    (lambda: Aer(range(3), 1, 2, 2), "aer.header_bits: must hold header 2, got 1 bits"),
    (lambda: Aer((1, 1), 1, 2), "aer.axons: must differ, got the same for two neurons"),
    (lambda: Aer((0,), 0, 0), "aer: must have at least one bit in a packet, got none"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        make()
    assert str(caught.value) == sentence
