"""Whatever was sealed is read again to the last bit, or refused by the name of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurochip.durable.seal import sealed, sealed_json, unsealed, unsealed_json
from neurochip.errors import CheckpointError
from neurochip.files import Foreign

FILE = Foreign(Path("kept.bin"), "a checkpoint", "begin anew", error=CheckpointError)


def flipped(content: bytes) -> list[bytes]:
    return [
        content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        for at in range(len(content))
        for bit in range(8)
    ]


@pytest.mark.parametrize("content", [b"", b"weights", bytes(range(256))])
def test_every_flipped_bit_of_binary_content_is_found(content: bytes) -> None:
    whole = content + sealed(content)
    assert unsealed(whole, FILE) == content
    for damaged in [*flipped(whole), whole[:-1], whole[1:], whole + b"\n", content]:
        with pytest.raises(CheckpointError, match="kept.bin: is damaged.*begin anew"):
            unsealed(damaged, FILE)


def test_every_flipped_bit_of_json_is_found() -> None:
    content = {"errors": {"1": [0.1, 0.25]}, "note": "größer", "none": None, "large": 2**53, "tiny": 5e-324}
    text = sealed_json(content)
    assert unsealed_json(text, FILE) == content
    for damaged in [
        *flipped(text),
        text[:-1],
        text[1:],
        b"{}",
        b'{"errors": {}}',
        text.replace(b" ", b"", 1),
    ]:
        with pytest.raises(CheckpointError, match="kept.bin"):
            unsealed_json(damaged, FILE)


def test_content_has_a_type() -> None:
    with pytest.raises(CheckpointError, match="kept.bin"):
        unsealed_json(sealed_json({"a": 1}), FILE, list[int])
