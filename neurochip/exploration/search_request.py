"""What a search of chips was asked for, kept in its folder, so that it can be gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from neurochip.durable.atomic import remove_unfinished, replacing
from neurochip.durable.folder import new_folder
from neurochip.durable.lock import Held, hold
from neurochip.durable.request import REQUEST, read_request, request_files
from neurochip.durable.seal import checksum
from neurochip.errors import CheckpointError
from neurochip.exploration.given import Given, given
from neurochip.files import Foreign, read_bytes

__all__ = ["ChipSearch", "begin", "go_on", "is_of_chips", "store"]

_COMMAND = "tune"


class ChipSearch(msgspec.Struct, frozen=True):
    """All that a search was asked for.

    Attributes
    ----------
    vary
        ``chip.KEY=LOW:HIGH``, with ``:log`` and ``:int`` behind it, or ``chip.KEY=A,B,C`` each.
    objective
        Names of `neurochip.exploration.searching.FIGURES`, separated by commas; several give a Pareto front.
    sampler, seed
        As for `neurochip.studies.tuning.tune`.
    timing
        How ticks are timed, as for `neurochip.exploration.explore`.
    run, data, raster, overrides, chip, placement
        As for `neurochip.exploration.given.given`; files by their absolute path.
    digests
        Path of each file → checksum of what it held.
    trials
        How many in all; a resumed search may be asked for more.
    """

    vary: tuple[str, ...]
    objective: str
    sampler: str
    seed: int
    timing: Literal["tick", "analytic", "cycle"]
    run: str | None
    data: str | None
    raster: str | None
    overrides: tuple[str, ...]
    chip: str | None
    placement: str | None
    trials: Annotated[int, msgspec.Meta(ge=1)]
    digests: dict[str, str] = {}
    kind: Literal["chips"] = "chips"

    def of_files(self) -> ChipSearch:
        """Return the same with absolute paths, and the checksums of what they hold."""
        paths = {
            name: str(Path(value).resolve()) if value is not None and _is_file(name, value) else value
            for name, value in self._named()
        }
        digests = {
            path: _digest(path) for name, path in paths.items() if path is not None and _is_file(name, path)
        }
        return msgspec.structs.replace(self, **paths, digests=digests)

    def of_trials(self, trials: int) -> ChipSearch:
        """Return the same with so many trials."""
        return msgspec.structs.replace(self, trials=trials)

    def given(self) -> Given:
        """Return workload and chip.

        Raises
        ------
        NeurochipError
            One of its family: files that are none.
        """
        return given(
            self.run,
            data=None if self.data is None else Path(self.data),
            raster=None if self.raster is None else Path(self.raster),
            overrides=self.overrides,
            chip=self.chip,
            placement=None if self.placement is None else Path(self.placement),
            timing=self.timing,
        )

    def _named(self) -> Iterator[tuple[str, str | None]]:
        for name in ("run", "data", "raster", "chip", "placement"):
            yield name, getattr(self, name)


def _is_file(name: str, value: str) -> bool:
    """Whether a run or a chip is named by a file, and not as in the catalogue; all else are files."""
    return Path(value).is_file() and (name not in ("run", "chip") or Path(value).suffix != "")


def _digest(path: str) -> str:
    return checksum(read_bytes(Foreign(Path(path), "a file of a search", "name another")))


def begin(folder: Path, asked: ChipSearch) -> Held:
    """Make the folder of a search, with all that was asked for, and hold it."""
    return new_folder(folder, _files(asked), "search")


def store(folder: Path, asked: ChipSearch) -> None:
    """Write down that a search is now asked for more, or for fewer trials."""
    with replacing(folder / REQUEST) as file:
        file.write(_files(asked)[REQUEST])


def is_of_chips(folder: Path) -> bool:
    """Whether a folder is that of a search of chips, and not of one that trains."""
    return read_request(folder, _COMMAND).options.get("kind") == "chips"


def go_on(folder: Path) -> tuple[ChipSearch, Held]:
    """Take up the folder of a search that was begun.

    Raises
    ------
    CheckpointError
        When it is none, what was asked for is damaged, a file that it was begun with is another now, or another process
        is at work there.
    """
    request = read_request(folder, _COMMAND)
    held = hold(folder, "search")
    try:
        asked = msgspec.convert(request.options, ChipSearch)
        for path, digest in asked.digests.items():
            if not Path(path).is_file() or _digest(path) != digest:
                raise CheckpointError(
                    str(folder), f"was begun with {path}, which is gone or changed; restore it, or begin anew"
                )
        remove_unfinished(folder)
        return asked, held
    except msgspec.ValidationError as error:
        held.release()
        raise CheckpointError(
            str(folder / REQUEST), f"asks for what cannot be ({error}); begin anew"
        ) from None
    except BaseException:
        held.release()
        raise


def _files(asked: ChipSearch) -> dict[str, bytes]:
    return request_files(_COMMAND, msgspec.to_builtins(asked), {})
