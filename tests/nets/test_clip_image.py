from typing import Any

import open_clip
import pytest
import torch
from clip_weights import CONFIG

from iqmetrics.nets import clip_image

VISION = CONFIG["model_cfg"]["vision_cfg"]
READS_ONE = {
    "plain": {},
    "one block": {"layers": 1},
    "layer scale": {"ls_init_value": 0.3},
    "norm after pooling": {"final_ln_after_pool": True},
    "no first norm": {"no_ln_pre": True},
}
READS_ALL = {
    "mean of patches": {"pool_type": "avg"},
    "attentional pool": {"attentional_pool": True},
    "other blocks": {"qk_norm": True},
    "tokens wanted": {"output_tokens": True},
}


def tower(quick: bool = False, **changes: Any) -> Any:
    torch.manual_seed(0)
    config = {**CONFIG["model_cfg"], "vision_cfg": {**VISION, **changes}, "quick_gelu": quick}
    return open_clip.CLIP(**config).eval()


def images(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("changes", READS_ONE.values(), ids=READS_ONE)
@pytest.mark.parametrize("quick", [False, True])
@torch.inference_mode()
def test_the_answer_is_that_of_the_whole_tower(changes: dict[str, Any], quick: bool) -> None:
    model = tower(quick, **changes)
    wanted = model.encode_image(images())
    clip_image.trim(model.visual)
    assert isinstance(model.visual.transformer.resblocks[-1], clip_image.FirstToken)
    assert torch.allclose(model.encode_image(images()), wanted, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(wanted[0], wanted[1], atol=1e-3)


@pytest.mark.parametrize("changes", READS_ALL.values(), ids=READS_ALL)
@torch.inference_mode()
def test_a_tower_that_reads_more_is_left_alone(changes: dict[str, Any]) -> None:
    model = tower(**changes)
    blocks = list(model.visual.transformer.resblocks)
    clip_image.trim(model.visual)
    assert list(model.visual.transformer.resblocks) == blocks


@pytest.mark.parametrize("arch", ["RN50", "ViT-B-16-SigLIP", "coca_ViT-B-32", "MobileCLIP-S1"])
def test_other_architectures_are_left_alone(arch: str) -> None:
    with torch.device("meta"):
        visual = build(arch)
    names = [type(part) for part in visual.modules()]
    clip_image.trim(visual)
    assert [type(part) for part in visual.modules()] == names


@pytest.mark.parametrize("arch", ["ViT-B-32", "ViT-L-14-quickgelu", "xlm-roberta-base-ViT-B-32"])
@torch.inference_mode()
def test_architectures_that_are_trimmed(arch: str) -> None:
    """With two of their blocks, so that the test is small."""
    torch.manual_seed(0)
    visual = build(arch, layers=2).eval()
    shown = torch.randn(1, 3, *visual.image_size)
    wanted = visual(shown)
    clip_image.trim(visual)
    assert isinstance(visual.transformer.resblocks[-1], clip_image.FirstToken)
    assert torch.allclose(visual(shown), wanted, rtol=1e-4, atol=1e-5)


def build(arch: str, **changes: Any) -> Any:
    from open_clip.model import _build_vision_tower

    config = open_clip.get_model_config(arch)
    vision = {**config["vision_cfg"], **changes, "timm_model_pretrained": False}
    return _build_vision_tower(config["embed_dim"], vision, config.get("quick_gelu", False))


@torch.inference_mode()
def test_the_last_block_walks_one_token_through_its_mlp() -> None:
    model = tower()
    clip_image.trim(model.visual)
    seen: list[tuple[int, ...]] = []
    last = model.visual.transformer.resblocks[-1].block
    last.mlp.register_forward_hook(lambda _, given, __: seen.append(tuple(given[0].shape)))
    model.encode_image(images(2))
    assert seen == [(2, 1, 64)]


@torch.inference_mode()
def test_every_patch_still_counts() -> None:
    """Without its keys and values the last block would miss what only it looks at."""
    model = tower(layers=1)
    clip_image.trim(model.visual)
    plain, changed = images(1), images(1)
    changed[..., -8:, -8:] += 3
    gap = (model.encode_image(plain) - model.encode_image(changed)).abs().max()
    assert float(gap) > 1e-3


@pytest.mark.parametrize("changes", [{}, {"layers": 6}, {"ls_init_value": 0.3}])
@torch.inference_mode()
def test_sums_in_float32_lower_the_error_of_bfloat16(changes: dict[str, Any]) -> None:
    wanted, plain, mixed = (tower(**changes) for _ in range(3))
    plain.visual.to(torch.bfloat16)
    clip_image.shorten(mixed.visual, torch.bfloat16)
    clip_image.trim(mixed.visual)
    truth = wanted.encode_image(images(16))
    shown = images(16).bfloat16()
    gaps = [(m.encode_image(shown).float() - truth).abs().mean() for m in (plain, mixed)]
    assert 0 < gaps[1] < 0.8 * gaps[0]


def test_only_what_is_heavy_is_shortened() -> None:
    visual = tower().visual
    clip_image.shorten(visual, torch.bfloat16)
    short = {name for name, p in visual.named_parameters() if p.dtype is torch.bfloat16}
    assert all(any(part in name for part in ("conv1", ".attn.", ".mlp.")) for name in short)
    assert len(short) == 1 + 2 * (4 + 4)


def test_another_tower_is_shortened_whole() -> None:
    visual = tower(attentional_pool=True).visual
    clip_image.shorten(visual, torch.bfloat16)
    assert {p.dtype for p in visual.parameters()} == {torch.bfloat16}
