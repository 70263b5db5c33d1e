"""A key changes with everything that the outcome depends on, and with nothing else."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from factory import FACTS, Toy, record

from iqmetrics.pipeline.keys import ScorerFacts


def test_the_key_follows_content_prompt_version_and_options() -> None:
    base = record("a.png")
    keys = {
        FACTS.key(base),
        FACTS.key(replace(base, sha256="other")),
        FACTS.key(replace(base, prompt="other")),
        ScorerFacts.of(Toy(option=2)).key(base),
        replace(FACTS, full_version="2+00000000").key(base),
    }
    assert len(keys) == 5


def test_moving_or_renaming_an_image_changes_nothing() -> None:
    base = record("a.png")
    moved = replace(base, image="x/b.png", path="/x/b.png", model="other", seed=9, pick=3)
    assert FACTS.key(base) == FACTS.key(moved)


def test_a_set_key_ignores_order_and_follows_members() -> None:
    a, b, c = (record(f"{n}.png") for n in "abc")
    assert FACTS.set_key([a, b]) == FACTS.set_key([b, a])
    assert FACTS.set_key([a, b]) != FACTS.set_key([a, c])


def test_facts_survive_json() -> None:
    assert ScorerFacts.from_json(FACTS.to_json()) == FACTS


def test_only_the_fields_that_a_scorer_uses_are_in_its_key() -> None:
    base = record("a.png")
    blind = replace(FACTS, uses=())
    reads_texts = replace(FACTS, uses=("texts",))
    other = replace(base, prompt="other", texts=("SALE",))
    assert blind.key(base) == blind.key(other)
    assert reads_texts.key(base) != reads_texts.key(other)
    assert reads_texts.key(base) == reads_texts.key(replace(base, prompt="other"))


def test_not_stated_and_stated_none_are_two_keys() -> None:
    reads_texts = replace(FACTS, uses=("texts",))
    base = record("a.png")
    keys = {reads_texts.key(replace(base, texts=texts)) for texts in (None, (), ("",))}
    assert len(keys) == 3


def test_the_full_version_follows_options_and_is_the_same_on_any_machine() -> None:
    assert ScorerFacts.of(Toy()).full_version == ScorerFacts.of(Toy(option=1)).full_version
    assert ScorerFacts.of(Toy()).full_version != ScorerFacts.of(Toy(option=2)).full_version
    assert ScorerFacts.of(Toy()).full_version.startswith("1+")


def test_a_key_is_the_same_in_another_process() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from factory import FACTS, record;"
        "print(FACTS.key(record('a.png')).hex())"
    )
    here = str(Path(__file__).parent)
    for seed in ("0", "7"):
        done = subprocess.run(
            [sys.executable, "-c", code, here],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == FACTS.key(record("a.png")).hex()


def test_sets_are_grouped_by_prompt_or_by_model() -> None:
    a = record("a.png", "m", "p")
    assert replace(FACTS, scope="set", each="prompt").group(a) == ("m", "p")
    assert replace(FACTS, scope="set", each="model").group(a) == ("m", "")


def test_a_set_counts_how_often_a_file_is_in_it() -> None:
    a, b = record("a.png"), record("b.png")
    assert FACTS.set_key([a, a, b]) != FACTS.set_key([a, b])
    assert FACTS.set_key([a]) != FACTS.key(a)
