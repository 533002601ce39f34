"""`run_bench`: the rows that are asked for, measured one family after the other, written after every row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, cast

from neurochip.bench.document import FORMAT, BenchDocument, RowTable, read_document, row_table, write_document
from neurochip.bench.machine import busy, machine, moment, others_share, too_busy, usage
from neurochip.bench.rivals.program import pythons
from neurochip.bench.row import Effort, Family, Form, Missing, Row
from neurochip.bench.table import chosen, families
from neurochip.durable.lock import hold_file
from neurochip.durable.signals import Asked, stoppable
from neurochip.errors import CheckpointError, ConfigError, NeurochipError

__all__ = ["BenchDocument", "BenchProgress", "run_bench"]


class BenchProgress(NamedTuple):
    """How far a table is.

    Attributes
    ----------
    done, total
        Rows.
    doing
        The family that is being measured.
    row
        What has just been measured; `None` when a family begins.
    """

    done: int
    total: int
    doing: str
    row: RowTable | None


def run_bench(
    names: Iterable[str] = (),
    *,
    form: Form = "full",
    rounds: int | None = None,
    tools: Mapping[str, str] | None = None,
    more: Sequence[Family] = (),
    out: Path | None = None,
    resume: Path | None = None,
    on_progress: Callable[[BenchProgress], None] | None = None,
) -> BenchDocument:
    """Measure rows of the benchmark table on this machine.

    Parameters
    ----------
    names
        Of rows and families; without any, all rows of the form.
    form
        ``quick`` takes about two minutes on two cores, other tools left out; ``tiny`` proves that rows work.
    rounds
        How often variants are timed in turn.
    tools
        Other tool → Python of the environment that it is installed in. Tools of this Python are found by themselves.
    more
        Families of other packages, e.g. the controller's.
    out
        A file that holds the document after every row, so that what was measured outlives an interruption.
    resume
        Such a file: the rows that are missing in it are measured, as they were asked for. A complete one is returned.
    on_progress
        Told when a family begins and of every row.

    Raises
    ------
    ConfigError
        A name that there is not, a tool's path that is no program.
    CheckpointError
        A file to go on with that is damaged, or was begun on another machine or with other versions.
    Interrupted
        On SIGINT: what was measured stands in the file.
    """
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable("bench", asks=False))
        file = resume if resume is not None else out
        if file is not None:
            stack.enter_context(hold_file(file, "bench"))
        before = None if resume is None else read_document(resume)
        if before is not None:
            stop.folder = file
            names, rounds = before["asked_for"]["names"], before["asked_for"]["rounds"]
            form, tools = cast(Form, before["form"]), before["tools"]
            if before["complete"]:
                return before
        return _run(names, form, rounds, tools, more, file, before, stop, on_progress)


def _run(
    names: Iterable[str],
    form: Form,
    rounds: int | None,
    tools: Mapping[str, str] | None,
    more: Sequence[Family],
    out: Path | None,
    begun: BenchDocument | None,
    stop: Asked,
    on_progress: Callable[[BenchProgress], None] | None,
) -> BenchDocument:
    names = list(names)
    if rounds is not None and rounds < 1:
        raise ConfigError("rounds", f"must be ≥ 1, got {rounds}")
    plan = chosen((*families(), *more), names, quick=form == "quick")
    effort = Effort(form, rounds, pythons(tools or {}))
    head = machine()
    began, before = time.perf_counter(), usage()
    earlier = 0.0 if begun is None else begun["seconds"]
    if begun is not None:
        _check_machine(begun, head)
    document = begun or BenchDocument(
        format=FORMAT,
        checksum="",
        asked_for={"names": names, "rounds": rounds},
        started=moment(),
        seconds=0.0,
        complete=False,
        form=form,
        machine=head,
        tools=dict(effort.pythons),
        others_share=None,
        warnings=busy(head),
        rows=[],
    )
    if out is not None:
        write_document(document, out)  # a file that cannot be written is found now
        stop.folder = out
    measured = {row["name"] for row in document["rows"]}
    share = document["others_share"]
    total = sum(len(rows) for _, rows in plan)
    tell = on_progress if on_progress is not None else lambda progress: None

    def note(row: RowTable) -> None:
        document["rows"].append(row)
        document["seconds"] = earlier + time.perf_counter() - began
        document["others_share"] = _larger(share, others_share(before, usage()))
        if out is not None:
            write_document(document, out)
        tell(BenchProgress(len(document["rows"]), total, row["family"], row))

    for family, rows in plan:
        left = tuple(row for row in rows if row.name not in measured)
        if left:
            tell(BenchProgress(len(document["rows"]), total, family.name, None))
            _measure(family, left, effort, note)
    order = [row.name for _, rows in plan for row in rows]
    document["rows"].sort(key=lambda row: order.index(row["name"]))
    if (late := too_busy(document["others_share"])) is not None:
        document["warnings"].append(late)
    document["complete"] = True
    document["seconds"] = earlier + time.perf_counter() - began
    if out is not None:
        write_document(document, out)
    return document


def _check_machine(begun: BenchDocument, now: Mapping[str, object]) -> None:
    """Refuse to put figures of two machines, or of two versions, into one table."""
    for name in ("processor", "cores", "memory_bytes", "versions", "environment"):
        if begun["machine"].get(name) != now[name]:
            raise CheckpointError(
                f"machine.{name}",
                f"was {begun['machine'].get(name)}, and is {now[name]} here; measure anew, in another file",
            )


def _larger(first: float | None, second: float | None) -> float | None:
    known = [share for share in (first, second) if share is not None]
    return max(known, default=None)


def _measure(family: Family, rows: Sequence[Row], effort: Effort, note: Callable[[RowTable], None]) -> None:
    """Measure a family; what cannot be measured costs its own rows, and is said."""
    waiting = {row.name: row for row in rows}
    try:
        for found in family.measure(effort, frozenset(waiting)):
            row = waiting.pop(found.row)
            try:
                note(row_table(family.name, row, found))
            except NeurochipError as error:
                note(row_table(family.name, row, Missing(row.name, str(error))))
    except NeurochipError as error:
        for name, row in waiting.items():
            note(row_table(family.name, row, Missing(name, str(error))))
        return
    if waiting:
        raise RuntimeError(f"{family.name} did not measure {', '.join(waiting)}")
