from pathlib import Path

import numpy as np
import pytest
import torch
from contract_sets import pictures_with
from inception_weights import of_torchmetrics, save_random
from PIL import Image
from torchmetrics.image.fid import FrechetInceptionDistance

from iqmetrics.nets import frechet, inception, reference
from iqmetrics.records import Reading
from iqmetrics.scorers import fid
from iqmetrics.scorers.base import load, options
from iqmetrics.scorers.fid import Fid


class Fixed:
    """Features by picture: its first row."""

    def features(self, pictures):
        return [p.pixels[0, :, 0].astype(np.float32) for p in pictures]


def scored(n: int, m: int, fingerprint: str = "abc") -> Reading:
    draw = np.random.default_rng(2)
    scorer = Fid(reference="somewhere", fingerprint=fingerprint)
    known = draw.normal(100, 20, (m, 8)).astype(np.float32)
    object.__setattr__(scorer, "net", Fixed())
    object.__setattr__(scorer, "known", known)
    vectors = draw.integers(0, 200, (n, 8))
    (reading,) = scorer.score(pictures_with(*map(tuple, vectors.tolist())))
    return reading


def test_too_few_for_both() -> None:
    reading = scored(199, 5000)
    assert {m.status for m in reading.missing.values()} == {"not_applicable"}
    assert reading.missing["fid.kid"].reason == (
        "199 images against 5000 reference pictures; it needs 200 of each"
    )
    assert "2049" in reading.missing["fid.fid"].reason


@pytest.mark.parametrize(("n", "m"), [(200, 3000), (3000, 200), (2048, 2049)])
def test_enough_for_kid_only(n: int, m: int) -> None:
    reading = scored(n, m)
    assert set(reading.values) == {"fid.kid"}
    assert set(reading.missing) == {"fid.fid"}


def test_enough_for_both() -> None:
    reading = scored(2049, 2049)
    draw = np.random.default_rng(2)
    known = draw.normal(100, 20, (2049, 8)).astype(np.float32)
    ours = draw.integers(0, 200, (2049, 8)).astype(np.float32)
    assert reading.values["fid.fid"] == pytest.approx(frechet.frechet(ours, known))
    assert reading.values["fid.kid"] == pytest.approx(frechet.kernel_distance(ours, known))
    assert reading.evidence == {"n": 2049, "reference_n": 2049, "reference": "abc"}


def test_without_a_reference_it_says_so() -> None:
    (reading,) = Fid().score(pictures_with((1, 2)))
    assert all("no reference folder" in m.reason for m in reading.missing.values())


def saved(folder: Path, count: int, seed: int) -> Path:
    folder.mkdir()
    draw = np.random.default_rng(seed)
    for i in range(count):
        pixels = draw.integers(0, 128 + 60 * seed, (24, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_from_files_it_is_the_number_of_torchmetrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQM_WEIGHTS_DIR", str(tmp_path / "cache" / "weights"))
    monkeypatch.setattr(fid, "FID_LEAST", 4)
    monkeypatch.setattr(fid, "KID_LEAST", 4)
    place, other = saved(tmp_path / "known", 5, 1), saved(tmp_path / "ours", 6, 2)
    weights = save_random(tmp_path)
    scorer = Fid(reference=str(place), file=str(weights))
    load(scorer, "cpu")
    from iqmetrics.images import open_picture
    from iqmetrics.records import ImageRecord

    shown = [open_picture(ImageRecord(p.name, str(p))) for p in sorted(other.iterdir())]
    scorer.read(shown)
    (reading,) = scorer.score([p.remembered() for p in shown])
    metric = FrechetInceptionDistance(feature=of_torchmetrics(weights), input_img_size=(3, 24, 20))
    metric.set_dtype(torch.float64)
    for folder, real in ((place, True), (other, False)):
        images = [np.asarray(Image.open(p)) for p in sorted(folder.iterdir())]
        metric.update(torch.tensor(np.stack(images)).permute(0, 3, 1, 2), real=real)
    wanted = float(metric.compute())  # so few vectors leave its eigenvalues noise around 0
    assert reading.values["fid.fid"] == pytest.approx(wanted, rel=1e-2)
    assert wanted > 1e-3
    assert reading.evidence["n"] == 6 and reading.evidence["reference_n"] == 5
    assert reading.evidence["reference"] == reference.fingerprint(str(place))
    assert len(scorer.known[0]) == inception.DIMENSIONS


def test_what_the_folder_holds_is_part_of_the_options(tmp_path: Path) -> None:
    place = saved(tmp_path / "known", 3, 1)
    first = options(Fid(reference=str(place)))
    assert first["fingerprint"] == reference.fingerprint(str(place))
    (place / "0.png").unlink()
    assert options(Fid(reference=str(place)))["fingerprint"] != first["fingerprint"]
