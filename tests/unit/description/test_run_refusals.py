"""Runs that cannot be: one sentence each, with its place."""

import dataclasses

import pytest

from neurochip.description import (
    CodingSpec,
    LearningSpec,
    NetworkSpec,
    RunSpec,
    read_run,
    run_text,
    runs,
)
from neurochip.errors import ConfigError
from tests.unit.description.small_run import SMALL

TRACE = SMALL + 'pre = "trace"\n'
CONVERGENCE = 'experiment = "convergence"\nnetwork.layers = [5, 4, 3]\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SMALL + "beta = 0", "learning.beta: must be non-zero, got 0"),
        (SMALL + 'beta = "abc"', 'learning.beta: expected a number, got "abc"'),
        (SMALL + "betta = 1", "learning.betta: unknown key; did you mean 'beta'?"),
        (SMALL + "minibatch = 0", "learning.minibatch: must be at least 1, got 0"),
        (SMALL.replace("epochs = 2", ""), "learning.epochs: is missing"),
        (SMALL.replace("epochs = 2", "epochs = -1"), "learning.epochs: must be 1 to 1000000, got -1"),
        (SMALL.replace("0.05", "-0.05"), "learning.rates[1]: must be ≥ 0, got -0.05"),
        (
            SMALL.replace("0.1, ", ""),
            "learning.rates: must have one rate for each of the 2 projections, got 1",
        ),
        (
            SMALL.replace("784", "100"),
            "network.layers: layer sizes do not match the data: mnist-small has 784 inputs and 10 outputs, "
            "the network 100 and 10",
        ),
        (
            SMALL.replace("[784, 20, 10]", "[784]"),
            "network.layers: must have at least 2 entries, input and output, got 1",
        ),
        (SMALL.replace("20,", "0,"), "network.layers[1]: must be at least 1, got 0"),
        (SMALL + "[phases]\nfree = -5", "phases.free: must be 1 to 65535 ticks, got -5"),
        (SMALL + "[phases]\nnudged = 0", "phases.nudged: must be 1 to 65535 ticks, got 0"),
        (SMALL + "[phasse]\nfree = 5", "phasse: unknown key; did you mean 'phases'?"),
        (
            'timming = "cycle"\n' + SMALL,
            "timming: unknown key; did you mean 'timing'?",
        ),
        (
            'time_model = "cycle"\n' + SMALL,
            "time_model: unknown key; the keys here are name, about, experiment, seed, "
            "substrate, chip, chip_changes, placement, timing, timing_every, data, network, neuron, coding, "
            "numbers, analog, phases, learning, evaluation, faults, mismatch, record, baseline, convergence",
        ),
        (
            'timing = "detaild"\n' + SMALL,
            'timing: expected "tick", "analytic" or "cycle", got "detaild"',
        ),
        ('timing = "cycle"\ntiming_every = 0\n' + SMALL, "timing_every: must be at least 1, got 0"),
        (
            "timing_every = 9\n" + SMALL,
            'timing_every: has no effect with timing = "tick"; leave it out, or change that',
        ),
        (
            'substrate = "ideal"\ntiming = "cycle"\n' + SMALL,
            'timing: has no effect without substrate = "digital"; leave it out, or change that',
        ),
        ("seed = -1\n" + SMALL, "seed: must be 0 to 2**63 - 1, got -1"),
        ("seed = true\n" + SMALL, "seed: expected an integer, got true"),
        (
            'name = "../up"\n' + SMALL,
            "name: must be 1 to 100 letters, digits, '.', '_' and '-', beginning with a "
            'letter or digit, got "../up"',
        ),
        ('about = "a\\nb"\n' + SMALL, "about: must be one line"),
        ('chip = ""\n' + SMALL, "chip: must be the name of a chip or a TOML file, got an empty string"),
        (
            'chip = "lohi"\n' + SMALL,
            "chip: no chip 'lohi' in the catalogue (cmos45, cmos45-multicast, ideal-bits, loihi, loihi-sanafe); did "
            "you mean 'loihi'?",
        ),
        (
            'chip = "loihi"\n' + SMALL,
            'network.precision: loihi has integers of 1 to 9 bits, not "float32"; set it to "int8", '
            "for instance",
        ),
        (
            SMALL.replace("[network]", '[network]\nprecision = "float64"'),
            'network.precision: cmos45 has float32 and integers of 2 to 16 bits, not "float64"; '
            'set it to "float32", for instance',
        ),
        (
            SMALL.replace("[network]", '[network]\nprecision = "int1"'),
            'network.precision: expected "float64", "float32", "int2", … or "int16", got "int1"; '
            "did you mean 'int16'?",
        ),
        (
            SMALL.replace("[network]", "[network]\nweight_range = 2"),
            'network.weight_range: has no effect with network.precision = "float32"; leave it out, or change that',
        ),
        (
            SMALL.replace("[network]", '[network]\nprecision = "int8"\nweight_range = -2'),
            "network.weight_range: must be > 0, got -2",
        ),
        (SMALL + "[data]\ntrain = 2001", "data.train: must be 1 to 2000, which mnist-small has, got 2001"),
        (SMALL + "[data]\ntest = 0", "data.test: must be at least 1, got 0"),
        (
            SMALL + '[data]\nset = "minst"',
            "data.set: there is no data set \"minst\"; did you mean 'mnist'?",
        ),
        (SMALL + "[evaluation]\ntrain = -1", "evaluation.train: must be at least 0, got -1"),
        (SMALL + "[record]\npresentations = -1", "record.presentations: must be at least 0, got -1"),
        (SMALL + "[baseline]\nfree = 0", "baseline.free: must be at least 1 step, got 0"),
        (
            SMALL + '[baseline]\nchip = ""',
            'baseline.chip: must not be empty, got ""',
        ),
        (
            SMALL + '[coding]\nannealer = "osaa"',
            'coding.annealer: expected an annealer: one of constant, power-law, kesten, osa, shift, got "osaa"; '
            "did you mean 'osa'?",
        ),
        (
            SMALL + "[coding]\nencoder = 3",
            "coding.encoder: expected the name of an encoder or a table with its kind, got 3",
        ),
        (SMALL + "[coding]\ndecodre = 3", "coding.decodre: unknown key; did you mean 'decoder'?"),
        ("coding = 3\n" + SMALL, "coding: expected a table, got 3"),
        (
            SMALL + '[coding]\nannealer = { kind = "osa", nu_bra = 0.1 }',
            "coding.annealer.nu_bra: unknown key; did you mean 'nu_bar'?",
        ),
        (
            SMALL + '[coding]\nannealer = { kind = "osa", nu_bar = 1.5 }',
            "coding.annealer.nu_bar: must lie in (0, 1), got 1.5",
        ),
        (
            SMALL + '[coding]\nannealer = { kind = "power-law", exponent = 1.5 }',
            "coding.annealer.coefficient: is missing",
        ),
        (SMALL + "[coding]\ndecoder = { lambda = 0 }", "coding.decoder.lambda: must lie in (0, 1], got 0.0"),
        (
            SMALL + '[coding]\ndecoder = { lambda = "none" }',
            'coding.decoder.lambda: expected a number or a power law, got "none"',
        ),
        (
            SMALL + '[coding]\nencoder = { lambda = "decoder" }',
            'coding.encoder.lambda: expected a number, a power law, "as-decoder" or "none", got "decoder"',
        ),
        (
            SMALL + "[coding]\ndecoder = { lambda = { coefficient = 0.5 } }",
            "coding.decoder.lambda.exponent: is missing",
        ),
        (
            TRACE,
            'network.tied: must be false with learning.pre = "trace": each core changes its own '
            "copy of a weight "
            "and the two drift apart",
        ),
        (
            TRACE.replace("[network]", "[network]\ntied = false") + '[coding]\ndecoder = "identity"',
            'learning.trace: "decoder" needs a decoder that averages, and the identity decoder '
            "keeps only the last "
            'bit; set it to "count"',
        ),
        (
            SMALL.replace("[network]", "[network]\ntied = false") + 'product = "full"',
            'learning.product: the "full" product is defined for tied weights; set it to "linear" '
            "or network.tied "
            "to true",
        ),
        (
            SMALL + 'nudging = "centred"',
            'learning.nudging: is now `phases.reference`: "before" for "one-sided", "opposite" for "centred"',
        ),
        (
            SMALL + "[phases]\nsplit_stream = true",
            'phases.split_stream: is now `phases.reference = "parallel"`',
        ),
        (
            SMALL + 'rule = "delta"\nproduct = "full"',
            'learning.product: has no effect without learning.rule = "eqprop"; leave it out, or change that',
        ),
        (
            SMALL + 'rule = "rate-of-change"\n[learning.own]\nsteps = 0',
            "learning.own.steps: must be at least 1, got 0",
        ),
        (
            SMALL + 'rule = "associative"\n[learning.own]\nsteps = 2',
            "learning.own.steps: unknown key; the keys here are epsilon, limit, draw",
        ),
        ("network.layers = [784, 10]", 'learning: is missing; experiment = "train" needs it'),
        (
            SMALL + "[convergence]\nnets = 3",
            'convergence: has no effect without experiment = "convergence"; leave it out, or change that',
        ),
        (CONVERGENCE, 'convergence: is missing; experiment = "convergence" needs it'),
        (
            CONVERGENCE + "convergence.nets = 1\ndata.set = 'mnist-small'",
            'data: has no effect without experiment = "train"; leave it out, or change that',
        ),
        (
            CONVERGENCE + "convergence.nets = 1\nphases.free = 7",
            'phases: has no effect without experiment = "train"; leave it out, or change that',
        ),
        (
            CONVERGENCE + "convergence.nets = 1\nlearning.beta = 7",
            'learning: has no effect without experiment = "train"; leave it out, or change that',
        ),
        (CONVERGENCE + "convergence.free = 0", "convergence.free: must be 1 to 65535 ticks, got 0"),
        (CONVERGENCE + "convergence.beta = 0.0", "convergence.beta: must be non-zero, got 0"),
        (
            'substrate = "ideal"\n' + SMALL + '[coding]\nencoder = "stochastic"',
            "coding.encoder: ideal sends real numbers and has none; remove it (--set coding.encoder=): "
            'coding = { annealer = "constant" } is all',
        ),
        (
            'substrate = "ideal"\n' + SMALL + '[coding]\nannealer = "osa"',
            'coding.annealer: must be "constant" or "power-law" on ideal, got "osa"',
        ),
        (
            'substrate = "ideal"\n' + SMALL.replace("[network]", '[network]\nprecision = "int8"'),
            'network.precision: must be "float64" or "float32" on ideal, got "int8"',
        ),
        (
            'substrate = "ideal"\n' + TRACE.replace("[network]", "[network]\ntied = false"),
            'learning.pre: "trace" needs bits, which the ideal substrate does not send; set it to "oracle"',
        ),
        (
            'substrate = "analogue"\n' + SMALL,
            'substrate: expected "ideal", "digital" or "analog", got "analogue"; did you mean \'analog\'?',
        ),
        ("learning.beta = nan", "network: is missing"),
        (SMALL + "beta = nan", "learning.beta: must be finite, got nan"),
        (SMALL + "beta = inf", "learning.beta: must be finite, got inf"),
        ("a = [", "line 1, column 6: is not valid TOML: invalid value"),
    ],
)
def test_refused_files(read, text, sentence):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert str(refused.value) == f"run.toml: {sentence}"


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("learning.beta=0", "--set learning.beta: must be non-zero, got 0"),
        ("learning.beta=abc", '--set learning.beta: expected a number, got "abc"'),
        ("learning.beta", "--set learning.beta: must have the form key.path=value"),
        ("=3", "--set =3: must have the form key.path=value"),
        ("learning.betta=0", "--set learning.betta: unknown key; did you mean 'beta'?"),
        ("learnin.beta=0", "--set learnin: unknown key; did you mean 'learning'?"),
        ("coding.decoder.lamda=0", "--set coding.decoder.lamda: unknown key; did you mean 'lambda'?"),
        ("seed.x=1", "--set seed.x: unknown key; seed is a value, not a table"),
        (
            "network.layers=[784]",
            "--set network.layers: must have at least 2 entries, input and output, got 1",
        ),
        ("network.tied=yes", '--set network.tied: expected true or false, got "yes"'),
        ("phases.free=-5", "--set phases.free: must be 1 to 65535 ticks, got -5"),
        (
            "chip=cmos54",
            "--set chip: no chip 'cmos54' in the catalogue (cmos45, cmos45-multicast, ideal-bits, loihi, "
            "loihi-sanafe); did you mean 'cmos45'?",
        ),
        ("data=3", "--set data: expected a table, got 3"),
        # Fine by itself: what it contradicts stands in the file.
        (
            "learning.pre=trace",
            'run.toml: network.tied: must be false with learning.pre = "trace": each core changes '
            "its own copy of a weight and the two drift apart",
        ),
    ],
)
def test_refused_overrides(read, override, sentence):
    with pytest.raises(ConfigError) as refused:
        read(SMALL, override)
    assert str(refused.value) == sentence


def test_unknown_run():
    with pytest.raises(ConfigError) as refused:
        read_run("mnist-smal")
    assert str(refused.value) == (
        f"run: no run 'mnist-smal' in the catalogue ({', '.join(name for name, _ in runs())}); "
        "did you mean 'mnist-small'?"
    )
    with pytest.raises(ConfigError) as refused:
        run_text("xyz")
    assert str(refused.value) == (
        f"run: no run 'xyz' in the catalogue ({', '.join(name for name, _ in runs())}); "
        "a file is named with its .toml"
    )
    with pytest.raises(ConfigError) as refused:
        read_run("nowhere/run.toml")
    assert str(refused.value) == "nowhere/run.toml: no such file"


def test_objects_made_in_python_check_themselves():
    for make, sentence in [
        (lambda: LearningSpec(beta=0, rates=[0.1], epochs=1), "learning.beta: must be non-zero, got 0"),
        (lambda: LearningSpec(rates=[0.1], epochs="5"), 'learning.epochs: expected an integer, got "5"'),
        (lambda: LearningSpec(rates=-0.1, epochs=1), "learning.rates[0]: must be ≥ 0, got -0.1"),
        (
            lambda: LearningSpec(beta=float("nan"), rates=[0.1], epochs=1),
            "learning.beta: must be finite, got nan",
        ),
        (lambda: RunSpec(name="x", network=3), "network: expected a NetworkSpec, got 3"),
        (
            lambda: RunSpec(
                name="x",
                network=NetworkSpec(layers=[784, 10]),
                coding=CodingSpec.ideal(),
                learning=LearningSpec(rates=[0.1], epochs=1),
            ),
            "coding.encoder: is missing; the digital substrate sends only bits",
        ),
        (
            lambda: dataclasses.replace(
                read_run("convergence"), phases=dataclasses.replace(read_run("mnist").phases, free=7)
            ),
            'phases: has no effect without experiment = "train"; leave it out, or change that',
        ),
    ]:
        with pytest.raises(ConfigError) as refused:
            make()
        assert str(refused.value) == sentence
    assert LearningSpec(rates=[1, 0], epochs=1).rates == (1.0, 0.0)
