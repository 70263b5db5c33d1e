"""Whether a prompt is one that the demo models were trained on."""

from functools import cache

from iqmetrics.demo import scenes


@cache
def _known() -> frozenset[str]:
    return frozenset(
        scenes.caption(scene, language, variant)
        for scene in scenes.every()
        for language in ("en", "zh")
        for variant in range(3)
    )


def is_scene(prompt: str) -> bool:
    """Whether the prompt is word for word the caption of some scene."""
    return " ".join(prompt.split()) in _known()
