"""State dicts of snnTorch and what the networks compute → tests/golden/state_dicts.

    python -m venv tools && tools/bin/pip install torch snntorch nir safetensors
    tools/bin/python -m tests.golden.making.state_dicts tests/golden/state_dicts

Of each network NAME.safetensors, as `safetensors` writes it, and NAME.npz: ``x`` packed bits of the input [step, unit],
``s.MODULE`` packed bits of the spikes of each layer, ``versions`` of the packages.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

import numpy as np
import snntorch as snn
import torch
from safetensors.torch import save_file

from tests.golden.making.written import spikes


class Subtracting(torch.nn.Module):
    """20-16-4, scalars, reset by subtraction; its names in alphabetical order are not its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = torch.nn.Linear(20, 16), torch.nn.Linear(16, 4)
        self.lif1, self.lif2 = snn.Leaky(0.9, threshold=0.5), snn.Leaky(0.75, threshold=0.4)

    def forward(self, x: Any) -> dict[str, Any]:
        m1, m2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        seen: dict[str, list[Any]] = {"lif1": [], "lif2": []}
        for row in x:
            s1, m1 = self.lif1(self.fc1(row[None]), m1)
            s2, m2 = self.lif2(self.fc2(s1), m2)
            seen["lif1"].append(s1[0])
            seen["lif2"].append(s2[0])
        return {name: torch.stack(rows) for name, rows in seen.items()}


class Zeroing(torch.nn.Sequential):
    """20-16-4, numbers for each neuron, one β beyond 1, reset to zero."""

    def __init__(self) -> None:
        how = {"reset_mechanism": "zero", "init_hidden": True}
        super().__init__(
            torch.nn.Linear(20, 16, bias=False),
            snn.Leaky(torch.linspace(0.5, 1.1, 16), threshold=torch.linspace(0.3, 1.2, 16), **how),
            torch.nn.Linear(16, 4),
            snn.Leaky(torch.linspace(0.6, 0.95, 4), threshold=torch.full((4,), 0.4), **how),
        )

    def forward(self, x: Any) -> dict[str, Any]:
        seen: dict[str, list[Any]] = {"1": [], "3": []}
        for row in x:
            s1 = self[1](self[0](row[None]))
            seen["1"].append(s1[0])
            seen["3"].append(self[3](self[2](s1))[0])
        return {name: torch.stack(rows) for name, rows in seen.items()}


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    x = spikes(20)
    for make in (Subtracting, Zeroing):
        torch.manual_seed(17)
        net = make()
        with torch.no_grad():
            seen = net(x)
        name = make.__name__.lower()
        save_file(net.state_dict(), folder / f"{name}.safetensors")
        held = {f"s.{k}": np.packbits(v.numpy() > 0, axis=1) for k, v in seen.items()}
        versions = [f"{p} {importlib.metadata.version(p)}" for p in ("snntorch", "torch", "safetensors")]
        np.savez_compressed(
            folder / f"{name}.npz",
            x=np.packbits(x.numpy() > 0, axis=1),
            versions=np.array(versions),
            **held,
        )
        print(name, {k: int(v.sum()) for k, v in seen.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
