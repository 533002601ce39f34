"""`Model`: a trained network that answers, on the machine that it was trained for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip import data
from neurochip.description import RunSpec
from neurochip.energy.hardware import hardware_of
from neurochip.errors import CapabilityError, DataError
from neurochip.machine import check_memory, usable_cores
from neurochip.models.results import Energy, Evaluation
from neurochip.report.document import joules_table
from neurochip.report.schema import Document
from neurochip.runs.building import Built, build, digest_of
from neurochip.spikes import Spikes, SpikeTrains
from neurochip.substrate import Parameters, Phase
from neurochip.substrate.counters import Counters
from neurochip.training.coding import Coding
from neurochip.training.evaluate import answered, measured, read_populations
from neurochip.training.head_results import HeadResult, all_right, head_results
from neurochip.training.record import Raster
from neurochip.training.state import TrainingState

if TYPE_CHECKING:
    from neurochip.models.plots import Plots

__all__ = ["Model", "Trained"]

Array = NDArray[np.number]
_ANSWERING = (Phase.EVALUATION, Phase.READOUT)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a training leaves, wherever it is kept.

    Attributes
    ----------
    run
        What was carried out, every default filled in.
    state
        Weights, and where the run stands.
    coding
        How its samples are coded.
    document
        Of its report.
    rasters
        Spikes of the presentations that were recorded.
    folder
        Where it stands; `None` where it was not written.
    digest
        Of the network on its chip, where it was read from a folder.
    """

    run: RunSpec
    state: TrainingState
    coding: Coding
    document: Document
    rasters: tuple[Raster, ...]
    folder: Path | None
    digest: str | None = None


class Model:
    """A trained network on its machine: the same cores, die or real numbers that it was trained on.

    What it answers is what the evaluation of its run answered, sample by sample. It is made by `neurochip.train` and
    `neurochip.load`.

    Parameters
    ----------
    trained
        What it is made of.
    threads
        `None` uses every core; the answers do not depend on it.
    allow_code
        Whether code that the run names (analog.vector_field) may be run.
    """

    def __init__(self, trained: Trained, *, threads: int | None = None, allow_code: bool = False) -> None:
        self._trained, self._threads, self._allow_code = trained, threads, allow_code

    @property
    def run(self) -> RunSpec:
        """What was carried out, every default filled in."""
        return self._trained.run

    @property
    def folder(self) -> Path | None:
        """Where its results stand; `None` where they were not written."""
        return self._trained.folder

    @property
    def document(self) -> Document:
        """The report's numbers, as in report.json."""
        return self._trained.document

    @property
    def classes(self) -> tuple[str, ...]:
        """The label of each class, in the order of the output neurons; empty where it says more than one class."""
        return self._trained.coding.classes

    @property
    def n_inputs(self) -> int:
        """Numbers of a sample."""
        return self._trained.coding.n_inputs

    @property
    def coding(self) -> Coding:
        """How samples become values of neurons, and answers labels or numbers."""
        return self._trained.coding

    @property
    def history(self) -> list[dict[str, object]]:
        """A row for each epoch: errors as shares, seconds, spikes; ``pandas.DataFrame(model.history)`` takes it."""
        left_out = ("warnings", "diagnosis")
        rows: list[dict[str, object]] = [dict(epoch) for epoch in self.document["result"]["epochs"]]
        return [{name: value for name, value in row.items() if name not in left_out} for row in rows]

    @property
    def weights(self) -> dict[str, Array]:
        """The weights of each projection, by its populations: ``hidden->output``; [pre, post], or as its kernel is.

        Feedback that has weights of its own is there too; tied feedback is the transpose of what it leads back.
        """
        network, parameters = self._built.network, self._parameters
        found: dict[str, Array] = {}
        families = ((network.forward, parameters.weights), (network.own_feedback, parameters.feedback))
        for numbers, arrays in families:
            for k, array in zip(numbers, arrays, strict=True):
                name = network.name_of(k).replace("→", "->")
                again = 1 + sum(1 for other in found if other.partition(" ")[0] == name)
                found[name if again == 1 else f"{name} {again}"] = np.array(array)
        return found

    @property
    def biases(self) -> dict[str, Array]:
        """The biases of each population that is not an input, by its name."""
        network = self._built.network
        names = [network.populations[k].name for k in network.updated]
        return {name: np.array(array) for name, array in zip(names, self._parameters.biases, strict=True)}

    def outputs(self, x: ArrayLike | SpikeTrains) -> NDArray[np.float64]:
        """Return what each output neuron says at the end of the free phase, f64[sample, output].

        Parameters
        ----------
        x
            Samples [sample, …] in the unit of the training data; bytes as uint8, where it learnt from bytes.

        Raises
        ------
        DataError
            For samples that the network cannot be shown.
        """
        inputs = self._trained.coding.inputs(x)
        found = answered(
            self._built.substrate,
            lambda rows: inputs[rows],
            len(inputs),
            self.run.phases.free,
            read=self._read,
        )
        return np.concatenate([np.array(layer, dtype=np.float64) for _, _, layer in found])

    def predict(self, x: ArrayLike | SpikeTrains) -> Array | dict[str, Array]:
        """Return what it says of each sample.

        The label of the class [sample]; labels bool [sample, label] where it learnt which hold; or numbers f64[sample,
        output]. Of several heads each of these, by the name of the head. Labels of classes are whole numbers where all
        classes are called by such, else texts. See `outputs`.
        """
        found = self.coding.answers(self.outputs(x))
        return next(iter(found.values())) if len(found) == 1 else found

    def evaluate(
        self,
        x: ArrayLike | SpikeTrains | None = None,
        y: ArrayLike | Mapping[str, ArrayLike] | None = None,
    ) -> Evaluation:
        """Measure the error on samples; without any, on those that tested the run.

        Parameters
        ----------
        x, y
            Samples and their labels, or numbers; of several heads columns [sample, target], or arrays by name.

        Raises
        ------
        DataError
            For samples or targets that cannot be, or where the test samples of the run are not to be had.
        """
        free = self.run.phases.free
        if x is None and y is None:
            samples, n = self._tests()
            found = measured(self._built.substrate, samples, "test", n, free, read=self._read)
        elif x is None or y is None:
            raise DataError(
                "y" if y is None else "x", "is missing; give samples and their targets, or neither"
            )
        else:
            coding = self._trained.coding
            inputs = coding.inputs(x)
            samples = coding.dataset(inputs, coding.targets(y, len(inputs)), "samples")
            n = len(inputs)
            found = measured(self._built.substrate, samples, "test", n, free, read=self._read)
        if found is None:
            raise RuntimeError("nobody asked an evaluation to stop")
        rms: NDArray[np.float64] | None = None
        heads: tuple[HeadResult, ...] = ()
        exact: float | None = None
        true = samples.test.targets[:n]
        if found.said is not None and samples.is_regression:
            rms = np.sqrt(np.mean((found.said - true) ** 2, axis=0))
        elif found.said is not None:
            heads = head_results(samples.heads, true, found.said)
            exact = all_right(samples.heads, true, found.said)
        return Evaluation(found.error, n, samples.classes, found.confusion, rms, heads, exact)

    def spikes(self, x: ArrayLike | SpikeTrains) -> dict[str, Spikes]:
        """Return the spikes of every population while samples are shown, by name: [tick, sample, unit].

        Raises
        ------
        CapabilityError
            On a substrate whose neurons send no spikes.
        """
        if self.run.substrate != "digital":
            raise CapabilityError(
                "spikes", f"are sent by digital cores, and this model is {self.run.substrate}"
            )
        inputs = self._trained.coding.inputs(x)
        ticks, network = self.run.phases.free, self._built.network
        check_memory(len(inputs) * ticks * sum(network.sizes), "x", "show fewer samples at a time")
        found = answered(
            self._built.substrate,
            lambda rows: inputs[rows],
            len(inputs),
            ticks,
            record=("spikes",),
            read=self._read,
        )
        parts = [settled.spikes for settled, _, _ in found]
        names = [population.name for population in network.populations]
        return {
            name: Spikes.from_array(np.concatenate([part[k] for part in parts], axis=1))
            for k, name in enumerate(names)
        }

    def energy(self, x: ArrayLike | SpikeTrains | None = None) -> Energy:
        """Return what it costs to answer samples; without any, what training cost.

        Raises
        ------
        CapabilityError
            Where the chip has no energies per event, or nobody knows those of the substrate.
        """
        if x is None:
            table, n = self.document["energy_j"], self.document["result"]["trained_samples"]
            joules = table["training"]
        else:
            inputs = self._trained.coding.inputs(x)
            n, machine = len(inputs), self._fresh()
            for _ in answered(
                machine.substrate, lambda rows: inputs[rows], n, self.run.phases.free, read=self._read
            ):
                pass
            told = machine.substrate.counters()  # without the loading of the weights
            spent = Counters(
                told.populations, told.sites, {phase: told.phases[phase] for phase in _ANSWERING}
            )
            table = joules_table(spent, hardware_of(self.run), machine.chip.energies)
            joules = table["total"]
        if joules is None or self.run.substrate == "analog":
            why = table["note"].strip() or "is not known: no source gives that of this substrate"
            raise CapabilityError("energy", why)
        by = dict(table["by_category"]), dict(table["by_population"])
        return Energy(joules, joules / max(1, n), n, *by, table["energy_table"])

    def save(self, folder: Path | str) -> Path:
        """Write the model into a new folder, which is one of a finished run: `neurochip.load` and all commands take it.

        Raises
        ------
        OutputError
            When the folder exists already or cannot be written.
        """
        from neurochip.models.storing import save

        return save(self._trained, digest_of(self._built), Path(folder))

    @property
    def plot(self) -> Plots:
        """The figures of its report, as Matplotlib axes: ``model.plot.learning()``."""
        from neurochip.models.plots import Plots

        return Plots(self)

    @property
    def rasters(self) -> tuple[Raster, ...]:
        """The spikes of the test presentations that its run recorded."""
        return self._trained.rasters

    @cached_property
    def _built(self) -> Built:
        """The machine, with the weights on it."""
        return self._fresh()

    def _fresh(self) -> Built:
        trained = self._trained
        threads = usable_cores() if self._threads is None else self._threads
        built = build(trained.run, threads=threads, allow_code=self._allow_code)
        if trained.digest is not None and digest_of(built) != trained.digest:
            raise DataError(
                str(trained.folder),
                "holds weights of another network or chip than its run.toml says; restore both, or train again",
            )
        built.substrate.load(trained.state.parameters)
        return built

    @property
    def _read(self) -> tuple[int, ...]:
        """The populations whose values are the answer."""
        return read_populations(self._built.network, self.coding.heads)

    @property
    def _parameters(self) -> Parameters:
        return self._built.substrate.parameters()

    def _tests(self) -> tuple[data.Dataset, int]:
        spec = self.run
        if spec.data.given is not None:
            raise DataError(
                "x", f"is missing: the run was given {spec.data.given} from Python; give samples and targets"
            )
        samples = data.load(spec.data)
        there = len(samples.test)
        return samples, there if spec.evaluation.test is None else min(spec.evaluation.test, there)

    def __repr__(self) -> str:
        """Return one line: what it is, how well it does."""
        error = self.document["result"]["test_error"]
        words = "" if error is None else f", test error {100 * error:.2f} %"
        if error is not None and self.coding.is_regression:
            words = f", R² {1 - error:.4f}"
        where = "" if self.folder is None else f", {self.folder}"
        place = self.document["chip"]["name"] if self.run.substrate == "digital" else self.run.substrate
        return f"<Model {self.run.name}: [{self.run.network.title}] on {place}{words}{where}>"

    def _repr_html_(self) -> str:
        """Return its first figures, for notebooks."""
        from neurochip.report.notebook import cards_html

        return cards_html(self.document)
