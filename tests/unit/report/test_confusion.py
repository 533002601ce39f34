"""The caption of a confusion matrix names its head, and is text."""

from __future__ import annotations

from neurochip.report.sections.learning import _confusion


def test_a_caption_is_words_and_no_markup() -> None:
    alone, named = (str(_confusion([[3, 1], [0, 4]], ["a", "b"], *head)) for head in ((), ("row",)))
    assert "row. Test samples" in named and "row" not in alone.replace("rows", "")
    assert "&lt;" not in alone + named
