"""A trained network in one's hands: made by `train` or `load`, asked by `Model`."""
