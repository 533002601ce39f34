"""The list of packages; everything else about the project is in pyproject.toml.

Computed from the tree, so that a new folder is installed without being named anywhere. The folder ``cli/``
becomes the sub-package ``neurochip._cli`` (``package-dir`` in pyproject.toml), which no static option of
setuptools finds.
"""

from setuptools import find_packages, setup

LIBRARY = ["neurochip", "neurochip.*", "firmware_sim", "firmware_sim.*"]
COMMAND_LINE = ["cli", "cli.*"]

setup(
    packages=[
        *find_packages(include=LIBRARY),
        *(f"neurochip._{name}" for name in find_packages(include=COMMAND_LINE)),
    ]
)
