"""What a substrate says when it cannot serve a network."""

from __future__ import annotations

from neurochip.errors import NeurochipError
from neurochip.network.network import Network

__all__ = [
    "refuse_delays",
    "refuse_graph",
    "refuse_means",
    "refuse_several_delays",
    "refuse_shared_weights",
]


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


def refuse_several_delays(network: Network, why: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a population whose spikes arrive after different delays, where ``why`` there is one only."""
    for k, population in enumerate(network.populations):
        delays = sorted({network.projections[p].delay for p in network.out_of(k)})
        if len(delays) > 1:
            raise error(
                "learning.pre",
                f'is "trace", {why} of each neuron, and spikes of {population.name} arrive after '
                f'{" and ".join(map(str, delays))} ticks; give its projections one delay, or take "oracle"',
            )


def refuse_graph(network: Network, keeper: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a network that is no chain, where ``keeper`` is made for chains."""
    if not network.is_chain:
        place, problem = _odd(network)
        raise error(
            place, f"{problem}, and {keeper} is made for chains; use the ideal or the digital substrate"
        )


def _odd(network: Network) -> tuple[str, str]:
    """Return what makes a network no chain: where, and what is wrong there."""
    for role, found in (("inputs", network.inputs), ("outputs", network.outputs)):
        if len(found) > 1:
            return "network.populations", f"have {len(found)} {role}"
    last = len(network.populations) - 1
    wanted = [(k, k + 1) for k in range(last)] + [(k + 1, k) for k in range(1, last)]
    ways = [(p.source, p.target) for p in network.projections]
    for p, way in zip(network.projections, ways, strict=True):
        place = network.name_of(p.index)
        if way not in wanted:
            return place, "joins populations that are no neighbours in the order of populations"
        if ways.count(way) > 1:
            return place, "is there twice"
        if p.connection is not None or p.convolution is not None:
            return place, "is not dense"
        if p.delay != 1:
            return place, f"has a delay of {p.delay} ticks"
    for source, target in wanted:
        if (source, target) not in ways:
            names = [network.populations[k].name for k in (source, target)]
            return "network.projections", f"have none from {names[0]} to {names[1]}"
    if ways == wanted and [p.feedback_of for p in network.projections if p.backward] == list(range(1, last)):
        return "network.projections", "have feedback that is tied beside feedback of its own"
    return "network.projections", "are not in the order of populations, from the input on"
