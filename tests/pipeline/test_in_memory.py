"""Images in memory: what is taken, what is refused, and that equal pixels have equal names."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.images import open_picture
from iqmetrics.metadata.assemble import prompt_id_of
from iqmetrics.pipeline.in_memory import are_in_memory, pictures
from iqmetrics.records import ImageRecord

RGB = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


@pytest.mark.parametrize(
    ("images", "answer"),
    [
        ([RGB], True),
        ((Image.new("L", (2, 2)),), True),
        ([], False),
        (["a.png"], False),
        ([Path("a.png")], False),
        ("outputs", False),
        (Path("outputs"), False),
    ],
)
def test_arrays_and_pictures_are_told_from_paths(images: object, answer: bool) -> None:
    assert are_in_memory(images) is answer


def test_an_array_is_taken_as_it_is_and_copied() -> None:
    mine = RGB.copy()
    (taken,) = pictures([mine])
    mine[:] = 0
    assert np.array_equal(taken.pixels, RGB)
    assert (taken.width, taken.height) == (7, 5)


def test_grey_becomes_three_equal_channels() -> None:
    (taken,) = pictures([RGB[..., 0]])
    assert taken.pixels.shape == (5, 7, 3)
    assert all(np.array_equal(taken.pixels[..., c], RGB[..., 0]) for c in range(3))


def test_a_fourth_channel_is_left_out() -> None:
    four = np.dstack([RGB, np.full((5, 7), 9, np.uint8)])
    (taken,) = pictures([four])
    assert np.array_equal(taken.pixels, RGB)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LA", "I;16"])
def test_any_mode_of_pillow_gives_rgb(mode: str) -> None:
    (taken,) = pictures([Image.new(mode, (6, 4))])
    assert taken.pixels.shape == (4, 6, 3)
    assert taken.pixels.dtype == np.uint8


def hostile(kind: str, path: Path) -> Path:
    """A file that shows something else than the numbers in it."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    image = Image.fromarray(pixels)
    if kind == "alpha":
        image.putalpha(Image.fromarray(pixels[..., 0]))
    elif kind == "palette":
        image = image.quantize(16)
        image.info["transparency"] = 3
    elif kind == "deep":
        image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 200)
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(path, exif=exif)
        return path
    elif kind == "lab":
        image = image.convert("LAB")
        image.save(path.with_suffix(".tif"))
        return path.with_suffix(".tif")
    image.save(path)
    return path


@pytest.mark.parametrize("kind", ["alpha", "palette", "deep", "turned", "lab"])
def test_a_picture_of_pillow_is_shown_as_its_file_would_be(kind: str, tmp_path: Path) -> None:
    path = str(hostile(kind, tmp_path / "a.png"))
    with Image.open(path) as opened:
        (taken,) = pictures([opened])
    assert np.array_equal(taken.pixels, open_picture(ImageRecord("a", path)).pixels)


def test_a_picture_that_ends_early_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with Image.open(path) as opened, pytest.raises(BadInput, match="image-1 cannot be shown"):
        list(pictures([opened]))


def test_strided_and_reversed_views_are_read_right() -> None:
    (taken,) = pictures([RGB[::-1, ::2]])
    assert np.array_equal(taken.pixels, RGB[::-1, ::2])
    assert taken.pixels.flags.c_contiguous


def test_pictures_are_numbered_from_one_and_each_is_its_own_prompt() -> None:
    made = [p.record for p in pictures([RGB, RGB, RGB[:2]])]
    assert [r.image for r in made] == ["image-1", "image-2", "image-3"]
    assert len({r.prompt_id for r in made}) == 3
    assert {r.pick for r in made} == {1}
    assert {r.prompt for r in made} == {None}


def test_the_hash_names_the_pixels_and_their_shape() -> None:
    first, same, tall, other = (
        p.record.sha256 for p in pictures([RGB, RGB.copy(), RGB.reshape(7, 5, 3), RGB + 1])
    )
    assert first == same
    assert len({first, tall, other}) == 3
    assert len(first) == 64


def test_a_picture_and_its_array_have_one_hash() -> None:
    a, b = (p.record.sha256 for p in pictures([Image.fromarray(RGB), RGB]))
    assert a == b


@pytest.mark.parametrize(
    "bad",
    [
        RGB.astype(np.float32),
        RGB.astype(np.uint16),
        RGB[..., :2],
        np.zeros((2, 5, 7, 3), np.uint8),
        np.zeros(9, np.uint8),
        np.zeros((10, 0, 3), np.uint8),
        "a.png",
        None,
    ],
    ids=["float", "uint16", "two channels", "a batch", "a line", "no pixels", "a path", "nothing"],
)
def test_what_cannot_be_shown_is_refused_by_its_number(bad: object) -> None:
    with pytest.raises(BadInput, match="image-2") as caught:
        list(pictures([RGB, bad]))
    assert "uint8" in caught.value.hint


def test_pictures_come_one_by_one() -> None:
    lazy = pictures([RGB, "bad"])
    assert next(lazy).record.image == "image-1"


def test_what_is_no_image_is_told_by_its_kind() -> None:
    with pytest.raises(BadInput, match="image-2 is of the kind str"):
        list(pictures([RGB, "a.png"]))


def test_images_of_one_prompt_are_its_picks_in_their_order() -> None:
    asked = ["a fox", "a  fox", None, "", "a fox"]
    made = [p.record for p in pictures([RGB] * 5, None, asked)]
    assert [r.prompt for r in made] == asked
    assert [r.pick for r in made] == [1, 2, 1, 1, 3]
    fox, same, bare, empty, last = (r.prompt_id for r in made)
    assert fox == same == last == prompt_id_of("a fox")
    assert bare == "image-3" and empty == prompt_id_of("")


@pytest.mark.parametrize(
    ("prompts", "told"),
    [
        (["a fox"], "1 prompt for 2 images"),
        ([], "0 prompts for 2 images"),
        (["a", "b", "c"], "3 prompts for 2 images"),
        (["a", 7], "the prompt of image-2 is of the kind int"),
    ],
)
def test_prompts_that_are_not_one_text_an_image_are_refused(
    prompts: list[str | None], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        list(pictures([RGB, RGB], None, prompts))


def test_each_picture_is_to_show_the_texts_that_are_given() -> None:
    assert [p.record.texts for p in pictures([RGB, RGB], ("SALE",))] == [("SALE",)] * 2
