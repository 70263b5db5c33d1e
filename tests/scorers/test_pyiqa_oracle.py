"""niqe, brisque and piqe against pyiqa's own code on photographs, with the parameters we carry.

pyiqa would download its parameters; given ours, nothing but the arithmetic is compared, and it
needs no network. The bounds are those that README tells of real outputs.
"""

import numpy as np
import pytest
from naturalness_pictures import PHOTOS, photo, picture

from iqmetrics.scorers.brisque import Brisque
from iqmetrics.scorers.niqe import Niqe
from iqmetrics.scorers.piqe import Piqe
from iqmetrics.weights import find

pytest.importorskip("pyiqa")

import torch


def ours(scorer: Niqe | Brisque | Piqe, name: str) -> float:
    (reading,) = scorer.score([picture(photo(name))])
    return reading.values[scorer.name]


def theirs(name: str) -> torch.Tensor:
    return torch.tensor(photo(name)).permute(2, 0, 1)[None].double() / 255


@pytest.fixture(scope="module")
def niqe(tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    from pyiqa.archs.niqe_arch import NIQE
    from scipy.io import savemat

    with np.load(find("niqe-pristine")) as held:
        parameters = {"mu_prisparam": held["mean"], "cov_prisparam": held["covariance"]}
    path = tmp_path_factory.mktemp("niqe") / "parameters.mat"
    savemat(path, parameters)
    return NIQE(pretrained_model_path=str(path), color_space="yiq")


@pytest.mark.parametrize("name", PHOTOS)
def test_niqe(name: str, niqe: torch.nn.Module) -> None:
    assert ours(Niqe(), name) == pytest.approx(float(niqe(theirs(name))), rel=0.002)


@pytest.mark.parametrize("name", PHOTOS)
def test_brisque(name: str) -> None:
    from pyiqa.archs.brisque_arch import brisque

    with np.load(find("brisque-svr")) as held:
        machine = {
            "sv_coef": torch.from_numpy(held["coefficients"]),
            "sv": torch.from_numpy(held["vectors"]),
            "gamma": float(held["gamma"]),
            "rho": float(held["rho"]),
        }
    assert ours(Brisque(), name) == pytest.approx(float(brisque(theirs(name), **machine)), abs=0.03)


@pytest.mark.parametrize("name", PHOTOS)
def test_piqe(name: str) -> None:
    from pyiqa.archs.piqe_arch import PIQE

    assert ours(Piqe(), name) == pytest.approx(float(PIQE()(theirs(name).float())), abs=0.1)
