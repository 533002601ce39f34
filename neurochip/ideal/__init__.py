"""The real-valued reference: forward Euler, real numbers between neurons."""
