"""The shipped suites say what they promise."""

import re
from itertools import groupby

import pytest

from iqmetrics.pipeline.spread import VARIANT
from iqmetrics.records import Prompt
from iqmetrics.suites.files import about, load_shipped, shipped
from iqmetrics.suites.plan import plan

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def tag(prompt: Prompt, name: str) -> str:
    [value] = [t.removeprefix(name) for t in prompt.tags if t.startswith(name)]
    return value


def test_the_five_suites_are_shipped() -> None:
    assert {"comparison", "five-axes", "hands", "faces", "sensitivity"} <= set(shipped())


@pytest.mark.parametrize("name", shipped())
def test_a_suite_is_complete(name: str) -> None:
    suite = load_shipped(name)
    assert about(name).endswith(".")
    places = [(w.prompt_id, w.seed) for w in plan(suite)]
    assert len(places) == len(set(places))
    for prompt in suite.prompts:
        assert prompt.language == ("zh" if CHINESE.search(prompt.text) else "en"), prompt.id
        assert prompt.texts is not None, f"{prompt.id}: says which text is expected, or none"
        assert all(text in prompt.text for text in prompt.texts), prompt.id
        assert prompt.seeds and all(w % 16 == h % 16 == 0 for w, h in prompt.sizes), prompt.id


def test_comparison_has_four_a_round_and_a_declared_pick() -> None:
    suite = load_shipped("comparison")
    assert suite.pick == 2 and all(len(p.seeds) == 4 for p in suite.prompts)
    tags = {t for p in suite.prompts for t in p.tags}
    assert {"portrait", "product", "creative", "film", "poster"} <= tags
    posters = {p.language for p in suite.prompts if "poster" in p.tags and p.texts}
    assert posters == {"zh", "en"}
    assert max(len(p.text) for p in suite.prompts if p.language == "zh") >= 72


def test_the_ladder_has_six_areas_in_five_shapes() -> None:
    [ladder] = [p for p in load_shipped("five-axes").prompts if "ladder" in p.tags]
    areas = [w * h / 1e6 for w, h in ladder.sizes]
    assert len(set(ladder.sizes)) == 30
    for wanted, found in zip(
        (0.1, 0.25, 0.5, 1.0, 1.5, 2.0), zip(*[iter(areas)] * 5, strict=True), strict=True
    ):
        assert found == pytest.approx([wanted] * 5, rel=0.06)
    shapes = [w / h for w, h in ladder.sizes[-5:]]
    assert shapes == pytest.approx([1, 3 / 2, 16 / 9, 9 / 16, 21 / 9], rel=0.03)
    axes = {p.tags[0] for p in load_shipped("five-axes").prompts}
    assert axes == {"quality", "following", "ladder", "typography", "diversity"}


def test_sensitivity_changes_the_words_and_nothing_else() -> None:
    prompts = load_shipped("sensitivity").prompts
    for of, group in groupby(prompts, key=lambda p: tag(p, "of:")):
        variants = {tag(p, "variant:"): p for p in group}
        assert set(variants) == {"original", "paraphrase", "dropped", "reordered"}, of
        assert len({(p.seeds, p.sizes) for p in variants.values()}) == 1
        ids = {name: of if name == "original" else f"{of}{VARIANT}{name}" for name in variants}
        assert {name: p.id for name, p in variants.items()} == ids
        original = variants["original"].text
        assert original.startswith(variants["dropped"].text + ", ")
        words = [
            sorted(re.findall(r"\w+", variants[v].text.lower())) for v in ("original", "reordered")
        ]
        assert words[0] == words[1], of
        assert variants["paraphrase"].text != original
