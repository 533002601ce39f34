"""The phase machine: which instruction is legal in which state, as a table."""

from __future__ import annotations

import enum

from firmware_sim.codes import Code, Refusal
from neurochip.substrate import Phase

__all__ = ["ENTERED_BY", "MOVES", "State", "moved"]


class State(enum.IntEnum):
    """Where a presentation stands."""

    RESET = 0  # no weights yet
    LOADED = 1  # weights, nothing presented
    BEGUN = 2  # inputs presented, all samples at rest or where a snapshot put them
    FREE = 3
    NUDGED = 4
    NUDGED_NEGATIVE = 5
    EVALUATION = 6


ENTERED_BY: dict[Phase, State] = {
    Phase.FREE: State.FREE,
    Phase.NUDGED: State.NUDGED,
    Phase.NUDGED_NEGATIVE: State.NUDGED_NEGATIVE,
    Phase.EVALUATION: State.EVALUATION,
}

_ANY = frozenset(State)
_HAS_WEIGHTS = _ANY - {State.RESET}
_PRESENTED = _HAS_WEIGHTS - {State.LOADED}

# Instruction, or the phase that a run enters → the states in which it is legal. A nudged phase is left by going
# back (restore) or by new presentations (begin): a free phase that comes after it would start from a pulled state.
MOVES: dict[str, frozenset[State]] = {
    "load": _ANY,
    "counters": _ANY,
    "count": _ANY,
    "rule": _ANY,
    "dump": _HAS_WEIGHTS,
    "write": _HAS_WEIGHTS,
    "begin": _HAS_WEIGHTS,
    "targets": _PRESENTED,
    "notargets": _PRESENTED,
    "nudge": _PRESENTED,
    "snapshot": _PRESENTED,
    "restore": _PRESENTED,
    "push": _PRESENTED,
    "pull": _PRESENTED,
    "observe": _PRESENTED,
    "mark": _PRESENTED,
    "read": _PRESENTED,
    "readout": _PRESENTED,
    "update": _PRESENTED - {State.BEGUN, State.EVALUATION},
    "run free": frozenset({State.BEGUN, State.FREE}),
    "run nudged": frozenset({State.BEGUN, State.FREE, State.NUDGED}),
    "run nudged_negative": frozenset({State.BEGUN, State.FREE, State.NUDGED_NEGATIVE}),
    "run evaluation": frozenset({State.BEGUN, State.EVALUATION}),
}


def moved(state: State, action: str) -> State:
    """Return the state after an action.

    Raises
    ------
    Refusal
        When the machine does not allow it in this state.
    """
    allowed = MOVES.get(action)
    if allowed is None:  # flow of control, legal everywhere
        return state
    if state not in allowed:
        legal = ", ".join(s.name.lower() for s in State if s in allowed)
        raise Refusal(
            Code.ILLEGAL_MOVE, f"{action} is not legal in state {state.name.lower()}, only in {legal}"
        )
    if action == "load":
        return State.LOADED
    if action == "begin":
        return State.BEGUN
    if action.startswith("run "):
        return ENTERED_BY[Phase(action.removeprefix("run "))]
    return state
