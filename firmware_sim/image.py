"""Images: a compiled chip's weights, thresholds and axon tables as one binary, checksummed section by section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from firmware_sim.container import Buffer, read_sections, section_parts
from firmware_sim.queues import WORD, WordQueue, block_of, take_block
from neurochip.compile import ChipImage
from neurochip.substrate import Parameters

__all__ = ["MAGIC", "array_section", "image_parts", "read_array", "read_image", "tables_of"]

MAGIC = b"NCIM"
_FAMILIES = {"W": "weights", "F": "feedback", "B": "biases"}

Tables = dict[str, NDArray[Any]]


def tables_of(image: ChipImage | None) -> Tables:
    """Return what sits where, as sections: none where there are no cores.

    CORES u32 [core, 4]: population, first neuron, neuron after the last, site. AXONS u32: for each core, the number of
    cores that receive its spikes and which they are.
    """
    if image is None:
        return {}
    cores = np.array([[c.population, c.first, c.last, c.site] for c in image.cores], dtype=WORD)
    axons = [n for receivers in image.receivers for n in (len(receivers), *receivers)]
    return {"CORES": cores.reshape(-1, 4), "AXONS": np.array(axons, dtype=WORD)}


def array_section(name: str, array: Any) -> tuple[str, list[Buffer]]:
    """Return a section that holds one array."""
    head, body = block_of(array)
    return name, [head, body]


def image_parts(digest: str, tables: Tables, parameters: Parameters) -> list[Buffer]:
    """Return the image as buffers, uncopied: DIGEST, the tables, W0 … forward weights, F1 … feedback, B1 … biases.

    Biases are the thresholds of the neurons, with the sign turned.
    """
    sections: list[tuple[str, Sequence[Buffer]]] = [("DIGEST", [bytes.fromhex(digest)])]
    sections += [array_section(name, table) for name, table in tables.items()]
    for letter, family in _FAMILIES.items():
        first = 0 if letter == "W" else 1
        sections += [
            array_section(f"{letter}{k}", array)
            for k, array in enumerate(getattr(parameters, family), start=first)
        ]
    return section_parts(MAGIC, sections)


def read_array(sections: dict[str, memoryview], name: str) -> NDArray[Any]:
    """Return the array of a section."""
    if name not in sections:
        raise Refusal(Code.BAD_IMAGE, f"has no section {name}")
    body = sections[name]
    if len(body) % 4:
        raise Refusal(Code.BAD_IMAGE, f"section {name} is no whole number of words")
    queue = WordQueue(name, len(body) // 4)
    queue.push(np.frombuffer(body, dtype=WORD))
    try:
        array = take_block(queue)
    except Refusal as refusal:
        raise Refusal(Code.BAD_IMAGE, f"section {refusal.about}") from None
    if len(queue):
        raise Refusal(Code.BAD_IMAGE, f"section {name} has {len(queue)} words too many")
    return array


def read_image(data: memoryview, digest: str | None, tables: Tables | None) -> Parameters:
    """Return the weights and biases of an image.

    Parameters
    ----------
    digest, tables
        Of the chip that reads it: an image of another one is refused. `None` takes any.
    """
    sections = read_sections(MAGIC, data)
    if "DIGEST" not in sections:
        raise Refusal(Code.BAD_IMAGE, "has no section DIGEST")
    if digest is not None and bytes(sections["DIGEST"]).hex() != digest:
        raise Refusal(
            Code.OTHER_CHIP, f"was compiled for {bytes(sections['DIGEST']).hex()}, and this chip is {digest}"
        )
    for name, table in (tables or {}).items():
        if not np.array_equal(read_array(sections, name), table):
            raise Refusal(Code.OTHER_CHIP, f"section {name} is not this chip's")
    families: dict[str, tuple[NDArray[Any], ...]] = {}
    for letter, family in _FAMILIES.items():
        k = first = 0 if letter == "W" else 1
        while f"{letter}{k}" in sections:
            k += 1
        arrays = tuple(read_array(sections, f"{letter}{j}") for j in range(first, k))
        if any(array.dtype.kind != "f" for array in arrays):
            raise Refusal(Code.BAD_IMAGE, f"{family} must be floating point numbers")
        families[family] = arrays
    return Parameters(**families)
