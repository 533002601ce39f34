"""What is known of each built-in set before it is loaded."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DATA_SETS", "EVENT_SETS", "FACTS", "Facts", "facts_of_events"]


class Facts(NamedTuple):
    """Sizes of a set.

    Attributes
    ----------
    inputs, outputs
        Neurons that show a sample, and that answer: classes, or numbers.
    train, test
        Samples of each part; `None` where the run says how a whole set is parted.
    whole
        Samples of a set that the run parts.
    heads
        Output neurons of each head, where there are several.
    image
        Height and width, where the inputs are the pixels of an image.
    """

    inputs: int
    outputs: int
    train: int | None
    test: int | None
    whole: int | None = None
    heads: tuple[int, ...] = ()
    image: tuple[int, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Output neurons of each head."""
        return self.heads or (self.outputs,)


FACTS: dict[str, Facts] = {
    "mnist-small": Facts(784, 10, 2000, 1000, image=(28, 28)),
    "mnist": Facts(784, 10, 60_000, 10_000, image=(28, 28)),
    "digits": Facts(64, 10, 1300, 497, image=(8, 8)),
    "stripes": Facts(16, 2, 400, 400, image=(4, 4)),
    "crossed-bars": Facts(64, 10, 2000, 1000, heads=(4, 4, 2), image=(8, 8)),
    "two-orders": Facts(96, 2, 2000, 1000),
    "iris": Facts(4, 3, None, None, 150),
    "wine": Facts(13, 3, None, None, 178),
    "breast-cancer": Facts(30, 2, None, None, 569),
    "two-joint-arm": Facts(2, 2, 2000, 2000),
    "moving-bars": Facts(288, 4, 800, 400),
}
#: Names of the built-in sets.
DATA_SETS = tuple(FACTS)
#: Those that are made of events.
EVENT_SETS = ("moving-bars",)


def facts_of_events(name: str, frames: int, merged: bool) -> Facts:
    """Return the sizes of a set; of events with inputs for so many frames, and for one polarity where merged."""
    facts = FACTS[name]
    if name not in EVENT_SETS:
        return facts
    return facts._replace(inputs=facts.inputs * frames // (2 if merged else 1))
