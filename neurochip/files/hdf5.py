"""HDF5: what a file declares is checked before memory is taken for it, and nothing outside the file is followed."""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochip.files.door import Foreign, opened
from neurochip.files.hdf5_headers import (
    REFERENCE_BYTES,
    TextPlace,
    check_heap,
    text_place,
    text_places,
)
from neurochip.files.limits import LIMIT_VARIABLE, MOST_MEMBERS, file_limit, in_bytes

__all__ = ["Hdf5Group", "read_hdf5"]

_MOST_DEPTH = 16
_MOST_CHUNKS = 200_000
_MOST_TEXTS = 100_000  # texts of variable length in one array, or lists of numbers
_TEXTS_AT_A_TIME = 256
_SLACK = 1 << 16  # bytes by which a chunk may be larger than it must
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NUMBERS = "biufc"


@dataclass(frozen=True, slots=True)
class Hdf5Group:
    """A group of an HDF5 file, read whole.

    Attributes
    ----------
    groups
        The groups in it, by name.
    arrays
        The data sets in it, by name: arrays; of no dimension a scalar of NumPy, or `str` where it is text. Texts of
        variable length are arrays of `str` objects, lists of numbers arrays of objects that are arrays.
    attributes
        Its attributes: numbers and texts, if they were asked for.
    """

    groups: Mapping[str, Hdf5Group] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


def read_hdf5(file: Foreign, *, attributes: bool = False, lists: bool = False) -> Hdf5Group:
    """Return everything in an HDF5 file.

    Refused are links to other files and soft links, data sets whose elements stand in other files or are not stored at
    all, filters other than those that h5py and HDF5 always have, and more elements than `file_limit`.

    Parameters
    ----------
    attributes
        Whether the attributes of groups are read; each must then be one number or one text.
    lists
        Whether data sets whose elements are lists of numbers are read, and not refused.
    """
    import h5py

    with opened(file) as stream, file.guarded():
        if stream.read(len(_SIGNATURE)) != _SIGNATURE:
            raise file.damaged("does not begin as HDF5 does")
        stream.seek(0)
        with h5py.File(stream, "r") as opened_file:
            return _Walk(file, attributes, lists, stream.fileno()).group(opened_file, "", 0)


class _Walk:
    """One pass over a file, which counts what it has taken."""

    def __init__(self, file: Foreign, attributes: bool, lists: bool, descriptor: int) -> None:
        self._file, self._attributes, self._lists, self._descriptor = file, attributes, lists, descriptor
        self._left = self._limit = file_limit()
        self._members = MOST_MEMBERS
        self._heaps: set[int] = set()  # that were looked at

    def group(self, group: Any, place: str, depth: int) -> Hdf5Group:
        """Return a group; ``place`` is its path within the file."""
        import h5py

        if depth > _MOST_DEPTH:
            raise self._file.damaged(f"has groups within groups more than {_MOST_DEPTH} deep", place)
        self._take_members(group.id.get_num_objs(), place)
        groups: dict[str, Hdf5Group] = {}
        arrays: dict[str, Any] = {}
        for raw in list(group.id):
            name = raw.decode("utf-8", "replace")
            within = f"{place}/{name}" if place else name
            with self._file.guarded(within):
                self._check_link(group, raw, within)
                item = h5py.h5o.open(group.id, raw)
                if isinstance(item, h5py.h5g.GroupID):
                    groups[name] = self.group(h5py.Group(item), within, depth + 1)
                elif isinstance(item, h5py.h5d.DatasetID):
                    arrays[name] = self._array(h5py.Dataset(item), within)
                else:
                    raise self._file.damaged("is neither a group nor an array", within)
        return Hdf5Group(groups, arrays, self._attributes_of(group, place) if self._attributes else {})

    def _take_members(self, count: int, place: str) -> None:
        self._members -= count
        if self._members < 0:
            raise self._file.fault(f"has more than the {MOST_MEMBERS} arrays that are read", place, cure="")

    def _take(self, size: int, place: str) -> None:
        self._left -= size
        if self._left < 0:
            raise self._file.fault(
                f"declares more than the {in_bytes(self._limit)} of arrays that are read; "
                f"set {LIMIT_VARIABLE} to read more",
                place,
                cure="",
            )

    def _check_link(self, group: Any, name: bytes, place: str) -> None:
        import h5py

        kind = group.id.links.get_info(name).type
        if kind != h5py.h5l.TYPE_HARD:
            what = "to another file" if kind == h5py.h5l.TYPE_EXTERNAL else "to another place"
            raise self._file.fault(
                f"is a link {what}, which is not followed; copy what it names into the file", place, cure=""
            )

    def _attributes_of(self, group: Any, place: str) -> dict[str, Any]:
        import h5py

        count = h5py.h5a.get_num_attrs(group.id)
        self._take_members(count, place)
        found: dict[str, object] = {}
        places: dict[bytes, TextPlace] | None = None
        for k in range(count):
            attribute = h5py.h5a.open(group.id, index=k)
            name = attribute.name.decode("utf-8", "replace")
            within = f"{place}: attribute {name}" if place else f"attribute {name}"
            with self._file.guarded(within):
                if attribute.shape != ():
                    raise self._file.damaged("must be one value", within)
                self._check_type(attribute.get_type(), attribute.dtype, within)
                self._take(attribute.get_type().get_size(), within)
                if attribute.dtype.kind == "O":
                    places = self._places_of(group, within) if places is None else places
                    if attribute.name not in places:
                        raise self._odd_texts(within)
                    self._check_text(places[attribute.name], within)
                    self._take(places[attribute.name].length, within)
                found[name] = _plain(group.attrs[attribute.name])
        return found

    def _places_of(self, group: Any, place: str) -> dict[bytes, TextPlace]:
        import h5py

        try:
            return text_places(self._descriptor, h5py.h5o.get_info(group.id).addr)
        except (ValueError, struct.error):
            raise self._odd_texts(place) from None

    def _odd_texts(self, place: str) -> Exception:
        return self._file.fault(
            "holds texts in a way that h5py does not write by itself; write it anew with h5py's defaults",
            place,
            cure="",
        )

    def _check_text(self, text: TextPlace, place: str) -> None:
        """Refuse a text that is declared to be longer than the file, or whose heap is damaged.

        HDF5 takes memory for what is declared before it looks for the text.
        """
        if text.length > os.fstat(self._descriptor).st_size:
            raise self._file.damaged("declares a text or list that is longer than the file", place)
        if text.heap in self._heaps or not text.heap or not text.length:
            return
        try:
            check_heap(self._descriptor, text.heap)
        except (ValueError, struct.error):
            raise self._file.damaged("holds texts in a place that is damaged", place) from None
        self._heaps.add(text.heap)

    def _check_type(self, stored: object, dtype: np.dtype[np.generic], place: str) -> None:
        import h5py

        if dtype.kind in _NUMBERS or dtype.kind == "S":
            return
        if dtype.kind == "O" and isinstance(stored, h5py.h5t.TypeStringID):
            return
        raise self._file.fault("has elements that are neither numbers nor text", place, cure="")

    def _array(self, data: Any, place: str) -> object:
        stored, shape = data.id.get_type(), data.shape
        if shape is None:
            raise self._file.damaged("holds nothing", place)
        listed = _listed_type(stored) if self._lists else None
        if listed is None:
            self._check_type(stored, data.dtype, place)
        count = math.prod(shape)
        self._take(count * max(data.dtype.itemsize, stored.get_size()), place)
        self._check_storage(data, count, place)
        if data.dtype.kind != "O":
            return _plain(data[()])
        return self._texts(data, count, place) if listed is None else self._listed(data, listed, count, place)

    def _check_storage(self, data: Any, count: int, place: str) -> None:
        """Refuse elements that the file does not hold: they would be made up, or come from elsewhere."""
        import h5py

        plan, unit = data.id.get_create_plist(), _stored_size(data)
        layout = plan.get_layout()
        if plan.get_external_count() or layout == h5py.h5d.VIRTUAL:
            raise self._file.fault(
                "stands in another file, which is not read; copy it into this one", place, cure=""
            )
        if layout == h5py.h5d.CHUNKED:
            self._check_chunks(data, plan, unit, place)
        elif count and data.id.get_storage_size() != count * unit:
            raise self._missing(place)

    def _missing(self, place: str) -> Exception:
        return self._file.damaged("declares elements that it does not hold", place)

    def _check_chunks(self, data: Any, plan: Any, unit: int, place: str) -> None:
        chunk = plan.get_chunk()
        size = math.prod(chunk) * unit
        expected = math.prod(-(-n // c) for n, c in zip(data.shape, chunk, strict=True))
        if expected > _MOST_CHUNKS:
            raise self._file.fault(
                f"is cut into {expected} chunks, and at most {_MOST_CHUNKS} are read", place, cure=""
            )
        if size > max(self._limit // 8, math.prod(data.shape) * unit):
            raise self._file.damaged(f"is cut into chunks of {in_bytes(size)}", place)
        filters = self._filters(plan, place)
        if data.id.get_num_chunks() != expected:
            raise self._missing(place)
        for k in range(expected):
            info = data.id.get_chunk_info(k)
            if info.size > size + size // 100 + _SLACK:
                raise self._file.damaged("has a chunk that is larger than what it holds", place)
            if not filters and info.size != size:
                raise self._missing(place)
            if "deflate" in filters:
                self._check_deflated(data.id.read_direct_chunk(info.chunk_offset), filters, size, place)

    def _filters(self, plan: Any, place: str) -> list[str]:
        """Return the filters of a data set, in the order in which they were applied."""
        import h5py

        known = {
            h5py.h5z.FILTER_SHUFFLE: "shuffle",
            h5py.h5z.FILTER_DEFLATE: "deflate",
            h5py.h5z.FILTER_FLETCHER32: "fletcher32",
        }
        codes = [plan.get_filter(k)[0] for k in range(plan.get_nfilters())]
        names = [known.get(code, str(code)) for code in codes]
        if names != [name for name in known.values() if name in names]:
            raise self._file.fault(
                f"is stored through filters ({', '.join(names)}) other than shuffle, gzip and Fletcher's checksum, "
                "in this order; write it anew with gzip",
                place,
                cure="",
            )
        return names

    def _check_deflated(self, chunk: tuple[int, bytes], filters: list[str], size: int, place: str) -> None:
        """Refuse a chunk that unpacks to more than it may hold: HDF5 would take all the memory that it asks for."""
        skipped, content = chunk
        if skipped & (1 << filters.index("deflate")):
            return
        if filters[-1] == "fletcher32" and not skipped & (1 << (len(filters) - 1)):
            content = content[:-4]
        unpacked, unpacker = 0, zlib.decompressobj()
        while content and not unpacker.eof:
            unpacked += len(unpacker.decompress(content, _SLACK))
            content = unpacker.unconsumed_tail
            if unpacked > size:
                raise self._file.damaged("has a chunk that unpacks to more than it may hold", place)

    def _check_texts(self, data: object, count: int, place: str) -> int:
        """Look at where the texts or lists of variable length of an array stand; return how long they are together."""
        places, unit = _places_of(data, count) if count else [], _stored_size(data)
        if places is None or unit != REFERENCE_BYTES:
            raise self._odd_texts(place)
        length = 0
        for offset, many in places:
            raw = os.pread(self._descriptor, many * unit, offset)
            if len(raw) < many * unit:
                raise self._missing(place)
            for k in range(many):
                text = text_place(raw[k * unit : (k + 1) * unit])
                self._check_text(text, place)
                length += text.length
        return length

    def _listed(self, data: Any, listed: np.dtype[np.generic], count: int, place: str) -> object:
        """Return lists of numbers of variable length; many may stand for one long list of the file."""
        if count > _MOST_TEXTS:
            raise self._file.fault(f"has {count} lists, and at most {_MOST_TEXTS} are read", place, cure="")
        self._take(self._check_texts(data, count, place) * listed.itemsize, place)
        return data[()]

    def _texts(self, data: Any, count: int, place: str) -> object:
        """Return texts of variable length; many may stand for one long text of the file, so they are counted."""
        if count > _MOST_TEXTS:
            raise self._file.fault(f"has {count} texts, and at most {_MOST_TEXTS} are read", place, cure="")
        self._check_texts(data, count, place)
        if data.shape == ():
            text = _plain(data[()])
            self._take(len(text), place)
            return text
        found = np.empty(data.shape, dtype=object)
        step = max(1, _TEXTS_AT_A_TIME // max(1, math.prod(data.shape[1:])))
        for first in range(0, data.shape[0], step):
            texts = data[first : first + step]
            self._take(sum(len(text) for text in texts.flat), place)
            try:  # replaced, two labels might become one
                found[first : first + step] = np.frompyfunc(_strictly, 1, 1)(texts)
            except UnicodeDecodeError:
                raise self._file.fault("holds texts that are no UTF-8", place) from None
        return found


def _listed_type(stored: object) -> np.dtype[np.generic] | None:
    """Return the type of the numbers in lists of variable length; `None` of anything else."""
    import h5py

    if not isinstance(stored, h5py.h5t.TypeVlenID):
        return None
    inner = stored.get_super().dtype
    return inner if inner.kind in "iuf" else None


def _places_of(data: Any, count: int) -> list[tuple[int, int]] | None:
    """Return where in the file elements stand, and how many at each place; `None` where that is not to be seen."""
    import h5py

    plan = data.id.get_create_plist()
    if plan.get_layout() == h5py.h5d.CHUNKED and not plan.get_nfilters():
        each = math.prod(plan.get_chunk())
        return [(data.id.get_chunk_info(k).byte_offset, each) for k in range(data.id.get_num_chunks())]
    offset = data.id.get_offset() if plan.get_layout() == h5py.h5d.CONTIGUOUS else None
    return None if offset is None else [(offset, count)]


def _stored_size(data: Any) -> int:
    """Return the bytes that an element takes in the file; for a text of variable length, those that point to it."""
    if data.dtype.kind != "O":
        return int(data.id.get_type().get_size())
    return 4 + int(data.file.id.get_create_plist().get_sizes()[0]) + 4


def _strictly(value: object) -> object:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _plain(value: object) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
