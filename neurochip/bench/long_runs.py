"""Runs of minutes: all of MNIST, and sweeps. They are measured only when named, and need all of MNIST."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from neurochip.bench.machine import cores
from neurochip.bench.row import Effort, Family, Figure, Missing, Row, within_rounds
from neurochip.data import data_folder
from neurochip.errors import CapabilityError
from neurochip.extras import missing
from neurochip.runs.simulation import simulate
from neurochip.studies.sweeping import run_sweep
from neurochip.sweep.request import SweepRequest

__all__ = ["FAMILY"]

_ROWS = (
    Row(
        "mnist-25-epochs",
        "all of MNIST, [784-500-10], 25 epochs, all cores",
        "s",
        form="named",
    ),
    Row(
        "sweep-pilot",
        "6 σ × 30 dies × 3 modes of analog-pilot, a worker per core",
        "s",
        form="named",
    ),
    Row("sweep-busy", "the same: workers busy", "%", form="named"),
    Row(
        "sweep-dask",
        "2 σ × 6 dies × 2 modes on Dask, two workers, their start included",
        "s",
        "the time on loky",
        form="named",
    ),
)
_PILOT = SweepRequest(
    "analog-pilot",
    vary=("analog.mismatch.sigma=0:0.5:6",),
    dies=30,
    modes="ideal,deploy,in-loop,fine-tune",
)
_PAIR = SweepRequest(
    "analog-pilot", vary=("analog.mismatch.sigma=0.2,0.4",), dies=6, modes="ideal,deploy,in-loop"
)
# A sweep in small, of embedded digits: proves that the rows work.
_TINY = SweepRequest(
    "analog-mnist-small",
    vary=("analog.mismatch.sigma=0,0.2",),
    dies=2,
    modes="ideal,deploy",
    overrides=("data.train=40", "data.test=20", "learning.epochs=1", "analog.diagnosed=0"),
)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure | Missing]:
    tiny = effort.form == "tiny"
    if not tiny and not data_folder("mnist").exists():
        yield from (
            Missing(name, "needs all of MNIST: neurochip data fetch mnist") for name in sorted(wanted)
        )
        return
    if "mnist-25-epochs" in wanted:
        run, overrides = (
            ("mnist-small", ["data.train=40", "data.test=20", "learning.epochs=2"]) if tiny else ("mnist", [])
        )
        began = time.perf_counter()
        record = simulate(run, overrides=overrides, write=False).record
        error = record.epochs[-1].test_error
        note = "" if error is None else f"test error {100 * error:.2f} % after the last epoch"
        yield Figure("mnist-25-epochs", (time.perf_counter() - began,), note=note)
    if wanted & {"sweep-pilot", "sweep-busy"}:
        yield from _pilot(wanted, tiny)
    if "sweep-dask" in wanted:
        yield _dask(effort)


def _pilot(wanted: frozenset[str], tiny: bool) -> Iterator[Figure]:
    seconds, busy = _swept(_TINY if tiny else _PILOT, workers=cores())
    if "sweep-pilot" in wanted:
        yield Figure("sweep-pilot", (seconds,))
    if "sweep-busy" in wanted:
        if busy is None:
            raise CapabilityError("sweep-busy", "the engine does not say how busy its workers were")
        yield Figure("sweep-busy", (100 * busy,))


def _dask(effort: Effort) -> Figure | Missing:
    try:
        from distributed import LocalCluster
    except ImportError:
        return Missing("sweep-dask", missing("distributed", "cluster"))
    request = _TINY if effort.form == "tiny" else _PAIR
    loky, dask = [], []
    for _ in range(effort.times(2, 3)):
        loky.append(_swept(request, workers=2)[0])
        # Loky starts its workers within its time, so the cluster starts within this.
        began = time.perf_counter()
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        )
        try:
            _swept(request, scheduler=cluster.scheduler_address)
            dask.append(time.perf_counter() - began)
        finally:
            cluster.close()
    return Figure("sweep-dask", tuple(dask), within_rounds(dask, loky))


def _swept(
    request: SweepRequest, *, workers: int | None = None, scheduler: str | None = None
) -> tuple[float, float | None]:
    """Return the seconds of a sweep, from its description to its folder, and the share that its workers were busy."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        swept = run_sweep(request, workers=workers, scheduler=scheduler, out=Path(folder) / "sweep")
        return time.perf_counter() - began, swept.document["sessions"][0]["busy"]


FAMILY = Family("long", "runs of minutes, measured when they are named", _ROWS, _measure)
