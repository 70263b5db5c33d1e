import copy
from typing import Any

import open_clip
import pytest
import torch
from clip_weights import CONFIG

from iqmetrics.nets import clip_image, clip_quick

VISION = CONFIG["model_cfg"]["vision_cfg"]
KINDS = {
    "plain": {},
    "one block": {"layers": 1},
    "five blocks": {"layers": 5},
    "layer scale": {"ls_init_value": 0.3},
    "norm after pooling": {"final_ln_after_pool": True},
    "no first norm": {"no_ln_pre": True},
}


def tower(quick: bool = False, **changes: Any) -> Any:
    torch.manual_seed(0)
    config = {**CONFIG["model_cfg"], "vision_cfg": {**VISION, **changes}, "quick_gelu": quick}
    visual = open_clip.CLIP(**config).eval().visual
    with torch.no_grad():
        for part in visual.parameters():
            part += 0.05 * torch.randn_like(part)  # biases and norms that would not be missed else
    return visual


def images(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("quick", [False, True])
@torch.inference_mode()
def test_the_answer_is_that_of_the_tower(changes: dict[str, Any], quick: bool) -> None:
    plain = tower(quick, **changes)
    wanted = plain(images())
    assert clip_image.trim(plain)
    clip_quick.quicken(plain)
    assert isinstance(plain.transformer, clip_quick.Blocks)
    found = plain(images())
    assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))
    assert torch.equal(plain(images()), found), "weights and pictures stay as they are"


@torch.inference_mode()
def test_a_picture_is_the_same_in_any_batch() -> None:
    plain = tower()
    clip_image.trim(plain)
    clip_quick.quicken(plain)
    whole = plain(images(3))
    assert torch.allclose(plain(images(3)[1:2]), whole[1:2], rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_another_activation_is_left_alone() -> None:
    plain = tower()
    for block in plain.transformer.resblocks:
        block.mlp.gelu = torch.nn.ReLU()
    clip_image.trim(plain)
    clip_quick.quicken(plain)
    assert not isinstance(plain.transformer, clip_quick.Blocks)


@pytest.mark.gpu
@pytest.mark.parametrize("quick", [False, True])
@torch.inference_mode()
def test_half_precision_stays_near(quick: bool) -> None:
    plain = tower(quick, layers=6)
    wanted = plain(images(8))
    half = copy.deepcopy(plain).half().cuda()
    clip_image.trim(half)
    clip_quick.quicken(half)
    found = half(images(8).half().cuda()).float().cpu()
    assert float(torch.cosine_similarity(found, wanted).min()) > 0.9999
