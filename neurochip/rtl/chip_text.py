"""The top of an exported chip: its cores, and the lists in which their spikes wait for a tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurochip.compile import ChipImage
from neurochip.description.precision import word_bits
from neurochip.errors import CapabilityError

__all__ = [
    "FILL",
    "CoreText",
    "Source",
    "bench_parameters",
    "chip_text",
    "compare_text",
    "core_parameters",
    "cores_of",
    "cycles_of_tick",
]

# Cycles of a tick besides those of axons and neurons: into and out of the pipeline, and between the two.
FILL = 17


class Source(NamedTuple):
    """A population that a core hears: its first axon there, its neurons, and the projection between the two."""

    population: int
    first: int
    size: int
    projection: int


class CoreText(NamedTuple):
    """A core of the exported chip: its number there and in the image, its neurons, and what it hears."""

    number: int
    core: int
    population: int
    first: int
    size: int
    sources: tuple[Source, ...]
    pulled: bool

    @property
    def axons(self) -> int:
        """How many there are."""
        return sum(source.size for source in self.sources)


def cores_of(image: ChipImage) -> list[CoreText]:
    """Return the cores that compute, in the order of the image; inputs come from outside.

    Raises
    ------
    CapabilityError
        For a network whose cores hear more than two populations, or one with a delay.
    """
    network = image.network
    found: list[CoreText] = []
    if not network.is_simple or any(p.delay != 1 for p in network.projections):
        raise CapabilityError(
            "network.projections", "have delays or run side by side, and exported cores take neither"
        )
    for c, core in enumerate(image.cores):
        if network.populations[core.population].clamped:
            continue
        into = sorted(network.into(core.population), key=lambda k: network.projections[k].source)
        if not 1 <= len(into) <= 2:
            raise CapabilityError(
                "network.projections",
                f"let {network.populations[core.population].name} hear {len(into)} populations; exported cores hear "
                "one or two",
            )
        sources: list[Source] = []
        first = 0
        for k in into:
            size = network.sizes[network.projections[k].source]
            sources.append(Source(network.projections[k].source, first, size, k))
            first += size
        pulled = network.populations[core.population].output
        found.append(CoreText(len(found), c, core.population, core.first, core.size, tuple(sources), pulled))
    return found


def cycles_of_tick(core: CoreText, lanes: int, spikes: int) -> int:
    """Return how long a tick takes that begins with so many spikes: add them up, then update every neuron."""
    return max(-(-core.size // lanes), 2) * spikes + core.size + FILL


def core_parameters(
    core: CoreText,
    image: ChipImage,
    *,
    lanes: int,
    samples: int,
    stochastic: bool,
    shifts: tuple[int, int],
) -> dict[str, object]:
    """Return the parameters of core.v; ``shifts`` are the furthest to the left and right of a sum of products.

    Raises
    ------
    CapabilityError
        For a network in floating point.
    """
    numbers, bits = image.numbers, word_bits(image.precision)
    if numbers is None:
        raise CapabilityError("numbers.state", "is not given: only integer cores have a Verilog form")
    fractions = [numbers.weight_fractions[source.projection] for source in core.sources]
    top = max(fractions)
    formats = {
        "STATE": numbers.state,
        "MEMBRANE": numbers.membrane,
        "RESIDUE": numbers.residue,
        "ERROR": numbers.annealer,
        "BIAS": numbers.bias,
    }
    return {
        "NEURONS": core.size,
        "AXONS": core.axons,
        "LANES": lanes,
        "WEIGHT_BITS": bits,
        "SECOND": core.sources[1].first if len(core.sources) > 1 else core.axons,
        "SHIFT0": top - fractions[0],
        "SHIFT1": top - fractions[-1],
        "SAMPLES": samples,
        "ACTIVITY_BITS": numbers.state.fraction + 2,
        **{f"{name}_WHOLE": form.whole for name, form in formats.items()},
        **{f"{name}_FRACTION": form.fraction for name, form in formats.items()},
        "SUM_FRACTION": top,
        "DECAY": numbers.decay,
        "ANNEALING": ("constant", "shift", "osa").index(numbers.annealing),
        "FORGETTING": numbers.forgetting,
        "ROUNDING": ("floor", "nearest", "stochastic").index(numbers.rounding),
        "STOCHASTIC": int(stochastic),
        "SUM_BITS": sum_bits(core, bits, top - min(fractions)),
        "PULLED": int(core.pulled),
        "LEFT": shifts[0],
        "RIGHT": shifts[1],
    }


def chip_text(
    image: ChipImage,
    cores: Sequence[CoreText],
    *,
    lanes: int,
    samples: int,
    stochastic: bool,
    shifts: tuple[int, int],
) -> str:
    """Return chip.v; ``shifts`` are the furthest to the left and right that a sum of products is shifted."""
    numbers = image.numbers
    if numbers is None:
        raise CapabilityError("numbers.state", "is not given: only integer cores have a Verilog form")
    n = len(cores)
    lines = [
        "// The chip: one instance for each core that computes, joined by lists of spikes.",
        "`default_nettype none",
        "module chip (",
        "    input wire clk, reset,",
        "    input wire load_weights, load_bias,  // word or bias `at` of a core",
        f"    input wire [{load_bits(image, lanes) - 1}:0] load_word,",
        "    input wire go, turn, forget,  // a tick begins; it is over; a presentation begins",
        "    input wire [31:0] tick,",
        "    input wire [15:0] nudge,",
        "    input wire input_write,  // a spike of input `word`",
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
        f"    output wire [{n - 1}:0] updated, fired, done, learned,",
        f"    output wire [{32 * n - 1}:0] neuron, value",
        ");",
    ]
    for core in cores:
        given = core_parameters(
            core, image, lanes=lanes, samples=samples, stochastic=stochastic, shifts=shifts
        )
        lines += _core_lines(image, cores, core, given)
    return "\n".join([*lines, "endmodule", "`default_nettype wire", ""])


def _core_lines(
    image: ChipImage, cores: Sequence[CoreText], core: CoreText, given: dict[str, object]
) -> list[str]:
    c, network = core.number, image.network
    word = int(str(given["LANES"])) * word_bits(image.precision)
    bias = 1 + int(str(given["BIAS_WHOLE"])) + int(str(given["BIAS_FRACTION"]))
    name = network.populations[core.population].name
    wide, value = max(1, (core.size - 1).bit_length()), int(str(given["STATE_FRACTION"])) + 1
    axon = core.axons.bit_length()
    lists: list[str] = []
    texts: list[str] = []
    for source in core.sources:
        senders = [other for other in cores if other.population == source.population]
        if not senders:  # inputs
            pieces = [("input_write", "word", source.first, source.size)]
        else:
            pieces = [
                (
                    f"updated[{s.number}] && fired[{s.number}]",
                    f"neuron[{32 * s.number}+:32]",
                    source.first + s.first,
                    s.size,
                )
                for s in senders
            ]
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
        f"  assign neuron[{32 * c}+:32] = {{{32 - wide}'d0, neuron{c}}};",
        f"  assign value[{32 * c}+:32] = {{{32 - value}'d0, value{c}}};",
        f"  core #({parameters}) core{c} (",
        f"      .clk(clk), .reset(reset), .load_weights(load_weights && select == 16'd{c}),",
        f"      .load_bias(load_bias && select == 16'd{c}), .load_at(at),",
        f"      .load_word(load_word[{word - 1}:0]), .load_bias_word(load_word[{bias - 1}:0]),",
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


def sum_bits(core: CoreText, weight_bits: int, raised: int) -> int:
    """Return the bits of a weighted sum that no spikes can exceed: all axons at the largest weight."""
    return min(32, weight_bits + raised + core.axons.bit_length())


def load_bits(image: ChipImage, lanes: int) -> int:
    """Return the bits of the word by which memories are loaded."""
    bias = 0 if image.numbers is None else image.numbers.bias.bits
    return max(lanes * word_bits(image.precision), bias)


def bench_parameters(image: ChipImage, cores: Sequence[CoreText], samples: int, lanes: int) -> dict[str, int]:
    """Return the parameters of bench.v for this chip."""
    numbers = image.numbers
    fraction = 0 if numbers is None else numbers.state.fraction
    return {
        "CORES": len(cores),
        "TOTAL": sum(core.size for core in cores),
        "SAMPLES": samples,
        "LOAD": load_bits(image, lanes),
        "S": fraction + 1,
        "ACTIVITY_BITS": fraction + 2,
    }


def compare_text(image: ChipImage, cores: Sequence[CoreText], lanes: int) -> str:
    """Return compare.vh: the part of the bench that looks into the memories of each core."""
    bits = word_bits(image.precision)
    bias = 0 if image.numbers is None else image.numbers.bias.bits

    def whole(name: str, width: int) -> str:
        return f"{{{{{32 - width} {{{name}[{width - 1}]}}}}, {name}}}"

    lines = [
        "  // What the memories of a core hold, word by word; lane and neuron of a difference are worked out.",
        f"  reg [{lanes * bits - 1}:0] wanted_word, found_word;",
        f"  reg [{bits - 1}:0] wanted_lane, found_lane;",
        f"  reg [{bias - 1}:0] wanted_bias, found_bias;",
        "  integer lane;",
        "  task compare_weights(input integer core);",
        "    begin",
    ]
    for core in cores:
        words = -(-core.size // lanes)
        lines += [
            f"      if (core == {core.number}) begin",
            f"        for (i = 0; i < {core.axons * words}; i = i + 1) begin",
            '          got = $fscanf(file, "%h", wanted_word);',
            f"          found_word = dut.core{core.number}.weights[i];",
            f"          comparisons = comparisons + {lanes};",
            f"          for (lane = 0; lane < {lanes}; lane = lane + 1) begin",
            f"            wanted_lane = wanted_word[lane*{bits}+:{bits}];",
            f"            found_lane = found_word[lane*{bits}+:{bits}];",
            "            if (wanted_lane !== found_lane)",
            f"              differs_weight(core, i % {words} * {lanes} + lane, i / {words}, "
            f"{whole('wanted_lane', bits)},",
            f"                             {whole('found_lane', bits)});",
            "          end",
            "        end",
            f"        for (i = 0; i < {core.size}; i = i + 1) begin",
            '          got = $fscanf(file, "%h", wanted_bias);',
            f"          found_bias = dut.core{core.number}.biases[i];",
            "          comparisons = comparisons + 1;",
            "          if (wanted_bias !== found_bias)",
            f'            differs(core, i, "bias", {whole("wanted_bias", bias)}, {whole("found_bias", bias)});',
            "        end",
            "      end",
        ]
    lines += [
        "    end",
        "  endtask",
        "  task differs_weight(input integer core, input integer number, input integer axon, input integer expected,",
        "                      input integer really);",
        "    begin",
        "      mismatches = mismatches + 1;",
        "      if (mismatches <= SHOWN)",
        '        $display("MISMATCH presentation %0d tick %0d core %0d neuron %0d weight of axon %0d: expected %0d, '
        'found %0d",',
        "                 presentation, tick, core, number, axon, expected, really);",
        "    end",
        "  endtask",
        "",
    ]
    return "\n".join(lines)
