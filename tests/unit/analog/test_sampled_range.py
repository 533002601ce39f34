"""A die whose devices cannot be held in the format of its states is no die."""

from __future__ import annotations

import pytest

from neurochip.description import read_run
from neurochip.errors import NumericError
from neurochip.runs.building import build


@pytest.mark.parametrize("sigma", [50, 1e10])
def test_gains_that_are_zero_or_infinite_are_refused(sigma: float) -> None:
    run = read_run("analog-mnist-small", ["network.layers=[784, 12, 10]", f"analog.mismatch.sigma={sigma}"])
    with pytest.raises(NumericError) as caught:
        build(run)
    assert caught.value.place == "analog.mismatch"
    assert f"gains of σ = {sigma:g} are 0 or infinite in float32; use a smaller σ" in str(caught.value)


def test_a_wide_spread_is_a_die() -> None:
    build(read_run("analog-mnist-small", ["network.layers=[784, 12, 10]", "analog.mismatch.sigma=3"]))
