"""A headless Chromium, driven over the two pipes of its DevTools protocol: no driver, no port, no network."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Browser", "Tab", "executable"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe",
)  # fmt: skip
KEYS = {
    "Tab": (9, ""), "Enter": (13, "\r"), "ArrowRight": (39, ""), "ArrowLeft": (37, ""),
    "+": (187, "+"), "-": (189, "-"), "0": (48, "0"),
}  # fmt: skip


def executable() -> str | None:
    """Return the browser of this machine, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """A browser process with a profile of its own."""

    def __init__(self, program: str, profile: Path, patience_s: float = 60.0) -> None:
        self.patience_s = patience_s
        self.number = 0
        self.events: list[dict[str, Any]] = []
        self._unread = b""
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # The browser reads from descriptor 3 and writes to 4: bash puts the pipes there, from above 9.
        high_in, high_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out))
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{high_in} 4>&{high_out}', "bash", program, *FLAGS, *root,
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(high_in, high_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for fd in (theirs_in, theirs_out, high_in, high_out):
            os.close(fd)
        self._in, self._out = ours_in, ours_out

    def close(self) -> None:
        """End the process."""
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for its answer; what happens meanwhile goes to `events`."""
        self.number += 1
        number = self.number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> None:
        """Wait until an event has come."""
        while not any(e.get("method") == method and e.get("sessionId") == session for e in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + self.patience_s
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            data = os.read(self._in, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    @contextmanager
    def tab(self, *, width: int = 1200, dark: bool = False, script: bool = True) -> Iterator[Tab]:
        """Give an empty tab of a window so many pixels wide, in light or dark colours."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.send(f"{domain}.enable")
        tab.send("Emulation.setScriptExecutionDisabled", value=not script)
        tab.resize(width)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.send("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        try:
            yield tab
        finally:
            self.send("Target.closeTarget", targetId=target)
            self.events.clear()


class Tab:
    """A tab, and what it said and asked for since it was opened."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser = browser
        self.session = session

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask this tab for something."""
        return self.browser.send(method, self.session, **parameters)

    def open(self, page: Path) -> None:
        """Load a file and wait until it is there."""
        self.send("Page.navigate", url=page.resolve().as_uri())
        self.browser.wait_for("Page.loadEventFired", self.session)

    def resize(self, width: int) -> None:
        """Make the window so many pixels wide."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; the page's own policy does not bind it."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(str(done["exceptionDetails"]))
        return done["result"].get("value")

    def complaints(self) -> list[str]:
        """Return what the console shows: errors, warnings, refused loads."""
        said = []
        for event in self._events():
            method, about = event["method"], event["params"]
            if method == "Log.entryAdded" and about["entry"]["level"] in ("warning", "error"):
                said.append(about["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and about["type"] in ("warning", "error", "assert"):
                said.append(str(about["args"]))
            elif method == "Runtime.exceptionThrown":
                said.append(str(about["exceptionDetails"]))
        return said

    def loaded(self) -> list[str]:
        """Return every address that was asked for, data URIs left out."""
        sent = [
            e["params"]["request"]["url"]
            for e in self._events()
            if e["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in sent if not url.startswith("data:")]

    def _events(self) -> list[dict[str, Any]]:
        self.evaluate("0")  # what was said before is here once this has come back
        return [e for e in self.browser.events if e.get("sessionId") == self.session and "method" in e]

    def press(self, key: str) -> None:
        """Press and release a key."""
        code, text = KEYS[key]
        about: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Move, press, release or turn the wheel at a place in the window."""
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def screenshot(self, height: float | None = None) -> bytes:
        """Return the page as a PNG, or so much of it from the top."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        high = min(height or size["height"], 15000)
        clip = {"x": 0, "y": 0, "width": size["width"], "height": high, "scale": 1}
        return base64.b64decode(
            self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        )

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        done = self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        return base64.b64decode(done["data"])
