"""Where prompt, seed and size go in graphs that are wired in the usual ways."""

import json
from typing import Any

import pytest

from iqmetrics.comfyui_patch import PASSES, TEXTS, check, patched, places
from iqmetrics.errors import BadInput


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


FLUX = {
    "6": node("CLIPTextEncodeFlux", clip_l="a", t5xxl="a", guidance=3.5, clip=["11", 0]),
    "22": node("BasicGuider", model=["12", 0], conditioning=["26", 0]),
    "26": node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
    "25": node("RandomNoise", noise_seed=1),
    "17": node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["12", 0]),
    "27": node("EmptySD3LatentImage", width=["31", 0], height=["32", 0], batch_size=1),
    "31": node("PrimitiveInt", value=1024),
    "32": node("PrimitiveInt", value=768),
    "13": node("SamplerCustomAdvanced", noise=["25", 0], guider=["22", 0], latent_image=["27", 0]),
    "11": node("DualCLIPLoader"),
    "12": node("UNETLoader"),
}
CONTROL = {
    "1": node("CLIPTextEncode", text=["8", 0], clip=["9", 0]),
    "8": node("PrimitiveString", value="old"),
    "2": node("CLIPTextEncode", text="bad", clip=["9", 0]),
    "3": node("ControlNetApplyAdvanced", positive=["1", 0], negative=["2", 0], strength=1.0),
    "4": node("KSampler", seed=1, steps=4, cfg=1.0, denoise=0.7, model=["9", 0],
              positive=["3", 0], negative=["3", 1], latent_image=["5", 0]),
    "5": node("EmptyLatentImage", width=64, height=64, batch_size=8),
    "9": node("CheckpointLoaderSimple"),
}  # fmt: skip
ZERO = {
    "1": node("CLIPTextEncode", text="old"),
    "2": node("ConditioningZeroOut", conditioning=["1", 0]),
    "4": node("KSampler", seed=1, positive=["1", 0], negative=["2", 0], model=["9", 0]),
    "9": node("UNETLoader"),
}


def test_a_guider_graph() -> None:
    found = places(FLUX, {})
    assert found["prompt"] == [("6", "t5xxl"), ("6", "clip_l")]
    assert found["seed"] == [("25", "noise_seed")]
    assert found["steps"] == [("17", "steps")]
    assert (found["width"], found["height"]) == ([("31", "value")], [("32", "value")])
    assert set(found["guidance"]) == {("6", "guidance"), ("26", "guidance")}


def test_polarity_is_kept_through_nodes_that_pass_both() -> None:
    found = places(CONTROL, {})
    assert found["prompt"] == [("8", "value")] and found["negative"] == [("2", "text")]
    assert found["strength"] == [("4", "denoise")], "the strength of a control net is another thing"


def test_a_zeroed_negative_has_no_place() -> None:
    found = places(ZERO, {})
    assert found["prompt"] == [("1", "text")] and found["negative"] == []
    made, applied, left_out = patched(ZERO, found, {"prompt": "new", "negative": "n", "width": 8})
    assert made["1"]["inputs"]["text"] == "new" and ZERO["1"]["inputs"]["text"] == "old"
    assert applied == {"prompt": "new"} and left_out == ("negative", "width")


def test_a_map_wins_by_id_or_title() -> None:
    graph = json.loads(json.dumps(CONTROL))
    graph["8"]["_meta"] = {"title": "My. prompt"}
    graph["2"]["_meta"] = {"title": "Other"}
    found = places(graph, {"prompt": "My. prompt.value", "seed": ["4.seed"], "style": "Other.text"})
    assert found["prompt"] == [("8", "value")] and found["style"] == [("2", "text")]
    with pytest.raises(BadInput, match=r"is no NODE\.INPUT") as error:
        places(graph, {"prompt": "77.text"})
    assert "8.value" in error.value.hint


def test_a_graph_without_a_prompt_asks_for_a_map() -> None:
    with pytest.raises(BadInput, match="no input for the prompt") as error:
        places({"1": node("LoadImage", image="x.png")}, {})
    assert "map=" in error.value.hint


def test_a_circle_ends() -> None:
    graph = {
        "1": node("A", positive=["2", 0], text="x"),
        "2": node("ConditioningCombine", conditioning_1=["2", 0], conditioning_2=["3", 0]),
        "3": node("CLIPTextEncode", text="y"),
    }
    assert ("3", "text") not in places(graph, {"prompt": "1.text"})["negative"]


@pytest.mark.parametrize("graph", [[], {}, {"a": 1}, {"1": {"class_type": "X"}}, "x", None])
def test_what_is_no_graph_is_refused(graph: Any) -> None:
    with pytest.raises(BadInput, match="is no ComfyUI workflow"):
        check(graph, "f.json")


def test_an_api_request_is_unwrapped() -> None:
    assert check({"prompt": ZERO, "client_id": "x"}, "f.json") == ZERO


def test_one_image_is_asked_for_whatever_the_graph_was_exported_with() -> None:
    graph = {**CONTROL, "7": node("LatentUpscaleEmpty"), "8": node("VAEEncode", batch_size=8)}
    made, _, _ = patched(graph, places(CONTROL, {}), {"prompt": "x"})
    assert made["5"]["inputs"]["batch_size"] == 1
    assert made["8"]["inputs"]["batch_size"] == 8, "no empty latent"
    assert "batch_size" not in made["7"]["inputs"], "nothing is put where nothing was"
    assert graph["5"]["inputs"]["batch_size"] == 8, "the graph itself stays"


def test_a_value_behind_two_links_is_left_alone() -> None:
    graph = {
        **ZERO,
        "4": node("KSampler", seed=["30", 0], positive=["1", 0], model=["9", 0]),
        "30": node("Reroute", value=["31", 0]),
        "31": node("PrimitiveInt", value=7),
    }
    assert places(graph, {})["seed"] == []
    near = {**graph, "30": node("Seed", value=["31", 0], seed=3)}
    assert places(near, {})["seed"] == [("30", "seed")]


def test_the_strength_of_a_lora_is_not_that_of_an_image() -> None:
    graph = {**CONTROL, "40": node("LoraLoader", strength=0.5), "41": node("Blur", denoise=0.2)}
    assert places(graph, {})["strength"] == [("4", "denoise")]


@pytest.mark.parametrize("kind", ["EmptyImage", "LatentUpscale", "LoadLatent"])
def test_only_an_empty_latent_has_the_size(kind: str) -> None:
    graph = {**CONTROL, "5": node(kind, width=64, height=64)}
    found = places(graph, {})
    assert (found["width"], found["height"]) == ([], [])


def test_what_has_no_place_is_named_in_order() -> None:
    made, applied, left = patched(
        ZERO, places(ZERO, {}), {"width": 8, "prompt": "x", "negative": "y", "eta": 1}
    )
    assert (applied, left) == ({"prompt": "x"}, ("width", "negative", "eta"))
    assert made["1"]["inputs"]["text"] == "x"


def test_a_workflow_of_the_editor_says_how_to_export_it() -> None:
    with pytest.raises(BadInput) as error:
        check({"nodes": [], "links": []}, "flow.json")
    assert "flow.json" in error.value.message and "Export (API)" in error.value.hint
    with pytest.raises(BadInput) as error:
        check([1], "flow.json")
    assert error.value.message == "flow.json is no ComfyUI workflow"
    assert "Export (API)" in error.value.hint


@pytest.mark.parametrize("name", [6, None, True, {"6": "text"}, ["6.text", 7], "", "6", ".text"])
def test_a_map_to_what_is_no_place_is_told(name: Any) -> None:
    """A number ended as a bug of iqm."""
    with pytest.raises(BadInput, match=r"map: prompt = .* is no NODE\.INPUT") as error:
        places(FLUX, {"prompt": name})
    assert "6.t5xxl" in error.value.hint and "26.conditioning" not in error.value.hint


@pytest.mark.parametrize("about", [None, [], "title", {}, {"title": None}])
def test_a_node_without_a_title_stands_in_nobodys_way(about: Any) -> None:
    graph = {**ZERO, "7": {**node("Note", text="x"), "_meta": about}}
    assert places(graph, {"prompt": "7.text"})["prompt"] == [("7", "text")]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_found_by_each_name_that_nodes_give_it(name: str) -> None:
    assert TEXTS == (
        "text", "prompt", "t5xxl", "clip_l", "clip_g", "text_g", "text_l", "value", "string",
    )  # fmt: skip
    graph = {**ZERO, "1": node("Encode", **{name: "old", "other": "words"})}
    assert places(graph, {})["prompt"] == [("1", name)]


@pytest.mark.parametrize("name", PASSES)
def test_a_text_is_found_through_each_input_that_passes_it_on(name: str) -> None:
    assert PASSES == (
        "conditioning", "conditioning_1", "conditioning_to", "conditioning_from", "cond",
    )  # fmt: skip
    graph = {
        "1": node("CLIPTextEncode", text="old"),
        "2": node("Combine", **{name: ["1", 0]}),
        "4": node("KSampler", positive=["2", 0]),
    }
    assert places(graph, {})["prompt"] == [("1", "text")]


@pytest.mark.parametrize(
    ("start", "role"),
    [("positive", "prompt"), ("cond1", "prompt"), ("negative", "negative"), ("cond2", "negative")],
)
def test_both_sides_of_samplers_and_guiders_are_told_apart(start: str, role: str) -> None:
    graph = {
        "1": node("CLIPTextEncode", text="this"),
        "2": node("CLIPTextEncode", text="other"),
        "4": node("DualCFGGuider", **{start: ["1", 0]}),
    }
    found = places(graph, {"prompt" if role == "negative" else "negative": "2.text"})
    assert found[role] == [("1", "text")]


def test_a_conditioning_starts_at_a_guider_only() -> None:
    """That of any other node may be of another picture, or of none."""
    graph = {"1": node("CLIPTextEncode", text="x"), "2": node("Preview", conditioning=["1", 0])}
    with pytest.raises(BadInput, match="no input for the prompt"):
        places(graph, {})
    graph["2"]["class_type"] = "BasicGuider"
    assert places(graph, {})["prompt"] == [("1", "text")]


def test_a_workflow_with_nodes_and_no_links_is_of_no_format() -> None:
    with pytest.raises(BadInput, match="is no ComfyUI workflow"):
        check({"nodes": []}, "f.json")
    with pytest.raises(BadInput, match="in the editor's format"):
        check({"nodes": [], "links": []}, "f.json")
    assert list(check({7: node("X")}, "f.json")) == ["7"], "ids are text, as links have them"


def test_words_that_are_zeroed_are_no_place_for_the_negative() -> None:
    graph = {
        **ZERO,
        "5": node("CLIPTextEncode", text="never seen"),
        "2": node("ConditioningZeroOut", conditioning=["5", 0]),
    }
    assert places(graph, {})["negative"] == []


def test_a_node_with_words_of_its_own_ends_the_search() -> None:
    graph = {**ZERO, "3": node("StyleText", text="own", conditioning=["1", 0])}
    graph["4"] = node("KSampler", positive=["3", 0])
    assert places(graph, {})["prompt"] == [("3", "text")]


@pytest.mark.parametrize("name", ["value", "noise_seed", "int", "seed"])
def test_a_seed_is_found_by_each_name_that_its_own_node_gives_it(name: str) -> None:
    graph = {**ZERO, "25": node("RandomNoise", noise_seed=["30", 0])}
    graph["30"] = node("Numbers", **{name: 3, "other": 5})
    assert ("30", name) in places(graph, {})["seed"]
    assert ("25", "noise_seed") not in places(graph, {})["seed"]
