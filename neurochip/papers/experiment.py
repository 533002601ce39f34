"""What an experiment is: claims with their tolerances, and a run that measures them.

An experiment is one module that holds one `Experiment` under the name ``EXPERIMENT``, and one row in `table`.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from neurochip.durable.shard import Shard
from neurochip.errors import ConfigError
from neurochip.papers.packing import through_storage
from neurochip.papers.parts import Parts
from neurochip.report.figures import Chart
from neurochip.training.progress import Progress

__all__ = [
    "Bound",
    "Claim",
    "Experiment",
    "Finding",
    "Outcome",
    "Settings",
    "Tell",
    "Verdict",
    "judge",
    "share_of_epochs",
    "verdict_of",
]

Verdict = Literal["holds", "holds in part", "does not hold here", "not shown (its control passes)"]

T = TypeVar("T")

# Share done, 0 to 1, and what is being done.
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Bound:
    """A range that a measured number has to lie in; either end may be open.

    ``Bound(low=0.99)`` is "at least 0.99".
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        """Check the ends."""
        if not self.low <= self.high:
            raise ConfigError("bound", f"must have low ≤ high, got {self.low:g} and {self.high:g}")

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies inside; NaN never does."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if math.isinf(self.low):
            return f"≤ {self.high:.7g}"
        return f"≥ {self.low:.7g}" if math.isinf(self.high) else f"{self.low:.7g} to {self.high:.7g}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a paper, made into a number with a tolerance, and a control that must miss it.

    Attributes
    ----------
    key
        Short name, the same in the `Finding`.
    says
        What the paper claims, in a sentence.
    measure
        Which number tests it, with its unit.
    tolerance
        Where that number has to lie for the claim to hold; from the paper's words, or fixed before it was measured.
    in_part
        Where it has to lie for the claim to hold in part; `None`: then it holds or it does not. Only where the paper's
        own words allow two statements.
    control
        What is turned off, reversed or shuffled when the same number is measured again. A tolerance in which the
        control lies as well tells the claim from nothing.
    quick
        The tolerance of the quick form, where that has less data than the paper speaks of; `None`: the same.
    """

    key: str
    says: str
    measure: str
    tolerance: Bound
    in_part: Bound | None = None
    control: str = field(kw_only=True)
    quick: Bound | None = field(default=None, kw_only=True)

    def bounds(self, *, quick: bool) -> tuple[Bound, Bound | None]:
        """Return the tolerance of a form, and where the claim holds in part."""
        if quick and self.quick is not None:
            return self.quick, None
        return self.tolerance, self.in_part


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out for one claim.

    Attributes
    ----------
    claim
        Key of the claim.
    value
        The number that the claim is judged by; with several seeds, say in ``note`` how they differ.
    control
        The same number, measured in the same way, where what the claim's ``control`` names is turned off.
    note
        Spread, seeds, second figures, reasons: what has to stand beside the number.
    """

    claim: str
    value: float
    control: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an experiment is to be run.

    Attributes
    ----------
    quick
        The short form, under two minutes on two cores, which still tests every claim.
    seed
        Every random draw follows from it.
    threads
        For jobs side by side, or for samples of a substrate; no result depends on it.
    parts
        Where finished parts are kept while the rest is computed; `None`: nowhere.
    shard
        Which of the jobs side by side are done; `None`: all.
    """

    quick: bool = False
    seed: int = 1
    threads: int = 1
    parts: Parts | None = field(default=None, repr=False, compare=False)
    shard: Shard | None = None

    def kept(self, part: str, make: Callable[[], T]) -> T:
        """Return what ``make`` returns; if the experiment was stopped after that, it need not be made again.

        Parameters
        ----------
        part
            Its name, one of a kind within the experiment, e.g. ``"bits/seed-2"``.
        make
            Computes numbers, words, `None`, arrays of numbers, or lists, tuples and dicts of them, from nothing but
            these settings. A named tuple comes back as a tuple.
        """
        return through_storage(make()) if self.parts is None else self.parts.kept(part, make)

    def kept_in(self, part: str, make: Callable[[Path], T]) -> T:
        """Do as `kept`; ``make`` is given a folder for what it has when it is stopped, and finds it there again."""
        if self.parts is not None:
            return self.parts.kept_in(part, make)
        with tempfile.TemporaryDirectory() as folder:
            return through_storage(make(Path(folder)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an experiment measured and drew.

    Attributes
    ----------
    findings
        One for each claim.
    charts
        The paper's figure, panel by panel.
    seeds
        How many independent repetitions stand behind the findings.
    settings
        Constants that the run used and that a reader would ask for.
    series
        Numbers behind the charts and anything else worth keeping; goes to the JSON as it is.
    notes
        Sentences for the page: what was left open by the paper and chosen here, what did not work.
    columns
        Charts in a row of the picture.
    """

    findings: Sequence[Finding]
    charts: Sequence[Chart]
    seeds: int = 1
    settings: Mapping[str, object] = field(default_factory=dict)
    series: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[str] = ()
    columns: int = 2


@dataclass(frozen=True, slots=True)
class Experiment:
    """A published result that can be tested here.

    Attributes
    ----------
    name
        As it is asked for: ``neurochip reproduce NAME``.
    paper, figure
        Citation in short, and which figure, table or equation.
    about
        One line for the list.
    claims
        What is tested, each with its tolerance.
    seconds
        About how long the quick and the full form take on two cores.
    run
        Measures: settings and a listener for progress → `Outcome`.
    in_jobs
        Whether its trainings are jobs side by side, so that machines can share them (``--shard``).
    """

    name: str
    paper: str
    figure: str
    about: str
    claims: tuple[Claim, ...]
    seconds: tuple[float, float]
    run: Callable[[Settings, Tell], Outcome] = field(repr=False)
    in_jobs: bool = False

    def __post_init__(self) -> None:
        """Check that there is something to test."""
        keys = [claim.key for claim in self.claims]
        if not keys or len(set(keys)) != len(keys):
            raise ConfigError(self.name, "needs at least one claim, each with a key of its own")


def share_of_epochs(tell: Callable[[float], None]) -> Callable[[Progress], None]:
    """Return a listener for a training run that tells which share of it is done."""

    def told(progress: Progress) -> None:
        within = progress.done / max(progress.total, 1) if progress.stage == "training" else 1.0
        tell(min(1.0, (progress.epoch - 1 + within) / progress.epochs))

    return told


def judge(claim: Claim, finding: Finding, *, quick: bool = False) -> Verdict:
    """Return whether a claim holds, from its number and that of its control alone.

    A control that lies within the tolerance as well shows that the number says nothing of the claim; so does one that
    could not be measured (NaN).
    """
    tolerance, in_part = claim.bounds(quick=quick)
    passes: list[tuple[Verdict, Bound]] = [("holds", tolerance)]
    if in_part is not None:
        passes.append(("holds in part", in_part))
    for verdict, bound in passes:
        if bound.holds(finding.value):
            is_shown = not (bound.holds(finding.control) or math.isnan(finding.control))
            return verdict if is_shown else "not shown (its control passes)"
    return "does not hold here"


def verdict_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on the whole: of all claims, of some, or of none."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    if not any(verdict.startswith("holds") for verdict in verdicts):
        return "does not hold here"
    return "holds in part"
