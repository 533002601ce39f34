"""Many runs: sweeps, searches, what one of their tasks is and how their stores merge."""
