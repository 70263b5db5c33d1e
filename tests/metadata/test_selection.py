import pytest

from iqmetrics.metadata.selection import (
    Selection,
    is_image,
    narrow,
    select,
    skipped_kind,
    split_suffix,
)
from iqmetrics.metadata.walk import Entry


def entries(*paths: str) -> list[Entry]:
    return [Entry(path, 1, 1, n) for n, path in enumerate(paths)]


def chosen(*paths: str, **options) -> list[str]:
    return [entry.path for entry in select(entries(*paths), **options).images]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a/b.PNG", ("a/b", ".png")),
        ("a.b/c", ("a.b/c", "")),
        (".hidden", (".hidden", "")),
        ("a/.png", ("a/.png", "")),
        ("x.tar.gz", ("x.tar", ".gz")),
    ],
)
def test_suffix(path: str, parts: tuple[str, str]) -> None:
    assert split_suffix(path) == parts


def test_images_by_suffix_in_any_case() -> None:
    assert all(
        is_image(f"x{s}") for s in (".png", ".JPG", ".webp", ".avif", ".TIFF", ".gif", ".bmp")
    )
    assert not any(is_image(f"x{s}") for s in (".txt", ".mp4", "", ".safetensors", ".png.part"))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("txt2img-grids/2024-05-01/grid-0001.png", "grid"),
        ("grid-0001.png", "grid"),
        ("00000/grid.png", "grid"),
        ("xyz_grid-0003-1.png", "grid"),
        ("masks/0001.png", "mask"),
        ("a/mask.png", "mask"),
        ("controlnet/0001.png", "control input"),
        ("depth_maps/0001.png", "control input"),
        ("init-images/0001.png", "control input"),
        ("previews/0001.png", "preview"),
        ("ComfyUI_temp_abcde_00001_.png", "preview"),
        ("model.preview.png", "preview"),
        ("a/._0001.png", "hidden file"),
        ("grid_of_houses.png", ""),
        ("a_gridiron.png", ""),
        ("flux/woman_in_a_mask.png", ""),
        ("power_pose.png", ""),
        ("unmasked/0001.png", ""),
        ("control-freak/0001.png", ""),
    ],
)
def test_skipped_by_default(path: str, kind: str) -> None:
    assert skipped_kind(path) == kind


def test_a_suffix_counts_only_beside_its_picture() -> None:
    found = select(entries("1.png", "1_mask.png", "1_depth.png", "woman_in_a_mask.png"))
    assert [e.path for e in found.images] == ["1.png", "woman_in_a_mask.png"]
    assert found.skipped == {"control input": ["1_depth.png"], "mask": ["1_mask.png"]}


def test_everything_is_accounted_for() -> None:
    paths = ("b.png", "a.png", "a.txt", "x.mp4", "grid-1.png", "metadata.csv", "sub/manifest.jsonl")
    found = select(entries(*paths))
    counted = [e.path for e in (*found.images, *found.sidecars.values(), *found.tables)]
    counted += [path for skipped in found.skipped.values() for path in skipped]
    assert sorted(counted) == sorted(paths)
    assert [e.path for e in found.images] == ["a.png", "b.png"]


def test_pictures_of_a_format_that_is_not_read_are_named_apart() -> None:
    """A folder of phone photographs is not a folder of "6 not an image"."""
    found = select(entries("a.HEIC", "b.jxl", "c.docx"))
    assert found.skipped == {
        "HEIC (not read)": ["a.HEIC"],
        "JXL (not read)": ["b.jxl"],
        "not an image": ["c.docx"],
    }


def test_include_is_stronger_than_the_default_skips() -> None:
    assert chosen("a.png", "grid-1.png", include=["grid-*"]) == ["grid-1.png"]
    assert chosen("a/b/c.png", "d.png", include=["a/"]) == ["a/b/c.png"]


def test_exclude_is_stronger_than_include() -> None:
    assert chosen("a/1.png", "a/2.png", "b/1.png", include=["a/*"], exclude=["*2.png"]) == [
        "a/1.png"
    ]


def test_limit_takes_the_first_by_path_and_counts_the_rest() -> None:
    found = select(entries("c.png", "a.png", "b.png"), limit=2)
    assert [e.path for e in found.images] == ["a.png", "b.png"]
    assert found.skipped == {"over the limit": ["c.png"]}


def test_a_selection_that_forgets_keeps_what_was_skipped() -> None:
    found = select(entries("a.png", "b.png", "c.txt", "d.xyz"), exclude=["b.png"])
    skipped = dict(found.skipped)
    assert found.images and found.unjudged and found.sidecars and skipped
    found.forget()
    assert not found.images and not found.unjudged and not found.sidecars
    assert found.skipped == skipped


def test_tables_and_sidecars_are_told_apart_by_name() -> None:
    found = select(entries("metadata.csv", "x/manifest.jsonl", "a.txt", "a.json", "a.png"))
    assert [e.path for e in found.tables] == ["metadata.csv", "x/manifest.jsonl"]
    assert set(found.sidecars) == {"a.txt", "a.json"}


def test_what_is_not_judged_is_still_known_so_that_a_table_may_name_it() -> None:
    found = select(entries("c.png", "grid-1.png", "a.png", "b.png"), exclude=["b*"], limit=1)
    assert [e.path for e in found.images] == ["a.png"]
    assert found.unjudged == ["b.png", "c.png", "grid-1.png"]


@pytest.mark.parametrize(
    ("options", "left", "why"),
    [
        ({}, ["z.png", "grid-1.png", "a.png"], {}),
        ({"exclude": ["z*"]}, ["grid-1.png", "a.png"], {"excluded": ["z.png"]}),
        ({"include": ["z*"]}, ["z.png"], {"not included": ["grid-1.png", "a.png"]}),
        ({"limit": 2}, ["z.png", "grid-1.png"], {"over the limit": ["a.png"]}),
    ],
)
def test_files_named_one_by_one_keep_their_order_and_are_no_grids(
    options: dict[str, object], left: list[str], why: dict[str, list[str]]
) -> None:
    found = Selection(images=entries("z.png", "grid-1.png", "a.png"))
    narrow(found, **options)  # type: ignore[arg-type]
    assert [e.path for e in found.images] == left
    assert found.skipped == why
    assert found.unjudged == [path for paths in why.values() for path in paths]
