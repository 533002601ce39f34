"""Pages opened in the Chromium of this machine, by Playwright; nothing is downloaded, and no name is looked up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["Browser", "Window", "opened", "started"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND")


@contextmanager
def started() -> Iterator[Browser | None]:
    """Give the browser of this machine; `None` where there is none."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


class Window:
    """A window with one file in it, and what this said and asked for since it was opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []  # errors, warnings, refused loads
        self.loaded: list[str] = []  # every address that was asked for, data URIs left out
        page.on("console", lambda said: self.complaints.append(said.text) if said.type in SERIOUS else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda sent: self.loaded.append(sent.url) if sent.url[:5] != "data:" else None)
        # What is evaluated so is not bound by the page's own policy, which stays in force.
        self._tools = page.context.new_cdp_session(page)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        done = self._tools.send(
            "Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True}
        )
        if "exceptionDetails" in done:
            raise RuntimeError(str(done["exceptionDetails"]))
        return done["result"].get("value")

    def resize(self, width: int) -> None:
        """Make it so many pixels wide."""
        self.page.set_viewport_size({"width": width, "height": 900})

    def press(self, key: str) -> None:
        """Press and release a key."""
        self.page.keyboard.press(key)


SERIOUS = ("warning", "error", "assert")


@contextmanager
def opened(
    browser: Browser, file: Path, *, width: int = 1200, dark: bool = False, script: bool = True
) -> Iterator[Window]:
    """Open a file in a window so many pixels wide, in light or dark colours, and wait until it is there."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
    )
    try:
        window = Window(context.new_page())
        window.page.goto(file.resolve().as_uri())
        yield window
    finally:
        context.close()
