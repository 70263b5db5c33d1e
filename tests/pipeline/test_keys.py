"""A key changes with everything that the outcome depends on, and with nothing else."""

from dataclasses import replace

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
