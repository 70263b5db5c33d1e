"""What a run covers, kept and read back; outcomes image by image and then set by set."""

from dataclasses import replace

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import outcomes as module
from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.presets import Condition
from iqmetrics.records import Metric, Missing, Reading, Source
from iqmetrics.store import Store

SET = replace(
    FACTS, name="span", scope="set", each="prompt", metrics=(Metric("span", "", 0, 1, "higher", "s"),)
)  # fmt: skip
A, B, C = record("a.png"), record("b.png", prompt="q"), record("c.png", model="n")


def test_a_run_comes_back_whole() -> None:
    odd = replace(
        record("\udcff.png"), texts=("夏",), requested_size=(64, 48), params={"steps": 20},
        sources={"prompt": Source("a.txt", "medium")},
    )  # fmt: skip
    run = Run(
        [A, odd],
        (FACTS, SET),
        {"a.png": Missing("truncated", "ends early")},
        {"span": "no weights: pull them"},
        Rule((Condition("toy.good", min=0.5),), pick=2),
    )
    with Store(None) as store:
        run.save(store)
        assert Run.load(store) == run


def test_a_later_run_replaces_an_earlier_one() -> None:
    with Store(None) as store:
        Run([A, B, C], (FACTS,)).save(store)
        Run([B], (FACTS,)).save(store)
        assert Run.load(store).records == [B]


def test_the_state_can_change_without_writing_the_records_again() -> None:
    with Store(None) as store:
        Run([A, B], (FACTS,)).save(store)
        Run([], (FACTS,), {"a.png": Missing("timeout", "slow")}).save_state(store)
        loaded = Run.load(store)
        assert loaded.records == [A, B]
        assert loaded.decode_problems["a.png"].status == "timeout"


def test_a_store_without_a_run_says_what_to_do() -> None:
    with Store(None) as store, pytest.raises(BadInput) as caught:
        Run.load(store)
    assert caught.value.hint == "iqm score FOLDER"


def test_images_come_in_order_with_their_readings() -> None:
    store = stored((B, good(0.2)), (A, good(0.9, 3.0)))
    found = list(outcomes(store, Run([A, B], (FACTS,))))
    assert [o.record for o in found] == [A, B]
    assert [o.readings["toy"].values["toy.good"] for o in found] == [0.9, 0.2]
    assert found[1].readings["toy"].missing["toy.bad"].status == "abstained"


def test_an_image_that_was_not_reached_is_left_out() -> None:
    found = list(outcomes(stored((A, good(1.0))), Run([A, B], (FACTS,))))
    assert [o.record for o in found] == [A]


def test_an_image_that_could_not_be_decoded_has_its_reason_and_no_reading() -> None:
    problem = Missing("truncated", "ends early")
    store = stored((A, good(1.0)), (B, good(1.0)))
    bad, fine = outcomes(store, Run([A, B], (FACTS,), {"a.png": problem}))
    assert bad.problem == problem
    assert bad.readings == {}
    assert fine.problem is None


def test_what_could_not_be_loaded_is_unavailable_with_the_reason() -> None:
    (found,) = outcomes(Store(None), Run([A], (FACTS,), unavailable={"toy": "no package"}))
    reading = found.readings["toy"]
    assert reading.values == {}
    assert reading.missing == {
        m: Missing("unavailable", "no package") for m in ("toy.good", "toy.bad")
    }


def test_an_older_outcome_counts_even_where_the_scorer_cannot_be_loaded_now() -> None:
    (found,) = outcomes(stored((A, good(0.7))), Run([A], (FACTS,), unavailable={"toy": "gone"}))
    assert found.readings["toy"].values == {"toy.good": 0.7}


def test_evidence_is_read_only_when_asked_for() -> None:
    reading = Reading({"toy.good": 1.0, "toy.bad": 2.0}, {}, {"boxes": [[1, 2, 3, 4]]})
    store, run = stored((A, reading)), Run([A], (FACTS,))
    (plain,), (full,) = outcomes(store, run), outcomes(store, run, evidence=1000)
    assert plain.readings["toy"].evidence == {}
    assert full.readings["toy"] == reading


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_chunks_do_not_show(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record(f"{n}.png") for n in range(7)]
    store = stored(*((r, good(n / 10)) for n, r in enumerate(records)))
    monkeypatch.setattr(module, "CHUNK", chunk)
    found = list(outcomes(store, Run(records, (FACTS,))))
    assert [o.readings["toy"].values["toy.good"] for o in found] == [n / 10 for n in range(7)]


def test_equal_files_share_an_outcome_but_stay_two_images() -> None:
    twin = replace(record("twin.png"), sha256=A.sha256)
    found = list(outcomes(stored((A, good(0.4))), Run([A, twin], (FACTS,))))
    assert [o.record.image for o in found if o.record] == ["a.png", "twin.png"]
    assert found[0].readings == found[1].readings


def test_sets_come_after_images_one_a_model_and_prompt() -> None:
    run = Run([A, B, C], (FACTS, SET))
    store = stored((A, good(1.0)))
    for (_, _), members in run.sets(SET).items():
        store.add([(SET.set_key(members), "span", Reading({"span": 0.5}))])
    found = list(outcomes(store, run))
    assert [o.record for o in found] == [A, None, None, None]
    assert [(o.model, o.prompt_id) for o in found[1:]] == [("m", "p"), ("m", "q"), ("n", "p")]


def test_a_set_of_a_model_has_all_its_prompts() -> None:
    run = Run([A, B, C], (replace(SET, each="model"),))
    assert {k: len(v) for k, v in run.sets(run.scorers[0]).items()} == {("m", ""): 2, ("n", ""): 1}


def test_what_cannot_be_decoded_is_in_no_set() -> None:
    run = Run([A, B], (SET,), {"a.png": Missing("truncated", "x")})
    assert run.sets(SET) == {("m", "q"): [B]}


def test_a_set_that_was_not_judged_is_left_out_or_unavailable() -> None:
    assert list(outcomes(Store(None), Run([A], (SET,)))) == []
    (found,) = outcomes(Store(None), Run([A], (SET,), unavailable={"span": "no weights"}))
    assert found.readings["span"].missing["span"].status == "unavailable"
