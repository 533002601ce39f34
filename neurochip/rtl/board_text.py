"""One exported core by itself, behind a bus of few pins: what is placed on an FPGA."""

from __future__ import annotations

from collections.abc import Mapping

from neurochip.rtl.core_text import CoreText

__all__ = ["board_text"]

_HEAD = """// One core by itself, with the lists of the spikes that it hears, behind a bus of {pins} pins: for an FPGA.
// The host shifts bytes into `held`, the last one lowest, and gives a command that reads them:
//   1 load a word of weights   2 load a bias        3 key of the generator   4 what stood at an axon
//   5 what stood at a neuron   6 a spike of source 0  7 a spike of source 1    8 a tick begins
//   9 a tick is over          10 a presentation begins  11 learn             12 a target
`default_nettype none

module board (
    input wire clk, reset,
    input wire shift,
    input wire [7:0] data,
    input wire [3:0] command,
    output reg ready,
    output reg updated, fired,
    output reg [{neuron_top}:0] neuron,
    output reg [{value_top}:0] value
);
  reg [{held_top}:0] held;
  reg [3:0] doing;
  reg [31:0] key;
  wire next;
  always @(posedge clk) begin
    doing <= reset ? 4'd0 : command;
    if (shift) held <= {{held[{shifted_top}:0], data}};
    if (doing == 4'd3) key <= held[31:0];
  end
  wire [31:0] word = held[31:0];
  wire [31:0] at = {{16'd0, held[{at_top}:{at_low}]}};
  wire done, learned, fires, updates;
  wire [{neuron_top}:0] id;
  wire [{value_top}:0] now;
  always @(posedge clk) begin
    {{updated, fired, neuron, value}} <= {{updates, fires, id, now}};
    if (reset || doing == 4'd8 || doing == 4'd11) ready <= 1'b0;
    else if (done || learned) ready <= 1'b1;
  end
"""


def board_text(core: CoreText, given: Mapping[str, object]) -> str:
    """Return board.v: a core with parameters ``given``, one sample a minibatch."""
    numbers = {**given, "SAMPLES": 1}
    word = int(str(given["LANES"])) * int(str(given["WEIGHT_BITS"]))
    bias = 1 + int(str(given["BIAS_WHOLE"])) + int(str(given["BIAS_FRACTION"]))
    activity, value = int(str(given["ACTIVITY_BITS"])), int(str(given["STATE_FRACTION"])) + 1
    low = max(word, bias, 80)
    neuron = max(1, (core.size - 1).bit_length())
    axon = core.axons.bit_length()
    lines = [
        _HEAD.format(
            pins=2 + 1 + 8 + 4 + 3 + neuron + value,
            neuron_top=neuron - 1,
            value_top=value - 1,
            held_top=low + 15,
            shifted_top=low + 7,
            at_low=low,
            at_top=low + 15,
        )
    ]
    for k, source in enumerate(core.sources):
        lines += [
            f"  wire heard{k};",
            f"  wire [{axon - 1}:0] axon{k};",
            f"  spike_list #(.SIZE({source.size}), .A({axon}), .FIRST({source.first})) list{k} (",
            "      .clk(clk), .reset(reset), .turn(doing == 4'd9), .forget(doing == 4'd10), "
            f".write(doing == 4'd{6 + k}),",
            f"      .id(word[{axon - 1}:0]), .next(next{' && !heard0' if k else ''}), .heard(heard{k}), .axon(axon{k})",
            "  );",
        ]
    both = len(core.sources) > 1
    parameters = ", ".join(f".{key}({number})" for key, number in numbers.items())
    lines += [
        f"  core #({parameters}) only (",
        "      .clk(clk), .reset(reset), .load_weights(doing == 4'd1), .load_bias(doing == 4'd2), .load_at(at),",
        f"      .load_word(held[{word - 1}:0]), .load_bias_word(held[{bias - 1}:0]), .peek(1'b0),",
        "      .held_weights(), .held_bias(),",
        f"      .go(doing == 4'd8), .heard(heard0{' || heard1' if both else ''}), "
        f".axon({'heard0 ? axon0 : axon1' if both else 'axon0'}), .next(next),",
        "      .tick(word), .nudge(held[47:32]), .key(key),",
        f"      .target_write(doing == 4'd12), .target_neuron(at[{neuron - 1}:0]), "
        f".target_value(word[{value - 1}:0]),",
        "      .updated(updates), .neuron(id), .fired(fires), .value(now), .done(done),",
        f"      .axon_write(doing == 4'd4), .axon_at(at), .axon_activity(held[{16 + activity - 1}:16]), "
        f".axon_moved(held[{value}:0]),",
        f"      .neuron_write(doing == 4'd5), .neuron_at(at), .neuron_activity(held[{16 + activity - 1}:16]),",
        f"      .neuron_moved(held[{value}:0]),",
        "      .learn(doing == 4'd11), .learn_what(held[33:32]), .learn_minus(held[34]), "
        ".learn_right(held[40:35]),",
        "      .learn_left(held[46:41]), .learn_first({16'd0, held[63:48]}), .learn_axons({16'd0, held[79:64]}),",
        "      .learn_key(word), .learned(learned)",
        "  );",
        "endmodule",
        "`default_nettype wire",
        "",
    ]
    return "\n".join(lines)
