"""The door: regular files only, of a stated size, every fault one sentence with the file in it."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from neurochip.errors import CheckpointError, ConfigError, DataError
from neurochip.files import (
    Foreign,
    check_regular,
    decode_json,
    parse_toml,
    read_bytes,
    read_json,
    read_rows,
    read_text,
)
from neurochip.files.limits import file_limit, in_bytes


def file(path: Path | str, **more: object) -> Foreign:
    return Foreign(Path(path), "a thing", "make it anew", **more)  # type: ignore[arg-type]


def sentence(error: Exception, path: Path | str) -> str:
    text = str(error)
    assert text.startswith(str(path)) and "\n" not in text
    return text


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(b"12\r\n3")
    assert (read_bytes(file(path)), read_text(file(path))) == (b"12\r\n3", "12\n3")
    link = tmp_path / "link"
    link.symlink_to(path)  # to a regular file: whoever names it has the right to
    assert read_bytes(file(link)) == b"12\r\n3"


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket", "device", "absent", "link to a pipe"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        os.chdir(tmp_path)
        server = socket.socket(socket.AF_UNIX)
        server.bind("thing")
        server.close()
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    said: list[str] = []

    def read() -> None:
        for reader in (read_bytes, check_regular):
            with pytest.raises(DataError) as caught:
                reader(file(path, absent="name another"))
            said.append(sentence(caught.value, path))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive() and len(said) == 2
    wanted = {"absent": "no such file", "link to a pipe": "is a pipe"}.get(kind, f"is a {kind}")
    assert all(wanted in text and text.endswith("; name another") for text in said)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "thing"
    with path.open("wb") as out:
        out.truncate(1 << 40)  # holds nothing, and says that it has a TiB
    with pytest.raises(
        DataError, match=r"has 1024 GiB, and at most 512 MiB are read; set NEUROCHIP_FILE_LIMIT"
    ):
        read_bytes(file(path))
    with pytest.raises(DataError, match="has 1024 GiB, and at most 1 MiB are read; this is not a thing"):
        read_text(file(path))
    monkeypatch.setenv("NEUROCHIP_FILE_LIMIT", "3 B")
    path.write_bytes(b"1234")
    with pytest.raises(DataError, match="has 4 bytes, and at most 3 bytes are read"):
        read_bytes(file(path))
    path.write_bytes(b"123")
    assert read_bytes(file(path)) == b"123"


def test_a_file_that_says_nothing_of_its_size_is_limited() -> None:
    path = Path("/proc/self/smaps")
    if not path.exists() or os.stat(path).st_size:
        pytest.skip("no file of the kind")
    with pytest.raises(DataError, match="has more than the 1 KiB that are read"):
        read_bytes(file(path), most=1024)


@pytest.mark.parametrize("text", ["much", "4 GB", "0", "-1 MiB", "1e9"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("NEUROCHIP_FILE_LIMIT", text)
    with pytest.raises(ConfigError, match="NEUROCHIP_FILE_LIMIT: must be an amount of memory"):
        file_limit()


def test_amounts_in_words() -> None:
    assert [in_bytes(n) for n in (3, 1 << 20, 3 << 29)] == ["3 bytes", "1 MiB", "1.5 GiB"]
    assert in_bytes(10**40) == "1e+40 bytes"


def test_the_error_is_of_the_kind_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file; make it anew"):
        read_bytes(file(tmp_path / "x", error=CheckpointError))
    with pytest.raises(DataError, match="is no name of a file"):
        read_bytes(file("a\0b"))


def test_a_mark_of_the_order_of_bytes_is_no_text(tmp_path: Path) -> None:
    """Editors of Windows begin a file with it."""
    path = tmp_path / "run.toml"
    path.write_bytes(b"\xef\xbb\xbfseed = 3\r\n")
    assert read_text(file(path)) == "seed = 3\n"


def test_text_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(b"ab\xff")
    with pytest.raises(DataError, match=r"is not UTF-8 text \(byte 2 cannot be read\); make it anew"):
        read_text(file(path))


def test_a_fault_of_a_library_becomes_a_sentence(tmp_path: Path) -> None:
    for error in (
        ValueError("a\nb\x1b[1m"),
        KeyError("x"),
        MemoryError(),
        RecursionError(),
        OSError(5, "Input/output error"),
    ):
        with pytest.raises(DataError) as caught, file("x").guarded("here"):
            raise error
        text = sentence(caught.value, "x")
        assert text.isprintable()
    with pytest.raises(KeyboardInterrupt), file("x").guarded():
        raise KeyboardInterrupt
    with pytest.raises(ConfigError, match="^x: here: y: z$"), file("x").guarded("here"):
        raise ConfigError("y", "z")
    with pytest.raises(ConfigError, match="^x: y: z$"), file("x").guarded("here"):
        raise ConfigError("x: y", "z")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "is not valid JSON"),
        (b"\xff", "is not valid JSON"),
        (b'{"a": ' * 5000, "is nested too deeply"),
        (b'{"a": 1, "b": "x"}', "x: [...]: expected 'int', got 'str'; make it anew"),
        (b"[" + b"0," * 6_000_000, "holds more than the 5000000 values"),
        (b'{"a": NaN}', "is not valid JSON"),
    ],
)  # fmt: skip
def test_json_that_is_none(text: bytes, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        decode_json(text, file("x"), dict[str, int])
    assert problem in sentence(caught.value, "x")


def test_json_within_json_is_limited() -> None:
    with pytest.raises(DataError, match="x: is nested too deeply"):
        decode_json(b"[" * 5000, file("x"))
    with pytest.raises(DataError, match="x: at: is nested too deeply"):
        decode_json(b"[" * 500_000, file("x"), within="at", nan=True)


def test_json_as_types(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}')
    assert read_json(file(path), dict[str, int]) == {"a": 1}
    found = decode_json('{"a": NaN}', file(path), dict[str, float], nan=True)
    assert found["a"] != found["a"]
    with pytest.raises(DataError, match=r"at\[\.\.\.\]: expected 'int', got 'float'"):
        decode_json('{"b": NaN}', file(path), dict[str, int], "at", nan=True)


def test_toml_that_would_take_for_ever_or_leaves_a_trace() -> None:
    for text, problem in (
        ("a." * 50_000 + "a = 1", "line 1: has 50000 dots"),
        ("x = " + "1" * 5000, "exceeds the limit"),
        ("x = " + "[" * 5000, "nested too deeply"),
        ("#" * 2_000_000, "has more than the 1 MiB of text"),
        ("a = ", "line 1, column 5: is not valid TOML: invalid value"),
    ):
        with pytest.raises(ConfigError) as caught:
            parse_toml(text, "x.toml")
        assert problem in sentence(caught.value, "x.toml")
    numbers = ", ".join("0.5" for _ in range(7000))
    assert len(parse_toml(f"x = [{numbers}]", "x.toml")["x"]) == 7000


def test_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('b,a,c\n1, 2 ,3\n4\n"5\n6",7,8,9\n')
    assert list(read_rows(file(path), ("a", "b"))) == [
        (2, {"a": "2", "b": "1"}),
        (3, {"a": "", "b": "4"}),
        (5, {"a": "7", "b": "5\n6"}),
    ]
    with pytest.raises(DataError, match="has no column d; the first line must be a,d"):
        list(read_rows(file(path), ("a", "d")))
    for content, problem in (
        (b"a,b\n\xff,1\n", "cannot be read"),
        (b"a,b\n" + b"1" * 200_000 + b",2\n", "field larger"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=problem):
            list(read_rows(file(path), ("a", "b")))
