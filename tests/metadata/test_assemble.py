import hashlib
import json
import tracemalloc
import unicodedata

import pytest

from iqmetrics.metadata.assemble import combine, lonely_id, prompt_id_of
from iqmetrics.metadata.facts import Facts


def test_prompt_id_is_the_hash_of_the_folded_prompt() -> None:
    assert prompt_id_of("a red fox") == hashlib.sha256(b"a red fox").hexdigest()[:12]
    assert prompt_id_of("  a\tred\n fox ") == prompt_id_of("a red fox")
    assert prompt_id_of(unicodedata.normalize("NFD", "é")) == prompt_id_of("é")
    assert prompt_id_of("A red fox") != prompt_id_of("a red fox")
    assert len(prompt_id_of("lone \udcff")) == 12


def test_field_by_field_the_stronger_source_counts() -> None:
    layers = [
        Facts(source="hand", prompt="hand", params={"steps": 1}),
        Facts(source="sidecar", prompt="side", seed=0, params={"steps": 2, "cfg": 3}),
        Facts(
            source="png",
            prompt="png",
            negative="",
            seed=9,
            size=(1, 2),
            params={"sampler": "euler"},
        ),
    ]
    (record,) = combine("/x/out", {"seed77.png": layers})
    assert (record.prompt, record.seed, record.negative, record.requested_size) == (
        "hand",
        0,
        "",
        (1, 2),
    )
    assert record.params == {"steps": 1, "cfg": 3, "sampler": "euler"}
    where = {field: source.where for field, source in record.sources.items()}
    assert where["prompt"] == "hand"
    assert (where["seed"], where["negative"], where["requested_size"]) == ("sidecar", "png", "png")
    assert record.path == "/x/out/seed77.png"


def test_the_name_is_the_weakest_source() -> None:
    (record,) = combine("/x", {"fox_seed77.png": []})
    assert record.seed == 77
    assert record.sources["seed"].confidence == "low"


def test_images_without_a_prompt_are_clusters_of_their_own() -> None:
    records = combine("/x", {"a.png": [], "b.png": [Facts(prompt=" ")], "c.png": []})
    assert len({record.prompt_id for record in records}) == 3
    assert records[0].prompt_id == lonely_id("a.png") != prompt_id_of("")
    assert records[1].prompt_id == lonely_id("b.png"), "blanks are no prompt in common"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_picks_go_by_seed_then_name_whatever_the_order(order: tuple[int, ...]) -> None:
    seeds = {"d.png": 1, "a.png": 2, "b.png": 2, "c.png": None}
    images = [list(seeds)[n] for n in order]
    layers = {image: [Facts(prompt="fox", seed=seeds[image])] for image in images}
    picks = {record.image: record.pick for record in combine("/x", layers)}
    assert picks == {"d.png": 1, "a.png": 2, "b.png": 3, "c.png": 4}


def test_picks_count_within_model_and_prompt() -> None:
    layers = {
        f"{model}/{prompt}{n}.png": [Facts(prompt=prompt, seed=n)]
        for model in "ab" for prompt in "xy" for n in (1, 2)
    }  # fmt: skip
    assert [record.pick for record in combine("/x", layers)] == [1, 2] * 4


def test_a_checkpoint_is_no_given_model_but_a_table_is() -> None:
    embedded = Facts(source="png", model="ckpt", params={"checkpoint": "ckpt"})
    layers = {"a/1.png": [embedded], "b/1.png": [Facts(source="t", model="named"), embedded]}
    records = combine("/x", layers)
    assert [record.model for record in records] == ["a", "named"]
    assert records[1].params["checkpoint"] == "ckpt"
    assert records[1].sources["model"].where == "t"


def test_what_many_images_share_is_held_once() -> None:
    layers = {
        f"{n}.png": [Facts(source="png", prompt="".join(["a red ", "fox"]), seed=n)] for n in (1, 2)
    }
    one, other = combine("/x/out", layers)
    assert one.prompt is other.prompt and one.sources is other.sources
    assert one.prompt == "a red fox" and (one.seed, other.seed) == (1, 2)
    assert one.params == other.params == {}


def test_hashes_are_told_where_they_are_known() -> None:
    known = combine("/x", {"a.png": [], "b.png": []}, sha256={"a.png": "ab"})
    assert [record.sha256 for record in known] == ["ab", ""]


def test_names_and_texts_of_params_are_held_once() -> None:
    layers = {
        f"{n}.png": [Facts.from_json(json.dumps({"params": {"sampler": "euler a", "cfg": n}}))]
        for n in range(2)
    }
    one, other = (record.params for record in combine("/x", layers))
    assert (one, other) == ({"sampler": "euler a", "cfg": 0}, {"sampler": "euler a", "cfg": 1})
    assert one["sampler"] is other["sampler"]
    assert all(a is b for a, b in zip(one, other, strict=True))


def test_many_images_are_put_together_in_little_memory() -> None:
    prompts = [Facts(source="sidecar", prompt=f"prompt {n}") for n in range(50)]
    layers = {f"m/{n:06}.png": [prompts[n // 40]] for n in range(2000)}
    combine("/x", layers)
    tracemalloc.start()
    records = combine("/x", layers)
    held, most = (size / len(records) for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    assert held < 300, "of which a record is 144"
    assert most < 400, "with drafts of all images at once it is 750"


def test_what_says_nothing_leaves_the_field_to_weaker_sources() -> None:
    layers = [
        Facts(source="hand", tags=(), texts=None, prompt_id=""),
        Facts(source="side", tags=("x",), texts=(), prompt_id="p7"),
        Facts(source="png", tags=("y",), texts=("A",), prompt_id="p8"),
    ]
    (record,) = combine("/x", {"a.png": layers})
    assert (record.tags, record.texts, record.prompt_id) == (("x",), (), "p7")
    assert record.sources["tags"].where == record.sources["texts"].where == "side"


def test_a_model_that_is_only_the_checkpoint_again_was_not_given() -> None:
    """Some programs write the checkpoint's name in both places."""
    again = Facts(source="png", model="sdxl", params={"checkpoint": "sdxl"})
    given = Facts(source="side", model="mine")
    other = Facts(source="table", model="theirs")
    first, second = combine("/out", {"a.png": [again], "b.png": [given, other, again]})
    assert (first.model, first.sources["model"].where) == ("sdxl", "png")
    assert (second.model, second.sources["model"].where) == ("mine", "side")


def test_the_strongest_source_of_the_checkpoint_is_told() -> None:
    layers = [
        Facts(source="hand"),
        Facts(source="side", params={"checkpoint": "sdxl"}),
        Facts(source="png", params={"checkpoint": "flux"}),
    ]
    (record,) = combine("/out", {"a.png": layers})
    assert (record.model, record.sources["model"].where) == ("sdxl", "side")
    assert record.params["checkpoint"] == "sdxl"


def test_a_parameter_that_is_null_is_left_to_weaker_sources() -> None:
    """A sidecar with `"steps": null` knows less than the picture that has them."""
    layers = [
        Facts(source="side", params={"steps": None, "cfg": 0}),
        Facts(source="png", params={"steps": 20, "cfg": 7, "sampler": None}),
    ]
    (record,) = combine("/x", {"a.png": layers})
    assert record.params == {"steps": 20, "cfg": 0}


@pytest.mark.parametrize("folder", ["/x/my model", "/x/my model/", "/x/y/../my model"])
def test_images_that_say_nothing_are_of_the_folder(folder: str) -> None:
    (record,) = combine(folder, {"a.png": []})
    assert record.model == "my model"


def test_lonely_images_have_ids_as_long_as_prompts_and_never_theirs() -> None:
    assert len(lonely_id("a.png")) == len(prompt_id_of("a.png")) == 12
    assert lonely_id("a.png") != prompt_id_of("a.png")
    assert lonely_id("a.png") != lonely_id("b.png")
    assert len(lonely_id("\udcff.png")) == 12
