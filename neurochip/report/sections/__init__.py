"""The parts of ``report.html``, one file each: a document in, markup out."""
