"""How far a training is, in a notebook: one line that is written over, without a package but IPython's own."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neurochip.training.progress import Progress

__all__ = ["progress_words", "watching"]

Teller = Callable[[Progress], None]


@contextmanager
def watching(on_progress: Teller | None) -> Iterator[Teller | None]:
    """Return what is told about progress: the one that is given, else a bar where a notebook shows it, else nobody."""
    shell = _notebook() if on_progress is None else None
    if shell is None:
        yield on_progress
        return
    from IPython.display import HTML, display  # a notebook has it

    shown = display(HTML(_bar("preparing", 0.0)), display_id=True)

    def tell(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else 0.0
        shown.update(HTML(_bar(progress_words(progress), share)))

    try:
        yield tell
    except BaseException:
        shown.update(HTML(_bar("stopped", 0.0)))
        raise
    shown.update(HTML(""))


def _notebook() -> object:
    """Return the shell of the notebook that this process is the kernel of; `None` elsewhere."""
    python = sys.modules.get("IPython")
    shell = None if python is None else python.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def progress_words(progress: Progress) -> str:
    """Return stage, errors and time left in a line."""
    words = [f"epoch {progress.epoch}/{progress.epochs} {progress.stage}"]
    if progress.error is not None:
        words.append(f"error {100 * progress.error:.2f} %")
    if progress.test_error is not None:
        words.append(f"test {100 * progress.test_error:.2f} %")
    if progress.seconds_left is not None:
        words.append(f"{progress.seconds_left:.0f} s left")
    return ", ".join(words)


def _bar(words: str, share: float) -> str:
    return (
        f'<progress max="1" value="{min(1.0, max(0.0, share)):.4f}" style="width:16em;vertical-align:middle">'
        f"</progress> <small>{html.escape(words)}</small>"
    )
