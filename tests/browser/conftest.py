"""A browser, and the pages that are opened in it, each made once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.browser.pages import PAGES
from tests.browser.window import Browser, started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with started() as browser:
        if browser is None:
            pytest.skip("no chromium: install it to have the pages opened in a browser")
        yield browser


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages that are there already, by kind; `page` adds to them."""
    return {"": tmp_path_factory.mktemp("pages")}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, browser: Browser, made: dict[str, Path]) -> Path:
    """One page of every kind; without a browser none is made."""
    return page_of(request.param, made)


def page_of(kind: str, made: dict[str, Path]) -> Path:
    """Make the page of a kind, unless it is there."""
    from neurochip._cli.main import neurochip

    def do(*words: str) -> None:
        done = CliRunner().invoke(neurochip, words, prog_name="neurochip")
        assert done.exit_code == 0, done.output

    if kind not in made:
        with inside(made[""]):
            made[kind] = made[""] / PAGES[kind](do)
    return made[kind]
