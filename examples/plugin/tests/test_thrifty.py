"""The chip sheet keeps the contract of sheets."""

from neurochip.testing import ChipContract


class TestThrifty(ChipContract):
    sheets = ("thrifty",)
    overrides = ("network.precision=int8",)
