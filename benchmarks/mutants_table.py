"""Which tests must notice an error in a file: what `mutants.py` tells pytest."""

from __future__ import annotations

__all__ = ["TESTS"]

_ELEMENTS = (
    "tests/unit/elements/test_elements.py",
    "tests/unit/elements/test_contracts.py",
    "tests/unit/elements/test_specs.py",
    "tests/unit/elements/test_hardware_cost.py",
)
_CONNECTIONS = ("tests/unit/elements/connections/test_laws.py",)
_NEURONS = (
    "tests/unit/elements/neurons",
    "tests/unit/elements/test_hardware_cost.py",
    "-k",
    "not a_step_that_cannot_be",
)
_BITS = (
    "tests/unit/spikes",
    "tests/unit/kernels/test_random_bits.py",
    "tests/unit/kernels/test_spike_lists.py",
)
_CONTRASTIVE = ("tests/unit/learning/test_contrastive_rules.py", "tests/unit/learning/test_eqprop.py")
_TIMED = (
    "tests/unit/cores/test_small_clocks.py",
    "tests/unit/cores/test_small_replays.py",
    "tests/property/test_timed_runs.py",
    "tests/property/test_clocks.py",
    "-k",
    "test_small or so_many or learning_takes or routes_are or stalls or nothing_travels",
)
_LOOP = (
    "tests/unit/cores/test_small_replays.py",
    "tests/unit/cores/test_small_faults.py",
    "tests/unit/cores/test_tiny_settle.py",
    "tests/unit/cores/test_delays.py",
    "tests/unit/cores/test_spiking_network.py",
    "tests/unit/cores/test_compaction.py",
    "tests/unit/cores/test_shown_spikes.py",
    "-k",
    "not recorded_runs and (not shown or fires or reach or filters or receiving)",
)
_COUNTED = (
    "tests/property/test_counters_equal_oracle.py",
    "tests/unit/cores/test_tiny_settle.py",
    "tests/property/test_listed_graphs.py",
    "-k",
    "test_counters or word_of_the_host or delivered_and_counted",
)
_REPLAY = ("tests/property/test_replay_equals_oracle.py", "-k", "recorded_traffic or frames")
_MESH = (
    "tests/unit/noc",
    "-k",
    "not every_pair and not hot_receiver and not saturates and not multicast_spares",
)
_ENERGY = ("tests/unit/energy",)
_DIE = (
    "tests/unit/analog/test_die.py",
    "tests/unit/analog/test_location.py",
    "tests/unit/analog/test_cell_offsets.py",
)

TESTS: dict[str, tuple[str, ...]] = {
    "neurochip/elements/encoders/sigma_delta.py": _ELEMENTS,
    "neurochip/elements/encoders/second_order.py": _ELEMENTS,
    "neurochip/elements/encoders/predictive.py": _ELEMENTS,
    "neurochip/elements/encoders/stochastic.py": _ELEMENTS,
    "neurochip/elements/encoders/threshold.py": _ELEMENTS,
    "neurochip/elements/decoders/predictive.py": _ELEMENTS,
    "neurochip/elements/annealers/kesten.py": _ELEMENTS,
    "neurochip/elements/annealers/osa.py": _ELEMENTS,
    "neurochip/elements/neurons/lif.py": _NEURONS,
    "neurochip/elements/neurons/two_compartment.py": _NEURONS,
    "neurochip/elements/neurons/current_based.py": _NEURONS,
    "neurochip/elements/connections/dense.py": _CONNECTIONS,
    "neurochip/elements/connections/sparse.py": _CONNECTIONS,
    "neurochip/elements/connections/maps.py": _CONNECTIONS,
    "neurochip/elements/connections/convolution.py": _CONNECTIONS,
    "neurochip/elements/connections/one_to_one.py": _CONNECTIONS,
    "neurochip/kernels/random_bits.py": _BITS,
    "neurochip/kernels/spike_lists.py": _BITS,
    "neurochip/spikes/aer.py": _BITS,
    "neurochip/spikes/raster.py": _BITS,
    "neurochip/cores/plasticity.py": ("tests/unit/cores/test_plasticity.py",),
    "neurochip/cores/counters.py": _COUNTED,
    "neurochip/cores/traffic.py": _REPLAY,
    "neurochip/cores/delivery.py": _LOOP,
    "neurochip/cores/tick.py": _LOOP,
    "neurochip/cores/channel.py": ("tests/unit/cores/test_small_faults.py",),
    "neurochip/cores/faults.py": ("tests/unit/cores/test_small_faults.py",),
    "neurochip/cores/arrivals.py": ("tests/unit/cores/test_small_clocks.py",),
    "neurochip/cores/traffic_tables.py": _TIMED,
    "neurochip/cores/replay_timing.py": _TIMED,
    "neurochip/cores/counted_ticks.py": _TIMED,
    "neurochip/cores/walker.py": _TIMED,
    "neurochip/cores/clock.py": _TIMED,
    "neurochip/cores/tick_clock.py": _TIMED,
    "neurochip/cores/walked_ticks.py": _TIMED,
    "neurochip/noc/router.py": _MESH,
    "neurochip/noc/network.py": _MESH,
    "neurochip/noc/engines.py": _MESH,
    "neurochip/noc/traffic.py": _MESH,
    "neurochip/noc/packets.py": _MESH,
    "neurochip/noc/zero_load.py": _MESH,
    "neurochip/noc/stall.py": _MESH,
    "neurochip/noc/arrays.py": _MESH,
    "neurochip/compile/partition.py": ("tests/unit/compile/test_partition.py",),
    "neurochip/compile/quantise.py": ("tests/unit/compile/test_quantise.py",),
    "neurochip/compile/route.py": ("tests/unit/compile/test_route.py",),
    "neurochip/energy/charges.py": _ENERGY,
    "neurochip/energy/costing.py": _ENERGY,
    "neurochip/energy/static.py": _ENERGY,
    "neurochip/substrate/counters.py": ("tests/unit/substrate",),
    "neurochip/learning/eqprop.py": _CONTRASTIVE,
    "neurochip/learning/rule.py": _CONTRASTIVE,
    "neurochip/learning/delta_rule.py": _CONTRASTIVE,
    "neurochip/learning/contrastive_hebbian.py": _CONTRASTIVE,
    "neurochip/learning/schedule.py": _CONTRASTIVE,
    "neurochip/learning/associative.py": ("tests/unit/learning/test_associative.py",),
    "neurochip/elements/optimisers.py": ("tests/unit/elements/test_optimisers.py",),
    "neurochip/analog/step.py": ("tests/unit/analog/test_step.py",),
    "neurochip/analog/drawing.py": _DIE,
    "neurochip/analog/spread.py": _DIE,
    "neurochip/sweep/statistics.py": ("tests/unit/sweep/test_statistics.py",),
    "neurochip/sweep/limit.py": ("tests/unit/sweep/test_limit.py", "tests/unit/sweep/test_adaptive.py"),
    "firmware_sim/counting.py": ("tests/unit/firmware/test_counting.py",),
}
