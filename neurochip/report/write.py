"""Reports on disk: each file appears whole or not at all."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurochip.description import EnergyTable
from neurochip.durable.atomic import replacing
from neurochip.report.document import document, recosted
from neurochip.report.drawn import drawn
from neurochip.report.html import html
from neurochip.report.reading import RASTERS, drawing_stored, read_document, read_rasters
from neurochip.report.schema import Document
from neurochip.spikes import packed_arrays
from neurochip.training.record import Raster, RunRecord

__all__ = ["render_again", "write_document", "write_rasters", "write_report"]


def write_report(record: RunRecord, folder: Path | str, energies: EnergyTable | None = None) -> Document:
    """Write report.json, report.html and raster.npz of a run into an existing folder."""
    folder = Path(folder)
    table = document(record, energies)
    write_rasters(record.rasters, folder / RASTERS)
    with drawn(folder / "report.html", folder / "report.json"):
        write_document(table, record.rasters, folder)
    return table


def render_again(
    folder: Path | str, energies: EnergyTable | None = None, processor: EnergyTable | None = None
) -> tuple[Document, Path]:
    """Render a stored run again; return its document and the page.

    With ``energies`` the stored counts are costed anew, with ``processor`` the multiply–adds of the baseline, beside
    the original: ``report-<list>.json`` and ``.html``.
    """
    folder = Path(folder)
    with drawing_stored(folder):
        return _rendered(folder, energies, processor)


def _rendered(
    folder: Path, energies: EnergyTable | None, processor: EnergyTable | None
) -> tuple[Document, Path]:
    table, rasters = read_document(folder), read_rasters(folder)
    if energies is None and processor is None:
        return table, write_document(table, rasters, folder)
    table = recosted(table, energies, processor)
    stems = [energies.name] if energies is not None else []
    stems += ["baseline", processor.name] if processor is not None else []
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(stems)).strip("-.") or "energies"
    return table, write_document(table, rasters, folder, f"report-{stem}")


def write_document(
    table: Document, rasters: Sequence[Raster], folder: Path | str, stem: str = "report"
) -> Path:
    """Write ``<stem>.json``, then draw ``<stem>.html``; return the page."""
    page = Path(folder) / f"{stem}.html"
    with replacing(Path(folder) / f"{stem}.json") as file:
        file.write((json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
    text = html(table, rasters)
    with replacing(page) as file:
        file.write(text.encode())
    return page


def write_rasters(rasters: Sequence[Raster], path: Path | str) -> None:
    """Write spike rasters, packed to bits: ``<n>.spikes.<k>`` and its shape for population k of presentation n."""
    arrays: dict[str, np.ndarray] = {"presentations": np.array(len(rasters))}
    for number, raster in enumerate(rasters):
        arrays[f"{number}.presentation"] = np.array(raster.presentation)
        arrays[f"{number}.populations"] = np.array(raster.populations)
        arrays[f"{number}.numbers"] = np.array(
            [raster.label, raster.predicted, raster.n_free, raster.n_nudged]
        )
        for k, spikes in enumerate(raster.spikes):
            arrays |= packed_arrays(f"{number}.spikes.{k}", spikes)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    with replacing(Path(path)) as file:
        file.write(buffer.getvalue())
