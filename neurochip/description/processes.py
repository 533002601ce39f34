"""How much transistors of a process differ: Pelgrom's coefficients, each with its source.

σ(ΔV_T) = A_VT / √(W L) (Pelgrom, Duinmaijer & Welbers, IEEE JSSC 24:1433, 1989). Coefficients are given for a
difference of two transistors by most papers and for one transistor by most model files; here all are for **one**
transistor, and ``as_published`` says what the source has.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["PROCESSES", "Process", "process_named"]


@dataclass(frozen=True, slots=True)
class Process:
    """Mismatch of one kind of transistor.

    Attributes
    ----------
    a_vt
        A_VT of one transistor, mV·µm.
    a_beta
        A_β of one transistor, %·µm; 0 where the source gives none.
    as_published
        The figure and convention of the source.
    source
        Where it stands.
    evidence
        ``model file`` of the foundry, or ``rule of thumb``.
    """

    a_vt: float
    a_beta: float
    as_published: str
    source: str
    evidence: str


_THUMB = (
    "rule of thumb, about 1 mV·µm per nm of gate oxide (after Pelgrom 1989 and Kinget, IEEE JSSC 40:1212, 2005); "
    "not a figure of a foundry"
)

PROCESSES: dict[str, Process] = {
    "sky130": Process(
        3.356,
        0.0,
        "vth0_slope 3.356e-3 V·µm for each device; oxide and V_off mismatch of the file are left out",
        "SkyWater SKY130 PDK, cells/nfet_01v8/sky130_fd_pr__nfet_01v8__mismatch.corner.spice",
        "model file",
    ),
    "ihp-sg13g2": Process(
        3.9,
        0.5,
        "3.9 mV·µm and 0.5 %·µm for each device, low-voltage nMOS",
        "IHP Open PDK SG13G2, sg13g2_moslv_mismatch.lib",
        "model file",
    ),
    "ihp-sg13g2-pmos": Process(
        2.2,
        0.33,
        "2.2 mV·µm and 0.33 %·µm for each device, low-voltage pMOS",
        "IHP Open PDK SG13G2, sg13g2_moslv_mismatch.lib",
        "model file",
    ),
    "gf180": Process(
        7.148 * 0.7071,
        0.70 * 0.7071,
        "7.148 mV·µm and 0.70 %·µm for a pair, × 0.7071 for one device as the file has it, nfet_03v3",
        "GlobalFoundries GF180MCU PDK, sm141064.ngspice, section fets_mm",
        "model file",
    ),
    "180nm": Process(4.5, 1.0, "4 to 5 mV·µm, 1 to 2 %·µm", _THUMB, "rule of thumb"),
    "65nm": Process(3.5, 1.0, "3 to 3.5 mV·µm, 1 to 2 %·µm", _THUMB, "rule of thumb"),
    "28nm": Process(2.0, 1.0, "1.5 to 2 mV·µm, 1 to 2 %·µm", _THUMB, "rule of thumb"),
}


def process_named(name: str, place: str) -> Process:
    """Return a process of the table, or refuse the name with those that there are."""
    if name not in PROCESSES:
        hint = did_you_mean(name, list(PROCESSES))
        raise ConfigError(place, f'no process "{name}" in the table ({", ".join(PROCESSES)}){hint}')
    return PROCESSES[name]
