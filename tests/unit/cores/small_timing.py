"""The clock of the small chips: no stage takes a whole number of cycles, and queues are short."""

from neurochip.description.chip import TimingSpec

SMALL = TimingSpec(
    clock=1e9,
    sops_per_cycle=0.2857,
    cycles_per_neuron_update=2.5,
    cycles_per_packet_in=5.1,
    cycles_per_packet_out=0.3,
    cycles_per_spike_out=1.7,
    router_cycles=1,
    link_cycles_ew=1,
    link_cycles_ns=3,
    fifo_depth=1,
    barrier_cycles=((1, 3), (2, 4), (4, 10)),
)
