import open_clip
import pytest
import torch
from clip_weights import CONFIG

from iqmetrics.nets import clip_text

TEXTS = ["a cat", "two red bicycles leaning against a yellow wall", ""]


@pytest.fixture(scope="module")
def model() -> open_clip.CLIP:
    torch.manual_seed(0)
    return open_clip.CLIP(**CONFIG["model_cfg"]).eval()


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    return open_clip.SimpleTokenizer()(TEXTS)


@torch.inference_mode()
def test_padding_changes_nothing(model: open_clip.CLIP, ids: torch.Tensor) -> None:
    found, wanted = clip_text.encode(model, ids), model.encode_text(ids)
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


@torch.inference_mode()
def test_a_full_context_is_read_whole(model: open_clip.CLIP) -> None:
    ids = open_clip.SimpleTokenizer()(["one two three " * 60])
    assert torch.allclose(clip_text.encode(model, ids), model.encode_text(ids), atol=1e-6)


@torch.inference_mode()
def test_the_tower_never_sees_the_padding(
    model: open_clip.CLIP, ids: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    run = model.transformer.forward

    def forward(x: torch.Tensor, attn_mask: torch.Tensor) -> torch.Tensor:
        seen.append(x.shape[1])
        return run(x, attn_mask=attn_mask)

    monkeypatch.setattr(model.transformer, "forward", forward)
    clip_text.encode(model, ids)
    assert seen == [int(ids.argmax(-1).max()) + 1]
    assert seen[0] < 20


def test_another_kind_of_tower_is_left_alone(ids: torch.Tensor) -> None:
    class Other:
        def encode_text(self, given: torch.Tensor) -> torch.Tensor:
            return given + 1

    assert torch.equal(clip_text.encode(Other(), ids), ids + 1)
