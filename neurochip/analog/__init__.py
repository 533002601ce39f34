"""The analog chip: continuous-time circuits on one die, whose devices all differ."""
