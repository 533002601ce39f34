"""What one step of an element costs in hardware: declared beside each element, put into joules much later."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

__all__ = ["HardwareCost"]


@dataclass(frozen=True, slots=True)
class HardwareCost:
    """Operations and state traffic of one neuron in one tick.

    State is counted in words of the neuron's own width (32 bits in a float32 neuron); a chip specification
    turns words into bits and bits into joules.

    Attributes
    ----------
    additions, multiplications, divisions, comparisons
        Of two numbers of that width; a subtraction is an addition. What all neurons of a core share is not counted.
    random_bits
        Drawn.
    state_words_read, state_words_written
        Per tick.
    state_words_kept
        For as long as the neuron is there.
    """

    additions: int = 0
    multiplications: int = 0
    divisions: int = 0
    comparisons: int = 0
    random_bits: int = 0
    state_words_read: int = 0
    state_words_written: int = 0
    state_words_kept: int = 0

    def __add__(self, other: HardwareCost) -> HardwareCost:
        """Cost of doing both."""
        return HardwareCost(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def keeping(self, words: int) -> HardwareCost:
        """The same with so many words of state, which are read and written in every tick."""
        return replace(self, state_words_read=words, state_words_written=words, state_words_kept=words)

    def to_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}
