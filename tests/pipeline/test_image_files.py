"""Images on disk: lossless, with what they carried, whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from iqmetrics.pipeline.image_files import png, save


def test_text_chunks_of_an_image_survive(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("prompt", json.dumps({"1": {"class_type": "X"}}))
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", pnginfo=info)
    with Image.open(tmp_path / "a.png") as image:
        (tmp_path / "b.png").write_bytes(png(image))
    with Image.open(tmp_path / "b.png") as image:
        assert json.loads(image.text["prompt"]) == {"1": {"class_type": "X"}}  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_pixels_are_kept_in_every_mode_that_png_has(tmp_path: Path, mode: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    image = Image.fromarray(noise).convert(mode)
    (tmp_path / "a.png").write_bytes(png(image))
    with Image.open(tmp_path / "a.png") as found:
        assert found.mode == mode and found.tobytes() == image.tobytes()


def test_other_modes_become_rgb(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(Image.new("CMYK", (4, 4))))
    with Image.open(tmp_path / "a.png") as found:
        assert found.mode == "RGB"


def test_a_write_that_fails_leaves_the_old_file_and_no_scrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "a.png"
    save(path, b"old")

    def full(self: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in path.parent.iterdir()] == ["a.png"]
