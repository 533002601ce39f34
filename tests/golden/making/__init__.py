"""Networks written by the exporters of other tools, and run in them: `python -m tests.golden.making TOOL FOLDER`."""
