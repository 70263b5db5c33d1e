import pytest

from iqmetrics.metadata.layouts import read_layout


def test_oneig_needs_every_image_to_fit() -> None:
    fits = [f"images/{kind}/m/{n:03d}.webp" for kind in ("anime", "human") for n in range(2)]
    found = read_layout(fits)
    assert (found[fits[3]].model, found[fits[3]].prompt_id) == ("m", "human-001")
    assert read_layout([*fits, "other.png"]) == {}
    assert read_layout(["anime/m/fox.webp"]) == {}


def test_generated_layout() -> None:
    found = read_layout(["images/flux/0123456789ab/42.png", "readme.png"])
    facts = found["images/flux/0123456789ab/42.png"]
    assert (facts.model, facts.prompt_id, facts.seed) == ("flux", "0123456789ab", 42)
    assert list(found) == ["images/flux/0123456789ab/42.png"]


def test_other_folders() -> None:
    assert read_layout(["a/b/1.png", "a/2024/1.png"]) == {}
    assert read_layout([]) == {}


def test_oneig_in_any_case_and_below_any_folder_tells_class_and_that_it_is_a_grid() -> None:
    image = "deep/down/Anime/my model/007.webp"
    facts = read_layout([image])[image]
    assert (facts.model, facts.prompt_id, facts.tags) == ("my model", "anime-007", ("anime",))
    assert facts.params == {"may_be_grid": True}


@pytest.mark.parametrize(
    "image",
    [
        "m/0123456789ab/x.png",
        "m/0123456789AB/1.png",
        "m/0123456789abc/1.png",
        "m/0123456789ab/-1.png",
        f"m/0123456789ab/{'9' * 21}.png",
        "0123456789ab/1.png",
        "m/0123456789ab/sub/1.png",
    ],
)
def test_what_only_resembles_the_layout_of_generate_is_not_it(image: str) -> None:
    assert read_layout([image]) == {}


def test_a_generated_seed_keeps_every_digit() -> None:
    seed = 2**64 - 1
    image = f"雪/0123456789ab/{seed}.png"
    assert read_layout([image])[image].seed == seed
    assert read_layout([image])[image].model == "雪"
