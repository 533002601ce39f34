"""Every key of a run in words, from what stands on its field: ``neurochip runs keys`` and docs/keys.md.

``python -m neurochip.description.key_reference docs`` writes the page.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import typing
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

from neurochip.description.chip_reader import SECTIONS
from neurochip.description.rule_keys import RULES
from neurochip.description.run import RunSpec
from neurochip.description.run_sections import ELEMENTS
from neurochip.durable.atomic import replacing
from neurochip.elements.neurons.table import NEURONS
from neurochip.errors import ConfigError
from neurochip.keys.ranges import range_words
from neurochip.keys.reading import describe, did_you_mean
from neurochip.keys.tree import REQUIRED, KnownKey, known_keys

__all__ = ["KeyRow", "key_page", "key_rows"]

_WORDS = {bool: "true or false", int: "integer", float: "number", str: "text", Any: "table"}
# What a flag says, in the order of the page.
_FLAGS = {
    "imperfect": "nominally 0",
    "per_die": "drawn for a die",
    "shapes": "shapes weights",
    "training_only": "matters in training only",
    "irrelevant": "changes no result",
}
SECTION = "section"
# An entry of a docstring: names, and the indented lines below.
_ENTRY = re.compile(r"^([a-z_]+(?:, [a-z_]+)*)\n((?:    .*\n?|\n(?=    ))+)", re.MULTILINE)
_HEAD = """<!-- Made by `python -m neurochip.description.key_reference docs` from the fields; do not edit. -->
# Keys of a run

These are the keys that a run file, `--set KEY=VALUE` and `--vary KEY=VALUES` can name. `neurochip runs keys [PREFIX]`
prints them, too.

**A key without effect is refused.** The column *effect* says when a key has one; where nothing stands, it always has,
in a section that has. In a file and in `--set` such a key is refused at any value, in Python at any but its default.

**Overrides.** `--set coding.encoder=`, without a value, takes a key out, as if the file did not name it.
`--set learning.pre=oracle` takes `learning.trace` away, if the file has it: an override takes away what
depends on it. It takes nothing but defaults away where it makes another kind of run, with a key that *shapes weights*
such as `substrate`; what else the file says is refused then.

**One population or projection** of a graph is named behind its list: `--set network.populations.hidden.bias=0.1`,
`--set network.projections.input-hidden.gain=0.5` by the names at its ends. Where several have that name, or by choice,
a number does, from 1: `network.projections.2.gain`. So do keys of its connectivity and of its neurons:
`network.projections.input-hidden.connectivity.density`, `network.populations.hidden.neuron.membrane`, which begin with
those of `[neuron]` where the population has none of its own.

**Sweeps and searches** leave a key out at the settings where it has no effect, and refuse to vary one that has none at
any. What is *nominally 0* is 0 on the chip that is trained on before it is transferred.
"""


_CHIP_HEAD = """
# Keys of a chip specification

Each section says for its values where they come from (`source`, `evidence`), or a value says it for itself. A frequency
or an amount of memory has its unit: `"500 MHz"`, `"128 KiB"`. `unlimited = true` at the top stands for `[core]` and
`[timing]`. Energies per event stand in `[energies]`.
"""


class KeyRow(NamedTuple):
    """One key in words.

    Attributes
    ----------
    kind
        Its type, range and unit.
    effect
        When it has one; empty: always.
    about
        What it is, and what else is known of it.
    """

    path: str
    kind: str
    default: str
    effect: str
    about: str


def key_rows(prefix: str = "") -> list[KeyRow]:
    """Return every key of a run that begins so, in the order of the sections.

    Raises
    ------
    ConfigError
        When there is none.
    """
    everything = [*_of(RunSpec, ""), *_of_lists(), *_of_elements(), *_of_rules()]
    found = [
        row
        for row in everything
        if f"{row.path}.".startswith(prefix.removesuffix(".") + ("." if prefix else ""))
    ]
    found = found or [row for row in everything if row.path.startswith(prefix)]
    if not found:
        sections = [known.path for known in known_keys(RunSpec).values()]
        raise ConfigError("PREFIX", f"no key begins with {describe(prefix)}{did_you_mean(prefix, sections)}")
    return found


def _of(root: type, section: str) -> list[KeyRow]:
    return [_row(root, known, section) for known in known_keys(root).values()]


def _of_lists() -> list[KeyRow]:
    """Return the keys of the tables of a list, such as ``[[network.populations]]``."""
    rows = []
    for known in known_keys(RunSpec).values():
        if _is_list(known):
            item = get_args(known.hint)[0]
            names = getattr(item, "IN_FILES", {})
            for row in _of(item, known.path):
                section, _, name = row.path.rpartition(".")
                rows.append(row._replace(path=f"{section}.{names.get(name, name)}"))
    return rows


def _is_list(known: KnownKey) -> bool:
    return get_origin(known.hint) is tuple and dataclasses.is_dataclass(get_args(known.hint)[0])


def _of_elements() -> list[KeyRow]:
    """Return the keys of encoders, decoders, annealers and neurons, each under its kind."""
    rows = []
    families = {f"coding.{role}": family for role, (family, _, _) in ELEMENTS.items()}
    for place, family in {"neuron": NEURONS, **families}.items():
        for kind, cls in family.built_in.items():
            hints = typing.get_type_hints(cls)
            for field in dataclasses.fields(cls):
                name = "lambda" if field.name == "lam" else field.name
                words = "number"
                if get_origin(hints[field.name]) is Literal:
                    words = ", ".join(describe(choice) for choice in get_args(hints[field.name]))
                default = "" if field.default is None and name != "lambda" else _default(field.default)
                effect = f'with {place}.kind = "{kind}"'
                rows.append(KeyRow(f"{place}.{name}", words, default, effect, _said_of(field.name, cls)))
    return rows


def _said_of(name: str, cls: type) -> str:
    """Return what the docstrings of a class and its bases say of a field, as one line."""
    for base in cls.__mro__:
        for names, text in _ENTRY.findall(inspect.cleandoc(base.__doc__ or "")):
            if name in names.split(", "):
                return " ".join(text.split())
    return ""


def _of_rules() -> list[KeyRow]:
    rows = []
    for rule, keys in RULES.items():
        if keys is not None:
            for row in _of(keys, "learning.own"):
                rows.append(row._replace(effect=f'with learning.rule = "{rule}"'))
    return rows


def _row(root: type, known: KnownKey, section: str) -> KeyRow:
    around = known_keys(root).get(known.path.rpartition(".")[0])
    own = known.conditions[0 if around is None else len(around.conditions) :]
    marks = [words for flag, words in _FLAGS.items() if getattr(known.key, flag)]
    about = known.key.about + (f" ({', '.join(marks)})" if marks else "")
    return KeyRow(
        f"{section}.{known.path}" if section else known.path,
        SECTION if known.is_section else _kind(known),
        "" if known.is_section else _default(known.default),
        "; ".join(one.words() for one in own),
        about,
    )


def _kind(known: KnownKey) -> str:
    hint, many = known.hint, ""
    if _is_list(known):
        return f"tables `[[{known.path}]]`"
    if get_origin(hint) is tuple:
        hint, many = get_args(hint)[0], "list, each: "
    if get_origin(hint) is Literal:
        words = [describe(choice) for choice in get_args(hint)]
        words = [*words[:3], "…", words[-1]] if len(words) > 8 else words
        return many + ", ".join(words)
    kind = _WORDS.get(hint, "name or table")
    ranges = [range_words(meta, whole=hint is int).removeprefix("be ") for meta in known.ranges]
    return ", ".join([many + kind, *ranges]) + (f", in {known.key.unit}" if known.key.unit else "")


def _default(value: object) -> str:
    if value is REQUIRED:
        return "required"
    if dataclasses.is_dataclass(value):
        return describe(getattr(value, "kind", ""))
    return "" if value is None else describe(value)


def key_page() -> str:
    """Return docs/keys.md."""
    rows = key_rows()
    sections = {row.path: row for row in rows if row.kind == SECTION}
    lines, at = [_HEAD], None
    for row in sorted(rows, key=lambda row: _section(row.path)):  # stable: the order of a section stays
        if row.kind == SECTION:
            continue
        if _section(row.path) != at:
            at = _section(row.path)
            lines.append(f"\n## {f'`[{at[1]}]`' if at[1] else 'At the top'}\n")
            if at[1] in sections:
                effect = sections[at[1]].effect
                lines.append(sections[at[1]].about + (f" Has an effect {effect}." if effect else "") + "\n")
            lines += ["| key | is | default | effect | what it is |", "|---|---|---|---|---|"]
        default = f"`{row.default}`" if row.default else ""
        lines.append(_line(f"`{row.path}`", _code(row.kind), default, row.effect, row.about))
    lines.append(_CHIP_HEAD)
    for name, cls in SECTIONS.items():
        lines += [f"\n## `[{name}]` of a chip\n", "| key | is | default | what it is |", "|---|---|---|---|"]
        for row in _of(cls, name):
            default = f"`{row.default}`" if row.default else ""
            lines.append(_line(f"`{row.path}`", _code(row.kind), default, row.about))
    return "\n".join(lines) + "\n"


def _code(kind: str) -> str:
    """Return a kind with its pattern as code, so that no brackets are taken for a link."""
    return re.sub(r"(\^\S+\$)", r"`\1`", kind)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("``", "`") for cell in cells) + " |"


def _section(path: str) -> tuple[int, str]:
    name = path.rpartition(".")[0]
    top = [field.name for field in dataclasses.fields(RunSpec)]
    return (top.index(name.split(".")[0]) + 1 if name else 0), name


if __name__ == "__main__":
    with replacing(Path(sys.argv[1]) / "keys.md") as file:
        file.write(key_page().encode())
