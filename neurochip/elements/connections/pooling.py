"""Sums or averages over squares of a map, each map to its own: a kernel of ones, of which a core keeps one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.connections.connection import Edges, Memory
from neurochip.elements.connections.convolution import Convolution, both
from neurochip.elements.connections.maps import Order, deliver
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel
from neurochip.kernels.types import Number

__all__ = ["Pooling"]

Array = NDArray[Number]
Pair = tuple[int, int]
Reduction = Literal["sum", "average"]


@dataclass(frozen=True, slots=True)
class Pooling:
    """Every target gets the sum, or the average, of a square of one source map. Nothing of it is learnt.

    Attributes
    ----------
    source
        Channels, height and width of the source maps.
    kernel, stride, padding
        (rows, columns) each, or one number for both; ``stride`` `None` is the kernel: squares side by side.
    reduction
        ``sum``, or ``average``: the sum over the area of the kernel, what lies beyond an edge included; it is the scale
        of the sums, so the sums themselves stay whole numbers.
    order, backward, senders, receivers
        As of `Convolution`.

    Raises
    ------
    ConfigError
        For shapes that do not fit one another.
    """

    source: tuple[int, int, int]
    kernel: int | Pair
    stride: int | Pair | None = None
    padding: int | Pair = 0
    reduction: Reduction = "average"
    order: Order = "channels-first"
    backward: bool = False
    senders: Pair | None = None
    receivers: Pair | None = None
    kind: ClassVar[str] = "pooling"
    deliver: ClassVar[Kernel[..., object]] = deliver
    accumulate: ClassVar[Kernel[..., object] | None] = None

    def __post_init__(self) -> None:
        """Check the shapes."""
        if self.reduction not in get_args(Reduction):
            raise ConfigError(
                "connection.reduction",
                f"must be one of {', '.join(get_args(Reduction))}, got {self.reduction!r}",
            )
        self._ones()

    def _ones(self) -> Convolution:
        """Return the convolution that it is, of ones."""
        return Convolution(
            self.source,
            channels=self.source[0],
            kernel=self.kernel,
            stride=self.kernel if self.stride is None else self.stride,
            padding=self.padding,
            groups=self.source[0],
            order=self.order,
            backward=self.backward,
            senders=self.senders,
            receivers=self.receivers,
        )

    @property
    def target(self) -> tuple[int, int, int]:
        """Channels, height and width of the target maps."""
        return self._ones().target

    @property
    def sources(self) -> int:
        """Units that send."""
        return self._ones().sources

    @property
    def targets(self) -> int:
        """Units that receive."""
        return self._ones().targets

    @property
    def shape(self) -> tuple[int]:
        """Of the weights: there are none."""
        return (0,)

    @property
    def synapses(self) -> int:
        """How many there are."""
        return self._ones().synapses

    @property
    def scale(self) -> float:
        """1, or 1 over the area of the kernel."""
        rows, columns = both(self.kernel)
        return 1.0 if self.reduction == "sum" else 1.0 / (rows * columns)

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]."""
        return self._ones().fan_out()

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]."""
        return self._ones().fan_in()

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of the one weight that all synapses have."""
        return weight_bits if targets is None or len(targets) else 0

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return ones, and tables of where they land."""
        if weights is not None and np.asarray(weights).size:
            raise ConfigError(
                "weights", f"must be none, pooling has no weights, got {np.asarray(weights).shape}"
            )
        ones = self._ones()
        return ones.memory(np.ones(ones.shape, dtype=dtype), dtype)

    def values(self, stored: Array) -> Array:
        """Return no weights."""
        return stored[:0]

    def edges(self) -> Edges:
        """Return all synapses; the weight of each is −1, none."""
        source, target, _ = self._ones().edges()
        return Edges(source, target, np.full(source.size, -1, dtype=np.int64))

    def part(self, sources: range, targets: range) -> Pooling:
        """Return the synapses of which both ends are within."""
        inner = self._ones().part(sources, targets)
        return replace(self, senders=inner.senders, receivers=inner.receivers)

    def kept(self, sources: range, targets: range) -> slice:
        """Return all of no weights."""
        return slice(None)

    def transposed(self) -> Pooling:
        """Return the same synapses from targets to sources."""
        return replace(self, backward=not self.backward, senders=self.receivers, receivers=self.senders)

    def transposed_weights(self, weights: Array) -> Array:
        """Return no weights."""
        return weights
