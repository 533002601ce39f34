"""Numeric code only: arrays and scalars in, arrays and scalars out. Nothing here knows a chip."""
