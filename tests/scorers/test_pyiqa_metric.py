import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from clip_weights import picture
from contract import check_scorer

from iqmetrics import plugins
from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.images import Picture
from iqmetrics.nets import pyiqa_table
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load
from iqmetrics.scorers.pyiqa_metric import PyiqaMetric

pytest.importorskip("pyiqa")

SIZES = ((64, 64), (64, 64), (80, 40), (40, 80))


@pytest.fixture(scope="module")
def random_musiq(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, str]:
    """pyiqa's own metric with random weights of the real architecture, and those weights saved."""
    import pyiqa
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    reference = pyiqa.create_metric("musiq", device=torch.device("cpu"), pretrained=False)
    path = tmp_path_factory.mktemp("musiq") / "musiq.safetensors"
    save_file(reference.net.state_dict(), path)
    return reference, str(path)


def test_musiq_equals_pyiqas_own_call(random_musiq: tuple[object, str]) -> None:
    import torch

    reference, path = random_musiq
    scorer = PyiqaMetric(file=path)
    load(scorer, "cpu")
    shown = [picture(None, size, i) for i, size in enumerate(SIZES)]
    for one, reading in zip(shown, scorer.score(shown), strict=True):
        wanted = float(reference(torch.tensor(one.pixels).permute(2, 0, 1)[None].float() / 255))
        assert reading.values["musiq"] == pytest.approx(wanted, rel=1e-5)


def test_contract(random_musiq: tuple[object, str]) -> None:
    shown = [picture(None, size, i) for i, size in enumerate(SIZES[:3])]
    check_scorer(PyiqaMetric(file=random_musiq[1]), shown, rel=1e-4, abs_=1e-5)


def test_another_metric_by_name_equals_pyiqa() -> None:
    import pyiqa
    import torch

    scorer = plugins.make("scorer", "entropy")
    load(scorer, "cpu")
    shown = picture(None, (60, 50), 3)
    wanted = float(
        pyiqa.create_metric("entropy", device=torch.device("cpu"))(
            torch.tensor(shown.pixels).permute(2, 0, 1)[None].float() / 255
        )
    )
    assert scorer.name == "entropy"
    assert scorer.score([shown])[0].values == {"entropy": pytest.approx(wanted, rel=1e-5)}


def test_huge_pictures_are_shrunk_and_say_so(random_musiq: tuple[object, str]) -> None:
    scorer = PyiqaMetric(file=random_musiq[1], max_side=64)
    load(scorer, "cpu")
    big, fitting = scorer.score([picture(None, (128, 96), 1), picture(None, (64, 48), 2)])
    assert big.evidence == {"shrunk_to": [64, 48]}
    assert fitting.evidence == {}


def test_a_flat_picture_has_a_value(random_musiq: tuple[object, str]) -> None:
    scorer = PyiqaMetric(file=random_musiq[1])
    load(scorer, "cpu")
    flat = Picture(ImageRecord("", ""), np.full((64, 64, 3), 128, np.uint8))
    assert np.isfinite(scorer.score([flat])[0].values["musiq"])


def test_direction_comes_from_pyiqa() -> None:
    better = {
        name: PyiqaMetric(metric=name).metrics[0].better for name in ("musiq", "ilniqe", "topiq_nr")
    }
    assert better == {"musiq": "higher", "ilniqe": "lower", "topiq_nr": "higher"}
    assert "~0, ~100" in PyiqaMetric().metrics[0].about


def test_the_table_is_the_one_that_pyiqa_has() -> None:
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    table = pyiqa_table.table()
    assert set(table) == set(DEFAULT_CONFIGS)
    for name, known in table.items():
        assert known.lower_better == DEFAULT_CONFIGS[name].get("lower_better", False), name
        assert known.reference_free <= (DEFAULT_CONFIGS[name]["metric_mode"] == "NR"), name
    assert sum(known.reference_free for known in table.values()) > 40


def test_names_resolve_without_importing_torch() -> None:
    code = (
        "import sys\nfrom iqmetrics import plugins\n"
        "scorer = plugins.make('scorer', 'topiq_nr')\n"
        "assert scorer.name == scorer.metrics[0].name == 'topiq_nr'\n"
        "assert not {'torch', 'pyiqa', 'numpy'} & set(sys.modules), sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_does_not_judge_one_image_is_refused() -> None:
    with pytest.raises(BadInput, match="one image alone"):
        PyiqaMetric(metric="lpips")
    with pytest.raises(UnknownName):
        plugins.resolve("scorer", "lpips")
    with pytest.raises(UnknownName, match="musiqq"):
        plugins.resolve("scorer", "musiqq")


def test_built_in_names_win() -> None:
    assert plugins.make("scorer", "niqe").licence != "PolyForm-Noncommercial-1.0.0"


def test_absent_weights_name_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "IQM_WEIGHTS_DIR", "HF_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    from iqmetrics.weights import search

    search.find.cache_clear()
    with pytest.raises(Unavailable) as caught:
        PyiqaMetric().load("cpu")
    assert caught.value.hint == "iqm weights pull musiq-koniq"
    with pytest.raises(Unavailable) as caught:
        PyiqaMetric(metric="dbcnn").load("cpu")
    assert "hf download chaofengc/IQA-PyTorch-Weights" in caught.value.hint


def test_a_pickle_with_another_digest_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("IQM_WEIGHTS_DIR", str(tmp_path / "own"))
    from iqmetrics.nets import pyiqa_build

    bad = tmp_path / "musiq_koniq_ckpt-e95806b9.pth"
    bad.write_bytes(b"not the weights")
    with pytest.raises(BadInput, match="not opened"):
        pyiqa_build._admit(bad)
