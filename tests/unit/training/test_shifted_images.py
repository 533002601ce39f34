"""Images that are learnt from are shown moved: where their pixels go, and what that changes of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import read_run, simulate
from neurochip.description.image import Image
from neurochip.errors import ConfigError, Interrupted
from neurochip.report.wording import learning_words
from tests.unit.training.tiny import overrides, results, run_of, same

VARIANTS = ("default", "untied, traces", "ideal", "die")


def plainly(image: Image, values: Any, down: int, right: int) -> Any:
    """Return one moved image, pixel by pixel."""
    found = np.zeros_like(values)

    def at(m: int, y: int, x: int) -> int:
        if image.last:
            return (y * image.width + x) * image.maps + m
        return (m * image.height + y) * image.width + x

    for m in range(image.maps):
        for y in range(image.height):
            for x in range(image.width):
                if 0 <= y + down < image.height and 0 <= x + right < image.width:
                    found[at(m, y + down, x + right)] = values[at(m, y, x)]
    return found


@given(
    maps=st.integers(1, 3),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    last=st.booleans(),
    moves=st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=1, max_size=4),
)
def test_every_pixel_moves_where_it_should(
    maps: int, height: int, width: int, last: bool, moves: list[tuple[int, int]]
) -> None:
    image = Image(maps, height, width, last)
    n = maps * height * width
    values = np.arange(1, 1 + len(moves) * n, dtype=np.float32).reshape(len(moves), n)
    down, right = np.array(moves).T
    found = image.moved(values, down, right)
    assert found.dtype == np.float32 and found.flags.c_contiguous
    for k, (d, r) in enumerate(moves):
        np.testing.assert_array_equal(found[k], plainly(image, values[k], d, r))


def weights_of(run: str, sets: list[str], **how: Any) -> list[Any]:
    return list(simulate(run, overrides=sets, write=False, threads=1, **how).state.parameters.weights)


@pytest.mark.parametrize("variant", VARIANTS)
def test_moved_images_are_learnt_from(variant: str) -> None:
    sets = [*overrides(variant), "learning.epochs=1"]
    plain, none, moved, again = (
        weights_of(run_of(variant), [*sets, *more])
        for more in ((), ("learning.shift=0",), ("learning.shift=2",), ("learning.shift=2",))
    )
    for a, b in zip(plain, none, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(moved, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(np.any(a != b) for a, b in zip(plain, moved, strict=True))


def test_an_image_is_drawn_anew_in_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    moved = Image.moved

    def watched(self: Image, values: Any, down: Any, right: Any) -> Any:
        drawn.append((down.copy(), right.copy()))
        return moved(self, values, down, right)

    monkeypatch.setattr(Image, "moved", watched)
    simulate(
        "mnist-small",
        overrides=[*overrides("default"), "learning.shift=1", "learning.shuffle=false", "learning.epochs=2"],
        write=False,
        threads=1,
    )
    steps = np.concatenate([np.stack(one, axis=1) for one in drawn])
    assert len(steps) == 400 and set(np.unique(steps)) == {-1, 0, 1}
    assert np.any(steps[:200] != steps[200:])
    assert abs(steps.mean()) < 0.15  # of 800 draws with a standard error of 0.03


def test_a_stopped_run_goes_on_with_the_same_moves(tmp_path: Path) -> None:
    sets, left = [*overrides("default"), "learning.shift=1"], iter(range(14))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    simulate("mnist-small", overrides=sets, out=whole, threads=1)
    with pytest.raises(Interrupted):
        simulate("mnist-small", overrides=sets, out=parts, threads=1, stop=lambda: next(left, None) is None)
    simulate(resume=parts, threads=1)
    same(*(results(one) for one in (whole, parts)))
    report = json.loads((whole / "report.json").read_text())
    assert learning_words(report) == ["images learnt from were moved by up to 1 pixel"]
    report["run"]["learning"].pop("shift")
    assert learning_words(report) == []


@pytest.mark.parametrize(
    ("run", "sets", "said"),
    [
        (
            "mnist-small",
            ["learning.shift=28"],
            "learning.shift: must be 0 to 27 in images of 28 × 28, got 28",
        ),
        ("mnist-small", ["learning.image=[28, 28]"], "learning.image: has no effect without learning.shift"),
        (
            "mnist-small",
            ["learning.shift=1", "learning.image=[28]"],
            "learning.image: must be height and width, got 1",
        ),
        (
            "mnist-small",
            ["learning.shift=1", "learning.image=[28, 27]"],
            "maps that make 784 inputs, got 28 × 27",
        ),
        (
            "tabular",
            ["data.set=iris", "learning.shift=1"],
            "learning.image: is missing; learning.shift moves images",
        ),
        (
            "moving-bars-spikes",
            ["learning.shift=1"],
            "learning.shift: moves values",
        ),
    ],
)
def test_what_cannot_be_moved_is_refused(run: str, sets: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("[", r"\[")):
        read_run(run, sets)


def test_the_shape_of_the_input_says_where_pixels_are() -> None:
    run = read_run("mnist-conv", ["learning.shift=1"])
    assert run.learning is not None and run.learning.shift == 1


def test_an_image_of_ones_own_is_given_its_size() -> None:
    sets = ["data.set=iris", "learning.shift=1", "learning.image=[2, 2]"]
    assert read_run("tabular", sets).learning.image == (2, 2)  # type: ignore[union-attr]
