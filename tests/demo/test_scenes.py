from random import Random

import numpy as np
import pytest

from iqmetrics.demo import scenes
from iqmetrics.demo.scenes import Scene, Thing
from iqmetrics.demo.vocabulary import is_scene

PAIR = Scene("white", Thing("red", "circle"), other=Thing("blue", "square"), relation="left")


def color_mask(image: np.ndarray, color: str) -> np.ndarray:
    wanted = np.array(scenes.COLORS[color][1])
    return np.abs(image.astype(int) - wanted).sum(-1) < 70


def test_a_caption_says_the_scene_in_both_languages() -> None:
    assert scenes.caption(PAIR) == "a red circle to the left of a blue square on a white background"
    assert scenes.caption(PAIR, "zh") == "白色背景上红色圆形在蓝色方块的左边"
    orange = Scene("black", Thing("orange", "star"), count=3)
    assert scenes.caption(orange) == "three orange stars on a black background"
    assert scenes.caption(Scene("gray", Thing("red", ""), word="CAT")) == (
        'the word "cat" in red on a gray background'
    )


def test_a_or_an() -> None:
    scene = Scene("white", Thing("orange", "cross"), other=Thing("red", "star"), relation="above")
    assert scenes.caption(scene).startswith("an orange cross above a red star")


def test_two_ways_to_say_a_pair_have_the_same_facts() -> None:
    other_way = Scene("white", PAIR.other, other=PAIR.thing, relation="right")
    assert other_way != PAIR
    assert other_way.facts == PAIR.facts


def test_facts_differ_when_captions_say_different_things() -> None:
    found: dict[str, set[str]] = {}
    for scene in scenes.every():
        found.setdefault(scenes.caption(scene, "zh"), set()).add(scene.facts)
    assert all(len(facts) == 1 for facts in found.values())
    assert len(found) == len(list(scenes.every())) == 11448


def test_each_foil_is_wrong_in_its_one_respect() -> None:
    wrong = scenes.all_foils(PAIR)
    assert set(wrong) == {"color", "background", "shape", "position", "binding"}
    assert [scenes.caption(s) for s in wrong["position"]] == [
        "a red circle to the right of a blue square on a white background"
    ]
    assert [scenes.caption(s) for s in wrong["binding"]] == [
        "a blue circle to the left of a red square on a white background"
    ]
    assert all(s.facts != PAIR.facts for many in wrong.values() for s in many)
    assert {s.thing.color for s in wrong["color"]} == set(scenes.COLORS) - {"red", "blue"}


def test_every_kind_of_foil_occurs() -> None:
    source, kinds = scenes.stream(1), set()
    for _ in range(50):
        kinds |= set(scenes.all_foils(next(source)))
    assert kinds == set(scenes.FOILS)


def test_a_stream_repeats_and_keeps_combinations_apart() -> None:
    first, again = scenes.stream(3), scenes.stream(3)
    assert [next(first) for _ in range(20)] == [next(again) for _ in range(20)]
    held, shown = scenes.stream(5, held_out=True), scenes.stream(5, held_out=False)
    kept = {next(held).facts for _ in range(60)}
    assert not kept & {next(shown).facts for _ in range(300)}
    share = np.mean([scene.held_out for scene in scenes.every()])
    assert 0.07 < share < 0.13


def test_distinct_scenes_differ_in_facts() -> None:
    pool = scenes.distinct(scenes.stream(9), 100)
    assert len({s.facts for s in pool}) == len(pool) == 100


@pytest.mark.parametrize("relation", scenes.RELATIONS)
def test_the_rendered_relation_is_the_stated_one(relation: scenes.Relation) -> None:
    for seed in range(12):
        scene = Scene(
            "white", Thing("red", "square"), other=Thing("blue", "star"), relation=relation
        )
        image = np.asarray(scenes.render(scene, Random(seed)))
        red, blue = (np.argwhere(color_mask(image, c)).mean(0) for c in ("red", "blue"))
        gap = red - blue
        axis, sign = {"left": (1, -1), "right": (1, 1), "above": (0, -1), "below": (0, 1)}[relation]
        assert gap[axis] * sign > 8, (seed, gap)
        assert abs(gap[axis]) > abs(gap[1 - axis]), "the relation is the larger distance"


@pytest.mark.parametrize("count", scenes.NUMBERS)
def test_the_rendered_count_is_the_stated_one(count: int) -> None:
    from scipy.ndimage import label

    for seed in range(8):
        scene = Scene("white", Thing("blue", "circle"), count=count)
        image = np.asarray(scenes.render(scene, Random(seed)))
        assert label(color_mask(image, "blue"))[1] == count


def test_a_rendered_scene_is_small_rgb_on_its_background() -> None:
    for seed, scene in enumerate(list(scenes.every())[::900]):
        image = scenes.render(scene, Random(seed))
        assert image.size == (64, 64) and image.mode == "RGB"
        corner = np.asarray(image)[-1, -1].astype(int)
        assert np.abs(corner - scenes.BACKGROUNDS[scene.background][1]).max() <= 70


def test_every_word_is_written_whole() -> None:
    for word in scenes.WORDS:
        for seed in range(6):
            image = np.asarray(
                scenes.render(Scene("white", Thing("red", ""), word=word), Random(seed))
            )
            written = np.argwhere(image.min(-1) < 150)
            assert len(written) > 40
            assert written.min() >= 0 and written[:, 1].max() < 63.5


def test_prompts_of_scenes_are_recognised() -> None:
    assert is_scene("three orange stars on a black background")
    assert is_scene("白色背景上红色圆形在蓝色方块的左边")
    assert not is_scene("a photo of a cat")
    assert not is_scene("five orange stars on a black background")


@pytest.mark.parametrize("variant", range(3))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_wording_says_all_facts(language: scenes.Language, variant: int) -> None:
    said: dict[str, set[str]] = {}
    for scene in list(scenes.every())[::37]:
        said.setdefault(scenes.caption(scene, language, variant), set()).add(scene.facts)
        thing = scene.thing
        names = [scene.background, thing.color, scene.word.lower()]
        if language == "zh":
            names = [
                scenes.BACKGROUNDS[scene.background][0],
                scenes.COLORS[thing.color][0],
                names[2],
            ]
        assert all(name in scenes.caption(scene, language, variant) for name in names)
        assert scenes.caption(scene, language, variant + 3) == scenes.caption(
            scene, language, variant
        )
    assert all(len(found) == 1 for found in said.values()), "one caption, one scene"


def test_turning_a_pair_twice_is_the_pair_again() -> None:
    for relation, (_, _, back) in scenes.RELATIONS.items():
        assert scenes.RELATIONS[back][2] == relation != back


def test_foils_of_foils_lead_back() -> None:
    for scene in list(scenes.every())[::200]:
        for kind, wrong in scenes.all_foils(scene).items():
            assert wrong and len({w.facts for w in wrong}) == len(wrong), kind
            assert all(w.facts != scene.facts for w in wrong), kind
            back = {f.facts for w in wrong for f in scenes.all_foils(w)[kind]}
            assert scene.facts in back, kind


def test_one_foil_of_each_kind_is_one_of_all() -> None:
    chosen = scenes.foils(PAIR, Random(0))
    every = scenes.all_foils(PAIR)
    assert list(chosen) == list(every)
    assert all(scene in every[kind] for kind, scene in chosen.items())
    assert scenes.foils(PAIR, Random(0)) == chosen


def test_a_picture_repeats_with_its_seed_and_varies_without() -> None:
    one, again, other = (np.asarray(scenes.render(PAIR, Random(s))) for s in (4, 4, 5))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("shape", scenes.SHAPES)
def test_shapes_differ_in_how_they_fill_their_box(shape: str) -> None:
    filled = []
    for seed in range(6):
        image = np.asarray(scenes.render(Scene("white", Thing("blue", shape)), Random(seed)))
        ys, xs = np.nonzero(color_mask(image, "blue"))
        filled.append(len(ys) / ((np.ptp(ys) + 1) * (np.ptp(xs) + 1)))
    wide = {"square": 1, "circle": np.pi / 4, "triangle": 0.5, "cross": 1 - 0.67**2}
    if shape in wide:
        assert np.mean(filled) == pytest.approx(wide[shape], abs=0.09)
    else:
        assert np.mean(filled) < 0.75, "a star and a ring are hollow"


def test_three_wordings_in_each_language() -> None:
    cat = Scene("gray", Thing("red", ""), word="CAT")
    assert [scenes.caption(PAIR, "zh", n) for n in range(3)] == [
        "白色背景上红色圆形在蓝色方块的左边",
        "白色的背景红色圆形在蓝色方块的左边",
        "白色背景红色圆形在蓝色方块的左边",
    ]
    assert [scenes.caption(cat, "en", n) for n in range(3)] == [
        'the word "cat" in red on a gray background',
        'the word "cat" in red on gray',
        'gray background with the word "cat" in red',
    ]
