"""``[data]`` of a run: which samples, how they are coded, and how they are parted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip import plugins
from neurochip.data.facts import EVENT_SETS, FACTS, Facts, facts_of_events
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given, Is, Unset
from neurochip.keys.key import Count, Key, Listed, Positive, Seed
from neurochip.keys.reading import did_you_mean
from neurochip.keys.section import Section, described

__all__ = ["DataSpec"]

Name = Annotated[str, Meta(min_length=1)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]

_OF_A_SET = Unset(".file") & Unset(".given")
_EVENTS = Given(".file") | Is(".set", *EVENT_SETS)


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec(Section):
    """Which samples."""

    place: ClassVar[str] = "data"
    set: Annotated[
        str,
        Key(
            "Name of a data set: one of `neurochip data list`, or of another package.",
            shapes=True,
            live_if=_OF_A_SET,
        ),
    ] = "mnist-small"
    file: Annotated[
        Name | None,
        Key(
            "Samples of your own: a CSV, .npz, .npy, HDF5 or event file, or a folder of IDX or event files "
            "(docs/data.md).",
            shapes=True,
        ),
    ] = None
    given: Annotated[
        Name | None,
        Key(
            "What samples that were given from Python are called; nothing can read them again.",
            shapes=True,
            live_if=Unset(".file"),
        ),
    ] = None
    digest: Annotated[
        Sha256 | None,
        Key("SHA-256 of the data that the run was made with; others are refused. Written by a run."),
    ] = None
    task: Annotated[
        Literal["classification", "labels", "regression", "several"],
        Key(
            "Targets are classes, one of several for each target; ``labels``, each yes or no; numbers; or ``several`` "
            "of these, as ``data.kinds`` says.",
            shapes=True,
            live_if=Given(".file"),
        ),
    ] = "classification"
    kinds: Annotated[
        tuple[Literal["classes", "label", "number"], ...],
        Key(
            "What each of ``data.target`` is, in their order.",
            shapes=True,
            live_if=Is(".task", "several"),
        ),
    ] = ()
    inputs: Annotated[
        tuple[str, ...],
        Listed(),
        Key(
            "Columns or array that are the inputs, by name or by number from 1; left out, all but the target.",
            shapes=True,
            live_if=Given(".file"),
        ),
    ] = ()
    leave_out: Annotated[
        tuple[str, ...],
        Listed(),
        Key("Columns that are neither inputs nor target.", shapes=True, live_if=Given(".file")),
    ] = ()
    target: Annotated[
        tuple[str, ...],
        Listed(),
        Key(
            "Column or array of what is learnt, or several; left out, the one called label, class, target or y, else "
            "the last.",
            shapes=True,
            live_if=Given(".file"),
        ),
    ] = ()
    scaling: Annotated[
        Literal["none", "min-max", "standard", "counts"] | None,
        Key(
            "How inputs come into [0, 1]: ``none``, they lie there (bytes are fractions of 255); ``min-max`` of the "
            "training part; ``standard``, three standard deviations about its mean; ``counts``, shares of the greatest "
            "count of all. What lies beyond is clipped. Left out: ``none`` for bytes, ``counts`` for events, else "
            "``min-max``."
        ),
    ] = None
    present: Annotated[
        Literal["values", "spikes"],
        Key(
            "Events, and arrays of 0 and 1 [sample, tick, input]: ``values``, counted, and presented as values that "
            "stand still; ``spikes``, each in the tick in which it falls, and the window again and again as long as a "
            "phase lasts. Spikes need neurons that fire.",
            shapes=True,
            live_if=_EVENTS,
        ),
    ] = "values"
    tick: Annotated[
        Positive | None,
        Key(
            "Events as spikes: length of a tick, in the unit of their times. Of arrays a row is a tick.",
            live_if=Is(".present", "spikes"),
        ),
    ] = None
    frames: Annotated[
        Count,
        Key(
            "Events as values: the window of a sample is cut into so many frames, each of which has inputs of its own.",
            shapes=True,
            live_if=_EVENTS & Is(".present", "values"),
        ),
    ] = 1
    window: Annotated[
        Positive | None,
        Key(
            "Events: length of the window from the first event on, in the unit of their times; left out, that of the "
            "longest sample.",
            live_if=_EVENTS,
        ),
    ] = None
    polarity: Annotated[
        Literal["apart", "merged"],
        Key(
            "Events: each polarity has inputs of its own, or both have the same.",
            shapes=True,
            live_if=_EVENTS,
        ),
    ] = "apart"
    sensor: Annotated[
        tuple[Count, ...],
        Key(
            "Events: width and height of the sensor; left out, what the file says, or the largest x and y.",
            shapes=True,
            live_if=Given(".file"),
        ),
    ] = ()
    test_share: Annotated[
        Annotated[float, Meta(gt=0, lt=1)] | None,
        Key(
            "Share of the samples that tests, of each class alike, where the data have no test part; left out, 0.2."
        ),
    ] = None
    split_seed: Annotated[Seed | None, Key("Which samples those are; left out, 1.")] = None
    validation: Annotated[
        float,
        Meta(ge=0, lt=1),
        Key(
            "Share of the training samples that is held out for choices: it is measured after each epoch, judges in "
            "`tune`, and is not learnt from."
        ),
    ] = 0.0
    train: Annotated[
        Count | None,
        Key("How many training samples, from the beginning; left out, all.", training_only=True),
    ] = None
    test: Annotated[Count | None, Key("How many test samples, from the beginning; left out, all.")] = None

    def check(self) -> None:
        """Check that there is such a set, and that it has so many samples."""
        if self.sensor and len(self.sensor) != 2:
            raise ConfigError("data.sensor", f"must be width and height, got {len(self.sensor)} numbers")
        if self.file is not None or self.given is not None:
            return
        facts = FACTS.get(self.set)
        if facts is None:
            if plugins.find("datasets", self.set, FACTS, "data.set") is None:
                known = plugins.names("datasets", FACTS)
                hint = did_you_mean(self.set, known) or f"; known are {', '.join(known)}"
                own = (
                    ""
                    if hint.endswith("?") and "." not in self.set
                    else "; a file of your own is named by data.file"
                )
                raise ConfigError("data.set", f'there is no data set "{self.set}"{hint}{own}')
            return
        if self.digest is not None:
            raise ConfigError("data.digest", f"has no effect on {self.set}, which is built in; leave it out")
        if facts.train is None:
            return
        for name, wanted, there in (("train", self.train, facts.train), ("test", self.test, facts.test)):
            if wanted is not None and there is not None and wanted > there:
                raise ConfigError(f"data.{name}", f"must be 1 to {there}, which {self.set} has, got {wanted}")
        for name in ("test_share", "split_seed"):
            if getattr(self, name) is not None:
                raise ConfigError(
                    f"data.{name}", f"has no effect on {self.set}, which has a test part; leave it out"
                )
        if self.scaling is not None:
            raise ConfigError(
                "data.scaling", f"has no effect on {self.set}, whose values lie in [0, 1]; leave it out"
            )

    def to_table(self) -> dict[str, object]:
        """Return what it says besides defaults, as it stands in a file."""
        table = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                table[field.name] = list(value) if isinstance(value, tuple) else value
        return table

    @property
    def facts(self) -> Facts | None:
        """Sizes of a built-in set as this section presents it; `None` for samples of one's own and of packages."""
        if self.file is not None or self.given is not None or self.set not in FACTS:
            return None
        return facts_of_events(self.set, self.frames, self.polarity == "merged")

    @property
    def title(self) -> str:
        """What the samples are called: the set, the file's name, or what Python called them."""
        if self.file is not None:
            return Path(self.file).name
        return self.given if self.given is not None else self.set

    @property
    def is_bound(self) -> bool:
        """Whether all that the data decide is known: of a built-in set always, of others once they were read."""
        return self.digest is not None or self.facts is not None
