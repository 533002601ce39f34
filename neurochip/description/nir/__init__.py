"""Networks in the Neuromorphic Intermediate Representation: what its files say, and what of it can run here."""
