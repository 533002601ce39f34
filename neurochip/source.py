"""Source as a digest: every edit of a package makes another one."""

from __future__ import annotations

import functools
import hashlib
from importlib.util import find_spec
from pathlib import Path

__all__ = ["package_digest"]

# What computes, and the chip specifications that it reads. Embedded data are checked against digests in the source.
_PATTERNS = ("*.py", "*.toml")


@functools.cache
def package_digest(package: str = "neurochip") -> str:
    """Return a digest of all source files of a package, or module, as it is installed here; 16 hexadecimal digits.

    The first call of a process decides: an edit after that does not change what was imported before.
    """
    digest = hashlib.blake2b(digest_size=8)
    spec = find_spec(package.partition(".")[0].partition(":")[0])
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    found = [(folder, path) for folder in folders for pattern in _PATTERNS for path in folder.rglob(pattern)]
    if not folders and spec is not None and spec.origin is not None:
        found = [(Path(spec.origin).parent, Path(spec.origin))]
    for folder, path in sorted(found):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        digest.update(b"%d %d\n" % (len(name), len(content)) + name + content)
    return digest.hexdigest()
