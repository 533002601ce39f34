"""What README and docs tell a reader to type is carried out, in the order of the page, in a folder of its own.

Only sizes are cut, by the tables below, which say why; what cannot be carried out here is named with its reason. The
tutorials, whose figures are compared too, have `test_tutorials.py`; the example of the README has `test_readme.py`.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from neurochip.description import run_text
from neurochip.description.nir.graph import from_nir
from neurochip.replays.spiking import run_spiking
from tests.unit.description.state_dicts import safetensors_of

from .conftest import TINY, Finished, Run, Workplace
from .documents import PAGES, ROOT, Line, blocks, lines, split

pytestmark = pytest.mark.usefixtures("kept_workers")

# Pages whose commands take hours: they are parsed (`test_docs_parse.py`), and every figure beside them was measured so.
LONG = {page for page in PAGES if page.startswith("docs/results/")}
ELSEWHERE = {page for page in PAGES if page.startswith("docs/tutorial-")}

# Beginning of a command line → why it is not carried out.
LEFT_OUT = {
    "python -m pip install": "installs packages; test_packaging.py installs the wheel",
    "python -m pytest": "would run itself",
    "neurochip data fetch": "downloads; test_data.py fetches from a server of its own",
    "neurochip firmware serve": "serves until it is stopped; test_firmware.py serves and trains on it",
    "neurochip simulate --device": "needs that server",
    "neurochip simulate tabular --set data.file": "reads a file of the reader's; test_own_data.py has one",
    "neurochip simulate crossed-bars": "has layers of its own; test_heads.py trains it",
    "neurochip simulate regression --set data.file": "reads a file of the reader's; test_regression.py has one",
    "neurochip simulate mnist-small --set data.file": "reads a folder of the reader's; test_regression.py has one",
    "neurochip simulate moving-bars-spikes": "has layers of its own; test_events.py trains it, on a set and on files",
    "ssh -N": "needs another machine",
    "dask scheduler": "serves until it is stopped; test_sweep_workers.py starts a cluster in this process",
    "dask worker": "needs that server",
    "neurochip export DIR chip --rtl": "needs a run on integer cores; test_rtl.py exports one",
    "neurochip verify": "needs a Verilog simulator; test_rtl.py verifies a chip where there is one",
    "neurochip bench settle": "measures for a minute; test_bench.py and test_rows.py measure every row in small",
    "neurochip bench others": "needs other tools; test_rivals.py has programs that stand for them",
    "neurochip sweep analog-pilot --vary analog.mismatch.sigma=0:0.5:6 --scheduler": "needs that cluster",
    "neurochip sweep analog-pilot --dies": "needs measured dies; test_sweep_dies.py has some, for its own network",
    "neurochip sweep analog-pilot --vary analog.mismatch.sigma=0:0.5:6 --shard": "runs in a job array",
    "neurochip sweep --resume whole": "needs what was joined of that array; test_sweep_shards.py",
    "neurochip reproduce --all": "trains for many minutes; test_reproduce.py has one experiment on a worker",
    "neurochip sweep merge": "needs the folders of such jobs; test_sweep_shards.py",
    "neurochip tune mnist-small --vary phases.free=20:100:int --sampler random": "runs in a job array",
    "neurochip tune merge": "needs the folders of such jobs; test_tune_shards.py",
    "neurochip reproduce oconnor2019-fig3 --shard": "runs in a job array",
    "neurochip reproduce merge": "needs the folders of such jobs; test_sharing.py",
}

ANALOG = [
    "--set",
    "data.train=20",
    "--set",
    "data.test=10",
    "--set",
    "evaluation.train=0",
    "--set",
    "learning.epochs=1",
]

# Command → what is put behind its command line, and why.
SHORTER: dict[str, tuple[list[str], str]] = {
    "simulate": (TINY, "trains for a minute or more"),
    "sweep": (
        [*ANALOG, "--set", "network.layers=[784,16,10]", "--workers", "1"],
        "trains a network at every point",
    ),
    "tune": ([*TINY, "--trials", "2", "--threads", "1"], "trains a network in every trial"),
    "bench": (["--rounds", "1", "startup-help"], "measures for minutes"),
    "trace": (["--out", "traced"], "its file must not stand in the way of the next one"),
}
# The same of a graph, which has no layers to make smaller.
SHORTER_GRAPH = {
    "simulate": ["--set", "learning.epochs=1"],
    "sweep": ["--set", "learning.epochs=1", "--workers", "1"],
    "tune": ["--set", "learning.epochs=1", "--trials", "2", "--threads", "1"],
}
# Words that are replaced, and why.
INSTEAD = {
    "analog-pilot": ("analog-mnist-small", "it learns from MNIST, which is not fetched here"),
    "--ticks 0:100": ("--ticks 0:20", "the run that stands for the reader's has 30 ticks"),
    "--workers 4": ("--workers 2", "processes that find nothing to do: there are two trials"),
    "--dies 30": ("--dies 2", "thirty trainings at every value"),
    "--dies 100": ("--dies 3", "as many more"),
    "--seeds 5": ("--seeds 1", "five trainings at every value"),
    "0:0.5:6": ("0:0.5:2", "six values"),
    "0:0.2:5": ("0:0.2:2", "five values"),
    "0.1:0.5:3": ("0.1:0.5:2", "three values"),
    "int2,int4,int6,int8,float32": ("int4,float32", "five values"),
    "Q3.4,Q3.6,Q3.8,Q3.10,Q3.12": ("Q3.6,Q3.12", "five values"),
}
# What stands for something of the reader's own → what the folder holds in its place.
STANDS_FOR = {"runs/mnist-small-…": "done", "DIR": "done"}


@pytest.fixture
def ready(place: Workplace, finished: Finished) -> Path:
    """A folder with what the pages take for granted: finished runs, recorded spikes, a network of another tool."""
    shutil.copytree(finished.folder, "done")
    rng = np.random.default_rng(5)
    sizes = (784, 500, 10)  # of mnist-small
    spikes = {f"spikes.{k}": (rng.random((10, n)) < 0.1).astype(np.uint8) for k, n in enumerate(sizes)}
    np.savez("spikes.npz", **spikes)  # type: ignore[arg-type]
    return place.folder


def network(folder: Path) -> None:
    nir = pytest.importorskip("nir")
    ones = np.ones(6)
    graph = nir.NIRGraph.from_list(
        nir.Input(input_type={"input": np.array([8])}),
        nir.Affine(weight=np.random.default_rng(2).normal(1.0, 2.0, (6, 8)), bias=np.full(6, 0.1)),
        nir.LIF(tau=ones * 9e-3, r=ones, v_leak=ones * 0, v_threshold=ones * 0.4),
        nir.Output(output_type={"output": np.array([6])}),
    )
    nir.write(str(folder / "net.nir"), graph)
    raster = (np.random.default_rng(3).random((20, 8)) < 0.3).astype(np.uint8)
    np.savez(folder / "input.npz", **{"spikes.0": raster})
    samples = (np.random.default_rng(4).random((4, 10, 8)) < 0.3).astype(np.uint8)
    np.savez(folder / "test.npz", spikes=samples, labels=np.arange(4))
    seen = run_spiking(from_nir(graph, source="snntorch"), raster, "ideal-bits").replay.spikes[1]
    np.savez(folder / "x.npz", x=raster)
    np.savez(folder / "theirs.npz", lif=np.concatenate([seen[1:], np.zeros((1, 6))]))


def program(folder: Path) -> None:
    [text] = blocks("docs/firmware.md", "asm")
    (folder / "mine.asm").write_text(text, encoding="utf-8")


def swept(folder: Path) -> None:
    """A sweep to go on with, as DIR."""
    from neurochip._cli.main import neurochip

    shutil.rmtree(folder / "done")
    words = [
        "sweep",
        "analog-mnist-small",
        "--vary",
        "analog.mismatch.sigma=0,0.3",
        "--dies",
        "2",
        "--workers",
        "1",
    ]
    words += [*ANALOG, "--set", "network.layers=[784,16,10]", "--out", "done", "--modes", "deploy"]
    done = CliRunner().invoke(neurochip, words)
    assert done.exit_code == 0, done.output


def samples(folder: Path) -> None:
    """Samples for the network in done, and such with their targets."""
    import neurochip

    found = neurochip.data.load(neurochip.load(folder / "done").run.data)
    x = found.inputs(slice(0, 5), "test")
    np.savez(folder / "samples.npz", x=x)
    np.savez(folder / "known.npz", x=x, y=found.labels("test")[:5])


def of_other_tools(folder: Path) -> None:
    """Files of SANA-FE and state dicts of snnTorch, one of them without neurons, and an input for these."""
    pytest.importorskip("yaml")
    from neurochip.files import Foreign
    from neurochip.files.safetensors import read_safetensors

    golden = ROOT / "tests" / "golden"
    shutil.copy(golden / "sanafe_files" / "arch.yaml", folder / "loihi.yaml")
    shutil.copy(golden / "sanafe_files" / "maps.yaml", folder / "snn.yaml")
    shutil.copy(golden / "state_dicts" / "subtracting.safetensors", folder / "net.safetensors")
    held = read_safetensors(Foreign(folder / "net.safetensors", "a state_dict", ""))
    held = {name: values for name, values in held.items() if name.startswith("fc")}
    (folder / "ann.safetensors").write_bytes(safetensors_of(held))
    np.savez(folder / "x.npz", **{"spikes.0": (np.random.default_rng(3).random((20, 20)) < 0.3).astype("u1")})


def imported(folder: Path) -> None:
    """The network of another tool as taken in, and a chip of the reader's."""
    from neurochip._cli.main import neurochip

    network(folder)
    done = CliRunner().invoke(neurochip, ["import", "net.nir", "net.npz", "--dt", "0.001"])
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(neurochip, ["chips", "show", "cmos45", "--toml"])
    (folder / "mine.toml").write_text(shown.stdout, encoding="utf-8")


# What a page needs besides.
NEEDS: dict[str, list[Callable[[Path], None]]] = {
    "README.md": [network, samples],
    "docs/tour.md": [network, samples],
    "docs/exploring.md": [imported],
    "docs/firmware.md": [program],
    "docs/model.md": [samples],
    "docs/nir.md": [network],
    "docs/other-tools.md": [of_other_tools],
    "docs/sweep.md": [swept],
}

CARRIED_OUT = [page for page in PAGES if lines(page) and page not in LONG and page not in ELSEWHERE]


def why_not(line: Line) -> str | None:
    return next((why for begin, why in LEFT_OUT.items() if str(line).startswith(begin)), None)


def shortened(line: Line) -> list[str]:
    """Return the words after `neurochip`, with only sizes and names changed."""
    text = "\0".join(line.words[1:])
    for old, (new, _) in INSTEAD.items():
        text = text.replace(old.replace(" ", "\0"), new.replace(" ", "\0"))
    for old, new in STANDS_FOR.items():
        text = "\0".join(
            new if word == old else word.replace(f"{old}/", f"{new}/") for word in text.split("\0")
        )
    words = text.split("\0")
    more, _ = SHORTER.get(words[0], ([], "")) if words[-1] != "list" else ([], "")
    if "--resume" in words or (words[0] != "trace" and {"--replay", "--data"} & set(words)):
        return words  # goes on with something small, or is driven by something small
    if "stripes-graph" in words:
        return words + SHORTER_GRAPH[words[0]]
    return words + more


@pytest.mark.parametrize("page", CARRIED_OUT)
def test_the_commands_of(page: str, run: Run, ready: Path) -> None:
    for need in NEEDS.get(page, ()):
        need(ready)
    carried_out = 0
    for line in lines(page):
        if why_not(line) is not None:
            continue
        assert line.words[0] == "neurochip", f"{line}: carry it out, or say in LEFT_OUT why not"
        Path("traced").unlink(missing_ok=True)
        result = run(*shortened(line))
        assert result.exit_code == 0, (str(line), result.output)
        if line.into is not None:
            Path(line.into).write_text(result.stdout, encoding="utf-8")
        carried_out += 1
    assert carried_out > 0


def test_pages_with_commands_are_found() -> None:
    assert set(CARRIED_OUT) >= {
        "README.md",
        "docs/firmware.md",
        "docs/nir.md",
        "docs/replay.md",
        "docs/sweep.md",
    }
    assert ELSEWHERE and LONG < set(PAGES)


def test_every_reason_has_its_command() -> None:
    written = [str(line) for page in PAGES for line in lines(page)]
    for begin in LEFT_OUT:
        assert any(line.startswith(begin) for line in written), begin
    text = "\n".join(" ".join(line.words) for page in CARRIED_OUT for line in lines(page))
    for old in (*INSTEAD, *STANDS_FOR):
        assert old in text, f"no page says {old!r} any more"


# Its blocks are files that belong together: tests/extending/test_recipes.py writes each of them and uses it.
RECIPES = "docs/extending.md"

PYTHON = [
    (page, k, block)
    for page in PAGES
    for k, block in enumerate(blocks(page, "python"))
    if page not in ("README.md", RECIPES)
]
# What a snippet takes for granted.
GIVEN = {
    "docs/replay.md": """
import numpy as np
rng = np.random.default_rng(1)
spikes = [(rng.random((20, n)) < 0.2).astype(np.uint8) for n in (6, 5, 4)]
weights = [rng.integers(-90, 90, shape).astype(np.int8) for shape in ((6, 5), (5, 4))]
placement = [[0] * 6, [1] * 5, [2] * 4]
"""
}
# What a block in the middle of a page stands on: page, number of the block.
STANDS_ON = {
    ("docs/replay.md", 1): """
import neurochip
spikes = [(rng.random((20, 1000)) < 0.2).astype(np.uint8)]
pairs = np.unique(rng.integers(0, (1000, 500), (4000, 2)), axis=0)
pre, post = pairs.T
values = rng.integers(-90, 90, len(pairs)).astype(np.int8)
""",
    ("docs/silicon.md", 2): """
import numpy as np
rng = np.random.default_rng(1)
""",
    ("docs/model.md", 1): """
import os
os.rename("done", "my-model")
""",
}


@pytest.mark.parametrize(("page", "k", "block"), PYTHON, ids=[f"{page}-{k}" for page, k, _ in PYTHON])
def test_the_snippets(page: str, k: int, block: str, ready: Path) -> None:
    names: dict[str, object] = {"__name__": "snippet"}
    exec(
        compile(GIVEN.get(page, "") + STANDS_ON.get((page, k), "") + block, f"{page}, block {k}", "exec"),
        names,
    )


TOML = [(page, k, block) for page in PAGES if page != RECIPES for k, block in enumerate(blocks(page, "toml"))]
# What a run needs besides for the block to make sense in it.
WITH = {"docs/faults.md": ["--set", "network.precision=int8"]}


OF_CHIPS = {"docs/rtl.md"}  # whose blocks are part of a chip's file
_SMALL = "[learning]\nrates = [0.1, 0.1]\nepochs = 1\n\n[phases]\nfree = 12\nnudged = 6\n"
# What a block is part of, where that is not the default run.
PART_OF = {
    "docs/graphs.md": f'{_SMALL}\n[data]\nset = "digits"\ntrain = 20\ntest = 10\n',
    "docs/neurons.md": f'{_SMALL}\n[data]\nset = "stripes"\ntrain = 20\ntest = 10\n\n[network]\nlayers = [16, 12, 2]\n',
}


@pytest.mark.parametrize(("page", "k", "block"), TOML, ids=[f"{page}-{k}" for page, k, _ in TOML])
def test_the_toml(page: str, k: int, block: str, run: Run, ready: Path) -> None:
    """A block is part of a run file, or of a chip's, and the run runs."""
    table = tomllib.loads(block)
    if page in OF_CHIPS:
        keys = [
            f"chip.{part}.{key}={str(value).lower()}"
            for part, row in table.items()
            for key, value in row.items()
        ]
        words = [word for key in keys for word in ("--set", key)]
        result = run("simulate", *TINY, *words, "--timing", "cycle", "--out", "run", "--quiet")
        assert result.exit_code == 0, result.output
        return
    around = PART_OF.get(page, run_text("mnist-small"))
    (ready / "mine.toml").write_text(f"{around}\n{block}", encoding="utf-8")
    smaller = [] if page in PART_OF else TINY
    result = run("simulate", "mine.toml", *smaller, *WITH.get(page, []), "--out", "run", "--quiet")
    assert result.exit_code == 0, result.output


def test_snippets_are_found() -> None:
    assert {page for page, _, _ in PYTHON} >= {"docs/replay.md"}
    assert {page for page, _, _ in TOML} >= {"docs/faults.md"}


def test_lines_are_split_as_a_shell_does() -> None:
    one, two, three = split("a 'b c' --d # e\nf \\\n  g > h && i 'x # y'\n")
    assert (one, two, three) == (Line(("a", "b c", "--d")), Line(("f", "g"), "h"), Line(("i", "x # y")))


def test_no_other_language_is_overlooked() -> None:
    """What a reader could type in is in one of the languages that are carried out."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        kinds = set(re.findall(r"^```(\w+)$", text, re.MULTILINE))
        assert kinds <= {"sh", "python", "toml", "text", "asm"}, (page, kinds)
