import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from iqmetrics.metadata.walk import walk


def paths(folder: Path, **options) -> list[str]:
    return sorted(entry.path for entry in walk(folder, **options))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.png",
        "sub/b.png",
        "sub/deep/c.png",
        "iqm/d.png",
        "sub/iqm/e.png",
        ".git/f.png",
        ".hidden.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_every_file_once_but_results_and_hidden_folders(tree: Path) -> None:
    assert paths(tree) == [".hidden.png", "a.png", "sub/b.png", "sub/deep/c.png"]


def test_what_is_not_walked_is_told(tree: Path) -> None:
    told: list[tuple[str, str]] = []
    list(walk(tree, out=tree / "sub" / "deep", notice=lambda why, path: told.append((why, path))))
    assert sorted(told) == [
        ("hidden folder", ".git"),
        ("results of iqm", "iqm"),
        ("results of iqm", "sub/deep"),
        ("results of iqm", "sub/iqm"),
    ]


def test_entry_is_what_stat_says(tree: Path) -> None:
    entry = next(e for e in walk(tree) if e.path == "sub/b.png")
    facts = os.stat(tree / "sub/b.png")
    assert entry == ("sub/b.png", facts.st_size, facts.st_mtime_ns, facts.st_ino)


def test_links_are_not_followed_even_in_circles(tree: Path) -> None:
    (tree / "sub/loop").symlink_to(tree)
    (tree / "link.png").symlink_to(tree / "a.png")
    (tree / "broken.png").symlink_to(tree / "nowhere")
    told: list[tuple[str, str]] = []
    found = [e.path for e in walk(tree, notice=lambda why, path: told.append((why, path)))]
    assert len(found) == 4
    assert {path for why, path in told if why == "symbolic link"} == {
        "sub/loop",
        "link.png",
        "broken.png",
    }


def test_the_folder_itself_may_be_a_link(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("x") / "link"
    link.symlink_to(tree)
    assert paths(link) == paths(tree)


def test_pipes_and_sockets_are_never_opened(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tree / "pipe.png")
    monkeypatch.chdir(tree)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.png")
        told: list[tuple[str, str]] = []
        assert len(list(walk(tree, notice=lambda why, path: told.append((why, path))))) == 4
    assert {path for why, path in told if why == "not a regular file"} == {"pipe.png", "s.png"}


def test_missing_folder_is_told_not_raised(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    assert not list(walk(tmp_path / "gone", notice=lambda why, path: told.append((why, path))))
    assert told == [("unreadable folder (No such file or directory)", ".")]


@pytest.mark.parametrize(
    "name", [b"new\nline.png", b"\xff\xfe.png", b'"><script>.png', "\u202egnp.png".encode()]
)
def test_strange_names_open_again(name: bytes, tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(b"x")
    (entry,) = walk(tmp_path)
    assert os.fsencode(entry.path) == name
    assert os.path.exists(os.path.join(tmp_path, entry.path))


def test_a_large_folder_is_a_stream(tmp_path: Path) -> None:
    for n in range(3_000):
        os.mknod(tmp_path / f"{n:06d}.png")
    tracemalloc.start()
    count = sum(1 for _ in walk(tmp_path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3_000
    assert peak < 400_000
