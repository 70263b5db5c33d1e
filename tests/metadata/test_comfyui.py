import json

import pytest
from comfy_graphs import HARD, MORE, NEGATIVE, POSITIVE, Case, encode, node, plain, sampler

from iqmetrics.metadata.comfyui import facts_of, is_sampler, read
from iqmetrics.metadata.comfyui_graph import Node, parse
from iqmetrics.metadata.containers import Embedded


def facts(graph: dict, **more):
    return facts_of(parse(json.dumps(graph)), **more)


@pytest.mark.parametrize("name", [*HARD, *MORE])
def test_hard_graph(name: str) -> None:
    case: Case = {**HARD, **MORE}[name]
    found = facts(case.graph)
    for field in ("prompt", "negative", "model", "seed", "steps", "confidence"):
        assert getattr(found, field) == getattr(case, field), field


def test_there_are_thirteen_hard_graphs() -> None:
    assert len(HARD) == 13


def test_base_comes_before_refiner_and_keeps_the_later_words() -> None:
    graph = plain(
        n3=sampler(seed=1, steps=5, model=["21", 0], positive=["22", 0], latent_image=["20", 0]),
        n20=sampler(),
        n21=node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
        n22=encode("a sharp fox"),
    )
    found = facts(graph)
    assert (found.prompt, found.seed, found.steps, found.model) == (
        POSITIVE,
        42,
        20,
        "base.safetensors",
    )
    assert found.params["stages"] == 2
    assert found.params["later_prompts"] == ["a sharp fox"]
    assert found.params["later_checkpoints"] == ["refiner.safetensors"]


def test_loras_are_kept_beside_the_checkpoint() -> None:
    graph = plain(
        n3=sampler(model=["20", 0]),
        n20=node("LoraLoader", lora_name="a.safetensors", strength_model=0.5, model=["21", 0], clip=["4", 1]),
        n21=node(
            "Power Lora Loader (rgthree)", model=["4", 0],
            lora_1={"on": True, "lora": "b.safetensors", "strength": 1.0},
            lora_2={"on": False, "lora": "c.safetensors", "strength": 1.0},
        ),
    )  # fmt: skip
    found = facts(graph)
    assert found.params["checkpoint"] == "base.safetensors"
    assert [lora["name"] for lora in found.params["loras"]] == ["a.safetensors", "b.safetensors"]
    assert found.params["loras"][0]["strength"] == 0.5


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (832, 1216)),
        ({"n8": node("ImageScale", image=["10", 0], width=100, height=50)}, (100, 50)),
        ({"n8": node("ImageScaleBy", image=["10", 0], scale_by=1.5)}, None),
        (
            {"n5": node("VAEEncode", pixels=["11", 0]), "n11": node("LoadImage", image="x.png")},
            None,
        ),
        (
            {
                "n5": node("EmptyLatentImage", width=["11", 0], height=["11", 1]),
                "n11": node("Size"),
            },
            None,
        ),
    ],
)
def test_requested_size_is_what_was_asked_for_last(changes: dict, size: tuple | None) -> None:
    graph = plain(**{"n10": node("VAEDecode", samples=["3", 0], vae=["4", 2]), **changes})
    assert facts(graph).size == size


def test_of_two_saved_images_the_size_of_this_one_counts() -> None:
    graph = plain(
        n20=node("ImageScale", image=["8", 0], width=100, height=50),
        n21=node("SaveImage", images=["20", 0]),
    )
    assert facts(graph, found_size=(100, 50)).size == (100, 50)
    assert facts(graph, found_size=(832, 1216)).size == (832, 1216)
    assert facts(graph, found_size=(7, 7)).size is None


def test_nan_in_the_graph_is_no_error() -> None:
    text = json.dumps({**plain(), "3": {**sampler(), "is_changed": [float("nan")]}})
    assert "NaN" in text
    found = read(Embedded("PNG", text={"prompt": text}))
    assert found is not None
    assert (found.prompt, found.negative) == (POSITIVE, NEGATIVE)


def test_a_chunk_called_prompt_without_a_graph_is_not_comfyui() -> None:
    assert read(Embedded("PNG", text={"prompt": "a red fox"})) is None


def test_controlnet_and_loader_are_no_samplers() -> None:
    links = {"positive": None, "negative": None}
    assert not is_sampler(Node("1", "ControlNetApplyAdvanced", {"strength": 1}, links))
    assert not is_sampler(Node("1", "Loader", {"seed": 1}, links))
    assert is_sampler(Node("1", "AnythingNew", {"noise_seed": 1}, links))


@pytest.mark.parametrize("name", [*HARD, *MORE])
def test_facts_do_not_depend_on_the_order_of_nodes_or_their_ids(name: str) -> None:
    graph = {**HARD, **MORE}[name].graph
    ids = {key: str(1000 - n) for n, key in enumerate(graph)}

    def moved(value: object) -> object:
        link = isinstance(value, list) and len(value) == 2 and value[0] in ids
        return [ids[value[0]], value[1]] if link else value

    renamed = {
        ids[key]: node(one["class_type"], **{k: moved(v) for k, v in one["inputs"].items()})
        for key, one in reversed(graph.items())
    }
    assert facts(renamed) == facts(graph)


@pytest.mark.parametrize("seed", [0, 2**64 - 1, "7", 7.0])
def test_seeds_of_any_size_and_writing(seed: object) -> None:
    assert facts(plain(n3=sampler(seed=seed))).seed == int(seed)  # type: ignore[call-overload]


@pytest.mark.parametrize("seed", [None, "random", 1.5, True, [1, 2, 3], {"a": 1}])
def test_what_is_no_seed_is_not_told(seed: object) -> None:
    assert facts(plain(n3=sampler(seed=seed))).seed is None


def test_words_of_any_script_come_back_as_they_were() -> None:
    text = '雪の狐 🦊, "quoted" \\ (fox:1.2)\nمرحبا \ud83d'
    found = facts(plain(n6=encode(text)))
    assert found.prompt == text and found.confidence == "high"


def test_a_graph_in_the_exif_of_a_webp_is_that_of_a_png() -> None:
    text = json.dumps(plain())
    png = read(Embedded("PNG", text={"prompt": text}))
    assert png is not None and png.prompt == POSITIVE
    for value in (f"prompt:{text}", f"Prompt: {text}", text, f"  {text}"):
        assert read(Embedded("WEBP", exif={0x0110: value, 0x010F: "workflow:{}"})) == png
    assert read(Embedded("JPEG", text={"comment": text})) == png
    assert read(Embedded("WEBP", exif={0x0110: f"workflow:{text}"})) is None


def test_a_broken_graph_gives_way_to_the_next_place() -> None:
    text = json.dumps(plain())
    found = read(Embedded("PNG", text={"prompt": '{"class_type"'}, exif={0x0110: f"prompt:{text}"}))
    assert found is not None and found.negative == NEGATIVE


@pytest.mark.parametrize(
    "changes",
    [
        {"n3": node("KSampler")},
        {"n6": node("CLIPTextEncode")},
        {"n6": encode(None)},
        {"n6": encode(7)},
        {"n6": encode(["6", 0])},
        {"n4": node("CheckpointLoaderSimple", ckpt_name=None)},
        {"n4": node("CheckpointLoaderSimple", ckpt_name={"content": 3})},
        {"n9": node("SaveImage", images=["9", 0])},
        {"n9": node("SaveImage", images=["8", -7])},
        {"n3": sampler(positive=["6", -7], negative=["7", 10**20])},
    ],
)
def test_damaged_graphs_make_up_nothing(changes: dict) -> None:
    found = facts(plain(**changes))
    assert found.prompt in (POSITIVE, None)
    assert found.negative in (NEGATIVE, None)
    assert found.model in ("base.safetensors", "")
    assert found.seed in (42, None)


def test_loras_without_weight_or_switched_off() -> None:
    graph = plain(
        n3=sampler(model=["20", 0]),
        n20=node(
            "Power Lora Loader (rgthree)", model=["4", 0], lora_1={"lora": "a.safetensors"},
            lora_2={"on": True, "lora": None, "strength": 1.0}, lora_3="None", lora_4="",
            lora_05="b.safetensors",
        ),
    )  # fmt: skip
    loras = facts(graph).params["loras"]
    assert loras == [{"name": "a.safetensors"}, {"name": "b.safetensors"}]


def test_a_sampler_that_does_not_lead_to_the_saved_image_says_nothing() -> None:
    graph = plain(
        n20=sampler(seed=7, positive=["21", 0]),
        n21=encode("never seen"),
        n22=node("VAEDecode", samples=["20", 0], vae=["4", 2]),
        n23=node("PreviewImage", images=["22", 0]),
    )
    found = facts(graph)
    assert (found.prompt, found.seed, found.params["stages"]) == (POSITIVE, 42, 1)
