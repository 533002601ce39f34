"""Result → JSON → terminal and HTML. Renders what was counted; recomputes nothing.

`write_report` puts a run's reports into its folder, `render_again` makes them anew from what is stored
there, `print_summary` says the same in a terminal.
"""

from neurochip.report.reading import read_document, read_rasters
from neurochip.report.schema import Document
from neurochip.report.terminal import print_summary, summary
from neurochip.report.terminal_tables import utilisation_table
from neurochip.report.write import render_again, write_document, write_rasters, write_report

__all__ = [
    "Document",
    "print_summary",
    "read_document",
    "read_rasters",
    "render_again",
    "summary",
    "utilisation_table",
    "write_document",
    "write_rasters",
    "write_report",
]
