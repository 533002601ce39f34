"""Runs of the authors' code of O'Connor, Gavves and Welling 2019, and what must reproduce them."""
