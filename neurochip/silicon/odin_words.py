"""Words of ODIN's neuron memory: which bits are which parameter and state of both neuron models, and their checks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurochip.silicon.activity import whole
from neurochip.silicon.spi import N_NEURONS

__all__ = [
    "IZHIKEVICH_PARAMETERS",
    "IZHIKEVICH_STATE",
    "LIF_PARAMETERS",
    "LIF_STATE",
    "STATE_BIT",
    "STATE_BITS",
    "WORD_BYTES",
    "fields_of",
    "packed",
    "unpacked",
]

WORD_BYTES = 16
# State stands in bits 70 to 124 of a word, parameters below, but for the bit that disables, 127.
STATE_BIT, STATE_BITS = 70, 55
# Name → lowest bit and width.
LIF_PARAMETERS = {
    "leak": (1, 7),
    "leak_enabled": (8, 1),
    "threshold": (9, 8),
    "learns": (17, 1),
    "theta_membrane": (18, 8),
    "theta_1": (26, 3),
    "theta_2": (29, 3),
    "theta_3": (32, 3),
    "calcium_leak": (35, 5),
}
LIF_STATE = {"membrane": (70, 8), "calcium": (78, 3), "calcium_count": (81, 5)}
IZHIKEVICH_PARAMETERS = {
    "leak": (1, 7),
    "leak_enabled": (8, 1),
    "fan_in": (9, 3),
    "burst_spikes": (12, 3),
    "burst_interval": (15, 3),
    "sharp_resonance": (18, 1),
    "threshold": (19, 3),
    "refractory": (22, 3),
    "delay": (25, 3),
    "spike_latency": (28, 1),
    "depolarising": (29, 1),
    "stimulation_threshold": (30, 3),
    "phasic": (33, 1),
    "mixed": (34, 1),
    "class_2": (35, 1),
    "negative": (36, 1),
    "rebound": (37, 1),
    "inhibition_induced": (38, 1),
    "bistable": (39, 1),
    "resonant": (40, 1),
    "variable_threshold": (41, 1),
    "adapts_to_spikes": (42, 1),
    "threshold_leak": (43, 4),
    "accommodating": (47, 1),
    "learns": (48, 1),
    "theta_membrane": (49, 3),
    "theta_1": (52, 3),
    "theta_2": (55, 3),
    "theta_3": (58, 3),
    "calcium_leak": (61, 5),
    "burst_increment": (66, 1),
    "sharp_time": (67, 3),
}
IZHIKEVICH_STATE = {
    "input": (70, 11),
    "refractory_now": (81, 1),
    "membrane": (82, 4),
    "delay_count": (86, 3),
    "stimulation": (89, 4),
    "stimulation_now": (93, 4),
    "phasic_lock": (97, 1),
    "mixed_lock": (98, 1),
    "spike_sent": (99, 1),
    "stimulated_before": (100, 2),
    "signs_before": (102, 2),
    "bistable_lock": (104, 1),
    "inhibition_lock": (105, 1),
    "resonance_sign": (106, 2),
    "threshold_change": (108, 4),
    "threshold_count": (112, 4),
    "calcium": (116, 3),
    "calcium_count": (119, 5),
    "burst_lock": (124, 1),
}


def fields_of(instance: object, table: Mapping[str, tuple[int, int]]) -> dict[str, NDArray[np.int64]]:
    """Return the checked fields of an object, 256 numbers each, by the widths of a table.

    Raises
    ------
    ConfigError
        When one does not fit its bits.
    """
    return {
        name: whole(getattr(instance, name), (N_NEURONS,), 0, (1 << width) - 1, name)
        for name, (_, width) in table.items()
    }


def packed(instance: object, table: Mapping[str, tuple[int, int]]) -> list[int]:
    """Return 256 words with the fields of an object in their bits."""
    words = [0] * N_NEURONS
    for name, (lowest, _) in table.items():
        for neuron, value in enumerate(getattr(instance, name).tolist()):
            words[neuron] |= value << lowest
    return words


def unpacked(words: list[int], table: Mapping[str, tuple[int, int]]) -> dict[str, NDArray[np.int64]]:
    """Return the fields that stand in words."""
    return {
        name: np.array([word >> lowest & ((1 << width) - 1) for word in words], np.int64)
        for name, (lowest, width) in table.items()
    }
