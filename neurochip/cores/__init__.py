"""The emulated chip: cores that hold weights and neurons and exchange nothing but bits."""
