from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.nets import reference


class Means:
    """Three means a picture; counts the pictures it sees."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(b"weights")
        self.path = path
        self.seen = 0

    def features(self, pictures):
        self.seen += len(pictures)
        return [p.pixels.mean((0, 1)).astype(np.float32) for p in pictures]


def save(folder: Path, *levels: int, start: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    for i, level in enumerate(levels, start):
        Image.new("RGB", (8, 6), (level, 0, 255 - level)).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Means:
    monkeypatch.setenv("IQM_WEIGHTS_DIR", str(tmp_path / "cache" / "weights"))
    return Means(tmp_path / "net.pth")


def test_every_picture_counts_once(tmp_path: Path, net: Means) -> None:
    folder = save(tmp_path / "a", *range(0, 200, 5))
    (folder / "notes.txt").write_text("no picture")
    found = reference.features(str(folder), net)
    assert sorted(found[:, 0].tolist()) == list(range(0, 200, 5))


def test_the_next_run_computes_nothing(tmp_path: Path, net: Means) -> None:
    folder = save(tmp_path / "a", 1, 2, 3)
    first = reference.features(str(folder), net)
    assert np.array_equal(reference.features(str(folder), net), first)
    assert net.seen == 3


def test_other_weights_compute_anew(tmp_path: Path, net: Means) -> None:
    folder = save(tmp_path / "a", 1, 2, 3)
    reference.features(str(folder), net)
    net.path.write_bytes(b"other weights")
    reference.features(str(folder), net)
    assert net.seen == 6


def test_the_fingerprint_is_of_the_content(tmp_path: Path, net: Means) -> None:
    a = save(tmp_path / "a", 10, 20, 30)
    b = save(tmp_path / "b", 30, 20, 10, start=7)
    c = save(tmp_path / "c", 10, 20)
    names = [reference.fingerprint(str(f)) for f in (a, b, c)]
    assert names[0] == names[1] != names[2]
    assert np.array_equal(reference.features(str(a), net), reference.features(str(b), net))


def test_a_broken_picture_is_named(tmp_path: Path, net: Means) -> None:
    folder = save(tmp_path / "a", 1, 2)
    (folder / "torn.png").write_bytes((folder / "0.png").read_bytes()[:40])
    with pytest.raises(BadInput, match=r"torn\.png"):
        reference.features(str(folder), net)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no reference pictures"):
        reference.files(str(tmp_path))
