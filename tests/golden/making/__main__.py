"""Networks written and run by the tools themselves → tests/golden/tools.

    python -m venv tools && tools/bin/pip install torch snntorch norse rockpool nir nirtorch
    tools/bin/python -m tests.golden.making snntorch tests/golden/tools          # or norse, rockpool
    tools/bin/python -m tests.golden.making snntorch tests/golden/tools NAME …   # those networks alone
    python -m venv other && other/bin/pip install torch sinabs==3.1.3 && other/bin/pip install nir==1.0.8
    other/bin/python -m tests.golden.making sinabs tests/golden/tools
    python -m venv jax && jax/bin/pip install spyx nir
    jax/bin/python -m tests.golden.making spyx tests/golden/tools

Each network is a function of the module of its tool, TOOL_networks.py.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tests.golden.making.written import write


def main(tool: str, folder: Path, names: list[str]) -> None:
    module = importlib.import_module(f"tests.golden.making.{tool}_networks")
    folder.mkdir(exist_ok=True)
    for name, make in vars(module).items():
        if name.startswith(f"{tool}_") and (name in names or not names):
            write(folder, name, make)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
