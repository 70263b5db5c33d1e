import pytest

from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.match import match_rows
from iqmetrics.metadata.tables import row_of

IMAGES = ["a/fox/1.png", "a/fox/2.png", "b/fox/1.png", "b/cow/7.webp"]


def matched(*rows: dict, images=IMAGES, prompts=None) -> dict[str, str | None]:
    made = [row_of(row, "t", n) for n, row in enumerate(rows, 1)]
    found, said = match_rows(images, made, "t.csv", prompts or {})
    assert said == []
    return {image: facts.prompt for image, facts in found.items()}


@pytest.mark.parametrize(
    "file",
    [
        "b/cow/7.webp",
        "./b/cow/7.webp",
        "b\\cow\\7.webp",
        "7.webp",
        "7",
        "7.png",
        "cow/7.webp",
        "/data/run/b/cow/7.webp",
    ],
)
def test_a_file_by_path_end_or_stem(file: str) -> None:
    assert (
        matched({"file": file, "prompt": "x"}, {"file": "a/fox/2.png", "prompt": "y"})[
            "b/cow/7.webp"
        ]
        == "x"
    )


def test_the_model_tells_equal_names_apart() -> None:
    rows = ({"file": "1.png", "model": m, "prompt": m} for m in ("a", "b"))
    assert matched(*rows) == {"a/fox/1.png": "a", "b/fox/1.png": "b"}


def test_a_prompt_id_speaks_of_its_folder_in_every_model() -> None:
    found = matched({"prompt_id": "fox", "prompt": "x"}, {"prompt_id": "cow", "prompt": "y"})
    assert found == {
        "a/fox/1.png": "x",
        "a/fox/2.png": "x",
        "b/fox/1.png": "x",
        "b/cow/7.webp": "y",
    }


def test_model_and_seed_narrow_a_prompt_id() -> None:
    rows = ({"prompt_id": "fox", "model": "a", "seed": 2, "prompt": "x"}, {"prompt_id": "cow"})
    assert [i for i, prompt in matched(*rows).items() if prompt == "x"] == ["a/fox/2.png"]


def test_a_number_finds_a_padded_name() -> None:
    images = ["m/0007.png", "m/0008.png"]
    assert matched({"id": 7, "prompt": "x"}, {"id": 8, "prompt": "y"}, images=images) == {
        "m/0007.png": "x",
        "m/0008.png": "y",
    }


def test_oneig_categories_choose_the_folder() -> None:
    images = [f"{kind}/{model}/000.webp" for kind in ("anime", "human") for model in ("m", "n")]
    rows = (
        {"category": "Anime_Stylization", "id": "000", "prompt_en": "x"},
        {"category": "Portrait", "id": "000", "prompt_en": "y"},
    )
    assert matched(*rows, images=images) == {
        "anime/m/000.webp": "x", "anime/n/000.webp": "x", "human/m/000.webp": "y", "human/n/000.webp": "y",
    }  # fmt: skip


def test_known_words_find_their_images() -> None:
    prompts = {"a/fox/1.png": "a  red\nfox", "b/fox/1.png": "a red fox", "b/cow/7.webp": "a cow"}
    rows = ({"prompt": "a red fox", "texts": ["OPEN"]}, {"prompt": "a cow"})
    assert set(matched(*rows, prompts=prompts)) == set(prompts)


def test_the_only_row_speaks_of_all() -> None:
    assert matched({"prompt": "x"}) == dict.fromkeys(IMAGES, "x")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [{"file": "1.png"}, {"file": "7.webp"}],
            "t.csv: 1 of 2 rows could mean several images (give the path): row 1",
        ),
        ([{"file": "9.png"}], "t.csv: 1 of 1 rows name no image here: row 1"),
        (
            [{"prompt_id": str(n) * 9} for n in range(1, 9)],
            "t.csv: 8 of 8 rows name no image here: row 1, 2, 3, 4, 5, ...",
        ),
        (
            [{"file": "7.webp", "prompt": "x"}, {"file": "7.webp", "prompt": "y"}],
            "t.csv: 1 of 2 rows repeat an image differently (the last counts): row 2",
        ),
    ],
)
def test_what_cannot_be_placed_is_one_sentence(rows: list[dict], said: str) -> None:
    made = [row_of(row, "t", n) for n, row in enumerate(rows, 1)]
    assert match_rows(IMAGES, made, "t.csv")[1] == [said]


def test_a_row_about_an_image_that_is_not_judged_is_no_error() -> None:
    rows = [row_of({"file": "grid-1.png", "prompt": "x"}, "t", 1), row_of({"file": "7"}, "t", 2)]
    assert match_rows(IMAGES, rows, "t", elsewhere=["a/grid-1.png"])[1] == []
    assert len(match_rows(IMAGES, rows, "t")[1]) == 1


def test_no_rows_and_no_images() -> None:
    assert match_rows([], [], "t.csv") == ({}, [])
    assert match_rows(IMAGES, [], "t.csv") == ({}, [])
    assert isinstance(
        match_rows(IMAGES, [row_of({"prompt": "x"}, "t")], "t")[0]["a/fox/1.png"], Facts
    )
