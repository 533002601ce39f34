"""Cells of transistors: wide-swing mirrors, tails, pairs and the stage that turns two currents into one.

Everything is below or near threshold, and whatever has to be a current source is cascoded, so that a cell is what its
law says and not what its outputs do to it: of a single transistor of 4 µm a tenth of a volt takes some 2 to 5 % of the
current. A pair steers its tail between two lines; the lines are mirrored to one output, the second by way of ground.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat

from neurochip.analog.extraction.request import Request
from neurochip.description.die.cell_library import Cell

__all__ = ["Cells", "Place", "placing"]

_SOURCE_V = 0.15  # of a cascode, so that the transistor below it is saturated
_GATE_V = 0.4  # of a transistor near threshold, to begin with
_BIASES = 4.0  # full-scale currents: the cascodes' gates are those of a current as large as most

Place = Callable[
    [str, str, str, str], str
]  # (name, terminals d g s b, kind, what differs) → line of an instance


def placing(asked: Request, synapse: Cell, pairs: Mapping[str, Cell]) -> Place:
    """Return what writes transistors of the user's models, of the gate of ``synapse`` or of one of ``pairs``."""

    def place(name: str, terminals: str, kind: str, differing: str) -> str:
        model = (asked.pmos or "") if kind == "p" else asked.nmos
        return asked.instance(name, terminals, model, pairs.get(kind, synapse), differing)

    return place


class Cells:
    """Lines of a netlist, cell by cell.

    Parameters
    ----------
    place
        Writes a transistor; kinds are ``n`` and ``p`` of mirrors, tails and loads, and any name of a pair's gate.
    differing
        What differs of each transistor in turn; nothing by default.
    """

    def __init__(self, place: Place, differing: Iterator[str] | None = None) -> None:
        self.lines: list[str] = []
        self.guesses: dict[str, float] = {}  # node → about where it will be, V
        self._supply = self._rest = 0.0
        self._place, self._differing = place, repeat("") if differing is None else differing

    def transistor(self, name: str, terminals: str, kind: str) -> None:
        """Place one; ``terminals`` are d g s b."""
        self.lines.append(self._place(name, terminals, kind, next(self._differing)))

    def biases(self, supply: float, rest: float, current: float) -> None:
        """Place the supply, the voltage that stands for 0, and the gates of all cascodes, for a full-scale current."""
        self._supply, self._rest = supply, rest
        self._guess({"vdd": supply, "rest": rest, "bn0": _SOURCE_V, "bp0": supply - _SOURCE_V})
        self._guess({"vbn": _SOURCE_V + _GATE_V, "vbp": supply - _SOURCE_V - _GATE_V})
        self.lines += [
            f"Vdd vdd 0 {supply:.9g}",
            f"Vrest rest 0 {rest:.9g}",
            f"Vbn bn0 0 {_SOURCE_V:g}",
            f"Vbp vdd bp0 {_SOURCE_V:g}",
            f"Ibn vdd vbn {_BIASES * current:.9g}",
            f"Ibp vbp 0 {_BIASES * current:.9g}",
            self._place("bn", "vbn vbn bn0 0", "n", ""),
            self._place("bp", "vbp vbp bp0 vdd", "p", ""),
        ]

    def _guess(self, volts: Mapping[str, float]) -> None:
        self.guesses |= {node: round(at, 3) for node, at in volts.items()}

    def _guess_mirror(self, gate: str, source: str, kind: str) -> None:
        at, above = (
            (_GATE_V, _SOURCE_V) if kind == "n" else (self._supply - _GATE_V, self._supply - _SOURCE_V)
        )
        self._guess({gate: at, source: above})

    def reference(self, name: str, line: str, kind: str = "n") -> None:
        """Place the input of a mirror: its gate and the drain of its cascode are ``line``."""
        rail, cascode = ("0", "vbn") if kind == "n" else ("vdd", "vbp")
        self._guess_mirror(line, f"{name}rx", kind)
        self.transistor(f"{name}r", f"{name}rx {line} {rail} {rail}", kind)
        self.transistor(f"{name}rc", f"{line} {cascode} {name}rx {rail}", kind)

    def output(self, name: str, line: str, into: str, kind: str = "n") -> None:
        """Place the output of a mirror of gate ``line``."""
        rail, cascode = ("0", "vbn") if kind == "n" else ("vdd", "vbp")
        self._guess_mirror(line, f"{name}ox", kind)
        self.transistor(f"{name}o", f"{name}ox {line} {rail} {rail}", kind)
        self.transistor(f"{name}oc", f"{into} {cascode} {name}ox {rail}", kind)

    def tail(self, name: str, current: float, into: str, *, shift: float = 0.0, factor: float = 1.0) -> None:
        """Place a current that a reference programs: ``into`` loses it.

        Parameters
        ----------
        current
            A.
        shift
            By how much the threshold of the output lies below that of the reference, V: a source in its gate.
        factor
            Its β over that of the reference: a source that adds the rest of the current.
        """
        gate = f"{name}g"
        self.lines.append(f"I{name} vdd {gate} {current:.9g}")
        self.reference(name, gate)
        if shift:
            self._guess({f"{name}t": _GATE_V})
            self.lines.append(f"Vt{name} {name}t {gate} {shift:.9g}")
        if factor == 1:
            self.output(name, f"{name}t" if shift else gate, into)
            return
        self._guess({f"{name}s": self._rest - _GATE_V})
        self.lines += [f"Vs{name} {into} {name}s 0", f"F{name} {into} 0 Vs{name} {factor - 1:.9g}"]
        self.output(name, f"{name}t" if shift else gate, f"{name}s")

    def pair(
        self, name: str, gates: tuple[str, str], lines: tuple[str, str], kind: str, factor: float = 1.0
    ) -> str:
        """Place a pair, and return the node that its tail has to draw from.

        ``factor`` multiplies what it takes from its lines: of mirrors between the two.
        """
        source = f"{name}q"
        self._guess({source: self._rest - _GATE_V})
        for which, gate, line in zip("ab", gates, lines, strict=True):
            drain = line
            if factor != 1:
                drain = f"{name}{which}s"
                self._guess({drain: self._supply - _GATE_V})
                self.lines += [
                    f"Vs{name}{which} {line} {drain} 0",
                    f"F{name}{which} {line} 0 Vs{name}{which} {factor - 1:.9g}",
                ]
            self.transistor(f"{name}{which}", f"{drain} {gate} {source} 0", kind)
        return source

    def stage(self, name: str, lines: tuple[str, str], output: str) -> None:
        """Place what sends the difference of the currents that two lines lose: the first is sourced, the other sunk."""
        more, less = lines
        for which, line, into in (("u", more, output), ("d", less, f"{name}k")):
            self.reference(f"{name}{which}", line, "p")
            self.output(f"{name}{which}", line, into, "p")
        self.reference(f"{name}k", f"{name}k")
        self.output(f"{name}k", f"{name}k", output)
