"""``neurochip silicon``: chips that others built, cycle by cycle, and held against their authors' Verilog."""

from __future__ import annotations

from pathlib import Path

import click

from ..options import json_option

__all__ = ["command"]


@click.group("silicon", short_help="Chips that others built, cycle by cycle: ODIN and tinyODIN.")
def command() -> None:
    """Models of chips whose Verilog is open: event by event, exact in every bit and cycle."""


@command.command("verify", short_help="Compare a model with its authors' Verilog.")
@click.argument("chip", metavar="CHIP", type=click.Choice(["tinyodin", "odin"]))
@click.option(
    "--rtl", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="The authors' Verilog: a clone of their repository.",
)  # fmt: skip
@click.option(
    "--events", type=click.IntRange(min=1), default=100_000, show_default=True, metavar="N",
    help="Random events to send, in trials of some thousands.",
)  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Of all that is random.",
)
@click.option(
    "--limit", type=click.FloatRange(min=1), default=3600.0, show_default=True, metavar="SECONDS",
    help="Stop a trial after so long.",
)  # fmt: skip
@json_option("the verdict as JSON")
@click.pass_context
def verify(
    ctx: click.Context, chip: str, rtl: Path, events: int, seed: int, limit: float, as_json: bool
) -> None:
    """Send random programs to CHIP as its authors wrote it, in Verilator, and to its model here.

    Compared are, with their cycles, all spikes, states and weights that are written and acknowledges, and what SPI
    reads back; the first difference of each trial is named: event, cycle, signal, expected, found. Models with one
    parameter altered must be told from the chip. The exit code is 1 if anything differs, or an altered model does not.
    """
    import json

    from neurochip.silicon.verifying import verify_silicon

    def told(what: str) -> None:
        if not as_json:
            click.echo(f"{what} …", err=True)

    found = verify_silicon(chip, rtl, events=events, seed=seed, limit_s=limit, told=told)
    if as_json:
        differences = {
            name: [one._asdict() | {"difference": one.difference._asdict()} for one in getattr(found, name)]
            for name in ("shown", "controls")
        }
        click.echo(json.dumps(found._asdict() | {"comparisons": found.comparisons} | differences, indent=1))
    else:
        click.echo(
            f"{found.comparisons} comparisons: {found.spikes} spikes, {found.states} states of neurons, "
            f"{found.words} words of synapses, {found.acknowledges} acknowledges, {found.bytes_read} bytes read back"
        )
        click.echo(
            f"{found.events} events in {found.trials} trials, {found.cycles} cycles ({found.seconds:.0f} s)"
        )
        click.echo(f"{found.mismatches} mismatches")
        for one in found.shown:
            click.echo(one.in_words())
        for one in found.controls:
            click.echo(f"control: {one.control}: found: {one.in_words()}")
        for name in found.missed:
            click.echo(f"control: {name}: NOT found")
    if found.mismatches or found.missed:
        ctx.exit(1)


@command.command("run", short_help="Carry out a program of SPI words and events.")
@click.argument("chip", metavar="CHIP", type=click.Choice(["tinyodin", "odin"]))
@click.argument("program", metavar="PROGRAM.npz", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT.npz", type=click.Path(path_type=Path))
@click.option(
    "--hold", type=click.IntRange(min=0), default=0, show_default=True, metavar="N",
    help="Cycles in which the receiver of spikes does not acknowledge them yet.",
)  # fmt: skip
@click.option(
    "--patience", type=click.IntRange(min=0), default=100_000, show_default=True, metavar="N",
    help="Cycles after the last event, after which a chip that keeps itself going is left.",
)  # fmt: skip
@json_option("what the controller did as JSON")
def run(chip: str, program: Path, out: Path, hold: int, patience: int, as_json: bool) -> None:
    """Load CHIP with SPI words, send it events, and write spikes with their cycles, and the words of its state then.

    PROGRAM.npz holds `transfers` [n, 2] (address and data of 20 bits), `address` [event] and, unless it is 0, `gap`,
    the cycles that the host waits before each. OUT.npz gets `spike.cycle`, `spike.neuron`, `acknowledged`, `transfers`.
    """
    import json

    from neurochip.silicon.programs import CHIPS, read_program, synaptic_energy, write_activity

    given = read_program(program)
    loaded = CHIPS[chip].loaded([(int(where), int(what)) for where, what in given.transfers])
    activity, after = loaded.run(given.address, given.gap, hold=hold, patience=patience)
    write_activity(out, activity, after)
    energy = synaptic_energy(chip, activity.synaptic_operations)
    numbers = {
        "spikes": int(activity.spikes[0].size),
        "cycles": activity.cycles,
        "silent": activity.silent,
        "synaptic_operations": activity.synaptic_operations,
        "energy_j": energy,
        "operations": {kind: one._asdict() for kind, one in activity.operations.items()},
        **{name: getattr(activity, name) for name in ("dispatched", "handshake", "stalled", "idle", "lost")},
    }
    if as_json:
        click.echo(json.dumps(numbers, indent=1))
        return
    click.echo(
        f"{out}: {numbers['spikes']} spikes in {activity.cycles} cycles"
        + ("" if activity.silent else ", still going")
    )
    for kind, one in activity.operations.items():
        click.echo(f"{kind}: {one.number}, {one.cycles} cycles")
    click.echo(
        f"other cycles: {activity.dispatched} of choosing, {activity.handshake} of acknowledging, {activity.stalled} "
        f"of waiting for the output link, {activity.idle} with nothing to do"
    )
    click.echo(f"events lost by a full queue: {activity.lost}")
    told = (
        "no energy was measured"
        if energy is None
        else f"{energy:.3g} J at 12.7 pJ each, measured at full load"
    )
    click.echo(f"synaptic operations: {activity.synaptic_operations}; {told}")


@command.command("infer", short_help="Show labelled samples to a network of your own on a chip.")
@click.argument("chip", metavar="CHIP", type=click.Choice(["tinyodin", "odin"]))
@click.argument("network", metavar="NET", type=click.Path(path_type=Path))
@click.argument("samples", metavar="SAMPLES.npz", type=click.Path(path_type=Path))
@click.option("--output", metavar="NAME", help="The output that answers, where the network has several.")
@json_option("the result as JSON")
def infer(chip: str, network: Path, samples: Path, output: str | None, as_json: bool) -> None:
    """Bring a feed-forward network of IF and LIF neurons to CHIP's weights and thresholds, and show it samples.

    NET is a .nir file or an .npz of `neurochip import`; inputs and neurons share the 256 addresses. SAMPLES.npz holds
    `spikes` [sample, tick, unit] of 0 and 1, and `labels` [sample]. Printed are the share of right answers here and of
    the network as it was, spikes of each class, cycles, synaptic operations and, of ODIN, their energy.
    """
    import json

    from neurochip.inference.inferring import read_samples
    from neurochip.inference.recorded import any_network
    from neurochip.report.quantities import percent
    from neurochip.silicon.showing import show

    def told(what: str) -> None:
        if not as_json:
            click.echo(f"{what} …", err=True)

    given, assumed = any_network(str(network))
    found = show(given, read_samples(samples), chip, output=output, told=told)
    table = found.table()
    if as_json:
        click.echo(json.dumps(table, indent=1))
        return
    click.echo(
        f"{found.chip}: {percent(found.accuracy)} right of {table['samples']} samples, "
        f"{percent(found.before['accuracy'])} before; {percent(found.before['answers_differ'])} have another answer"
    )
    click.echo(
        f"spikes of the output: {table['output_spikes']:.4g} per sample, {found.before['output_spikes']:.4g} before"
    )
    for k, spikes in enumerate(table["spikes_per_class"]):
        if spikes is not None:
            click.echo(f"  class {k}: {' '.join(f'{one:.3g}' for one in spikes)}")
    energy = table["energy_j"]
    cost = "no energy was measured" if energy is None else f"{energy:.3g} J at 12.7 pJ each"
    click.echo(
        f"a sample: {table['cycles']:.0f} cycles of work, {table['synaptic_operations']:.0f} synaptic operations, "
        f"{cost}"
    )
    click.echo(f"addresses: {found.addresses} of 256")
    for note in (*assumed, *found.notes):
        click.echo(note)
