"""What is a chain of layers, and what a substrate that is made for chains says of anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.elements.connections import OneToOne
from neurochip.errors import CapabilityError
from neurochip.network import Network, Projection, convolutional, layered, refuse_graph
from neurochip.network.convolution import Convolution

CHAIN = layered((3, 3, 3, 2))


def with_projections(*projections: Projection) -> Network:
    return Network(CHAIN.populations, projections)


def with_roles(**roles: Any) -> Network:
    """The chain, with another population marked as an input or output too."""
    populations = [replace(p, **roles.get(p.name, {})) for p in CHAIN.populations]
    return Network(tuple(populations), CHAIN.projections)


PERMUTED = with_projections(*(CHAIN.projections[k] for k in (1, 0, 2)),
                            *(replace(CHAIN.projections[k], feedback_of=of) for k, of in ((3, 0), (4, 2))))  # fmt: skip
# Two populations change places, and with them what leads where.
CROSSED = with_projections(
    Projection(0, 2), Projection(2, 1), Projection(1, 3),
    Projection(1, 2, feedback_of=1, tied=True), Projection(3, 1, feedback_of=2, tied=True),
)  # fmt: skip
FIRST, *REST = CHAIN.projections
NO_CHAINS = {
    "order": (PERMUTED, "network.projections: are not in the order of populations, from the input on"),
    "crossed": (CROSSED, "input→hidden2: joins populations that are no neighbours in the order of populations"),
    "delay": (with_projections(replace(FIRST, delay=2), *REST), "input→hidden1: has a delay of 2 ticks"),
    "listed": (
        with_projections(replace(FIRST, connection=OneToOne(3, 3)), *REST), "input→hidden1: is not dense"
    ),
    "outputs": (with_roles(hidden2={"output": True}), "network.populations: have 2 outputs"),
    "twice": (with_projections(FIRST, *REST[:2], replace(FIRST), *REST[2:]), "input→hidden1: is there twice"),
    "no feedback": (
        with_projections(*CHAIN.projections[:4]), "network.projections: have none from output to hidden2"
    ),
    "mixed": (
        with_projections(*CHAIN.projections[:4], replace(CHAIN.projections[4], tied=False)),
        "network.projections: have feedback that is tied beside feedback of its own",
    ),
}  # fmt: skip


@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 3, 3, 2)])
@pytest.mark.parametrize("tied", [True, False])
def test_layers_are_a_chain(sizes: tuple[int, ...], tied: bool) -> None:
    assert layered(sizes, tied=tied).is_chain


@pytest.mark.parametrize("case", NO_CHAINS)
def test_what_is_no_chain_is_refused_by_what_makes_it_none(case: str) -> None:
    network, said = NO_CHAINS[case]
    assert not network.is_chain
    with pytest.raises(CapabilityError) as refused:
        refuse_graph(network, "a die", CapabilityError)
    assert str(refused.value) == (
        f"{said}, and a die is made for chains; use the ideal or the digital substrate"
    )


def test_a_kernel_after_a_mean_makes_no_chain() -> None:
    assert not convolutional((Convolution((4, 4, 1), 3, 2),), 2).is_chain


@pytest.mark.parametrize("network", [PERMUTED, CROSSED, NO_CHAINS["outputs"][0], NO_CHAINS["mixed"][0]])
def test_a_die_takes_no_weights_in_another_order(network: Network) -> None:
    with pytest.raises(CapabilityError, match="a die is made for chains"):
        AnalogSubstrate(network, AnalogSpec())
