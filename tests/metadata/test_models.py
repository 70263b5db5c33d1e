import pytest

from iqmetrics.metadata.models import ModelRule, lora_names, wrapper_depth
from iqmetrics.records import Source

TABLE, PNG = Source("prompts.csv"), Source("comfyui")


def model(image: str, images: list[str], given: str = "", checkpoint: str = "", **options) -> str:
    params = {"checkpoint": checkpoint} if checkpoint else {}
    rule = ModelRule(images, [params] * len(images), "outputs", **options)
    return rule.model(image, given, TABLE, params, PNG)[0]


TWO = ["flux/1.png", "sd3/1.png"]


@pytest.mark.parametrize(
    ("images", "given", "checkpoint", "answer"),
    [
        (TWO, "given", "ckpt", "given"),
        (TWO, "", "ckpt", "flux"),
        (["flux/1.png", "flux/2.png"], "", "ckpt", "ckpt"),
        (["flux/1.png"], "", "", "outputs"),
        (["1.png", "2.png"], "", "", "outputs"),
        (["2024-05-01/1.png", "2024-05-02/1.png"], "", "ckpt", "ckpt"),
        (["00000/1.png", "00001/1.png"], "", "", "outputs"),
        (["txt2img-images/1.png", "img2img-images/1.png"], "", "ckpt", "ckpt"),
        (["images/flux/1.png", "images/sd3/1.png"], "", "ckpt", "flux"),
        (["flux/1.png", "sd3/1.png", "loose.png"], "", "ckpt", "flux"),
    ],
)
def test_rule(images: list[str], given: str, checkpoint: str, answer: str) -> None:
    assert model(images[0], images, given, checkpoint) == answer


def test_a_loose_file_beside_model_folders_uses_its_metadata() -> None:
    assert model("loose.png", [*TWO, "loose.png"], "", "ckpt") == "ckpt"
    assert model("loose.png", [*TWO, "loose.png"]) == "outputs"


def test_by_hand_from_metadata() -> None:
    assert model("flux/1.png", TWO, "", "ckpt", model_from="metadata") == "ckpt"
    assert model("flux/1.png", TWO, "", "", model_from="metadata") == "outputs"
    assert model("flux/1.png", TWO, "given", "ckpt", model_from="metadata") == "given"


def test_by_hand_from_folders() -> None:
    assert (
        model("2024-05-01/1.png", ["2024-05-01/1.png"], "given", "ckpt", model_from="folder")
        == "2024-05-01"
    )
    assert model("1.png", ["1.png"], "given", "ckpt", model_from="folder") == "outputs"


def test_source_tells_where_from() -> None:
    rule = ModelRule(TWO, [{}, {}], "outputs")
    assert rule.model("flux/1.png", "", TABLE, {}, PNG)[1] == Source("folder name", "medium")
    assert rule.model("flux/1.png", "x", TABLE, {}, PNG)[1] == TABLE
    assert rule.model("1.png", "", TABLE, {"checkpoint": "c"}, PNG)[1] == PNG


def test_loras_part_the_models_only_where_they_differ() -> None:
    plain, styled = (
        {"checkpoint": "c"},
        {"checkpoint": "c", "loras": [{"name": "a/style.safetensors"}]},
    )
    both = ModelRule(["1.png", "2.png"], [plain, styled], "o")
    assert both.model("1.png", "", TABLE, plain, PNG)[0] == "c"
    assert both.model("2.png", "", TABLE, styled, PNG)[0] == "c + style"
    assert ModelRule(["2.png"], [styled], "o").model("2.png", "", TABLE, styled, PNG)[0] == "c"


def test_a_checkpoint_is_one_model_whether_or_not_its_suffix_is_written() -> None:
    comfy, a1111 = {"checkpoint": "base_1.0.safetensors"}, {"checkpoint": "base_1.0"}
    rule = ModelRule(["1.png", "2.png"], [comfy, a1111], "o")
    names = {rule.model(f"{n}.png", "", TABLE, one, PNG)[0] for n, one in ((1, comfy), (2, a1111))}
    assert names == {"base_1.0"}, "what stands behind the dot of 1.0 is no suffix"


def test_lora_names_of_any_form() -> None:
    assert lora_names({"loras": [{"name": "x\\a.safetensors"}, "b.pt"]}) == "a + b"
    assert lora_names({}) == ""


def test_wrapper() -> None:
    assert wrapper_depth(["images/a/1.png", "images/b/1.png"]) == 1
    assert (
        wrapper_depth(["flux/a/1.png"])
        == wrapper_depth(["images/1.png", "1.png"])
        == wrapper_depth([])
        == 0
    )
