"""Energy tables: provenance, units, and nothing charged twice or for nothing."""

import json

import pytest

from neurochip.description import EVENTS, chips, read_chip, read_energies
from neurochip.errors import ConfigError


def entry(value="23.6 pJ", scope="per-event", **extra):
    """One energy as an inline table; None leaves a key out."""
    fields = {
        "value": value,
        "source": "Somebody 2018, Table 2",
        "evidence": "measured",
        "scope": scope,
        "node": "14 nm",
        "voltage": "0.75 V",
    } | extra
    inside = (f"{key} = {json.dumps(part)}" for key, part in fields.items() if part is not None)
    return "{ " + ", ".join(inside) + " }"


HEAD = 'neuron_energy = "published"\nnote = "figures of somebody"\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def reader(text, head=HEAD):
        (tmp_path / "mine.toml").write_text(head + "[energies]\n" + text, encoding="utf-8")
        return read_energies("mine.toml")

    return reader


def test_a_file_of_energies_only(read):
    energies = read(f"synaptic_op = {entry()}\nlink_bit = {entry(value='26 fJ/bit', voltage='not stated')}\n")
    assert energies.name == "mine"
    assert energies.has("synaptic_op") and not energies.has("hop_ew")
    assert energies.joules("synaptic_op") == 23.6e-12
    link = energies.entry("link_bit")
    assert (link.value_j, link.node_m, link.voltage_v) == (26e-15, 14e-9, None)
    assert (link.source, link.evidence, link.scope) == ("Somebody 2018, Table 2", "measured", "per-event")


def test_operations_nest(read):
    text = f"op.add.float32 = {entry()}\n[energies.op.mul]\nint8 = {entry()}\n"
    energies = read(text, head='neuron_energy = "operations"\n')
    assert set(energies.energies) == {"op.add.float32", "op.mul.int8"}


@pytest.mark.parametrize("name", [name for name, _ in chips()])
def test_energies_of_a_chip(name):
    assert read_energies(name) == read_chip(name).energies


def test_published_figures():
    loihi = read_energies("loihi")
    for event, pj in {
        "synaptic_op": 23.6,
        "neuron_update_active": 81,
        "neuron_update_inactive": 52,
        "packet_out": 1.7,
        "hop_ew": 3.0,
        "hop_ns": 4.0,
        "weight_accumulation": 120,
    }.items():
        assert loihi.joules(event) == pytest.approx(pj * 1e-12, rel=1e-12)
        assert loihi.entry(event).evidence == "pre-silicon"
        assert (loihi.entry(event).node_m, loihi.entry(event).voltage_v) == (14e-9, 0.75)
    sanafe = read_energies("loihi-sanafe")
    assert [sanafe.joules(e) for e in ("synaptic_op", "packet_out", "hop_ew", "hop_ns", "spike_out")] == [
        35.5e-12, 111e-12, 3e-12, 4.2e-12, 69.3e-12,
    ]  # fmt: skip
    assert sanafe.joules("neuron_update_active") - sanafe.joules("neuron_update_inactive") == pytest.approx(
        21.6e-12
    )
    cmos = read_energies("cmos45")
    assert [cmos.joules(f"op.{o}.{f}") for f in ("int8", "int32", "float32") for o in ("add", "mul")] == [
        0.03e-12, 0.2e-12, 0.1e-12, 3.1e-12, 0.9e-12, 3.7e-12,
    ]  # fmt: skip
    # 64 bits cost 10 pJ in 8 KB and 20 pJ in 32 KB.
    assert 64 * cmos.joules("sram_bit_read") == pytest.approx(10e-12)
    assert 64 * cmos.joules("synapse_bit_read") == pytest.approx(20e-12)


def test_soma_energy_of_sana_fe():
    """50 neurons and 200 steps of shared/golden/loihi_ledger: 9910 updates, 291 spikes, 746.2223 nJ."""
    energies = read_energies("loihi-sanafe")
    inactive = 50 * 200 - 9910
    total = (
        9910 * energies.joules("neuron_update_active")
        + inactive * energies.joules("neuron_update_inactive")
        + 291 * energies.joules("spike_out")
    )
    assert total == pytest.approx(7.462222999999999e-07, rel=1e-9)


def test_loihi_has_energies_for_everything_that_a_learning_run_does():
    loihi = read_energies("loihi")
    for event in (
        "synaptic_op", "neuron_update_active", "neuron_update_inactive", "clamped_update", "spike_out",
        "packet_out", "packet_in", "hop_ew", "hop_ns", "weight_write", "weight_accumulation", "trace_update",
        "readout_word", "host_word_in",
    ):  # fmt: skip
        assert loihi.joules(event) >= 0
    # The 120 pJ of a synaptic update contain its write; the two parts are not split off by Davies et al.
    assert loihi.contained_in("weight_write") == "weight_accumulation"
    assert loihi.contained_in("packet_in") == "packet_out"
    assert loihi.contained_in("spike_out") == "neuron_update_active"


def test_cmos45_has_an_energy_for_every_operation():
    cmos = read_energies("cmos45")
    operations = [event for event in EVENTS if event.startswith("op.")]
    assert len(operations) == 21
    for event in (*operations, "sram_bit_read", "sram_bit_write", "synapse_bit_read", "synapse_bit_write",
                  "link_bit", "packet_out", "packet_in", "readout_word", "host_word_in"):  # fmt: skip
        assert cmos.joules(event) > 0


def test_a_missing_energy_is_an_error_never_zero():
    with pytest.raises(ConfigError) as refused:
        read_energies("loihi-sanafe").joules("weight_write")
    assert str(refused.value) == (
        "loihi-sanafe: energies.weight_write: is missing, and the run has this event (one weight "
        "written by learning); "
        "add the energy or choose another energy table"
    )
    with pytest.raises(ConfigError) as refused:
        read_energies("ideal-bits").joules("packet_in")
    assert str(refused.value).startswith("ideal-bits: energies.packet_in: is missing")
    with pytest.raises(ConfigError) as refused:
        read_energies("loihi").joules("synaptc_op")
    assert str(refused.value) == "loihi: energies.synaptc_op: unknown event; did you mean 'synaptic_op'?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"synaptic_opp = {entry()}", "energies.synaptic_opp: unknown event; did you mean 'synaptic_op'?"),
        (
            f"op.add.float16 = {entry()}",
            "energies.op.add.float16: unknown event; did you mean 'op.add.float64'?",
        ),
        (
            f"op.add.q = {entry()}",
            "energies.op.add.q: unknown event; did you mean 'op.add.int8'?",
        ),
        (f"op = {entry()}", "energies.op.value: unknown event; the events are "),
        ("op.add = 3", "energies.op.add: expected a table, got 3"),
        (
            'synaptic_op = "23.6 pJ"',
            "energies.synaptic_op: expected a table with value, source, evidence, scope, node, voltage, "
            'got "23.6 pJ"',
        ),
        (
            f"synaptic_op = {entry(value=23.6)}",
            'energies.synaptic_op.value: has no unit: write an energy such as "35.5 pJ", got 23.6',
        ),
        (
            f"synaptic_op = {entry(value='little')}",
            'energies.synaptic_op.value: expected an energy such as "35.5 pJ", got "little"',
        ),
        (
            f"synaptic_op = {entry(value='-1 pJ')}",
            'energies.synaptic_op.value: must not be negative, got "-1 pJ"',
        ),
        (
            f"link_bit = {entry(value='1 pJ')}",
            'energies.link_bit.value: expected an energy per bit such as "26 fJ/bit", got "1 pJ", '
            "which is an energy",
        ),
        (f"synaptic_op = {entry(valeu=3)}", "energies.synaptic_op.valeu: unknown key; did you mean 'value'?"),
        (
            f"synaptic_op = {entry(source='')}",
            "energies.synaptic_op.source: must say where the energy comes from, got an empty string",
        ),
        (
            f"synaptic_op = {entry(evidence='mesured')}",
            'energies.synaptic_op.evidence: expected "measured", "pre-silicon", "pre-silicon, synthesised" or '
            '"estimated", got "mesured"; did you mean \'measured\'?',
        ),
        (
            f"synaptic_op = {entry(scope='all')}",
            'energies.synaptic_op.scope: expected "per-event" or "all-in", got "all"; did you mean \'all-in\'?',
        ),
        (
            f"synaptic_op = {entry(node='14 pJ')}",
            'energies.synaptic_op.node: expected a length such as "45 nm", got "14 pJ", which is an energy',
        ),
        (f"synaptic_op = {entry(node='0 nm')}", 'energies.synaptic_op.node: must be positive, got "0 nm"'),
        (
            f"synaptic_op = {entry(voltage='-1 V')}",
            'energies.synaptic_op.voltage: must be positive, got "-1 V"',
        ),
        *(
            (f"synaptic_op = {entry(**{key: None})}", f"energies.synaptic_op.{key}: is missing")
            for key in ("value", "source", "evidence", "scope", "node", "voltage")
        ),
        (
            f"synaptic_op = {entry(scope='all-in')}\nhop_ew = {entry()}",
            "energies.hop_ew: is already contained in the all-in energy of synaptic_op; remove one of the two",
        ),
        (
            f"packet_out = {entry(scope='all-in', includes=['hop_ns'])}\nhop_ns = {entry()}",
            "energies.hop_ns: is already contained in the all-in energy of packet_out; remove one of the two",
        ),
        (
            f"packet_out = {entry(scope='all-in')}",
            "energies.packet_out.includes: is missing; an all-in energy lists the events that it contains",
        ),
        (
            f"packet_out = {entry(scope='all-in', includes=['hop'])}",
            "energies.packet_out.includes[0]: unknown event; did you mean 'hop_ns'?",
        ),
        (
            f"packet_out = {entry(scope='all-in', includes=['packet_out'])}",
            "energies.packet_out.includes[0]: an energy cannot contain itself",
        ),
        (
            f"packet_out = {entry(includes=['hop_ew'])}",
            'energies.packet_out.includes: belongs to scope = "all-in"; remove it or change the scope',
        ),
        (
            f"link_bit = {entry(value='1 fJ/bit')}\nhop_ew = {entry()}",
            "energies.hop_ew: charges the same wires as energies.link_bit; remove one of the two",
        ),
        ("", 'energies: is missing; neuron_energy = "published" needs energies'),
    ],
)
def test_refused_energies(read, text, sentence):
    with pytest.raises(ConfigError) as refused:
        read(text)
    if sentence.endswith(" "):
        assert str(refused.value).startswith(f"mine.toml: {sentence}")
    else:
        assert str(refused.value) == f"mine.toml: {sentence}"


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("", 'neuron_energy: is missing; it is "operations", "published" or "none"'),
        (
            'neuron_energy = "none"\n',
            'neuron_energy: is "none" but there are energies; set it to "operations" or "published"',
        ),
        (
            'neuron_energy = "published"\n',
            "note: is missing; say what the published figures were published for, as the dynamics may differ",
        ),
        (
            'neuron_energy = "operations"\n',
            'energies.clamped_update: is built from operations when neuron_energy = "operations"; remove it',
        ),
        ('neuron_pricing = "published"\n', "neuron_pricing: is now `neuron_energy`"),
        ("speed = 3\n", "speed: unknown key; the keys here are name, about, neuron_energy, note, energies"),
    ],
)
def test_refused_heads(read, head, sentence):
    with pytest.raises(ConfigError) as refused:
        read(f"clamped_update = {entry()}", head)
    assert str(refused.value) == f"mine.toml: {sentence}"


def test_an_all_in_energy_covers_its_parts(read):
    energies = read(f"synaptic_op = {entry(value='26 pJ', scope='all-in')}")
    assert energies.joules("hop_ew") == 0 and energies.contained_in("hop_ew") == "synaptic_op"
    assert (
        energies.joules("packet_in") == 0 and energies.contained_in("neuron_update_active") == "synaptic_op"
    )
    with pytest.raises(ConfigError, match=r"^mine: energies\.weight_write: is missing"):
        energies.joules("weight_write")
