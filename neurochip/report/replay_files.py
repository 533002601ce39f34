"""The folder of a replay: report.json and report.html, written whole and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from neurochip.description import EnergyTable
from neurochip.durable.atomic import replacing
from neurochip.energy import HardwareUse
from neurochip.files import Foreign
from neurochip.report.reading import REPORT, drawing_stored, read_document
from neurochip.report.replay_document import ReplayDocument, recosted_replay
from neurochip.report.replay_page import replay_page
from neurochip.report.schema import FORMAT, Document
from neurochip.report.stored import is_of_kind, read_formatted
from neurochip.spikes import Spikes, npz_of
from neurochip.substrate.counters import Counters

__all__ = ["is_replay", "read_either", "read_replay", "render_replay_again", "replay_spikes", "write_replay"]

SPIKES = "spikes.npz"


def write_replay(
    document: ReplayDocument, spikes: Sequence[Spikes], folder: Path | str, stem: str = "report"
) -> Path:
    """Write ``<stem>.json``, ``<stem>.html`` and all spikes into an existing folder; return the page."""
    folder = Path(folder)
    page = folder / f"{stem}.html"
    if not (folder / SPIKES).exists():
        with replacing(folder / SPIKES) as file:
            file.write(npz_of({f"spikes.{k}": bits for k, bits in enumerate(spikes)}))
    with replacing(folder / f"{stem}.json") as file:
        file.write((json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
    text = replay_page(document, spikes)
    with replacing(page) as file:
        file.write(text.encode())
    return page


def is_replay(path: Path | str) -> bool:
    """Return whether a folder holds the report of a replay; of anything unreadable it does not."""
    return is_of_kind(_report(path), "replay")


def _report(folder: Path | str) -> Foreign:
    return Foreign(
        Path(folder) / REPORT, "a replay", "make the replay again", absent="name the folder of a replay"
    )


def read_replay(folder: Path | str) -> ReplayDocument:
    """Return the document of a replay's folder, with everything checked."""
    file = _report(folder)
    table = read_formatted(file, ReplayDocument, FORMAT)
    with file.guarded():
        HardwareUse.from_json(table["hardware"])
        Counters.from_json(table["counters"])
    return table


def read_either(folder: Path | str) -> Document:
    """Return the document of a run's folder, or of a replay's, whose tables of energy and chip are the same."""
    if is_replay(folder):
        return cast(Document, read_replay(folder))
    return read_document(folder)


def render_replay_again(
    folder: Path | str, energies: EnergyTable | None = None
) -> tuple[ReplayDocument, Path]:
    """Render a stored replay again, costed anew beside the original where ``energies`` are given."""
    folder = Path(folder)
    with drawing_stored(folder):
        return _rendered(folder, energies)


def replay_spikes(folder: Path | str) -> Sequence[Spikes]:
    """Return the spikes of a replay's folder, one entry for each population."""
    from neurochip.cores.raster_file import load_arrays, recorded_traffic

    return recorded_traffic(load_arrays(Path(folder) / SPIKES)).spikes


def _rendered(folder: Path, energies: EnergyTable | None) -> tuple[ReplayDocument, Path]:
    document, spikes = read_replay(folder), replay_spikes(folder)
    if energies is None:
        return document, write_replay(document, spikes, folder)
    document = recosted_replay(document, energies)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", energies.name).strip("-.") or "energies"
    return document, write_replay(document, spikes, folder, f"report-{stem}")
