"""Situations of other tools' users, through the command line."""
