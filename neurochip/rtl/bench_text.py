"""compare.vh: the part of the bench that looks into the memories of each core; and the parameters of the bench."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.compile import ChipImage
from neurochip.description.precision import word_bits
from neurochip.rtl.chip_time import longest_row
from neurochip.rtl.core_text import CoreText, InputText, load_bits

__all__ = ["bench_parameters", "compare_text", "learning_patience"]


def bench_parameters(
    image: ChipImage, cores: Sequence[CoreText], inputs: Sequence[InputText], samples: int, lanes: int
) -> dict[str, int | str]:
    """Return the parameters of bench.v for this chip."""
    numbers = image.numbers
    fraction = 0 if numbers is None else numbers.state.fraction
    return {
        "CORES": len(cores),
        "ENCODERS": len(inputs),
        "TOTAL": sum(core.size for core in cores),
        "SAMPLES": samples,
        "LOAD": load_bits(image, lanes),
        "S": fraction + 1,
        "ACTIVITY_BITS": fraction + 2,
        "LEARNING": learning_patience(cores, samples),
    }


def learning_patience(cores: Sequence[CoreText], samples: int) -> str:
    """Return the cycles, as 64 bits of Verilog, that no core learns for longer than: all weights, twice over."""
    longest = max(core.axons * longest_row(core.size, samples) for core in cores)
    return f"64'd{100_000_000 + 2 * longest}"


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
