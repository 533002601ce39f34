"""Rounds, one after the other: limits are sought in them, with more dies where they are not known well enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from neurochip.sweep.adaptive import next_requests
from neurochip.sweep.beforehand import ASK_FROM
from neurochip.sweep.document import document
from neurochip.sweep.plan import Planner, Task
from neurochip.sweep.precision import dies_needed
from neurochip.sweep.progress import Tally
from neurochip.sweep.rows import Finished
from neurochip.sweep.store import Store

__all__ = ["follow", "known", "seek"]


def seek(
    planner: Planner,
    store: Store,
    tally: Tally,
    work_on: Callable[[Iterable[Task], Tally], Tally],
    say: Callable[[str], None],
    reserve: Mapping[str, Finished],
) -> tuple[Planner, Tally]:
    """Seek limits in rounds, and with more dies as long as they are not known as precisely as was asked for.

    Parameters
    ----------
    planner
        Of the sweep, whose first tasks are done.
    tally
        What was done so far.
    work_on
        Carries tasks out, and returns what was done with them and before.
    say
        Told what more dies are for.
    reserve
        Results of another store by digest, which are taken over when a round asks for them.

    Returns
    -------
    Planner, Tally
        Of the sweep with the dies that it ended with, and all that was done.
    """
    while not tally.stopped:
        requests = next_requests(planner.definition, planner.plan, store)
        if requests:
            tasks = list(planner.ask(requests))
            store.take_over(reserve[task.digest] for task in tasks if task.digest in reserve)
            tally = work_on(tasks, tally)
            continue
        planner.plan.is_complete = True
        if planner.definition.precision is None:
            break
        needed, words = dies_needed(planner.definition, document(planner.definition, planner.plan, store))
        if words:
            say(words)
        if needed is None:
            break
        definition = replace(planner.definition, dies=needed)
        if definition.points > ASK_FROM:
            say(
                f"that is more than {ASK_FROM} points: go on with --resume {store.folder} --dies {needed} --yes"
            )
            break
        planner = Planner(definition)
        store.redefine(definition, planner.plan.identity)
        tally = work_on(planner.steps(), tally)
    return planner, tally


def follow(planner: Planner, store: Store, finished: Iterable[Finished]) -> int:
    """Take over the results of rounds, each of which follows from those before, and return how many.

    The plan ends with the first round of which something is missing.
    """
    taken = 0
    reserve = {one.digest: one for one in finished}
    while planner.definition.adaptive and planner.plan.tasks.keys() <= store.done():
        tasks = list(planner.ask(next_requests(planner.definition, planner.plan, store)))
        if not tasks:
            planner.plan.is_complete = True
            break
        found = [reserve[task.digest] for task in tasks if task.digest in reserve]
        store.take_over(found)
        taken += len(found)
    return taken


def known(planner: Planner, store: Store) -> Iterator[Task]:
    """Yield all tasks that are known before anything more is measured: up to the first round that is not stored."""
    done = store.done()
    yield from planner.steps()
    while planner.definition.adaptive and planner.plan.tasks.keys() <= done:
        tasks = list(planner.ask(next_requests(planner.definition, planner.plan, store)))
        if not tasks:
            planner.plan.is_complete = True
            break
        yield from tasks
