"""The chip specification keeps the contract of chips."""

from neurochip.testing import ChipContract


class TestThrifty(ChipContract):
    specifications = ("thrifty",)
    overrides = ("network.precision=int8",)
