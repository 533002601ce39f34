"""``neurochip import``: a network of another tool, for `neurochip simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

__all__ = ["command"]


@click.command("import", short_help="Take in a spiking network of another tool.")
@click.argument("source", metavar="NET", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("out", metavar="OUT.npz", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--arch",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="NET is a network of SANA-FE (.yaml, or a netlist) for this architecture.",
)
@click.option(
    "--input",
    "played",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --arch: write the spikes that its inputs play, and the core of each neuron, for --replay.",
)
@click.option("--dt", type=float, metavar="SECONDS", help="How long a tick is; NIR is in continuous time.")
@click.option(
    "--leaky",
    type=(float, float),
    metavar="THRESHOLD BETA",
    help="Of a state_dict: the neurons of layers for which it has none (docs/other-tools.md).",
)
@click.option(
    "--from",
    "tool",
    type=click.Choice(["generic", "snntorch", "norse", "sinabs", "rockpool", "spyx", "lava-dl"]),
    help="The tool that wrote it: its step, how and when its neurons reset, what its numbers mean (docs/nir.md).  "
    "[default: the one that metadata name, else generic]",
)
@click.option(
    "--reset",
    type=click.Choice(["value", "subtract", "subtract-late", "value-late", "value-at-once", "none"]),
    help="What a spike does to v: puts it to v_reset, or takes the threshold away, at once or a step later (value: as "
    "the tool does it; docs/nir.md), or nothing (none).  "
    "[default: as the tool does by default]",
)
@click.option(
    "--method",
    type=click.Choice(["euler", "exact"]),
    help="How a tick stands for dt (docs/nir.md).  [default: euler]",
)
@click.option(
    "--connectivity",
    type=click.Choice(["auto", "sparse", "dense"]),
    default="auto",
    show_default=True,
    help="Which synapses there are: as described, all listed one by one, or every entry of a matrix.",
)
@click.option(
    "--bits",
    type=click.IntRange(2, 16),
    metavar="N",
    help="Round weights to whole numbers of so many bits, biases and potentials to 1/256 of a step.",
)
@click.option(
    "--calibrate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --bits: samples by which the scale of each layer is chosen: spikes [sample, tick, unit], or spikes.0 "
    "[tick, unit].",
)
@click.option(
    "--per-channel", is_flag=True, help="With --bits: a scale for each neuron, or each map of a convolution."
)
def command(
    source: Path,
    out: Path,
    dt: float | None,
    tool: str | None,
    reset: str | None,
    method: str | None,
    connectivity: str,
    bits: int | None,
    calibrate: Path | None,
    per_channel: bool,
    arch: Path | None,
    played: Path | None,
    leaky: tuple[float, float] | None,
) -> None:
    """Read NET, a NIR graph, a state_dict (.safetensors, .npz) or a network of SANA-FE, and write it as OUT.npz.

    Run it with: neurochip simulate OUT.npz --replay INPUT.npz.
    """
    from neurochip.description.state_dict import PICKLES, SUFFIXES, import_state_dict
    from neurochip.runs.exporting import write_network

    if out.suffix != ".npz":
        raise click.UsageError(f"OUT must end in .npz, got {out}")
    is_state = arch is None and source.suffix in (*SUFFIXES, *PICKLES)
    if leaky is not None and not is_state:
        raise click.UsageError("--leaky is for a state_dict: a .safetensors or .npz")
    if arch is not None:
        if any(given is not None for given in (dt, tool, reset, method)) or connectivity != "auto":
            raise click.UsageError("--arch says all of a network of SANA-FE; it takes no dt, from, reset, method or "
                                   "connectivity")  # fmt: skip
        network, notes = _of_sanafe(source, arch, played)
    elif played is not None:
        raise click.UsageError("--input needs --arch")
    elif is_state:
        if tool not in (None, "snntorch") or method not in (None, "euler"):
            raise click.UsageError(
                "a state_dict is read as snnTorch means it; it takes no other --from or --method"
            )
        how = {"dt": dt, "leaky": leaky, "reset": reset, "connectivity": connectivity}
        network, notes = import_state_dict(source, **cast(Any, how))
    else:
        from neurochip.description.nir.graph import import_nir

        network, _, notes = import_nir(
            source,
            dt=dt,
            method=method,
            connectivity=cast(Any, connectivity),
            source=tool,
            reset=cast(Any, reset),
        )
    if bits is None and (calibrate is not None or per_channel):
        raise click.UsageError("--calibrate and --per-channel need --bits")
    if bits is not None:
        from neurochip.inference.quantising import calibration, quantised

        spikes, ticks = (None, None) if calibrate is None else calibration(calibrate, network)
        rounded = quantised(network, bits, spikes=spikes, sample_ticks=ticks, per_channel=per_channel)
        for change in rounded.changes:
            click.echo(change.words())
        network, notes = rounded.network, (*notes, *rounded.warnings)
    write_network(network, out)
    for note in notes:
        click.echo(f"Note: {note}", err=True)
    for group in network.groups:
        click.echo(f"{group.name:20}{group.kind:10}{group.size:7}")
    for c in network.connections:
        made, _ = c.joined(network.group(c.source).size)
        later = f", {c.delay} ticks" if c.delay != 1 else ""
        click.echo(f"{c.source} → {c.target}: {made.kind}, {made.synapses} synapses{later}")
    click.echo(f"{out}: {sum(network.sizes)} neurons, dt {network.dt:g} s, {network.method}")


def _of_sanafe(source: Path, arch: Path, played: Path | None) -> tuple[Any, tuple[str, ...]]:
    """Return a network of SANA-FE and what is to be said of it; write its input and placement."""
    import numpy as np

    from neurochip.description.sanafe.importing import import_sanafe
    from neurochip.durable.atomic import replacing

    if played is not None and played.suffix != ".npz":
        raise click.UsageError(f"--input must end in .npz, got {played}")
    made = import_sanafe(source, arch)
    if played is not None:
        arrays: dict[str, Any] = {"spikes.0": made.spikes}
        arrays |= {f"placement.{k}": cores for k, cores in enumerate(made.placement or ())}
        with replacing(played) as file:
            np.savez_compressed(file, **arrays)
    return made.network, made.notes
