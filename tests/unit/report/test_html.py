"""The page: whole, alone, and deaf to whatever a user calls his things."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from neurochip.errors import DataError
from neurochip.report.document import document
from neurochip.report.html import html
from neurochip.report.markup import Markup, join, tag
from neurochip.report.sections.chip import chip
from tests.unit.report.fake_record import fake_record, interrupted

RECORD = fake_record()
VOID = {"meta"}
PICTURE = "data:image/png;base64,"
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp; $body"


class Page(HTMLParser):
    """Every element must be closed, in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.elements = []
        self.text = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, text):
        self.text.append(text)


def assert_only_its_own_script(text):
    """The policy allows one script, and that is the one that is there."""
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    [digest] = re.findall(r"script-src 'sha256-([^']+)'", text)
    assert base64.b64decode(digest) == hashlib.sha256(script.encode()).digest()


def page(record):
    return html(document(record), record.rasters)


RECORDS = {
    "digital": RECORD,
    "interrupted": interrupted(RECORD),
    "loihi": fake_record("mnist-small", "network.precision=int8", "phases.reference=opposite", chip="loihi"),
    "ideal-bits": fake_record("mnist-small", chip="ideal-bits"),
    "deep": fake_record("mnist-deep"),
    "ideal": fake_record("mnist-continuous"),
    "convergence": fake_record("convergence"),
    "no epochs": replace(RECORD, epochs=(), confusion=None, rasters=()),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_every_kind_of_run_has_a_page_that_needs_nothing_else(record):
    text = page(record)
    parsed = Page(text)
    assert len(text.encode()) < 1_000_000
    assert not re.search(r"https?://|url\(|@import|<link|<iframe", text)
    for name, attributes in parsed.elements:
        for address in ("href", "src"):
            assert attributes.get(address, PICTURE).startswith(PICTURE), name
    assert_only_its_own_script(text)
    assert "nan" not in re.findall(r"[a-z]+", text.split("<main>")[1].lower())
    assert "None" not in "".join(parsed.text)


def test_sections_follow_the_kind_of_run():
    def headings(record):
        return re.findall("<h2>(.*?)</h2>", page(record))

    instead = "With real values instead"
    assert headings(RECORDS["digital"]) == [
        "Learning", "Bits", "Energy", instead, "Spikes", "Chip", "The run"
    ]  # fmt: skip
    assert headings(RECORDS["ideal"]) == ["Learning", "Bits", "Energy", instead, "The run"]
    assert headings(RECORDS["convergence"]) == ["Convergence", "Bits", "Energy", instead, "Chip", "The run"]


def test_headline_and_provenance():
    text = " ".join("".join(Page(page(RECORD)).text).split())
    assert f"{100 * RECORD.epochs[-1].test_error:.2f} %" in text
    assert "neurochip simulate run.toml" in text
    assert "nu_bar = 0.0346" in text
    assert "2.1× fewer than 32-bit values in 20 + 4 steps" in text
    assert "Horowitz, ISSCC 2014" in text


def test_a_run_without_energies_says_so():
    assert "ideal-bits: the table has no energies: only bits are counted." in page(RECORDS["ideal-bits"])
    assert "not costed: the real-valued substrate has no cores" in page(RECORDS["ideal"])


def test_what_users_write_stays_text():
    table = document(fake_record("mnist-small", "network.precision=int8", chip="loihi"))
    table["run"]["about"] = EVIL
    table["versions"][EVIL] = EVIL
    table["time"]["started"] = EVIL
    for part in (table["chip"], table["energy_j"]):
        for key, value in part.items():
            if isinstance(value, str):
                part[key] = EVIL
    table["energy_j"]["by_phase"] = {EVIL: 1.0}
    table["energy_j"]["by_category"] = {EVIL: 1.0}
    table["energy_j"]["by_population"] = {EVIL: 1.0}
    for line in table["energy_j"]["lines"]:
        line.update(phase=EVIL, category=EVIL, event=EVIL, evidence=EVIL, source=EVIL)
    for core in table["chip"]["layout"]:
        core["population"] = EVIL
    for element in table["hardware"]["elements"]:
        element.update(role=EVIL, kind=EVIL)
    rasters = [
        replace(raster, presentation=EVIL, populations=(EVIL,) * len(raster.populations))
        for raster in RECORD.rasters
    ]
    parsed = Page(html(table, rasters))
    assert [name for name, _ in parsed.elements].count("script") == 1
    assert_only_its_own_script(html(table, rasters))
    assert not any(key.startswith("on") for _, attributes in parsed.elements for key in attributes)
    assert EVIL in "".join(parsed.text)


def test_same_record_same_page():
    assert page(RECORD) == page(fake_record())


def test_markup():
    assert tag("p", "a < b", class_="x & y") == '<p class="x &amp; y">a &lt; b</p>'
    assert tag("td", None, 3, Markup("<b>"), title=None) == "<td>3<b></td>"
    assert tag("rect", stroke_width=2) == '<rect stroke-width="2"/>'
    assert join(["<", tag("i")]) == "&lt;<i></i>"


@pytest.mark.parametrize(
    "change", [{"cores_per_tile": 2**63}, {"tiles": 10**12}, {"width": 10**9}, {"tiles": 0}]
)
def test_a_chip_that_cannot_be_is_not_drawn(change: dict[str, int]) -> None:
    """A stored report that somebody changed; drawing its cores one by one never ended."""
    table = json.loads(json.dumps(document(fake_record())))
    assert chip(table) is not None
    table["chip"].update(change)
    with pytest.raises(DataError, match="chip: has .* cores, which no chip has"):
        chip(table)
