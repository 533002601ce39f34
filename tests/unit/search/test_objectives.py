"""What a search can make small of a run: zero where nothing was counted is no figure."""

from __future__ import annotations

import pytest

from neurochip.errors import CapabilityError
from neurochip.report.document import document
from neurochip.search.objectives import chosen, measure, read_objectives
from tests.unit.report.fake_record import fake_record


def test_a_run_on_cores_has_bits_spikes_and_packets() -> None:
    found = measure(fake_record("mnist-small"))
    assert all(found[name] > 0 for name in ("bits", "spikes", "aer", "packets", "sops", "hops"))


def test_a_real_valued_run_has_the_words_that_it_sent_and_no_spikes() -> None:
    record = fake_record("mnist-continuous")
    found = measure(record)
    assert found["bits"] == document(record)["bits"]["per_sample"]["real_valued_sent"] > 0
    for name in ("spikes", "aer", "packets", "sops", "hops"):
        with pytest.raises(CapabilityError, match=f"--objective {name}: is not known of such a run"):
            chosen(found, read_objectives(name))
