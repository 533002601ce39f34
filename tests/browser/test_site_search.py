"""What the search of the site runs in where pages are opened from a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.window import Browser, opened

ASSETS = Path(__file__).resolve().parents[2] / "docs" / "assets"
PAGE = "<!doctype html><title>page</title>{script}<body></body>"
SHIM = '<script src="iframe-worker.js"></script>'
WORKER = """
addEventListener("message", (event) => postMessage([event.data, typeof added]));
importScripts("more.js").then(() => postMessage("more"));
"""
TALK = """new Promise((done) => {
  const worker = new Worker("worker.js"), heard = [];
  worker.addEventListener("message", (event) => {
    heard.push(event.data);
    if (heard.length === 3) done(heard);
    else if (event.data === "more") worker.postMessage("second");
  });
  worker.postMessage("first");
  setTimeout(() => done(heard), 20000);
})"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ASSETS / "iframe-worker.js", tmp_path)
    (tmp_path / "worker.js").write_text(WORKER)
    (tmp_path / "more.js").write_text("var added = 1")
    return tmp_path


def test_a_worker_answers_in_a_page_from_a_folder(browser: Browser, folder: Path) -> None:
    page = folder / "page.html"
    page.write_text(PAGE.format(script=SHIM))
    with opened(browser, page) as tab:
        heard = tab.evaluate(TALK)
        assert len(heard) == 3 and "more" in heard and ["second", "number"] in heard
        assert any(answer[0] == "first" for answer in heard)
        assert all(url.startswith("file:") for url in tab.loaded)


def test_without_it_the_browser_makes_none(browser: Browser, folder: Path) -> None:
    page = folder / "page.html"
    page.write_text(PAGE.format(script=""))
    with opened(browser, page) as tab:
        with pytest.raises(RuntimeError, match="Worker"):
            tab.evaluate('new Worker("worker.js")')
