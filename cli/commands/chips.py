"""``neurochip chips``: what the catalogue offers to run on, and where every number of a specification comes from."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..names import CHIP
from ..options import json_option

if TYPE_CHECKING:
    from neurochip.description import ChipSpec, EnergyTable

    from ..screen import Sources

__all__ = ["command"]

SECTIONS = ("mesh", "core", "weights", "neurons", "membranes", "packet", "timing")


@click.group("chips", invoke_without_command=True, short_help="List the chips of the catalogue, or show one.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the chips of the catalogue: `neurochip simulate --set chip=NAME` runs on one of them."""
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    from neurochip.description import chips, read_chip
    from neurochip.errors import ConfigError

    from ..screen import print_table

    rows = []
    for name, about in chips():
        try:
            chip = read_chip(name)
        except ConfigError as error:  # of somebody's package: a list is no place to stop
            rows.append((name, "", "", "", f"cannot be used: {error.problem}"))
            continue
        neurons = "no limit" if chip.core.neurons is None else str(chip.core.neurons)
        rows.append((name, str(chip.mesh.n_cores), neurons, chip.weights.formats(), about))
    columns = ("chip", "cores", "neurons/core", "weights", "about")
    print_table(columns, rows, right=("cores", "neurons/core"))


@command.command("new", short_help="Write a specification of your own to begin with.")
@click.argument("path", metavar="FILE.toml", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--like",
    type=CHIP,
    default="cmos45",
    show_default=True,
    metavar="CHIP",
    help="Whose values stand in for yours.",
)
def new(path: Path, like: str) -> None:
    """Write a complete chip specification into FILE.toml: every key and event, with unit, meaning and a placeholder.

    It can be run on as it is: `neurochip simulate --set chip=FILE.toml`.
    """
    from neurochip.description.chip_template import chip_template
    from neurochip.durable.atomic import replacing
    from neurochip.errors import ConfigError, OutputError

    if path.suffix != ".toml":
        raise ConfigError("FILE.toml", f"must end in .toml, got {path}")
    if path.exists():
        raise OutputError(str(path), "exists already; choose another file or remove it")
    text = chip_template(path.stem, like)
    with replacing(path) as file:
        file.write(text.encode())
    click.echo(f"{path}\nneurochip chips show {path}")


@command.command("import", short_help="Take in an architecture of SANA-FE.")
@click.argument("source", metavar="ARCH.yaml", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("out", metavar="FILE.toml", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--node", required=True, metavar="LENGTH", help='Process that its energies hold for, e.g. "14 nm".'
)
@click.option(
    "--soma", default="", metavar="NAME", help="Unit whose energies neurons take.  [default: the first]"
)
@click.option(
    "--synapse", default="", metavar="NAME", help="Unit whose energies synapses take.  [default: the first]"
)
def import_(source: Path, out: Path, node: str, soma: str, synapse: str) -> None:
    """Write the mesh, delays and energies of an architecture of SANA-FE (YAML) as the chip specification FILE.toml.

    What could not be carried over is listed, and stands in its note.
    """
    from neurochip.description.sanafe.chip import import_chip
    from neurochip.durable.atomic import replacing

    if out.suffix != ".toml":
        raise click.UsageError(f"FILE.toml must end in .toml, got {out}")
    made = import_chip(source, node, soma=soma, synapse=synapse)
    with replacing(out) as file:
        file.write(made.toml.encode())
    for note in made.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(f"{out}\nneurochip chips show {out}")


@command.command("show", short_help="Show a chip and its energy table.")
@click.argument("name", type=CHIP)
@click.option("--toml", is_flag=True, help="Print the specification itself, to save and change it.")
def show(name: str, toml: bool) -> None:
    """Show the geometry, limits, timing and energies of a chip: a name of the catalogue or a TOML file."""
    from neurochip.description import chip_text, read_chip

    from ..screen import Sources

    if toml:
        click.echo(chip_text(name), nl=False)
        return
    chip = read_chip(name)
    sources = Sources()
    click.echo(f"{chip.name}: {chip.about}\n")
    _print_specification(chip, sources)
    click.echo(f"\n{_placement_words(chip)}\n")
    _print_energies(chip.energies, sources)
    sources.print()


def _placement_words(chip: ChipSpec) -> str:
    """Return the rule from the number of a core to its place, with examples."""
    mesh = chip.mesh
    each = mesh.cores_per_tile
    tile = "c" if each == 1 else f"t = c // {each}"
    rule = f"core c is on tile {tile}" if each > 1 else "core c has a tile of its own"
    t = "c" if each == 1 else "t"
    examples = dict.fromkeys(
        core for core in (0, each, each * mesh.height, mesh.n_cores - 1) if core < mesh.n_cores
    )
    places = ", ".join(f"{core} at ({x}, {y})" for core in examples for x, y in (mesh.position(core),))
    return (
        f"Places: {rule}, at x = {t} // {mesh.height}, y = {t} % {mesh.height}; x grows eastwards, y southwards, tiles "
        f"count down each column. Cores {places}."
    )


def _print_specification(chip: ChipSpec, sources: Sources) -> None:
    from ..screen import print_table

    rows: list[tuple[str, ...]] = []
    for section in SECTIONS:
        spec = getattr(chip, section)
        for field in dataclasses.fields(spec) if spec is not None else ():
            key, value = f"{section}.{field.name}", getattr(spec, field.name)
            origin = chip.provenance.get(key)
            if origin is not None:
                rows.append(
                    (key, _in_words(field.name, value), origin.evidence, sources.number(origin.source))
                )
            elif section == "core":
                rows.append((key, "no limit", "", ""))
    print_table(("value", "", "evidence", "source"), rows)


def _in_words(name: str, value: Any) -> str:
    from neurochip.keys.units import format_quantity

    if name == "clock":
        return format_quantity(value, "frequency")
    if name.endswith("_memory"):
        return f"{value:,} bits".replace(",", " ")
    if name == "barrier_cycles":
        if len(value) == 1:
            return str(value[0][1])
        return ", ".join(f"{cycles} for {tiles} tile{'s' * (tiles > 1)}" for tiles, cycles in value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print_energies(energies: EnergyTable, sources: Sources) -> None:
    from neurochip.description import EVENTS
    from neurochip.keys.units import format_quantity

    from ..screen import LIST_WIDTH, print_table

    if not energies.energies:
        click.echo("No energies: a run on this chip counts bits, not joules.")
        return
    rows = []
    for event, entry in energies.energies.items():
        scope = ", ".join((f"{entry.scope}:", *entry.includes)) if entry.includes else entry.scope
        voltage = "not stated" if entry.voltage_v is None else f"{entry.voltage_v:g} V"
        rows.append(
            (
                event,
                format_quantity(entry.value_j, EVENTS[event].dimension),
                entry.evidence,
                scope.replace(":,", ":"),
                format_quantity(entry.node_m, "length"),
                voltage,
                sources.number(entry.source),
            )
        )
    columns = ("event", "energy", "evidence", "scope", "node", "voltage", "source")
    print_table(columns, rows, right=("energy", "node", "voltage"))
    click.echo(f"\nEnergy of a neuron update: {energies.neuron_energy}")
    if energies.note:
        click.echo(f"\n{click.wrap_text(energies.note, LIST_WIDTH)}")


@command.command("synthesise", short_help="Cells, area and clock of an exported chip's core.")
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--liberty",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Map to the cells of this file, and count their energy.",
)
@click.option("--ice40", is_flag=True, help="Place and route the largest core in an iCE40 UP5K.")
@click.option("--core", type=int, metavar="N", help="Number of the core; left out, the largest.")
@click.option("--mhz", type=click.FloatRange(min=0), default=0.0, metavar="MHZ", help="Clock to aim at.")
@click.option(
    "--write",
    "specification",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a chip specification of it (--liberty).",
)
@click.option(
    "--node", default="45 nm", show_default=True, metavar="LENGTH", help="Feature size of the liberty file."
)
@json_option("the result as JSON")
def synthesise_command(
    folder: Path,
    liberty: Path | None,
    ice40: bool,
    core: int | None,
    mhz: float,
    specification: Path | None,
    node: str,
    as_json: bool,
) -> None:
    """Synthesise a core of OUT, a folder of `neurochip export RUN OUT --rtl`, with yosys.

    Without an option in generic gates. With --liberty the netlist then carries out recorded ticks in Icarus: it must
    do what the emulator did, and the changes of its nets make joules of every operation.
    """
    import json

    from neurochip.rtl.specification import chip_specification, write_specification
    from neurochip.rtl.synthesise import Target, in_words, synthesise

    if ice40 and liberty is not None:
        raise click.UsageError("--ice40 and --liberty are two targets; give one of them")
    if specification is not None and liberty is None:
        raise click.UsageError("--write needs the energies of --liberty")
    target: Target = "ice40" if ice40 else "generic" if liberty is None else "liberty"

    def told(what: str) -> None:
        if not as_json:
            click.echo(f"{what} …", err=True)

    made = synthesise(folder, target=target, liberty=liberty, core=core, frequency_mhz=mhz, told=told)
    if specification is not None:
        write_specification(chip_specification(made, specification.stem, node=node), specification)
    if as_json:
        parts = {
            key: part._asdict() for key in ("cells", "placed", "energies") if (part := getattr(made, key))
        }
        click.echo(json.dumps(made._asdict() | parts, indent=1))
        return
    for name, value in in_words(made):
        click.echo(f"{name}: {value}")
    if specification is not None:
        click.echo(f"{specification}: neurochip chips show {specification}")
