"""A ``state_dict`` of PyTorch, of linear layers and snnTorch's ``Leaky`` by turns → a spiking network.

snnTorch 1.0.0, ``Leaky``: v ← clamp(β, 0, 1) v + x − θ [v was > θ], or v ← β v [v was ≤ θ] + x with reset to zero; it
fires when v > θ. Its state_dict has ``beta``, ``threshold``, ``reset_mechanism_val`` (0 subtract, 1 zero, 2 none) and
``graded_spikes_factor``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from neurochip.description.linear_maps import Connectivity, LinearMap, chosen
from neurochip.description.spiking import Connection, NeuronGroup, Reset, SpikingNetwork, real_numbers
from neurochip.description.state_dict_order import are_numbered, by_number, only_order
from neurochip.elements.connections import Dense
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.files import Foreign, briefly, read_arrays
from neurochip.files.safetensors import read_safetensors

__all__ = ["PICKLES", "SUFFIXES", "import_state_dict"]

Array = NDArray[np.number]

SUFFIXES = (".safetensors", ".npz")
PICKLES = (".pt", ".pth")
_SAVE = 'safetensors.torch.save_file(net.state_dict(), "net.safetensors")'
_SAVE_ORDERED = 'numpy.savez("net.npz", **{k: v.numpy() for k, v in net.state_dict().items()})'
_NIR = "export the network by NIR (snntorch.export_nir)"
_STEP = 1e-4  # seconds: that of snnTorch's exporter to NIR
_LINEAR = ("weight", "bias")
_NEURON = ("threshold", "beta", "reset_mechanism_val", "graded_spikes_factor")


class _Layer(NamedTuple):
    """A linear layer and the neurons after it; ``neurons`` is empty where the file has none."""

    linear: str
    neurons: str


def import_state_dict(
    path: Path | str,
    *,
    dt: float | None = None,
    leaky: tuple[float, float] | None = None,
    reset: Reset | Literal["value-at-once"] | None = None,
    connectivity: Connectivity = "auto",
) -> tuple[SpikingNetwork, tuple[str, ...]]:
    """Return the network of a .safetensors, or of an .npz of the arrays by their names, and what had to be assumed.

    Parameters
    ----------
    dt
        Seconds of a tick, a step of the framework; `None`: 1e-4, as snnTorch writes NIR.
    leaky
        Threshold and β of the layers for which the file has none.
    reset
        What a spike does; `None`: what ``reset_mechanism_val`` says, a step later where it is a subtraction.
    connectivity
        As of `nir.graph.import_nir`.

    Raises
    ------
    DataError
        When it is missing, damaged or a pickle.
    CapabilityError
        When it holds an array of anything but linear layers and ``Leaky``; the array is named.
    ConfigError
        When layers do not fit, or something is missing for which there is an option.
    """
    path = Path(path)
    file = Foreign(path, "a state_dict", f"write it with {_SAVE}")
    if path.suffix in PICKLES:
        raise file.fault("is a pickle, which runs code of its writer when it is read")
    arrays = read_arrays(file) if path.suffix == ".npz" else read_safetensors(file)
    with file.guarded():
        if "network" in arrays:
            raise file.fault("is a network of neurochip already", cure="simulate it")
        read = _Reader(arrays, _STEP if dt is None else dt, leaky, reset, in_order=path.suffix == ".npz")
        return read.network(connectivity), tuple(read.notes)


class _Reader:
    def __init__(
        self,
        arrays: Mapping[str, Array],
        dt: float,
        leaky: tuple[float, float] | None,
        reset: str | None,
        *,
        in_order: bool,
    ) -> None:
        self._arrays, self._dt, self._leaky, self._reset = arrays, dt, leaky, reset
        self._in_order = in_order
        self.notes: list[str] = []
        modules: dict[str, set[str]] = {}
        for name in arrays:
            module, _, what = name.rpartition(".")
            modules.setdefault(module, set()).add(what)
        for module, held in modules.items():
            self._check(module, held)
        self._linear = [module for module, held in modules.items() if "weight" in held]
        self._neurons = [module for module, held in modules.items() if "weight" not in held]
        if not self._linear:
            raise DataError("", f"has no layer: no NAME.weight of two dimensions; write it with {_SAVE}")
        for module in self._neurons:
            held_by = next((m for m in self._linear if m.startswith(f"{module}.")), None)
            if held_by is not None:
                raise CapabilityError(
                    briefly(f"{held_by}.weight"), f"is of recurrent neurons, which are not read; {_NIR}"
                )

    def _check(self, module: str, held: set[str]) -> None:
        known = _LINEAR if "weight" in held else _NEURON
        for what in sorted(held.difference(known)):
            raise CapabilityError(
                briefly(f"{module}.{what}".lstrip(".")),
                f"belongs to no layer that is read, which are Linear and snnTorch's Leaky; {_NIR}",
            )
        if "weight" in held:
            place = f"{module}.weight".lstrip(".")
            weights = self._arrays[place]
            if weights.ndim == 4:
                raise CapabilityError(
                    briefly(place),
                    f"is of a convolution, whose stride and padding a state_dict does not say; {_NIR}",
                )
            if weights.ndim != 2 or 0 in weights.shape:
                raise CapabilityError(
                    briefly(place),
                    f"has shape {weights.shape}; weights [out, in] of Linear are read; {_NIR}",
                )

    def network(self, connectivity: Connectivity) -> SpikingNetwork:
        layers = self._layers()
        said = " → ".join(layer.linear + (f" ({layer.neurons})" if layer.neurons else "") for layer in layers)
        self.notes.append(
            f"a state_dict does not say what follows what; taken as {briefly(said, 400)}, one after the other"
        )
        if self._leaky is not None and all(self._says_all(layer.neurons) for layer in layers):
            raise ConfigError(
                "--leaky", "is for layers without threshold and beta, and the file has all of them"
            )
        names = [layer.neurons or f"{layer.linear}.leaky".lstrip(".") for layer in layers]
        head = "input"
        while head in names:
            head += "s"
        groups = [NeuronGroup(name=head, kind="Input", size=self._shape(layers[0].linear)[1])]
        connections = []
        for depth, (layer, name) in enumerate(zip(layers, names, strict=True), start=1):
            before = groups[-1].name
            groups.append(self._group(name, layer, depth))
            connections.append(self._connection(layer.linear, before, name, connectivity))
        self._tell_of_resets(groups[1:])
        return SpikingNetwork(
            groups=tuple(groups), connections=tuple(connections), outputs={"output": names[-1]}, dt=self._dt
        )

    def _shape(self, linear: str) -> tuple[int, int]:
        return cast(tuple[int, int], self._arrays[f"{linear}.weight".lstrip(".")].shape)

    # What follows what.

    def _layers(self) -> list[_Layer]:
        every = [*self._linear, *self._neurons]
        if self._neurons and are_numbered(every):
            return self._by_turns(by_number(every))
        if self._neurons and len(self._neurons) != len(self._linear):
            raise ConfigError(
                "",
                f"has {len(self._linear)} linear layers and {len(self._neurons)} of neurons, and does not say which "
                f"has none; {_NIR}",
            )
        if self._in_order:
            linear = self._linear
        elif are_numbered(self._linear):
            linear = by_number(self._linear)
        else:
            linear = self._one(self._linear, self._is_chain)
        self._check_chain(linear)
        if not self._neurons:
            return [_Layer(name, "") for name in linear]
        if self._in_order:
            neurons = self._neurons
        elif are_numbered(self._neurons):
            neurons = by_number(self._neurons)
        else:
            sizes = [self._shape(name)[0] for name in linear]
            neurons = self._one(
                self._neurons,
                lambda order: all(self._fits(m, n) for m, n in zip(order, sizes, strict=True)),
                lambda order: tuple(self._identity(module) for module in order),
            )
        return [_Layer(a, b) for a, b in zip(linear, neurons, strict=True)]

    def _by_turns(self, order: Sequence[str]) -> list[_Layer]:
        """Return the layers of a Sequential, some of them without neurons."""
        layers: list[_Layer] = []
        for name in order:
            if name in self._linear:
                layers.append(_Layer(name, ""))
            elif not layers or layers[-1].neurons:
                raise ConfigError(briefly(name), f"are neurons that follow no linear layer; {_NIR}")
            else:
                layers[-1] = layers[-1]._replace(neurons=name)
        self._check_chain([layer.linear for layer in layers])
        return layers

    def _one(self, names: Sequence[str], fits: Any, meant: Any = tuple) -> list[str]:
        found = only_order(names, fits, meant)
        if found is None:
            raise ConfigError(
                "",
                f"does not say in which order {briefly(', '.join(sorted(names)))} come: not one order alone fits; "
                f"write it in theirs with {_SAVE_ORDERED}",
            )
        return found

    def _is_chain(self, order: Sequence[str]) -> bool:
        shapes = [self._shape(name) for name in order]
        return all(a[0] == b[1] for a, b in zip(shapes, shapes[1:], strict=False))

    def _check_chain(self, order: Sequence[str]) -> None:
        for a, b in zip(order, order[1:], strict=False):
            if not self._is_chain((a, b)):
                raise ConfigError(
                    briefly(f"{b}.weight"),
                    f"takes {self._shape(b)[1]} units, and '{briefly(a)}' before it gives {self._shape(a)[0]}; "
                    f"layers are read one after the other, so write them in their order with {_SAVE_ORDERED}, or "
                    f"{_NIR}",
                )

    # What the neurons are.

    def _of(self, module: str, what: str) -> Array | None:
        return self._arrays.get(f"{module}.{what}".lstrip("."))

    def _says_all(self, module: str) -> bool:
        return bool(module) and all(self._of(module, what) is not None for what in ("threshold", "beta"))

    def _fits(self, module: str, size: int) -> bool:
        held = (self._of(module, what) for what in ("threshold", "beta"))
        return all(values is None or values.shape in ((), (1,), (size,)) for values in held)

    def _identity(self, module: str) -> tuple[object, ...]:
        held = [self._of(module, what) for what in _NEURON]
        return tuple(None if values is None else (values.shape, values.tobytes()) for values in held)

    def _values(self, layer: _Layer, what: str, size: int, given: float | None) -> NDArray[np.float64]:
        found = self._of(layer.neurons, what) if layer.neurons else None
        if found is None:
            if given is None:
                raise ConfigError(
                    briefly(layer.neurons or layer.linear),
                    f"has no {what} of its neurons; give --leaky THRESHOLD BETA",
                )
            return np.full(size, given)
        place = briefly(f"{layer.neurons}.{what}")
        values = real_numbers(found, place)
        if values.shape not in ((), (1,), (size,)):
            raise DataError(place, f"must be one number or {size}, one a neuron, got shape {values.shape}")
        if not np.isfinite(values).all():
            raise DataError(place, "must be finite")
        return np.broadcast_to(values, (size,)).copy()

    def _group(self, name: str, layer: _Layer, depth: int) -> NeuronGroup:
        size = self._shape(layer.linear)[0]
        threshold, beta = self._leaky if self._leaky is not None else (None, None)
        kept = np.clip(self._values(layer, "beta", size, beta), 0, 1)  # as Leaky does
        with np.errstate(divide="ignore"):
            tau = self._dt / (1 - kept)
        return NeuronGroup(
            name=name,
            kind="LIF",
            size=size,
            parameters={
                "tau": tau,
                "r": np.where(np.isposinf(tau), 1.0, tau) / self._dt,
                "v_leak": np.zeros(size),
                "v_threshold": self._values(layer, "threshold", size, threshold),
                "v_reset": np.zeros(size),
            },
            reset=self._reset_of(layer.neurons),
            begins=depth,
        )

    def _reset_of(self, module: str) -> Reset:
        graded = self._of(module, "graded_spikes_factor") if module else None
        if graded is not None and np.any(graded != 1):
            raise CapabilityError(
                briefly(f"{module}.graded_spikes_factor"),
                "is not 1; multiply the weights of the next layer by it, and set it to 1",
            )
        said = self._of(module, "reset_mechanism_val") if module else None
        kind: str | None = None
        if said is not None:
            kind = {"0": "subtract", "1": "value", "2": "none"}.get(
                str(said.reshape(-1)[0]) if said.size == 1 else ""
            )
            if kind is None:
                raise CapabilityError(
                    briefly(f"{module}.reset_mechanism_val"),
                    'must be 0, 1 or 2: reset_mechanism="subtract", "zero" or "none"',
                )
        if self._reset is None:
            return cast(Reset, kind) if kind in ("value", "none") else "subtract-late"
        if kind is not None and not self._reset.startswith(kind):
            raise ConfigError(
                "--reset",
                f"contradicts {briefly(module)}.reset_mechanism_val, which says {kind}; leave it out",
            )
        return cast(Reset, "value" if self._reset == "value-at-once" else self._reset)

    def _tell_of_resets(self, groups: Sequence[NeuronGroup]) -> None:
        if self._reset is None and any(group.reset == "subtract-late" for group in groups):
            self.notes.append(
                "a spike takes the threshold away in the next step, as snnTorch's does by default; "
                "with reset_delay=False: --reset subtract"
            )

    # The synapses.

    def _connection(self, linear: str, source: str, target: str, how: Connectivity) -> Connection:
        place = f"{linear}.weight".lstrip(".")
        weights = self._arrays[place].T
        if weights.dtype.kind == "b":  # no and yes, as in NIR
            weights = weights.astype(np.int8)
        if weights.dtype.kind not in "iuf":
            raise DataError(briefly(place), f"must hold real numbers, got {weights.dtype}")
        if weights.dtype == np.float16:
            weights = weights.astype(np.float32)  # potentials are computed in it
        if not np.isfinite(weights).all():
            raise DataError(briefly(place), "must be finite")
        bias = self._of(linear, "bias")
        if bias is not None:
            bias = real_numbers(bias, briefly(f"{linear}.bias"))
        made = chosen(LinearMap(Dense(*weights.shape), np.ascontiguousarray(weights)), how)
        return Connection(
            name=linear,
            source=source,
            target=target,
            weights=None if made.weights is None or not made.weights.size else made.weights,
            bias=bias,
            connectivity=None if made.connection.kind == "dense" else made.connection,
        )
