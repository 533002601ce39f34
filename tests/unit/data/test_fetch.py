"""Fetching: from a folder, and over HTTP from servers on this machine that are right, wrong, or dead."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neurochip.data import fetch, load
from neurochip.data.mnist import FILES, ORIGINS
from neurochip.errors import DataError, OutputError
from tests.unit.data.conftest import TinyMnist

Serve = Callable[[dict[str, bytes]], str]
IMAGES = "train-images-idx3-ubyte.gz"


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach 127.0.0.1 without any proxy that the environment names."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers on 127.0.0.1 that have the given files under ``/set/`` and nothing else."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(files: dict[str, bytes]) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                content = files.get(self.path.removeprefix("/set/"))
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                # A file called "cut" in the set makes every answer break off half way.
                self.wfile.write(content[: len(content) // 2] if "cut" in files else content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        asked: list[str] = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/set/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def dead_origin() -> str:
    """Return an address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/set/"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_known_origins_are_several_and_encrypted() -> None:
    assert len(ORIGINS) >= 2
    assert all(origin.startswith("https://") for origin in ORIGINS)


def test_download(tiny_mnist: TinyMnist, serve: Serve, tmp_path: Path) -> None:
    received: list[tuple[str, int, int]] = []
    target = tmp_path / "new" / "mnist"
    folder = fetch(
        "mnist",
        folder=target,
        origins=[serve(tiny_mnist.packed)],
        progress=lambda *news: received.append(news),
    )
    assert folder == target
    assert {name: (folder / name).read_bytes() for name in names(folder)} == tiny_mnist.packed
    assert {(name, received) for name, received, whole in received if received == whole} == {
        (name, len(content)) for name, content in tiny_mnist.packed.items()
    }
    assert load("mnist", folder=folder).train.inputs.shape == (60, 784)


def test_download_into_the_data_folder(
    tiny_mnist: TinyMnist, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROCHIP_DATA", str(tmp_path / "data"))
    assert fetch("mnist", origins=[serve(tiny_mnist.packed)]) == tmp_path / "data" / "mnist"
    assert load("mnist").name == "mnist"


def test_second_origin_steps_in(
    tiny_mnist: TinyMnist, serve: Serve, dead_origin: str, tmp_path: Path
) -> None:
    wrong = dict.fromkeys(tiny_mnist.packed, b"not what was asked for")
    origins = [
        dead_origin,
        serve({}),
        serve(wrong),
        serve({**tiny_mnist.packed, "cut": b""}),
        serve(tiny_mnist.packed),
    ]
    folder = fetch("mnist", folder=tmp_path / "mnist", origins=origins)
    assert {name: (folder / name).read_bytes() for name in names(folder)} == tiny_mnist.packed


def test_every_attempt_is_listed_and_nothing_is_left(
    tiny_mnist: TinyMnist, serve: Serve, dead_origin: str, tmp_path: Path
) -> None:
    bad = tiny_mnist.packed[IMAGES][:-1]
    origins = [dead_origin, serve({}), serve({IMAGES: bad}), serve({**tiny_mnist.packed, "cut": b""})]
    with pytest.raises(DataError) as caught:
        fetch("mnist", folder=tmp_path / "new" / "mnist", origins=origins)
    attempts = [f"{origin}{IMAGES}" for origin in origins]
    needed = FILES["train_images"].gzip_sha256
    assert str(caught.value) == (
        f"{IMAGES}: no origin gave it ("
        f"{attempts[0]}: no connection, or it broke off; "
        f"{attempts[1]}: answers 404 Not Found; "
        f"{attempts[2]}: wrong checksum: SHA-256 of {len(bad)} bytes is {hashlib.sha256(bad).hexdigest()}, "
        f"{needed} needed; "
        f"{attempts[3]}: no connection, or it broke off); "
        "try later, or give a folder that has the files with --from"
    )
    assert names(tmp_path) == ["official"]


def test_a_later_file_that_fails_leaves_nothing(tiny_mnist: TinyMnist, serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    without_last = {name: content for name, content in tiny_mnist.packed.items() if "t10k-labels" not in name}
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: no origin gave it \(.*404"):
        fetch("mnist", folder=tmp_path / "mnist", origins=[serve(without_last)])
    assert names(tmp_path / "mnist") == []


def test_endless_answer_is_cut_short(tiny_mnist: TinyMnist, serve: Serve, tmp_path: Path) -> None:
    right = tiny_mnist.packed[IMAGES]
    long = {IMAGES: right + bytes(1 << 20)}
    with pytest.raises(DataError, match=f"more than the {len(right)} bytes that the file has"):
        fetch("mnist", folder=tmp_path / "mnist", origins=[serve(long)])
    assert not (tmp_path / "mnist").exists()


def test_malformed_origin_and_none(tiny_mnist: TinyMnist, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"nonsense/{IMAGES}: cannot be fetched \(Invalid URL"):
        fetch("mnist", folder=tmp_path / "mnist", origins=["nonsense"])
    with pytest.raises(DataError, match=r"no origin gave it \(none to try\)"):
        fetch("mnist", folder=tmp_path / "mnist", origins=[])


def test_what_is_there_is_kept_and_what_is_damaged_is_replaced(
    tiny_mnist: TinyMnist, serve: Serve, tmp_path: Path
) -> None:
    folder = fetch("mnist", folder=tmp_path / "mnist", source_folder=tiny_mnist.folder)
    assert fetch("mnist", folder=folder, origins=[]) == folder
    (folder / IMAGES).write_bytes(b"damaged")
    fetch("mnist", folder=folder, origins=[serve({IMAGES: tiny_mnist.packed[IMAGES]})])
    assert (folder / IMAGES).read_bytes() == tiny_mnist.packed[IMAGES]


def test_from_compressed_files(tiny_mnist: TinyMnist, tmp_path: Path) -> None:
    # Compressed anew: other bytes, another gzip sum, the same MNIST.
    for name in tiny_mnist.plain:
        (tiny_mnist.folder / f"{name}.gz").write_bytes(gzip.compress(tiny_mnist.plain[name], 1, mtime=5))
    folder = fetch("mnist", source_folder=tiny_mnist.folder, folder=tmp_path / "mnist")
    assert names(folder) == sorted(tiny_mnist.packed)
    assert load("mnist", folder=folder).test.inputs.shape == (40, 784)


def test_from_plain_files(tiny_mnist: TinyMnist, tmp_path: Path) -> None:
    source = tmp_path / "plain"
    source.mkdir()
    for name, content in tiny_mnist.plain.items():
        (source / name).write_bytes(content)
    folder = fetch("mnist", source_folder=source, folder=tmp_path / "mnist")
    assert names(folder) == sorted(tiny_mnist.packed)
    assert load("mnist", folder=folder).test.inputs.shape == (40, 784)
    assert load("mnist", folder=source).test.inputs.shape == (40, 784)


def test_from_a_folder_with_a_damaged_file(tiny_mnist: TinyMnist, tmp_path: Path) -> None:
    path = tiny_mnist.folder / "t10k-images-idx3-ubyte.gz"
    changed = bytearray(tiny_mnist.plain["t10k-images-idx3-ubyte"])
    changed[-1] ^= 1
    path.write_bytes(gzip.compress(changed))
    with pytest.raises(DataError) as caught:
        fetch("mnist", source_folder=tiny_mnist.folder, folder=tmp_path / "mnist")
    assert str(caught.value) == (
        f"{path}: wrong checksum: SHA-256 of the uncompressed file is {hashlib.sha256(changed).hexdigest()}, "
        f"{FILES['test_images'].sha256} needed"
    )
    assert not (tmp_path / "mnist").exists()


def test_from_a_folder_without_the_files(tiny_mnist: TinyMnist, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch("mnist", source_folder=tmp_path / "nowhere", folder=tmp_path / "mnist")
    assert str(caught.value) == (
        f"{tmp_path / 'nowhere'}: train-images-idx3-ubyte.gz (or train-images-idx3-ubyte) needed, not there"
    )
    assert names(tmp_path) == ["official"]


def test_full_disk_names_the_folder(
    tiny_mnist: TinyMnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OutputError) as caught:
        fetch("mnist", source_folder=tiny_mnist.folder, folder=tmp_path / "mnist")
    assert str(caught.value) == f"{tmp_path / 'mnist'}: cannot be written: No space left on device"
    assert names(tmp_path) == ["official"]


def test_target_that_is_a_file(tiny_mnist: TinyMnist, tmp_path: Path) -> None:
    (tmp_path / "mnist").touch()
    with pytest.raises(OutputError) as caught:
        fetch("mnist", source_folder=tiny_mnist.folder, folder=tmp_path / "mnist")
    place = tmp_path / "mnist"
    assert (
        str(caught.value) == f"{place}: cannot be made: File exists; set NEUROCHIP_DATA to a folder that can"
    )


def test_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch("mnist-small", folder=tmp_path)
    assert (
        str(caught.value)
        == "data set: 'mnist-small' cannot be fetched; known: mnist; a folder of your own is named by data.file"
    )
