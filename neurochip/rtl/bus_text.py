"""bus.v: an exported chip behind registers on a bus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neurochip.compile import ChipImage
from neurochip.errors import CapabilityError
from neurochip.rtl.bus_map import COMMANDS, LOAD, MAGIC, REGISTERS, BusFault, Command, address_of
from neurochip.rtl.core_text import CoreText, InputText, load_bits

__all__ = ["bus_text"]

# What a register keeps: its name in Verilog and its bits; the rest is worked out.
_KEPT = {
    "SELECT": ("select", 16),
    "AT": ("at", 32),
    "WORD": ("word", 32),
    "ACTIVITY": ("activity", 32),
    "MOVED": ("moved", 32),
    "TICK": ("tick", 32),
    "NUDGE": ("nudge", 16),
    "LEARN": ("how", 32),
    "FIRST": ("first", 32),
    "AXONS": ("axons", 32),
}
# Commands that are a pulse on a wire of the chip.
_PULSES = {
    Command.FORGET: "forget",
    Command.INPUT: "input_write",
    Command.KEY: "key_write",
    Command.TARGET: "target_write",
    Command.AXON: "axon_write",
    Command.NEURON: "neuron_write",
    Command.TICK: "go",
    Command.LEARN: "learn",
    Command.LOAD_WEIGHTS: "load_weights",
    Command.LOAD_BIAS: "load_bias",
}


def bus_text(image: ChipImage, cores: Sequence[CoreText], inputs: Sequence[InputText], *, lanes: int) -> str:
    """Return bus.v: one access after the other, each acknowledged two cycles later.

    Raises
    ------
    CapabilityError
        For a chip in floating point.
    """
    if image.numbers is None:
        raise CapabilityError("numbers.state", "is not given: only integer cores have a Verilog form")
    return "\n".join([*_lines(image, cores, inputs, lanes, image.numbers.state.fraction), ""])


def _lines(
    image: ChipImage, cores: Sequence[CoreText], inputs: Sequence[InputText], lanes: int, fraction: int
) -> Iterator[str]:
    n, m, load = len(cores), len(inputs), load_bits(image, lanes)
    words, value = -(-load // 32), fraction + 1
    pulses = ", ".join([*_PULSES.values(), "turn"])
    yield "// The chip of chip.v behind registers of 32 bits, by byte offset:"
    for register in REGISTERS:
        yield f"//   {register.offset:#04x} {register.name:12} {register.access:4} {register.doc.replace('β', 'beta')}"
    loaded = f"{words} words, low one first: what memories are loaded with, or what was peeked at"
    yield f"//   {LOAD:#04x} {'LOAD':12} RW   {loaded}"
    yield "// COMMAND, with bit 8: AT counts up behind it:"
    for command, doc in COMMANDS.items():
        yield f"//   {command:2d} {command.name:12} {doc.replace('·', '*')}"
    yield "`default_nettype none"
    yield "module bus ("
    yield "    input wire clk, reset,"
    yield "    input wire valid, writes,  // an access, held until it is acknowledged"
    yield "    input wire [15:0] address,"
    yield "    input wire [31:0] given,"
    yield "    output reg ack,"
    yield "    output reg [31:0] taken"
    yield ");"
    for name, bits in _KEPT.values():
        yield f"  reg [{bits - 1}:0] {name};"
    yield f"  reg {pulses};"
    yield f"  reg [{load - 1}:0] load_word;"
    yield f"  reg [{len(BusFault) - 1}:0] faults;"
    yield "  reg ticking, learning, peeks, peeks_bias, peeked, peeked_bias, looked, counts;"
    yield "  reg [31:0] waited, cycles;"
    yield f"  wire [{n + m - 1}:0] updated, fired, done;"
    yield f"  wire [{n - 1}:0] learned;"
    yield "  wire idle;"
    yield f"  wire [{32 * (n + m) - 1}:0] neuron;"
    yield f"  wire [{32 * n - 1}:0] value;"
    yield f"  wire [{load - 1}:0] held;"
    yield f"  reg [{n + m - 1}:0] over;"
    yield f"  wire [{n + m - 1}:0] over_now = over | done;"
    yield "  wire busy = ticking || learning || go || learn || turn;"
    yield "  chip dut ("
    yield "      .clk(clk), .reset(reset), .load_weights(load_weights), .load_bias(load_bias), .load_word(load_word),"
    yield "      .peek(peeks || peeks_bias), .peek_bias(peeked_bias), .held(held), .go(go), .turn(turn),"
    yield "      .forget(forget), .tick(tick), .nudge(nudge), .input_write(input_write), .select(select), .at(at),"
    yield "      .word(word), .key_write(key_write), .target_write(target_write), .axon_write(axon_write),"
    yield f"      .neuron_write(neuron_write), .activity(activity[{fraction + 1}:0]), .moved(moved[{fraction + 1}:0]),"
    yield "      .learn(learn), .learn_what(how[1:0]), .learn_first(first), .learn_axons(axons),"
    yield "      .learn_right(how[13:8]), .learn_left(how[21:16]), .learn_minus(how[24]), .updated(updated),"
    yield "      .neuron(neuron), .fired(fired), .value(value), .done(done), .learned(learned), .arrives(), .came(),"
    yield "      .idle(idle)"
    yield "  );"
    yield ""
    yield "  // What each neuron did last, and the cycles of each core."
    yield f"  reg [31:0] cycles_of[0:{n + m - 1}];"
    yield "  reg [31:0] state;"
    seen = []
    senders: list[CoreText | InputText] = [*cores, *inputs]
    for core in senders:
        c, wide = core.number, max(1, (core.size - 1).bit_length())
        bits = value + 1 if c < n else 1
        seen.append((c, bits))
        held = f"{{fired[{c}], value[{32 * c}+:{value}]}}" if c < n else f"fired[{c}]"
        yield f"  reg [{bits - 1}:0] seen{c}[0:{core.size - 1}], found{c};"
        yield "  always @(posedge clk) begin"
        yield f"    if (updated[{c}] && !reset) seen{c}[neuron[{32 * c}+:{wide}]] <= {held};"
        yield f"    found{c} <= seen{c}[at[{wide - 1}:0]];"
        yield "  end"
    yield "  always @* begin"
    yield "    state = 32'd0;"
    yield "    case (select)"
    for c, bits in seen:
        wires = (
            f"{{found{c}[{bits - 1}], {32 - bits}'d0, found{c}[{bits - 2}:0]}}"
            if bits > 1
            else f"{{found{c}, 31'd0}}"
        )
        yield f"      16'd{c}: state = {wires};"
    yield "      default: state = 32'd0;"
    yield "    endcase"
    yield "  end"
    yield ""
    yield "  // The bus: an access is seen, what it reads stands still for a cycle, then it is acknowledged."
    yield f"  wire loads = address >= 16'h{LOAD:x} && address < 16'h{LOAD + 4 * words:x} && address[1:0] == 2'd0;"
    yield "  reg known, readable, writable;"
    yield "  always @* begin"
    yield "    {known, readable, writable} = {loads, loads, loads};"
    yield "    case (address)"
    for register in REGISTERS:
        can = {"R": "110", "W": "101"}.get(register.access, "111")
        yield f"      16'h{register.offset:x}: {{known, readable, writable}} = 3'b{can};  // {register.name}"
    yield "      default: ;"
    yield "    endcase"
    yield "  end"
    yield "  integer c;"
    yield "  always @(posedge clk) begin"
    yield f"    {{{pulses}}} <= {len(_PULSES) + 1}'d0;"
    yield "    ack <= 1'b0;"
    yield "    looked <= valid && !looked && !ack;"
    yield "    {peeks, peeks_bias, peeked, peeked_bias} <= {2'b00, peeks || peeks_bias, peeks_bias};"
    yield "    if (counts) at <= at + 32'd1;"
    yield "    counts <= 1'b0;"
    yield "    if (peeked) load_word <= held;"
    yield "    if (reset) begin"
    yield "      {ticking, learning, peeks, peeks_bias, peeked, peeked_bias, looked, counts} <= 8'd0;"
    yield f"      faults <= {len(BusFault)}'d0;"
    yield "      {waited, cycles, select, at} <= 112'd0;"
    yield "    end else if (looked) begin"
    yield "      ack <= 1'b1;"
    yield "      taken <= 32'd0;"
    yield "      if (!known) faults[0] <= 1'b1;"
    yield "      else if (!writes && !readable) faults[1] <= 1'b1;"
    yield "      else if (writes && !writable) faults[2] <= 1'b1;"
    yield f"      else if (writes && busy && address != 16'h{address_of('FAULTS'):x}) faults[3] <= 1'b1;"
    yield "      else if (writes) begin"
    yield f"        if (loads) load_word <= {_piece(load, words)};"
    yield "        case (address)"
    yield f"          16'h{address_of('FAULTS'):x}: faults <= faults & ~given[{len(BusFault) - 1}:0];"
    for name, (kept, bits) in _KEPT.items():
        yield f"          16'h{address_of(name):x}: {kept} <= given[{bits - 1}:0];"
    yield f"          16'h{address_of('COMMAND'):x}: begin"
    yield "            counts <= given[8];"
    yield "            case (given[7:0])"
    for command, wire in _PULSES.items():
        yield f"              8'd{command:d}: {wire} <= 1'b1;  // {command.name}"
    yield f"              8'd{Command.PEEK_WEIGHTS:d}: peeks <= 1'b1;"
    yield f"              8'd{Command.PEEK_BIAS:d}: peeks_bias <= 1'b1;"
    yield "              default: ;"
    yield "            endcase"
    yield "          end"
    yield "          default: ;"
    yield "        endcase"
    yield "      end else begin"
    yield "        if (loads) taken <= shown;"
    yield "        case (address)"
    yield f"          16'h{address_of('MAGIC'):x}: taken <= 32'h{MAGIC:x};"
    yield f"          16'h{address_of('CORES'):x}: taken <= 32'd{m << 16 | n};"
    yield f"          16'h{address_of('STATUS'):x}: taken <= {{31'd0, busy}};"
    yield f"          16'h{address_of('FAULTS'):x}: taken <= {{{32 - len(BusFault)}'d0, faults}};"
    for name, (kept, bits) in _KEPT.items():
        padded = f"{{{32 - bits}'d0, {kept}}}" if bits < 32 else kept
        yield f"          16'h{address_of(name):x}: taken <= {padded};"
    yield f"          16'h{address_of('CYCLES'):x}: taken <= cycles;"
    yield f"          16'h{address_of('CORE_CYCLES'):x}: taken <= cycles_of[select[{(n + m - 1).bit_length() - 1}:0]];"
    yield f"          16'h{address_of('STATE'):x}: begin"
    yield "            taken <= state;"
    yield "            counts <= 1'b1;"
    yield "          end"
    yield "          default: ;"
    yield "        endcase"
    yield "      end"
    yield "    end"
    yield "    if (go) begin"
    yield "      ticking <= !reset;"
    yield "    end"
    yield "    if (go || ticking) begin"
    yield "      waited <= waited + 32'd1;"
    yield f"      for (c = 0; c < {n + m}; c = c + 1) if (done[c] && !over[c]) cycles_of[c] <= waited + 32'd1;"
    yield "      over <= over_now;"
    yield "      if (ticking && &over_now && idle) begin"
    yield "        ticking <= 1'b0;"
    yield "        turn <= 1'b1;"
    yield "        cycles <= waited + 32'd1;"
    yield "      end"
    yield "    end else if (learn || learning) begin"
    yield "      waited <= waited + 32'd1;"
    yield "      learning <= !(|learned) && !reset;"
    yield "      if (|learned) cycles <= waited + 32'd1;"
    yield "    end else begin"
    yield "      waited <= 32'd0;"
    yield f"      over <= {n + m}'d0;"
    yield "    end"
    yield "  end"
    yield f"  wire [{32 * words - 1}:0] whole = {_padded('load_word', load, 32 * words)};"
    at = "31:0" if words == 1 else f"{{address[{1 + (words - 1).bit_length()}:2], 5'd0}}+:32"
    yield f"  wire [31:0] shown = whole[{at}];"
    yield "endmodule"
    yield "`default_nettype wire"


def _padded(name: str, bits: int, wanted: int) -> str:
    return name if bits == wanted else f"{{{wanted - bits}'d0, {name}}}"


def _piece(load: int, words: int) -> str:
    """Return load_word with the word at ``address`` replaced by ``given``."""
    pieces = []
    for k in reversed(range(words)):
        low, high = 32 * k, min(32 * k + 32, load)
        pieces.append(f"(address[6:2] == 5'd{k} ? given[{high - low - 1}:0] : load_word[{high - 1}:{low}])")
    return f"{{{', '.join(pieces)}}}"
