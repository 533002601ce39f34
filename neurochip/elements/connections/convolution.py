"""A kernel that slides over maps: its weights stand on the core once, and addresses are computed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.connections.connection import Edges, Memory, check_count, check_part, memory_of
from neurochip.elements.connections.maps import Order, accumulate, deliver, landings, listed, table_of
from neurochip.elements.connections.stored import laid_out
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel
from neurochip.kernels.types import Number

__all__ = ["Convolution"]

Array = NDArray[Number]
Ints = NDArray[np.int64]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Convolution:
    """Every target sees a square of the source maps, and all positions share the weights (LeCun et al. 1989).

    The output at (row, column) of a map sees the inputs at row · stride − padding + k · dilation, k = 0 … kernel − 1,
    and columns likewise, of all channels of its group. There is no synapse to what lies beyond the edge.

    Attributes
    ----------
    source
        Channels, height and width of the source maps.
    channels
        Of the target maps.
    kernel, stride, padding, dilation
        (rows, columns) each, or one number for both.
    groups
        So many parts, of sources and of targets, see one another and no others.
    order
        How units are numbered: ``channels-first``, map after map, or ``channels-last``, position after position, which
        is faster to compute.
    backward
        Whether the targets send to the sources: the same synapses the other way round.
    senders, receivers
        First and last + 1 of the units that are held, where this is a part; `None`: all.

    Raises
    ------
    ConfigError
        For shapes that do not fit one another.
    """

    source: tuple[int, int, int]
    channels: int
    kernel: int | Pair
    stride: int | Pair = 1
    padding: int | Pair = 0
    dilation: int | Pair = 1
    groups: int = 1
    order: Order = "channels-first"
    backward: bool = False
    senders: Pair | None = None
    receivers: Pair | None = None
    kind: ClassVar[str] = "convolution"
    deliver: ClassVar[Kernel[..., object]] = deliver
    accumulate: ClassVar[Kernel[..., object] | None] = accumulate

    def __post_init__(self) -> None:
        """Check the shapes."""
        if len(self.source) != 3:
            raise ConfigError("connection.source", f"must be channels, height, width, got {self.source!r}")
        for value in self.source:
            check_count("connection.source", value)
        for name, least in (("kernel", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            pair = both(getattr(self, name))
            if len(pair) != 2:
                raise ConfigError(
                    f"connection.{name}", f"must be one number, or rows and columns, got {pair!r}"
                )
            object.__setattr__(self, name, tuple(check_count(f"connection.{name}", n, least) for n in pair))
        check_count("connection.channels", self.channels)
        check_count("connection.groups", self.groups)
        ends = math.prod(self.source), self.channels * max(1, self._across(0)) * max(1, self._across(1))
        if max(*ends, math.prod(self.shape)) >= 1 << 32:
            raise ConfigError("connection", "must have fewer than 2³² units at both ends, and weights")
        for name, n in (("source", self.source[0]), ("channels", self.channels)):
            if n % self.groups:
                raise ConfigError("connection.groups", f"must divide {name}, {n}, got {self.groups}")
        if self.order not in get_args(Order):
            raise ConfigError(
                "connection.order", f"must be one of {', '.join(get_args(Order))}, got {self.order!r}"
            )
        for name, maps in zip(("senders", "receivers"), self._ends, strict=True):
            held = getattr(self, name)
            if held is not None:
                whole = len(held) == 2 and all(isinstance(n, int) for n in held)
                if not whole or not 0 <= held[0] <= held[1] <= math.prod(maps):
                    raise ConfigError(
                        f"connection.{name}", f"must be a range within 0 to {math.prod(maps)}, got {held!r}"
                    )
        for axis, name in enumerate(("height", "width")):
            if self._across(axis) < 1:
                kernel, _, padding, dilation = self._along(axis)
                span, seen = (kernel - 1) * dilation + 1, self.source[axis + 1] + 2 * padding
                raise ConfigError(
                    "connection.kernel", f"spans {span}, more than the {name} with padding, {seen}"
                )

    def _along(self, axis: int) -> tuple[int, int, int, int]:
        """Return kernel, stride, padding and dilation along rows (0) or columns (1)."""
        kernel, stride, padding, dilation = (
            both(values)[axis] for values in (self.kernel, self.stride, self.padding, self.dilation)
        )
        return kernel, stride, padding, dilation

    def _across(self, axis: int) -> int:
        """Return height (0) or width (1) of the target maps."""
        kernel, stride, padding, dilation = self._along(axis)
        return (self.source[axis + 1] + 2 * padding - (kernel - 1) * dilation - 1) // stride + 1

    @property
    def target(self) -> tuple[int, int, int]:
        """Channels, height and width of the target maps."""
        return self.channels, self._across(0), self._across(1)

    @property
    def _ends(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Maps that send, and maps that receive."""
        return (self.target, self.source) if self.backward else (self.source, self.target)

    @property
    def sources(self) -> int:
        """Units that send."""
        first, last = self.senders or (0, math.prod(self._ends[0]))
        return last - first

    @property
    def targets(self) -> int:
        """Units that receive."""
        first, last = self.receivers or (0, math.prod(self._ends[1]))
        return last - first

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the weights: kernel row, kernel column, source channel of a group, target channel."""
        rows, columns = both(self.kernel)
        return rows, columns, self.source[0] // self.groups, self.channels

    @property
    def synapses(self) -> int:
        """How many there are: the edges are not wrapped, so fewer than positions × weights."""
        return int(self.fan_out().sum())

    def _landings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where rows and columns land, −1: nowhere."""
        rows, columns = (
            landings(self.source[axis + 1], self._across(axis), *self._along(axis), self.backward)
            for axis in (0, 1)
        )
        return rows, columns

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return the kernel, and tables of where it lands."""
        held = laid_out(weights, self.shape, dtype)
        rows, columns = self._landings()
        (n_channels, _, _), (n_targets, to_height, to_width) = self._ends
        last = self.order == "channels-last"
        table = table_of(
            listed(rows, to_width),
            listed(columns),
            np.arange(n_channels) // (n_channels // self.groups) * (n_targets // self.groups),
            kernel_columns=self.shape[1],
            per_group=n_targets // self.groups,
            channels_last=last,
            steps=(n_targets if last else 1, 1 if last else to_height * to_width),
            first_source=(self.senders or (0,))[0],
            targets=self.receivers or (0, n_targets * to_height * to_width),
            cut=self.receivers is not None,
        )
        return memory_of(self._by_sender(held), table)

    def _by_sender(self, weights: Array) -> Array:
        """Return W[row × column × channel that sends × channel of its group that receives], flat."""
        rows, columns, per_group, n = weights.shape
        grouped = weights.reshape(rows, columns, per_group, self.groups, n // self.groups)
        axes = (0, 1, 3, 4, 2) if self.backward else (0, 1, 3, 2, 4)
        return np.ascontiguousarray(grouped.transpose(axes)).reshape(-1)

    def values(self, stored: Array) -> Array:
        """Return [kernel row, kernel column, source channel of a group, target channel]."""
        rows, columns, per_group, n = self.shape
        if self.backward:
            grouped = stored.reshape(rows, columns, self.groups, n // self.groups, per_group)
            return np.ascontiguousarray(grouped.transpose(0, 1, 4, 2, 3)).reshape(self.shape)
        grouped = stored.reshape(rows, columns, self.groups, per_group, n // self.groups)
        return np.ascontiguousarray(grouped.transpose(0, 1, 3, 2, 4)).reshape(self.shape)

    def _unit(self, maps: tuple[int, int, int], row: Ints, column: Ints, channel: Ints) -> Ints:
        n, height, width = maps
        last = self.order == "channels-last"
        return (row * width + column) * n + channel if last else (channel * height + row) * width + column

    def edges(self) -> Edges:
        """Return all synapses that there are."""
        (n_from, height, width), receiving = self._ends
        rows, columns = self._landings()
        n_to, found = receiving[0] // self.groups, []
        per_source = n_from // self.groups
        c, o = np.arange(n_from)[:, None, None, None], np.arange(n_to)[None, :, None, None]
        y, x = np.arange(height)[None, None, :, None], np.arange(width)[None, None, None, :]
        to = c // per_source * n_to + o
        out, within = (c, to % (self.shape[2])) if self.backward else (to, c % per_source)
        for ky in range(rows.shape[1]):
            for kx in range(columns.shape[1]):
                row, column = rows[:, ky][None, None, :, None], columns[:, kx][None, None, None, :]
                weight = ((ky * self.shape[1] + kx) * self.shape[2] + within) * self.channels + out
                parts = np.broadcast_arrays(
                    self._unit(self._ends[0], y, x, c), self._unit(receiving, row, column, to), weight
                )
                lands = np.broadcast_to((row >= 0) & (column >= 0), parts[0].shape)
                found.append(np.stack([part[lands] for part in parts]))
        every = np.concatenate(found, axis=1)
        first, last = self.senders or (0, math.prod(self._ends[0]))
        low, high = self.receivers or (0, math.prod(receiving))
        every = every[:, (every[0] >= first) & (every[0] < last) & (every[1] >= low) & (every[1] < high)]
        source, target, weight = every[:, np.lexsort((every[1], every[0]))]
        return Edges(source - first, target - low, weight)

    @property
    def scale(self) -> float:
        """Sums are what they are."""
        return 1.0

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]: at an edge of the maps a spike meets fewer synapses than in their middle."""
        (n_from, height, width), (n_to, to_height, to_width) = self._ends
        rows, columns = self._landings()
        first, last = self.senders or (0, n_from * height * width)
        if self.receivers is None:
            per_position = np.outer((rows >= 0).sum(axis=1), (columns >= 0).sum(axis=1)) * (
                n_to // self.groups
            )
            whole = np.broadcast_to(per_position, (n_from, height, width))
        else:
            whole = self._within(rows, columns, *self.receivers)
        by_unit = np.moveaxis(whole, 0, -1) if self.order == "channels-last" else whole
        counts: NDArray[np.int64] = by_unit.reshape(-1)[first:last].astype(np.int64)
        return counts

    def _within(self, rows: Ints, columns: Ints, first: int, last: int) -> Ints:
        """Count, for each channel, row and column that sends, the synapses to units ``first`` … ``last`` − 1."""
        (n_from, height, width), (n_to, to_height, to_width) = self._ends
        per_group = n_to // self.groups
        step = 1 if self.order == "channels-last" else to_height * to_width
        channels = (np.arange(n_from) // (n_from // self.groups) * per_group)[:, None, None]
        counts = np.zeros((n_from, height, width), dtype=np.int64)
        for ky in range(rows.shape[1]):
            for kx in range(columns.shape[1]):
                row, column = rows[:, ky][:, None], columns[:, kx][None, :]
                base = self._unit(self._ends[1], row[None], column[None], channels)
                before = [np.clip(-((base - edge) // step), 0, per_group) for edge in (first, last)]
                counts += np.where((row >= 0) & (column >= 0), before[1] - before[0], 0)
        return counts

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]: fewer at an edge of the maps than in their middle."""
        return self.transposed().fan_out()

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of the kernel, between the maps of which this part has units; addresses are computed."""
        first = (self.receivers or (0,))[0]
        receiving = first + (np.arange(self.targets) if targets is None else targets)
        sending = (self.senders or (0,))[0] + np.arange(self.sources)
        held = self._maps_held(self._ends[0], sending) @ self._maps_held(self._ends[1], receiving)
        rows, columns = both(self.kernel)
        return rows * columns * int(held) * weight_bits

    def _maps_held(self, maps: tuple[int, int, int], units: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return i64[group]: maps at one end that are held, whole or in part."""
        n, height, width = maps
        channels = np.unique(units % n if self.order == "channels-last" else units // (height * width))
        return np.bincount(channels // (n // self.groups), minlength=self.groups)

    def part(self, sources: range, targets: range) -> Convolution:
        """Return the synapses of which both ends are within; they share the whole kernel."""
        check_part(sources, self.sources, "sources")
        check_part(targets, self.targets, "targets")
        first, low = (self.senders or (0,))[0], (self.receivers or (0,))[0]
        return replace(
            self,
            senders=(first + sources.start, first + sources.stop),
            receivers=(low + targets.start, low + targets.stop),
        )

    def kept(self, sources: range, targets: range) -> slice:
        """Return all: every part has the whole kernel."""
        return slice(None)

    def transposed(self) -> Convolution:
        """Return the same synapses from targets to sources."""
        return replace(self, backward=not self.backward, senders=self.receivers, receivers=self.senders)

    def transposed_weights(self, weights: Array) -> Array:
        """Return the same kernel."""
        return weights


def both(value: int | Pair) -> Pair:
    """Return (rows, columns) of what may be one number for both."""
    return (value, value) if isinstance(value, int | np.integer) else value
