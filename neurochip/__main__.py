"""``python -m neurochip`` is ``neurochip``: where scripts of an environment are not on the path."""

# The folder cli/ is this package where neurochip is installed; types are checked where it is not.
from neurochip._cli.entry import main  # type: ignore[import-not-found]

main()
