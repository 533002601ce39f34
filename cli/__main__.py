"""``python -m neurochip._cli`` is the command ``neurochip``."""

from .entry import main

if __name__ == "__main__":
    main()
