"""Inputs that are images: where each pixel stands among the inputs of a sample."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data import DataSpec
from neurochip.errors import ConfigError
from neurochip.network import Network

__all__ = ["Image", "image_of"]


class Image(NamedTuple):
    """How the inputs of a sample make maps of pixels.

    Attributes
    ----------
    maps, height, width
        Maps of one size; a grey image has one.
    last
        Whether the values of a pixel in all maps are neighbours (channels last), or the pixels of a map.
    """

    maps: int
    height: int
    width: int
    last: bool = False

    def moved(
        self, values: NDArray[np.float32], down: NDArray[np.integer], right: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return images, each moved so many pixels down and to the right (less than 0: up, to the left).

        Parameters
        ----------
        values
            f32[sample, input].
        down, right
            int[sample].

        Returns
        -------
        f32[sample, input]
            What moves in is 0, and what moves out is lost.
        """
        n, y, x = len(values), np.arange(self.height), np.arange(self.width)
        rows, columns = y - down[:, None], x - right[:, None]
        seen = ((rows >= 0) & (rows < self.height))[:, :, None] & ((columns >= 0) & (columns < self.width))[
            :, None, :
        ]
        rows, columns = rows.clip(0, self.height - 1)[:, :, None], columns.clip(0, self.width - 1)[:, None, :]
        sample = np.arange(n)[:, None, None]
        if self.last:
            maps = values.reshape(n, self.height, self.width, self.maps)[sample, rows, columns]
            return np.where(seen[..., None], maps, np.float32(0)).reshape(n, -1)
        maps = values.reshape(n, self.maps, self.height, self.width).transpose(0, 2, 3, 1)[
            sample, rows, columns
        ]
        shown = np.where(seen[..., None], maps, np.float32(0)).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(shown.reshape(n, -1))


def image_of(size: tuple[int, ...], network: Network, data: DataSpec) -> Image:
    """Return how the inputs of a run make an image.

    Parameters
    ----------
    size
        Height and width that the run gives; without them they are those of the shape of the input population, or of a
        built-in set of images.

    Raises
    ------
    ConfigError
        Where nothing says so, there are several input populations, or another number of inputs.
    """
    if len(network.inputs) != 1:
        raise ConfigError(
            "learning.shift",
            f"needs one input population, the image, and this network has {len(network.inputs)}",
        )
    [source] = network.inputs
    population = network.populations[source]
    shape, facts = population.shape, data.facts
    last = any(
        getattr(p.connection, "order", "") == "channels-last"
        for p in network.projections
        if p.source == source
    )
    given = size
    if not given and len(shape) == 3:
        given = shape[:2] if last else shape[1:]
    elif not given and len(shape) == 2:
        given = shape
    elif not given and facts is not None:
        given = facts.image
    if not given:
        raise ConfigError(
            "learning.image",
            "is missing; learning.shift moves images, and nothing says their height and width, e.g. [28, 28]",
        )
    height, width = given
    if population.size % (height * width):
        raise ConfigError(
            "learning.image",
            f"must be the height and width of maps that make {population.size} inputs, got {height} × {width}",
        )
    return Image(population.size // (height * width), height, width, last)
