"""The tools that we are measured against, by name."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RIVALS", "Rival"]


class Rival(NamedTuple):
    """A tool.

    Attributes
    ----------
    title
        As its authors write it.
    module
        By which a Python is known to have it.
    driver
        File beside this one that runs it.
    install
        How somebody gets it.
    """

    title: str
    module: str
    driver: str
    install: str


RIVALS = {
    "brian2": Rival("Brian2", "brian2", "on_brian2.py", "pip install brian2 'numpy<2.3', and a C++ compiler"),
    "lava": Rival("Lava", "lava", "on_lava.py", "Python 3.10; pip install lava-nc"),
    "nengo-loihi": Rival(
        "nengo-loihi", "nengo_loihi", "on_nengo_loihi.py", "Python 3.9; pip install nengo-loihi 'numpy<1.24'"
    ),
    "sana-fe": Rival("SANA-FE", "sanafe", "on_sanafe.py", "pip install sanafe numpy"),
    "torch": Rival("PyTorch", "torch", "on_torch.py", "pip install torch numpy"),
}
