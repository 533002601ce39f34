"""Chip specifications: the catalogue, the geometry, and every refusal."""

import pickle

import pytest

from neurochip.description import (
    MeshSpec,
    TimingSpec,
    chip_from_toml,
    chip_text,
    chips,
    integer_bits,
    read_chip,
    word_bits,
)
from neurochip.errors import ConfigError

SPECIFICATION = chip_text("cmos45")
NAMES = ["cmos45", "cmos45-multicast", "ideal-bits", "loihi", "loihi-sanafe"]


def test_the_catalogue_loads():
    assert [name for name, _ in chips()] == NAMES
    for name, about in chips():
        chip = read_chip(name)
        assert chip.name == name
        assert chip.about == about and 20 <= len(about) <= 100
        assert pickle.loads(pickle.dumps(chip)) == chip


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_source(name):
    chip = read_chip(name)
    assert len(chip.provenance) >= 8
    for origin in chip.provenance.values():
        assert len(origin.source) > 10
        assert origin.evidence in (
            "architecture",
            "measured",
            "pre-silicon",
            "pre-silicon, synthesised",
            "estimated",
        )
    for entry in chip.energies.energies.values():
        assert len(entry.source) > 10
        assert entry.evidence in ("measured", "pre-silicon", "pre-silicon, synthesised", "estimated")


def test_loihi_is_davies_2018():
    chip = read_chip("loihi")
    assert (chip.mesh.n_tiles, chip.mesh.n_cores) == (32, 128)
    assert (chip.core.neurons, chip.core.synapse_memory) == (1024, 1_048_576)
    assert (chip.core.input_axons, chip.core.output_axons) == (4096, 4096)
    assert [bits for bits in range(2, 17) if chip.weights.allows(f"int{bits}")] == list(range(2, 10))
    assert not chip.weights.allows("float32")
    assert "OSA is not what Loihi does" in chip.energies.note
    assert chip.provenance["core.neurons"].evidence == "architecture"
    assert chip.provenance["core.neuron_state_memory"].evidence == "estimated"


def test_sending_on_loihi_costs_what_each_source_says():
    times = {name: read_chip(name).timing for name in ("loihi", "loihi-sanafe")}
    assert {name: (t.cycles_per_packet_out, t.cycles_per_spike_out) for name, t in times.items() if t} == {
        "loihi": (2, 0),
        "loihi-sanafe": (5.1, 30),
    }
    assert read_chip("loihi").provenance["timing.cycles_per_spike_out"].evidence == "estimated"


def test_ideal_bits_has_no_limits_and_no_energies():
    chip = read_chip("ideal-bits")
    assert (chip.core.neurons, chip.core.synapse_memory, chip.core.input_axons) == (None, None, None)
    assert chip.timing is None
    assert not chip.energies.energies and chip.energies.neuron_energy == "none"
    assert all(chip.weights.allows(p) for p in ("float64", "float32", "int2", "int16"))


@pytest.mark.parametrize("layers", [(784, 500, 10), (784, 500, 500, 500, 10)])
def test_cmos45_holds_the_networks_of_the_catalogue(layers):
    chip = read_chip("cmos45")
    assert chip.core.synapse_memory is not None and chip.core.neurons is not None
    cores = 0
    for before, size, after in zip((0, *layers), layers, (*layers[1:], 0), strict=False):
        per_neuron = 32 * (before + after)
        fitting = min(chip.core.neurons, chip.core.synapse_memory // max(per_neuron, 1))
        cores += -(-size // fitting)
    assert cores <= chip.mesh.n_cores // 2


def test_tiles_count_down_each_column():
    mesh = read_chip("loihi-sanafe").mesh
    # The positions of these cores as SANA-FE has them.
    for core, position in {121: (7, 2), 0: (0, 0), 90: (5, 2), 63: (3, 3), 42: (2, 2), 17: (1, 0)}.items():
        assert mesh.position(core) == position
    assert mesh.hops(0, 121) == (7, 2)
    assert mesh.hops(121, 0) == (7, 2)
    assert mesh.hops(4, 7) == (0, 0)


def test_barrier_is_linear_between_its_points():
    timing = read_chip("loihi").timing
    assert timing is not None
    assert [timing.barrier(tiles) for tiles in (1, 2, 32, 40)] == [113, 125, 465, 465]
    table = read_chip("loihi-sanafe").timing
    assert table is not None
    assert [table.barrier(tiles) for tiles in (1, 2, 3, 4, 29)] == [600, 1000, 1200, 1400, 1800]


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        chip_from_toml(text, "chip.toml")
    return str(refused.value)


def changed(old: str, new: str) -> str:
    assert SPECIFICATION.count(old) >= 1
    return SPECIFICATION.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "neurons = 512",
            "neurons = 512\nmax_synapses = 3",
            "core.max_synapses: unknown key; the keys here are neurons, synapse_memory, "
            "input_axons, output_axons, "
            "neuron_state_memory, delay, source, evidence",
        ),
        ("neurons = 512", "neurnos = 512", "core.neurnos: unknown key; did you mean 'neurons'?"),
        ("neurons = 512", "", "core.neurons: is missing (unlimited = true at the top lifts every limit)"),
        ("neurons = 512", "neurons = 0", "core.neurons: must be at least 1, got 0"),
        ("neurons = 512", 'neurons = "many"', 'core.neurons: expected an integer, got "many"'),
        (
            '"512 KiB"',
            "4194304",
            'core.synapse_memory: has no unit: write an amount of memory such as "128 KiB", got 4194304',
        ),
        ('"512 KiB"', '"-1 KiB"', "core.synapse_memory: must be at least 1, got -8192"),
        (
            '"512 KiB"',
            '"5 pJ"',
            'core.synapse_memory: expected an amount of memory such as "128 KiB", got "5 pJ", which '
            "is an energy",
        ),
        ("cycles_per_spike_out = 0", "", "timing.cycles_per_spike_out: is missing"),
        (
            "cycles_per_spike_out = 0",
            "cycles_per_spike_out = -1",
            "timing.cycles_per_spike_out: must be ≥ 0 cycles, got -1",
        ),
        ("fifo_depth = 4", "fifo_depth = 0", "timing.fifo_depth: must be at least 1, got 0"),
        (
            "link_cycles_ew = 1",
            "link_cycles_ew = 0",
            "timing.link_cycles_ew: must be 1 to 4294967296 cycles, got 0",
        ),
        ("sops_per_cycle = 2", "sops_per_cycle = 0", "timing.sops_per_cycle: must be > 0, got 0"),
        (
            '"500 MHz"',
            '"2 ns"',
            'timing.clock: expected a frequency such as "500 MHz", got "2 ns", which is a time',
        ),
        ('"500 MHz"', '"0 Hz"', "timing.clock: must be > 0, got 0"),
        ("barrier_cycles = 32", "barrier_cycles = -1", "timing.barrier_cycles: must be at least 0, got -1"),
        (
            "barrier_cycles = 32",
            "barrier_cycles = { one = 3 }",
            'timing.barrier_cycles: expected numbers of active tiles as keys, got "one"',
        ),
        (
            "barrier_cycles = 32",
            'barrier_cycles = "32"',
            'timing.barrier_cycles: expected an integer or a table of active tiles = cycles, got "32"',
        ),
        ("barrier_cycles = 32", "barrier_cycles = {}", "timing.barrier_cycles: must have at least one entry"),
        ("barrier_cycles = 32", "", "timing.barrier_cycles: is missing"),
        (
            'routing = "unicast"',
            'routing = "unicats"',
            'packet.routing: expected "unicast" or "multicast", got "unicats"; did you mean \'unicast\'?',
        ),
        ("header_bits = 8", "header_bits = -1", "packet.header_bits: must be 0 to 4096 bits, got -1"),
        (
            "width = 8",
            "tiles = 65\nwidth = 8",
            "mesh.tiles: 65 tiles do not fit a mesh of 8 × 8, which has 64 places",
        ),
        ("width = 8", "width = 0", "mesh.width: must be at least 1, got 0"),
        (
            "[mesh]\nwidth = 8",
            "[mesh]\nwidth = { value = 8 }",
            "mesh.width.source: is missing; every value of a specification says where it comes from",
        ),
        (
            "[mesh]\nwidth = 8",
            "[mesh]\nwidth = { valeu = 8 }",
            "mesh.width.valeu: unknown key; did you mean 'value'?",
        ),
        ("[mesh]\nwidth = 8", "[mesh]\nwidth = { source = 'x' }", "mesh.width.value: is missing"),
        (
            'source = "design choice"\nevidence = "estimated"',
            'evidence = "estimated"',
            "weights.source: is missing; every value of a specification says where it comes from",
        ),
        (
            'source = "design choice"\n',
            'source = " "\n',
            "weights.source: must say where the values come from, got an empty string",
        ),
        (
            'source = "design choice"\nevidence = "estimated"',
            'source = "design choice"\nevidence = "guessed"',
            'weights.evidence: expected "architecture", "measured", "pre-silicon", "pre-silicon, synthesised" or '
            '"estimated", got "guessed"',
        ),
        ("min_bits = 2", "min_bits = 17", "weights.min_bits: must not exceed max_bits = 16, got 17"),
        ("min_bits = 2", "", "weights.min_bits: is missing; min_bits and max_bits go together"),
        (
            'floats = ["float32"]\nmin_bits = 2\nmax_bits = 16',
            "",
            "weights: allows no format; give floats, or min_bits and max_bits",
        ),
        (
            'floats = ["float32"]',
            'floats = ["float16"]',
            'weights.floats[0]: expected "float64" or "float32", got "float16"; did you mean \'float64\'?',
        ),
        (
            'rounding = ["nearest", "stochastic"]',
            "rounding = []",
            "weights.rounding: must name at least one way of rounding",
        ),
        ("[packet]", "[pakcet]", "pakcet: unknown key; did you mean 'packet'?"),
        (
            "neuron_energy =",
            "unlimited = true\nneuron_energy =",
            "core: contradicts unlimited = true; remove one of the two",
        ),
        ("neuron_energy =", "unlimited = 1\nneuron_energy =", "unlimited: expected true or false, got 1"),
        ("neuron_energy =", "neuron_pricing =", "neuron_pricing: is now `neuron_energy`"),
        ("[energies.link_bit]", "[prices.link_bit]", "prices: is now `energies`"),
        (
            'neuron_energy = "operations"',
            "",
            'neuron_energy: is missing; it is "operations", "published" or "none"',
        ),
        (
            'neuron_energy = "operations"',
            'neuron_energy = "per-operation"',
            'neuron_energy: expected "operations", "published" or "none", got "per-operation"; '
            "did you mean 'operations'?",
        ),
        ('about = "', 'mesh = 3\nabout = "', ""),
    ],
)
def test_refused_specifications(old, new, sentence):
    refused = refusal(changed(old, new))
    if sentence:
        assert refused == f"chip.toml: {sentence}"
    else:  # a key and a table of the same name: the TOML reader's own words
        assert refused.startswith("chip.toml: line ")


def test_a_missing_section():
    before, _, rest = SPECIFICATION.partition("[packet]")
    after = rest[rest.index("[timing]") :]
    said = "packet.header_bits: is missing, and so are packet.routing, packet.source, packet.evidence"
    assert refusal(before + after) == f"chip.toml: {said}"


def test_too_many_tiles_on_a_two_by_one_mesh():
    with pytest.raises(ConfigError) as refused:
        MeshSpec(width=2, height=1, cores_per_tile=1, tiles=8)
    assert str(refused.value) == "mesh.tiles: 8 tiles do not fit a mesh of 2 × 1, which has 2 places"


def test_a_barrier_made_in_python_is_checked():
    timing = dict(
        clock=1e9,
        sops_per_cycle=1,
        cycles_per_neuron_update=1,
        cycles_per_packet_in=1,
        cycles_per_packet_out=1,
        cycles_per_spike_out=0,
        router_cycles=1,
        link_cycles_ew=1,
        link_cycles_ns=1,
        fifo_depth=1,
    )
    assert TimingSpec(**timing, barrier_cycles=[(1, 4)]).barrier(7) == 4
    for pairs, problem in [
        ([(2, 4), (2, 5)], "active tiles must ascend from 1, got 2 after 2"),
        ([(0, 4)], "active tiles must ascend from 1, got 0 after 0"),
        ([(1, 2, 3)], "expected (active tiles, cycles) pairs, got [1, 2, 3]"),
    ]:
        with pytest.raises(ConfigError) as refused:
            TimingSpec(**timing, barrier_cycles=pairs)
        assert str(refused.value) == f"timing.barrier_cycles: {problem}"


def test_unknown_chip():
    with pytest.raises(ConfigError) as refused:
        read_chip("lohi")
    assert str(refused.value) == (
        "chip: no chip 'lohi' in the catalogue (cmos45, cmos45-multicast, ideal-bits, loihi, loihi-sanafe); did you "
        "mean 'loihi'?"
    )
    with pytest.raises(ConfigError) as refused:
        chip_text("truenorth")
    assert str(refused.value) == (
        "chip: no chip 'truenorth' in the catalogue (cmos45, cmos45-multicast, ideal-bits, loihi, loihi-sanafe); "
        "a file is named with its .toml"
    )


def test_precision_that_the_cores_do_not_have():
    read_chip("loihi").check_weights("int9")
    for name, precision, sentence in [
        ("loihi", "int10", 'loihi has integers of 1 to 9 bits, not "int10"; set it to "int8", for instance'),
        (
            "loihi",
            "float64",
            'loihi has integers of 1 to 9 bits, not "float64"; set it to "int8", for instance',
        ),
        (
            "cmos45",
            "float64",
            'cmos45 has float32 and integers of 2 to 16 bits, not "float64"; set it to "float32", '
            "for instance",
        ),
    ]:
        with pytest.raises(ConfigError) as refused:
            read_chip(name).check_weights(precision)
        assert str(refused.value) == f"network.precision: {sentence}"


def test_rounding_that_the_cores_do_not_have():
    chip = chip_from_toml(changed('["nearest", "stochastic"]', '["nearest"]'), "plain.toml")
    chip.check_weights("float32", "stochastic")
    with pytest.raises(ConfigError) as refused:
        chip.check_weights("int8", "stochastic")
    assert str(refused.value) == 'network.rounding: plain does not round to "stochastic"; set it to "nearest"'


@pytest.mark.parametrize(("precision", "bits", "word"), [("float64", None, 64), ("int9", 9, 9)])
def test_width_of_a_format(precision, bits, word):
    assert (integer_bits(precision), word_bits(precision)) == (bits, word)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ('source = "x"\nevidence = "guessed"', "neurons.evidence: expected"),
        ('source = ""\nevidence = "estimated"', "neurons.source: must say where the values come from"),
        ('source = 3\nevidence = "estimated"', "neurons.source: expected"),
    ],
)
def test_a_section_without_values_says_where_they_are_from_as_any_other(said: str, sentence: str) -> None:
    text = chip_text("cmos45") + f"\n[neurons]\n{said}\n"
    with pytest.raises(ConfigError) as refused:
        chip_from_toml(text, "x.toml")
    assert sentence in str(refused.value)
