import hashlib
from pathlib import Path

import pytest
from toy_weights import known, put, weight

from iqmetrics import weights
from iqmetrics.errors import BadInput
from iqmetrics.weights import loading

pytestmark = pytest.mark.usefixtures("no_weights")


def test_a_pickle_needs_a_digest_that_matches(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    path = no_weights / "toy.pth"
    torch.save({"a": torch.ones(3)}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known(monkeypatch, weight(file="toy.pth", sha256=""))
    with pytest.raises(BadInput, match="pickle"):
        weights.load_state("toy", path)
    known(monkeypatch, weight(file="toy.pth", sha256="1" * 64))
    with pytest.raises(BadInput, match="pickle"):
        weights.load_state("toy", path)
    known(monkeypatch, weight(file="toy.pth", sha256=digest))
    assert weights.load_state("toy", path)["a"].tolist() == [1, 1, 1]
    monkeypatch.setattr(torch, "__version__", "2.9.1")
    with pytest.raises(BadInput, match="unsafely"):
        weights.load_state("toy", path)


def test_a_pickle_that_runs_code_is_not_run(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (no_weights / "trapped",)

    path = put(no_weights / "toy.pth", pickle.dumps(Trap()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known(monkeypatch, weight(file="toy.pth", sha256=digest))
    with pytest.raises(Exception):  # noqa: B017, PT011
        weights.load_state("toy", path)
    assert not (no_weights / "trapped").exists()


def test_safetensors_come_back_as_they_were_and_need_no_ledger(no_weights: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path = no_weights / "free.safetensors"
    state = {"a": torch.arange(6.0).reshape(2, 3), "雪": torch.tensor([1, 2], dtype=torch.int8)}
    save_file(state, path)
    back = weights.load_state("not in any ledger", path)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[k], state[k]) and back[k].dtype == state[k].dtype for k in state)


@pytest.mark.parametrize("suffix", loading.PICKLES)
def test_every_kind_of_pickle_is_held_to_the_ledger(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    known(monkeypatch, weight(file=f"toy{suffix}"))
    loading.admit("toy", put(no_weights / f"toy{suffix}"))
    with pytest.raises(BadInput, match="pickle"):
        loading.admit("toy", put(no_weights / f"other{suffix}", b"something else"))


@pytest.mark.parametrize(
    ("version", "safe"), [("2.9.1", False), ("2.10.0+cpu", True), ("3.0", True)]
)
def test_versions_of_torch_are_compared_as_numbers(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch, version: str, safe: bool
) -> None:
    import torch

    known(monkeypatch, weight(file="toy.pth"))
    path = put(no_weights / "toy.pth")
    monkeypatch.setattr(torch, "__version__", version)
    if safe:
        loading.admit("toy", path)
        return
    with pytest.raises(BadInput, match="unsafely"):
        loading.admit("toy", path)
