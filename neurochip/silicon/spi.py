"""What SPI writes into a chip: registers and bytes of its two memories, by pairs of address and data of 20 bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError

__all__ = ["N_NEURONS", "Image", "load", "neuron_transfers", "synapse_transfers"]

_WRITE, _READ = 1 << 18, 1 << 19
_NEURONS, _SYNAPSES = 1 << 16, 2 << 16
N_NEURONS = 256
_SYNAPSE_WORDS = 8192


class Image(NamedTuple):
    """What stands in a chip: registers by their address, bytes of the neuron memory [neuron, byte], 4-bit synapses.

    ``synapses`` is [sending, receiving], 0 to 15.
    """

    registers: dict[int, int]
    neurons: NDArray[np.int64]
    synapses: NDArray[np.int64]


def load(transfers: Iterable[tuple[int, int]], word_bytes: int) -> Image:
    """Return what a chip holds after transfers; memories are 0 before.

    Raises
    ------
    ConfigError
        When a transfer is none.
    """
    registers: dict[int, int] = {}
    neurons = np.zeros((N_NEURONS, word_bytes), np.int64)
    words = np.zeros((_SYNAPSE_WORDS, 4), np.int64)
    for number, (address, data) in enumerate(transfers):
        if not (0 <= address < 1 << 20 and 0 <= data < 1 << 20):
            raise ConfigError(f"transfers[{number}]", f"must be two words of 20 bits, got {address}, {data}")
        where, byte, mask = address & 0xFFFF, data & 0xFF, data >> 8 & 0xFF
        command = address & 3 << 16
        if command == 0:
            registers[where] = data
        elif not address & _WRITE or address & _READ or command == 3 << 16:
            raise ConfigError(f"transfers[{number}]", f"must write, got address {address:#07x}")
        elif command == _NEURONS:
            if where >> 8 < word_bytes:
                cell = neurons[where & 0xFF]
                cell[where >> 8] = byte & ~mask | cell[where >> 8] & mask
        else:
            cell = words[where & 0x1FFF]
            cell[where >> 13 & 3] = byte & ~mask | cell[where >> 13 & 3] & mask
    halves = np.stack([words & 0xF, words >> 4], axis=-1)
    return Image(registers, neurons, halves.reshape(N_NEURONS, N_NEURONS))


def neuron_transfers(words: Sequence[int], word_bytes: int, *, read: bool = False) -> list[tuple[int, int]]:
    """Return the transfers of all bytes of the neuron memory: address, and the byte to write, or expected in it."""
    command = (_READ if read else _WRITE) | _NEURONS
    return [
        (command | byte << 8 | neuron, word >> 8 * byte & 0xFF)
        for neuron, word in enumerate(words)
        for byte in range(word_bytes)
    ]


def synapse_transfers(synapses: NDArray[np.int64], *, read: bool = False) -> list[tuple[int, int]]:
    """Return the transfers of all bytes of the synapse memory, two synapses each."""
    command = (_READ if read else _WRITE) | _SYNAPSES
    pairs = synapses[:, 0::2] | synapses[:, 1::2] << 4
    return [
        (command | (half & 3) << 13 | sender << 5 | half >> 2, int(pairs[sender, half]))
        for sender in range(N_NEURONS)
        for half in range(N_NEURONS // 2)
    ]
