"""Robustness sweeps: `space` says what is measured, `runner` who does it, `store` where results are kept.

`neurochip.studies.sweeping` puts them together with machines that are built from runs.
"""
