"""Take the picture of a page, as far as the end of a section: how docs/report.png and docs/sweep.png are made.

python -m tests.browser.picture runs/mnist-small-…/report.html docs/report.png --until Bits
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import Browser, executable

END = """[...document.querySelectorAll('section')].filter((part) => part.querySelector('h2').textContent === NAME)
    .map((part) => part.getBoundingClientRect().bottom + scrollY + 16)[0]"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the picture of a page.")
    parser.add_argument("page", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--until", metavar="HEADING", help="leave out what comes after this section")
    parser.add_argument("--width", type=int, default=1200, metavar="N", help="of the window, in pixels")
    options = parser.parse_args()
    program = executable()
    if program is None:
        sys.exit("no chromium on this machine")
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, Path(profile))
        try:
            with browser.tab(width=options.width) as tab:
                tab.open(options.page)
                height = None
                if options.until is not None:
                    height = tab.evaluate(END.replace("NAME", json.dumps(options.until)))
                    if height is None:
                        sys.exit(f"the page has no section {options.until!r}")
                options.out.write_bytes(tab.screenshot(height))
        finally:
            browser.close()


if __name__ == "__main__":
    main()
