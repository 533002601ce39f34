"""Every kind of page in a browser, from a file: alone, quiet, readable at any width, in light, dark and print."""

from __future__ import annotations

import csv
import json
import re
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.browser.conftest import page_of
from tests.browser.window import Browser, Window, opened

CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")
OPEN = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
LARGEST = 200_000  # bytes of a page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_readable(browser: Browser, page: Path, dark: bool) -> None:
    with opened(browser, page, width=400, dark=dark) as tab:
        tab.evaluate(OPEN)
        assert tab.evaluate(CHECKS) == []
        tab.resize(1600)
        assert tab.evaluate(CHECKS) == []
        assert tab.complaints == []
        assert tab.loaded == [page.resolve().as_uri()]


def test_it_needs_nothing_else(browser: Browser, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < LARGEST
    # Addresses may be written out as sources of energies, in running text; nothing may be loaded from one.
    assert not re.search(
        r"""(src|href|data|action)\s*=\s*["']?\s*(https?:)?//|@import|url\(|<link|<iframe""", text
    )


def test_the_whole_of_it_is_there_without_a_script(browser: Browser, page: Path) -> None:
    with opened(browser, page, script=False) as tab:
        assert tab.evaluate("document.querySelectorAll('[tabindex]').length") == 0
        assert tab.evaluate(CHECKS) == []
        # What a plot says along its axes does not wait for the script.
        empty = "[...document.querySelectorAll('.xs, .ys')].filter((axis) => !axis.children.length).length"
        assert tab.evaluate(empty) == 0


def test_it_is_printed(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        printed = tab.page.pdf(prefer_css_page_size=True)
        assert printed.startswith(b"%PDF-") and b"/Type /Page" in printed
        # As it is printed, on white whatever the screen was.
        tab.page.emulate_media(media="print", color_scheme="light")
        tab.resize(690)  # A4 less its margins
        assert tab.evaluate(CHECKS) == []
        assert tab.evaluate("getComputedStyle(document.body).printColorAdjust") == "exact"
        cut = """[...document.querySelectorAll('figure, .plot, .raster, .scroll > table')]
            .map((e) => [e.className || e.tagName, e.getBoundingClientRect().right])
            .filter(([, right]) => right > document.documentElement.clientWidth + 1)"""
        assert tab.evaluate(cut) == []


def test_it_can_be_gone_through_by_keyboard(browser: Browser, page: Path) -> None:
    there = """[...document.querySelectorAll('summary, [data-x], button, [tabindex="0"]')]
        .filter((element) => element.checkVisibility({ contentVisibilityAuto: true }) && !hidden(element))"""
    hidden = """window.hidden = (element) => {
        const part = element.closest('details:not([open])');
        return part && !(element.tagName === 'SUMMARY' && element.parentElement === part);
    }"""
    with opened(browser, page, width=400) as tab:
        tab.evaluate(f"{hidden}; 0")
        wanted = tab.evaluate(f"{there}.length")
        assert wanted > 0
        tab.evaluate("window.reached = new Set()")
        for _ in range(wanted + 1):
            tab.press("Tab")
            tab.evaluate("reached.add(document.activeElement)")
        missed = (
            ".filter((element) => !reached.has(element)).map((element) => element.outerHTML.slice(0, 100))"
        )
        assert tab.evaluate(f"{there}{missed}") == []
        # Whatever is wider than the page can be scrolled by keyboard.
        assert (
            tab.evaluate(
                """[...document.querySelectorAll('.scroll, pre')].filter((e) => e.scrollWidth > e.clientWidth
            && !hidden(e) && e.tabIndex !== 0).length"""
            )
            == 0
        )


VIEW = "[...document.querySelector('{}').querySelectorAll('svg')].map((picture) => picture.getAttribute('viewBox'))"
WORDS = "[...document.querySelector('{} .xs').children].map((word) => word.textContent)"


@pytest.mark.parametrize("figure", [".plot", ".raster", ".timeline"])
def test_figures_can_be_zoomed(browser: Browser, made: dict[str, Path], figure: str) -> None:
    page = page_of("digital", made)
    view, words = VIEW.format(figure), WORDS.format(figure)
    with opened(browser, page, width=1200) as tab:
        whole, named = tab.evaluate(view), tab.evaluate(words)
        x, y, width, height = picture(tab, figure)
        # Drag over the second half of the width: all pictures of the figure show it.
        mouse = tab.page.mouse
        mouse.move(x + width / 2, y + height / 2)
        mouse.down()
        mouse.move(x + 0.9 * width, y + height / 2)
        assert tab.evaluate("document.querySelectorAll('.pick').length") == 1
        mouse.move(x + width - 1, y + height / 2)
        mouse.up()
        for before, after in zip(whole, tab.evaluate(view), strict=True):
            left, top, wide, high = map(float, before.split())
            assert [float(number) for number in after.split()] == pytest.approx(
                [left + wide / 2, top, wide / 2, high], abs=wide / 100
            )
        zoomed = tab.evaluate(words)
        assert zoomed != named and len(zoomed) > 1
        assert tab.evaluate(CHECKS) == []
        # Twice, and all of it is back.
        mouse.dblclick(x + 20, y + 5)
        assert (tab.evaluate(view), tab.evaluate(words)) == (whole, named)
        # The same by keyboard.
        tab.evaluate(f"document.querySelector('{figure}').focus()")
        tab.press("+")
        near = float(tab.evaluate(view)[0].split()[2])
        assert near == pytest.approx(0.7 * float(whole[0].split()[2]), rel=1e-6)
        tab.press("ArrowRight")
        assert float(tab.evaluate(view)[0].split()[2]) == pytest.approx(near)
        tab.press("0")
        assert tab.evaluate(view) == whole
        assert tab.complaints == []


def test_the_wheel_scrolls_and_zooms_only_with_ctrl(browser: Browser, made: dict[str, Path]) -> None:
    page = page_of("digital", made)
    view = VIEW.format(".plot")
    with opened(browser, page, width=1200) as tab:
        x, y, width, height = picture(tab, ".plot")
        whole = tab.evaluate(view)
        tab.page.mouse.move(x + width / 4, y + height / 2)
        tab.page.keyboard.down("Control")
        tab.page.mouse.wheel(0, -120)
        tab.page.keyboard.up("Control")
        left, _, wide, _ = map(float, tab.evaluate(view)[0].split())
        assert 0 < wide < 1000
        # What was under the pointer stays there.
        assert left + wide / 4 == pytest.approx(250, abs=1)
        tab.evaluate("document.querySelector('.plot').focus()")
        tab.press("0")
        tab.page.mouse.wheel(0, 120)
        assert tab.evaluate(view) == whole


def test_an_axis_says_where_its_values_are(browser: Browser, made: dict[str, Path]) -> None:
    """Words of a zoomed logarithmic axis stand where the curve has those values."""
    page = page_of("digital", made)
    with opened(browser, page, width=1200) as tab:
        tab.evaluate("document.querySelector('.plot').focus()")
        for _ in range(3):
            tab.press("+")
        axis = tab.evaluate("JSON.parse(document.querySelector('.plot').dataset.y)")
        placed = tab.evaluate(
            """[...document.querySelectorAll('.plot .ys')[0].children]
            .map((word) => [word.textContent, Number(word.style.getPropertyValue('--y'))])"""
        )
        assert axis["log"] and len(placed) > 1
        for word, share in placed:
            value = float(word.removesuffix(" %")) / 100
            assert axis["low"] * (axis["high"] / axis["low"]) ** share == pytest.approx(value, rel=1e-3)


def picture(tab: Window, figure: str) -> list[float]:
    """Scroll to a figure; return left, top, width and height of its first picture in the window."""
    found: list[float] = tab.evaluate(
        f"""(() => {{
            const element = document.querySelector('{figure} svg');
            element.scrollIntoView({{ block: 'center' }});
            const box = element.getBoundingClientRect();
            return [box.left, box.top, box.width, box.height];
        }})()"""
    )
    return found


def test_a_figure_and_its_numbers_can_be_kept(
    browser: Browser, made: dict[str, Path], tmp_path: Path
) -> None:
    page = page_of("digital", made)
    epochs = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))["result"]["epochs"]
    with opened(browser, page) as tab:

        def kept(word: str) -> Path:
            with tab.page.expect_download() as coming:
                tab.page.locator("section", has_text="Learning").locator(
                    "button", has_text=word
                ).first.click()
            path = tmp_path / coming.value.suggested_filename
            coming.value.save_as(path)
            return path

        numbers = list(csv.reader(kept("CSV").read_text(encoding="utf-8").splitlines()))
        test = [(float(x), float(y)) for name, x, y in numbers[1:] if name == "test"]
        assert test == [
            (e["epoch"], pytest.approx(e["test_error"])) for e in epochs if e["test_error"] is not None
        ]
        drawing = kept("SVG")
        svg = ElementTree.fromstring(drawing.read_text(encoding="utf-8"))
        texts = {text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")}
        shown = tab.evaluate(
            "[...document.querySelector('.plot .xs').children].map((word) => word.textContent)"
        )
        assert {"test", "epoch", *shown} <= texts
        lines = tab.evaluate("document.querySelector('.plot svg').querySelectorAll('polyline').length")
        assert len(list(svg.iter("{http://www.w3.org/2000/svg}polyline"))) == lines > 0
        assert tab.complaints == []
        # It is drawn alike where no style sheet of the page is.
        with opened(browser, drawing) as alone:
            stroke = "getComputedStyle(document.querySelector('polyline')).stroke"
            assert alone.evaluate(stroke) == tab.evaluate(stroke.replace("polyline", ".plot polyline"))


def test_print_has_ink(browser: Browser, made: dict[str, Path]) -> None:
    """Bars and curves are in colour on paper, also where the browser would leave out grounds."""
    page = page_of("digital", made)
    with opened(browser, page) as tab:
        content = b"".join(streams(tab.page.pdf(prefer_css_page_size=True)))
        blue = rb"\.239\d* \.454\d* \.847\d*"  # --c0 in shares of 255
        assert len(re.findall(blue + rb" rg", content)) > 3  # filled
        assert len(re.findall(blue + rb" RG", content)) > 0  # drawn


def streams(pdf: bytes) -> list[bytes]:
    """Return the streams of a PDF, unpacked."""
    found = []
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return found
