"""What is left to do: exactly what the store lacks, and the members of sets that are open."""

from dataclasses import replace

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.pipeline.outcomes import CHUNK
from iqmetrics.pipeline.pending import find, known_problems, problem_key
from iqmetrics.records import Metric, Missing, Reading
from iqmetrics.store import Store

OTHER = replace(FACTS, name="other", metrics=(Metric("other", "", 0, 1, "higher", "o"),))
SET = replace(
    FACTS, name="span", scope="set", each="prompt", metrics=(Metric("span", "", 0, 1, "higher", "s"),)
)  # fmt: skip
A, B, C = record("a.png"), record("b.png"), record("c.png", model="n", prompt="q")
UNDECODABLE = Reading({}, {"image": Missing("truncated", "ends early")})


def images(work: object) -> dict[str, list[str]]:
    return {w.record.image: sorted(w.todo) for w in work.images}  # type: ignore[attr-defined]


def test_an_empty_store_lacks_everything() -> None:
    work = find(Store(None), [A, B], [FACTS, OTHER])
    assert images(work) == {"a.png": ["other", "toy"], "b.png": ["other", "toy"]}
    assert len(work) == 2
    assert work.scorers() == ["toy", "other"]


def test_only_what_is_not_stored_is_left() -> None:
    work = find(stored((A, good(1.0))), [A, B], [FACTS, OTHER])
    assert images(work) == {"a.png": ["other"], "b.png": ["other", "toy"]}


def test_nothing_is_left_of_a_whole_store() -> None:
    work = find(stored((A, good(1.0)), (B, good(0.0))), [A, B], [FACTS])
    assert (len(work), work.sets, work.scorers()) == (0, [], [])


def test_the_keys_of_the_work_are_those_of_the_outcomes() -> None:
    (work,) = find(Store(None), [A], [FACTS]).images
    assert work.todo == {"toy": FACTS.key(A)}
    assert work.problem_key == problem_key(A)


@pytest.mark.parametrize(
    "change", [{"sha256": "other"}, {"prompt": "another prompt"}], ids=["file", "prompt"]
)
def test_what_an_outcome_depends_on_is_scored_again(change: dict[str, str]) -> None:
    assert len(find(stored((A, good(1.0))), [replace(A, **change)], [FACTS])) == 1


@pytest.mark.parametrize(
    "change", [{"image": "b/moved.png"}, {"model": "renamed"}, {"seed": 5}, {"negative": "blur"}]
)
def test_what_an_outcome_does_not_depend_on_is_not(change: dict[str, object]) -> None:
    moved = replace(A, **change)  # type: ignore[arg-type]
    assert len(find(stored((A, good(1.0))), [moved], [FACTS])) == 0


def test_a_new_version_of_a_scorer_scores_again() -> None:
    assert len(find(stored((A, good(1.0))), [A], [replace(FACTS, full_version="2+x")])) == 1


def test_what_failed_is_tried_again_and_what_abstained_is_not() -> None:
    failed = Reading({"toy.good": 1.0}, {"toy.bad": Missing("failed", "ValueError")})
    store = stored((A, failed), (B, good(1.0)))
    assert images(find(store, [A, B], [FACTS])) == {"a.png": ["toy"]}
    assert store.keys() == {FACTS.key(B)}, "a failed outcome does not look like a result meanwhile"


def test_what_cannot_be_decoded_is_not_decoded_again() -> None:
    with Store(None) as store:
        store.add([(problem_key(A), "image", UNDECODABLE)])
        assert images(find(store, [A, B], [FACTS])) == {"b.png": ["toy"]}
        assert known_problems(store, [A, B]) == {"a.png": UNDECODABLE.missing["image"]}


def test_equal_bytes_are_known_to_be_broken_wherever_they_lie() -> None:
    twin = replace(B, sha256=A.sha256)
    with Store(None) as store:
        store.add([(problem_key(A), "image", UNDECODABLE)])
        assert set(known_problems(store, [A, twin])) == {"a.png", "b.png"}


def test_images_of_one_set_stand_together() -> None:
    mixed = [
        record(f"{m}{p}{n}.png", model=m, prompt=p) for n in range(3) for p in "qp" for m in "yx"
    ]
    order = [(w.record.model, w.record.prompt_id) for w in find(Store(None), mixed, [FACTS]).images]
    assert order == sorted(order)
    same = [w.record.image for w in find(Store(None), mixed, [FACTS]).images][:3]
    assert same == ["xp0.png", "xp1.png", "xp2.png"], "in the order they were given"


def test_an_open_set_needs_all_its_members_even_those_that_are_scored() -> None:
    work = find(stored((A, good(1.0)), (B, good(1.0))), [A, B], [FACTS, SET])
    assert images(work) == {"a.png": [], "b.png": []}
    (only,) = work.sets
    assert only.images == {"a.png", "b.png"}
    assert work.scorers() == ["span"]


def test_a_judged_set_is_done_and_a_new_member_opens_it() -> None:
    store = stored((A, good(1.0)), (B, good(1.0)), (D := record("d.png"), good(1.0)))
    store.add([(SET.set_key([A, B]), "span", Reading({"span": 1.0}))])
    assert len(find(store, [A, B], [FACTS, SET])) == 0
    assert len(find(store, [B, A], [FACTS, SET])) == 0, "the order of members says nothing"
    assert len(find(store, [A, B, D], [FACTS, SET])) == 3


def test_a_broken_member_is_not_waited_for() -> None:
    with Store(None) as store:
        store.add([(problem_key(A), "image", UNDECODABLE)])
        (work,) = find(store, [A, B], [SET]).sets
        assert work.images == {"b.png"}


def test_without_a_scorer_its_work_is_gone() -> None:
    work = find(Store(None), [A, B], [FACTS, OTHER])
    assert images(work.without(["toy"])) == {"a.png": ["other"], "b.png": ["other"]}
    assert len(work.without({"toy", "other"})) == 0
    assert work.without([]) is work


def test_without_a_set_scorer_its_members_are_not_decoded() -> None:
    work = find(stored((A, good(1.0))), [A, B, C], [FACTS, SET])
    assert images(work.without(["span"])) == {"b.png": ["toy"], "c.png": ["toy"]}
    assert work.without(["span"]).sets == []


def test_without_an_image_scorer_set_members_stay() -> None:
    work = find(Store(None), [A, B], [FACTS, SET]).without(["toy"])
    assert images(work) == {"a.png": [], "b.png": []}
    assert work.scorers() == ["span"]


def test_more_images_than_are_asked_for_at_once_are_told_apart() -> None:
    many = [record(f"{n}.png", prompt=f"{n % 5}") for n in range(2 * CHUNK + 3)]
    with Store(None) as store:
        store.add([(FACTS.key(r), "toy", good(1.0)) for r in many[::2]])
        store.add([(problem_key(r), "image", UNDECODABLE) for r in many[::3]])
        left = {w.record.image for w in find(store, many, [FACTS]).images}
        assert left == {r.image for n, r in enumerate(many) if n % 2 and n % 3}
        assert set(known_problems(store, many)) == {r.image for r in many[::3]}
