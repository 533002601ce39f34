"""What a substrate says when it cannot serve a network."""

from __future__ import annotations

from neurochip.errors import NeurochipError
from neurochip.network.network import Network

__all__ = ["refuse_delays", "refuse_graph", "refuse_means", "refuse_shared_weights"]


def refuse_shared_weights(network: Network, keeper: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a network whose positions share a kernel, where ``keeper`` has a weight for every synapse."""
    for p in network.projections:
        if p.convolution is not None or p.connection is not None:
            kind = "a convolution" if p.connection is None else f'"{p.connection.kind}"'
            raise error(
                network.name_of(p.index),
                f"is {kind}, and {keeper} has a weight of its own for every pair of neurons; use the ideal substrate",
            )


def refuse_means(network: Network, keeper: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a kernel after a mean over squares, which ``keeper`` has no arithmetic for."""
    for p in network.projections:
        if p.convolution is not None:
            raise error(
                network.name_of(p.index),
                f"takes means of activities before its kernel, and {keeper} adds weights; use a pooling population",
            )


def refuse_delays(network: Network, keeper: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a network with delays beyond one tick, which ``keeper`` has no memory for."""
    for p in network.projections:
        if p.delay != 1:
            raise error(
                network.name_of(p.index),
                f"has a delay of {p.delay} ticks, and {keeper} has no memory of what was sent; set it to 1",
            )


def refuse_graph(network: Network, keeper: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a network that is no chain, where ``keeper`` is made for chains."""
    if not network.is_chain:
        chain = {(k, k + 1) for k in range(len(network.sizes) - 1)} | {
            (k + 1, k) for k in range(1, len(network.sizes))
        }
        odd = [p.index for p in network.projections if (p.source, p.target) not in chain]
        place = network.name_of(odd[0]) if odd else "network.projections"
        raise error(
            place,
            f"makes it no chain of populations, which {keeper} is made for; use the ideal or the digital substrate",
        )
