import math
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from clip_weights import picture, save_small
from contract import check_scorer
from PIL import Image

from iqmetrics.demo import scenes
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.images import Picture
from iqmetrics.nets import clip as nets_clip
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load
from iqmetrics.scorers.clip import Clip
from iqmetrics.scorers.diversity import Diversity

LONG = ". ".join(f"a small red house number {i} by the green lake at dawn" for i in range(14))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"local-dir:{save_small(tmp_path_factory.mktemp('clip'))}"


@pytest.fixture(scope="module")
def scorer(small: str) -> Clip:
    made = Clip(model=small)
    load(made, "cpu")
    return made


def scene_pictures(count: int, seed: int = 1) -> tuple[list[scenes.Scene], list[Picture]]:
    rng, source = Random(seed), scenes.stream(seed)
    drawn = [next(source) for _ in range(count)]
    shown = [
        Picture(
            ImageRecord(f"{i}.png", "", prompt=scenes.caption(s, ("en", "zh")[i % 2])),
            np.array(scenes.render(s, rng)),
        )
        for i, s in enumerate(drawn)
    ]
    return drawn, shown


def direct(folder: str, shown: Picture, text: str) -> float:
    """open_clip called as its README shows."""
    import open_clip
    import torch

    model, _, preprocess = open_clip.create_model_and_transforms(folder)
    model.eval()
    with torch.no_grad():
        image = model.encode_image(preprocess(Image.fromarray(shown.pixels))[None])
        said = model.encode_text(open_clip.get_tokenizer(folder)([text]))
    return 100 * float(torch.cosine_similarity(image, said))


def test_contract(small: str) -> None:
    shown = [
        picture("a cat", (80, 60), 1),
        picture(LONG, (40, 90), 2),
        picture(None, (33, 33), 3),
        picture("一只猫", (64, 64), 4),
    ]
    check_scorer(Clip(model=small), shown, rel=1e-5, abs_=1e-4)


def test_contract_of_the_tiny_clip() -> None:
    check_scorer(Clip(model="demo"), scene_pictures(5)[1], rel=1e-5, abs_=1e-4)


@pytest.mark.parametrize("size", [(80, 60), (61, 97), (32, 32), (20, 31), (400, 300)])
def test_equals_open_clip_called_directly(small: str, scorer: Clip, size: tuple[int, int]) -> None:
    for seed in range(4):
        shown = picture("a lighthouse at dusk", size, seed)
        wanted = max(0.0, direct(small, shown, "a lighthouse at dusk"))
        found = scorer.score([shown])[0].values["clip.alignment"]
        assert found == pytest.approx(wanted, rel=1e-4, abs=1e-3)


def test_equals_torchmetrics_with_the_same_weights() -> None:
    peers = pytest.importorskip("benchmarks.clip_peers")
    pytest.importorskip("torchmetrics")
    from torchmetrics.multimodal.clip_score import CLIPScore

    _, shown = scene_pictures(6, seed=4)
    tiny = Clip(model="demo")
    load(tiny, "cpu")
    parts = peers.torchmetrics_parts(Path(tiny.encoder.source.folder), pillow=True)
    metric = CLIPScore(model_name_or_path=lambda: parts)
    for one, reading in zip(shown, tiny.score(shown), strict=True):
        import torch

        metric.reset()
        metric.update(torch.tensor(one.pixels).permute(2, 0, 1), one.record.prompt)
        wanted = float(metric.compute())
        assert reading.values["clip.alignment"] == pytest.approx(wanted, rel=1e-4)


def test_markup_does_not_change_the_score(scorer: Clip) -> None:
    plain, weighted = picture("a red cat"), picture("a (red:1.3) cat <lora:fur:0.8>")
    first, second = scorer.score([plain, weighted])
    assert first.values == second.values


def test_a_long_prompt_is_the_mean_of_its_clauses(small: str, scorer: Clip) -> None:
    shown = picture(LONG)
    reading = scorer.score([shown])[0]
    assert reading.values["clip.truncated"] == 1
    pieces = [piece for piece, _ in reading.evidence["clauses"]]
    assert len(pieces) >= 2 and " ".join(pieces).split() == LONG.split()
    mean = np.mean([direct(small, shown, piece) for piece in pieces])
    assert reading.values["clip.alignment"] == pytest.approx(max(0.0, mean), rel=1e-4, abs=1e-3)


def test_no_piece_loses_its_end_token(scorer: Clip) -> None:
    from iqmetrics.nets.prompts import clauses

    pieces = clauses(LONG, scorer.encoder.fits)
    ids = scorer.encoder.tokenizer(pieces)
    assert ids.shape[1] == 77
    for piece, row in zip(pieces, ids.tolist(), strict=True):
        end = row.index(49407)
        assert end == len(scorer.encoder.tokenizer.encode(piece)) + 1, "read to its last token"
        assert all(token == 0 for token in row[end + 1 :])


def test_the_longest_prompt_that_fits_is_read_whole(scorer: Clip) -> None:
    text = " ".join(["cat"] * 75)
    assert scorer.score([picture(text)])[0].values["clip.truncated"] == 0
    assert scorer.score([picture(text + " cat")])[0].values["clip.truncated"] == 1


def test_what_cannot_be_judged(scorer: Clip) -> None:
    none, chinese, mixed = scorer.score(
        [picture(None), picture("一只红色的狐狸"), picture('a sign that reads "营业中"')]
    )
    assert none.missing["clip.alignment"].status == "not_applicable"
    assert "no prompt" in none.missing["clip.alignment"].reason
    assert "SigLIP2" in chinese.missing["clip.alignment"].reason
    assert "clip.alignment" in mixed.values


def test_the_tiny_clip_reads_chinese_and_refuses_other_pictures() -> None:
    tiny, forced = Clip(model="demo"), Clip(model="demo", force=True)
    load(tiny, "cpu")
    load(forced, "cpu")
    _, shown = scene_pictures(2)
    assert all("clip.alignment" in r.values for r in tiny.score(shown))
    other = [picture("a photo of a cat", (64, 64)), picture(shown[0].record.prompt, (80, 64))]
    for reading in tiny.score(other):
        assert reading.missing["clip.alignment"].status == "not_applicable"
        assert "demo" in reading.missing["clip.alignment"].reason
    assert "clip.alignment" in forced.score([other[0]])[0].values


def test_the_tiny_clip_tells_right_captions_from_wrong_ones() -> None:
    tiny = Clip(model="demo")
    load(tiny, "cpu")
    drawn, shown = scene_pictures(40, seed=11)
    rng = Random(2)
    right = [r.values["clip.alignment"] for r in tiny.score(shown)]
    tried, better = 0, 0
    for scene, one, value in zip(drawn, shown, right, strict=True):
        for kind, foil in scenes.foils(scene, rng).items():
            if kind in ("color", "background", "shape"):
                wrong = Picture(ImageRecord("", "", prompt=scenes.caption(foil)), one.pixels)
                tried += 1
                better += value > tiny.score([wrong])[0].values["clip.alignment"]
    assert better / tried >= 0.95


def test_one_encoding_serves_clip_and_diversity(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Clip(model=small), Diversity(model=small)
    load(first, "cpu")
    load(second, "cpu")
    seen: list[int] = []
    real = nets_clip.Encoder.encode_pixels

    def counted(self: nets_clip.Encoder, pixels: object) -> object:
        seen.append(len(pixels))
        return real(self, pixels)

    monkeypatch.setattr(nets_clip.Encoder, "encode_pixels", counted)
    shown = [picture("a cat", (50, 50), i) for i in range(5)]
    first.score(shown)
    second.score(shown)
    assert sum(seen) == 5


def test_a_vector_that_is_not_finite_fails_instead_of_scoring_zero(scorer: Clip) -> None:
    import torch

    with pytest.raises(FloatingPointError):
        nets_clip._unit(torch.tensor([[math.nan, 1.0]]))


def test_absent_weights_are_unavailable_before_torch_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from iqmetrics.errors import Unavailable\n"
        "from iqmetrics.scorers.clip import Clip\n"
        "from iqmetrics.scorers.diversity import Diversity\n"
        "for kind in (Clip, Diversity):\n"
        "    try: kind().load('cpu')\n"
        "    except Unavailable as error: print(error.hint)\n"
        "assert 'torch' not in sys.modules\n"
    )
    env = {"HOME": str(tmp_path), "PATH": "", "IQM_WEIGHTS_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["iqm weights pull clip-vit-b-32"] * 2


def test_names_that_mean_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no CLIP model"):
        Clip(model="ViT-B-32").load("cpu")
    with pytest.raises(BadInput, match="no weights"):
        Clip(model="ViT-B-32/nonsense").load("cpu")
    with pytest.raises(Unavailable, match="open_clip_config"):
        Clip(model=f"local-dir:{tmp_path}").load("cpu")
    with pytest.raises(Unavailable, match="hub cache"):
        Clip(model="hf-hub:nobody/nothing").load("cpu")
