"""The search for ε and λ (O'Connor, Gavves & Welling 2019, section 4 and Appendix C), and what bits cost in error.

Three searches, each by ``neurochip tune`` (tree-structured Parzen estimator; the paper used a Gaussian process, which
``--sampler gp`` offers):

* convergence, [500-500-10], 250 + 250 ticks: four ways to anneal and decode, each with its own constants, to the
  least mean error at the ends of both phases, which is what the authors' code searched for. The best constants of
  each are then measured on networks that the search did not see.
* handwritten digits, 100 + 50 ticks: powers of t against OSA, both with their best constants, trained anew on all
  training digits with seeds that the search did not use.
* handwritten digits, error against bits: the number of ticks of both phases is searched too, together with ν̄ and
  λ. No paper has drawn this front. The paper says that the binary network needs (100, 50) ticks.

The searches on digits are judged on held-out training digits of `mnist-small`; the test set plays no part in them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description import RunSpec, read_run
from neurochip.durable.request import REQUEST
from neurochip.errors import Interrupted
from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.parts import begun
from neurochip.papers.side_by_side import Job, Turn, side_by_side
from neurochip.report.figures import Chart, Curve
from neurochip.report.front import pareto_front
from neurochip.runs.simulation import simulate
from neurochip.search.objectives import measure
from neurochip.search.study import Trial
from neurochip.studies.tuning import tune

__all__ = ["EXPERIMENT"]


class Scheme(NamedTuple):
    """One way to anneal and decode: its coding, and which constants are searched."""

    name: str
    coding: tuple[str, ...]
    vary: tuple[str, ...]


_POWER = 'coding.annealer={ kind = "power-law", coefficient = 0.775, exponent = 0.313 }'
_OSA = 'coding.annealer={ kind = "osa", nu_bar = 0.0411, regulariser = 1e-7 }'
_NU = "coding.annealer.nu_bar=0.001:1:log"
_FALLING = 'coding.decoder={ kind = "predictive", lambda = { coefficient = 0.67, exponent = 0.578 } }'
_STEADY = 'coding.decoder={ kind = "predictive", lambda = 0.206 }'
_LAMBDA = "coding.decoder.lambda=0.01:1"
_FALLS = ("coding.decoder.lambda.coefficient=0.01:1", "coding.decoder.lambda.exponent=0:1")
_POWERS = ("coding.annealer.coefficient=0.01:1", "coding.annealer.exponent=0:1")

_BY_POWERS = Scheme("powers of t, λ too", (_POWER, _FALLING), (*_POWERS, *_FALLS))

SCHEMES = (
    _BY_POWERS,
    Scheme("OSA", (_OSA, "coding.decoder=identity"), (_NU,)),
    Scheme("OSA, λ", (_OSA, _STEADY), (_NU, _LAMBDA)),
    Scheme("OSA, λ falling", (_OSA, _FALLING), (_NU, *_FALLS)),
)
DIGITS = (_BY_POWERS, Scheme("OSA, λ", (), (_NU, _LAMBDA)))
FRONT = ("phases.free=8:120:int:log", "phases.nudged=4:60:int:log", _NU, "coding.decoder.lambda=0.05:0.95")
_OFF = "coding.decoder.lambda=1.0"  # what arrives is taken as it is
_FROZEN = "learning.rates=[0.0, 0.1]"  # the hidden layer stays as it was drawn
_BARE = ("evaluation.train=0", "record.presentations=0")


class Size(NamedTuple):
    """How much is done: trials of the three searches, networks, epochs, seeds of the second look."""

    trials: int
    nets: int
    fresh_nets: int
    reference_steps: int
    digit_trials: int
    front_trials: int
    epochs: int
    seeds: int


class Found(NamedTuple):
    """What came of a search, as `neurochip.studies.tuning.Tuned`."""

    trials: tuple[Trial, ...]
    front: tuple[int, ...]
    confirmed: list[dict[str, Any]]
    held_out: int


QUICK = Size(10, 2, 6, 500, 6, 36, 4, 3)
FULL = Size(100, 4, 40, 2500, 60, 300, 8, 5)


def _search(
    name: str, run: str, overrides: tuple[str, ...], vary: tuple[str, ...], settings: Settings,
    turn: Turn, *, trials: int, objective: str = "error", confirm: int = 0,
) -> Found:  # fmt: skip
    """Search; a search that was stopped goes on after its last trial, or its last training of the best."""

    def told(ended: int) -> None:
        # One trial in five or so is on the front, and is trained `confirm` times again.
        turn.tell(0.9 * ended / trials if confirm else ended / trials)
        if turn.stop():
            raise Interrupted(None)

    def searched(folder: Path) -> tuple[Any, ...]:
        at = folder / "search"
        found = tune(
            run,
            overrides=[*overrides, f"seed={settings.seed}"],
            vary=vary,
            objective=objective,
            trials=trials,
            seed=settings.seed,
            confirm=confirm,
            out=at,
            resume=begun(at, REQUEST),
            threads=turn.threads,
            on_trial=lambda ended: told(ended.trial.number + 1),
            on_confirmed=lambda number, k, error: told(trials),
        )
        return found.trials, found.front, found.summary["confirmed"], found.summary["held_out"]

    each, front, confirmed, held_out = settings.kept_in(name, searched)
    return Found(tuple(Trial(*trial) for trial in each), front, confirmed, held_out)


def _error(run: RunSpec, threads: int) -> float:
    return measure(simulate(run, threads=threads, write=False).record)["error"]


def run(settings: Settings, tell: Tell) -> Outcome:
    """Search, then look again at what was found."""
    size = QUICK if settings.quick else FULL
    convergence = (f"convergence.nets={size.nets}", f"convergence.reference_steps={size.reference_steps}")
    epochs = (f"learning.epochs={size.epochs}", *_BARE)

    def converge(scheme: Scheme, turn: Turn) -> tuple[Trial, list[float]]:
        """Search the best constants, and try them on networks that the search did not see; λ also turned off."""
        best = _search(
            f"convergence: {scheme.name}", "convergence", (*scheme.coding, *convergence), scheme.vary, settings, turn,
            trials=size.trials,
        )  # fmt: skip
        trial = best.trials[best.front[0]]
        given = [*scheme.coding, *(f"{key}={value!r}" for key, value in trial.values.items()), *convergence]
        given += [f"convergence.nets={size.fresh_nets}", f"seed={settings.seed + 1}"]
        ways = [given, [*given, _OFF]] if scheme.name == "OSA, λ" else [given]
        return trial, settings.kept(
            f"new networks: {scheme.name}",
            lambda: [_error(read_run("convergence", way), turn.threads) for way in ways],
        )

    def learn(scheme: Scheme, turn: Turn) -> Found:
        return _search(
            f"digits: {scheme.name}", "mnist-small", (*scheme.coding, *epochs), scheme.vary, settings, turn,
            trials=size.digit_trials, confirm=size.seeds,
        )  # fmt: skip

    def trade(turn: Turn) -> Found:
        return _search(
            "error against bits", "mnist-small", epochs, FRONT, settings, turn,
            trials=size.front_trials, objective="error,bits", confirm=size.seeds,
        )  # fmt: skip

    def still(turn: Turn) -> list[float]:
        """Train as often as the best of each search, with the hidden layer frozen."""
        found = []
        for k in range(1, size.seeds + 1):
            run = read_run("mnist-small", [*epochs, _FROZEN, f"seed={settings.seed + k}"])
            found.append(
                settings.kept(f"frozen, seed {settings.seed + k}", partial(_error, run, turn.threads))
            )
            turn.tell(k / size.seeds)
        return found

    jobs: list[Job[Any]] = [
        *(Job(f"convergence: {s.name}", size.trials, partial(converge, s)) for s in SCHEMES),
        *(Job(f"digits: {s.name}", 3 * size.digit_trials, partial(learn, s)) for s in DIGITS),
        Job("hidden layer frozen", 3 * size.seeds, still),
        Job("error against bits", 2 * size.front_trials, trade),
    ]
    *each, frozen, front = side_by_side(jobs, settings.threads, tell, settings.shard)
    again = {}
    for scheme, best in zip(DIGITS, each[len(SCHEMES) :], strict=True):
        again[scheme.name] = best.trials[best.front[0]], 100 * np.array(best.confirmed[0]["errors"])
    settled = {scheme.name: trial_and_errors for scheme, trial_and_errors in zip(SCHEMES, each, strict=False)}
    return _outcome(size, settled, again, 100 * np.array(frozen), front)


def _outcome(
    size: Size,
    settled: dict[str, tuple[Trial, list[float]]],
    again: dict[str, tuple[Trial, NDArray[np.float64]]],
    frozen: NDArray[np.float64],
    front: Found,
) -> Outcome:
    fresh = {name: errors[0] for name, (_, errors) in settled.items()}
    found = {name: trial.objectives[0] for name, (trial, _) in settled.items()}
    powers, osa = (again[scheme.name][1] for scheme in DIGITS)
    start = front.trials[0]
    confirmed = {entry["trial"]: entry for entry in front.confirmed}
    # As good as the run of the catalogue on held-out digits, within one standard error of its own figure.
    error = start.objectives[0]
    limit = error + np.sqrt(error * (1 - error) / front.held_out)
    as_good = [n for n in front.front if front.trials[n].objectives[0] <= limit]
    cheapest = min(as_good, key=lambda n: front.trials[n].objectives[1])
    share = front.trials[cheapest].objectives[1] / start.objectives[1]
    cheap = front.trials[cheapest]
    retrained = said(100 * np.array(confirmed[cheapest]["errors"]), ".1f")
    least = min(trial.objectives[1] for trial in front.trials if not trial.failure)
    ticks = (
        f"{cheap.values['phases.free']} + {cheap.values['phases.nudged']} ticks: "
        f"{100 * cheap.objectives[0]:.2f} % of held-out digits, 100 + 50 ticks: {100 * error:.2f} %; "
        f"test error of the former, trained anew: {retrained} %"
    )
    by_name = "; ".join(f"{name}: {fresh[name]:.4f} (searched {found[name]:.4f})" for name in fresh)
    findings = (
        Finding(
            "osa-λ", fresh["OSA, λ"] / min(fresh.values()), fresh["OSA"] / min(fresh.values()),
            f"{by_name}; on {size.fresh_nets} new networks",
        ),
        Finding(
            "λ", fresh["OSA, λ"] / fresh["OSA"], settled["OSA, λ"][1][1] / fresh["OSA"],
            "OSA with λ against OSA without, on new networks",
        ),
        Finding(
            "digits", _apart(powers, osa), _apart(powers, frozen),
            f"powers of t {said(powers, '.1f')}, OSA {said(osa, '.1f')} % of 1000 test digits, seeds that the "
            f"search did not use; hidden layer frozen {said(frozen, '.1f')} %",
        ),
        Finding("ticks", float(share), float(least / start.objectives[1]), ticks),
    )  # fmt: skip
    return Outcome(
        findings,
        (_front_chart(front, confirmed), _scheme_chart(fresh, found)),
        seeds=size.seeds,
        settings={**size._asdict(), "sampler": "tpe", "held out": front.held_out},
        series={
            "convergence": {
                name: {"values": trial.values, "searched": found[name], "new": fresh[name]}
                for name, (trial, _) in settled.items()
            },
            "digits": {n: {"values": trial.values, "test": list(errors)} for n, (trial, errors) in again.items()},
            "front": [
                {**front.trials[n].values, "held_out_error": front.trials[n].objectives[0],
                 "bits_per_sample": front.trials[n].objectives[1], "test": confirmed[n]["errors"]}
                for n in front.front
            ],
            "trials": [{**t.values, **t.measured} for t in front.trials if not t.failure],
        },
        notes=(
            "Bits: one per neuron and tick, training samples. The first trial of every search is the run as the "
            "catalogue has it.",
            "The best of many trials on few held-out digits is chosen partly by luck; the test errors, trained anew, "
            "are free of that.",
        ),
        columns=1,
    )  # fmt: skip


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the difference of two means in standard errors, of 0.3 points (two or three of 1000 digits) at least."""
    spread = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return float(abs(a.mean() - b.mean()) / max(float(spread), 0.3))


def _front_chart(front: Found, confirmed: dict[int, dict[str, Any]]) -> Chart:
    good = [trial for trial in front.trials if not trial.failure]
    best = [good[row] for row in pareto_front([t.objectives for t in good])]
    best.sort(key=lambda trial: trial.objectives[1])
    bits = [t.objectives[1] / 1000 for t in best]
    test = [100 * np.array(confirmed[t.number]["errors"]) for t in best]
    means, low, high = ([of(e) for e in test] for of in (np.mean, np.min, np.max))
    all_bits = [t.objectives[1] / 1000 for t in good]
    start = front.trials[0]
    catalogue = [start.objectives[1] / 1000], [100 * start.objectives[0]]
    return Chart(
        "Error against bits, 2000 handwritten digits",
        "bits a training sample (kbit)",
        "digits wrong (%)",
        (
            Curve("trials, held-out digits", all_bits, [100 * t.objectives[0] for t in good], 9, "dots"),
            Curve("front, held-out digits", bits, [100 * t.objectives[0] for t in best], 0),
            Curve("front, test digits, trained anew", bits, means, 3, "dashed", low=low, high=high),
            Curve("100 + 50 ticks of the catalogue", *catalogue, 6, "dots"),
        ),
        log_x=True,
        log_y=True,
        caption="No trial beats those of the front in both. The band spans the seeds.",
    )  # fmt: skip


def _scheme_chart(fresh: dict[str, float], found: dict[str, float]) -> Chart:
    places = list(range(1, len(fresh) + 1))
    return Chart(
        "Mean error to the fixed point, best constants",
        "scheme: " + ", ".join(f"{place} {name}" for place, name in zip(places, fresh, strict=True)),
        "mean |s − s*|, ends of both phases",
        (
            Curve("as searched", places, list(found.values()), 9, "dots"),
            Curve("new networks", places, list(fresh.values()), 0, "dots"),
        ),
        x_range=(0.5, len(fresh) + 0.5),
        log_y=True,
    )


EXPERIMENT = Experiment(
    name="oconnor2019-search",
    paper="O'Connor et al. 2019",
    figure="section 4, Appendix C",
    about="the search for ε and λ: which scheme settles best, which learns best, and error against bits",
    claims=(
        Claim(
            "osa-λ",
            "The best convergence is obtained by OSA with a predictive coding of constant λ.",
            "its error on new networks, over that of the best scheme",
            Bound(high=1.05),
            control="OSA without predictive coding",
        ),
        Claim(
            "λ",
            "Predictive coding makes OSA settle nearer to the fixed point.",
            "error with λ over error without, on new networks",
            Bound(high=0.95),
            control="λ turned off (1), the rest as it was found with it",
        ),
        Claim(
            "digits",
            "Networks trained with OSA and with annealing schedules do not differ significantly.",
            "difference of their mean test errors in standard errors",
            Bound(high=2.0),
            control="powers of t against a frozen hidden layer",
        ),
        Claim(
            "ticks",
            "The binary network needs (100, 50) ticks.",
            "bits of the cheapest trial that is as good on held-out digits (within a standard error), over those of "
            "100 + 50 ticks",
            Bound(low=0.8),
            control="the cheapest trial, good or not",
        ),
    ),
    seconds=(90, 1600),
    run=run,
    in_jobs=True,
)
