"""``neurochip firmware``: programs of the chip's controller, and the chip as a network device."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..links import TOKEN_FILE, connector
from ..names import RUN
from ..options import SET, THREADS, json_option, seed_option

if TYPE_CHECKING:
    from firmware_sim.program import Program
    from firmware_sim.running import Ran

__all__ = ["command"]

DEFAULT_RUN = "mnist-small"
_SEED = seed_option("Seed of every random draw; the same seed gives the same result.")


@click.group("firmware", short_help="Write and run programs of the chip's controller, or serve it.")
def command() -> None:
    """Write programs for the controller of a chip, run them, or serve the chip to a driver of your own.

    docs/firmware.md says how; docs/registers.md and docs/protocol.md what crosses the wire.
    """


@command.command("asm", short_help="Assemble a program.")
@click.argument("program", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the binary into FILE.",
)
def asm(program: Path, out: Path | None) -> None:
    """Assemble PROGRAM, check it, and print its listing; with --out write the binary."""
    from firmware_sim.assembler import listing

    made = program_of(str(program))
    if out is not None:
        made.save(out)
    click.echo(listing(made), nl=False)


@command.command("disasm", short_help="Turn a binary program back into text.")
@click.argument("program", type=click.Path(dir_okay=False, path_type=Path))
def disasm(program: Path) -> None:
    """Print PROGRAM, a binary, as text that assembles to the same."""
    from firmware_sim.assembler import disassemble

    click.echo(disassemble(program_of(str(program))), nl=False)


@command.command("image", short_help="Write the compiled chip of a run as a file.")
@click.argument("run", type=RUN, default=DEFAULT_RUN)
@SET
@_SEED
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="Write the image into FILE.",
)
def image(run: str, overrides: tuple[str, ...], seed: int | None, out: Path) -> None:
    """Write the chip of RUN with its first weights to a file: what a driver of your own sends before `load`.

    A served chip takes it when RUN, --set and --seed are those of `neurochip firmware serve`.
    """
    from firmware_sim.through import first_image
    from neurochip.description import read_run
    from neurochip.durable.atomic import replacing
    from neurochip.runs.building import build

    spec = read_run(run, [*overrides, *([] if seed is None else [f"seed={seed}"])])
    content = first_image(spec, build(spec))
    with replacing(out) as file:
        file.write(content)
    click.echo(f"{out}: {spec.name}, {len(content)} bytes")


@command.command("run", short_help="Run a program against the chip of a run.")
@click.argument("program")
@click.argument("run", type=RUN, default=DEFAULT_RUN)
@SET
@_SEED
@click.option("--entry", metavar="LABEL", help="Where to start.  [default: the first instruction]")
@click.option(
    "--batches",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Minibatches in the queues.",
)
@click.option(
    "--batch", type=click.IntRange(min=1), metavar="N", help="Samples of a minibatch.  [default: the run's]"
)
@THREADS
@click.option(
    "--device",
    metavar="tcp://HOST:PORT",
    help="Use a chip that is served elsewhere (`neurochip firmware serve`).",
)
@TOKEN_FILE
@json_option("what was read, and all counts, as JSON")
def run_one(
    program: str,
    run: str,
    overrides: tuple[str, ...],
    seed: int | None,
    entry: str | None,
    batches: int,
    batch: int | None,
    threads: int | None,
    device: str | None,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Run PROGRAM, a file or one that ships (demo, before, opposite, …), and print what it read and what it cost.

    The chip is that of RUN, with its first weights; INPUT and TARGET hold minibatches of its training samples.
    """
    connect = connector(device, token_file)
    from firmware_sim.running import run_program
    from neurochip.description import read_run

    made = program_of(program)
    spec = read_run(run, [*overrides, *([] if seed is None else [f"seed={seed}"])])
    ran = run_program(
        made, spec, entry=entry, batches=batches, batch=batch, threads=threads or 1, connect=connect
    )
    if as_json:
        click.echo(json.dumps(answers_table(ran), indent=1))
        return
    _print(made, ran)


@command.command("serve", short_help="Serve the chip of a run to a driver.")
@click.argument("run", type=RUN, default=DEFAULT_RUN)
@SET
@_SEED
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=7417,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the device's state in FILE: after a crash it goes on from there, and so does its host.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the token from FILE; where there is none yet, write a new one into it instead of printing it.",
)
@THREADS
def serve(
    run: str,
    overrides: tuple[str, ...],
    seed: int | None,
    port: int,
    host: str,
    state: Path | None,
    token_file: Path | None,
    threads: int | None,
) -> None:
    """Serve the chip of RUN as a network device, to one host at a time, until interrupted.

    It prints a token, without which it accepts nothing. `neurochip simulate RUN --device tcp://HOST:PORT`, with the
    same --set and the token in --token-file or NEUROCHIP_TOKEN, trains on it. Nothing is encrypted: between machines
    use a tunnel, such as `ssh -L`.
    """
    from firmware_sim.access import new_token, read_token, write_token
    from firmware_sim.server import Server
    from firmware_sim.store import Store
    from firmware_sim.through import device_of
    from neurochip.description import read_run
    from neurochip.runs.building import build

    logging.basicConfig(format="%(levelname)s: %(message)s")
    spec = read_run(run, [*overrides, *([] if seed is None else [f"seed={seed}"])])
    device = device_of(spec, build(spec, threads=threads or 1), has_store=state is not None)
    token = None
    if token_file is not None:
        if not token_file.exists():
            write_token(token_file, new_token())
        token = read_token(token_file)
    server = Server(device, host, port, store=None if state is None else Store(state), token=token)
    click.echo(f"{spec.name} on tcp://{server.host}:{server.port}")
    click.echo(f"token: in {token_file}" if token_file is not None else f"token: {server.token}")
    try:
        server.serve()
    finally:
        server.close()


def program_of(name: str) -> Program:
    """Return a program from a file, or one that ships."""
    from firmware_sim.assembler import read_program
    from firmware_sim.programs import NAMES, shipped

    stem = name.removesuffix(".asm")
    if not Path(name).exists() and stem in NAMES:
        return shipped(stem)
    return read_program(Path(name))


def answers_table(ran: Ran) -> dict[str, Any]:
    """Return what a program read, and all counts, for JSON."""
    return {
        "answers": [
            {"instruction": answer.at, "arrays": [array.tolist() for array in answer.arrays]}
            for answer in ran.answers
        ],
        "counters": ran.counters.to_json(),
        "left": {"INPUT": ran.left[0], "TARGET": ran.left[1]},
    }


def print_answers(program: Program, ran: Ran) -> None:
    """Print what a program read, by instruction."""
    for answer in ran.answers:
        text = " ".join(program.instructions[answer.at].text().split())
        click.echo(f"{answer.at:4d}  {text}: " + "; ".join(_brief(array) for array in answer.arrays[:4]))


def _print(program: Program, ran: Ran) -> None:
    from ..screen import print_table

    print_answers(program, ran)
    rows = []
    energy: dict[str, float] = {}
    if not isinstance(ran.energy, str):
        for line in ran.energy.lines:
            if line.category == "control":
                energy[line.phase] = energy.get(line.phase, 0.0) + line.joules
    for phase, counted in ran.counters.phases.items():
        words, size, cycles = counted.control
        joules = f"{energy[phase.value] * 1e9:.1f} nJ" if phase.value in energy else "–"
        rows.append(
            (
                phase.value,
                str(counted.ticks),
                str(counted.total("spikes_sent")),
                str(words),
                str(size),
                str(cycles),
                joules,
            )
        )
    columns = ("phase", "ticks", "spikes", "bus words", "bytes", "controller cycles", "control")
    click.echo()
    print_table(columns, rows, right=columns[1:])
    if isinstance(ran.energy, str):
        click.echo(f"\nnot costed: {ran.energy}")
    elif ran.energy.total_j is None:
        click.echo(f"\nnot costed: {ran.energy.note}")
    if any(ran.left):
        click.echo(f"\nleft in the queues: {ran.left[0]} words in INPUT, {ran.left[1]} in TARGET")


def _brief(array: Any) -> str:
    shape = " × ".join(map(str, array.shape)) or "1"
    if not array.size or array.dtype.kind not in "fiu":
        return f"{array.dtype} [{shape}]"
    return f"{array.dtype} [{shape}] from {array.min():.4g} to {array.max():.4g}, mean {array.mean():.4g}"
