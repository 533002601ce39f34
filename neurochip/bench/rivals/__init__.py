"""Other tools, each called as a program in an environment of its own: none is imported here, none is a dependency.

`serve.py` and the ``on_*.py`` run there; they import nothing of neurochip and are not imported by it. A tool is one
such file and one row in `table`.
"""
