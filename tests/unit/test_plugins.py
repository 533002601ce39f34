"""Plug-ins: found by name, imported when used, and complained of only then, in a sentence."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from neurochip import plugins, settle
from neurochip.description import chips, read_chip, read_run, run_to_toml, runs
from neurochip.description.used_plugins import plugins_of
from neurochip.elements import HardwareCost, SigmaDelta
from neurochip.errors import ConfigError
from neurochip.installation import findings
from neurochip.kernels._jit import kernel
from neurochip.learning.rules import rule_for
from neurochip.network import layered
from neurochip.papers.table import experiments, find
from neurochip.search.dimensions import present_value, read_dimensions
from tests.plugin_packages import ELEMENT, package, site

__all__ = ["site"]


def refused(*overrides: str, run: str = "mnist-small") -> str:
    with pytest.raises(ConfigError) as caught:
        read_run(run, overrides)
    return str(caught.value)


def test_what_is_there_is_built_in() -> None:
    assert all(plugins.installed(group) == () for group in plugins.GROUPS)
    assert plugins.names("rules", ("b", "a")) == ["b", "a"]


def test_an_encoder_goes_everywhere(site: Path) -> None:
    package(
        site,
        "one-encoder",
        {"encoders": {"mine": "one_encoder:Mine"}},
        ELEMENT.format(name="Mine", kind="mine"),
    )
    run = read_run("mnist-small", ["coding.encoder=mine", "coding.encoder.half=0.6"])
    assert run.coding.encoder.kind == "mine" and run.coding.encoder.half == 0.6  # type: ignore[union-attr]
    text = run_to_toml(run)
    assert 'encoder = { kind = "mine", half = 0.6, one = 1.0 }' in text
    assert type(run).from_dict(run.to_dict()) == run
    [used] = plugins_of(run)
    assert plugins.distributions([used]) == {"one-encoder": "1.0"}
    assert plugins_of(read_run("mnist-small")) == ()
    random = np.random.default_rng(1)
    network: Any = ([random.normal(0, 0.5, (9, 4))], [np.zeros(4)], random.random((2, 9)))
    ours, theirs = (
        settle(*network, encoder=encoder, decoder="identity", n_free=20)
        for encoder in (SigmaDelta(None), "mine")
    )
    for a, b in zip(ours.spikes, theirs.spikes, strict=True):
        np.testing.assert_array_equal(a, b)
    assert ours.counters.to_json() == theirs.counters.to_json()


def test_two_encoders_of_one_package_are_two(site: Path) -> None:
    """Their kernels have the same names and types, and are told apart all the same."""
    text = ELEMENT.format(name="One", kind="one") + ELEMENT.format(name="Two", kind="two").replace(
        "phi = first + value", "phi = first + value + value"
    )
    package(site, "pair", {"encoders": {"one": "pair:One", "two": "pair:Two"}}, text)
    spikes = {}
    for name in ("one", "two", "one"):
        found = settle(
            [np.zeros((1, 1))], [np.zeros(1)], [[0.3]], encoder=name, decoder="identity", n_free=40
        )
        share = found.spikes[0].mean()
        assert spikes.setdefault(name, share) == share
    assert spikes == {"one": pytest.approx(0.3, abs=0.03), "two": pytest.approx(0.6, abs=0.03)}


def test_what_a_closure_made_is_not_stored() -> None:
    """Its numbers are in no source, so that another process would take one for the other."""

    def made(gain: float) -> Any:
        @kernel
        def step(value: Any, first: Any, second: Any, draw: Any) -> Any:
            return gain * value > draw, first, second

        @dataclass(frozen=True)
        class Gained:
            kind: ClassVar[str] = "gained"
            hardware: ClassVar[HardwareCost] = HardwareCost(comparisons=1, random_bits=24)
            step: ClassVar[Any] = None

        Gained.step = step
        return Gained()

    shares = []
    for gain in (0.5, 2.0):
        spec = made(gain)
        assert not spec.step.is_stored
        found = settle(
            [np.zeros((1, 1))], [np.zeros(1)], [[0.4]], encoder=spec, decoder="identity", n_free=400
        )
        shares.append(found.spikes[0].mean())
    assert shares == [pytest.approx(0.2, abs=0.07), pytest.approx(0.8, abs=0.07)]


def test_a_name_that_is_nearly_right(site: Path) -> None:
    package(site, "near", {"encoders": {"burst": "near:Burst"}, "rules": {"three-factor": "near:rule"}})
    assert "did you mean 'burst'?" in refused("coding.encoder=bursts")
    assert "did you mean 'three-factor'?" in refused("learning.rule=tree-factor")


def test_what_cannot_be_imported_stands_in_nobodys_way(site: Path) -> None:
    package(site, "broken", {
        "encoders": {"bad": "broken:Bad"}, "chips": {"badchip": "broken"}, "runs": {"badrun": "broken"},
        "rules": {"badrule": "broken:rule"}, "mismatch": {"badlaw": "broken:law"}, "papers": {"badpaper": "broken"},
    }, "import nothing_of_this_name")  # fmt: skip
    read_run("mnist-small", ["coding.encoder=sigma-delta", "coding.encoder.lambda=none"])
    why = (
        "of broken 1.0 cannot be imported (ModuleNotFoundError: No module named 'nothing_of_this_name'); "
        "mend it or uninstall broken"
    )
    assert refused("coding.encoder=bad") == f"--set coding.encoder: plug-in 'bad' {why}"
    assert refused("learning.rule=badrule") == f"--set learning.rule: plug-in 'badrule' {why}"
    assert refused("chip=badchip") == f"--set chip: plug-in 'badchip' {why}"
    assert refused(run="badrun") == f"run: plug-in 'badrun' {why}"
    with pytest.raises(ConfigError) as caught:
        find("badpaper")
    assert str(caught.value) == f"experiment: plug-in 'badpaper' {why}"
    assert "badpaper" in experiments()
    assert dict(chips())["badchip"] == f"cannot be used: plug-in 'badchip' {why}"
    assert dict(runs())["badrun"].startswith("cannot be used: ")
    bad = {f.name: f.means for f in findings() if f.group == "plug-ins"}
    assert len(bad) == 6 and all(why in means for means in bad.values())


def test_names_that_clash(site: Path) -> None:
    package(site, "greedy", {
        "encoders": {"sigma-delta": "greedy:X", "both": "greedy:X"}, "chips": {"loihi": "greedy"},
        "rules": {"random-feedback": "greedy:x"}, "mismatch": {"student-t": "greedy:x"},
    })  # fmt: skip
    package(site, "other", {"encoders": {"both": "other:X"}}, version="2.1")
    built_in = "is built in, and greedy 1.0 brings {} of the same name; rename that one or uninstall it"
    assert refused("coding.encoder=sigma-delta") == (
        f"--set coding.encoder: 'sigma-delta' {built_in.format('an encoder')}"
    )
    assert (
        refused("coding.encoder=threshold", "chip=loihi")
        == f"--set chip: 'loihi' {built_in.format('a chip')}"
    )
    assert refused("coding.encoder=threshold", "learning.rule=random-feedback") == (
        f"--set learning.rule: 'random-feedback' {built_in.format('a learning rule')}"
    )
    assert refused("analog.mismatch.tails=student-t", run="analog-mnist-small") == (
        f"--set analog.mismatch.tails: 'student-t' {built_in.format('a law of mismatch')}"
    )
    assert refused("coding.encoder=both") == (
        "--set coding.encoder: 'both' is an encoder of both greedy 1.0 and other 2.1; "
        "rename one of the two or uninstall it"
    )
    states = [(f.name, f.state) for f in findings() if f.group == "plug-ins"]
    assert len(states) == 6 and {state for _, state in states} == {"bad"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("@dataclass(frozen=True)", "@dataclass"), "must be a frozen dataclass; Mine is not frozen"),
        (('kind: ClassVar[str] = "mine"', ""), "must have a class attribute kind, a str; Mine has None"),
        (('"mine"', '"yours"'), 'must have kind = "mine", the name of its entry point; it is "yours"'),
        (("    step: ClassVar[Kernel] = step", ""),
         "must have a class attribute step, a function marked @kernel; Mine has None"),
        (("half: float", "half: complex"),
         "must have fields of float, int, bool, str or Literal; Mine.half is <class 'complex'>"),
    ],
)  # fmt: skip
def test_an_encoder_that_is_none(site: Path, change: tuple[str, str], problem: str) -> None:
    text = ELEMENT.format(name="Mine", kind="mine")
    assert change[0] in text
    name = f"wrong{abs(hash(change))}"
    package(site, name, {"encoders": {"mine": f"{name}:Mine"}}, text.replace(*change))
    assert refused("coding.encoder=mine") == (
        f"--set coding.encoder: plug-in 'mine' of {name} 1.0 {problem}; mend it or uninstall {name}"
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("phi = first + value", "phi = np.zeros(3)[0] + value"), "does not work on float64 state"),
        (("return fires,", "return first, fires,"), "must return (fires, first, second), got"),
        (("half: Any, one: Any", "half: Any"), "does not work on float64 state"),
    ],
)
def test_a_step_that_is_none(site: Path, change: tuple[str, str], problem: str) -> None:
    """Said before the first tick: it allocates, returns too much, does not take its constants."""
    name = f"steps{abs(hash(change))}"
    text = "import numpy as np\n" + ELEMENT.format(name="Mine", kind="mine").replace(*change)
    package(site, name, {"encoders": {"mine": f"{name}:Mine"}}, text)
    with pytest.raises(ConfigError) as caught:
        settle([np.zeros((1, 1))], [np.zeros(1)], [[0.3]], encoder="mine", n_free=2, precision="float64")
    assert str(caught.value).startswith("coding.encoder: the step of Mine ") and problem in str(caught.value)


def test_a_rule_that_is_none(site: Path) -> None:
    package(site, "norule", {"rules": {"mine": "norule:rule"}}, "def rule(network): ...\n")
    assert "must be called with (network, learning, phases), which <function rule" in refused(
        "learning.rule=mine"
    )


SPECIFICATION = (
    Path(__file__).parents[2] / "neurochip" / "description" / "chips" / "ideal-bits.toml"
).read_text()


@pytest.mark.parametrize(
    "text",
    [f"specification = '''{SPECIFICATION}'''", f"def specification():\n    return '''{SPECIFICATION}'''",
     "from pathlib import Path\nspecification = Path(__file__).with_name('mine.toml')"],
    ids=["text", "function", "file"],
)  # fmt: skip
def test_a_specification_may_be_given_in_many_ways(site: Path, text: str) -> None:
    (site / "mine.toml").write_text(SPECIFICATION)
    name = f"specifications{abs(hash(text))}"
    package(site, name, {"chips": {"mine": f"{name}:specification"}}, text)
    assert read_chip("mine").name == "mine"
    assert "mine" in dict(chips())


def test_a_specification_that_is_none(site: Path) -> None:
    package(
        site, "nospecification", {"chips": {"mine": "nospecification:specification"}}, "specification = 3"
    )
    assert refused("chip=mine") == (
        "--set chip: plug-in 'mine' of nospecification 1.0 gives no TOML text (expected a package with mine.toml "
        "in it, a file, or a function that returns one, got 3); mend it or uninstall nospecification"
    )


def test_a_run_and_an_experiment(site: Path) -> None:
    text = """
from neurochip.papers import Bound, Claim, Experiment
run = 'about = "mine"\\n[network]\\nlayers = [784, 10]\\n[learning]\\nrates = [0.1]\\nepochs = 1\\n'
CLAIM = Claim("k", "s", "m", Bound(0, 1), control="c")
EXPERIMENT = Experiment("mine", "nobody", "figure 0", "a test", (CLAIM,), (1, 1), print)
"""
    package(site, "others", {"runs": {"mine": "others:run"}, "papers": {"mine": "others"}}, text)
    assert read_run("mine").network.layers == (784, 10) and dict(runs())["mine"] == "mine"
    assert find("mine").paper == "nobody"


RULE = """
from dataclasses import dataclass
from typing import Literal
from neurochip import ConfigError, EquilibriumPropagation

class Mine(EquilibriumPropagation):
    {decorator}
    class Keys:
        margin: {hint}
        power: int = 2
        side: Literal["left", "right"] = "left"

        def __post_init__(self):
            if self.power < 1:
                raise ConfigError("power", f"must be at least 1, got {{self.power}}")
"""


def test_a_rule_has_keys_of_its_own(site: Path) -> None:
    text = RULE.format(decorator="@dataclass(frozen=True)", hint="float = 0.5")
    package(site, "ruled", {"rules": {"mine": "ruled:Mine"}}, text)
    plain = read_run("mnist-small", ["learning.rule=mine"])
    assert plain.learning is not None and (plain.learning.own.margin, plain.learning.own.power) == (0.5, 2)
    chosen = ["learning.rule=mine", "learning.own.margin=1", "learning.own.side=right"]
    run = read_run("mnist-small", chosen)
    assert 'own = { margin = 1.0, power = 2, side = "right" }' in run_to_toml(run)
    assert type(run).from_dict(run.to_dict()) == run != plain
    assert run.learning is not None
    rule = rule_for(layered((4, 3, 2), tied=True), run.learning, run.phases)
    assert rule.learning.own.side == "right"  # type: ignore[attr-defined]
    assert replace(run.learning, beta=0.1).own == run.learning.own
    [margin] = read_dimensions(["learning.own.margin=0.1:2"])
    assert present_value(run, margin) == 1.0
    bad = replace(run.learning.own, margin="wide")
    with pytest.raises(ConfigError, match="learning.own.margin: expected a number, got"):
        replace(run.learning, own=bad)
    mine = "learning.rule=mine"
    assert refused(mine, "learning.own.margins=1") == (
        "--set learning.own.margins: unknown key; did you mean 'margin'?"
    )
    assert refused(mine, "learning.own.power=0.5") == (
        "--set learning.own.power: expected an integer, got 0.5"
    )
    assert refused(mine, "learning.own.power=0") == "--set learning.own.power: must be at least 1, got 0"
    assert refused(mine, "learning.own.side=up").startswith(
        '--set learning.own.side: expected "left" or "right", got "up"'
    )
    assert refused(mine, "learning.own=3") == "--set learning.own: expected a table, got 3"
    assert refused("learning.own.margin=1") == (
        '--set learning.own.margin: is for keys that a rule has of its own, and "eqprop" has none; remove it'
    )


def test_a_key_without_a_default_has_to_be_given(site: Path) -> None:
    text = RULE.format(decorator="@dataclass(frozen=True)", hint="float")
    package(site, "needy", {"rules": {"mine": "needy:Mine"}}, text)
    assert refused("learning.rule=mine").endswith("learning.own.margin: is missing")
    assert read_run("mnist-small", ["learning.rule=mine", "learning.own.margin=0.1"]).learning is not None


@pytest.mark.parametrize(
    ("decorator", "hint", "fault"),
    [
        ("@dataclass", "float = 1.0", "must have a frozen dataclass as its Keys, not <class 'odd.Mine.Keys'>"),
        ("", "float = 1.0", "must have a frozen dataclass as its Keys, not <class 'odd.Mine.Keys'>"),
        ("@dataclass(frozen=True)", "tuple = ()", "must have fields of float, int, bool, str or Literal; "
         "Keys.margin is <class 'tuple'>"),
        ("@dataclass(frozen=True)", "'Nothing' = 1", "has annotations that cannot be read "
         "(name 'Nothing' is not defined)"),
    ],
)  # fmt: skip
def test_keys_that_cannot_be(site: Path, decorator: str, hint: str, fault: str) -> None:
    package(site, "odd", {"rules": {"mine": "odd:Mine"}}, RULE.format(decorator=decorator, hint=hint))
    sys.modules.pop("odd", None)
    assert refused("learning.rule=mine") == (
        f"--set learning.rule: plug-in 'mine' of odd 1.0 {fault}; mend it or uninstall odd"
    )
    [finding] = [f for f in findings() if f.group == "plug-ins"]
    assert fault in finding.means
