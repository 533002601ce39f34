"""Networks: populations of neurons, and projections between them."""

from neurochip.network.chain import convolutional, layered
from neurochip.network.convolution import Convolution
from neurochip.network.identity import described
from neurochip.network.network import Network
from neurochip.network.population import Population
from neurochip.network.projection import Projection, as_matrix, turned
from neurochip.network.refusals import (
    refuse_delays,
    refuse_graph,
    refuse_means,
    refuse_several_delays,
    refuse_shared_weights,
)

__all__ = [
    "Convolution",
    "Network",
    "Population",
    "Projection",
    "as_matrix",
    "convolutional",
    "described",
    "layered",
    "refuse_delays",
    "refuse_graph",
    "refuse_means",
    "refuse_several_delays",
    "refuse_shared_weights",
    "turned",
]
