"""Learning rules: one file each; a rule sees a substrate only through its protocol."""
