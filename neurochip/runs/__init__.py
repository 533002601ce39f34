"""One run: built from its description, carried out, its die shown, its weights handed to other tools."""
