"""Take the picture of a page, as far as the end of a section: how docs/report.png and docs/sweep.png are made.

python -m tests.browser.picture runs/mnist-small-…/report.html docs/report.png --until Bits
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.browser.window import opened, started

END = """[...document.querySelectorAll('section')].filter((part) => part.querySelector('h2').textContent === NAME)
    .map((part) => part.getBoundingClientRect().bottom + scrollY + 16)[0]"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the picture of a page.")
    parser.add_argument("page", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--until", metavar="HEADING", help="leave out what comes after this section")
    parser.add_argument("--width", type=int, default=1200, metavar="N", help="of the window, in pixels")
    options = parser.parse_args()
    with started() as browser:
        if browser is None:
            sys.exit("no chromium on this machine")
        with opened(browser, options.page, width=options.width) as window:
            size = window.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            if options.until is not None:
                size[1] = window.evaluate(END.replace("NAME", json.dumps(options.until)))
                if size[1] is None:
                    sys.exit(f"the page has no section {options.until!r}")
            clip = {"x": 0, "y": 0, "width": size[0], "height": size[1]}
            window.page.screenshot(path=options.out, full_page=True, clip=clip)


if __name__ == "__main__":
    main()
