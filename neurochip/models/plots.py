"""The figures of a model as axes of Matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurochip.errors import DataError
from neurochip.figures.drawing import draw
from neurochip.figures.of_run import FIGURES, head_figures, raster
from neurochip.report.wording import has_classes

if TYPE_CHECKING:
    from neurochip.models.model import Model

__all__ = ["Plots"]


class Plots:
    """Draws figures of a model; each returns its axes.

    All take ``axes``, to draw onto axes that are there already. Needs Matplotlib (extra ``plot``).
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    def learning(self, axes: object = None) -> Any:
        """Draw the errors after every epoch."""
        return self._drawn("learning", axes)

    def confusion(self, axes: object = None) -> Any:
        """Draw what the test samples were, and what the network said."""
        return self._drawn("confusion", axes)

    def head(self, name: str, axes: object = None) -> Any:
        """Draw how well a head of classes or of labels does, where labels are learnt or several heads."""
        found = {figure.title.partition(": ")[2]: figure for figure in head_figures(self._model.document)}
        if name not in found:
            have = ", ".join(found) or "no such heads"
            raise DataError("head", f"there is no '{name}' with classes or labels; the model has {have}")
        return draw(found[name], axes)

    def bits(self, axes: object = None) -> Any:
        """Draw the bits of a training sample in each coding."""
        return self._drawn("bits", axes)

    def energy(self, axes: object = None) -> Any:
        """Draw the energy of each phase, by what it was spent on."""
        return self._drawn("energy", axes)

    def chip(self, axes: object = None) -> Any:
        """Draw the cores in use, and what the links carried."""
        return self._drawn("chip", axes)

    def cores(self, axes: object = None) -> Any:
        """Draw how long each core worked, waited and was idle."""
        return self._drawn("time-cores", axes)

    def alignment(self, axes: object = None) -> Any:
        """Draw how well the signal of an analog die follows the gradient."""
        return self._drawn("alignment", axes)

    def raster(self, number: int = 0, axes: object = None) -> Any:
        """Draw the spikes of a test presentation that was recorded."""
        rasters = self._model.rasters
        if not 0 <= number < len(rasters):
            raise DataError(
                "raster", f"{number} was not recorded: there are {len(rasters)} (record.presentations)"
            )
        return draw(raster(rasters, number, classes=has_classes(self._model.document)), axes)

    def _drawn(self, name: str, axes: object) -> Any:
        figure = FIGURES[name](self._model.document)
        if figure is None:
            raise DataError(name, "has no numbers in this run; its report says what was measured")
        return draw(figure, axes)

    def __repr__(self) -> str:
        """Return the names."""
        names = [name for name in dir(self) if not name.startswith("_")]
        return f"<Plots: {', '.join(names)}>"
