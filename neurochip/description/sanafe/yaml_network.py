"""Networks of SANA-FE in YAML: groups, edges and hyperedges, mappings (its snn/README.md)."""

from __future__ import annotations

from collections.abc import Mapping

from neurochip.description.sanafe.attributes import (
    Attributes,
    attributes_of,
    entries,
    mapping,
    one_of,
    span,
    texts,
    whole,
)
from neurochip.description.sanafe.mapped import MappedNetwork
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly
from neurochip.files.yaml_text import read_yaml

__all__ = ["read_yaml_network"]

_OF_CONVOLUTION = (
    "input_height", "input_width", "input_channels", "kernel_height", "kernel_width", "kernel_count",
    "stride_height", "stride_width",
)  # fmt: skip


def read_yaml_network(file: Foreign) -> MappedNetwork:
    """Return the network of a YAML file."""
    tree = read_yaml(file)
    with file.guarded():
        top = mapping(tree, "network") if isinstance(tree, dict) else {}
        if "network" not in top:
            raise file.fault("has no 'network'")
        held = mapping(top["network"], "network")
        made = MappedNetwork()
        for k, group in enumerate(_list(held.get("groups", []), "network.groups")):
            _group(made, mapping(group, f"network.groups[{k}]"), f"network.groups[{k}]")
        for key, value, place in entries(held.get("edges", []), "network.edges"):
            _edge(made, key, value, place)
        for key, value, place in entries(top.get("mappings", []), "mappings"):
            _mapping(made, key, value, place)
        return made


def _list(tree: object, place: str) -> list[object]:
    if not isinstance(tree, list):
        raise DataError(place, "must be a list")
    return tree


def _group(made: MappedNetwork, held: Mapping[str, object], place: str) -> None:
    name = held.get("name")
    if not isinstance(name, str):
        raise DataError(f"{place}.name", "is missing")
    shared = attributes_of(held.get("attributes", ""), f"{place}.attributes", ("soma", "dendrite"))
    described = list(entries(held.get("neurons", []), f"{place}.neurons"))
    size = sum(len(span(key, at)) for key, _, at in described)
    made.add_group(name, size, shared, place)
    for key, value, at in described:
        own = attributes_of(value, at, ("soma", "dendrite"))
        for unit in made.neurons(name, span(key, at), at):
            made.groups[name][unit] |= own


def _edge(made: MappedNetwork, text: str, value: object, place: str) -> None:
    source, arrow, target = (part.strip() for part in text.partition("->"))
    if not arrow:
        raise DataError(place, f"must be SOURCE -> TARGET, got {briefly(repr(text), 40)}")
    given = attributes_of(value, place, ("synapse", "dendrite"))
    (a, dot_a, pre), (b, dot_b, post) = source.partition("."), target.partition(".")
    if bool(dot_a) != bool(dot_b):
        raise DataError(place, "must name neurons at both ends, or groups at both")
    if dot_a:
        made.join((a, one_of(pre, place), b, one_of(post, place)), given, place)
        return
    kind = given.pop("type", "")
    made.joined(a, b, place)
    sizes = len(made.group(a, place)), len(made.group(b, place))
    if kind == "dense":
        made.check_room(sizes[0] * sizes[1], place)
        pairs = [(i, j, i * sizes[1] + j) for i in range(sizes[0]) for j in range(sizes[1])]
    elif kind == "sparse":
        listed = [texts(pair, place) for pair in _list(given.pop("source_target_pairs", []), place)]
        if any(len(pair) != 2 for pair in listed):
            raise DataError(f"{place}.source_target_pairs", "must be pairs [source, target]")
        pairs = [(one_of(i, place), one_of(j, place), k) for k, (i, j) in enumerate(listed)]
    elif kind == "conv2d":
        pairs = _convolved(made, {key: given.pop(key, "1") for key in _OF_CONVOLUTION}, sizes, place)
    else:
        raise DataError(f"{place}.type", f"must be dense, sparse or conv2d, got {briefly(repr(kind), 40)}")
    lists = {key: texts(values, f"{place}.{key}") for key, values in given.items()}
    made.join_groups((a, b), pairs, lists, place)


def _convolved(
    made: MappedNetwork, given: Attributes, sizes: tuple[int, int], place: str
) -> list[tuple[int, int, int]]:
    """Return (source, target, place in the kernel) of a convolution without a border, as SANA-FE numbers them."""
    of = {key: whole(given, key, 1, place, least=1) for key in _OF_CONVOLUTION}
    high = (of["input_height"] - of["kernel_height"]) // of["stride_height"] + 1
    wide = (of["input_width"] - of["kernel_width"]) // of["stride_width"] + 1
    channels, kernels = of["input_channels"], of["kernel_count"]
    if high * wide * kernels != sizes[1] or of["input_height"] * of["input_width"] * channels != sizes[0]:
        raise DataError(
            place, f"joins {sizes[0]} to {sizes[1]} neurons, and its shape is another; mend the sizes"
        )
    made.check_room(high * wide * kernels * of["kernel_height"] * of["kernel_width"] * channels, place)
    pairs = []
    for c in range(kernels):
        for y in range(high):
            for x in range(wide):
                target = c * wide * high + y * wide + x
                for d in range(channels):
                    for v in range(of["kernel_height"]):
                        for u in range(of["kernel_width"]):
                            at_y, at_x = y * of["stride_height"] + v, x * of["stride_width"] + u
                            source = (d * of["input_height"] + at_y) * of["input_width"] + at_x
                            inside = ((v * of["kernel_width"] + u) * channels + d) * kernels + c
                            pairs.append((source, target, inside))
    return pairs


def _mapping(made: MappedNetwork, text: str, value: object, place: str) -> None:
    name, dot, units = text.strip().partition(".")
    size = len(made.group(name, place))
    chosen = made.neurons(name, span(units, place), place) if dot else range(size)
    given = attributes_of(value, place, ())
    for part in value if isinstance(value, list) else [value]:
        given |= {key: one for key, one in mapping(part, place).items() if isinstance(one, str)}
    for unit in chosen:
        if "core" in given:
            tile, dot, core = str(given["core"]).partition(".")
            if not dot:
                raise DataError(f"{place}.core", f"must be TILE.CORE, got {briefly(repr(tile), 40)}")
            made.cores[name, unit] = one_of(tile, f"{place}.core"), one_of(core, f"{place}.core")
        for key in ("soma", "synapse", "dendrite"):
            if key in given:
                made.groups[name][unit][f"{key}_hw_name"] = given[key]
