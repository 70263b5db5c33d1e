"""Prompts back to the scenes that they name."""

from iqmetrics.demo import scenes, vocabulary


def test_every_caption_leads_back_to_its_facts() -> None:
    for scene in scenes.distinct(scenes.stream(1), 60):
        for language in ("en", "zh"):
            for variant in range(3):
                found = vocabulary.scene_of(scenes.caption(scene, language, variant))
                assert found is not None and found.facts == scene.facts


def test_space_does_not_matter_and_other_words_do() -> None:
    assert vocabulary.is_scene("  two red  circles on black\n")
    assert not vocabulary.is_scene("two red circles on the moon")
    assert vocabulary.scene_of("") is None
