"""The proof that cores exchange nothing but bits: each in a process of its own, joined by pipes of packed bits.

A core gets its own weights and biases; the rest is the image, which holds none. What two cores send each
other are bytes, and there are exactly as many as bits need. The result is the emulator's, bit for bit.
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import numpy as np
import pytest

from neurochip.cores.isolated import IsolatedCore
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.elements import OSA, Predictive, SigmaDelta, Stochastic
from neurochip.substrate import Phase, Settled
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.contract.core_process import Seen, Task, work

BATCH, FREE, NUDGED, BETA, SEED = 3, 20, 12, 0.5, 9
PRESENTATIONS = np.array([4, 2**50, 1], dtype=np.uint64)
NET = draw_net(21, (20, 30, 7), batch=BATCH)
CASES: dict[str, tuple[str, CodingSpec]] = {
    "float32": ("float32", CodingSpec(encoder=SigmaDelta(), decoder=Predictive(0.275), annealer=OSA())),
    "int8": ("int8", CodingSpec(encoder=SigmaDelta(), decoder=Predictive(0.275), annealer=OSA())),
    "float32, random bits": (
        "float32",
        CodingSpec(encoder=Stochastic(), decoder=Predictive(0.275), annealer=OSA()),
    ),
}


def together(net: Net, precision: Any, coding: CodingSpec) -> tuple[DigitalSubstrate, list[Settled]]:
    """Run the emulator, all cores in one memory."""
    # Input, hidden and output neurons are split over 2, 3 and 1 cores.
    chip = small_chip(10, mesh=(3, 3, 1), input_axons=50)
    made = fast_chip(net, coding, chip=chip, precision=precision, seed=SEED)
    made.begin(net.x, PRESENTATIONS)
    record = ("spikes", "states")
    return made, [
        made.run(Phase.FREE, FREE, record=record),
        made.run(Phase.NUDGED, NUDGED, beta=BETA, targets=net.y, record=record),
    ]


def task_of(made: DigitalSubstrate, core: int, coding: CodingSpec) -> Task:
    place = made.image.cores[core]
    own = slice(place.first, place.last)
    last = len(NET.sizes) - 1
    return Task(
        image=made.image,
        core=core,
        memory=made.core_memory(core),
        coding=coding,
        seed=SEED,
        batch=BATCH,
        presentations=PRESENTATIONS,
        inputs=NET.x[:, own].astype(np.float32) if place.population == 0 else None,
        targets=NET.y[:, own].astype(np.float32) if place.population == last else None,
        phases=((FREE, 0.0), (NUDGED, BETA)),
    )


def compiled(task: Task) -> None:
    """Have a core compile its kernels, which the processes then find on the disk: each would compile them by itself."""
    core = IsolatedCore(task.image, task.core, task.memory, task.coding, seed=task.seed)
    core.begin(task.batch, task.presentations, task.inputs)
    for _, beta in task.phases:
        core.tick({}, beta=beta, targets=task.targets if beta else None)


@pytest.fixture(scope="module")
def runs() -> dict[str, tuple[DigitalSubstrate, list[Settled], list[Seen]]]:
    """Every case in one memory, and core by core in processes that live through all of them."""
    emulated = {name: together(NET, *case) for name, case in CASES.items()}
    image = emulated["float32"][0].image
    cores = range(len(image.cores))
    for name, (made, _) in emulated.items():
        for core in cores:
            compiled(task_of(made, core, CASES[name][1]))
    # Forked from a process that has imported what they need, and has run nothing: a kernel would not survive it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["numba", "tests.contract.core_process"])
    received: list[dict[int, Any]] = [{} for _ in cores]
    tell: list[list[Any]] = [[] for _ in cores]
    for sender in cores:
        for receiver in image.receivers[sender]:
            received[receiver][sender], outgoing = context.Pipe(duplex=False)
            tell[sender].append(outgoing)
    observers, processes = [], []
    for core in cores:
        eye, voice = context.Pipe(duplex=False)
        tasks = [task_of(made, core, CASES[name][1]) for name, (made, _) in emulated.items()]
        process = context.Process(target=work, args=(tasks, received[core], tell[core], voice), daemon=True)
        process.start()
        voice.close()
        observers.append(eye)
        processes.append(process)
    for end in [*(e for ends in tell for e in ends), *(e for ends in received for e in ends.values())]:
        end.close()  # only the cores hold the pipes now
    seen: dict[str, list[Seen]] = {name: [] for name in CASES}
    try:
        for eye in observers:
            for name in CASES:
                assert eye.poll(60), "a core said nothing for a minute"
                seen[name].append(eye.recv())
    finally:
        for process in processes:
            process.join(10)
            if process.is_alive():
                process.kill()
    assert [process.exitcode for process in processes] == [0] * len(processes)
    return {name: (*emulated[name], seen[name]) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_the_same_spikes_and_states(name: str, runs: Any) -> None:
    made, phases, seen = runs[name]
    image = made.image
    assert len(image.cores) >= 5
    assert [len(image.cores_of(p)) for p in range(3)] == [2, 3, 1]
    for c, core in enumerate(image.cores):
        own = slice(core.first, core.last)
        spikes = np.concatenate([phase.spikes[core.population] for phase in phases])[:, :, own]
        states = np.concatenate([phase.states[core.population] for phase in phases])[:, :, own]
        bits = [np.unpackbits(np.frombuffer(b, np.uint8), count=BATCH * core.size) for b in seen[c].bits]
        np.testing.assert_array_equal(np.array(bits).reshape(spikes.shape), spikes)
        alone = np.array(seen[c].states)
        assert alone.dtype == states.dtype
        np.testing.assert_array_equal(alone, states)
        assert 0 < spikes.sum() < spikes.size


@pytest.mark.parametrize("name", CASES)
def test_as_many_bytes_as_bits_need(name: str, runs: Any) -> None:
    made, _, seen = runs[name]
    image = made.image
    frame = [-(-BATCH * core.size // 8) for core in image.cores]
    for c in range(len(image.cores)):
        senders = [s for s, received in enumerate(image.receivers) if c in received]
        assert seen[c].bytes_sent == (FREE + NUDGED) * frame[c] * len(image.receivers[c])
        assert seen[c].bytes_received == (FREE + NUDGED) * sum(frame[s] for s in senders)


def test_a_core_holds_its_own_weights_only(runs: Any) -> None:
    """The memories of the cores are the network, once: together they hold every synapse, no two the same."""
    made, _, _ = runs["float32"]
    held = sum(np.count_nonzero(made.core_memory(c).weights) for c in range(len(made.image.cores)))
    forward = sum(w.size for w in NET.parameters.weights)
    back = sum(w.size for w in NET.parameters.weights[1:])
    assert held == forward + back
