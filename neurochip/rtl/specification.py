"""A chip specification of a synthesised core: cycles of its Verilog, energies of its cells, memories by their size."""

from __future__ import annotations

import math
from pathlib import Path

from neurochip.description.toml_writer import inline
from neurochip.durable.atomic import replacing
from neurochip.errors import ConfigError, OutputError
from neurochip.rtl.chip_time import PER_SAMPLE, PER_WEIGHT
from neurochip.rtl.core_text import FILL, INPUT_FILL, LEAST_ACCESSES
from neurochip.rtl.synthesise import Synthesis

__all__ = ["chip_specification", "write_specification"]

# SRAM: Horowitz's 64-bit accesses cost 10 pJ of 8 KB and 20 pJ of 32 KB, the root of the size.
_SRAM_J, _SRAM_BITS = 0.15625e-12, 65536
_SRAM = "SRAM at 0.15625 pJ/bit x sqrt(size / 8 KiB), the root through Horowitz's 8 and 32 KB (ISSCC 2014)"


def _sram_j(bits: int) -> float:
    """Return joules of one bit read from or written to a memory of so many bits."""
    return _SRAM_J * math.sqrt(bits / _SRAM_BITS)


def chip_specification(made: Synthesis, name: str, *, node: str) -> str:
    """Return a chip specification, as TOML, whose cores are the synthesised one.

    Raises
    ------
    ConfigError
        For a core that was synthesised without a liberty file: it has no energies.
    """
    cells, energies, given = made.cells, made.energies, made.parameters
    if cells is None or energies is None or cells.delay_s is None:
        raise ConfigError("liberty", "is missing; a specification needs the energies of cells")
    size = {key: words * bits for key, (words, bits) in cells.memory_bits.items()}
    state, total = cells.memory_bits["states"][1], given["SUM_BITS"]
    axon = given["AXONS"].bit_length()
    weight, bias = given["WEIGHT_BITS"], 1 + given["BIAS_WHOLE"] + given["BIAS_FRACTION"]
    pair = _sram_j(size["engine.axon_pairs"]) * cells.memory_bits["engine.axon_pairs"][1]
    sums = 2 * total * _sram_j(size["sums"])
    word = weight * given["LANES"] * _sram_j(size["weights"])
    synaptic = energies.synaptic_op_j + weight * _sram_j(size["weights"]) + sums
    update = (
        energies.neuron_update_j + 2 * state * _sram_j(size["states"]) + bias * _sram_j(size["biases"]) + sums
    )
    how = f"synthesised: {energies.library} at {energies.voltage_v:g} V, no wires, no clock tree; {cells.commands[0]}"
    logic = (
        "neurochip chips synthesise: changes of nets x capacitances and internal energies of the liberty file"
    )

    def entry(event: str, value: float, what: str, unit: str = "J", evidence: str = "") -> list[str]:
        return [
            "",
            f"[energies.{event}]",
            f'value = "{value:.4g} {unit}"',
            'scope = "per-event"',
            f"evidence = {inline(evidence or 'pre-silicon, synthesised')}",
            f"node = {inline(node)}",
            f'voltage = "{energies.voltage_v:g} V"',
            f"source = {inline(what)}",
        ]

    def parts(logic_j: float, memory: str) -> str:
        return f"{logic}, {logic_j * 1e12:.3g} pJ; {memory}; {_SRAM}"

    lines = [
        f"name = {inline(name)}",
        'about = "cores of exported Verilog as yosys synthesised them: '
        f'{given["NEURONS"]} neurons, {given["AXONS"]} axons"',
        'neuron_energy = "published"',
        'note = "Energies hold for the core that was synthesised: its formats, its annealer, its lanes. Inputs '
        'cost what neurons do."',
        "",
        "[mesh]",
        "width = 8",
        "height = 8",
        "cores_per_tile = 1",
        'source = "design choice"',
        'evidence = "architecture"',
        "",
        "[core]",
        f"neurons = {max(given['NEURONS'], 2)}",
        f"synapse_memory = {size['weights']}",
        f"input_axons = {given['AXONS']}",
        "output_axons = 4096",
        f"neuron_state_memory = {size['states']}",
        'source = "parameters of the exported core"',
        'evidence = "architecture"',
        "",
        "[weights]",
        f"min_bits = {given['WEIGHT_BITS']}",
        f"max_bits = {given['WEIGHT_BITS']}",
        'source = "parameters of the exported core"',
        'evidence = "architecture"',
        "",
        "[packet]",
        "header_bits = 8",
        'routing = "unicast"',
        'source = "design choice"',
        'evidence = "architecture"',
        "",
        "[timing]",
        f'clock = {{ value = "{1e-6 / cells.delay_s:.0f} MHz", source = {inline(how)}, '
        'evidence = "pre-silicon, synthesised" }',
        f"sops_per_cycle = {given['LANES']}",
        "engines = 1",
        f"weights_per_access = {given['LANES']}",
        f"least_accesses = {LEAST_ACCESSES}",
        f"fill_cycles = {FILL}",
        f"clamped_fill_cycles = {INPUT_FILL}",
        "outbox = true",
        "cycles_per_neuron_update = 1",
        "cycles_per_packet_in = 0",
        "cycles_per_packet_out = 0",
        "cycles_per_spike_out = 0",
        "router_cycles = 2",
        "link_cycles_ew = 1",
        "link_cycles_ns = 1",
        "fifo_depth = 4",
        "barrier_cycles = 0",
        f"cycles_per_weight_accumulation = {PER_SAMPLE}",
        f"cycles_per_weight_write = {PER_WEIGHT}",
        "cycles_per_host_word = 1",
        'source = "cycles of the Verilog (docs/rtl.md); routers, links and the host are a design choice"',
        'evidence = "architecture"',
        *entry("synaptic_op", synaptic, 
               parts(energies.synaptic_op_j, f"{weight} bits of weight, a sum read and written")),
        *(
            line
            for event in ("neuron_update_active", "neuron_update_inactive", "clamped_update")
            for line in entry(
                event, update, parts(energies.neuron_update_j, f"{state} bits of state read and written, bias and sum")
            )
        ),
        *entry("weight_accumulation", energies.accumulation_j + 2 * pair,
               parts(energies.accumulation_j, "two pairs of values read")),
        *entry("weight_write", energies.weight_write_j + 2 * word,
               parts(energies.weight_write_j, "a word of weights read and written")),
        *entry("core_static", energies.leakage_w,
               f"leakage of the cells, {energies.library} at {energies.voltage_v:g} V, without memories", "W"),
        *entry("readout_word", 32 * _sram_j(size["states"]), f"32 bits of state; {_SRAM}; without the way out",
               evidence="estimated"),
        *entry("host_word_in", 32 * _sram_j(size["states"]), f"32 bits of state; {_SRAM}; without the way in",
               evidence="estimated"),
        *entry("packet_out", 2 * axon * _sram_j(2 * given["AXONS"] * axon),
               f"a spike written to a list and read from it; {_SRAM}", evidence="estimated"),
        *entry("link_bit", 0.15e-12, "as cmos45: half C V^2 of 1.9 mm of wire, and router and buffer; not synthesised",
               "J/bit", evidence="estimated"),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def write_specification(text: str, path: Path) -> None:
    """Write a specification as a new file.

    Raises
    ------
    OutputError
        When there is such a file.
    """
    if path.exists():
        raise OutputError(str(path), "exists already; choose another file or remove it")
    with replacing(path) as file:
        file.write(text.encode())
