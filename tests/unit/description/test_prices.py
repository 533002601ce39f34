"""Price lists: provenance, units, and nothing charged twice or for nothing."""

import json

import pytest

from neurochip.description import EVENTS, chips, read_chip, read_prices
from neurochip.errors import ConfigError


def entry(value="23.6 pJ", scope="per-event", **extra):
    """One price as an inline table; None leaves a key out."""
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


HEAD = 'neuron_pricing = "published"\nnote = "figures of somebody"\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def reader(text, head=HEAD):
        (tmp_path / "mine.toml").write_text(head + "[prices]\n" + text, encoding="utf-8")
        return read_prices("mine.toml")

    return reader


def test_a_file_of_prices_only(read):
    prices = read(f"synaptic_op = {entry()}\nlink_bit = {entry(value='26 fJ/bit', voltage='not stated')}\n")
    assert prices.name == "mine"
    assert prices.has("synaptic_op") and not prices.has("hop_ew")
    assert prices.price("synaptic_op") == 23.6e-12
    link = prices.entry("link_bit")
    assert (link.value_j, link.node_m, link.voltage_v) == (26e-15, 14e-9, None)
    assert (link.source, link.evidence, link.scope) == ("Somebody 2018, Table 2", "measured", "per-event")


def test_operations_nest(read):
    text = f"op.add.float32 = {entry()}\n[prices.op.mul]\nint8 = {entry()}\n"
    prices = read(text, head='neuron_pricing = "operations"\n')
    assert set(prices.prices) == {"op.add.float32", "op.mul.int8"}


@pytest.mark.parametrize("name", [name for name, _ in chips()])
def test_prices_of_a_chip(name):
    assert read_prices(name) == read_chip(name).prices


def test_published_figures():
    loihi = read_prices("loihi")
    for event, pj in {
        "synaptic_op": 23.6,
        "neuron_update_active": 81,
        "neuron_update_inactive": 52,
        "packet_out": 1.7,
        "hop_ew": 3.0,
        "hop_ns": 4.0,
        "weight_accumulation": 120,
    }.items():
        assert loihi.price(event) == pytest.approx(pj * 1e-12, rel=1e-12)
        assert loihi.entry(event).evidence == "pre-silicon"
        assert (loihi.entry(event).node_m, loihi.entry(event).voltage_v) == (14e-9, 0.75)
    sanafe = read_prices("loihi-sanafe")
    assert [sanafe.price(e) for e in ("synaptic_op", "packet_out", "hop_ew", "hop_ns", "spike_out")] == [
        35.5e-12, 111e-12, 3e-12, 4.2e-12, 69.3e-12,
    ]  # fmt: skip
    assert sanafe.price("neuron_update_active") - sanafe.price("neuron_update_inactive") == pytest.approx(
        21.6e-12
    )
    cmos = read_prices("cmos45")
    assert [cmos.price(f"op.{o}.{f}") for f in ("int8", "int32", "float32") for o in ("add", "mul")] == [
        0.03e-12, 0.2e-12, 0.1e-12, 3.1e-12, 0.9e-12, 3.7e-12,
    ]  # fmt: skip
    # 64 bits cost 10 pJ in 8 KB and 20 pJ in 32 KB.
    assert 64 * cmos.price("sram_bit_read") == pytest.approx(10e-12)
    assert 64 * cmos.price("synapse_bit_read") == pytest.approx(20e-12)


def test_soma_energy_of_sana_fe():
    """50 neurons and 200 steps of shared/golden/loihi_ledger: 9910 updates, 291 spikes, 746.2223 nJ."""
    prices = read_prices("loihi-sanafe")
    inactive = 50 * 200 - 9910
    total = (
        9910 * prices.price("neuron_update_active")
        + inactive * prices.price("neuron_update_inactive")
        + 291 * prices.price("spike_out")
    )
    assert total == pytest.approx(7.462222999999999e-07, rel=1e-9)


def test_loihi_prices_everything_that_a_learning_run_does():
    loihi = read_prices("loihi")
    for event in (
        "synaptic_op", "neuron_update_active", "neuron_update_inactive", "clamped_update", "spike_out",
        "packet_out", "packet_in", "hop_ew", "hop_ns", "weight_write", "weight_accumulation", "trace_update",
        "readout_word", "host_word_in",
    ):  # fmt: skip
        assert loihi.price(event) >= 0
    # The 120 pJ of a synaptic update contain its write; the two parts are not split off by Davies et al.
    assert loihi.contained_in("weight_write") == "weight_accumulation"
    assert loihi.contained_in("packet_in") == "packet_out"
    assert loihi.contained_in("spike_out") == "neuron_update_active"


def test_cmos45_prices_every_operation():
    cmos = read_prices("cmos45")
    operations = [event for event in EVENTS if event.startswith("op.")]
    assert len(operations) == 21
    for event in (*operations, "sram_bit_read", "sram_bit_write", "synapse_bit_read", "synapse_bit_write",
                  "link_bit", "packet_out", "packet_in", "readout_word", "host_word_in"):  # fmt: skip
        assert cmos.price(event) > 0


def test_a_missing_price_is_an_error_never_zero():
    with pytest.raises(ConfigError) as refused:
        read_prices("loihi-sanafe").price("weight_write")
    assert str(refused.value) == (
        "loihi-sanafe: prices.weight_write: is missing, and the run has this event (one weight "
        "written by learning); "
        "add the price or choose another price list"
    )
    with pytest.raises(ConfigError) as refused:
        read_prices("ideal-bits").price("packet_in")
    assert str(refused.value).startswith("ideal-bits: prices.packet_in: is missing")
    with pytest.raises(ConfigError) as refused:
        read_prices("loihi").price("synaptc_op")
    assert str(refused.value) == "loihi: prices.synaptc_op: unknown event; did you mean 'synaptic_op'?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"synaptic_opp = {entry()}", "prices.synaptic_opp: unknown event; did you mean 'synaptic_op'?"),
        (
            f"op.add.float16 = {entry()}",
            "prices.op.add.float16: unknown event; did you mean 'op.add.float64'?",
        ),
        (
            f"op.add.q = {entry()}",
            "prices.op.add.q: unknown event; did you mean 'op.add.int8'?",
        ),
        (f"op = {entry()}", "prices.op.value: unknown event; the events are "),
        ("op.add = 3", "prices.op.add: expected a table, got 3"),
        (
            'synaptic_op = "23.6 pJ"',
            "prices.synaptic_op: expected a table with value, source, evidence, scope, node, voltage, "
            'got "23.6 pJ"',
        ),
        (
            f"synaptic_op = {entry(value=23.6)}",
            'prices.synaptic_op.value: has no unit: write an energy such as "35.5 pJ", got 23.6',
        ),
        (
            f"synaptic_op = {entry(value='little')}",
            'prices.synaptic_op.value: expected an energy such as "35.5 pJ", got "little"',
        ),
        (
            f"synaptic_op = {entry(value='-1 pJ')}",
            'prices.synaptic_op.value: must not be negative, got "-1 pJ"',
        ),
        (
            f"link_bit = {entry(value='1 pJ')}",
            'prices.link_bit.value: expected an energy per bit such as "26 fJ/bit", got "1 pJ", '
            "which is an energy",
        ),
        (f"synaptic_op = {entry(valeu=3)}", "prices.synaptic_op.valeu: unknown key; did you mean 'value'?"),
        (
            f"synaptic_op = {entry(source='')}",
            "prices.synaptic_op.source: must say where the price comes from, got an empty string",
        ),
        (
            f"synaptic_op = {entry(evidence='mesured')}",
            'prices.synaptic_op.evidence: expected "measured", "pre-silicon", "pre-silicon, synthesised" or '
            '"estimated", got "mesured"; did you mean \'measured\'?',
        ),
        (
            f"synaptic_op = {entry(scope='all')}",
            'prices.synaptic_op.scope: expected "per-event" or "all-in", got "all"; did you mean \'all-in\'?',
        ),
        (
            f"synaptic_op = {entry(node='14 pJ')}",
            'prices.synaptic_op.node: expected a length such as "45 nm", got "14 pJ", which is an energy',
        ),
        (f"synaptic_op = {entry(node='0 nm')}", 'prices.synaptic_op.node: must be positive, got "0 nm"'),
        (
            f"synaptic_op = {entry(voltage='-1 V')}",
            'prices.synaptic_op.voltage: must be positive, got "-1 V"',
        ),
        *(
            (f"synaptic_op = {entry(**{key: None})}", f"prices.synaptic_op.{key}: is missing")
            for key in ("value", "source", "evidence", "scope", "node", "voltage")
        ),
        (
            f"synaptic_op = {entry(scope='all-in')}\nhop_ew = {entry()}",
            "prices.hop_ew: is already contained in the all-in price of synaptic_op; remove one of the two",
        ),
        (
            f"packet_out = {entry(scope='all-in', includes=['hop_ns'])}\nhop_ns = {entry()}",
            "prices.hop_ns: is already contained in the all-in price of packet_out; remove one of the two",
        ),
        (
            f"packet_out = {entry(scope='all-in')}",
            "prices.packet_out.includes: is missing; an all-in price lists the events that it contains",
        ),
        (
            f"packet_out = {entry(scope='all-in', includes=['hop'])}",
            "prices.packet_out.includes[0]: unknown event; did you mean 'hop_ns'?",
        ),
        (
            f"packet_out = {entry(scope='all-in', includes=['packet_out'])}",
            "prices.packet_out.includes[0]: a price cannot contain itself",
        ),
        (
            f"packet_out = {entry(includes=['hop_ew'])}",
            'prices.packet_out.includes: belongs to scope = "all-in"; remove it or change the scope',
        ),
        (
            f"link_bit = {entry(value='1 fJ/bit')}\nhop_ew = {entry()}",
            "prices.hop_ew: charges the same wires as prices.link_bit; remove one of the two",
        ),
        ("", 'prices: is missing; neuron_pricing = "published" needs prices'),
    ],
)
def test_refused_prices(read, text, sentence):
    with pytest.raises(ConfigError) as refused:
        read(text)
    if sentence.endswith(" "):
        assert str(refused.value).startswith(f"mine.toml: {sentence}")
    else:
        assert str(refused.value) == f"mine.toml: {sentence}"


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("", 'neuron_pricing: is missing; it is "operations", "published" or "none"'),
        (
            'neuron_pricing = "none"\n',
            'neuron_pricing: is "none" but there are prices; set it to "operations" or "published"',
        ),
        (
            'neuron_pricing = "published"\n',
            "note: is missing; say what the published figures were published for, as the dynamics may differ",
        ),
        (
            'neuron_pricing = "operations"\n',
            'prices.clamped_update: is built from operations when neuron_pricing = "operations"; remove it',
        ),
        ("speed = 3\n", "speed: unknown key; the keys here are name, about, neuron_pricing, note, prices"),
    ],
)
def test_refused_heads(read, head, sentence):
    with pytest.raises(ConfigError) as refused:
        read(f"clamped_update = {entry()}", head)
    assert str(refused.value) == f"mine.toml: {sentence}"


def test_an_all_in_price_covers_its_parts(read):
    prices = read(f"synaptic_op = {entry(value='26 pJ', scope='all-in')}")
    assert prices.price("hop_ew") == 0 and prices.contained_in("hop_ew") == "synaptic_op"
    assert prices.price("packet_in") == 0 and prices.contained_in("neuron_update_active") == "synaptic_op"
    with pytest.raises(ConfigError, match=r"^mine: prices\.weight_write: is missing"):
        prices.price("weight_write")
