"""How much transistors of a process differ: the coefficients of its mismatch, each with its source.

σ(ΔV_T) = A_VT / √(W L) (Pelgrom, Duinmaijer & Welbers, IEEE JSSC 24:1433, 1989). Coefficients are given for a
difference of two transistors by most papers and for one transistor by most model files; here all are for **one**
transistor, and ``as_published`` says what the source has.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["OWN", "PROCESSES", "SLOPE_FACTOR", "Process", "process_named"]

OWN = "own"  # the name of a process whose coefficients stand in the run
SLOPE_FACTOR = 1.3  # n of a bulk transistor in weak inversion where nothing better is known, 1.2 to 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Mismatch of one kind of transistor.

    Attributes
    ----------
    a_vt
        A_VT of one transistor, mV·µm.
    v_off
        Of the offset of the characteristic below threshold (BSIM4's V_off), drawn beside V_T, mV·µm; it fades as
        the channel is inverted.
    oxide
        Of the thickness of the oxide, as the shift of V_T that it makes, mV·µm.
    a_beta
        A_β of one transistor, %·µm; 0 where the source gives none.
    beta_floor
        Part of σ(β)/β that no area makes smaller, %.
    edge_w, edge_l
        σ of width and length, nm.
    grows_w, grows_l
        Width and length that act, less those drawn, µm.
    slope_factor
        n: below threshold I ∝ exp(V_GS / nU_T).
    i_spec
        Current of a square gate at an inversion coefficient of 1, nA; `None` where it is not known.
    table
        Name of a table of the foundry's card, bin by bin, which stands in place of the law where the current is known.
    as_published
        The figures and convention of the source.
    source
        Where they stand: file and lines.
    evidence
        ``model file`` of the foundry, ``rule of thumb``, or ``own``.
    """

    a_vt: float
    v_off: float = 0.0
    oxide: float = 0.0
    a_beta: float = 0.0
    beta_floor: float = 0.0
    edge_w: float = 0.0
    edge_l: float = 0.0
    grows_w: float = 0.0
    grows_l: float = 0.0
    slope_factor: float = SLOPE_FACTOR
    i_spec: float | None = None
    table: str | None = None
    as_published: str
    source: str
    evidence: str

    def coefficients(self) -> str:
        """Return its figures that are not 0, in words."""
        named = (
            (f"A_VT {self.a_vt:.4g} mV·µm", True),
            (f"V_off {self.v_off:.4g} mV·µm", self.v_off),
            (f"oxide {self.oxide:.3g} mV·µm of V_T", self.oxide),
            (f"A_β {self.a_beta:.3g} %·µm", self.a_beta),
            (f"β {self.beta_floor:.3g} % at any area", self.beta_floor),
            (f"edges {self.edge_w:g} and {self.edge_l:g} nm of W and L", self.edge_w or self.edge_l),
            (f"n {self.slope_factor:.3g}", True),
        )
        return ", ".join(words for words, there in named if there)


_THUMB = (
    "rule of thumb, about 1 mV·µm per nm of gate oxide (after Pelgrom 1989 and Kinget, IEEE JSSC 40:1212, 2005); "
    "not a figure of a foundry"
)
_SKY130 = "SkyWater SKY130 PDK, github.com/google/skywater-pdk-libs-sky130_fd_pr at f62031a, cells/"
_IHP = (
    "IHP Open PDK SG13G2, github.com/IHP-GmbH/IHP-Open-PDK, ihp-sg13g2/libs.tech/ngspice/models/"
    "sg13g2_moslv_mismatch.lib, lines {}; used in sg13g2_moslv_mod_mismatch.lib, subcircuit sg13_lv_{}"
)
_GF180 = (
    "GlobalFoundries GF180MCU PDK, github.com/google/globalfoundries-pdk-libs-gf180mcu_fd_pr at 9f992d5, "
    "models/ngspice/sm141064.ngspice, section fets_mm, lines {}; n and I_spec fitted to gm/I of its card"
)
_GF180_WORDS = (
    "{} mV·µm{} for a pair, × 0.7071 for one device, over the area that acts; of {}, whose "
    "subcircuit draws the part of β and leaves it unused"
)
_PAIR = 0.7071  # as that file has it

PROCESSES: dict[str, Process] = {
    "sky130": Process(
        a_vt=3.356,
        v_off=7.0,
        oxide=1.58,
        slope_factor=1.46,
        i_spec=400.0,
        table="sky130-nfet-01v8",
        as_published="vth0_slope 3.356e-3 (7.356e-3 in the bins L 4–8 µm with W from 7 and below 0.52 µm), voff_slope "
        "7e-3 V·µm and toxe_slope 3.443e-3 µm for each nfet_01v8",
        source=f"{_SKY130}nfet_01v8/sky130_fd_pr__nfet_01v8__mismatch.corner.spice, lines 16–22; n and I_spec "
        "fitted to gm/I of its card, …__tt.pm3.spice, where no table stands in their place",
        evidence="model file",
    ),
    "sky130-pfet": Process(
        a_vt=8.856,
        v_off=15.0,
        oxide=1.7,
        slope_factor=1.42,
        i_spec=110.0,
        table="sky130-pfet-01v8",
        as_published="vth0_slope 8.856e-3, voff_slope 15e-3 V·µm, toxe_slope 4.443e-3 µm and nfactor_slope 0.1 for "
        "each pfet_01v8, larger in some bins; of the file for circuits below threshold",
        source=f"{_SKY130}pfet_01v8/sky130_fd_pr__pfet_01v8__subvt_mismatch.corner.spice, lines 16–29; n and I_spec "
        "fitted to gm/I of its card, …__tt.pm3.spice, where no table stands in their place",
        evidence="model file",
    ),
    "ihp-sg13g2": Process(
        a_vt=3.9,
        beta_floor=0.5,
        edge_w=4.0,
        edge_l=2.0,
        as_published="delvto 3.9 mV·µm, factuo 0.5 % whatever the area, dw 4 nm and dl 2 nm for each device",
        source=_IHP.format("19–22", "nmos"),
        evidence="model file",
    ),
    "ihp-sg13g2-pmos": Process(
        a_vt=2.2,
        beta_floor=0.33,
        edge_w=4.0,
        edge_l=2.0,
        as_published="delvto 2.2 mV·µm, factuo 0.33 % whatever the area, dw 4 nm and dl 2 nm for each device",
        source=_IHP.format("24–27", "pmos"),
        evidence="model file",
    ),
    "gf180": Process(
        a_vt=7.148 * _PAIR,
        a_beta=0.7008 * _PAIR,
        grows_w=0.1,
        grows_l=-0.15,
        slope_factor=1.48,
        i_spec=400.0,
        as_published=_GF180_WORDS.format(7.148, " and 0.7008 %·µm", "nmos_3p3"),
        source=_GF180.format("46984–47007"),
        evidence="model file",
    ),
    "gf180-pmos": Process(
        a_vt=6.66 * _PAIR,
        a_beta=0.2833 * _PAIR,
        grows_w=0.1,
        grows_l=-0.15,
        slope_factor=1.56,
        i_spec=108.0,
        as_published=_GF180_WORDS.format(6.66, " and 0.2833 %·µm", "pmos_3p3"),
        source=_GF180.format("47009–47032"),
        evidence="model file",
    ),
    "gf180-6v": Process(
        a_vt=11.55 * _PAIR,
        grows_w=0.5,
        grows_l=-0.4,
        slope_factor=1.58,
        i_spec=361.0,
        as_published=_GF180_WORDS.format(11.55, ", and 0 for β,", "nmos_6p0"),
        source=_GF180.format("47034–47057"),
        evidence="model file",
    ),
    "gf180-6v-pmos": Process(
        a_vt=10.51 * _PAIR,
        a_beta=0.517 * _PAIR,
        grows_w=0.4,
        grows_l=-0.3,
        slope_factor=1.75,
        i_spec=110.0,
        as_published=_GF180_WORDS.format(10.51, " and 0.517 %·µm", "pmos_6p0"),
        source=_GF180.format("47059–47083"),
        evidence="model file",
    ),
    "180nm": Process(
        a_vt=4.5,
        a_beta=1.0,
        as_published="4 to 5 mV·µm, 1 to 2 %·µm",
        source=_THUMB,
        evidence="rule of thumb",
    ),
    "65nm": Process(
        a_vt=3.5,
        a_beta=1.0,
        as_published="3 to 3.5 mV·µm, 1 to 2 %·µm",
        source=_THUMB,
        evidence="rule of thumb",
    ),
    "28nm": Process(
        a_vt=2.0,
        a_beta=1.0,
        as_published="1.5 to 2 mV·µm, 1 to 2 %·µm",
        source=_THUMB,
        evidence="rule of thumb",
    ),
}


def process_named(name: str, place: str) -> Process:
    """Return a process of the table, or refuse the name with those that there are."""
    if name not in PROCESSES:
        hint = did_you_mean(name, [*PROCESSES, OWN])
        listed = ", ".join(PROCESSES)
        raise ConfigError(place, f'no process "{name}" in the table ({listed}, or {OWN} with a_vt){hint}')
    return PROCESSES[name]
