"""One file per command, each with an object ``command`` that `cli.main` imports when it is asked for."""
