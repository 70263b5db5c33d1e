from pathlib import Path

import numpy as np
import pytest
import torch
from clip_weights import picture, save_small
from PIL import Image

from iqmetrics.nets import clip, clip_source


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> clip.Encoder:
    folder = save_small(tmp_path_factory.mktemp("clip"))
    return clip.Encoder(clip_source.locate(f"local-dir:{folder}"), "cpu")


@pytest.mark.parametrize("size", [(80, 60), (61, 97), (32, 32), (20, 31), (400, 300)])
def test_input_is_what_open_clip_makes(encoder: clip.Encoder, size: tuple[int, int]) -> None:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    shown = picture("", size, 5)
    look = image_transform_v2(PreprocessCfg(size=32, mean=(0, 0, 0), std=(1, 1, 1)), is_train=False)
    wanted = look(Image.fromarray(shown.pixels)) * 255
    (on_cpu,) = encoder._on_cpu([shown])
    (on_gpu,) = encoder._on_gpu(torch.tensor(shown.pixels)[None])
    assert torch.equal(on_cpu, wanted.round())
    assert torch.allclose(on_cpu, wanted, atol=1e-3)
    assert float((on_gpu - on_cpu).abs().max()) <= 1
    assert float((on_gpu != on_cpu).double().mean()) < 2e-3


def test_the_way_of_the_gpu_gives_the_same_embeddings(
    encoder: clip.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [picture("", (80, 60), 1), picture("", (50, 90), 2), picture("", (80, 60), 3)]
    plain = encoder._encode_pictures(shown)
    monkeypatch.setattr(encoder, "half", True)
    other = encoder._encode_pictures(shown)
    assert np.allclose(plain, other, atol=1e-3)
    assert not np.allclose(plain[0], plain[1], atol=1e-2)


def test_embeddings_are_unit_vectors_in_batches_of_any_size(
    encoder: clip.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [picture("", (40, 40), i) for i in range(5)]
    whole = encoder._encode_pictures(shown)
    monkeypatch.setitem(clip.BATCH, "cpu", 2)
    assert np.allclose(encoder._encode_pictures(shown), whole, atol=1e-6)
    assert np.allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-6)


def test_a_text_is_encoded_once(encoder: clip.Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encoder.texts(["a red fox", "a blue whale", "a red fox"])
    assert torch.equal(first[0], first[2])
    monkeypatch.setattr(encoder, "model", None)
    assert torch.equal(encoder.texts(["a blue whale"])[0], first[1])


def test_only_the_last_texts_are_remembered(
    encoder: clip.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many prompts a run has; a batch of more than are remembered is answered whole."""
    monkeypatch.setattr(clip.prompts, "KEPT", 3)
    texts = [f"{n} foxes" for n in range(5)]
    first = encoder.texts(texts)
    assert list(encoder._texts) == texts[2:]
    assert torch.allclose(encoder.texts(texts[:1])[0], first[0], atol=1e-6)
    assert list(encoder._texts) == [*texts[3:], texts[0]]


def test_fits_counts_start_and_end(encoder: clip.Encoder) -> None:
    assert encoder.fits(" ".join(["cat"] * 75))
    assert not encoder.fits(" ".join(["cat"] * 76))


def test_one_encoder_a_model_device_and_precision(tmp_path: Path) -> None:
    name = f"local-dir:{save_small(tmp_path)}"
    assert clip.encoder(name, "cpu") is clip.encoder(name, "cpu")
    assert clip.encoder(name, "cpu", True).dtype is torch.bfloat16
