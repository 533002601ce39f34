"""The top of an exported chip: its cores, and the lists in which their spikes wait for a tick."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.compile import ChipImage
from neurochip.description.precision import word_bits
from neurochip.elements.integers.formats import FixedPoint
from neurochip.errors import CapabilityError
from neurochip.rtl.chip_mesh import ChipMesh, mesh_lines
from neurochip.rtl.core_text import CoreText, InputText, core_parameters, load_bits

__all__ = ["chip_text"]


def chip_text(
    image: ChipImage,
    cores: Sequence[CoreText],
    inputs: Sequence[InputText],
    mesh: ChipMesh | None,
    *,
    lanes: int,
    samples: int,
    stochastic: bool,
    shifts: tuple[int, int],
) -> str:
    """Return chip.v: cores joined by a mesh, or by lists alone where there is none.

    ``shifts`` are the furthest to the left and right that a sum of products is shifted.
    """
    numbers = image.numbers
    if numbers is None:
        raise CapabilityError("numbers.state", "is not given: only integer cores have a Verilog form")
    n, senders = len(cores), len(cores) + len(inputs)
    lines = [
        "// The chip: an instance for each core, those of inputs behind those that compute, joined by "
        f"{'lists of spikes' if mesh is None else 'a mesh'}.",
        "`default_nettype none",
        "module chip (",
        "    input wire clk, reset,",
        "    input wire load_weights, load_bias,  // word or bias `at` of a core",
        f"    input wire [{load_bits(image, lanes) - 1}:0] load_word,",
        "    input wire peek, peek_bias,  // word or bias `at` of a core is `held` a cycle later",
        f"    output wire [{load_bits(image, lanes) - 1}:0] held,",
        "    input wire go, turn, forget,  // a tick begins; it is over; a presentation begins",
        "    input wire [31:0] tick,",
        "    input wire [15:0] nudge,",
        "    input wire input_write,  // the value of an input",
        "    input wire [15:0] select,  // the core that is written to",
        "    input wire [31:0] at, word,",
        "    input wire key_write, target_write, axon_write, neuron_write,",
        f"    input wire signed [{numbers.state.fraction + 1}:0] activity,",
        f"    input wire signed [{numbers.state.fraction + 1}:0] moved,",
        "    input wire learn,",
        "    input wire [1:0] learn_what,",
        "    input wire [31:0] learn_first, learn_axons,",
        "    input wire [5:0] learn_right, learn_left,",
        "    input wire learn_minus,",
        f"    output wire [{senders - 1}:0] updated, fired, done,",
        f"    output wire [{n - 1}:0] learned,",
        f"    output wire [{n - 1}:0] arrives,  // the mesh brings a core a spike, of axon `came`",
        f"    output wire [{32 * n - 1}:0] came,",
        "    output wire idle,  // the mesh has brought all there are",
        f"    output wire [{32 * senders - 1}:0] neuron,",
        f"    output wire [{32 * n - 1}:0] value",
        ");",
    ]
    if mesh is None:
        lines += [f"  assign arrives = {n}'d0;", f"  assign came = {32 * n}'d0;", "  assign idle = 1'b1;"]
    else:
        lines += mesh_lines(mesh, cores, inputs)
    lines.append(f"  assign held = {_held(image, cores, lanes)};")
    for core in cores:
        given = core_parameters(
            core, image, lanes=lanes, samples=samples, stochastic=stochastic, shifts=shifts
        )
        lines += _core_lines(image, [*cores, *inputs], core, given, mesh)
    for one in inputs:
        lines += _input_lines(image, one, numbers)
    return "\n".join([*lines, "endmodule", "`default_nettype wire", ""])


def _held(image: ChipImage, cores: Sequence[CoreText], lanes: int) -> str:
    """Return the expression for what a core holds at a place that is peeked at."""
    load, word = load_bits(image, lanes), lanes * word_bits(image.precision)
    bias = 0 if image.numbers is None else image.numbers.bias.bits

    def whole(name: str, bits: int) -> str:
        return name if bits == load else f"{{{load - bits}'d0, {name}}}"

    text = f"{load}'d0"
    for core in reversed(cores):
        c = core.number
        one = f"(peek_bias ? {whole(f'bias{c}', bias)} : {whole(f'weights{c}', word)})"
        text = f"(select == 16'd{c} ? {one} : {text})"
    return text


def _input_lines(image: ChipImage, core: InputText, numbers: FixedPoint) -> list[str]:
    c, wide = core.number, max(1, (core.size - 1).bit_length())
    parameters = {
        "NEURONS": core.size,
        "STATE_FRACTION": numbers.state.fraction,
        "RESIDUE_WHOLE": numbers.residue.whole,
        "RESIDUE_FRACTION": numbers.residue.fraction,
        "DECAY": numbers.decay,
        "ROUNDING": ("floor", "nearest", "stochastic").index(numbers.rounding),
    }
    given = ", ".join(f".{key}({number})" for key, number in parameters.items())
    name = image.network.populations[core.population].name
    return [
        "",
        f"  // ---- core {c}: {name} {core.first} to {core.first + core.size - 1}",
        f"  wire [{wide - 1}:0] neuron{c};",
        f"  assign neuron[{32 * c}+:32] = {{{32 - wide}'d0, neuron{c}}};",
        f"  encoder #({given}) core{c} (",
        f"      .clk(clk), .reset(reset), .write(input_write && select == 16'd{c}), .at(at[{wide - 1}:0]),",
        f"      .word(word[{numbers.state.fraction}:0]), .go(go), .tick(tick),",
        f"      .updated(updated[{c}]), .neuron(neuron{c}), .fired(fired[{c}]), .done(done[{c}])",
        "  );",
    ]


def _core_lines(
    image: ChipImage,
    senders: Sequence[CoreText | InputText],
    core: CoreText,
    given: dict[str, object],
    mesh: ChipMesh | None,
) -> list[str]:
    c, network = core.number, image.network
    word = int(str(given["LANES"])) * word_bits(image.precision)
    bias = 1 + int(str(given["BIAS_WHOLE"])) + int(str(given["BIAS_FRACTION"]))
    name = network.populations[core.population].name
    wide, value = max(1, (core.size - 1).bit_length()), int(str(given["STATE_FRACTION"])) + 1
    axon = core.axons.bit_length()
    lists: list[str] = []
    texts: list[str] = []
    pieces: list[
        tuple[str, str, int, int]
    ] = []  # when a list is written, with what, its first axon, its size
    for source in core.sources:
        if mesh is None:
            pieces += [
                (
                    f"updated[{s.number}] && fired[{s.number}]",
                    f"neuron[{32 * s.number}+:32]",
                    source.first + s.first,
                    s.size,
                )
                for s in senders
                if s.population == source.population
            ]
    if mesh is not None:
        pieces.append((f"arrives[{c}]", f"came{c}", 0, core.axons))
    for write, id_, first, size in pieces:
        k = len(lists)
        lists.append(f"{c}_{k}")
        # A list gives way to those before it.
        earlier = "".join(f" && !heard{other}" for other in lists[:k])
        id_wire = f"id{c}_{k}"
        texts += [
            f"  wire heard{c}_{k};",
            f"  wire [{axon - 1}:0] axon{c}_{k};",
            f"  wire [31:0] {id_wire} = {id_};",
            f"  spike_list #(.SIZE({size}), .A({axon}), .FIRST({first})) list{c}_{k} (",
            f"      .clk(clk), .reset(reset), .turn(turn), .forget(forget), .write({write}),",
            f"      .id({id_wire}[{axon - 1}:0]), .next(next{c} && heard{c}_{k}{earlier}), .heard(heard{c}_{k}), "
            f".axon(axon{c}_{k})",
            "  );",
        ]
    chosen = f"axon{lists[-1]}"
    for one in reversed(lists[:-1]):
        chosen = f"heard{one} ? axon{one} : {chosen}"
    heard = " || ".join(f"heard{one}" for one in lists)
    parameters = ", ".join(f".{key}({number})" for key, number in given.items())
    return [
        "",
        f"  // ---- core {c}: {name} {core.first} to {core.first + core.size - 1}",
        f"  wire next{c};",
        *texts,
        f"  reg [31:0] key{c};",
        f"  always @(posedge clk) if (key_write && select == 16'd{c}) key{c} <= word;",
        f"  wire [{wide - 1}:0] neuron{c};",
        f"  wire [{value - 1}:0] value{c};",
        f"  wire [{word - 1}:0] weights{c};",
        f"  wire [{bias - 1}:0] bias{c};",
        f"  assign neuron[{32 * c}+:32] = {{{32 - wide}'d0, neuron{c}}};",
        f"  assign value[{32 * c}+:32] = {{{32 - value}'d0, value{c}}};",
        f"  core #({parameters}) core{c} (",
        f"      .clk(clk), .reset(reset), .load_weights(load_weights && select == 16'd{c}),",
        f"      .load_bias(load_bias && select == 16'd{c}), .load_at(at),",
        f"      .load_word(load_word[{word - 1}:0]), .load_bias_word(load_word[{bias - 1}:0]),",
        f"      .peek(peek && select == 16'd{c}), .held_weights(weights{c}), .held_bias(bias{c}),",
        f"      .go(go), .heard({heard}), .axon({chosen}), .next(next{c}),",
        f"      .tick(tick), .nudge({'nudge' if core.pulled else chr(39).join(('16', 'd0'))}), .key(key{c}),",
        f"      .target_write(target_write && select == 16'd{c}), .target_neuron(at[{wide - 1}:0]),",
        f"      .target_value(word[{value - 1}:0]),",
        f"      .updated(updated[{c}]), .neuron(neuron{c}), .fired(fired[{c}]), .value(value{c}), .done(done[{c}]),",
        f"      .axon_write(axon_write && select == 16'd{c}), .axon_at(at), .axon_activity(activity), "
        ".axon_moved(moved),",
        f"      .neuron_write(neuron_write && select == 16'd{c}), .neuron_at(at), .neuron_activity(activity),",
        "      .neuron_moved(moved),",
        f"      .learn(learn && select == 16'd{c}), .learn_what(learn_what), .learn_first(learn_first),",
        "      .learn_axons(learn_axons), .learn_key(word), .learn_right(learn_right), .learn_left(learn_left),",
        f"      .learn_minus(learn_minus), .learned(learned[{c}])",
        "  );",
    ]
