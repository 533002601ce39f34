"""The command line: click and rich around the library, installed as ``neurochip._cli``."""
