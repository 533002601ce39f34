"""Files of SANA-FE: architectures (YAML) as chip specifications, networks (YAML, netlists) as spiking networks.

Boyle, Plagge, Cardwell, Chance and Gerstlauer 2025, "SANA-FE: Simulating advanced neuromorphic architectures for fast
exploration", IEEE TCAD.
"""
