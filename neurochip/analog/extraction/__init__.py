"""Cells of a design, as ngspice finds them on the user's own model cards: decks, fits, and what a run takes of them."""
