"""painter: scenes drawn from their prompts, with a known share of mistakes."""

import numpy as np
import pytest

from iqmetrics import plugins
from iqmetrics.demo import scenes
from iqmetrics.errors import UnknownName
from iqmetrics.generators.base import Request
from iqmetrics.generators.painter import MISTAKES, Painter

RED = "one red square on a white background"
BLUE = "one blue square on a white background"


def ask(prompt: str, seed: int = 0, **asked: int) -> Request:
    return Request(f"{prompt}/{seed}", prompt, seed, **asked)  # type: ignore[arg-type]


def test_the_table_knows_it() -> None:
    assert plugins.make("generator", "painter", {"target": "v1"}) == Painter("v1")


def test_same_seed_same_bytes_other_seed_other_picture() -> None:
    first, again, other = Painter("v2")([ask(RED, 3), ask(RED, 3), ask(RED, 4)])
    assert first.image is not None and again.image is not None and other.image is not None
    assert first.image.tobytes() == again.image.tobytes() != other.image.tobytes()
    [alone] = Painter("v2")([ask(RED, 4)])
    assert alone.image is not None and alone.image.tobytes() == other.image.tobytes()


def test_the_prompt_decides_the_colour() -> None:
    for prompt, more, less in ((RED, 0, 2), (BLUE, 2, 0)):
        results = Painter("v2")([ask(prompt, seed) for seed in range(20)])
        right = [r for r in results if not r.telemetry["mistake"]]
        assert len(right) >= 15
        for result in right:
            pixels = np.asarray(result.image, int)
            coloured = pixels[pixels.max(axis=2) - pixels.min(axis=2) > 100]
            assert len(coloured) and (coloured[:, more] > coloured[:, less]).all()


@pytest.mark.parametrize("version", MISTAKES)
def test_mistakes_come_as_often_as_said(version: str) -> None:
    prompts = [scenes.caption(s) for s in scenes.distinct(scenes.stream(5), 400)]
    results = Painter(version, batch=400)([ask(p) for p in prompts])
    share = sum(r.telemetry["mistake"] for r in results) / len(results)
    assert share == pytest.approx(MISTAKES[version], abs=0.06)


def test_chinese_is_read() -> None:
    [result] = Painter("v1")([ask("白色背景上有三个蓝色星星")])
    assert result.image is not None and result.image.size == (64, 64)


def test_what_is_no_scene_fails_and_says_where_scenes_are() -> None:
    good, bad = Painter("v1")([ask(RED), ask("a fox in the snow")])
    assert good.error is None and bad.error is not None
    assert bad.error.kind == "bad_request" and "iqm suites demo" in bad.error.reason


def test_another_size_fails() -> None:
    [result] = Painter("v1")([ask(RED, width=512, height=512)])
    assert result.error is not None and "64 x 64" in result.error.reason


def test_what_it_does_not_take_is_told() -> None:
    request = Request("a", RED, negative="blurry", params={"steps": 9})
    [result] = Painter("v1")([request])
    assert result.not_applied == ("negative", "steps")


def test_another_painter_is_refused() -> None:
    with pytest.raises(UnknownName, match="v3"):
        Painter("v3")


def test_versions_have_their_own_fingerprint() -> None:
    assert Painter("v1").fingerprint() != Painter("v2").fingerprint()
    assert Painter("v1", batch=2).fingerprint() == Painter("v1").fingerprint()
