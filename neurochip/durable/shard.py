"""``--shard K/N``: which part of many pieces of work is done here, by their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from neurochip.errors import ConfigError

__all__ = ["Shard", "parse_shard", "shards_missing"]


class Shard(NamedTuple):
    """Part ``number`` of ``of``, counted from 1."""

    number: int
    of: int

    @property
    def words(self) -> str:
        """Return it as it is written, e.g. ``3/40``."""
        return f"{self.number}/{self.of}"

    def takes(self, count: int) -> bool:
        """Whether piece ``count``, from 0, is one of its own: every ``of``-th is."""
        return count % self.of == self.number - 1

    def nth(self, count: int) -> int:
        """Return the number, from 0, of its own piece ``count``."""
        return self.number - 1 + count * self.of

    def size(self, pieces: int) -> int:
        """Return how many of so many pieces are its own."""
        return len(range(self.number - 1, pieces, self.of))


def parse_shard(text: str) -> Shard:
    """Return the shard that ``K/N`` means."""
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", text)
    if match is None:
        raise ConfigError("--shard", f"must be K/N, e.g. 3/40 for the third of forty, got {text!r}")
    shard = Shard(int(match[1]), int(match[2]))
    if not 1 <= shard.number <= shard.of:
        raise ConfigError(
            "--shard", f"must be 1/{max(shard.of, 1)} to {max(shard.of, 1)}/{max(shard.of, 1)}, got {text}"
        )
    return shard


def shards_missing(given: Sequence[str | None]) -> tuple[str, ...]:
    """Name the shards that are not among those given; none where these are not all shards of one number."""
    shards = [parse_shard(shard) for shard in given if shard is not None]
    numbers: dict[int, set[int]] = {}
    for shard in shards:
        numbers.setdefault(shard.of, set()).add(shard.number)
    if len(shards) < len(given) or len(numbers) != 1:
        return ()
    [(of, there)] = numbers.items()
    return tuple(f"{k}/{of}" for k in range(1, of + 1) if k not in there)
