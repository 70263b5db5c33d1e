"""Whether a prompt is one that the demo models were trained on, and which scene it asks for."""

from functools import cache

from iqmetrics.demo import scenes


@cache
def _known() -> dict[str, scenes.Scene]:
    return {
        scenes.caption(scene, language, variant): scene
        for scene in scenes.every()
        for language in ("en", "zh")
        for variant in range(3)
    }


def is_scene(prompt: str) -> bool:
    """Whether the prompt is word for word the caption of some scene."""
    return scene_of(prompt) is not None


def scene_of(prompt: str) -> scenes.Scene | None:
    """The scene whose caption the prompt is, word for word; None if there is none."""
    return _known().get(" ".join(prompt.split()))
