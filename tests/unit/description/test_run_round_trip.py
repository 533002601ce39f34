"""run_to_toml ∘ read_run is the identity, whatever the run."""

import json

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from neurochip.description import (
    BaselineSpec,
    CodingSpec,
    ConvergenceSpec,
    DataSpec,
    EvaluationSpec,
    LearningSpec,
    NetworkSpec,
    PhasesSpec,
    RecordSpec,
    RunSpec,
    read_run,
    run_to_toml,
)
from neurochip.elements import (
    OSA,
    Constant,
    Identity,
    Kesten,
    PowerLaw,
    Predictive,
    SecondOrderSigmaDelta,
    SigmaDelta,
    Stochastic,
    Threshold,
)

# Constants are checked in the format in which they are used: what is 0 in float32 is refused.
shares = st.floats(1e-30, 1)
to_nine = st.just(0.0) | st.floats(1e-30, 9)
counts = st.integers(1, 65535)
betas = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)
# Line breaks are the one thing that a line about a run must not have.
texts = st.text(max_size=30).filter(lambda text: not {"\n", "\r"} & set(text))

power_laws = st.builds(PowerLaw, shares, to_nine)
schedules = st.one_of(shares, st.builds(Constant, shares), power_laws)
encoder_lambdas = st.one_of(st.none(), st.just("as-decoder"), schedules)
encoders = st.one_of(
    *(st.builds(cls, encoder_lambdas) for cls in (SigmaDelta, SecondOrderSigmaDelta, Stochastic, Threshold))
)
decoders = st.one_of(st.just(Identity()), st.builds(Predictive, schedules))
step_sizes = st.one_of(st.builds(Constant, shares), power_laws)
annealers = st.one_of(
    step_sizes,
    st.builds(Kesten, st.just(0.5), to_nine),
    st.builds(OSA, st.floats(0.001, 0.999), st.floats(1e-30, 1)),
)


@st.composite
def run_specs(draw):
    experiment = draw(st.sampled_from(["train", "convergence"]))
    substrate = draw(st.sampled_from(["ideal", "digital"]))
    precisions = ["float64", "float32"] + (["int2", "int8", "int16"] if substrate == "digital" else [])
    precision = draw(st.sampled_from(precisions))
    trains = experiment == "train"
    hidden = draw(st.lists(counts, max_size=3))
    ends = (784, 10) if trains else (draw(counts), draw(counts))
    layers = (ends[0], *hidden, ends[1])
    coding = (
        CodingSpec.ideal(draw(step_sizes))
        if substrate == "ideal"
        else CodingSpec(encoder=draw(encoders), decoder=draw(decoders), annealer=draw(annealers))
    )
    network = NetworkSpec(
        layers=layers,
        tied=draw(st.booleans()),
        precision=precision,
        **(
            {
                "rounding": draw(st.sampled_from(["nearest", "stochastic"])),
                "weight_range": draw(st.none() | st.floats(1e-3, 10)),
            }
            if precision.startswith("int")
            else {}
        ),
    )
    sections = {}
    if trains:
        traced = draw(st.booleans()) and substrate == "digital" and not network.tied
        sections["learning"] = LearningSpec(
            beta=draw(betas),
            beta_sign=draw(st.sampled_from(["fixed", "random"])),
            rates=tuple(draw(to_nine) for _ in layers[1:]),
            product=draw(st.sampled_from(["linear", "full"])) if network.tied else "linear",
            pre="trace" if traced else "oracle",
            trace="count" if traced and (coding.decoder == Identity() or draw(st.booleans())) else "decoder",
            epochs=draw(counts),
            minibatch=draw(counts),
            shuffle=draw(st.booleans()),
        )
        sections["data"] = DataSpec(
            set=draw(st.sampled_from(["mnist-small", "mnist"])),
            train=draw(st.none() | st.integers(1, 2000)),
            test=draw(st.none() | st.integers(1, 1000)),
        )
        sections["phases"] = PhasesSpec(
            free=draw(counts),
            nudged=draw(counts),
            reference=draw(st.sampled_from(["before", "parallel", "opposite"])),
            persistent=draw(st.booleans()),
        )
        sections["evaluation"] = EvaluationSpec(train=draw(st.integers(0, 99)), test=draw(st.none() | counts))
    else:
        sections["convergence"] = ConvergenceSpec(
            nets=draw(counts),
            free=draw(counts),
            nudged=draw(counts),
            beta=draw(betas),
            reference_steps=draw(counts),
        )
    return RunSpec(
        name=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)),
        about=draw(texts),
        experiment=experiment,
        seed=draw(st.integers(0, 2**63 - 1)),
        substrate=substrate,
        chip="ideal-bits",
        network=network,
        coding=coding,
        record=RecordSpec(presentations=draw(st.integers(0, 99)))
        if trains and substrate == "digital"
        else RecordSpec(),
        baseline=BaselineSpec(
            free=draw(counts), nudged=draw(counts), chip=draw(st.sampled_from(("cmos45", "own.toml")))
        ),
        **sections,
    )


@given(run=run_specs())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_read_run_undoes_run_to_toml(run, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(run_to_toml(run), encoding="utf-8", newline="")
    assert read_run(path) == run


@given(run=run_specs())
@settings(max_examples=100, deadline=None)
def test_json_keeps_a_run(run):
    assert RunSpec.from_dict(json.loads(json.dumps(run.to_dict()))) == run


@given(run=run_specs(), beta=betas)
@settings(max_examples=50, deadline=None)
def test_an_override_changes_one_key(run, beta):
    assume(run.learning is not None)
    from neurochip.description import apply_overrides

    table = run.to_dict()
    changed = apply_overrides(table, [f"learning.beta={beta!r}"])
    assert changed["learning"].pop("beta") == beta
    del table["learning"]["beta"]
    assert changed == table
