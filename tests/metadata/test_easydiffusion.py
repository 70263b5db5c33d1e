import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.easydiffusion import read


@pytest.mark.parametrize("path", ["base.ckpt", "C:\\models\\base.ckpt", "/home/x/models/base.ckpt"])
def test_model_path_of_any_system(path: str) -> None:
    facts = read(Embedded("PNG", text={"prompt": "fox", "use_stable_diffusion_model": path}))
    assert facts is not None
    assert facts.model == facts.params["checkpoint"] == "base.ckpt"


def test_lora() -> None:
    text = {
        "Prompt": "fox",
        "Stable Diffusion model": "b",
        "LoRA model": "s",
        "LoRA strength": "0.5",
    }
    facts = read(Embedded("PNG", text=text))
    assert facts is not None
    assert facts.params["loras"] == [{"name": "s", "strength": 0.5}]


def test_a_prompt_alone_is_not_easy_diffusion() -> None:
    assert read(Embedded("PNG", text={"prompt": "fox", "seed": "1"})) is None
