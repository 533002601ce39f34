"""Networks of other tools: quantised, checked against their tool, shown labelled samples, run on a chip."""
