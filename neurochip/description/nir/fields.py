"""Which fields nodes of NIR have, and what files have besides: it plays no part, and that is said."""

from __future__ import annotations

from neurochip.description.nir.nodes import Graph
from neurochip.description.spiking import PARAMETERS

__all__ = ["unread_fields"]

_OF_ALL = ("input_type", "output_type", "metadata", "type", "name")
_CONVOLUTION = ("weight", "bias", "stride", "padding", "dilation", "groups", "input_shape")
_POOLING = ("kernel_size", "stride", "padding")
_FIELDS = {
    **PARAMETERS,
    "Input": ("shape",),
    "Output": ("shape",),
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Scale": ("scale",),
    "Delay": ("delay",),
    "Conv1d": _CONVOLUTION,
    "Conv2d": _CONVOLUTION,
    "SumPool2d": _POOLING,
    "AvgPool2d": _POOLING,
    "Flatten": ("start_dim", "end_dim"),
}


def unread_fields(graph: Graph) -> list[str]:
    """Return a sentence for each field of a node that NIR does not know."""
    return [
        f"{node.name}.{key}: {node.kind} has no such field in NIR; it plays no part here"
        for node in graph.nodes.values()
        if node.kind in _FIELDS
        for key in sorted(set(node.fields).difference(_FIELDS[node.kind], _OF_ALL))
    ]
