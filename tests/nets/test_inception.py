from pathlib import Path

import numpy as np
import pytest
import torch
from clip_weights import picture
from inception_weights import of_torchmetrics, save_random
from torchmetrics.image.fid import FrechetInceptionDistance

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets import inception
from iqmetrics.weights import search


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random(tmp_path_factory.mktemp("inception"))


def test_features_are_those_torchmetrics_sees(file: Path) -> None:
    shown = [picture("", (70, 50), 1), picture("", (70, 50), 2), picture("", (40, 64), 3)]
    encoder = inception.Encoder(file, "cpu")
    found = encoder.features(shown)
    metric = FrechetInceptionDistance(feature=of_torchmetrics(file), input_img_size=(3, 50, 70))
    batch = torch.tensor(np.stack([p.pixels for p in shown[:2]])).permute(0, 3, 1, 2)
    metric.update(batch, real=True)
    assert found[0].shape == (inception.DIMENSIONS,)
    wanted = metric.real_features_sum.numpy()
    scale = np.abs(wanted).max()
    assert np.abs(found[0] + found[1] - wanted).max() < 1e-5 * scale
    assert np.abs(found[0] - found[1]).max() > 1e-3 * scale
    again = encoder.features(shown)
    assert all(a is b for a, b in zip(found, again, strict=True)), "computed once"


def test_absent_weights_name_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("IQM_WEIGHTS_DIR", "TORCH_HOME", "HF_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    search.find.cache_clear()
    with pytest.raises(Unavailable) as caught:
        inception.locate()
    assert caught.value.hint == "iqm weights pull inception-fid"


def test_another_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "weights-inception-2015-12-05-6726825d.pth"
    torch.save({}, path)
    with pytest.raises(BadInput, match="sha256"):
        inception.Encoder(path, "cpu")
