"""Reading a run file as the user would name it."""

import pytest

from neurochip.description import read_run


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read a run file called run.toml, as the user would name it."""
    monkeypatch.chdir(tmp_path)

    def reader(text, *overrides):
        (tmp_path / "run.toml").write_text(text, encoding="utf-8")
        return read_run("run.toml", overrides)

    return reader
