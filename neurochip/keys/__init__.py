"""Keys of runs and chip specifications: what is known of one stands on its field, once.

A section is a frozen dataclass whose fields are annotated: ``Annotated[Positive, Key("Width of the gate.",
unit="µm", live_if="analog.mismatch.process")]``. From there it is read, checked, written, described and varied.
"""
