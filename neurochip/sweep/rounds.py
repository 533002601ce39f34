"""Rounds, one after the other: limits are sought in them, with more dies where they are not known well enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from neurochip.sweep.adaptive import next_requests
from neurochip.sweep.beforehand import ASK_FROM
from neurochip.sweep.document import document
from neurochip.sweep.plan import Planner, Task
from neurochip.sweep.precision import dies_needed
from neurochip.sweep.progress import Tally
from neurochip.sweep.store import Finished, Store

__all__ = ["follow", "seek"]


def seek(
    planner: Planner,
    store: Store,
    tally: Tally,
    work_on: Callable[[Iterable[Task], Tally], Tally],
    say: Callable[[str], None],
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

    Returns
    -------
    Planner, Tally
        Of the sweep with the dies that it ended with, and all that was done.
    """
    while not tally.stopped:
        requests = next_requests(planner.definition, planner.plan, store)
        if requests:
            tally = work_on(planner.ask(requests), tally)
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
    """Take over the results of rounds, each of which follows from those before, and return how many."""
    taken = 0
    stored = {one.digest: one for one in finished}
    while planner.definition.adaptive:
        tasks = list(planner.ask(next_requests(planner.definition, planner.plan, store)))
        found = [stored[task.digest] for task in tasks if task.digest in stored]
        store.take_over(found)
        taken += len(found)
        planner.plan.is_complete = not tasks
        if len(found) < len(tasks) or not tasks:
            break
    return taken
